"""A run's figures as they would be at the runner's usual pace on the level, so that like is compared with like.

What a figure does with speed is read off this runner's own minutes, within runs: so a change over weeks cannot be taken
for an effect of speed, nor the other way round. Where a watch knew the slope, only minutes of at most 2 % count.

The speed is the watch's where there is one. The clip's own estimate of it is made of the same signals as cadence,
contact and oscillation: a figure of those, adjusted by it, would lose part of what it is to show. So such figures are
adjusted by a watch's speed alone, and the others by the estimate where there is no watch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formclip.ground.run import Floats
from formclip.runs.insight.digest import FIGURE
from formclip.runs.insight.history import Entry

WATCH, ESTIMATE, AS_RUN = "watch", "estimate", "as run"
# Not made of what the speed estimate is made of.
BY_ESTIMATE = ("tilt_deg", "tilt_range_deg", "drop_range_deg", "rotation_range_deg", "sway_cm", "balance_pct")
LEVEL_PCT = 2.0
_FROM_S, _TO_S = 180.0, 2700.0  # of a run: it settles before, and what tires it is told apart
_LEAST_RUNNING_S = 30.0  # of a minute
_FEWEST_MINUTES = 5
_FIT_RUNS, _FIT_MINUTES = 5, 60
_LEAST_SPREAD_MPS = 0.08  # of speed within runs: with less, nothing is seen of what it does
_MANY_MORE = 1.2
_MOST_RUNS = 150  # the latest so many tell what speed does


@dataclass(frozen=True)
class Levels:
    """One figure of every run of a history, (n,) each, NaN where it can't be had in this way.

    by       WATCH, ESTIMATE, or AS_RUN where it is not adjusted. Speed itself is the watch's where there is one, else
             the estimate on the watch's scale
    value    at the usual pace, or as it was run; error: its standard error; minutes: how many told it
    speed_mps   of those minutes
    """

    by: str
    value: Floats
    error: Floats
    minutes: Floats
    speed_mps: Floats


@dataclass(frozen=True)
class Effect:
    """What speed does to a figure: change for 1 m/s and its standard error, by so many runs."""

    per_mps: float
    error: float
    runs: int


class Pace:
    """The runner's own effects of speed, from a history; the minutes of all its runs one behind the other.

    entries     the runs, whose places the results have
    usual_mps   the usual pace: the median of the runs' means; NaN where no speed is known. Where the watch is silent,
                the clip's estimate, brought to the watch's scale, stands in
    scale       the watch's speed over the clip's estimate, where runs have both; else 1
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = list(entries)
        parts = [_minutes(entry) for entry in entries]
        self._kept = [keep for keep, _, _ in parts]
        sizes = [int(keep.sum()) for keep in self._kept]
        self._run = np.repeat(np.arange(len(parts)), sizes)
        self._since_s = np.concatenate([since[keep] for keep, since, _ in parts]) if parts else np.zeros(0)
        watch = np.concatenate([speed[keep] for keep, _, speed in parts]) if parts else np.zeros(0)
        estimate = self._column("speed_mps")
        both = np.isfinite(watch) & np.isfinite(estimate)
        enough = self._sum(np.ones(len(watch)), both) >= _FEWEST_MINUTES
        ratio = self._sum(watch, both)[enough] / self._sum(estimate, both)[enough]
        self.scale = float(np.median(ratio)) if len(ratio) else 1.0
        self._speed = {WATCH: watch, ESTIMATE: np.where(np.isfinite(watch), watch, self.scale * estimate)}
        self.speed_mps = self._mean(self._speed[ESTIMATE], np.isfinite(self._speed[ESTIMATE]))
        self.by_watch = self._sum(np.ones(len(watch)), np.isfinite(watch)) > 0
        known = self.speed_mps[np.isfinite(self.speed_mps)]
        self.usual_mps = float(np.median(known)) if len(known) else math.nan
        self._effects: dict[tuple[str, str], Effect | None] = {}

    def ways(self, key: str) -> tuple[str, ...]:
        """How a figure may be adjusted, the best first."""
        if key == "speed_mps":
            return (AS_RUN,)
        return (WATCH, ESTIMATE, AS_RUN) if key in BY_ESTIMATE else (WATCH, AS_RUN)

    def effect(self, key: str, by: str) -> Effect | None:
        """What speed does to a figure; None where the record does not show it."""
        if (key, by) not in self._effects:
            self._effects[key, by] = self._fit(key, by)
        return self._effects[key, by]

    def levels(self, key: str, by: str) -> Levels:
        """A figure of every run."""
        speed = self._speed[ESTIMATE if by == AS_RUN else by]
        values = speed if key == "speed_mps" else self._column(key)
        effect = None if by == AS_RUN else self.effect(key, by)
        known = np.isfinite(values)
        if effect is not None:
            values = values - effect.per_mps * (speed - self.usual_mps)
            known &= np.isfinite(speed)
        elif by != AS_RUN:
            known[:] = False
        count = self._sum(np.ones(len(values)), known)
        fewest = np.minimum(_FEWEST_MINUTES, np.bincount(self._run, minlength=len(self.entries)))
        enough = (count >= fewest) & (count > 0)
        value, error = self._mean_and_error(values, known)
        speed_mps = self._mean(speed, known & np.isfinite(speed))
        if effect is not None:
            error = np.hypot(error, effect.error * (speed_mps - self.usual_mps))
        return Levels(by, *(np.where(enough, one, math.nan) for one in (value, error, count, speed_mps)))

    def fairest(self, key: str, places: Sequence[int]) -> Levels:
        """In the fairest way that at least half of these runs allow, of those that know the figure.

        Where the watch knows only some of them and the estimate, with the watch's speed where there is one, knows many
        more, the estimate: a line of half the runs does not find what a line of all of them does.
        """
        at = np.asarray(places, dtype=np.int64)
        as_run = self.levels(key, AS_RUN)
        wanted = np.isfinite(as_run.value[at]).sum()
        best, of_best = as_run, 0
        for by in self.ways(key)[:-1]:
            found = self.levels(key, by)
            known = int(np.isfinite(found.value[at]).sum())
            if 2 * known >= max(1, wanted) and known > _MANY_MORE * of_best:
                best, of_best = found, known
        return best

    def _column(self, key: str) -> Floats:
        parts = []
        for entry, keep in zip(self.entries, self._kept, strict=True):
            column = entry.digest.minutes.get(key)
            parts.append(np.full(int(keep.sum()), math.nan) if column is None else column[keep])
        return np.concatenate(parts) if parts else np.zeros(0)

    def _sum(self, values: Floats, known: NDArray[np.bool_]) -> Floats:
        return np.bincount(self._run[known], values[known], len(self.entries)).astype(np.float64)

    def _mean(self, values: Floats, known: NDArray[np.bool_]) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._sum(values, known) / self._sum(np.ones(len(values)), known)

    def _mean_and_error(self, values: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Of each run; the error allows for minutes that resemble their neighbours."""
        middle = self._mean(values, known)
        centred = np.where(known, values - middle[self._run], 0.0)
        n = self._sum(np.ones(len(values)), known)
        total = self._sum(centred * centred, known)
        same = self._run[1:] == self._run[:-1]
        alike = np.bincount(self._run[1:][same], (centred[1:] * centred[:-1])[same], len(self.entries))
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.clip(np.where(total > 0, alike / total, 0.0) + 2 / n, 0.0, 0.9)
            error = np.sqrt(total / (n - 1) / n * (1 + r) / (1 - r))
        return middle, np.where(n >= 3, error, math.nan)

    def _fit(self, key: str, by: str) -> Effect | None:
        """Least squares on minutes less their run's mean, with the time in the run beside; runs left out one by one."""
        values, speed, hours = self._column(key), self._speed[by], self._since_s / 3600
        known = np.isfinite(values) & np.isfinite(speed) & (self._run >= len(self.entries) - _MOST_RUNS)
        count = self._sum(np.ones(len(values)), known)
        known &= count[self._run] >= _FEWEST_MINUTES
        y, v, t = (one - self._mean(one, known)[self._run] for one in (values, speed, hours))
        of_run = {
            name: self._sum(product, known)
            for name, product in (("vv", v * v), ("vt", v * t), ("tt", t * t), ("vy", v * y), ("ty", t * y))
        }
        used = np.unique(self._run[known])
        n, minutes = len(used), int(known.sum())
        if n < _FIT_RUNS or minutes < _FIT_MINUTES:
            return None
        if math.sqrt(of_run["vv"].sum() / minutes) < _LEAST_SPREAD_MPS:
            return None

        def slope(less: Floats | float) -> Floats:
            vv, vt, tt, vy, ty = (one.sum() - less * one[used] for one in of_run.values())
            return np.asarray((vy * tt - ty * vt) / (vv * tt - vt * vt + 1e-9))

        best, without = float(slope(0.0)[0]), slope(1.0)
        return Effect(best, float(math.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())), n)


def _minutes(entry: Entry) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Which minutes of a run can be compared; since when it has been running; the watch's speed. Of every minute."""
    columns = entry.digest.minutes
    t_s = columns.get("t_s", np.zeros(0))
    since = t_s - t_s[0] if len(t_s) else t_s
    usable = columns.get("running_s", np.zeros(0)) >= _LEAST_RUNNING_S
    later = (since >= _FROM_S) & (since < _TO_S)
    if entry.watched is None:
        watch, steep = np.full(len(t_s), math.nan), np.zeros(len(t_s), dtype=bool)
    else:
        watch, slope = (entry.watched.at(name, t_s) for name in ("speed_mps", "slope_pct"))
        steep = np.isfinite(slope) & (np.abs(slope) > LEVEL_PCT)
    fewest = min(_FEWEST_MINUTES, int(usable.sum()))
    for keep in (usable & later & ~steep, usable & ~steep, usable):
        if keep.sum() >= fewest:
            break
    return keep, since, watch


def known_keys(entries: Sequence[Entry]) -> list[str]:
    """The figures that any of the runs has."""
    return [key for key in FIGURE if any(key in entry.digest.means for entry in entries)]
