"""Recorded daily life: put between runs, and made livelier, where nothing may be counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import uniform_filter1d
from scipy.spatial.transform import Rotation

from formclip.ground.trace import open_trace
from formclip.lab.stress.motion import Floats, Motion, Truth, read_rows

_TURN_S = 1.0


def _even(rows: Floats, from_hz: float, to_hz: float) -> Floats:
    at = np.arange(0, len(rows) - 1, from_hz / to_hz)
    return np.asarray(CubicSpline(np.arange(len(rows)), rows)(at))


def _unit(a: Floats) -> Floats:
    return np.asarray(a / np.linalg.norm(a))


def _up_at_start(acc: Floats, gyr_dps: Floats, rate_hz: float) -> Floats:
    """Up at the first sample: specific force of four seconds, turned back by the gyroscope to where it began."""
    n = int(4 * rate_hz)
    turn = Rotation.identity()
    total = np.zeros(3)
    for a, w in zip(acc[:n], np.radians(gyr_dps[:n]) / rate_hz, strict=True):
        total += turn.apply(a)
        turn = turn * Rotation.from_rotvec(w)
    return _unit(total)


def _swing(from_up: Floats, to_up: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """A second in which the sensor turns at rest, so that up moves from the one to the other."""
    n = int(_TURN_S * rate_hz)
    x = (np.arange(n) + 0.5) / n
    axis = np.cross(from_up, to_up)
    size = float(np.linalg.norm(axis))
    angle = float(np.arctan2(size, from_up @ to_up))
    axis = axis / size if size > 1e-9 else np.array([1.0, 0.0, 0.0])
    rotvec = (x**3 * (10 - 15 * x + 6 * x * x) * angle)[:, None] * axis
    acc = Rotation.from_rotvec(rotvec).apply(from_up)
    return acc, -np.degrees(np.gradient(rotvec, 1.0 / rate_hz, axis=0))


def as_part(motion: Motion, path: Path, seconds: float, from_standing: bool) -> Motion:
    """`seconds` of another recording, seen by this runner's clip: out of (and back into) the standing of 9.5 s.

    The other sensor is turned so that up means the same; its mean turning about level axes is taken for its bias.
    """
    trace = open_trace(path)
    _, rows = read_rows(path)
    rows = _even(rows[: int((seconds + 1) * trace.rate_hz)], trace.rate_hz, motion.rate_hz)
    acc, gyr = rows[:, :3], rows[:, 3:6]
    mean_up = _unit(acc.mean(axis=0))
    bias = gyr.mean(axis=0)
    gyr = gyr - (bias - (bias @ mean_up) * mean_up)
    stand = int(9.5 * motion.rate_hz)
    own_up = _unit(motion.acc_g[stand - 100 : stand + 100].mean(axis=0))
    turn, _ = Rotation.align_vectors([own_up], [mean_up])
    acc, gyr = turn.apply(acc), turn.apply(gyr)
    first = _up_at_start(acc, gyr, motion.rate_hz)
    last = _up_at_start(acc[::-1], -gyr[::-1], motion.rate_hz)
    swings = [_swing(last, own_up, motion.rate_hz)]
    parts = [(acc, gyr), swings[0]]
    if from_standing:
        parts.insert(0, _swing(own_up, first, motion.rate_hz))
    acc, gyr = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    n = len(acc)
    return replace(
        motion,
        acc_g=acc,
        gyr_dps=gyr,
        turned=Rotation.from_quat(np.repeat(motion.turned[stand : stand + 1].as_quat(), n, axis=0)),
        angles=np.repeat(motion.angles[stand : stand + 1], n, axis=0),
        steps=(),
    )


def livelier(path: Path, quicker: float, harder: float) -> tuple[Floats, Floats]:
    """A recording played faster, its accelerations about gravity and its turning stronger."""
    t_s, rows = read_rows(path)
    rate_hz = (len(t_s) - 1) / (t_s[-1] - t_s[0])
    gravity = uniform_filter1d(rows[:, :3], max(3, int(rate_hz)) | 1, axis=0, mode="nearest")
    rows = rows.copy()
    rows[:, :3] = np.clip(gravity + harder * quicker**2 * (rows[:, :3] - gravity), -16, 16)
    rows[:, 3:] *= harder * quicker
    at = np.arange(0, len(rows) - 1, quicker)
    return t_s[0] + np.arange(len(at)) / rate_hz, np.asarray(CubicSpline(np.arange(len(rows)), rows)(at))


def is_daily(truth: Truth) -> bool:
    return truth.get("running") is False or truth.get("set") == "broad"


def a_day(paths: list[Path], rate_hz: int, seconds: float) -> tuple[Floats, Floats]:
    """One recording after another, over and over, at one rate."""
    parts, have = [], 0.0
    pieces = []
    for path in paths:
        t_s, rows = read_rows(path)
        if rows.shape[1] == 6:
            pieces.append(_even(rows, (len(t_s) - 1) / (t_s[-1] - t_s[0]), rate_hz))
    while have < seconds:
        for piece in pieces:
            parts.append(piece)
            have += len(piece) / rate_hz
    rows = np.concatenate(parts)[: int(seconds * rate_hz)]
    return np.arange(len(rows)) / rate_hz, rows
