"""A watch's clock tied to the clip's, by the cadence that both recorded.

Theory of operation. The clip knows every contact to a few milliseconds; a watch knows a cadence a second, counted over
some seconds that it does not tell, rounded, with pauses. A runner's cadence wanders by a step or two a minute within
seconds, and nobody else's wanders alike. So:

1. Both cadences a second, of steady running alone, each less its own mean of a minute: what is left is the wandering.
   Pauses of either are unknown seconds, never zeros. Their correlation at every lag within the time allowed, by FFT,
   counting only seconds known to both (Padfield 2012).
2. The best lag must stand out of all others. There a search over the drift, then Gauss-Newton over lag, drift and
   the seconds over which the watch counts: the clip's contacts are counted the same way at the watch's own times. A
   watch can only count backwards, so its cadence is late by half of these seconds, which is taken off.
3. What is left between the two is the residual; how alike the wandering is, the agreement. Below a stated agreement
   the match is refused: at 1 both tell the same, of two runs that have nothing to do with each other it is about 0.

Long changes, as of intervals run by plan, count in neither: the same plan on another day has the same ones.

Source  D. Padfield, Masked object registration in the Fourier domain, IEEE Trans Image Process 21:2706, 2012,
        doi 10.1109/TIP.2011.2181402
Differs one dimension; correlation times the square root of the seconds in it, so that short overlaps do not win
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import fftconvolve

from formclip.ground.run import Floats
from formclip.runs.exchange.watchfile import Activity

LEAST_AGREEMENT = 0.5  # correlation of what is left of both cadences
# The best lag's score over the spread of all others'; less is enough where the two agree as well as _ALIKE_AGREEMENT.
# Of 300 made-up wrong pairs none came nearer than 5.2 with an agreement of 0.61, or 6.6 with 0.48.
LEAST_STANDS_OUT, LEAST_OF_ALIKE = 7.0, 5.0
_ALIKE_AGREEMENT = 0.75
LEAST_OVERLAP_S = 240.0  # of steady running that both know
MOST_APART_SPM = 5.0  # the means of both over it

_RUNNING_SPM = 120.0
_HOLE = 1.6  # of a step's time: a step was missed, or the runner stood
_HALF_MINUTE_S = 30.0
_EDGE_S = 15  # steady: the mean of so long before and after differ by no more than _STEP_SPM
_STEP_SPM = 5.0
_STARTING_S = 10.0  # a watch takes so long to find a cadence
_CLIPPED = 2.5  # standard deviations: what lies beyond counts as so much
_COARSE_S = 5.0  # seconds that a watch counts over, to begin with
_COUNTED_S = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0)
_DRIFTS_PPM = np.arange(-600.0, 601.0, 100.0)
_DRIFT_PRIOR_PPM = 200.0  # two quartz clocks: some 20 ppm each, more in the cold
_NEIGHBOURS_S = 20
_FAR_SPM = 8.0
_FEWEST = 60  # of records in common: fewer are no match
_BY_S = 0.25  # for slopes by differences
_ROUNDS, _HALVINGS = 8, 4
_ALIKE = 15  # records over which what is left may be alike


@dataclass(frozen=True)
class Match:
    """The watch's time of the clip's second t: began_s + t (1 + drift_ppm / 1e6).

    offset_sd_s, drift_sd_ppm   standard errors, of the middle of the overlap
    agreement      correlation of the two cadences' wandering, 1 at the best
    stands_out     how far the lag stands above all others
    residual_spm   root mean square of the difference of the two cadences, steps a minute
    apart_spm      watch minus clip, the mean
    counted_s      over how long the watch counts for a cadence
    overlap_s      seconds of steady running in both
    """

    began_s: float
    drift_ppm: float
    offset_sd_s: float
    drift_sd_ppm: float
    agreement: float
    stands_out: float
    residual_spm: float
    apart_spm: float
    counted_s: float
    overlap_s: float

    def watch_s(self, t_s: Floats) -> Floats:
        """The watch's unix seconds at times of the clip."""
        return self.began_s + t_s * (1 + self.drift_ppm / 1e6)

    def clip_s(self, watch_s: Floats) -> Floats:
        """And back."""
        return (watch_s - self.began_s) / (1 + self.drift_ppm / 1e6)

    def refused(self) -> str:
        """Why it is not to be believed; empty where it is."""
        if self.overlap_s < LEAST_OVERLAP_S:
            return f"only {self.overlap_s:.0f} s of steady running in both, {LEAST_OVERLAP_S:.0f} are needed"
        if self.agreement < LEAST_AGREEMENT:
            return f"their cadences agree by {self.agreement:.2f}, {LEAST_AGREEMENT:.2f} is needed"
        least = LEAST_OF_ALIKE if self.agreement >= _ALIKE_AGREEMENT else LEAST_STANDS_OUT
        if self.stands_out < least:
            return f"other times fit nearly as well (it stands out by {self.stands_out:.1f}, {least:.1f} is needed)"
        if abs(self.apart_spm) > MOST_APART_SPM:
            return f"the watch's cadence is {self.apart_spm:+.1f} steps/min off"
        return ""


class Contacts:
    """The clip's contacts as a count that any stretch can be asked for.

    on_s    (n,) increasing, n of 2 or more
    """

    def __init__(self, on_s: Floats) -> None:
        self._on_s = on_s
        self._numbers = np.arange(len(on_s), dtype=np.float64)
        apart = np.diff(on_s)
        self._holes = np.concatenate([[0.0], np.cumsum(apart > _HOLE * np.median(apart))])

    def cadence(self, t_s: Floats, over_s: float) -> Floats:
        """Steps a minute over the `over_s` before each time; NaN where it has a hole or is not all in the run."""
        begin = t_s - over_s
        steps = np.interp(t_s, self._on_s, self._numbers) - np.interp(begin, self._on_s, self._numbers)
        last = np.searchsorted(self._on_s, t_s, "left").clip(0, len(self._on_s) - 1)
        first = (np.searchsorted(self._on_s, begin, "right") - 1).clip(0)
        whole = (begin >= self._on_s[0]) & (t_s <= self._on_s[-1]) & (self._holes[last] == self._holes[first])
        return np.where(whole, steps * 60.0 / over_s, np.nan)


def match(on_s: Floats, activity: Activity, about_s: float | None = None, within_s: float = 600.0) -> Match | None:
    """The best match of a run with a watch's activity; None where nothing can be compared.

    on_s      the clip's contacts by its own clock
    about_s   unix time of its 0 as far as known, right to `within_s`; None: any time

    A match is to be believed only where `refused()` is empty.
    """
    known = np.isfinite(activity.columns["cadence_spm"])
    if len(on_s) < 100 or known.sum() < 60:
        return None
    contacts = Contacts(on_s)
    coarse = _coarse(contacts, on_s, activity, about_s, within_s)
    if coarse is None:
        return None
    began_s, stands_out = coarse
    return _fine(contacts, activity, began_s, stands_out)


# -- coarse ------------------------------------------------------------------------------------------------------------


def _coarse(
    contacts: Contacts, on_s: Floats, activity: Activity, about_s: float | None, within_s: float
) -> tuple[float, float] | None:
    """The clip's 0 by the watch's clock, to a second or two, and how far that stands out."""
    first, clip_first = math.floor(activity.began_s), math.floor(on_s[0])
    watch_grid = np.arange(first, math.ceil(activity.ended_s) + 1, dtype=np.float64)
    clip_grid = np.arange(clip_first, math.ceil(on_s[-1]) + 1, dtype=np.float64)
    watch = _wandering(_since_start(activity.at("cadence_spm", watch_grid)))
    clip = _wandering(contacts.cadence(clip_grid, _COARSE_S))
    scores, lags, overlap = _correlation(watch, clip)
    began = first + lags - clip_first
    allowed = overlap >= LEAST_OVERLAP_S
    if about_s is not None:
        allowed &= np.abs(began - about_s) <= within_s
    if not allowed.any():
        return None
    scores = np.where(allowed, scores, -np.inf)
    best = int(np.argmax(scores))
    others = scores[allowed & (np.abs(lags - lags[best]) > _NEIGHBOURS_S)]
    spread = max(1.0, 1.4826 * float(np.median(np.abs(others)))) if len(others) else math.inf
    return float(began[best]), float(scores[best]) / spread


def _since_start(cadence_spm: Floats) -> Floats:
    """Running alone, without its first seconds after a stop: a watch takes a while."""
    out = np.where(cadence_spm >= _RUNNING_SPM, cadence_spm, np.nan)
    runs = np.isfinite(out)
    since = np.arange(len(out)) - np.maximum.accumulate(np.where(~runs, np.arange(len(out)), -1))
    return np.where(runs & (since > _STARTING_S), out, np.nan)


def _wandering(cadence_spm: Floats) -> Floats:
    """Each second less the mean of the minute around it, clipped; NaN where the runner is not steady."""
    t_s = np.arange(len(cadence_spm), dtype=np.float64)
    values = np.where(_steady_at(t_s, cadence_spm), cadence_spm, np.nan)
    return _clip(values - _mean_around(t_s, values, _HALF_MINUTE_S, _HALF_MINUTE_S))


def _steady_at(t_s: Floats, cadence_spm: Floats) -> np.ndarray:
    change = _mean_around(t_s, cadence_spm, 0.0, _EDGE_S) - _mean_around(t_s, cadence_spm, _EDGE_S, 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.isfinite(cadence_spm) & ~(np.abs(change) > _STEP_SPM))


def _clip(values: Floats) -> Floats:
    known = values[np.isfinite(values)]
    if not len(known):
        return values
    limit = _CLIPPED * max(0.1, 1.4826 * float(np.median(np.abs(known))))
    return np.clip(values, -limit, limit)


def _mean_around(t_s: Floats, values: Floats, before_s: float, after_s: float) -> Floats:
    """Mean of what is known from `before_s` before each time to `after_s` after it; NaN where nothing is."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    first, last = np.searchsorted(t_s, t_s - before_s, "left"), np.searchsorted(t_s, t_s + after_s, "right")
    n = counts[last] - counts[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(n > 0, (sums[last] - sums[first]) / n, np.nan))


def _correlation(watch: Floats, clip: Floats) -> tuple[Floats, Floats, Floats]:
    """(score, lag, seconds known to both): of lag k the clip's second j is the watch's j + k."""
    here, there = np.isfinite(watch), np.isfinite(clip)
    a, b = np.where(here, watch, 0.0), np.where(there, clip, 0.0)
    m, k = here.astype(float), there.astype(float)

    def along(x: Floats, y: Floats) -> Floats:
        return np.asarray(fftconvolve(x, y[::-1]))

    n = np.round(along(m, k))
    enough = n >= 2
    n_ = np.where(enough, n, 1.0)
    sa, sb = along(a, k), along(m, b)
    spread = (along(a * a, k) - sa * sa / n_) * (along(m, b * b) - sb * sb / n_)
    r = np.where(enough & (spread > 1e-6), (along(a, b) - sa * sb / n_) / np.sqrt(np.maximum(spread, 1e-6)), 0.0)
    score = np.arctanh(np.clip(r, -0.999, 0.999)) * np.sqrt(n_)
    lags = np.arange(len(n), dtype=np.float64) - (len(clip) - 1)
    return score, lags, n


# -- fine --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Guess:
    """began_s at the pivot: the watch's time is pivot_s when the clip's is (pivot_s - began_s)."""

    began_s: float
    drift_ppm: float
    counted_s: float
    pivot_s: float

    def clip_s(self, watch_s: Floats) -> Floats:
        return self.pivot_s - self.began_s + (watch_s - self.pivot_s) / (1 + self.drift_ppm / 1e6)


class _Pair:
    """The watch's cadences at its own times, and the clip's for any guess."""

    def __init__(self, contacts: Contacts, activity: Activity) -> None:
        self._contacts = contacts
        cadence = activity.columns["cadence_spm"]
        known = np.isfinite(cadence) & ~activity.paused(activity.t_s)
        t_s, spm = activity.t_s[known], cadence[known]
        running = spm >= _RUNNING_SPM
        begins = np.concatenate([[True], (np.diff(t_s) > 10.0) | ~running[:-1]])
        since = t_s - np.maximum.accumulate(np.where(begins, t_s, -np.inf))
        used = running & (since > _STARTING_S)
        self.t_s, self.spm = t_s[used], spm[used]

    def clip(self, guess: _Guess) -> Floats:
        return self._contacts.cadence(guess.clip_s(self.t_s), guess.counted_s)

    def less_minute(self, values: Floats) -> Floats:
        return values - _mean_around(self.t_s, values, _HALF_MINUTE_S, _HALF_MINUTE_S)

    def left(self, guess: _Guess) -> Floats:
        """Watch less clip, less its own mean of a minute; NaN where either is not known."""
        return self.less_minute(self.spm - self.clip(guess))

    def cost(self, guess: _Guess) -> float:
        """Mean square of what is left, each at most _FAR_SPM; infinite where too little is common.

        A drift costs as if it were seen in _DRIFT_PRIOR_PPM's distribution: short runs do not tell it.
        """
        left = self.left(guess)
        left = left[np.isfinite(left)]
        if len(left) < _FEWEST:
            return math.inf
        square = float(np.mean(np.minimum(np.abs(left), _FAR_SPM) ** 2))
        return square * (1 + (guess.drift_ppm / _DRIFT_PRIOR_PPM) ** 2 / len(left))


def _fine(contacts: Contacts, activity: Activity, began_s: float, stands_out: float) -> Match | None:
    pair = _Pair(contacts, activity)
    start = _Guess(began_s, 0.0, _COARSE_S, began_s)
    common = pair.t_s[np.isfinite(pair.clip(start))]
    if len(common) < _FEWEST:
        return None
    start = replace(start, pivot_s=float(common.mean()))
    # What does not stand out is refused, whatever its drift.
    near = (
        replace(start, began_s=began_s + late_s, drift_ppm=float(drift))
        for drift in (_DRIFTS_PPM if stands_out >= LEAST_OF_ALIKE else (0.0,))
        for late_s in np.arange(-8.0, 8.1, 0.5)
    )
    best = _settled(pair, min(near, key=pair.cost))
    best = min((_settled(pair, _counting(best, w)) for w in _COUNTED_S), key=pair.cost)
    around = [_counting(best, best.counted_s + by) for by in (-0.5, 0.5) if best.counted_s + by >= _COUNTED_S[0] / 2]
    best = min((best, *(_settled(pair, one) for one in around)), key=pair.cost)
    return _told(pair, best, stands_out)


def _counting(guess: _Guess, over_s: float) -> _Guess:
    """The same moments, counted over another time: who counts over longer tells them later."""
    return replace(guess, began_s=guess.began_s - (over_s - guess.counted_s) / 2, counted_s=over_s)


def _slopes(pair: _Pair, guess: _Guess) -> Floats:
    """(n, 2): how what is left changes with began_s and with drift_ppm."""
    ahead, behind = (pair.left(replace(guess, began_s=guess.began_s + by)) for by in (_BY_S, -_BY_S))
    of_began = (ahead - behind) / (2 * _BY_S)
    return np.column_stack([of_began, of_began * (pair.t_s - guess.pivot_s) / 1e6])


def _weighed(pair: _Pair, guess: _Guess) -> tuple[Floats, Floats, Floats]:
    """(left, slopes, weight) of the seconds that both know; weights after Huber."""
    left, slopes = pair.left(guess), _slopes(pair, guess)
    known = np.isfinite(left) & np.isfinite(slopes).all(axis=1)
    left, slopes = left[known], slopes[known]
    spread = max(0.1, 1.4826 * float(np.median(np.abs(left)))) if len(left) else 1.0
    return left, slopes, np.minimum(1.0, 1.5 * spread / np.maximum(np.abs(left), 1e-9))


def _settled(pair: _Pair, guess: _Guess) -> _Guess:
    """Gauss-Newton from a guess to the best one near it; a step that makes it worse is halved."""
    cost = pair.cost(guess)
    for _ in range(_ROUNDS):
        left, slopes, weight = _weighed(pair, guess)
        if len(left) < _FEWEST:
            return guess
        by = np.clip(np.linalg.solve(*_equations(left, slopes, weight, guess.drift_ppm)), (-2.0, -300.0), (2.0, 300.0))
        for _ in range(_HALVINGS):
            better = replace(guess, began_s=guess.began_s - by[0], drift_ppm=guess.drift_ppm - by[1])
            now = pair.cost(better)
            if now < cost:
                break
            by = by / 2
        else:
            return guess
        guess, cost = better, now
        if abs(by[0]) < 1e-3 and abs(by[1]) < 0.5:
            break
    return guess


def _equations(left: Floats, slopes: Floats, weight: Floats, drift_ppm: float) -> tuple[Floats, Floats]:
    """Normal equations, the drift drawn to 0 as far as two quartz clocks are alike."""
    variance = float(np.sum(weight * left * left) / np.sum(weight))
    prior = variance / _DRIFT_PRIOR_PPM**2
    matrix = slopes.T @ (weight[:, None] * slopes) + np.diag([1e-9, prior])
    return matrix, slopes.T @ (weight * left) + np.array([0.0, prior * drift_ppm])


def _errors(left: Floats, slopes: Floats, weight: Floats) -> Floats:
    """Standard errors of began_s and drift_ppm; what is left is alike from second to second (Newey and West)."""
    matrix, _ = _equations(left, slopes, weight, 0.0)
    score = slopes * (weight * left)[:, None]
    middle = score.T @ score
    for by in range(1, _ALIKE):
        along = score[by:].T @ score[:-by]
        middle += (1 - by / _ALIKE) * (along + along.T)
    inverse = np.linalg.inv(matrix)
    found: Floats = np.sqrt(np.maximum(np.diag(inverse @ middle @ inverse), 0.0))
    return found


def _told(pair: _Pair, guess: _Guess, stands_out: float) -> Match | None:
    left, slopes, weight = _weighed(pair, guess)
    if len(left) < _FEWEST:
        return None
    offset_sd_s, drift_sd_ppm = _errors(left, slopes, weight)
    clip = pair.clip(guess)
    both = np.isfinite(clip)
    apart = (pair.spm - clip)[both]
    steady = both & _steady_at(pair.t_s, pair.spm) & _steady_at(pair.t_s, np.where(both, clip, np.nan))
    wandering = [_clip(pair.less_minute(np.where(steady, values, np.nan))[steady]) for values in (pair.spm, clip)]
    agreement = _correlated(*wandering)
    spacing = float(np.median(np.diff(pair.t_s[both])))
    drift = guess.drift_ppm / 1e6
    began_s = guess.pivot_s - (guess.pivot_s - guess.began_s) * (1 + drift)
    return Match(
        began_s=began_s,
        drift_ppm=guess.drift_ppm,
        offset_sd_s=float(offset_sd_s),
        drift_sd_ppm=float(drift_sd_ppm),
        agreement=agreement,
        stands_out=stands_out,
        residual_spm=float(np.sqrt(np.mean(apart**2))),
        apart_spm=float(np.mean(apart)),
        counted_s=guess.counted_s,
        overlap_s=float(steady.sum() * spacing),
    )


def _correlated(a: Floats, b: Floats) -> float:
    if len(a) < _FEWEST or min(a.std(), b.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
