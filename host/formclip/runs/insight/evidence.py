"""What a series of runs carries, and what it does not: lines, means, relations, with how sure they are.

Everything here is robust to single odd runs, allows for runs that resemble their neighbours (a good week, a tired one),
and draws its random numbers from a fixed seed, so that the same record gives the same answer. Where many questions are
asked at once (one for each figure), `holm` keeps the chance of a single false answer among all of them at 5 %.
`python -m formclip.lab.chance` measures how often each of these errs on series that are made of chance alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from formclip.ground.run import Floats

LEVEL = 0.05  # a claim is made when chance alone gives the like in fewer than 1 of 20
FEWEST_LINE = 8
FEWEST_MEAN = 3
# Of an interval without a zero where nothing is claimed: `holm` guards the answers, not the intervals.
BY_ITSELF = ", by itself"
WHY_BY_ITSELF = "“By itself”: asked alone it would be a finding, but among so many figures chance alone gives the like."
BLOCK = 4  # runs that are kept together when chance is asked
_SHUFFLES = 999
_Z95 = 1.959964
_MOST_R = 0.9
_MOST_RUNS = 400  # of a longer series, pairs of so many runs evenly spread are looked at


@dataclass(frozen=True)
class Line:
    """A straight line through a series.

    per_week, low, high   its slope and the 95 % interval; change: over the whole span, from first to last
    p       how often chance alone gives a slope as steep
    """

    per_week: float
    low: float
    high: float
    p: float
    n: int
    change: float


def line(weeks: Floats, values: Floats) -> Line | None:
    """Theil and Sen's slope with Mann and Kendall's test; None with fewer than 8 runs.

    Source    Sen 1968, JASA 63, for the interval; Yue & Wang 2004, Water Resour. Manag. 18, for its widening where
              neighbours are alike
    Differs   the likeness of neighbours is taken of the residuals and raised for the shortness of the series, and never
              makes an interval narrower
    """
    known = np.isfinite(values) & np.isfinite(weeks)
    weeks, values = weeks[known], values[known]
    n = len(values)
    if n < FEWEST_LINE or weeks[-1] <= weeks[0]:
        return None
    span = float(weeks[-1] - weeks[0])
    kept = np.arange(n) if n <= _MOST_RUNS else np.unique(np.linspace(0, n - 1, _MOST_RUNS).astype(int))
    t, y = weeks[kept], values[kept]
    m = len(y)
    i, j = np.triu_indices(m, 1)
    apart, rise = t[j] - t[i], y[j] - y[i]
    slopes = np.sort(rise[apart > 0] / apart[apart > 0])
    slope = float(np.median(slopes))
    spread = math.sqrt(m * (m - 1) * (2 * m + 5) / 18 * wider(values - slope * weeks))
    score = float(np.sign(rise[apart > 0]).sum())
    z = (abs(score) - 1) / spread if score else 0.0
    reach = _Z95 * spread / 2
    low, high = (int(np.clip(len(slopes) / 2 + sign * reach, 0, len(slopes) - 1)) for sign in (-1, 1))
    return Line(slope, float(slopes[low]), float(slopes[high]), two_sided(z), n, slope * span)


def centre(values: Floats) -> tuple[float, float, float] | None:
    """The mean of a series of runs and its 95 % interval, widened as `line`'s; None with fewer than 3 runs."""
    values = values[np.isfinite(values)]
    n = len(values)
    if n < FEWEST_MEAN:
        return None
    middle = float(values.mean())
    reach = float(stdtrit(n - 1, 0.975)) * float(values.std(ddof=1)) * math.sqrt(wider(values) / n)
    return middle, middle - reach, middle + reach


def two_sided(z: float) -> float:
    """How often a normal deviate lies as far from zero."""
    return math.erfc(max(z, 0.0) / math.sqrt(2))


def wider(residuals: Floats, fitted: int = 2) -> float:
    """By how much a variance grows because neighbours are alike; 1 at the least. fitted: numbers fitted to it."""
    r = _likeness(residuals, fitted)
    return (1 + r) / (1 - r)


def _likeness(residuals: Floats, fitted: int = 2) -> float:
    """Correlation of neighbours, raised by what a short series and what was fitted to it hide of it."""
    n = len(residuals)
    centred = residuals - np.median(residuals)
    total = float(centred @ centred)
    if total <= 0 or n < 5:
        return 0.0
    r = float(centred[1:] @ centred[:-1]) / total
    return min(max(r + (fitted + 3 * max(r, 0.0)) / n, 0.0), _MOST_R)


@dataclass(frozen=True)
class Relation:
    """Whether one series goes with another, run by run, beyond what both do over time.

    r       Spearman's, of what is left when the straight line over time is taken out of both
    p       how often the second series, its blocks shuffled, gives as large a one
    difference, low, high   of the second, runs with more of the first less those with less, with the 95 % interval
    spread  standard deviation of the second within the two halves, widened where neighbours are alike in both series
    """

    r: float
    p: float
    n: int
    difference: float
    low: float
    high: float
    spread: float


def relation(x: Floats, y: Floats) -> Relation | None:
    """None where either is the same in all runs, or with fewer than FEWEST_LINE.

    The shuffle keeps runs of BLOCK neighbours together, so that a good week or a spell of pain is no chain of
    independent proofs.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    n = len(x)
    if n < FEWEST_LINE or np.ptp(x) <= 0 or np.ptp(y) <= 0:
        return None
    more = x > np.median(x)
    if not more.any() or more.all():
        return None
    of_x, of_y = _off_the_line(ranked(x)), _off_the_line(ranked(y))
    scale = math.sqrt(float(of_x @ of_x) * float(of_y @ of_y))
    if scale <= 0:
        return None
    r = float(of_x @ of_y) / scale
    rng = np.random.default_rng(n)
    by_chance = np.array([abs(float(of_x @ of_y[_shuffled(n, rng)])) / scale for _ in range(_SHUFFLES)])
    p = (1 + int((by_chance >= abs(r) - 1e-12).sum())) / (1 + _SHUFFLES)
    parts = (y[~more], y[more])
    difference = float(parts[1].mean() - parts[0].mean())
    residuals = y - np.where(more, parts[1].mean(), parts[0].mean())
    alike = _likeness(residuals) * _likeness(ranked(x))  # of what two series have in common, only both do harm
    spread = math.sqrt(float(residuals @ residuals) / (n - 2) * (1 + alike) / (1 - alike))
    reach = float(stdtrit(n - 2, 0.975)) * spread * math.sqrt(sum(1 / len(part) for part in parts))
    return Relation(r, p, n, difference, difference - reach, difference + reach, spread)


def runs_to_see(spread: float, difference: float, questions: int = 1) -> int:
    """How many runs it takes to see such a difference between halves, 8 of 10 times; so many questions are asked."""
    z = float(ndtri(1 - LEVEL / 2 / questions)) + float(ndtri(0.8))
    return math.ceil(4 * (z * spread / difference) ** 2)


def _off_the_line(values: Floats) -> Floats:
    """Less its straight line over the runs."""
    t = np.arange(len(values)) - (len(values) - 1) / 2
    centred = values - values.mean()
    return np.asarray(centred - float(t @ centred) / float(t @ t) * t, dtype=np.float64)


def _shuffled(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """All places, cut round the end into blocks of neighbours, the blocks in any order."""
    places = np.roll(np.arange(n), int(rng.integers(n)))
    blocks = np.array_split(places, max(2, n // BLOCK))
    return np.concatenate([blocks[i] for i in rng.permutation(len(blocks))])


def resampled(n: int, rng: np.random.Generator, block: int = 3) -> NDArray[np.int64]:
    """n places drawn in blocks of neighbours, round the end."""
    starts = rng.integers(0, n, -(-n // block))
    return ((starts[:, None] + np.arange(block)).ravel() % n)[:n]


def ranked(values: Floats) -> Floats:
    """Ranks from 1; equal values share theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], dtype=np.float64)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values as they stand when all of them are asked at once."""
    order = np.argsort(p_values)
    out = [1.0] * len(p_values)
    worst = 0.0
    for i, k in enumerate(order.tolist()):
        worst = max(worst, min(1.0, (len(p_values) - i) * p_values[k]))
        out[k] = worst
    return out
