"""The trace reader: a file of any length in, blocks for gaitcore out, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import TraceError
from formclip.ground.trace.mapping import Given, Plan
from formclip.ground.trace.recording import Recording, Rows, joined, plan_for
from formclip.ground.trace.sources.ours import ACC, GYR
from formclip.ground.trace.stamps import Spread
from formclip.ground.trace.table import Floats
from formclip.ground.trace.timing import Grid, Timing, analyse, check_leaps

_G_MPS2 = 9.80665
_ACC_MAX_G = 100.0
_GYR_MAX_DPS = 10000.0
_BLOCK_S = 30  # short blocks cost more in calls: 8 % of a replay with 2 s
_LOOK_AT = 100

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """Samples (6, m) float32, rows ax ay az [g] gx gy gz [dps] in sensor axes; `index` is that of the first."""

    index: int
    samples: Samples


@dataclass(frozen=True)
class Lost:
    """`n` samples are missing here."""

    n: int


Piece = Block | Lost


class Trace:
    """A trace that has been opened: what it holds, and its pieces.

    In        pieces(): from the start each time it is called; `on_progress` is told the fraction of the file read
    Out       Block and Lost in order; `t_s(index)` maps to the trace's own time, for what has been read;
              `notes` say what had to be done to the data, in words
              has_gyro; rate_hz, whole, at which the samples are given; source_rate_hz, of the file; samples and
              lost_samples, counted as pieces are taken
    Errors    TraceError: what, file, line or byte, remedy
    """

    def __repr__(self) -> str:
        return f"Trace({self.path.name}, {self.rate_hz} Hz, {'' if self.has_gyro else 'no '}gyroscope)"

    def __init__(self, path: Path, given: Given | None = None, beside: Sequence[Path] = ()) -> None:
        self.path = path
        self._source = source = Recording(path, plan_for(path, given, beside))
        self.planar = source.planar
        self.has_gyro = source.has_gyro
        self.size_b = sum({p.table.member.name: p.table.member.size_b for p in source.plan.parts()}.values())
        self._rows_dropped = 0
        first = _first_rows(source)
        if first is None:
            raise TraceError("no rows under the header", "record it again, or name another", path=path, place="line 2")
        if source.strict:
            self._check_units(first)
        first = self._usable(first)
        if not len(first.t_s):
            raise TraceError("no row has all its numbers", "look at the first rows", path=path, place="line 2")
        self.timing: Timing = analyse(first.t_s, first.lines, path)
        check_leaps(first, None, path)
        self.rate_hz = self.timing.rate_hz
        self._grid = Grid(self.timing)
        self.samples = 0

    @property
    def plan(self) -> Plan:
        """How the file is read: source, columns, units."""
        return self._source.plan

    @property
    def is_ours(self) -> bool:
        """Whether it is in formclip's own form."""
        return self._source.strict

    @property
    def start_s(self) -> float:
        """What the stamps of the file had at t_s = 0."""
        return self._source.start_s

    def pieces(self, on_progress: Callable[[float], None] | None = None) -> Iterator[Piece]:
        source = self._source
        self._grid = Grid(self.timing)
        self._rows_dropped = 0
        self.samples = 0
        last_t_s: float | None = None
        for chunk in source.chunks():
            rows = self._usable(chunk)
            if not len(rows.t_s):
                continue
            check_leaps(rows, last_t_s, self.path)
            last_t_s = float(rows.t_s[-1])
            for stretch in self._grid.push(rows.t_s, rows.values):
                yield from self._pieces_of(stretch.index, stretch.values, on_progress)
        for stretch in self._grid.finish():
            yield from self._pieces_of(stretch.index, stretch.values, on_progress)

    def arrays(self) -> tuple[Floats, Floats]:
        """The whole trace in memory, as the clip's code gets it.

        Out       t_s (n,) in s, and values (n, 6): acceleration x y z in g, turning x y z in deg/s, in the sensor's
                  axes, evenly at rate_hz; NaN where samples are lost, and in what the sensor has not
        """
        return in_memory(self)

    def _pieces_of(self, index: int, values: Floats, on_progress: Callable[[float], None] | None) -> Iterator[Piece]:
        if index > self.samples:
            yield Lost(index - self.samples)
        self.samples = index + len(values)
        samples = self._rows_of_six(values)
        length = _BLOCK_S * self.rate_hz
        for start in range(0, len(values), length):
            yield Block(index + start, np.ascontiguousarray(samples[:, start : start + length]))
            if on_progress is not None:
                on_progress(self._source.fraction)

    def t_s(self, index: NDArray[np.int64] | Floats) -> Floats:
        return self._grid.t_s(index)

    @property
    def source_rate_hz(self) -> float:
        return self.timing.source_rate_hz

    @property
    def gaps(self) -> int:
        return self._grid.gaps

    @property
    def spread(self) -> Spread | None:
        """How stamps of packets were spread, where they were."""
        return self._source.spread

    @property
    def lost_samples(self) -> int:
        return self._grid.lost_samples

    @property
    def notes(self) -> list[str]:
        """What was done to the data on the way in, in plain words; complete once all pieces were taken."""
        timing, notes = self.timing, list(self._source.notes)
        if timing.decimate > 1:
            notes.append(f"{timing.source_rate_hz:.6g} Hz, low-passed and reduced to {timing.rate_hz} Hz")
        elif not timing.even:
            uneven = "" if timing.source_rate_hz % 1 > 1e-3 or timing.smooth_stamps else " with uneven time stamps"
            notes.append(f"{timing.source_rate_hz:.6g} Hz{uneven}, resampled to {timing.rate_hz} Hz")
        if self.planar:
            notes.append("two axes of acceleration only: taken as up and forward")
        if not self.has_gyro:
            notes.append("no gyroscope: tilt, ranges and what follows from them are left empty")
        if self._grid.lost_samples:
            lost_s = self._grid.lost_samples / self.rate_hz
            gaps = self._grid.gaps
            notes.append(f"{gaps} gap{'s' if gaps != 1 else ''} in the data, {lost_s:.2f} s in all")
        if self._rows_dropped:
            notes.append(f"{self._rows_dropped} rows with missing or impossible values taken as lost")
        if self._grid.merged:
            notes.append(f"{self._grid.merged} rows at nearly the same time as the one before merged with it")
        if self._source.cut_last_line:
            notes.append("the last line is cut short: left out")
        return notes

    def _rows_of_six(self, values: Floats) -> Samples:
        samples = np.zeros((6, len(values)), dtype=np.float32)
        if self.planar:
            samples[1], samples[0] = values[:, 0], values[:, 1]
        else:
            samples[: values.shape[1]] = values.T
        return samples

    def _usable(self, rows: Rows) -> Rows:
        """Without the rows that hold no number or an impossible one: the hole in the stamps tells the rest."""
        values = rows.values[:, : 6 if self.has_gyro else 3]
        axes = 2 if self.planar else 3
        acc_is_right = np.abs(values[:, :axes]) <= _ACC_MAX_G
        good = np.isfinite(rows.t_s) & np.all(acc_is_right, axis=1)
        if self.has_gyro:
            good &= np.all(np.abs(values[:, 3:]) <= _GYR_MAX_DPS, axis=1)
        if bool(np.all(good)):
            return Rows(rows.t_s, values, rows.lines)
        self._rows_dropped += int(np.sum(~good))
        return Rows(rows.t_s[good], values[good], rows.lines[good])

    def _check_units(self, first: Rows) -> None:
        axes = 2 if self.planar else 3
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.sum(first.values[:, :axes] ** 2, axis=1)
            size_g = float(np.sqrt(np.median(squares[np.isfinite(squares)]))) if np.isfinite(squares).any() else 1.0
        name = ACC[0][:-4] if not self.planar else "acc_v"
        place = f"line {int(first.lines[0])} on"

        def error(what: str, remedy: str) -> TraceError:
            return TraceError(what, remedy, path=self.path, place=place)

        if 0.6 * _G_MPS2 < size_g < 2 * _G_MPS2:
            raise error(
                f"acceleration is {size_g:.2f} at the median, so m/s2",
                f"divide {name}... by {_G_MPS2} to get g, or --acc-unit m/s2",
            )
        if 600 < size_g < 2000:
            raise error(
                f"acceleration is {size_g:.0f} at the median, so mg", "divide it by 1000 to get g, or --acc-unit mg"
            )
        if size_g > 6:
            raise error(f"acceleration is {size_g:.3g} at the median", "the columns must be in g, not in raw counts")
        if self.has_gyro:
            with np.errstate(over="ignore", invalid="ignore"):
                turn = np.nanmedian(np.abs(first.values[:, 3:]))
            if turn > 2000:
                raise error(f"the gyroscope reads {turn:.3g} at the median", f"{GYR[0][:-6]}... must be in deg/s")


def _first_rows(source: Recording) -> Rows | None:
    """Rows enough to judge a trace by; all of them, where there are few."""
    found: Rows | None = None
    chunks = source.chunks()
    for rows in chunks:
        found = joined(found, rows)
        if len(found.t_s) > _LOOK_AT:
            break
    chunks.close()  # type: ignore[attr-defined]
    return found


class Pieces(Protocol):
    """What a trace of any kind is taken in by."""

    has_gyro: bool

    def pieces(self) -> Iterator[Piece]: ...
    def t_s(self, index: NDArray[np.int64]) -> Floats: ...


def in_memory(trace: Pieces) -> tuple[Floats, Floats]:
    """The whole trace: t_s (n,) and values (n, 6), NaN where samples are lost or were never there."""
    parts: list[Floats] = [np.zeros((0, 6))]
    for piece in trace.pieces():
        if isinstance(piece, Lost):
            parts.append(np.full((piece.n, 6), np.nan))
        else:
            parts.append(piece.samples.T.astype(np.float64))
    values = np.concatenate(parts)
    if not trace.has_gyro:
        values[:, 3:] = np.nan
    return trace.t_s(np.arange(len(values), dtype=np.int64)), values


def open_trace(path: str | Path, given: Given | None = None, beside: Sequence[Path] = ()) -> Trace:
    """Open a trace, or a recording of another source, and look at its first rows; TraceError where it can't be used.

    given   what a person says about it; beside: further files of the same recording
    """
    return Trace(Path(path), given, beside)
