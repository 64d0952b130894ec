"""One known distance makes the speed a runner's own: the two settings that follow from runs whose distance is known.

The speed of someone of whom nothing is known is off by a tenth, and nearly by the same share at all paces. So the
ratio of the true distance to the estimated one is the runner's scale; from runs at two paces or more a slope follows as
well, how the true speed grows with the estimate.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gaitcore import models
from gaitcore.settings import TABLE, Settings, index_of
from numpy.typing import NDArray

from formclip.ground.columns import to_columns
from formclip.ground.errors import SettingsError, TraceError
from formclip.ground.log import find_log, read_log
from formclip.ground.run import BOUT_GAP_S, Run

Floats = NDArray[np.float64]

SCALE, SLOPE = "speed_scale_permille", "speed_slope_permille"
LEAST_S = 120.0  # of running: a shorter one says more of the start than of the pace
_PACE_OFF, _SLOPES_DIFFER = 0.03, 0.2  # standard deviations among runners left out, docs/lab/models.md
_UNITS = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "mile": 1609.344, "miles": 1609.344, "yd": 0.9144}
_DISTANCE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*\Z", re.I)


@dataclass(frozen=True)
class KnownRun:
    """A run whose distance is known: its estimated mean speed, of nobody in particular, and its true one."""

    name: str
    estimate_mps: float
    true_mps: float
    running_s: float


@dataclass(frozen=True)
class Own:
    """The settings, and what stays between estimate and truth of the runs that they come from, in per cent."""

    scale_permille: int
    slope_permille: int
    left_pct: tuple[float, ...]

    def settings(self) -> dict[str, int]:
        return {SCALE: self.scale_permille, SLOPE: self.slope_permille}


def metres(text: str) -> float:
    """1000m, 5 km, 3.1 mi; metres without a unit."""
    found = _DISTANCE.match(text.replace(",", "."))
    unit = found[2].lower() or "m" if found else ""
    if found is None or unit not in _UNITS:
        raise SettingsError(f"'{text[:40]}' is no distance", "write 1000m, 5km or 3.1mi")
    value = float(found[1]) * _UNITS[unit]
    if not 100 <= value <= 500_000:
        raise SettingsError(f"a distance of {value:g} m can't serve", "name one of 100 m to 500 km")
    return value


def known_run(path: Path, distance_m: float) -> KnownRun:
    """The run of a log or of a folder that `formclip replay --out` wrote."""
    log = read_log(find_log(path))
    columns = to_columns(log, lambda t_ms: t_ms / 1000.0, Settings())
    run = Run(path.name, columns)
    running_s = run.running_s()
    speed, gaps = columns["speed_mps"][:-1], np.diff(columns["on_s"])
    known = (gaps <= BOUT_GAP_S) & np.isfinite(speed)
    known_s = float(gaps[known].sum())
    if running_s < LEAST_S:
        raise TraceError(
            f"{running_s:.0f} s of running in it", f"name a run of {LEAST_S / 60:.0f} minutes or more", path=path
        )
    if known_s < 0.5 * running_s:
        raise TraceError("no speed is known for most of it", "name another run", path=path)
    estimate_mps = float((speed[known] * gaps[known]).sum()) / known_s
    return KnownRun(path.name, estimate_mps, distance_m / running_s, running_s)


def line_of(ln_ours: Floats, ln_true: Floats) -> tuple[float, float]:
    """Slope and constant of ln true over ln estimated speed; a slope near one unless the paces are well apart.

    A pace is off by some 3 % of its own, and the slopes of runners differ by 20 %: so far the slope is drawn to one.
    """
    x, y = ln_ours - ln_ours.mean(), ln_true - ln_true.mean()
    slope = 1.0 + float(x @ (y - x)) / (float(x @ x) + (_PACE_OFF / _SLOPES_DIFFER) ** 2)
    return slope, float(ln_true.mean() - slope * ln_ours.mean())


def calibrate(runs: list[KnownRun]) -> Own:
    """Scale, and slope where there are two paces or more."""
    ours = np.log([r.estimate_mps for r in runs]) - math.log(models.MIDDLE_MPS)
    truth = np.log([r.true_mps for r in runs]) - math.log(models.MIDDLE_MPS)
    slope, constant = line_of(ours, truth)
    scale = math.exp(constant)
    for name, value in ((SCALE, scale), (SLOPE, slope)):
        _, _, low, high, _ = TABLE[index_of(name)]
        if not low <= 1000 * value <= high:
            told = "; ".join(f"{r.name}: {r.true_mps:.2f} m/s, by the clip {r.estimate_mps:.2f}" for r in runs)
            raise SettingsError(f"the distances don't fit the runs ({told})", "check distance and run")
    left = 100 * np.expm1(math.log(scale) + slope * ours - truth)
    return Own(round(1000 * scale), round(1000 * slope), tuple(float(v) for v in left))
