"""Time stamps that are not the time of their rows, made so.

Theory of operation. A sensor's own clock is even; what stamps its rows may not be:

  PACKETS   many rows share a stamp, or lie within a moment, and then comes a leap: a radio packet's arrival, a whole
            second, a buffer that was emptied. The rows are spread evenly: over stretches without a loss, the line
            through (row, stamp) is the clock. Arrivals are late, never early, so it lies at the lower edge; stamps cut
            off to whole seconds are early, never late, so it lies through the rows on which a second begins.
            Where the lower edge climbs by more than a few rows, that many rows are lost.
  BACK      a stamp alone that is out of line is dropped with its row; stamps that go back and stay there begin a new
            stretch, a second after the last: a recording was stopped and gone on. Where they go back from the end of a
            counter of 32 bits to its beginning, time goes on as it was.
  TWINS     two rows nearer than a quarter of the usual step are one reading told twice: they become their mean.

Rows with honest stamps, however uneven, are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PAUSE_S = 1.0
_BURST_STEP = 0.25  # of the mean step: nearer than this, rows came in one burst
_BURST_SHARE = 0.3
_PACKET_S = 3.0
_TWIN_STEP = 0.25
_BACK_S = 0.02
_FORESEE_S = 20.0
_LOST_ROWS = 3.5
_LEAST_AFTER = 10  # packets after a loss, to tell it from a late one
_NEAR_S = 2.0
_FIRST_S = 10.0
_COUNTERS_S = (2**32 * 1e-6, 2**32 * 1e-3)  # of microseconds, full after 71 minutes, and of milliseconds
_NEAR_FULL_S = 0.5
MAX_GAP_S = 24 * 3600.0


def is_bursty(t_s: Floats) -> bool:
    """Whether rows come in bursts: most steps next to nothing, and a few that hold all the time."""
    steps = np.diff(t_s)
    steps = steps[np.isfinite(steps)]
    steps = steps[(steps >= 0) & (steps < _PACKET_S)]  # more is a pause
    if len(steps) < 64 or not np.any(steps > 0):
        return False
    return bool(np.mean(steps < _BURST_STEP * np.mean(steps)) > _BURST_SHARE)


def rounding_s(t_s: Floats) -> float:
    """The step to which stamps are rounded: 1 s, 0.1 s ... 1 us; 0.0 where there is none."""
    sample = t_s[np.isfinite(t_s)][:4000]
    for digits in range(0, 7):
        scaled = sample * 10.0**digits
        if np.all(np.abs(scaled - np.round(scaled)) < 2e-3):
            return float(10.0**-digits)
    return 0.0


@dataclass
class Spread:
    """Times for rows that came in packets."""

    t_s: Floats  # of every row
    period_s: float
    packets: int
    lost_rows: int
    cut_to_s: float  # stamps are whole multiples of this, 0.0 for arrivals


def spread(t_s: Floats) -> Spread | None:
    """Even times for all rows whose stamps are those of packets; None where no steady clock is behind them."""
    count = len(t_s)
    steps = np.diff(t_s)
    typical = float(np.mean(steps[(steps >= 0) & (steps < _PACKET_S)]))
    new = np.concatenate(([True], (steps > typical) | (steps < -_BACK_S)))
    first = np.flatnonzero(new)
    last = np.concatenate((first[1:], [count])) - 1
    if len(first) < 4:
        return None
    rounding = rounding_s(t_s)
    leaps = np.diff(t_s[first])
    equal = np.all(t_s[first] == t_s[last]) and rounding >= 0.5 * float(np.median(leaps))
    cut_to_s = rounding if equal and rounding >= 0.05 else 0.0
    # A packet's own row: of stamps cut off, the row on which it begins; of arrivals, its last row.
    row, stamp = (first[1:], t_s[first[1:]]) if cut_to_s else (last, t_s[last])
    period_s = _slope(row, stamp)
    if not period_s > 0:
        return None
    out = np.empty(count)
    lost = 0
    back = np.flatnonzero(np.diff(stamp) < -_BACK_S) + 1
    edges = [0, *back.tolist(), len(row)]
    for start, end in zip(edges[:-1], edges[1:]):
        begin_row = 0 if start == 0 else int(first[start + (1 if cut_to_s else 0)])
        end_row = count if end == len(row) else int(first[end + (1 if cut_to_s else 0)])
        piece, gone = _stretches(row[start:end], stamp[start:end], period_s, begin_row, end_row, bool(cut_to_s))
        out[begin_row:end_row] = piece
        lost += gone
    return Spread(out, period_s, len(first), lost, cut_to_s)


def _slope(row: NDArray[np.int64], stamp: Floats) -> float:
    """Seconds a row: the median over spans of about 8 s, which losses and late packets do not move."""
    span = int(np.clip(np.searchsorted(stamp - stamp[0], 8.0), 1, max(1, len(row) - 1)))
    ahead = (stamp[span:] - stamp[:-span]) / np.maximum(1, row[span:] - row[:-span])
    ahead = ahead[ahead > 0]
    return float(np.median(ahead)) if len(ahead) else 0.0


def _stretches(
    row: NDArray[np.int64], stamp: Floats, period_s: float, begin: int, end: int, cut: bool
) -> tuple[Floats, int]:
    """Times of the rows [begin, end) and how many rows are lost among them."""
    rest = stamp - period_s * row
    # The lower edge: the least of the next 20 s. A packet that is late does not lift it, a loss does for good.
    edge = np.empty_like(rest)
    upto = np.searchsorted(stamp, stamp + _FORESEE_S, "right")
    for i in range(len(rest)):
        edge[i] = rest[i : max(i + 1, int(upto[i]))].min()
    need = _LOST_ROWS * period_s + (0.5 * period_s if cut else 0.0)
    leaps = np.flatnonzero(np.diff(edge[: max(1, len(edge) - _LEAST_AFTER)]) > need) + 1  # at the end none can be told
    out = np.empty(end - begin)
    lost = 0
    bounds = [0, *leaps.tolist(), len(row)]
    for k, (a, b) in enumerate(zip(bounds[:-1], bounds[1:])):
        rows_from = begin if a == 0 else (int(row[a]) if cut else int(row[a - 1]) + 1)
        rows_to = end if b == len(row) else (int(row[b]) if cut else int(row[b - 1]) + 1)
        own = np.arange(rows_from, rows_to, dtype=np.float64)
        if b - a >= 20 and stamp[b - 1] - stamp[a] > 30.0:
            # A clock that is a little off, or drifts: a straight line through the edge, not one slope for all.
            slope, base = np.polyfit(row[a:b] - row[a], edge[a:b], 1)
            line = base + slope * (own - row[a])
            line += float(np.percentile(rest[a:b] - (base + slope * (row[a:b] - row[a])), 2)) if not cut else 0.0
        else:
            line = np.full(len(own), float(edge[a:b].min() if not cut else np.median(rest[a:b])))
        out[rows_from - begin : rows_to - begin] = period_s * own + line
        if k:
            at = rows_from - begin
            lost += max(0, round((out[at] - out[at - 1]) / period_s) - 1) if 0 < at < len(out) else 0
    return np.maximum.accumulate(out), lost


@dataclass
class Order:
    """Stamps in order: single stray stamps dropped, leaps back made a pause, chunk by chunk.

    In        push(t_s, ahead): stamps as they stand, and the next AHEAD of them, where there are so many
    Out       (t_s, keep): times that never fall, and which rows stay
    """

    AHEAD: ClassVar[int] = 3

    strays: int = 0
    backs: list[tuple[float, float]] = field(default_factory=list)
    wraps: int = 0  # how often a full counter began again
    _offset_s: float = 0.0
    _last_s: float | None = None

    def settled(self, t_s: Floats) -> int:
        """How many of these stamps need no look ahead: all but those near the end from where one is out of line."""
        last = t_s[-1 - self.AHEAD :]
        steps = np.diff(last)
        wrong = np.flatnonzero((steps < -_BACK_S) | (steps > _NEAR_S))
        return len(t_s) - len(last) + 1 + int(wrong[0]) if len(wrong) else len(t_s)

    def push(self, t_s: Floats, ahead: Floats | None = None) -> tuple[Floats, Mask]:
        keep = np.ones(len(t_s), dtype=bool)
        if not len(t_s):
            return t_s, keep
        if self._last_s is None and len(t_s) > 3 and self._first_is_alone(t_s):
            keep[0] = False  # a first row from another time
            self.strays += 1
            t_s = np.concatenate((t_s[1:2], t_s[1:]))
        out = t_s + self._offset_s
        before = self._last_s if self._last_s is not None else float(out[0])
        steps = np.diff(np.concatenate(([before], out)))
        if not ((steps < -_BACK_S) | (steps > MAX_GAP_S)).any():
            if np.min(steps) < 0:
                out = np.maximum.accumulate(np.maximum(out, before))
            self._last_s = float(out[-1])
            return out, keep
        at, n = 0, len(out)
        out = np.concatenate((out, ahead + self._offset_s)) if ahead is not None else out
        while at < n:
            step = out[at] - before
            following = out[at + 1 : at + 1 + self.AHEAD].tolist()
            in_line = -_BACK_S <= step <= MAX_GAP_S
            goes_on = any(-_BACK_S <= v - before < _NEAR_S for v in following)
            if in_line and (step < _NEAR_S or not goes_on):
                before = out[at] = max(float(out[at]), before)
                at += 1
                continue
            full_s = self._counter_full(before, float(out[at]))
            if full_s:
                self.wraps += 1
                out[at:] += full_s
                self._offset_s += full_s
                continue
            if not following or goes_on:
                keep[at] = False  # alone out of line
                out[at] = before
                self.strays += 1
                at += 1
                continue
            if step > 0:  # so far ahead that no recording goes on: the caller says so
                break
            self.backs.append((before, float(out[at])))
            shift = before + PAUSE_S - float(out[at])
            out[at:] += shift
            self._offset_s += shift
        out = out[:n]
        self._last_s = float(out[-1])
        return out, keep

    def _first_is_alone(self, t_s: Floats) -> bool:
        return not self._counter_full(float(t_s[0]), float(t_s[1])) and _is_alone(t_s[0], t_s[1], t_s[2])

    def _counter_full(self, before_s: float, after_s: float) -> float:
        """How long a counter of 32 bits takes to begin again, where that is what has happened; else 0.0."""
        for full_s in _COUNTERS_S:
            last_s, first_s = before_s - self._offset_s, after_s - self._offset_s
            if 0 <= first_s < _NEAR_FULL_S and 0 <= full_s - last_s < _NEAR_FULL_S:
                return full_s
        return 0.0


def _is_alone(first: float, second: float, third: float) -> bool:
    """Whether a first stamp is of another time than those after it."""
    leap = second - first
    return bool(leap < -_BACK_S or leap > max(_FIRST_S, 1000 * abs(third - second)))


def merge_twins(t_s: Floats, values: Floats, period_s: float) -> tuple[Floats, Floats, int]:
    """Rows nearer to the one before than a quarter of a step, merged with it; how many there were."""
    near = np.diff(t_s) < _TWIN_STEP * period_s
    if not near.any():
        return t_s, values, 0
    start = np.concatenate(([True], ~near))
    # A run of near rows must not swallow more than one step.
    group = np.cumsum(start) - 1
    size = np.bincount(group).astype(np.float64)
    merged_t = np.bincount(group, weights=t_s) / size
    merged = np.zeros((len(size), values.shape[1]))
    for k, column in enumerate(values.T):
        merged[:, k] = np.bincount(group, weights=column) / size
    return merged_t, merged, int(near.sum())
