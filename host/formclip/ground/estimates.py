"""How far an estimate may be off, and whether the runner was within what was measured.

A fitted figure is told with the half width of its 90 % interval: of ten new runners' true means, nine lie within the
estimate plus or minus so much. In the main it is a runner's own constant error, so it does not shrink with the number
of steps; single steps scatter beside it. Outside the speeds, cadences and contact times of the runners of the fit
nothing was measured: there the interval is widened, and the product says so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from gaitcore import models
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# -- fitted: written by `python -m formclip.lab.fitting --write`, not by hand
WIDTHS = {
    "contact_ms": 0.0831,
    "speed_mps": 0.187,
    "known_scale": 0.0931,
    "known_slope": 0.0729,
    "braking_mps": 0.177,
    "heel_ahead_cm": 0.302,
}
WIDTHS_NO_GYRO = {
    "contact_ms": 0.0852,
    "speed_mps": 0.261,
    "known_scale": 0.13,
    "known_slope": 0.102,
    "braking_mps": 0.247,
    "heel_ahead_cm": 0.422,
}
MEASURED = {
    "speed_mps": (2.0, 5.0),
    "cadence_spm": (143.0, 210.0),
    "contact_ms": (164.0, 340.0),
}
# -- end of fitted

SLOPE_DEG = (-5.0, 5.0)  # of the one runner who was measured on slopes, contact time only
_DOUBLE = 0.1  # ln: an interval is twice as wide for each so much outside
_MOST = 8.0
_OLD = 2.0
ESTIMATES = ("contact_ms", "speed_mps", "braking_mps", "heel_ahead_cm")
_SAID = {
    "speed_mps": ("speed", "m/s", 1),
    "cadence_spm": ("cadence", "steps/min", 0),
    "contact_ms": ("contact", "ms", 0),
    "slope_deg": ("slope", "deg", 0),
}


def width_name(key: str) -> str:
    """The column of steps.csv that holds the half width of the interval of `key`."""
    return key + "_90"


def _excess(key: str, values: Floats) -> Floats:
    """How far outside, in ln; 0 inside and where nothing is known."""
    low, high = MEASURED[key]
    with np.errstate(invalid="ignore", divide="ignore"):
        ln = np.log(np.maximum(values, 1e-3))
        return np.nan_to_num(np.maximum(np.maximum(ln - math.log(high), math.log(low) - ln), 0.0))


def widths(
    columns: dict[str, Floats], settings: dict[str, Any], has_gyro: bool, old: bool = False
) -> dict[str, Floats]:
    """Half widths of each step's estimates, by `width_name`; NaN where there is no estimate.

    old: the log is of a firmware whose models were fitted before anyone was left out of their making.
    """
    share = WIDTHS if has_gyro else WIDTHS_NO_GYRO
    speed = share["speed_mps"]
    if settings.get("speed_slope_permille", 1000) != 1000:
        speed = share["known_slope"]
    elif settings.get("speed_scale_permille", 1000) != 1000:
        speed = share["known_scale"]
    outside = sum(_excess(key, columns[key]) for key in MEASURED)
    wider = np.minimum((1.0 + outside / _DOUBLE) * (_OLD if old else 1.0), _MOST)
    out = {}
    for key in ESTIMATES:
        part = speed if key == "speed_mps" else share[key]
        out[width_name(key)] = np.abs(columns[key]) * part * wider
    return out


def push_of_speed(feature: float | None, cadence_spm: float | None) -> Any:
    """The feature of a log of version 1, which held the speed itself, as the push that gives this speed."""
    if feature is None or not cadence_spm:
        return None
    middle, curve = models.CURVE
    off = 0.01 * (feature - models.AT_1_MPS) - middle
    plain = middle + 2 * off / (1 + math.sqrt(max(1 + 4 * curve * off, 0.05)))
    return 100 * (plain - models.PACE * (math.log(cadence_spm) - models.LN_SPM)) + models.AT_1_MPS


def interval(mean: float | None, half: float | None) -> list[float] | None:
    """Low and high end around a mean."""
    if mean is None or half is None or not math.isfinite(half):
        return None
    return [mean - half, mean + half]


def outside(means: dict[str, float | None], slope_deg: float | None = None) -> list[str]:
    """In words, what of a run lies outside what was measured; empty: all within."""
    known = {key: (means.get(key), *MEASURED[key]) for key in MEASURED}
    known["slope_deg"] = (slope_deg, *SLOPE_DEG)
    said = []
    for key, (value, low, high) in known.items():
        if value is None or not math.isfinite(value) or low <= value <= high:
            continue
        word, unit, digits = _SAID[key]
        said.append(
            f"{word} {value:.{digits}f} {unit} is outside what was measured, {low:.{digits}f} to {high:.{digits}f}"
        )
    return said
