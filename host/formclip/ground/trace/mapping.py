"""From the tables of a recording to a plan: which columns are the axes, in which unit, and which is the time.

The plan is what a person is shown before anything is computed, and what is written beside an imported trace. A source
(sources/) makes one from what it knows of its own files; `plan_by_names` makes one of any table whose names say enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from formclip.ground.errors import TraceError, printable
from formclip.ground.trace.names import (
    ACC,
    ACC_UNITS,
    COUNT,
    GRAVITY,
    GYR,
    GYR_UNITS,
    LINEAR,
    OTHER,
    TIME,
    TIME_UNITS,
    UNCLEAR,
    Name,
    is_fraction,
    kind_of_file,
    plain,
    read_name,
)
from formclip.ground.trace.table import Table
from formclip.ground.trace.text import is_clock, is_empty, is_number, shown_names

CERTAIN, LIKELY, GUESS = "certain", "likely", "a guess"
TEXT, ROWS, AUTO = "text", "rows", ""  # kinds of time besides the units: clock text, no column at all, to be found out


@dataclass(frozen=True)
class Time:
    """The time of a table's rows: `unit` of a number, TEXT, or ROWS at `rate_hz`."""

    places: tuple[int, ...]
    unit: str = AUTO
    rate_hz: float = 0.0


@dataclass(frozen=True)
class Part:
    """One sensor's axes in one table; `unit` is "" where the data must tell, `sign` -1 where the source turns it."""

    table: Table
    time: Time
    axes: tuple[int, ...]
    unit: str = ""
    sign: float = 1.0

    def names(self) -> list[str]:
        return [column_name(self.table, place) for place in self.axes]


@dataclass(frozen=True)
class Plan:
    """How a recording is read."""

    source: str
    sure: str
    acc: Part
    gyr: Part | None = None
    gravity: Part | None = None  # to be added to `acc`, where that is without gravity
    planar: bool = False  # up and forward only
    strict: bool = False  # a cell that is no number is an error
    notes: tuple[str, ...] = ()

    def parts(self) -> list[Part]:
        return [part for part in (self.acc, self.gravity, self.gyr) if part is not None]


@dataclass(frozen=True)
class Given:
    """What a person said about a file: names or numbers of columns, units, rate. Empty: nothing said."""

    columns: dict[str, str] = field(default_factory=dict)  # t, ax, ay, az, gx, gy, gz
    acc_unit: str = ""
    gyr_unit: str = ""
    time_unit: str = ""
    rate_hz: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.columns or self.acc_unit or self.gyr_unit or self.time_unit or self.rate_hz)


GIVEN_COLUMNS = ("t", "ax", "ay", "az", "gx", "gy", "gz")


@dataclass(frozen=True)
class Triple:
    """Three columns x, y, z of one kind."""

    kind: str
    axes: tuple[int, int, int]
    unit: str
    stem: str
    words: frozenset[str]


def column_name(table: Table, place: int) -> str:
    return table.names[place] if place < len(table.names) and table.names[place] else f"column {place + 1}"


def read_names(table: Table) -> list[Name]:
    units = table.units
    return [read_name(name, units[i] if i < len(units) else "") for i, name in enumerate(table.names)]


def triples(table: Table) -> list[Triple]:
    """Every group of three columns that differ in the axis alone, in the order in which they stand."""
    names = read_names(table)
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for place, name in enumerate(names):
        if name.axis:
            groups.setdefault((name.kind, name.stem), {}).setdefault(name.axis, place)
    out = []
    for (kind, stem), by_axis in groups.items():
        if len(by_axis) == 3:
            axes = (by_axis["x"], by_axis["y"], by_axis["z"])
            out.append(Triple(kind, axes, names[axes[0]].unit, stem, names[axes[0]].words))
    have = {triple.kind for triple in out}
    by_file = kind_of_file(table.member.name if table.name == table.member.stem else table.name)
    for i, triple in enumerate(out):
        if triple.kind == UNCLEAR:
            out[i] = replace(triple, kind=GYR if by_file == GYR or ACC in have or LINEAR in have else UNCLEAR)
        elif triple.kind == "" and not triple.words - {"axis"}:
            out[i] = replace(triple, kind=by_file)
    return out


def half_named(table: Table) -> str:
    """For a message: an axis that is missing where others of its kind are there."""
    groups: dict[tuple[str, str], set[str]] = {}
    for name in read_names(table):
        if name.axis and name.kind in (ACC, GYR):
            groups.setdefault((name.kind, name.stem), set()).add(name.axis)
    for (kind, _), axes in groups.items():
        if len(axes) < 3:
            missing = ", ".join(sorted({"x", "y", "z"} - axes))
            return f"no {'acceleration' if kind == ACC else 'gyroscope'} {missing}"
    return ""


# -- time --------------------------------------------------------------------------------------------------------------


def _cells(table: Table, place: int) -> list[str]:
    return [row[place] for row in table.sample if place < len(row) and not is_empty(row[place])]


def _fits(cells: list[str]) -> tuple[bool, bool]:
    """(clock text, number) of a column."""
    if not cells:
        return False, False
    clock = sum(is_clock(c) and not is_number(c, True) for c in cells) > 0.8 * len(cells)
    number = sum(is_number(c, True) for c in cells) > 0.8 * len(cells)
    return clock, number


def times(table: Table) -> list[tuple[float, Time, Name]]:
    """The columns that can be the time, the best first: those whose values change most from row to row."""
    found = []
    for place, name in enumerate(read_names(table)):
        if name.kind != TIME:
            continue
        cells = _cells(table, place)
        clock, number = _fits(cells)
        if not clock and not number:
            continue
        change = len(set(cells)) / len(cells)
        since_start = bool(name.words & {"elapsed", "since", "start"})
        about = len(name.words & {"location", "motion", "magnetometer", "altimeter", "gps"})
        score = change + 0.03 * number + 0.02 * since_start - 0.2 * about - 2 * _is_part_of_a_second(cells)
        found.append((score, Time((place,), TEXT if clock else name.unit), name))
    found.sort(key=lambda one: -one[0])
    return found


def _is_part_of_a_second(cells: list[str]) -> bool:
    """Whole milliseconds that begin again at 0: they stand beside the clock that they belong to."""
    if not all(cell.isdigit() and len(cell) <= 3 for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    return any(after < before - 500 for before, after in zip(values, values[1:], strict=False))


def unread_time(table: Table) -> str:
    """For a message: a column that is named as the time and holds none."""
    for place, name in enumerate(read_names(table)):
        cells = _cells(table, place)
        if name.kind == TIME and cells and not any(_fits(cells)):
            return f"'{printable(column_name(table, place))}' holds no time that is known: '{printable(cells[0][:40])}'"
    return ""


def time_of(table: Table, rate_hz: float = 0.0) -> Time | None:
    """The time of a table: its best column; a date and a time of day that stand apart are one; else the rows."""
    found = times(table)
    if found:
        score, best, name = found[0]
        if best.unit == TEXT and len(best.places) == 1:
            day = [t for _, t, n in found if t.unit == TEXT and _is_date_only(table, t.places[0])]
            if day and _is_time_only(table, best.places[0]):
                return Time((day[0].places[0], best.places[0]), TEXT)
            if _is_date_only(table, best.places[0]):
                clocks = [t for _, t, _ in found if t.unit == TEXT and _is_time_only(table, t.places[0])]
                if clocks:
                    return Time((best.places[0], clocks[0].places[0]), TEXT)
        return best
    if not table.names:
        return _unnamed_time(table)
    return Time((), ROWS, rate_hz) if rate_hz else None


def _is_date_only(table: Table, place: int) -> bool:
    cells = _cells(table, place)
    return bool(cells) and all(":" not in c and is_clock(c) for c in cells)


def _is_time_only(table: Table, place: int) -> bool:
    cells = _cells(table, place)
    return bool(cells) and all(":" in c and len(c.split(":")[0].strip()) <= 2 for c in cells)


def _unnamed_time(table: Table) -> Time | None:
    """Of a table without names: the first column, where it is text of a clock."""
    clock, _ = _fits(_cells(table, 0))
    return Time((0,), TEXT) if clock else None


# -- plans -------------------------------------------------------------------------------------------------------------

_BETTER = {"wr": 2, "wide": 2, "uncalibrated": -3, "uncal": -3, "raw": -1, "ln": -1, "motion": -1}
_AT_THE_WAIST = ("waist", "pelvis", "hip", "lumbar", "sacrum", "sacral", "back", "trunk", "l3", "l4", "l5")
_ELSEWHERE = ("ankle", "foot", "shoe", "shank", "tibia", "leg", "thigh", "wrist", "hand", "arm", "chest", "head")
_BETTER |= dict.fromkeys(_AT_THE_WAIST, 4) | dict.fromkeys(_ELSEWHERE, -4)


def best(of: Iterable[Triple]) -> Triple | None:
    """Wide range before low noise, calibrated before not; else the first."""
    ranked = sorted(of, key=lambda t: -sum(_BETTER.get(word, 0) for word in t.words))
    return ranked[0] if ranked else None


def part(table: Table, triple: Triple, time: Time | None, unit: str = "", sign: float = 1.0) -> Part | None:
    return Part(table, time, triple.axes, triple.unit or unit, sign) if time is not None else None


def first_part(tables: list[Table], kind: str, unit: str = "", sign: float = 1.0, rate_hz: float = 0.0) -> Part | None:
    """The best columns of a kind in the first table that has such, and a time."""
    for table in tables:
        triple = best(t for t in triples(table) if t.kind == kind)
        found = part(table, triple, time_of(table, rate_hz), unit, sign) if triple else None
        if found is not None:
            return found
    return None


def plan_by_names(tables: list[Table], rate_hz: float = 0.0) -> Plan | None:
    """A plan from the names of the columns and files alone."""
    acc = first_part(tables, ACC, rate_hz=rate_hz)
    sure, notes = LIKELY, []
    gravity = None
    if acc is None:
        acc = first_part(tables, UNCLEAR, rate_hz=rate_hz)
        if acc is not None:
            sure = GUESS
            notes.append(f"{', '.join(acc.names())} taken as acceleration: the names do not say it")
    if acc is None:
        acc = first_part(tables, LINEAR, rate_hz=rate_hz)
        gravity = first_part(tables, GRAVITY, rate_hz=rate_hz)
        if acc is not None and gravity is not None:
            notes.append("acceleration without gravity and gravity are added up")
    if acc is None:
        acc = first_part(tables, "", rate_hz=rate_hz)
        if acc is not None:
            sure = GUESS
            notes.append(f"{', '.join(acc.names())} taken as acceleration: the names do not say it")
    if acc is None:
        return None
    near = [table for table in tables if table is acc.table] + [table for table in tables if table is not acc.table]
    gyr = first_part(near, GYR, rate_hz=rate_hz)
    if gyr is None and sure == LIKELY:  # gx of another file, beside ax of this one
        gyr = first_part(near[1:], UNCLEAR, rate_hz=rate_hz)
    if gyr is not None and _places(gyr) and _places(acc) and not _places(gyr) & _places(acc):
        notes.append(f"the gyroscope is of another place on the body ({gyr.names()[0]}), so it is left out")
        gyr = None
    left_out = _other_accelerometers(tables, acc)
    if left_out:
        notes.append(f"another accelerometer is left out ({left_out}): --columns takes it")
    return Plan("a table with named columns", sure, acc, gyr, gravity, notes=tuple(notes))


def _places(part: Part) -> frozenset[str]:
    """Where on the body the names say that a sensor was."""
    words = read_names(part.table)[part.axes[0]].words
    return words & {*_AT_THE_WAIST, *_ELSEWHERE} and words & {*_AT_THE_WAIST, *_ELSEWHERE, "left", "right"}


def _other_accelerometers(tables: list[Table], taken: Part) -> str:
    """The first columns of those that were not taken."""
    others = [
        column_name(table, triple.axes[0]) + ("" if table is taken.table else f" of {table.member.name}")
        for table in tables
        for triple in triples(table)
        if triple.kind == ACC and (table is not taken.table or triple.axes != taken.axes)
    ]
    return ", ".join(others[:3])


def is_linear(plan: Plan) -> bool:
    """Whether the names say that gravity is not in the acceleration, and nothing gives it back."""
    names = [read_name(name) for name in plan.acc.names()]
    linear = any(name.kind == LINEAR for name in names) or (
        kind_of_file(plan.acc.table.name) == LINEAR and not any(name.kind == ACC for name in names)
    )
    return linear and plan.gravity is None


# -- what a person said ------------------------------------------------------------------------------------------------


def _place(table: Table, said: str) -> int:
    """A column by its name, as it stands or nearly so, or by its number from 1."""
    wanted = said.strip().strip('"')
    names = list(table.names)
    if wanted in names:
        return names.index(wanted)
    loose = [i for i, name in enumerate(names) if plain(name).strip() == plain(wanted)]
    if not loose:
        loose = [i for i, name in enumerate(names) if plain(name).split("(")[0].strip() == plain(wanted)]
    if len(loose) == 1:
        return loose[0]
    width = max(len(names), len(table.sample[0]) if table.sample else 0)
    if wanted.isdigit() and 1 <= int(wanted) <= width:
        return int(wanted) - 1
    have = shown_names(table.names) if names else f"{width} columns without names, so say their numbers"
    raise TraceError(
        f"no column '{wanted}'", f"there are: {have}", path=table.member.path, place=f"line {table.header_line or 1}"
    )


def check_given(given: Given) -> None:
    """TraceError-free words are no help on a command line: the units a person names are held here."""
    for unit, known, option in (
        (given.acc_unit, ACC_UNITS, "--acc-unit"),
        (given.gyr_unit, GYR_UNITS, "--gyr-unit"),
        (given.time_unit, TIME_UNITS, "--time-unit"),
    ):
        if unit and unit not in known and not is_fraction(unit):
            raise TraceError(f"no unit '{unit}' for {option}", f"one of {', '.join(known)}")
    unknown = [name for name in given.columns if name not in GIVEN_COLUMNS]
    if unknown:
        raise TraceError(f"no column '{unknown[0]}' for --columns", f"one of {', '.join(GIVEN_COLUMNS)}")
    for group in (("ax", "ay", "az"), ("gx", "gy", "gz")):
        have = [name for name in group if name in given.columns]
        if have and len(have) < 3:
            missing = next(name for name in group if name not in given.columns)
            raise TraceError(f"--columns names {have[0]} but not {missing}", "name all three axes")


def with_given(plan: Plan | None, tables: list[Table], given: Given) -> Plan | None:
    """The plan with what a person said put in its place."""
    if not given:
        return plan
    columns = given.columns
    if columns:
        table = plan.acc.table if plan is not None else tables[0]
        for other in tables:  # the table that has the columns named
            try:
                [_place(other, said) for said in columns.values()]
            except TraceError:
                continue
            table = other
            break
        time = time_of(table, given.rate_hz)
        if "t" in columns:
            place = _place(table, columns["t"])
            clock, _ = _fits(_cells(table, place))
            named = read_names(table)[place].unit if place < len(table.names) else ""
            time = Time((place,), TEXT if clock else named)
        acc = plan.acc if plan is not None else None
        gyr = plan.gyr if plan is not None else None
        if time is None and acc is not None:
            time = acc.time
        if "ax" in columns:
            axes = tuple(_place(table, columns[name]) for name in ("ax", "ay", "az"))
            if time is None:
                raise TraceError(
                    "no column of time", "name it with --columns t=..., or give --rate", path=table.member.path
                )
            unit = read_names(table)[axes[0]].unit if axes[0] < len(table.names) else ""
            acc = Part(table, time, axes, unit if unit in ACC_UNITS else "")
        elif acc is not None and acc.table is table and time is not None:
            acc = replace(acc, time=time)
        if "gx" in columns and time is not None:
            axes = tuple(_place(table, columns[name]) for name in ("gx", "gy", "gz"))
            unit = read_names(table)[axes[0]].unit if axes[0] < len(table.names) else ""
            gyr = Part(table, time, axes, unit if unit in GYR_UNITS else "")
        elif gyr is not None and gyr.table is table and time is not None:
            gyr = replace(gyr, time=time)
        if acc is None:
            return None
        same = plan is not None and plan.acc.axes == acc.axes and plan.acc.table is acc.table
        plan = Plan(
            plan.source if plan is not None and same else "columns as named",
            plan.sure if plan is not None and same else CERTAIN,
            acc,
            gyr,
            plan.gravity if plan is not None and same else None,
            planar=plan.planar if plan is not None and same else False,
        )
    if plan is None:
        return None
    acc, gyr, gravity = plan.acc, plan.gyr, plan.gravity
    if given.acc_unit:
        acc = replace(acc, unit=given.acc_unit)
        gravity = replace(gravity, unit=given.acc_unit) if gravity else None
    if given.gyr_unit and gyr is not None:
        gyr = replace(gyr, unit=given.gyr_unit)
    if given.time_unit:
        acc = replace(acc, time=replace(acc.time, unit=given.time_unit))
        gyr = replace(gyr, time=replace(gyr.time, unit=given.time_unit)) if gyr else None
        gravity = replace(gravity, time=replace(gravity.time, unit=given.time_unit)) if gravity else None
    if given.rate_hz and acc.time.unit == ROWS:
        acc = replace(acc, time=replace(acc.time, rate_hz=given.rate_hz))
    return replace(plan, acc=acc, gyr=gyr, gravity=gravity)


def counts(table: Table) -> list[int]:
    """Columns that only count rows."""
    return [i for i, name in enumerate(read_names(table)) if name.kind == COUNT]


__all__ = [
    "ACC", "AUTO", "CERTAIN", "GIVEN_COLUMNS", "GRAVITY", "GUESS", "GYR", "LIKELY", "LINEAR", "OTHER", "ROWS", "TEXT",
    "Given", "Part", "Plan", "Time", "Triple", "best", "check_given", "column_name", "counts", "first_part",
    "half_named", "is_linear", "part", "plan_by_names", "read_names", "time_of", "times", "triples", "unread_time",
    "with_given",
]  # fmt: skip
