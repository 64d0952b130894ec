"""Two runs, or two spans of days, beside each other at one pace: what differs, how surely, and what can't be compared.

Two single runs always differ by something. So a difference between them is set beside how much the runner's runs differ
from day to day; two spans are compared run by run, so that day-to-day scatter is in their intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import stdtr, stdtrit

from formclip.ground.errors import FormclipError
from formclip.ground.metrics import Metric
from formclip.ground.run import Floats
from formclip.ground.text import counted, number, signed, with_unit
from formclip.runs.insight.digest import FIGURE, STOOD
from formclip.runs.insight.evidence import BY_ITSELF, LEVEL, WHY_BY_ITSELF, holm, wider
from formclip.runs.insight.findings import SPOKEN_OF
from formclip.runs.insight.history import Entry, History
from formclip.runs.insight.pace import AS_RUN, Levels, Pace, known_keys
from formclip.runs.insight.trends import counts
from formclip.runs.store.store import Store
from formclip.runs.store.which import NoRun, which

DIFFERS, AS_DAYS_DO, SMALL, UNPACED, SAME, FEW, CANNOT = (
    "differs",
    "no more than from day to day",
    "too little to speak of",
    "differs, and so does pace",
    "no difference found",
    "too few to tell",
    "can't be compared",
)
FEWEST_OF_A_SPAN, FEWEST_BESIDE_ONE = 3, 5
_FEWEST_DAYS = 6  # runs that tell how much runs differ from day to day
_ONE_PACE = 0.03  # speeds apart by less are one pace
_SPAN = ".."


class NoSpan(FormclipError):
    """Days that are none, that hold no run, or that overlap."""

    exit_code = 2


@dataclass(frozen=True)
class Side:
    """One of the two. speed_mps: its mean; NaN where not known; firmware: of its clips."""

    title: str
    labels: tuple[str, ...]
    since: date
    until: date
    speed_mps: float
    firmware: tuple[str, ...]


@dataclass(frozen=True)
class Contrast:
    """One figure of both.

    difference  b less a, with its 95 % interval; NaN where it can't be told
    day_to_day  so far apart lie 19 of 20 pairs of this runner's runs; NaN where not known
    by          how both were brought to one pace (pace.WATCH, ESTIMATE, AS_RUN)
    verdict     DIFFERS, AS_DAYS_DO, SMALL (less than findings.SPOKEN_OF), UNPACED, SAME, FEW or CANNOT
    why         the reason for the last
    """

    key: str
    title: str
    unit: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    day_to_day: float
    by: str
    verdict: str
    why: str
    said: str


@dataclass(frozen=True)
class Comparison:
    """Both sides and every figure; caveats: what else is not alike."""

    a: Side
    b: Side
    contrasts: tuple[Contrast, ...]
    caveats: tuple[str, ...]


def chosen(store: Store, runs: History, text: str) -> list[Entry]:
    """The runs that a person means: a run, or FROM..TO, days of which either may be left out.

    Errors    NoRun, NoSpan
    """
    if _SPAN in text:
        since, until = (_day(part) for part in text.split(_SPAN, 1))
        found = [e for e in runs.entries if (since is None or e.day >= since) and (until is None or e.day <= until)]
        if not found:
            raise NoSpan(f"no run in {text}", "formclip sessions lists them")
        return found
    row = which(store, text)
    found = [entry for entry in runs.entries if entry.stored.key == row.stored.key]
    if not found:
        raise NoRun(
            f"{row.stored.label} can't be compared: it is hidden, has no date, can't be read or is too short",
            "formclip show tells which",
        )
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise NoSpan(f"'{text}' is no day", "write a span as 2026-09-01..2026-09-30") from None


def contrast(runs: History, a: Sequence[Entry], b: Sequence[Entry]) -> Comparison:
    """`b` against `a`; both are runs of the history.

    Errors    NoSpan where a run is in both
    """
    both = {entry.stored.key for entry in a} & {entry.stored.key for entry in b}
    if both:
        what = f"{counted(len(both), 'run')} on both sides"
        raise NoSpan(what, "name runs, or days, that do not overlap")
    pace = Pace(runs.entries)
    place = {entry.stored.key: i for i, entry in enumerate(runs.entries)}
    sides = (
        _side(a, pace, [place[e.stored.key] for e in a]),
        _side(b, pace, [place[e.stored.key] for e in b]),
    )
    drafts = [
        _draft(key, runs, pace, ([e for e in a if not counts(e, key)], [e for e in b if not counts(e, key)]), sides)
        for key in known_keys([*a, *b])
    ]
    asked = [draft for draft in drafts if not draft.why and math.isfinite(draft.p)]
    guarded = dict(zip((d.key for d in asked), holm([d.p for d in asked]), strict=True))
    single = len(a) == 1 and len(b) == 1
    contrasts = tuple(_contrast(draft, guarded.get(draft.key, 1.0), single, sides) for draft in drafts)
    caveats = _caveats(a, b, sides)
    if any(BY_ITSELF in one.said for one in contrasts):
        caveats.append(WHY_BY_ITSELF)
    return Comparison(sides[0], sides[1], contrasts, tuple(caveats))


@dataclass(frozen=True)
class _Draft:
    key: str
    by: str
    a: float = math.nan
    b: float = math.nan
    reach: float = math.nan
    p: float = math.nan
    day_to_day: float = math.nan
    why: str = ""


def _side(entries: Sequence[Entry], pace: Pace, places: list[int]) -> Side:
    speeds = pace.speed_mps[places]
    known = speeds[np.isfinite(speeds)]
    first, last = entries[0].day, entries[-1].day
    title = entries[0].label if len(entries) == 1 else f"{len(entries)} runs, {first} to {last}"
    firmware = tuple(sorted({entry.digest.firmware for entry in entries}))
    labels = tuple(entry.label for entry in entries)
    return Side(title, labels, first, last, float(known.mean()) if len(known) else math.nan, firmware)


def _draft(
    key: str, runs: History, pace: Pace, parts: tuple[list[Entry], list[Entry]], sides: tuple[Side, ...]
) -> _Draft:
    if FIGURE[key].estimate and sides[0].firmware != sides[1].firmware:
        return _Draft(key, AS_RUN, why="an estimate, made by other firmware")
    if not all(parts):
        return _Draft(key, AS_RUN, why="the clip had slipped or was not calibrated")
    place = {entry.stored.key: i for i, entry in enumerate(runs.entries)}
    at = [[place[entry.stored.key] for entry in part] for part in parts]
    levels = _levels(pace, key, at)
    values = [levels.value[one] for one in at]
    values = [one[np.isfinite(one)] for one in values]
    if not len(values[0]) or not len(values[1]):
        return _Draft(key, AS_RUN, why="not known on both sides")
    errors = [levels.error[one] for one in at]
    reach, p = _reach(values[0], values[1], errors)
    counted = [i for i, entry in enumerate(runs.entries) if not counts(entry, key)]
    apart = _day_to_day(levels.value[counted])
    return _Draft(key, levels.by, float(values[0].mean()), float(values[1].mean()), reach, p, apart)


def _levels(pace: Pace, key: str, at: list[list[int]]) -> Levels:
    """In the fairest way that is known for half of the runs of either side."""
    for by in pace.ways(key):
        levels = pace.levels(key, by)
        if all(2 * np.isfinite(levels.value[one]).sum() >= len(one) for one in at):
            return levels
    return pace.levels(key, AS_RUN)


def _reach(a: Floats, b: Floats, errors: list[Floats]) -> tuple[float, float]:
    """Half the 95 % interval of b - a, and how often chance gives as much; NaN with too few runs."""
    few, many = sorted((a, b), key=len)
    difference = float(b.mean() - a.mean())
    if len(many) == 1:
        error, freedom = float(np.hypot(errors[0], errors[1])[0]), 30.0
    elif len(few) == 1:
        if len(many) < FEWEST_BESIDE_ONE:
            return math.nan, math.nan
        error, freedom = float(many.std(ddof=1)) * math.sqrt(1 + wider(many) / len(many)), len(many) - 1.0
    else:
        if len(few) < FEWEST_OF_A_SPAN:
            return math.nan, math.nan
        parts = [float(one.var(ddof=1)) * wider(one) / len(one) for one in (a, b)]
        error = math.sqrt(sum(parts))
        below = sum(part * part / (len(one) - 1) for part, one in zip(parts, (a, b), strict=True))
        freedom = error**4 / below if below > 0 else float(len(a) + len(b) - 2)
    if not error > 0:
        return math.nan, math.nan
    return float(stdtrit(freedom, 0.975)) * error, 2 * float(stdtr(freedom, -abs(difference) / error))


def _day_to_day(values: Floats) -> float:
    """From each run to the next, so that what changes slowly is not in it."""
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST_DAYS:
        return math.nan
    return 1.96 * 1.4826 * float(np.median(np.abs(np.diff(values))))


def _contrast(draft: _Draft, p: float, single: bool, sides: tuple[Side, ...]) -> Contrast:
    metric = FIGURE[draft.key]
    difference = draft.b - draft.a
    speeds = [side.speed_mps for side in sides]
    unpaced = draft.by == AS_RUN and draft.key != "speed_mps" and not abs(speeds[1] - speeds[0]) < _ONE_PACE * speeds[0]
    if draft.why:
        verdict = CANNOT
    elif not math.isfinite(draft.p):
        verdict = FEW
    elif p >= LEVEL:
        verdict = SAME
    elif unpaced:
        verdict = UNPACED
    elif single and abs(difference) <= draft.day_to_day:
        verdict = AS_DAYS_DO
    else:
        verdict = SMALL if abs(difference) < SPOKEN_OF.get(draft.key, 0.0) else DIFFERS
    return Contrast(
        draft.key,
        metric.title,
        metric.unit,
        draft.a,
        draft.b,
        difference,
        difference - draft.reach,
        difference + draft.reach,
        draft.day_to_day,
        draft.by,
        verdict,
        draft.why,
        _said(metric, draft, verdict, single),
    )


def _said(metric: Metric, draft: _Draft, verdict: str, single: bool) -> str:
    digits = metric.digits + 1
    if verdict == CANNOT:
        return f"Can't be compared: {draft.why}."
    if verdict == FEW:
        return f"Too few to tell: a span needs {FEWEST_OF_A_SPAN} runs, beside a single run {FEWEST_BESIDE_ONE}."
    difference = draft.b - draft.a
    low, high = signed(difference - draft.reach, digits), signed(difference + draft.reach, digits)
    span = f"{signed(difference, digits)} ({low} to {high})"
    days = f"±{number(draft.day_to_day, digits)}" if math.isfinite(draft.day_to_day) else ""
    if verdict == SAME:
        return f"No difference found: {span}{'' if abs(difference) <= draft.reach else BY_ITSELF}."
    if verdict == UNPACED:
        return f"Differs by {span}, as run; the pace differs too, and may be why."
    if verdict == AS_DAYS_DO:
        return f"Differs by {span}, no more than your runs do from day to day ({days})."
    if verdict == SMALL:
        least = with_unit(f"{SPOKEN_OF[draft.key]:g}", metric.unit)
        return f"Differs by {span}; less than {least} is too little to speak of."
    beside = f"; from day to day your runs differ by {days}" if single and days else ""
    unsure = "; too few runs to tell how much they differ from day to day" if single and not days else ""
    return f"Differs by {span}{beside}{unsure}."


def _caveats(a: Sequence[Entry], b: Sequence[Entry], sides: tuple[Side, ...]) -> list[str]:
    said = []
    if sides[0].firmware != sides[1].firmware:
        one, other = (", ".join(side.firmware) or "unknown" for side in sides)
        said.append(f"The firmware differs ({one} against {other}): estimates are not compared.")
    asked: tuple[tuple[str, set[str], set[str]], ...] = (
        ("The clip differs", {e.stored.clip for e in a}, {e.stored.clip for e in b}),
        ("The shoes differ", {e.about.shoes for e in a} - {""}, {e.about.shoes for e in b} - {""}),
        ("The surface differs", {e.about.surface for e in a} - {""}, {e.about.surface for e in b} - {""}),
        ("The kind of run differs", {e.about.kind for e in a} - {""}, {e.about.kind for e in b} - {""}),
    )
    for what, of_a, of_b in asked:
        if of_a and of_b and of_a != of_b:
            said.append(f"{what}: {', '.join(sorted(of_a))} against {', '.join(sorted(of_b))}.")
    stood = [[e.digest.calibration == STOOD for e in part] for part in (a, b)]
    if all(stood[0]) != all(stood[1]):
        said.append("Not all runs were calibrated standing: tilt may differ by how the clip sat.")
    slow, fast = sorted(side.speed_mps for side in sides)
    if math.isfinite(slow) and fast > slow * (1 + _ONE_PACE):
        one, other = (number(side.speed_mps, 2) for side in sides)
        said.append(f"The runs were at {one} and {other} m/s. What could not be brought to one pace says so.")
    return said
