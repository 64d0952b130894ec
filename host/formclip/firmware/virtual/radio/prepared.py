"""A drive with runs on it that nobody ran: for tests and figures that need long sessions at once."""

from __future__ import annotations

import random
from pathlib import Path

from gaitcore import pages
from gaitcore.pipeline import Step

from formclip.firmware.virtual.image import MountedImage


def put_session(image: Path, minutes: float, seed: int = 1, boot: int = 1, cadence_spm: float = 180.0) -> bytes:
    """A session of so many minutes into the log of a drive, written by the firmware's own code; the session's bytes."""
    draw = random.Random(seed)
    with MountedImage(image) as drive:
        store = drive.log()
        number = store.begin(boot)
        writer = pages.LogWriter(store.sink, number, boot)
        step = Step()
        for index in range(round(minutes * cadence_spm)):
            step.on_ms += round(60000 / cadence_spm + draw.gauss(0, 8))
            step.side = index & 1
            step.cadence_spm = cadence_spm + draw.gauss(0, 2)
            step.contact_ms, step.vo_cm = draw.gauss(240, 9), draw.gauss(8, 0.5)
            step.tilt_deg, step.tilt_range_deg = draw.gauss(2, 1), draw.gauss(8, 1)
            step.drop_range_deg, step.rotation_range_deg = draw.gauss(9, 1), draw.gauss(14, 2)
            step.impact_g, step.feature = draw.gauss(4, 0.4), draw.uniform(100, 150)
            writer.step(step)
        writer.close()
        store.end()
        data = bytearray(store.size_b(number))
        at = 0
        while at < len(data):
            at += store.read_into(number, at, memoryview(data)[at:])
    return bytes(data)


def put_log(image: Path, data: bytes) -> int:
    """A session's file, as some firmware wrote it, into the log of a drive page by page; its number there.

    Its pages have to say the number that the drive gives next: 1 on an empty one.
    """
    with MountedImage(image) as drive:
        store = drive.log()
        number = int(store.begin(1))
        for at in range(0, len(data), pages.PAGE_B):
            store.sink(at // pages.PAGE_B, memoryview(bytearray(data[at : at + pages.PAGE_B])), True)
        store.end()
    return number
