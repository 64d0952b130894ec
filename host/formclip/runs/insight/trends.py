"""Each figure over the weeks: its line, where it went to another level, what is usual, and how sure each of these is.

Two families of series are asked: the level of each figure, at the usual pace where that can be had, and how each figure
changes from the first to the last third of a run (what tires). All are asked at once, so `evidence.holm` guards them
together. A series in which nothing is found says so, with the interval that remains, as plainly as any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from formclip.ground.metrics import Metric
from formclip.ground.run import Floats
from formclip.ground.text import number, signed
from formclip.runs.insight.digest import FIGURE, NONE, STOOD
from formclip.runs.insight.evidence import BY_ITSELF, FEWEST_LINE, LEVEL, WHY_BY_ITSELF, Line, centre, holm, line
from formclip.runs.insight.findings import SPOKEN_OF
from formclip.runs.insight.history import Entry, History
from formclip.runs.insight.pace import AS_RUN, ESTIMATE, WATCH, Pace, known_keys
from formclip.runs.insight.shifts import Shift, shifts
from formclip.runs.store.store import Key

LEVELS, TIRING = "level", "tiring"
FEW, STEADY, RISES, FALLS, STEPPED = "too few", "no trend found", "rises", "falls", "changed level"
SMALL = "too little to speak of"
MOST_SLIPPED_PCT = 20.0
_WEEK_S = 7 * 86400.0
_HOW = {
    WATCH: "at your usual pace, by the watch",
    ESTIMATE: "at your usual pace, by the clip's estimate",
    AS_RUN: "as run",
}


@dataclass(frozen=True)
class Point:
    """One run on a line. error: the standard error of its value from within the run; NaN where not known."""

    label: str
    started: datetime
    value: float
    error: float


@dataclass(frozen=True)
class Turn:
    """From run `label` on a figure is on another level.

    first, last   the days between which it changed, 9 of 10 times
    gradual       it took some runs to get there
    beside        what else changed between them: it may be that
    """

    label: str
    first: date
    last: date
    before: float
    after: float
    gradual: bool
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Trend:
    """One series.

    family    LEVELS or TIRING
    verdict   FEW, STEADY (no trend found), RISES or FALLS (a line), STEPPED (turns say it better than a line), or SMALL
              (it moves, by less than findings.SPOKEN_OF)
    by        how its values were brought to one pace: WATCH, ESTIMATE or AS_RUN
    usual     (low, middle, high): eight of ten runs lie between; None with too few runs
    mean      (value, low, high): the mean of the runs and its 95 % interval; None with too few
    p         of the line, guarded for all series asked; 1 where there is none
    left_out  runs that this figure does not count, with the reason
    said      all of it in one or two sentences
    """

    key: str
    family: str
    title: str
    unit: str
    points: tuple[Point, ...]
    by: str
    line: Line | None
    p: float
    verdict: str
    turns: tuple[Turn, ...]
    usual: tuple[float, float, float] | None
    mean: tuple[float, float, float] | None
    left_out: tuple[str, ...]
    said: str

    @property
    def found(self) -> bool:
        """Whether anything stands out of chance."""
        return self.verdict in (RISES, FALLS, STEPPED)


@dataclass(frozen=True)
class Trends:
    """All series, those in which something was found first. said: what holds for all of them."""

    runs: int
    since: date | None
    until: date | None
    trends: tuple[Trend, ...]
    said: tuple[str, ...]

    def of(self, key: str, family: str = LEVELS) -> Trend | None:
        """The series of a figure; None where no run has it."""
        return next((one for one in self.trends if (one.key, one.family) == (key, family)), None)


@dataclass(frozen=True)
class _Series:
    """What a trend is made of: the runs that count and their values."""

    key: str
    family: str
    entries: list[Entry]
    values: Floats
    errors: Floats
    by: str
    left_out: tuple[str, ...]

    @property
    def weeks(self) -> Floats:
        return np.array([entry.started.timestamp() for entry in self.entries]) / _WEEK_S


def trends(runs: History, since: date | None = None, until: date | None = None) -> Trends:
    """Every figure that the runs of these days have."""
    entries = [e for e in runs.entries if (since is None or e.day >= since) and (until is None or e.day <= until)]
    pace = Pace(runs.entries)
    place = {entry.stored.key: i for i, entry in enumerate(runs.entries)}
    series = []
    for key in known_keys(entries):
        series.append(_levels(entries, pace, key, place))
        series.append(_tiring(entries, pace, key))
    series = [one for one in series if one.entries]
    lines = [line(one.weeks, one.values) for one in series]
    asked = [i for i, found in enumerate(lines) if found is not None]
    guarded = dict(zip(asked, holm([found.p for found in lines if found is not None]), strict=True))
    levels = sum(series[i].family == LEVELS for i in asked)
    made = [
        _trend(one, found, guarded.get(i, 1.0), LEVEL / max(1, levels))
        for i, (one, found) in enumerate(zip(series, lines, strict=True))
    ]
    found_first = sorted(made, key=lambda one: (not one.found, one.family != LEVELS))
    return Trends(
        len(entries),
        entries[0].day if entries else None,
        entries[-1].day if entries else None,
        tuple(found_first),
        tuple(_general(entries, pace, runs, any(BY_ITSELF in one.said for one in made))),
    )


def counts(entry: Entry, key: str) -> str:
    """Why a figure of a run does not count over runs; empty when it does."""
    if key != "tilt_deg":
        return ""
    if entry.digest.calibration == NONE:
        return "not calibrated"
    return "the clip slipped" if entry.digest.slipped_pct > MOST_SLIPPED_PCT else ""


def _levels(entries: list[Entry], pace: Pace, key: str, place: dict[Key, int]) -> _Series:
    counted, left_out = _counted(entries, key)
    at = [place[entry.stored.key] for entry in counted]
    found = pace.fairest(key, at)
    known = np.isfinite(found.value[at])
    missing = sum(key in entry.digest.means for entry in counted) - int(known.sum())
    if missing > 0:
        left_out = (*left_out, f"{_runs(missing)}: no speed by a watch, or too short")
    kept = [entry for entry, is_known in zip(counted, known, strict=True) if is_known]
    return _Series(key, LEVELS, kept, found.value[at][known], found.error[at][known], found.by, left_out)


def _tiring(entries: list[Entry], pace: Pace, key: str) -> _Series:
    """Last third less first third, less what the change of speed between them does."""
    counted, left_out = _counted(entries, key)
    kept = [entry for entry in counted if key in entry.digest.thirds]
    effect = pace.effect(key, ESTIMATE) if ESTIMATE in pace.ways(key) else None
    values = []
    for entry in kept:
        first, last, _ = entry.digest.thirds[key]
        speed = entry.digest.thirds.get("speed_mps")
        faster_mps = (speed[1] - speed[0]) * pace.scale if speed and effect else 0.0
        scale = pace.scale if key == "speed_mps" else 1.0
        values.append((last - first) * scale - (effect.per_mps * faster_mps if effect else 0.0))
    by = ESTIMATE if effect else AS_RUN
    return _Series(key, TIRING, kept, np.array(values), np.full(len(kept), math.nan), by, left_out)


def _counted(entries: list[Entry], key: str) -> tuple[list[Entry], tuple[str, ...]]:
    why = [counts(entry, key) for entry in entries]
    said = [f"{_runs(why.count(reason))}: {reason}" for reason in dict.fromkeys(why) if reason]
    return [entry for entry, reason in zip(entries, why, strict=True) if not reason], tuple(said)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _trend(one: _Series, found: Line | None, p: float, level: float) -> Trend:
    metric = FIGURE[one.key]
    points = tuple(
        Point(entry.label, entry.started, value, error)
        for entry, value, error in zip(one.entries, one.values.tolist(), one.errors.tolist(), strict=True)
    )
    turns = tuple(_turn(one, shift) for shift in shifts(one.values, level)) if one.family == LEVELS else ()
    verdict = _verdict(one.key, found, p, turns)
    usual = None
    if len(points) >= FEWEST_LINE:
        low, middle, high = np.quantile(one.values, (0.1, 0.5, 0.9)).tolist()
        usual = (low, middle, high)
    title = metric.title if one.family == LEVELS else f"{metric.title}, last third less first"
    return Trend(
        one.key,
        one.family,
        title,
        metric.unit,
        points,
        one.by,
        found,
        p,
        verdict,
        turns,
        usual,
        centre(one.values),
        one.left_out,
        _said(metric, one, found, verdict, turns),
    )


def _verdict(key: str, found: Line | None, p: float, turns: tuple[Turn, ...]) -> str:
    if found is None:
        return FEW
    least = SPOKEN_OF.get(key, 0.0)
    if turns:
        return STEPPED if any(abs(turn.after - turn.before) >= least for turn in turns) else SMALL
    if p >= LEVEL:
        return STEADY
    return SMALL if abs(found.change) < least else RISES if found.per_week > 0 else FALLS


def _turn(one: _Series, shift: Shift) -> Turn:
    first, last = one.entries[max(0, shift.first - 1)], one.entries[shift.last]
    between = one.entries[max(0, shift.first - 1) : shift.last + 1]
    return Turn(
        one.entries[shift.at].label,
        first.day,
        last.day,
        shift.before,
        shift.after,
        shift.leaves < shift.at,
        tuple(_changed(between)),
    )


def _changed(entries: Sequence[Entry]) -> list[str]:
    """What is not the same in all of these runs, apart from the runner."""
    asked: dict[str, set[object]] = {
        "the clip's firmware": {entry.digest.firmware for entry in entries},
        "the clip": {entry.stored.clip for entry in entries},
        "the shoes": {entry.about.shoes for entry in entries if entry.about.shoes},
        "the surface": {entry.about.surface for entry in entries if entry.about.surface},
        "how the clip was calibrated": {entry.digest.calibration == STOOD for entry in entries},
    }
    return [name for name, found in asked.items() if len(found) > 1]


def _said(metric: Metric, one: _Series, found: Line | None, verdict: str, turns: tuple[Turn, ...]) -> str:
    n = len(one.entries)
    if found is None:
        return f"Too few to tell: {_runs(n)} of at least {FEWEST_LINE}."
    digits = metric.digits + 1
    unit = f" {metric.unit}".replace(" °", "°") if metric.unit else ""
    span = f"{signed(found.low, digits)} to {signed(found.high, digits)}{unit} a week"
    if turns:
        told = f"Changed its level in {_runs(n)}."
    elif verdict == STEADY:
        told = f"No trend found in {_runs(n)}: {span}{'' if found.low <= 0 <= found.high else BY_ITSELF}."
    else:
        way = "Rises" if found.per_week > 0 else "Falls"
        told = f"{way} by {number(abs(found.per_week), digits)}{unit} a week ({span}, {_runs(n)})."
    for turn in turns:
        told += _turn_said(turn, unit, metric.digits + (verdict == SMALL))
    if verdict == SMALL:
        told += "" if turns else f" It is {signed(found.change, digits)}{unit} in all."
        told += f" Less than {SPOKEN_OF[one.key]:g}{unit} is too little to speak of."
    middle = centre(one.values)
    if one.family == TIRING and middle is not None:
        low, high = signed(middle[1], digits), signed(middle[2], digits)
        told += f" In a usual run it changes by {signed(middle[0], digits)}{unit} ({low} to {high})."
    return told


def _turn_said(turn: Turn, unit: str, digits: int) -> str:
    when = f"on {turn.last}" if turn.first == turn.last else f"between {turn.first} and {turn.last}"
    slowly = ", little by little" if turn.gradual else ""
    told = f" It went from {number(turn.before, digits)} to {number(turn.after, digits)}{unit} {when}{slowly}."
    if turn.beside:
        told += f" Changed in those days too: {', '.join(turn.beside)}; it may be that."
    return told


def _general(entries: list[Entry], pace: Pace, runs: History, by_itself: bool) -> list[str]:
    said = []
    if len(entries) < FEWEST_LINE:
        said.append(f"Lines need at least {FEWEST_LINE} runs; there are {len(entries)}.")
    watches = sum(entry.watched is not None for entry in entries)
    if 2 * watches < len(entries):
        said.append(
            "Cadence, contact, oscillation and their like stand as run: only a watch's speed could bring them to one "
            f"pace fairly, and {watches} of {len(entries)} runs have one."
        )
    if by_itself:
        said.append(WHY_BY_ITSELF)
    said.append("What changed is told, not why. A line of your own runs is no verdict on your back.")
    return said + runs.left_out()


def how(by: str) -> str:
    """In words, how values were brought to one pace."""
    return _HOW[by]
