"""Runs for the tests of the record: logs as the clip writes them, and stores of them, with any figures."""

import binascii
import random

from gaitcore import records
from gaitcore.pages import LogWriter
from gaitcore.pipeline import Step
from gaitcore.settings import Settings

USUAL = {
    "cadence_spm": 170.0,
    "contact_ms": 240.0,
    "vo_cm": 9.0,
    "tilt_deg": 6.0,
    "tilt_range_deg": 6.0,
    "drop_range_deg": 5.0,
    "rotation_range_deg": 10.0,
    "pelvis_loss_mps": 0.15,
    "impact_g": 2.5,
    "feature": 150.0,
}
SPREAD = {"cadence_spm": 2.0, "contact_ms": 4.0, "tilt_deg": 0.5, "vo_cm": 0.3}
SUMMER = 1_780_000_000  # 2026-05-28


def log_of(
    seconds=120.0,
    unix_s=SUMMER,
    at=None,
    seed=0,
    settings=None,
    firmware=b"0.1.0",
    baseline=None,
    calibrated=True,
    flags=lambda t_s: 0,
    cues=(),
    boot=3,
    on_s=None,
):
    """The bytes of a log.

    at      called with the second, gives the figures that differ from USUAL
    cues    (second, kind) of CUE events
    on_s    the contacts; without them the cadence says when they are, from 5 s on
    """
    rng = random.Random(seed)
    pages = bytearray()

    def sink(number, page, complete):
        if complete:
            pages[number * 4096 :] = page
        return True

    writer = LogWriter(sink, 1, boot, 4096, bytearray(4096))
    writer.event(records.START, 0, (records.VERSION, 208, 1, 0, 0), firmware)
    writer.event(records.SETTINGS, 0, (), (settings or Settings()).to_bytes())
    if unix_s:
        writer.event(records.ANCHOR, 0, (boot, 5000, unix_s, 60))
    if calibrated:
        writer.event(records.CALIBRATED, 0, (93, 0, 100, 0, 16384, 0, 0, 0, 0))
    if baseline:
        writer.event(records.BASELINE, 1000, baseline)
    step, waiting = Step(), sorted(cues)
    t_s, number = 5.0 if on_s is None else on_s[0], 0
    while number < len(on_s) if on_s is not None else t_s < seconds:
        values = {**USUAL, **(at(t_s) if at else {})}
        for name, value in values.items():
            setattr(step, name, rng.gauss(value, SPREAD.get(name, 0.02 * value)))
        step.on_ms, step.side, step.flags = round(1000 * t_s), number % 2, flags(t_s)
        while waiting and waiting[0][0] <= t_s:
            writer.event(records.CUE, step.on_ms, (waiting.pop(0)[1], 1, 100, 1600, 1700, 1650, 20, number % 250))
        writer.step(step)
        number += 1
        if on_s is None:
            t_s += 60.0 / values["cadence_spm"]
        elif number < len(on_s):
            t_s = on_s[number]
    writer.event(records.STOP, round(1000 * t_s), (0,))
    writer.close()
    return bytes(pages)


def put(store, clip, number, data, boot=3):
    """A log into a store, as a visit would."""
    arriving = store.arriving(clip, number, binascii.crc32(data), len(data), boot, 0)
    arriving.append(data)
    return arriving.finish()
