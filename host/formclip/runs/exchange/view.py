"""A run as its watch saw it: distance, pace, slope and heart rate at times of the clip's own clock."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter1d

from formclip.ground.run import BOUT_GAP_S, Floats, Run, mean
from formclip.runs.exchange.align import Match
from formclip.runs.exchange.watchfile import Activity
from formclip.runs.store.watch import MINUTES

# Height is smoothed along the way, not along time: a hill is as long for a slow runner as for a fast one.
_EVERY_M, _SMOOTH_M = 5.0, 30.0
# Heights that scatter more than this about their own line are a satellite's, and no slope comes of them.
MOST_ROUGH_M = 1.0
_LEAST_WAY_M = 200.0
_MOST_SLOPE_PCT = 40.0
_LEAST_COVERED = 0.9  # of the running: with less, no distance of the whole run is told
_LEAST_OF_MINUTE_S = 20.0


class View:
    """An activity by the clip's clock.

    rough_m   how far the watch's heights scatter about their line, NaN without heights
    """

    def __init__(self, activity: Activity, match: Match) -> None:
        self._activity, self._match = activity, match
        known = np.isfinite(activity.columns["distance_m"])
        self._way_t_s = match.clip_s(activity.t_s[known])
        self._way_m = activity.columns["distance_m"][known]
        self.rough_m = math.nan
        self._slope_at: tuple[Floats, Floats] | None = None
        self._read_slopes()

    def distance_m(self, t_s: Floats) -> Floats:
        """The watch's distance since its own beginning; in a pause it stays; NaN outside."""
        if len(self._way_m) < 2:
            return np.full(len(t_s), math.nan)
        return np.interp(t_s, self._way_t_s, self._way_m, math.nan, math.nan)

    def speed_mps(self, t_s: Floats) -> Floats:
        """Over the second around each time, by the distance; NaN in pauses."""
        out = self.distance_m(t_s + 0.5) - self.distance_m(t_s - 0.5)
        out[self.paused(t_s)] = math.nan
        return out

    def heart_rate_bpm(self, t_s: Floats) -> Floats:
        return self._activity.at("heart_rate_bpm", self._match.watch_s(t_s))

    def slope_pct(self, t_s: Floats) -> Floats:
        """Rise over way, uphill positive; NaN where no slope is known."""
        if self._slope_at is None:
            return np.full(len(t_s), math.nan)
        way, slope = self._slope_at
        out = np.interp(self.distance_m(t_s), way, slope, math.nan, math.nan)
        out[self.paused(t_s)] = math.nan
        return out

    def paused(self, t_s: Floats) -> np.ndarray:
        return self._activity.paused(self._match.watch_s(t_s))

    def _read_slopes(self) -> None:
        height = self._activity.columns["altitude_m"]
        known = np.isfinite(height) & np.isfinite(self._activity.columns["distance_m"])
        if known.sum() < 60:
            return
        way, height = self._activity.columns["distance_m"][known], height[known]
        if way[-1] - way[0] < _LEAST_WAY_M:
            return
        # Of one place the mean height: a runner who stands goes on being measured.
        place, which = np.unique(np.floor(way / _EVERY_M), return_inverse=True)
        count = np.bincount(which)
        at_m, mean_m = np.bincount(which, way) / count, np.bincount(which, height) / count
        grid = np.arange(place[0], place[-1] + 1) * _EVERY_M + _EVERY_M / 2
        line = np.interp(grid, at_m, mean_m)
        smooth = gaussian_filter1d(line, _SMOOTH_M / _EVERY_M, mode="nearest")
        self.rough_m = float(np.std(line - smooth))
        if self.rough_m > MOST_ROUGH_M or len(grid) < 3:
            return
        slope = 100 * np.gradient(smooth, _EVERY_M)
        self._slope_at = grid, np.where(np.abs(slope) <= _MOST_SLOPE_PCT, slope, math.nan)


def running_seconds(run: Run) -> Floats:
    """Middles of the seconds of the clip's clock in which the runner ran."""
    gaps = np.diff(run.on_s)
    going = gaps <= BOUT_GAP_S
    begins, ends = run.on_s[:-1][going], run.on_s[1:][going]
    seconds = np.unique(np.concatenate([np.floor(begins), np.floor(ends)]))
    return seconds + 0.5


def covered(run: Run, view: View) -> float:
    """The share of the running of which the watch knows the way."""
    seconds = running_seconds(run)
    return float(np.isfinite(view.speed_mps(seconds)).mean()) if len(seconds) else 0.0


def distance_of_run(run: Run, view: View) -> float | None:
    """Metres of the running, what the watch missed taken to be run alike; None where it missed much."""
    share = covered(run, view)
    if share < _LEAST_COVERED:
        return None
    speed = view.speed_mps(running_seconds(run))
    return float(np.nansum(speed)) / share


def minutes(run: Run, view: View) -> dict[str, Floats]:
    """By MINUTES: the means of each minute of the clip's clock, over the seconds of running in it."""
    seconds = running_seconds(run)
    which = np.floor(seconds / 60)
    columns = (view.speed_mps(seconds), view.slope_pct(seconds), view.heart_rate_bpm(seconds))
    begins = np.unique(which)
    out = {"t_s": begins * 60.0}
    for name, values in zip(MINUTES[1:], columns, strict=True):
        parts = [values[which == minute] for minute in begins]
        out[name] = np.array([_mean_of_minute(part) for part in parts], dtype=np.float64)
    return out


def _mean_of_minute(values: Floats) -> float:
    return mean(values) if np.isfinite(values).sum() >= _LEAST_OF_MINUTE_S else math.nan
