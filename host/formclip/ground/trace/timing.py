"""From rows with time stamps to evenly spaced samples at a whole rate, as gaitcore wants them.

Theory of operation. The first rows (about a megabyte of text) decide the mode; it then stays for the whole trace.

  EVEN      the stamps are those of an even clock within a quarter of a sample (or within their own rounding), and its
            rate is whole within 0.02 %: the samples pass through untouched, and time anchors map index to t_s.
  GRIDDED   anything else: cubic splines through the samples, read off on a grid at the nearest whole rate.
  Before both, rates above 500 Hz are low-passed and decimated to 200..400 Hz.

A hole of more than 1.5 samples in the stamps is a run of lost samples in either mode, and splits the trace into
stretches. Nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import TraceError
from formclip.ground.trace.recording import Lines, Rows
from formclip.ground.trace.stamps import MAX_GAP_S, merge_twins
from formclip.ground.trace.table import Floats

MIN_RATE_HZ = 50
MAX_RATE_HZ = 500
_WHOLE_TOLERANCE = 2e-4
_EVEN_SAMPLES = 0.25
_HOLD = 16  # samples kept back so that splines do not depend on where chunks end
_MIN_ROWS = 16
_OTHER_UNITS = (
    (0.0155, "ms", "divide milliseconds by 1000"),
    (15.5e-6, "us", "divide microseconds by 1000000"),
    (15.5e-9, "ns", "divide nanoseconds by 1000000000"),
)


@dataclass(frozen=True)
class Timing:
    """What the first rows say about the clock of a trace."""

    source_rate_hz: float
    rate_hz: int
    decimate: int
    even: bool
    smooth_stamps: bool  # an even clock behind stamps that are rounded or a little uneven
    hole_s: float  # stamps further apart than this have lost samples between them
    twin_s: float  # rows nearer than a quarter of this are one; 0.0 where stamps are rounded to more


@dataclass(frozen=True)
class Stretch:
    """Consecutive samples (n, columns) on the grid; `index` is that of the first."""

    index: int
    values: Floats


@dataclass
class Anchors:
    """(index, t_s) pairs; between them time runs evenly."""

    index: list[int] = field(default_factory=list)
    t_s: list[float] = field(default_factory=list)

    def add(self, index: int, t_s: float) -> None:
        if not self.index or index > self.index[-1]:
            self.index.append(index)
            self.t_s.append(t_s)


def _quantum_s(t_s: Floats) -> float:
    """The rounding of the stamps: 0.1 s ... 1 us."""
    sample = t_s[:2000]
    for digits in range(1, 6):
        scaled = sample * 10.0**digits
        if np.all(np.abs(scaled - np.round(scaled)) < 1e-4):
            return float(10.0**-digits)
    return 1e-6


def analyse(t_s: Floats, lines: Lines, path: Path) -> Timing:
    """Rate and mode from the first rows; TraceError where they make no sense."""

    def error(what: str, remedy: str, row: int = 0) -> TraceError:
        return TraceError(what, remedy, path=path, place=f"line {int(lines[row])}")

    if len(t_s) < _MIN_ROWS:
        raise error(f"only {len(t_s)} usable rows", f"a trace needs {_MIN_ROWS} at the least", len(t_s) - 1)
    step_s = np.diff(t_s)
    ahead = step_s[step_s > 0]
    if not len(ahead):
        raise error("t_s does not advance", "t_s must be the time of each row in seconds")
    quantum_s = _quantum_s(t_s)
    period_s = float(np.median(ahead))
    twin_s = period_s if quantum_s < 0.5 * period_s else 0.0
    if twin_s:
        t_s, _, _ = merge_twins(t_s, np.zeros((len(t_s), 0)), twin_s)
        step_s = np.diff(t_s)
    usual = np.abs(step_s - period_s) < 0.2 * period_s
    tidy = np.mean(usual) > 0.9
    if tidy:
        period_s = float(np.mean(step_s[usual]))
        # Tidy steps of two or so quanta are not rounded at all, so two of them at once are a lost row.
        hole_s = 1.5 * period_s + (quantum_s if quantum_s < 0.4 * period_s else 0.0)
    else:  # jitter or coarse rounding: a late row is not a lost one
        for _ in range(3):
            period_s = float(np.mean(step_s[step_s <= max(4 * period_s, 1.5 * quantum_s)]))
        hole_s = max(3.5 * period_s, 1.5 * period_s + 2 * quantum_s)
    if period_s <= 0:
        raise error("t_s does not advance", "t_s must be the time of each row in seconds")
    rate_hz = 1.0 / period_s
    if rate_hz < MIN_RATE_HZ - 0.5:
        for low_hz, unit, words in _OTHER_UNITS:
            if low_hz < rate_hz < 130 * low_hz:  # 15 to 2000 Hz, in another unit than seconds
                raise error(
                    f"t_s advances by {period_s:.4g} a row", f"t_s must be in seconds: {words}, or --time-unit {unit}"
                )
        raise error(
            f"{rate_hz:.3g} rows a second",
            f"too few to find steps by: formclip needs {MIN_RATE_HZ} or more, so record at a higher rate",
        )
    if rate_hz > 20000:
        raise error(f"t_s advances by {period_s:.3g} a row", "t_s must be the time of each row in seconds")
    decimate = int(rate_hz // 200) if rate_hz > MAX_RATE_HZ + 0.5 else 1
    whole = max(MIN_RATE_HZ, round(rate_hz / decimate))
    # The stamps of each stretch against an even clock.
    worst_s = 0.0
    starts = np.flatnonzero(np.concatenate(([True], step_s > hole_s)))
    for start, end in zip(starts, [*starts[1:], len(t_s)], strict=True):
        if end - start >= _MIN_ROWS:
            worst_s = max(worst_s, float(np.max(np.abs(_line_residual(t_s[start:end])))))
    span_s = float(t_s[-1] - t_s[0])
    is_whole = abs(rate_hz / decimate / whole - 1) <= _WHOLE_TOLERANCE + 2 * quantum_s / span_s
    even = worst_s <= max(_EVEN_SAMPLES * period_s, 1.01 * quantum_s)
    return Timing(rate_hz, whole, decimate, even and is_whole, even and worst_s > 0.02 * period_s, hole_s, twin_s)


def _line_residual(t_s: Floats) -> Floats:
    n = np.arange(len(t_s), dtype=np.float64)
    n -= n.mean()
    centred = t_s - t_s.mean()
    slope = float(n @ centred) / float(n @ n)
    return np.asarray(centred - n * slope)


def check_leaps(rows: Rows, last_t_s: float | None, path: Path) -> None:
    """An error where time leaps so far ahead that no recording goes on."""
    step_s = np.diff(rows.t_s, prepend=rows.t_s[0] if last_t_s is None else last_t_s)
    wrong = np.flatnonzero(step_s > MAX_GAP_S)
    if len(wrong):
        row = int(wrong[0])
        raise TraceError(
            f"time leaps by {step_s[row] / 3600:.1f} h",
            "split the file there: a gap may be 24 h at most",
            path=path,
            place=f"line {int(rows.lines[row])}",
        )


class Decimator:
    """Low-pass (linear phase, its delay taken out) and every k-th row, over one stretch at a time.

    Settings  factor int; columns int
    In        push(t_s, values, ends): `ends` when nothing joins on
    Out       t_s, values at the lower rate
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self._half = 12 * factor
        from scipy.signal import firwin  # a second of imports, for what comes at a high rate alone

        # 0.8 of the new Nyquist: flat to 60 Hz at the 200 Hz it comes down to.
        self._taps = firwin(2 * self._half + 1, 0.8 / factor)
        self._t: Floats | None = None
        self._x: Floats | None = None
        self._skip = 0

    def push(self, t_s: Floats, values: Floats, ends: bool) -> tuple[Floats, Floats]:
        if self._x is None or self._t is None:
            self._x = np.repeat(values[:1], self._half, axis=0)
            self._t = np.zeros(0)
            self._skip = 0
        x = np.concatenate((self._x, values))
        t = np.concatenate((self._t, t_s))
        if ends:
            x = np.concatenate((x, np.repeat(x[-1:], self._half, axis=0)))
        ready = len(x) - 2 * self._half
        if ready <= 0:
            self._x, self._t = x, t
            return np.zeros(0), np.zeros((0, values.shape[1]))
        smooth = np.stack([np.convolve(column, self._taps, "valid") for column in x.T], axis=1)
        out = smooth[self._skip :: self.factor], t[:ready][self._skip :: self.factor]
        self._skip = (self._skip - ready) % self.factor
        self._x, self._t = (None, None) if ends else (x[ready:], t[ready:])
        return out[1], out[0]


class Grid:
    """Rows with stamps in, stretches of evenly spaced samples out.

    Settings  timing Timing
    In        push(t_s, values); finish()
    Out       list of Stretch; `anchors` map index to t_s; `gaps`, `lost_samples`, `merged` count
    """

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.anchors = Anchors()
        self.gaps = 0
        self.lost_samples = 0
        self.merged = 0
        self._decimator = Decimator(timing.decimate) if timing.decimate > 1 else None
        self._last_s: float | None = None  # the last stamp taken
        self._next = 0  # index of the next sample to give
        self._held_t = np.zeros(0)
        self._held_x: Floats | None = None

    def push(self, t_s: Floats, values: Floats) -> list[Stretch]:
        if self.timing.twin_s:
            t_s, values, merged = merge_twins(t_s, values, self.timing.twin_s)
            self.merged += merged
        before = np.concatenate(([t_s[0] if self._last_s is None else self._last_s], t_s[:-1]))
        holes = np.flatnonzero(t_s - before > self.timing.hole_s)
        out: list[Stretch] = []
        start = 0
        for hole in [*holes.tolist(), len(t_s)]:
            if hole == 0:
                out += self._end_stretch()
                continue
            ends = hole < len(t_s)
            out += self._stretch(t_s[start:hole], values[start:hole])
            if ends:
                out += self._end_stretch()
            start = hole
        self._last_s = float(t_s[-1])
        return out

    def finish(self) -> list[Stretch]:
        return self._end_stretch()

    def _stretch(self, t_s: Floats, values: Floats) -> list[Stretch]:
        if not len(t_s):
            return []
        if self._decimator is not None:
            t_s, values = self._decimator.push(t_s, values, ends=False)
            if not len(t_s):
                return []
        return self._even(t_s, values) if self.timing.even else self._gridded(t_s, values, ends=False)

    def _end_stretch(self) -> list[Stretch]:
        out: list[Stretch] = []
        if self._decimator is not None and self._decimator._x is not None:
            t_s, values = self._decimator.push(np.zeros(0), self._decimator._x[:0], ends=True)
            if len(t_s):
                out += self._even(t_s, values) if self.timing.even else self._gridded(t_s, values, ends=False)
        if not self.timing.even and self._held_x is not None:
            out += self._gridded(np.zeros(0), self._held_x[:0], ends=True)
        self._fresh = True
        return out

    _fresh = True  # the next sample starts a stretch

    def _even(self, t_s: Floats, values: Floats) -> list[Stretch]:
        if self._fresh and self.anchors.index:
            expected_s = self._time_of(self._next)
            lost = max(0, round((t_s[0] - expected_s) * self.timing.rate_hz))
            if lost:
                self.gaps += 1
                self.lost_samples += lost
                self.anchors.add(self._next - 1, expected_s - 1.0 / self.timing.rate_hz)
                self._next += lost
        self._fresh = False
        index = self._next
        self._next += len(values)
        # Rounded stamps: the line through them, not the one stamp.
        offset_s = float(np.mean(t_s - t_s[0] - np.arange(len(t_s)) / self.timing.rate_hz)) if len(t_s) > 1 else 0.0
        self.anchors.add(index, float(t_s[0]) + offset_s)
        return [Stretch(index, values)]

    def _time_of(self, index: int) -> float:
        return self.anchors.t_s[-1] + (index - self.anchors.index[-1]) / self.timing.rate_hz

    def _gridded(self, t_s: Floats, values: Floats, ends: bool) -> list[Stretch]:
        rate_hz = self.timing.rate_hz
        if self.timing.smooth_stamps and len(t_s) >= _MIN_ROWS:
            t_s = t_s - _line_residual(t_s)
        if not self.anchors.index and len(t_s):
            self.anchors.add(0, float(t_s[0]))
        if self._held_x is not None:
            t_s = np.concatenate((self._held_t, t_s))
            values = np.concatenate((self._held_x, values))
        rising = np.concatenate(([True], np.diff(t_s) > 1e-9))
        t_s, values = t_s[rising], values[rising]
        if not ends and len(t_s) <= 4 * _HOLD:
            self._held_t, self._held_x = t_s, values
            return []
        origin_s = self.anchors.t_s[0]
        first = max(self._next, int(np.ceil((t_s[0] - origin_s) * rate_hz - 1e-6)))
        upto_s = t_s[-1] if ends else t_s[-1 - _HOLD]
        last = int(np.floor((upto_s - origin_s) * rate_hz + 1e-6))
        if ends:
            self._held_t, self._held_x = np.zeros(0), None
        else:
            keep = len(t_s) - 1 - 2 * _HOLD
            self._held_t, self._held_x = t_s[keep:], values[keep:]
        if last < first or len(t_s) < 2:
            return []
        grid_s = np.clip(origin_s + np.arange(first, last + 1) / rate_hz, t_s[0], t_s[-1])
        from scipy.interpolate import CubicSpline  # half a second of imports, for what comes unevenly alone

        smooth = CubicSpline(t_s, values, axis=0)(grid_s)
        if first > self._next:
            self.gaps += 1
            self.lost_samples += first - self._next
        self._next = last + 1
        return [Stretch(first, smooth)]

    def t_s(self, index: NDArray[np.int64] | Floats) -> Floats:
        """The trace's own time of samples by index (fractions allowed)."""
        where = np.asarray(index, dtype=np.float64)
        if not self.anchors.index:
            return where / self.timing.rate_hz
        known = np.array(self.anchors.index, dtype=np.float64)
        times = np.array(self.anchors.t_s)
        if self.timing.even:
            place = np.clip(np.searchsorted(known, where, "right") - 1, 0, len(known) - 1)
            return np.asarray(times[place] + (where - known[place]) / self.timing.rate_hz)
        return np.asarray(times[0] + where / self.timing.rate_hz)
