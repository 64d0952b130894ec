"""What is left of the error in speed once a runner's own scale is known, from one run of known distance or several.

All on estimates of runners who had no part in the fit, nor in any choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formclip.lab.fitting.nested import after_one_run, paces
from formclip.lab.fitting.points import Points
from formclip.lab.fitting.regress import conformal, rms
from formclip.runs.insight.own_speed import line_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Personal:
    """RMS errors in per cent, and half widths of the 90 % interval as shares of the estimate."""

    one_run: float  # a third away at the most from the pace whose distance is known
    one_run_width: float
    between: float  # inner paces, scale and slope from the slowest and the fastest
    between_width: float
    over: float  # the paces that scale and slope were found on


def personal(ln_ours: Floats, p: Points, only: str | None = None) -> Personal:
    keep = np.array([only is None or s == only for s in p.sets])
    ours, q = ln_ours[keep], p.only(keep)
    truth = np.log(q["speed_mps"])
    one, _ = after_one_run(ours, q)
    between, over, of = [], [], []
    who = np.array(q.runners)
    for runner in sorted(set(q.runners)):
        at = np.flatnonzero(who == runner)
        at = at[np.argsort(truth[at])]
        if len(at) < 3:
            continue
        slope, constant = line_of(ours[at[[0, -1]]], truth[at[[0, -1]]])
        between += (100 * np.expm1(constant + slope * ours[at[1:-1]] - truth[at[1:-1]])).tolist()
        of += [runner] * (len(at) - 2)
        slope, constant = line_of(ours[at], truth[at])
        over += (100 * np.expm1(constant + slope * ours[at] - truth[at])).tolist()
    pairs = [q.runners[i] for i, _ in paces(q)]
    return Personal(
        rms(one),
        conformal(1 / (1 + one / 100) - 1, pairs),
        rms(np.array(between)),
        conformal(1 / (1 + np.array(between) / 100) - 1, of),
        rms(np.array(over)),
    )
