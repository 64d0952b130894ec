"""A recording as rows in seconds, g and deg/s: a plan carried out over its tables, chunk by chunk where it can be.

One table with one time and honest stamps is streamed in bounded memory. Several tables, or sensors that took turns in
one, are held at once, each put right by its own stamps, and joined on the accelerometer's times. Stamps of packets are
spread (stamps.py) after a first pass over the times alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import TraceError
from formclip.ground.trace import mapping, stamps, units
from formclip.ground.trace.clock import ClockText, unit_of_numbers
from formclip.ground.trace.gather import tables_of
from formclip.ground.trace.mapping import GUESS, ROWS, TEXT, Given, Part, Plan
from formclip.ground.trace.sources import SOURCES
from formclip.ground.trace.sources.ours import NEEDED
from formclip.ground.trace.table import Chunk, Floats, Reading, Table
from formclip.ground.trace.text import shown_names

Lines = NDArray[np.int64]

MOST_HELD_ROWS = 20_000_000
_HELD_SHARE = 0.25
_MOVING_G = 0.1
_FAR_STEPS = 3.5
_LEAST_COVER = 0.3
_MOSTLY_BACK = 0.25
_MOST_GUESSED_HZ = 1700.0  # 1.6 kHz and below is what such sensors are run at; a counter's ticks make it more
_EPOCH_S = 1e6  # stamps beyond this count from 1970 or from a phone's start, and are told from the first row on


@dataclass(frozen=True)
class Rows:
    """Some rows: their times, their values (n, 2 | 3 | 6) in g and deg/s, and the lines they stood on."""

    t_s: Floats
    values: Floats
    lines: Lines


class RowStream(Protocol):
    """What a trace is read from; `chunks` begins anew each time."""

    path: Path
    planar: bool
    has_gyro: bool
    strict: bool
    fraction: float
    cut_last_line: bool

    @property
    def notes(self) -> list[str]: ...
    def chunks(self) -> Iterator[Rows]: ...


def plan_for(path: Path, given: Given | None = None, beside: Sequence[Path] = ()) -> Plan:
    """How the recording at a path, and further files of it, is to be read; TraceError where nothing says enough."""
    said = given or Given()
    mapping.check_given(said)
    tables = [table for one in (path, *beside) for table in tables_of(one)]
    plan: Plan | None = None
    for source in SOURCES:
        try:
            plan = source.claim(tables)
        except TraceError:
            if not said.columns:
                raise
        if plan is not None:
            break
    if plan is None:
        plan = mapping.plan_by_names(tables, said.rate_hz)
    plan = mapping.with_given(plan, tables, said)
    if plan is None:
        raise _no_plan(tables)
    used = {part.table.member.path for part in plan.parts()}
    unused = [one.name for one in (path, *beside) if one not in used]
    if unused:
        plan = replace(plan, notes=(*plan.notes, f"nothing of {', '.join(unused)} is read"))
    return plan


def _no_plan(tables: list[Table]) -> TraceError:
    table = max(tables, key=lambda t: len(t.names))
    place = f"line {table.header_line or 1}"
    path = table.member.path
    where = "" if table.member.name == path.name else f"{table.member.name}, "
    missing = mapping.half_named(table)
    unread = mapping.unread_time(table)
    example = "--columns t=1,ax=2,ay=3,az=4 names them by number, or by name"
    if not table.names:
        return TraceError(
            "no line names the columns",
            f"the first line must name the columns, or {example}",
            path=path,
            place=where + place,
        )
    if mapping.time_of(table) is None and any(t.kind == mapping.ACC for t in mapping.triples(table)):
        what = unread or f"no column of time among '{shown_names(table.names)}'"
        return TraceError(what, "name it with --columns t=..., or give --rate HZ", path=path, place=where + place)
    if any(t.kind == mapping.GYR for t in mapping.triples(table)):
        what, remedy = "a gyroscope without an accelerometer", "name the accelerometer's file too"
        return TraceError(what, remedy, path=path, place=where + place)
    what = missing or f"no columns of acceleration among '{shown_names(table.names)}'"
    return TraceError(what, f"the first line must name the columns {NEEDED}; {example}", path=path, place=where + place)


class Recording:
    """A plan carried out.

    In        chunks(): from the start each time it is called
    Out       Rows; `plan` with every unit found; `notes` say what was done, complete after a whole pass;
              `start_s` is what was taken off the stamps of the file
    Errors    TraceError: what, file, line, remedy
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self.plan = plan
        self.planar = plan.planar
        self.strict = plan.strict
        self.fraction = 0.0
        self.cut_last_line = False
        self.start_s = 0.0
        self.merged_rows = 0
        self.spread: stamps.Spread | None = None
        self._found: list[str] = list(plan.notes)
        self._order = stamps.Order()
        self._bad_lines: list[int] = []
        self._held: Rows | None = None
        self._prepare()

    # -- looking at the first rows --------------------------------------------------------------------------------

    def _prepare(self) -> None:
        plan = self.plan
        acc, gyr = plan.acc, plan.gyr
        first = self._first_chunk(acc)
        acc = self._with_time_unit(acc, first)
        seconds = _filled(self._seconds_of(acc, first), None)
        rate_hz = _rate(seconds)
        moving = True
        if not plan.planar:
            size = units.size_of(first.values, rate_hz)
            if plan.gravity is None and units.gravity_is_missing(size):
                raise self._error(
                    f"gravity is missing: the mean of the acceleration is {size.mean:.2g}, its size {size.whole:.2g}",
                    "record or export the acceleration with gravity in it, not the linear one",
                )
            if plan.gravity is None:
                acc = self._with_acc_unit(acc, size)
            scale = units.scale_of(acc.unit or "g")
            moving = float(np.sqrt(max(0.0, size.whole**2 - size.mean**2))) * scale > _MOVING_G
        gravity = plan.gravity
        if gravity is not None:
            gravity = self._with_time_unit(gravity, self._first_chunk(gravity))
        if gyr is not None:
            head = self._first_chunk(gyr)
            gyr = self._with_time_unit(gyr, head)
            if np.isnan(head.values).all():
                self._found.append("the gyroscope's columns are empty")
                gyr = None
            else:
                said = gyr.unit or ("raw" if _are_counts(acc, head.values) else "")
                found = units.gyr_unit(said, head.values, moving) if not self.strict else units.Found(said, "named")
                if found.note:
                    self._found.append(found.note)
                if found.unit == "raw":
                    self._found.append(
                        "its scale is not known, so it is left out: --gyr-unit says it, as in '1/16.4 deg/s'"
                    )
                    gyr = None
                else:
                    gyr = replace(gyr, unit=found.unit)
        self.plan = replace(plan, acc=acc, gyr=gyr, gravity=gravity)
        self.has_gyro = gyr is not None
        if self._is_one_table() and not self._takes_turns(first) and (plan.strict or not _is_out_of_order(seconds)):
            if stamps.is_bursty(seconds) and not _is_even_when_rounded(seconds):
                self.spread = self._spread_of(acc)
        else:
            self._held = self._join()
        if not plan.strict and len(seconds) and abs(float(seconds[np.isfinite(seconds)][0])) > _EPOCH_S:
            self.start_s = float(seconds[np.isfinite(seconds)][0])
            if self._held is not None:
                self._held = replace(self._held, t_s=self._held.t_s - self.start_s)

    def _error(self, what: str, remedy: str) -> TraceError:
        table = self.plan.acc.table
        where = "" if table.member.name == self.path.name else f"{table.member.name}, "
        return TraceError(what, remedy, path=self.path, place=f"{where}line {table.first_line} on")

    def _first_chunk(self, part: Part) -> Chunk:
        chunks = part.table.chunks(part.time.places, part.axes, part.time.unit == TEXT, self.plan.strict, Reading())
        try:
            first = next(iter(chunks), None)
        finally:
            chunks.close()  # type: ignore[attr-defined]
        if first is None:
            raise TraceError(
                "no rows under the header",
                "record it again, or name another",
                path=self.path,
                place=f"line {part.table.first_line}",
            )
        return first

    def _with_time_unit(self, part: Part, first: Chunk) -> Part:
        time = part.time
        if time.unit == ROWS and not time.rate_hz:
            raise self._error("no column of time", "name it with --columns t=..., or give --rate HZ")
        if time.unit != mapping.AUTO:
            return part
        stamps_of_rows = _filled(np.asarray(first.time, dtype=np.float64), None)
        in_order = np.sort(stamps_of_rows) if _is_out_of_order(stamps_of_rows) else stamps_of_rows
        unit, sure = unit_of_numbers(in_order)
        name = mapping.column_name(part.table, time.places[0])
        rate_hz = _rate(in_order * units.scale_of(unit))
        if rate_hz > _MOST_GUESSED_HZ:
            raise self._error(
                f"'{name}' does not name its unit: as {unit} it would be {rate_hz:.4g} rows a second",
                "say it with --time-unit, as in ms, or of a counter '1/32768 s'",
            )
        if part is self.plan.acc and unit != "s":
            self._found.append(f"'{name}' counts in {unit}" + ("" if sure else ", by the rate that this gives"))
        return replace(part, time=replace(time, unit=unit))

    def _with_acc_unit(self, acc: Part, size: units.Size) -> Part:
        if self.plan.strict:
            return acc
        found = units.acc_unit(acc.unit, size)
        if found.note:
            self._found.append(found.note)
        if found.unit in ("", "raw"):
            raise self._error(
                f"the unit of the acceleration is not named, and a mean vector of {size.mean:.3g} tells none",
                "say it with --acc-unit",
            )
        return replace(acc, unit=found.unit)

    def _is_one_table(self) -> bool:
        acc = self.plan.acc
        return all(p.table is acc.table and p.time.places == acc.time.places for p in self.plan.parts())

    def _takes_turns(self, first: Chunk) -> bool:
        """Whether the sensors of one table stand on different rows, or rows repeat a sensor's last reading."""
        if self.strict:
            return False
        parts = self.plan.parts()
        chunk = self._chunk_of(parts)
        at, complete = 0, np.ones(len(chunk.values), dtype=bool)
        held = False
        for _ in parts:
            values = chunk.values[:, at : at + 3]
            at += 3
            have = np.isfinite(values).all(axis=1)
            complete &= have
            held |= _is_held(values[have])
        return held or (len(parts) > 1 and float(np.mean(complete)) < 0.5)

    def _chunk_of(self, parts: list[Part]) -> Chunk:
        acc = parts[0]
        axes = tuple(place for part in parts for place in part.axes)
        return self._first_chunk(replace(acc, axes=axes))

    # -- times ----------------------------------------------------------------------------------------------------

    def _seconds_of(self, part: Part, chunk: Chunk, clock: ClockText | None = None) -> Floats:
        time = part.time
        if time.unit == TEXT:
            return (clock or ClockText()).push(np.asarray(chunk.time, dtype=np.str_))
        numbers = np.asarray(chunk.time, dtype=np.float64)
        if time.unit == ROWS:
            return numbers / time.rate_hz
        return numbers if time.unit == "s" else numbers * units.scale_of(time.unit)

    def _spread_of(self, part: Part) -> stamps.Spread | None:
        """A first pass over the times alone."""
        clock, count = ClockText(), 0
        found: list[Floats] = []
        chunks = part.table.chunks(part.time.places, part.axes[:1], part.time.unit == TEXT, self.plan.strict, Reading())
        for chunk in chunks:
            found.append(_filled(self._seconds_of(part, chunk, clock), found[-1][-1] if found else None))
            count += len(found[-1])
            self._not_too_many(count)
        return stamps.spread(np.concatenate(found)) if found else None

    def _not_too_many(self, rows: int) -> None:
        if rows > MOST_HELD_ROWS:
            raise TraceError(
                f"more than {MOST_HELD_ROWS:,} rows that must be held at once",
                "cut the running out of it",
                path=self.path,
            )

    # -- rows -----------------------------------------------------------------------------------------------------

    def chunks(self) -> Iterator[Rows]:
        self._order, self._bad_lines = stamps.Order(), []
        if self._held is not None:
            held = self._held
            size = 20_000
            for start in range(0, len(held.t_s), size):
                piece = slice(start, start + size)
                self.fraction = start / len(held.t_s)
                yield Rows(held.t_s[piece], held.values[piece], held.lines[piece])
            self.fraction = 1.0
            return
        plan = self.plan
        parts = plan.parts()
        reading = Reading()
        clock = ClockText()
        axes = tuple(place for part in parts for place in part.axes)
        at = 0
        rest: Rows | None = None  # rows that wait for the next chunk: whether a stamp strays shows after it
        text = plan.acc.time.unit == TEXT
        for chunk in plan.acc.table.chunks(plan.acc.time.places, axes, text, plan.strict, reading):
            self.fraction = reading.fraction
            rows = Rows(self._seconds_of(plan.acc, chunk, clock), self._scaled(chunk.values, parts), chunk.lines)
            if self.spread is not None:
                t_s = self.spread.t_s[at : at + len(rows.t_s)]
                at += len(t_s)
                yield Rows(t_s - self.start_s, rows.values, rows.lines)
                continue
            rows = _only(rows, np.isfinite(rows.t_s)) if not np.isfinite(rows.t_s).all() else rows
            rows = joined(rest, rows)
            wait = self._order.settled(rows.t_s)
            rest = Rows(rows.t_s[wait:], rows.values[wait:], rows.lines[wait:])
            yield from self._in_order(Rows(rows.t_s[:wait], rows.values[:wait], rows.lines[:wait]), rest.t_s)
        if rest is not None and len(rest.t_s):
            yield from self._in_order(rest, None)
        self.cut_last_line = reading.cut_last_line
        self._bad_lines = reading.bad_lines
        self.fraction = 1.0

    def _in_order(self, rows: Rows, ahead: Floats | None) -> Iterator[Rows]:
        t_s, keep = self._order.push(rows.t_s, ahead)
        out = Rows(t_s - self.start_s if self.start_s else t_s, rows.values, rows.lines)
        if not keep.all():
            out = _only(out, keep)
        if len(out.t_s):
            yield out

    def _scaled(self, values: Floats, parts: list[Part]) -> Floats:
        """Columns of the parts, in their order, as g and deg/s; gravity is added to the acceleration."""
        if self.strict and all(units.scale_of(part.unit) == 1.0 for part in parts):
            return values
        out: list[Floats] = []
        at = 0
        for part in parts:
            width = len(part.axes)
            piece = values[:, at : at + width] * (units.scale_of(part.unit or "g") * part.sign)
            at += width
            if part is self.plan.gravity:
                out[-1] = out[-1] + piece
            else:
                out.append(piece)
        return np.concatenate(out, axis=1)

    # -- several tables -------------------------------------------------------------------------------------------

    def _join(self) -> Rows:
        plan = self.plan
        base_t, acc, lines = self._whole(plan.acc)
        columns = [acc]
        if plan.gravity is not None:
            gravity_t, gravity, _ = self._whole(plan.gravity)
            columns[0] = acc + _at_times(gravity_t, gravity, base_t)
            size = units.size_of(columns[0], _rate(base_t))
            if units.gravity_is_missing(size):
                raise self._error("gravity is missing in the sum too", "export the acceleration with gravity in it")
        if plan.gyr is not None:
            gyr_t, gyr, _ = self._whole(plan.gyr)
            at_base = _at_times(gyr_t, gyr, base_t)
            covered = np.isfinite(at_base).all(axis=1)
            share = float(np.mean(covered))
            if share < _LEAST_COVER:
                what = (
                    f"the gyroscope's times ({_span(gyr_t)}) and the accelerometer's ({_span(base_t)}) do not overlap"
                )
                self._found.append(f"{what}: the gyroscope is left out")
                self.plan = replace(plan, gyr=None)
                self.has_gyro = False
            else:
                if share < 0.98:
                    self._found.append(
                        f"the gyroscope has readings for {100 * share:.0f} % of the time: the rest is left out"
                    )
                columns.append(at_base)
                base_t, lines = base_t[covered], lines[covered]
                columns = [column[covered] for column in columns]
        return Rows(base_t, np.concatenate(columns, axis=1), lines)

    def _whole(self, part: Part) -> tuple[Floats, Floats, Lines]:
        """All readings of one sensor: repeated ones once, stamps put right, in order."""
        clock, reading = ClockText(), Reading()
        times: list[Floats] = []
        values: list[Floats] = []
        lines: list[Lines] = []
        count = 0
        for chunk in part.table.chunks(part.time.places, part.axes, part.time.unit == TEXT, False, reading):
            seconds = self._seconds_of(part, chunk, clock)
            have = np.isfinite(chunk.values).all(axis=1)
            seconds = _filled(seconds, times[-1][-1] if times else None)
            times.append(seconds[have])
            values.append(chunk.values[have] * (units.scale_of(part.unit or "g") * part.sign))
            lines.append(chunk.lines[have])
            count += int(have.sum())
            self._not_too_many(count)
        if not count:
            raise self._error(f"no rows of {', '.join(part.names())}", "look at the file")
        t_s, table, at = np.concatenate(times), np.concatenate(values), np.concatenate(lines)
        name = "accelerometer" if part is self.plan.acc else "gyroscope" if part is self.plan.gyr else "gravity"
        same = np.concatenate(([False], (np.diff(table, axis=0) == 0).all(axis=1)))
        again = same & np.concatenate(([False], np.diff(t_s) == 0))
        if _is_held(table):
            again = same
            rate = (~again).sum() / max(1e-9, float(t_s[-1] - t_s[0]))
            self._found.append(f"rows repeat the {name}'s last reading: {rate:.4g} of them a second are new")
        if again.any():
            t_s, table, at = t_s[~again], table[~again], at[~again]
        if _is_out_of_order(t_s):
            order = np.argsort(t_s, kind="stable")
            t_s, table, at = t_s[order], table[order], at[order]
            self._found.append(f"the {name}'s rows are sorted by time")
        if stamps.is_bursty(t_s) and not _is_even_when_rounded(t_s):
            found = stamps.spread(t_s)
            if found is not None:
                self.spread = self.spread or found
                t_s = found.t_s
        else:
            t_s, keep = self._order.push(t_s) if part is self.plan.acc else stamps.Order().push(t_s)
            t_s, table, at = t_s[keep], table[keep], at[keep]
        return t_s, table, at

    # -- what is to be told ---------------------------------------------------------------------------------------

    @property
    def notes(self) -> list[str]:
        notes = [] if self.strict else [f"from {self.plan.source}"]
        if self.plan.sure == GUESS:
            notes[-1] += ", a guess"
        notes += self._found
        if self.spread is not None:
            notes.append(_spread_note(self.spread))
        if self._order.strays:
            count = self._order.strays
            notes.append(f"{count} row{'s' if count > 1 else ''} with a time out of line left out")
        for before, after in self._order.backs[:5]:
            notes.append(
                f"time goes back from {before:.3f} to {after:.3f} s: a recording that was gone on, read with a pause "
                f"of {stamps.PAUSE_S:g} s"
            )
        if len(self._order.backs) > 5:
            notes.append(f"time goes back {len(self._order.backs)} times in all")
        if self._bad_lines:
            count = len(self._bad_lines)
            notes.append(
                f"{count} line{'s' if count > 1 else ''} without numbers left out, the first is {self._bad_lines[0]}"
            )
        return notes


def _are_counts(acc: Part, turning: Floats) -> bool:
    """Whether a gyroscope beside an accelerometer that counts is sure to count as well: whole numbers throughout."""
    known = turning[np.isfinite(turning)]
    return (acc.unit or "").startswith("1/") and bool(len(known)) and bool((known == np.round(known)).all())


def _spread_note(spread: stamps.Spread) -> str:
    rows = len(spread.t_s) / max(1, spread.packets)
    if spread.cut_to_s:
        what = f"stamps are cut off to {spread.cut_to_s:g} s"
    else:
        what = f"rows are stamped in packets of {rows:.3g}"
    lost = f"; {spread.lost_rows} rows are missing between them" if spread.lost_rows else ""
    return f"{what}: spread evenly at {1 / spread.period_s:.4g} Hz{lost}"


def _only(rows: Rows, keep: NDArray[np.bool_]) -> Rows:
    return Rows(rows.t_s[keep], rows.values[keep], rows.lines[keep])


def joined(before: Rows | None, rows: Rows) -> Rows:
    """Rows after rows."""
    if before is None or not len(before.t_s):
        return rows
    return Rows(
        np.concatenate((before.t_s, rows.t_s)),
        np.concatenate((before.values, rows.values)),
        np.concatenate((before.lines, rows.lines)),
    )


def _rate(seconds: Floats) -> float:
    good = seconds[np.isfinite(seconds)]
    steps = np.diff(good)
    steps = steps[steps >= 0]
    if not len(steps) or not np.any(steps > 0):
        return 100.0
    typical = float(np.mean(np.minimum(steps, 20 * max(float(np.median(steps)), float(np.mean(steps)) / 20))))
    return 1.0 / typical


def _filled(seconds: Floats, before: float | None) -> Floats:
    """Empty stamps take the one above: a packet's time stands on its first row."""
    hole = ~np.isfinite(seconds)
    if not hole.any():
        return seconds
    place = np.where(hole, -1, np.arange(len(seconds)))
    place = np.maximum.accumulate(place)
    first = seconds[~hole][0] if (~hole).any() else 0.0
    out = np.where(place >= 0, seconds[np.maximum(place, 0)], first if before is None else before)
    return np.asarray(out, dtype=np.float64)


def _is_held(values: Floats) -> bool:
    """Whether many rows repeat the one before while the sensor moves."""
    if len(values) < 200:
        return False
    same = (np.diff(values, axis=0) == 0).all(axis=1)
    step = 50
    count = len(same) // step
    spread = values[: count * step].reshape(count, step, -1).std(axis=1).max(axis=1)
    moving = spread > 0.3 * max(float(np.max(spread)), 1e-12)
    share = same[: count * step].reshape(count, step).mean(axis=1)
    return bool(np.median(share[moving]) > _HELD_SHARE) if moving.any() else False


def _is_out_of_order(t_s: Floats) -> bool:
    """Rows of a log that are not sorted: many small steps back, none of which stays; or steps back all along."""
    back = np.diff(t_s) < 0
    if not back.any():
        return False
    if len(back) > 8 and float(np.mean(back)) > _MOSTLY_BACK:
        return True
    furthest = float(np.max(np.maximum.accumulate(t_s) - t_s))
    return bool(back.sum() > 3 and furthest < 10.0)


def _is_even_when_rounded(t_s: Floats) -> bool:
    """Stamps rounded to a few steps of an even clock: the line through them is the clock, nothing is to be spread."""
    good = t_s[np.isfinite(t_s)]
    rounding = stamps.rounding_s(good)
    steps = np.diff(good)
    if not rounding or not np.all(steps >= 0):
        return False
    mean = float(np.mean(steps))
    return bool(rounding <= 2.6 * mean and float(np.max(steps)) <= rounding * 1.01 + mean)


def _at_times(t_s: Floats, values: Floats, wanted: Floats) -> Floats:
    """Values at other times, by cubic splines; NaN where the nearest readings are too far."""
    if len(t_s) < 4:
        return np.full((len(wanted), values.shape[1]), np.nan)
    rising = np.concatenate(([True], np.diff(t_s) > 1e-6))
    t_s, values = t_s[rising], values[rising]
    step = float(np.median(np.diff(t_s)))
    t_s, values, _ = stamps.merge_twins(t_s, values, step)
    from scipy.interpolate import CubicSpline  # half a second of imports, for recordings whose samples are joined

    out = np.asarray(CubicSpline(t_s, values, axis=0, extrapolate=False)(wanted))
    after = np.clip(np.searchsorted(t_s, wanted), 1, len(t_s) - 1)
    far = t_s[after] - t_s[after - 1] > _FAR_STEPS * step
    out[far] = np.nan
    # One step beyond the ends is held: two sensors never begin on the same moment.
    for edge, near in (
        (0, (wanted < t_s[0]) & (wanted > t_s[0] - 2 * step)),
        (-1, (wanted > t_s[-1]) & (wanted < t_s[-1] + 2 * step)),
    ):
        out[near] = values[edge]
    return out


def _span(t_s: Floats) -> str:
    return f"{t_s[0]:.1f} to {t_s[-1]:.1f} s"
