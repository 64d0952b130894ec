"""The runner's own speed, from runs whose speed a watch knew at several paces; and its check on later runs.

What the clip estimates for nobody in particular is set beside the watch's speed, minute by minute on the level; minutes
of like pace are one known run each. From the latest runs follow the two settings of own_speed.py. They are checked the
only honest way: the settings that the runs before a run give are tried on that run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gaitcore import models

from formclip.ground.errors import SettingsError
from formclip.ground.run import Floats, Run, mean
from formclip.runs.exchange.seconds import means_at
from formclip.runs.exchange.view import View, running_seconds
from formclip.runs.insight.own_speed import KnownRun, Own, calibrate
from formclip.runs.insight.slope import STEEP_PCT
from formclip.runs.store.watch import Watched

LATEST = 5  # runs that the settings follow from: a runner changes, and so do shoes
_SETTLED_S = 120.0
_LEAST_OF_MINUTE_S = 45
_EVERY_MPS = 0.25  # paces nearer than this are one
_FEWEST_MINUTES = 3

KEY = "paces"  # where they stand in `Watched.more`


def paces(run: Run, view: View) -> list[list[float]]:
    """[estimate in m/s, watch's in m/s, minutes] of each pace that was held for 3 minutes or more in all.

    run    with the speed that the clip estimates for nobody in particular (settings as they come)
    """
    seconds = running_seconds(run)
    seconds = seconds[seconds > (run.on_s[0] if len(run) else 0.0) + _SETTLED_S]
    if not len(seconds):
        return []
    ours = means_at(run, seconds)[0].get("speed_mps", np.full(len(seconds), math.nan))
    true, slope = view.speed_mps(seconds), view.slope_pct(seconds)
    good = np.isfinite(ours) & np.isfinite(true) & ~(np.abs(slope) > STEEP_PCT)
    minute = np.floor(seconds / 60)
    pairs = [
        (mean(ours[of_it]), mean(true[of_it]))
        for of_it in (good & (minute == one) for one in np.unique(minute))
        if of_it.sum() >= _LEAST_OF_MINUTE_S
    ]
    return _by_pace(np.array(pairs).reshape(-1, 2))


def _by_pace(pairs: Floats) -> list[list[float]]:
    """Minutes of like pace made one; where no pace was held for long, all of them."""
    which = np.floor(pairs[:, 0] / _EVERY_MPS)
    groups = [pairs[which == one] for one in np.unique(which)]
    kept = [group for group in groups if len(group) >= _FEWEST_MINUTES]
    if not kept and len(pairs) >= _FEWEST_MINUTES:
        kept = [pairs]
    return [[round(float(v), 4) for v in group.mean(axis=0)] + [float(len(group))] for group in kept]


@dataclass(frozen=True)
class Checked:
    """A run, and by how much its distance is off with the settings that the runs before it give, in per cent."""

    label: str
    off_pct: float


@dataclass(frozen=True)
class OwnSpeed:
    """own: the settings; of: the runs that they follow from; checked: each run that had any before it."""

    own: Own
    of: tuple[str, ...]
    checked: tuple[Checked, ...]


def own_speed(merged: Sequence[tuple[str, Watched]]) -> OwnSpeed | None:
    """From merged runs in the order in which they were run; None where none of them tells."""
    told = [(label, known) for label, watched in merged if (known := _known(label, watched))]
    if not told:
        return None
    checked = []
    for i in range(1, len(told)):
        label, known = told[i]
        own = _calibrated(told[:i])
        if own is not None:
            checked.append(Checked(label, _off_pct(own, known)))
    own = _calibrated(told)
    if own is None:
        return None
    return OwnSpeed(own, tuple(label for label, _ in told[-LATEST:]), tuple(checked))


def _known(label: str, watched: Watched) -> list[KnownRun]:
    return [
        KnownRun(label, ours, true, 60.0 * minutes)
        for ours, true, minutes in watched.more.get(KEY, [])
        if ours > 0 and true > 0
    ]


def _calibrated(told: Sequence[tuple[str, list[KnownRun]]]) -> Own | None:
    try:
        return calibrate([one for _, known in told[-LATEST:] for one in known])
    except SettingsError:  # a watch that was far off: no settings can hold that
        return None


def _off_pct(own: Own, known: Sequence[KnownRun]) -> float:
    """Of the distance of these paces."""

    def told_mps(ours: float) -> float:
        by = own.slope_permille / 1000 * math.log(ours / models.MIDDLE_MPS)
        return models.MIDDLE_MPS * own.scale_permille / 1000 * math.exp(by)

    ours = sum(told_mps(one.estimate_mps) * one.running_s for one in known)
    return 100 * (ours / sum(one.true_mps * one.running_s for one in known) - 1)
