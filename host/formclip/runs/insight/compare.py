"""First against last third, left against right, before against after a cue."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from formclip.ground.run import BOUT_GAP_S, Cue, Floats, Run, mean

STEPS_AROUND_CUE = 20
# A fault has been held for this long when it is cued (the setting sustain_s, as it comes): what lies before it is none.
HELD_S = 5.0
# Fewer steps than this on either side of a comparison and it is not made.
_FEWEST_STEPS = 8
# Steps of one runner follow each other, so they say less than as many independent ones would: the standard error
# is taken over blocks of this many steps (about 10 s).
_BLOCK_STEPS = 30
_CLEAR_Z = 2.6


@dataclass(frozen=True)
class Change:
    """Two means and whether the difference stands out of the run's own scatter.

    trend  -1, 0 or 1: 0 when the difference is within 2.6 standard errors of block means (about 1 % by chance).
    """

    before: float
    after: float
    trend: int

    @property
    def difference(self) -> float:
        return self.after - self.before


def _change(before: Floats, after: Floats) -> Change | None:
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if min(len(before), len(after)) < _FEWEST_STEPS:
        return None
    first, last = float(before.mean()), float(after.mean())
    error = math.hypot(standard_error(before), standard_error(after))
    clear = abs(last - first) > _CLEAR_Z * error
    return Change(first, last, int(np.sign(last - first)) if clear else 0)


def standard_error(values: Floats) -> float:
    blocks = len(values) // _BLOCK_STEPS
    if blocks < 2:
        return float(values.std(ddof=1) / math.sqrt(max(1, len(values) / _FEWEST_STEPS)))
    means = values[: blocks * _BLOCK_STEPS].reshape(blocks, _BLOCK_STEPS).mean(axis=1)
    return float(means.std(ddof=1) / math.sqrt(blocks))


def thirds(run: Run, key: str) -> Change | None:
    """First third of the running steps against the last; None with too few."""
    values, n = run.trusted(key), len(run) // 3
    return _change(values[:n], values[len(values) - n :])


def sides(run: Run, key: str) -> Change | None:
    """Left (before) against right (after); None where the side or the metric is not known."""
    values, side = run.trusted(key), run.column("side")
    return _change(values[side == 0], values[side == 1])


def balance_percent(run: Run) -> float | None:
    """Share of the left foot in ground contact, percent; None where unknown."""
    contact = sides(run, "contact_ms")
    return None if contact is None else 100 * contact.before / (contact.before + contact.after)


@dataclass(frozen=True)
class CueEffect:
    """One cue and the mean of a metric in the fault, up to 20 steps of the 5 s before it, and in the 20 after it."""

    cue: Cue
    key: str
    change: Change | None


_CUE_METRICS = {"overstride": ("cadence_spm", "braking_mps"), "arch": ("tilt_deg",)}


def cue_effects(run: Run) -> list[CueEffect]:
    """What followed each cue, by the metrics it is about. Whether the cue did it, `cued.what_cues_did` asks of many."""
    effects = []
    for cue in run.cues:
        at = int(np.searchsorted(run.on_s, cue.t_s))
        before, after = _bout_around(run, at)
        before = max(before, int(np.searchsorted(run.on_s, cue.t_s - HELD_S)))
        for key in _CUE_METRICS.get(cue.kind, ()):
            values = run.column(key)
            effects.append(CueEffect(cue, key, _change(values[before:at], values[at:after])))
    return effects


def _bout_around(run: Run, at: int) -> tuple[int, int]:
    """The up to 20 steps before and after step `at` that belong to its bout."""
    first, last = max(0, at - STEPS_AROUND_CUE), min(len(run), at + STEPS_AROUND_CUE)
    breaks = np.flatnonzero(np.diff(run.on_s[first:last]) > BOUT_GAP_S) + first + 1
    before = breaks[breaks <= at]
    after = breaks[breaks > at]
    return (int(before[-1]) if len(before) else first), (int(after[0]) if len(after) else last)


def personal_baseline(run: Run, key: str) -> float:
    """The baseline that the clip used where its log says so, else the mean of running minutes 1 to 3."""
    logged = run.summary.get("baseline", {})
    if isinstance(logged, dict) and isinstance(logged.get(key), int | float):
        return float(logged[key])
    if not len(run):
        return math.nan
    since = run.on_s - run.on_s[0]
    values = run.trusted(key)
    quiet = values[(since >= 30) & (since < 180)]
    return mean(quiet if np.isfinite(quiet).any() else values)
