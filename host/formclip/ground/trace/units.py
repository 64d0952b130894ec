"""Which unit the numbers of a sensor are in: as the file says, held against what gravity and the body allow.

Gravity is a yardstick that every recording holds: over whole strides, and at rest, the mean vector of the
accelerometer is 1 g. So g, m/s^2, mg and raw counts are told apart by the data. A gyroscope has none: a pelvis turns
at 20 to 80 deg/s in running and up to a few hundred when a device is moved by hand, so rad/s and deg/s are told apart
where there is movement, and left in doubt where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formclip.ground.trace.names import ACC_UNITS, GYR_UNITS, TIME_UNITS, is_fraction

Floats = NDArray[np.float64]

_COUNTS_PER_G = (256, 1000, 1024, 2048, 4096, 8192, 16384)
_COUNTS_PER_DPS = (131.0, 65.5, 32.8, 16.4, 114.286, 57.143, 28.571, 14.286)
_WINDOW_S = 2.0
_NEAR = 0.12
_ABSURD = 1e6
_SPIKE = 100.0  # of the middle reading: no body does that
_MOST_DPS = 2000.0  # at the median


def scale_of(unit: str) -> float:
    """What a number in this unit is to be multiplied by to be g, deg/s or s."""
    if is_fraction(unit):
        return 1.0 / float(unit[2:].partition(" ")[0])
    return (ACC_UNITS | GYR_UNITS | TIME_UNITS)[unit]


@dataclass(frozen=True)
class Size:
    """How large an accelerometer's readings are, in its own numbers."""

    mean: float  # of the mean vector over windows of 2 s, the median of windows
    whole: float  # of the vector itself, root mean square
    still: float  # of the vector where nothing moves, NaN where it always does


def size_of(values: Floats, rate_hz: float) -> Size:
    """Of the rows (n, 3) of an accelerometer."""
    with np.errstate(invalid="ignore"):
        good = values[(np.abs(values) < _ABSURD).all(axis=1)]
    length = np.sqrt(np.sum(good * good, axis=1))
    most = _SPIKE * float(np.median(length)) if len(length) else 0.0
    good = good[length <= most] if most > 0 else good
    step = max(8, int(_WINDOW_S * rate_hz))
    if len(good) < 8:
        return Size(float("nan"), float("nan"), float("nan"))
    step = min(step, len(good))
    count = len(good) // step
    windows = good[: count * step].reshape(count, step, -1)
    means = np.linalg.norm(windows.mean(axis=1), axis=1)
    spread = np.sqrt(windows.var(axis=1).sum(axis=1))
    still = means[spread < 0.03 * np.maximum(means, 1e-12)]
    whole = float(np.sqrt(np.mean(np.sum(good * good, axis=1))))
    return Size(float(np.median(means)), whole, float(np.median(still)) if len(still) else float("nan"))


@dataclass(frozen=True)
class Found:
    """A unit, how it was found, and what is to be said about it."""

    unit: str
    how: str  # "named", "measured", "doubtful"
    note: str = ""


def gravity_is_missing(size: Size) -> bool:
    """The mean vector is small beside the movement, or there is nothing at all where all is still.

    Running with gravity gives 0.55 to 0.8 and more, linear acceleration below 0.2.
    """
    return bool(size.mean < 0.3 * size.whole)


def acc_unit(said: str, size: Size) -> Found:
    """The unit of an accelerometer: as said, where the size allows it, else the one that the size says."""
    one_g = size.still if np.isfinite(size.still) else size.mean
    fitting = [
        (unit, abs(one_g * scale - 1)) for unit, scale in ACC_UNITS.items() if abs(one_g * scale - 1) < 2.5 * _NEAR
    ]
    measured = min(fitting, key=lambda one: one[1])[0] if fitting else ""
    if said in ("", "raw"):
        if measured and (said == "" or measured == "mg"):
            return Found(measured, "measured", f"no unit is named: 1 g reads {one_g:.3g}, so {measured}")
        counts = [c for c in _COUNTS_PER_G if abs(one_g / c - 1) < _NEAR]
        if counts:
            per_g = min(counts, key=lambda c: abs(one_g / c - 1))
            return Found(f"1/{per_g:g} g", "measured", f"raw counts: 1 g reads {one_g:.0f}, so {per_g:g} to the g")
        return Found(said, "doubtful")
    if said in ACC_UNITS and measured and measured != said:
        wrong_by = abs(one_g * scale_of(said) - 1)
        if wrong_by > 0.6:
            return Found(measured, "doubtful", f"the file says {said}, but 1 g reads {one_g:.3g}: taken as {measured}")
    return Found(said, "named")


def gyr_unit(said: str, values: Floats, moving: bool) -> Found:
    """The unit of a gyroscope: as said; where nothing is said, by how fast a body can turn."""
    good = np.abs(values[np.isfinite(values).all(axis=1)])
    if said in GYR_UNITS or said.startswith("1/"):
        turning = float(np.median(good)) * scale_of(said) if len(good) else 0.0
        if turning > _MOST_DPS:
            return Found(
                "raw", "doubtful", f"the gyroscope in {said} would turn {turning:.3g} deg/s: more than a body can"
            )
        return Found(said, "named")
    if not len(good):
        return Found("deg/s", "doubtful", "the gyroscope's unit is not named: taken as deg/s")
    rms = float(np.sqrt(np.mean(good * good)))
    most = float(np.percentile(good, 99.5))
    if said == "raw" or most > 3000:
        return Found("raw", "doubtful", "the gyroscope reads raw counts")
    if moving and 0.1 < rms < 4 and most < 36:
        return Found("rad/s", "measured", f"the gyroscope's unit is not named: {rms:.2g} on average, so rad/s")
    if moving and rms > 8:
        return Found("deg/s", "measured", f"the gyroscope's unit is not named: {rms:.3g} on average, so deg/s")
    return Found("deg/s", "doubtful", f"the gyroscope's unit is not named, and {rms:.2g} on average does not tell it")
