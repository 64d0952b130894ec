"""Where a series of runs goes to another level and stays there, at once or over some runs, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from formclip.ground.run import Floats
from formclip.runs.insight.evidence import LEVEL, ranked, resampled, wider

FEWEST_SHIFT = 12
_FEWEST_SIDE = 4  # runs before and after a shift
_MOST_PLACES = 24  # of a longer series, so many places evenly spread are looked at for a fade's beginning and end
_RESAMPLINGS = 100
_NOTHING = 1e-12  # of the sum of squares: what rounding leaves of a perfect fit
# These four were chosen on series of chance (formclip.lab.chance.series, seeds 101 to 105), so that no more of them are
# taken for a change of level than before there were fades: what each shape counts as fitted, how clearly it must beat a
# line by Schwarz's criterion, and among how many shapes the best was picked.
_FITTED = {"step": 4, "fade": 6}
_OVER_LINE = {"step": 2.0, "fade": 3.0}
_FADE_OVER_STEP = 1.0
_PICKED_AMONG = 40


@dataclass(frozen=True)
class Shift:
    """The series leaves its level with run `leaves`, and is on another from run `at` on: the same run where it steps.

    first, last   where the shift may lie, 90 % of the resamplings; before, after: medians of the levels
    """

    leaves: int
    at: int
    first: int
    last: int
    before: float
    after: float
    p: float


@dataclass(frozen=True)
class _Shape:
    kind: str
    leaves: int
    at: int
    residuals: Floats

    @property
    def left(self) -> float:
        return float(self.residuals @ self.residuals)

    @property
    def wide(self) -> float:
        return wider(self.residuals, _FITTED[self.kind])


def shifts(values: Floats, level: float = LEVEL) -> list[Shift]:
    """Every change of level, in order; none is named that a line explains as well.

    A shift is a step, or a fade: level, a straight way of some runs, level. The ranks must speak of one (Pettitt 1979,
    Appl. Statist. 28), so that single odd runs make none. The shape must explain the runs better than a straight line,
    by Schwarz's criterion. And what it explains must be more than chance explains (Student's t of the best of many
    shapes), with runs that are alike counting for fewer. The likeness is that of what the shape leaves: a change of
    level makes neighbours alike by itself. Each part is then looked at again.
    """
    out: list[Shift] = []
    _look(values, 0, level, out)
    return sorted(out, key=lambda shift: shift.at)


def _look(values: Floats, offset: int, level: float, out: list[Shift]) -> None:
    if len(values) < FEWEST_SHIFT or _pettitt(values) >= level:
        return
    shape = _shape(values)
    if shape is None or (p := _by_chance(values, shape)) >= level:
        return
    first, last = _where(values, shape)
    before, after = (float(np.median(part)) for part in (values[: shape.leaves], values[shape.at :]))
    out.append(Shift(shape.leaves + offset, shape.at + offset, first + offset, last + offset, before, after, p))
    _look(values[: shape.leaves], offset, level / 2, out)
    _look(values[shape.at :], offset + shape.at, level / 2, out)


def _pettitt(values: Floats) -> float:
    n = len(values)
    k = float(np.abs(_rank_sums(values)).max())
    return min(1.0, 2 * math.exp(-6 * k * k / (n**3 + n**2)))


def _rank_sums(values: Floats) -> Floats:
    """Pettitt's statistic for each place that leaves enough runs on both sides."""
    ranks = ranked(values)
    n = len(values)
    at = np.arange(1, n)
    sums = 2 * np.cumsum(ranks)[:-1] - at * (n + 1)
    return np.asarray(sums[_FEWEST_SIDE - 1 : n - _FEWEST_SIDE], dtype=np.float64)


def _step_at(values: Floats) -> int:
    """The place that parts a series best into two levels: runs from there on are the second."""
    return int(np.argmax(np.abs(_rank_sums(values)))) + _FEWEST_SIDE


def _shape(values: Floats) -> _Shape | None:
    """The fade or the step that explains a series best; None where a line explains it as well."""
    n = len(values)
    t = np.arange(n) - (n - 1) / 2
    centred = values - values.mean()
    of_line = centred - float(t @ values) / float(t @ t) * t
    left = float(of_line @ of_line)
    at = _step_at(values)
    parts = (values[:at], values[at:])
    step = _Shape("step", at, at, np.concatenate([part - np.median(part) for part in parts]))
    fade = _best_fade(centred)
    if _better(fade, step.left, _FADE_OVER_STEP) and _better(fade, left, _OVER_LINE[fade.kind]):
        return fade
    return step if _better(step, left, _OVER_LINE[step.kind]) else None


def _better(shape: _Shape, left: float, penalty: float) -> bool:
    """Schwarz's criterion against what another shape leaves; runs that are alike count for fewer."""
    if shape.left <= _NOTHING * left:
        return left > 0
    counting = len(shape.residuals) / shape.wide
    return counting * math.log(left / shape.left) > penalty * math.log(max(counting, 3.0))


def _by_chance(values: Floats, shape: _Shape) -> float:
    """How often chance gives a shape that explains as much, the best of many having been picked."""
    total = float(((values - values.mean()) ** 2).sum())
    if shape.left <= _NOTHING * total:
        return 0.0
    freedom = len(values) - (3 if shape.kind == "step" else 4)
    t = math.sqrt(max(0.0, total - shape.left) / (shape.left / freedom) / shape.wide)
    return min(1.0, _PICKED_AMONG * 2 * float(stdtr(freedom, -t)))


def _fades(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Every fade of a series: its first run off the old level, its first on the new one, and (fades, n) its way."""
    places = np.unique(np.linspace(_FEWEST_SIDE, n - _FEWEST_SIDE, min(_MOST_PLACES, n - 7)).astype(np.int64))
    i, j = np.triu_indices(len(places), 1)
    leaves, at = places[i], places[j]
    way = np.clip((np.arange(n) - leaves[:, None] + 1) / (at - leaves + 1)[:, None], 0.0, 1.0)
    way -= way.mean(axis=1, keepdims=True)
    return leaves, at, np.asarray(way / np.sqrt((way * way).sum(axis=1, keepdims=True)), dtype=np.float64)


def _best_fade(centred: Floats) -> _Shape:
    leaves, at, ways = _fades(len(centred))
    along = ways @ centred
    best = int(np.argmax(np.abs(along)))
    return _Shape("fade", int(leaves[best]), int(at[best]), centred - along[best] * ways[best])


def _where(values: Floats, shape: _Shape) -> tuple[int, int]:
    """Between which runs it lies, by what it leaves drawn anew onto it."""
    n = len(values)
    rng = np.random.default_rng(n)
    fitted = values - shape.residuals
    drawn = [fitted + shape.residuals[resampled(n, rng)] for _ in range(_RESAMPLINGS)]
    if shape.kind == "step":
        places = [_step_at(one) for one in drawn]
        first, last = np.quantile(places, (0.05, 0.95))
        return int(first), int(last)
    leaves, at, ways = _fades(n)
    many = np.array(drawn)
    best = np.abs(ways @ (many - many.mean(axis=1, keepdims=True)).T).argmax(axis=0)
    return int(np.quantile(leaves[best], 0.05)), int(np.quantile(at[best], 0.95))
