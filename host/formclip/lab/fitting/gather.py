"""Runs traces through the clip's own chain and keeps, beside each step, the numbers that the models are fitted on."""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore import attitude as att
from gaitcore import models, records
from gaitcore.frames import cross, level
from gaitcore.meter import Step, StepMeter
from gaitcore.pipeline import Pipeline
from gaitcore.ranges import sway
from gaitcore.shape import BEFORE
from numpy.typing import NDArray

from formclip.ground.trace import Lost, open_trace

Floats = NDArray[np.float64]

# Harmonics of the stride. The models use those of shape.EVEN and shape.ODD; the others are there to be compared.
HARMONICS = {
    "tilt": (2, 4),
    "drop": (1, 3),
    "turn": (1, 3),
    "vert": (2, 4, 6),
    "fore": (2, 4),
    "side": (1,),
}
_MIRRORED = ("drop", "turn", "side")
HARMONIC_NAMES = tuple(f"{signal}{h}{part}" for signal, hs in HARMONICS.items() for h in hs for part in "cs")
SETTLE_S = 10.0
_PROBE = "probe"
_SIDE = {"L": 0, "R": 1}


@dataclass
class Trial:
    """One trace: what is true of it, and the steps that the chain found, as columns."""

    name: str
    set: str
    runner: str
    truth: dict[str, Any]
    columns: dict[str, Floats]

    def mean(self, name: str) -> float:
        return float(np.nanmean(self.columns[name]))


class ProbeMeter(StepMeter):
    """The clip's meter, which leaves its raw numbers on the step."""

    def __init__(self, chain: Pipeline) -> None:
        StepMeter.__init__(self, chain._ring, chain._attitude, chain._rate)

    def measure(self, t: float, period: float, *more: Any) -> Step | None:
        step: Step | None = StepMeter.measure(self, t, period, *more)
        contact, ring = self._contact, self._ring
        if step is None or not contact.width_ms:
            return step
        start = max(ring.start, int(t - 0.4 * period) - 1)
        probe = {
            "rise": start + contact.rise,
            "on": self.on,
            "width_ms": contact.width_ms,
            "period_ms": contact.period_ms,
            "fwd_g": contact.fwd_g,
            "peak_g": contact.impact_g,
            "peak_ms": contact.peak_ms,
            "vo_cm": self._vo_cm,
        }
        window = self._shape
        if step.push is not None and self._attitude.has_gyro:
            probe.update(self._harmonics(window.start, window.end))
        setattr(step, _PROBE, probe)
        return step

    def _harmonics(self, start: int, end: int) -> dict[str, float]:
        """Projections of six signals; the score of the stride's shape is a weighted sum of some of them."""
        ring, up = self._ring, self.up
        f = level(self.forward, up)
        mean_head = float(np.mean(ring.view(att.HEAD, start, end)))
        tilt, drop, turn = sway(
            ring.rows(att.UP_X, att.HEAD, start, end), ring.view(att.HEAD, start, end), f, cross(f, up)
        )
        hx, hy = self._attitude.heading(mean_head)
        c, sn = self.course
        fx, fy = hx * c - hy * sn, hy * c + hx * sn
        x, y, vert = (
            np.asarray(ring.view(r, start, end), dtype=np.float64) for r in (att.LEVEL_X, att.LEVEL_Y, att.VERT)
        )
        signals = {
            "tilt": -tilt.astype(np.float64),
            "drop": drop.astype(np.float64),
            "turn": turn.astype(np.float64),
            "vert": vert,
            "fore": x * fx + y * fy,
            "side": x * fy - y * fx,
        }
        n = end - start
        phase = 2 * np.pi * (np.arange(n) - int(BEFORE * n)) / n
        out = {}
        for ch, hs in HARMONICS.items():
            for h in hs:
                out[f"{ch}{h}c"] = float(signals[ch] @ np.cos(h * phase)) * 2 / n
                out[f"{ch}{h}s"] = float(signals[ch] @ np.sin(h * phase)) * 2 / n
        return out


@contextmanager
def chain_with(values: Mapping[str, object]) -> Iterator[None]:
    """Within it the chain has these coefficients in place of those that gaitcore.models holds."""
    held = {name: getattr(models, name) for name in values}
    try:
        for name, value in values.items():
            setattr(models, name, value)
        yield
    finally:
        for name, value in held.items():
            setattr(models, name, value)


def shaken(samples: NDArray[np.float32], first: int, rate_hz: int, on_s: Floats, name: str) -> NDArray[np.float32]:
    """What a clip on a belt would add: wobble of 6-10 Hz and rattle of 12-30 Hz after each contact, and noise.

    Drawn once per trace from its name, so that it is the same each time.
    """
    rng = np.random.default_rng(binascii.crc32(name.encode()))
    t_s = (first + np.arange(samples.shape[1])) / rate_hz
    since_s = t_s - on_s[np.clip(np.searchsorted(on_s, t_s) - 1, 0, len(on_s) - 1)]
    out = samples.astype(np.float64)
    up = samples[:3].mean(axis=1)
    up = up / np.linalg.norm(up)
    for low_hz, high_hz, decay_s, acc_g, gyr_dps in ((6, 10, 0.06, 0.3, 8.0), (12, 30, 0.025, 0.6, 8.0)):
        wave = np.sin(2 * np.pi * rng.uniform(low_hz, high_hz) * since_s + rng.uniform(0, 6)) * np.exp(
            -since_s / decay_s
        )
        wave[since_s < 0] = 0
        out[:3] += np.outer(acc_g * up + 0.5 * acc_g * rng.uniform(-1, 1, 3), wave)
        out[3:] += np.outer(gyr_dps * rng.uniform(-1, 1, 3), wave)
    noise = np.random.default_rng([binascii.crc32(name.encode()), first])
    out[:3] += noise.normal(0, 0.02, (3, samples.shape[1]))
    out[3:] += noise.normal(0, 0.3, (3, samples.shape[1]))
    return out.astype(np.float32)


def run_chain(path: Path, shake_at_s: Floats | None = None, gyro: bool = True) -> tuple[list[Step], int, Any]:
    """All steps that the chain gives for a trace; with contacts at shake_at_s, for the trace as a loose clip has it."""
    trace = open_trace(path)
    chain = Pipeline(trace.rate_hz, None, gyro and trace.has_gyro)
    chain._meter = ProbeMeter(chain)
    steps: list[Step] = []
    for piece in trace.pieces():
        if isinstance(piece, Lost):
            chain.lost(piece.n)
        else:
            samples = piece.samples
            if shake_at_s is not None:
                samples = shaken(samples, piece.index, trace.rate_hz, shake_at_s, path.name)
            steps += chain.push(samples)
    steps += chain.flush()
    return steps, chain.group, trace


def gather(path: Path, shake: bool = False, gyro: bool = True) -> Trial:
    """Steps of one trace beside their truth, from ten seconds after the first."""
    truth = json.loads(path.with_name(path.name.split(".")[0] + ".truth.json").read_text(encoding="utf-8"))
    true_s = np.array([s["on_s"] for s in truth["steps"]])
    steps, group, trace = run_chain(path, true_s if shake else None, gyro)
    first_s = true_s[0] + (SETTLE_S if true_s[-1] - true_s[0] > 2 * SETTLE_S else 0.0)
    rows: list[dict[str, float]] = []
    fields = [0] * records.N_FIELDS
    stored = Step()
    for step in steps:
        probe = getattr(step, _PROBE, None)
        on_s = step.on_ms / 1000.0 + float(trace.t_s(np.zeros(1))[0])
        i = int(np.argmin(np.abs(true_s - on_s)))
        if probe is None or abs(true_s[i] - on_s) > 0.12 or true_s[i] < first_s:
            continue
        true = truth["steps"][i]
        rise_s = on_s + (probe["rise"] - probe["on"]) * group / trace.rate_hz
        records.restore(records.quantise(step, 0, fields), 0, stored)
        row = {
            "true_contact_ms": 1000.0 * (true["off_s"] - true["on_s"]),
            "true_brake": -(true.get("brake_dv_mps") if true.get("brake_dv_mps") is not None else np.nan),
            "true_heel": true.get("heel_ahead_cm") if true.get("heel_ahead_cm") is not None else np.nan,
            "rise_ms": 1000.0 * (rise_s - true["on_s"]),
            "on_ms": 1000.0 * (on_s - true["on_s"]),
            "true_side": _SIDE.get(true.get("side"), np.nan),
        }
        row.update({k: v for k, v in probe.items() if k not in ("rise", "on")})
        for name in ("contact_ms", "cadence_spm", "vo_cm", "tilt_range_deg", "drop_range_deg", "rotation_range_deg",
                     "pelvis_loss_mps", "impact_g", "feature", "side"):  # fmt: skip
            row["rec_" + name] = getattr(stored, name)
        if step.side == 0:
            row.update({k: -v for k, v in row.items() if k in HARMONIC_NAMES and k[:4] in _MIRRORED})
        elif step.side != 1:
            row.update({k: np.nan for k in HARMONIC_NAMES if k in row})
        rows.append(row)
    keys = sorted({k for row in rows for k in row})
    columns = {k: np.array([row.get(k) for row in rows], dtype=np.float64) for k in keys}
    return Trial(path.name.split(".")[0], str(truth["set"]), str(truth["subject"]), truth, columns)


def gather_all(data: Path, sets: tuple[str, ...], shake: bool = False, gyro: bool = True) -> list[Trial]:
    """Every trace with true contacts, in order of name; gyro False: as if the clip had none."""
    paths = [p for s in sets for p in sorted((data / s).glob("*.imu.csv*"))]
    return [gather(p, shake, gyro) for p in paths]
