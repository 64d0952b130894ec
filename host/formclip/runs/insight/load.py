"""How much was run: a single run much longer than those of late, and what changed from week to week.

Source    Frandsen 2025 (5,205 runners): a run more than 10 % longer than the longest of the last 30 days went with more
          injuries, without a dose curve; weekly change did not, and the acute:chronic ratio ran the other way. So a
          spike is told first, no curve is drawn, weekly change is the articles' note, and the ratio is not built
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from formclip.ground.text import counted, number, signed
from formclip.runs.insight.digest import Digest, digests
from formclip.runs.insight.distance import ESTIMATE, Distance, distance_of
from formclip.runs.insight.history import Entry, History, history
from formclip.runs.store.brief import Row
from formclip.runs.store.store import Store, Stored
from formclip.runs.store.watch import Watched, watched

SPIKE = 1.10  # times the longest of LOOK_BACK
LOOK_BACK = timedelta(days=30)
YOUNG = timedelta(days=14)  # a record shorter than this knows no longest of 30 days; the figure is ours, no paper's
WEEK_NOTE, WEEK_NEVER = 1.10, 1.20  # the articles' (E)
THREE_WEEKS = WEEK_NOTE**3
_Z90 = 1.645
OFF_90 = 0.33  # of an estimate that tells no interval: runners that no fit had seen were off by 20 % (RMSE)
_FEWEST_KNOWN = 3  # runs of known distance that tell how far the estimate is off

WHY_SPIKE = (
    "Among 5,205 runners the hazard of an injury was 1.5 to 2.3 times as high after a run more than 10 % longer than "
    "the longest of the 30 days before. Much longer was not steadily worse, so no curve is drawn (Frandsen 2025)."
)
WHY_WEEKS = (
    "Week by week, at most +10 % and never +20 % is advised. The evidence is thin: among 5,205 runners no relation of "
    "weekly change with injuries was found (Frandsen 2025)."
)
NO_RATIO = (
    "There is no acute:chronic ratio here: in the same 5,205 runners it ran the other way, so it would mislead "
    "(Frandsen 2025)."
)


@dataclass(frozen=True)
class Length:
    """How far, in metres, with the 90 % interval of what is estimated.

    source   as of distance.Distance
    """

    m: float
    low_m: float
    high_m: float
    source: str


@dataclass(frozen=True)
class Spike:
    """A run beside the longest of the 30 days before it.

    times     how many times as long; low, high: by the intervals of both
    young     the record before it is shorter than YOUNG: nothing is told of it
    told      it is more than 10 % longer; sure: also at the low end, and 30 days before it are in the record
    """

    label: str
    day: date
    longest: str
    longest_day: date
    times: float
    low: float
    high: float
    young: bool
    told: bool
    sure: bool
    said: str


@dataclass(frozen=True)
class Week:
    """From `monday`. change: times the week before, three_weeks: times three weeks before; None where there is none.

    over       the articles' limit that it passes: 10 or 20 percent; 0: none
    whole      it is over, and the record began on its Monday or Tuesday or before
    """

    monday: date
    runs: int
    running_s: float
    distance: Length | None
    change: float | None
    three_weeks: float | None
    over: int
    whole: bool
    said: str


@dataclass(frozen=True)
class Load:
    """spikes: every run that has a longest to be set beside; weeks: all, without a gap; scale: see `lengths`."""

    spikes: tuple[Spike, ...]
    weeks: tuple[Week, ...]
    scale: float
    said: tuple[str, ...]


def load(runs: History, today: date | None = None) -> Load:
    """Of the runs that are not hidden."""
    entries = [entry for entry in runs.entries if today is None or entry.day <= today]
    if runs.entries and not entries:
        said = (f"No run up to {today}; the first is of {runs.entries[0].day}.", *runs.left_out())
        return Load((), (), 1.0, said)
    today = today or (entries[-1].day if entries else date.today())
    scale, found = lengths(entries)
    spikes = [one for i in range(len(entries)) if (one := _spike(entries, found, i)) is not None]
    weeks = _weeks(entries, found, today)
    return Load(tuple(spikes), tuple(weeks), scale, tuple(_said(entries, found, spikes, runs)))


def latest_spike(runs: History) -> Spike | None:
    """The last run beside the longest of the 30 days before it; None where there is none to set it beside."""
    entries = runs.entries
    return _spike(entries, lengths(entries)[1], len(entries) - 1) if entries else None


def lengths(entries: Sequence[Entry]) -> tuple[float, list[Length | None]]:
    """The length of each run, and by how much the clip's estimates are multiplied.

    Runs whose distance is known tell how far this runner's estimates are off: the median is taken out of the others.
    With three of them their scatter is the interval; with fewer, the estimate's own.
    """
    ratios = [
        found.m / entry.digest.distance_m
        for entry in entries
        if (found := entry.distance) is not None and found.source != ESTIMATE and entry.digest.distance_m
    ]
    scale = float(np.median(ratios)) if ratios else 1.0
    off = _Z90 * float(np.std(ratios, ddof=1)) / scale if len(ratios) >= _FEWEST_KNOWN else math.nan
    out: list[Length | None] = []
    for entry in entries:
        found = entry.distance
        if found is None:
            out.append(None)
        elif found.source != ESTIMATE:
            out.append(Length(found.m, found.m, found.m, found.source))
        else:
            own = found.half_width_90_m / found.m if found.half_width_90_m and found.m else OFF_90
            wide, m = (off if math.isfinite(off) else own), found.m * scale
            out.append(Length(m, m * max(0.0, 1 - wide), m * (1 + wide), ESTIMATE))
    return scale, out


def on_scale(
    runs: History,
    made: tuple[float, list[Length | None]],
    row: Row,
    digest: Digest,
    of_watch: Watched | None,
) -> Distance | None:
    """How far one run was; an estimate as all of them are told, with what the runs of known distance say of it.

    made   of `lengths`
    """
    known = distance_of(row.about, of_watch, digest)
    scale, found = made
    if known is None or known.source != ESTIMATE or scale == 1.0:
        return known
    of_run = length_of(row.stored, runs.entries, found)
    if of_run is None:
        return known
    return Distance(of_run[1].m, (of_run[1].high_m - of_run[1].low_m) / 2, ESTIMATE)


def length_of(stored: Stored, entries: Sequence[Entry], found: Sequence[Length | None]) -> tuple[Entry, Length] | None:
    """Of what `lengths` found, that of one run, with its entry; None where it has none."""
    for entry, length in zip(entries, found, strict=True):
        if entry.stored.key == stored.key and length is not None:
            return entry, length
    return None


def how_far(store: Store, row: Row) -> Distance | None:
    """The same for who has nothing of the record at hand."""
    runs = history(store)
    digest = digests(store, [row.stored])[row.stored.key]
    return on_scale(runs, lengths(runs.entries), row, digest, watched(store).get(row.stored.key))


def _spike(entries: list[Entry], found: list[Length | None], i: int) -> Spike | None:
    here = found[i]
    since = entries[i].started - LOOK_BACK
    before = [
        (length, entry)
        for length, entry in zip(found[:i], entries[:i], strict=True)
        if length and entry.started >= since
    ]
    if here is None or not before:
        return None
    longest, entry = max(before, key=lambda pair: pair[0].m)
    if longest.m <= 0:
        return None
    times = here.m / longest.m
    if here.source == longest.source == ESTIMATE:
        low = high = times  # what the estimates are off by is alike in both
    else:
        low, high = here.low_m / longest.high_m, here.high_m / max(longest.low_m, 1.0)
    days = (entries[i].day - entries[0].day).days
    young = days < YOUNG.days
    told, sure = times > SPIKE and not young, low > SPIKE and days >= LOOK_BACK.days
    return Spike(
        entries[i].label,
        entries[i].day,
        entry.label,
        entry.day,
        times,
        low,
        high,
        young,
        told,
        told and sure,
        _spike_said(entries[i], here, entry, longest, (times, low, high), days),
    )


def _spike_said(
    run: Entry, here: Length, before: Entry, longest: Length, ratio: tuple[float, float, float], days: int
) -> str:
    times, low, high = ratio
    if times <= SPIKE:
        return f"{run.label} was no more than 10 % longer than the longest of the 30 days before."
    if days < YOUNG.days:
        short = f"The record before {run.label} is {counted(days, 'day')} long"
        return f"{short}, which is too short to know how far you usually run."
    kinds = {here.source, longest.source}
    told = (
        f"{run.label} on {run.day} was {round(100 * (times - 1))} % longer than the longest run of the 30 days before "
        f"({km(here)} against {km(longest)} on {before.day})"
    )
    if kinds == {ESTIMATE}:
        told += ", both by the clip's estimate"
    elif ESTIMATE in kinds:
        told += f"; one of the two is an estimate: {_percent(low)} to {_percent(high)}"
        told += "" if low > SPIKE else ", so it may be no spike"
    if days < LOOK_BACK.days:
        told += f"; the record before it is {days} days long, and a longer run before that is not known"
    return told + "."


def _percent(times: float) -> str:
    return f"{number(100 * (times - 1), 0)} %"


def km(length: Length) -> str:
    """A length in words."""
    if length.source != ESTIMATE:
        return f"{length.m / 1000:.1f} km"
    return f"about {length.m / 1000:.1f} km"


def _weeks(entries: list[Entry], found: list[Length | None], today: date) -> list[Week]:
    if not entries:
        return []
    first = entries[0].day - timedelta(days=entries[0].day.weekday())
    last = max(today, entries[-1].day)
    out: list[Week] = []
    monday = first
    while monday <= last:
        inside = [i for i, entry in enumerate(entries) if monday <= entry.day < monday + timedelta(days=7)]
        whole = entries[0].day <= monday + timedelta(days=1) and monday + timedelta(days=7) <= last + timedelta(days=1)
        out.append(_week(monday, [entries[i] for i in inside], [found[i] for i in inside], out, whole))
        monday += timedelta(days=7)
    return out


def _week(monday: date, entries: list[Entry], found: list[Length | None], before: list[Week], whole: bool) -> Week:
    known = [length for length in found if length is not None]
    distance = None
    if len(known) == len(entries):
        sources = {length.source for length in known}
        source = ESTIMATE if ESTIMATE in sources else next(iter(sources), "")
        m, low_m, high_m = (sum(getattr(one, name) for one in known) for name in ("m", "low_m", "high_m"))
        distance = Length(m, low_m, high_m, source)
    change = _times(distance, before[-1] if before else None, whole)
    three = _times(distance, before[-3] if len(before) >= 3 else None, whole)
    over = 0 if change is None else 20 if change > WEEK_NEVER else 10 if change > WEEK_NOTE else 0
    running_s = sum(entry.digest.running_s for entry in entries)
    week = Week(monday, len(entries), running_s, distance, change, three, over, whole, "")
    return Week(**{**week.__dict__, "said": _week_said(week)})


def _times(distance: Length | None, before: Week | None, whole: bool) -> float | None:
    """A week against a whole one; one that is not over yet counts for what it has, when that is more already."""
    if distance is None or before is None or not before.whole or before.distance is None or not before.distance.m:
        return None
    times = distance.m / before.distance.m
    return times if whole or times > 1 else None


def _week_said(week: Week) -> str:
    length = "no run" if not week.runs else km(week.distance) if week.distance else "distance not known"
    told = [length]
    if week.runs and week.distance and week.distance.source == ESTIMATE:
        told[0] += f" ({week.distance.low_m / 1000:.1f} to {week.distance.high_m / 1000:.1f})"
    if week.change is not None and week.runs:
        told.append(f"{signed(100 * (week.change - 1), 0)} % on the week before")
        if week.over:
            told[-1] += f", more than {week.over} %"
    if week.three_weeks is not None and week.three_weeks > THREE_WEEKS:
        told.append(f"+{round(100 * (week.three_weeks - 1))} % in three weeks, more than three times +10 % make")
    return "; ".join(told)


def _said(entries: list[Entry], found: list[Length | None], spikes: list[Spike], runs: History) -> list[str]:
    said = []
    if not entries:
        return ["No run yet; next: formclip sync", *runs.left_out()]
    if not any(spike.told for spike in spikes):
        days = (entries[-1].day - entries[0].day).days
        beside = sum(not spike.young for spike in spikes)
        if beside:
            told = f"No single-run spike in {counted(beside, 'run')} that can be set beside the 30 days before."
            said.append(told)
        if days < YOUNG.days:
            said.append(
                f"The record is {counted(days, 'day')} long. From {YOUNG.days} days on, each run is set beside the "
                "longest of the 30 days before it."
            )
        elif days < LOOK_BACK.days:
            said.append(f"The record is {days} days long: a longer run before it is not known.")
    said += [WHY_SPIKE, WHY_WEEKS, NO_RATIO]
    unknown = sum(length is None for length in found)
    if unknown:
        said.append(f"{counted(unknown, 'run')} without a distance: formclip name RUN --distance KM says it.")
    return said + runs.left_out()
