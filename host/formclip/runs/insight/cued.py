"""What cues did: faults that were cued against faults that were held as long and were not, by kind and over weeks.

A fault that is held for five seconds would often have ended soon by itself, cued or not. So the figure is compared from
the fault's own beginning, and what is told is the change after a cue less the change where none came. What a cue costs
elsewhere (bounce, contact, landing, balance) is told beside it.

Source    "test a cue before recommending it" (Van Gelder 2023): each runner found another solution
Differs   nobody drew lots which faults were cued: uncued ones come from silent runs, from the part of a faded course
          without cues, and from behind the limit of cues. How far a fault was beyond its limit is allowed for
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from scipy.special import stdtr, stdtrit

from formclip.ground.run import Floats
from formclip.ground.text import counted, number, signed
from formclip.runs.insight.digest import FIGURE
from formclip.runs.insight.episodes import BALANCE, CUED, FADED, LIMIT, MUTED, SILENT, Episode
from formclip.runs.insight.evidence import LEVEL, holm
from formclip.runs.insight.history import Entry, History

COMPARED = (SILENT, FADED, LIMIT, MUTED)
FEWEST, FEWEST_RUNS = 10, 4  # faults of either sort; runs that they come from
BACK_WITHIN_S = 30.0
SPAN = timedelta(days=28)
HELPED, WORSE, NOT_FOUND, CHANGED, FEW = "helped", "made it worse", "no effect found", "changed", "too few to tell"
# What a cue is about, and which way is better; what it may cost.
ABOUT = {"overstride": (("cadence_spm", 1), ("braking_mps", -1)), "arch": (("tilt_deg", -1),)}
COSTS = ("vo_cm", "contact_ms", "impact_g", BALANCE)
BACK = "back_share"


@dataclass(frozen=True)
class Effect:
    """One figure: its change after a cue, without one, and the difference with its 95 % interval; NaN with too few.

    better   1 or -1: which way is better; 0: a cost is neither
    """

    key: str
    title: str
    unit: str
    better: int
    with_cue: float
    without: float
    effect: float
    low: float
    high: float
    p: float
    cued: int
    uncued: int
    verdict: str
    said: str


@dataclass(frozen=True)
class Span:
    """Four weeks: how often a fault was held long enough in an hour of running, and what cues did then."""

    since: date
    until: date
    an_hour: float
    effect: Effect


@dataclass(frozen=True)
class OfKind:
    """One kind of cue. why_not: how many faults were not cued, by reason; those of COMPARED are compared with."""

    kind: str
    cued: int
    compared: int
    why_not: dict[str, int]
    about: tuple[Effect, ...]
    back: Effect
    costs: tuple[Effect, ...]
    over_weeks: tuple[Span, ...]
    said: str


@dataclass(frozen=True)
class WhatCuesDid:
    """All kinds. said: what holds for all."""

    runs: int
    kinds: tuple[OfKind, ...]
    said: tuple[str, ...]


Fault = tuple[int, Episode]  # the run's place, what was held


def what_cues_did(runs: History, since: date | None = None) -> WhatCuesDid:
    """In the runs from a day on."""
    entries = [entry for entry in runs.entries if since is None or entry.day >= since]
    faults = [(i, one) for i, entry in enumerate(entries) for one in entry.digest.faults()]
    kinds = tuple(_of_kind(kind, entries, faults) for kind in ABOUT)
    return WhatCuesDid(
        len(entries),
        kinds,
        (
            "Compared with faults that were held as long and not cued: in silent runs, in the part of a faded course "
            "without cues, and behind the limit of cues. Nobody drew lots, so the two may differ in other ways.",
        ),
    )


def _of_kind(kind: str, entries: Sequence[Entry], faults: Sequence[Fault]) -> OfKind:
    mine = [(i, one) for i, one in faults if one.kind == kind]
    why = [one.why for _, one in mine]
    used = [(i, one) for i, one in mine if one.why == CUED or one.why in COMPARED]
    about = [_draft(key, better, used) for key, better in ABOUT[kind]]
    costs = [_draft(key, 0, used) for key in COSTS]
    back = _draft(BACK, 1, used)
    guarded = holm([one.p for one in (*about, back, *costs)])
    told = [_told(one, p) for one, p in zip((*about, back, *costs), guarded, strict=True)]
    n = len(about)
    return OfKind(
        kind,
        why.count(CUED),
        sum(one in COMPARED for one in why),
        {reason: why.count(reason) for reason in dict.fromkeys(why) if reason != CUED},
        tuple(told[:n]),
        told[n],
        tuple(told[n + 1 :]),
        _over_weeks(entries, used, mine, ABOUT[kind][0]),
        _kind_said(kind, why.count(CUED), sum(one in COMPARED for one in why)),
    )


def _kind_said(kind: str, cued: int, compared: int) -> str:
    title = {"overstride": "Overstriding", "arch": "Arch"}[kind]
    if not cued and not compared:
        return f"{title}: never held long enough to be cued."
    told = f"{title}: cued {counted(cued, 'time')}; held as long without a cue {counted(compared, 'time')}."
    if cued >= FEWEST and compared < FEWEST:
        told += " To tell what cues do, some runs in silent mode or a faded course are needed."
    return told


def _value(key: str, one: Episode) -> float:
    if key == BACK:
        if one.back_s is None:
            return math.nan
        return 100.0 * (one.back_s - one.held_s <= BACK_WITHIN_S)
    return one.change.get(key, math.nan)


def _draft(key: str, better: int, used: Sequence[Fault]) -> Effect:
    """Least squares on cued or not and on how far beyond the limit; its error by leaving out run after run."""
    values = np.array([_value(key, one) for _, one in used], dtype=np.float64)
    known = np.isfinite(values)
    cued = np.array([one.why == CUED for _, one in used], dtype=bool)
    run = np.array([i for i, _ in used], dtype=np.int64)
    error = np.array([one.error_pct for _, one in used], dtype=np.float64) / 100
    title, unit = ("Back in range within 30 s", "%") if key == BACK else (FIGURE[key].title, FIGURE[key].unit)
    n = [int((known & one).sum()) for one in (cued, ~cued)]
    nan = math.nan
    nothing = Effect(key, title, unit, better, nan, nan, nan, nan, nan, 1.0, n[0], n[1], FEW, "")
    runs = [len(np.unique(run[known & one])) for one in (cued, ~cued)]
    if min(n) < FEWEST or min(runs) < FEWEST_RUNS:
        return nothing
    y, x, of = values[known], np.column_stack([np.ones(sum(n)), cued[known], error[known]]), run[known]
    effect = _fit(x, y)
    without = np.array([_fit(x[of != one], y[of != one]) for one in np.unique(of)])
    m = len(without)
    spread = math.sqrt((m - 1) / m * float(((without - without.mean()) ** 2).sum()))
    if not spread > 0:
        return nothing
    reach = float(stdtrit(m - 1, 0.975)) * spread
    p = 2 * float(stdtr(m - 1, -abs(effect) / spread))
    return replace(
        nothing,
        with_cue=float(values[known & cued].mean()),
        without=float(values[known & ~cued].mean()),
        effect=effect,
        low=effect - reach,
        high=effect + reach,
        p=p,
        verdict=NOT_FOUND,
    )


def _fit(x: Floats, y: Floats) -> float:
    """The coefficient of being cued."""
    return float(np.linalg.lstsq(x, y, rcond=None)[0][1])


def _told(one: Effect, p: float) -> Effect:
    verdict = one.verdict
    if verdict != FEW and p < LEVEL:
        verdict = CHANGED if not one.better else HELPED if one.effect * one.better > 0 else WORSE
    return replace(one, p=p, verdict=verdict, said=_said(one, verdict))


def _said(one: Effect, verdict: str) -> str:
    counts = f"{one.cued} cued, {one.uncued} not"
    if verdict == FEW:
        return f"Too few to tell: {counts}; each needs {FEWEST} from {FEWEST_RUNS} runs."
    digits = 0 if one.key == BACK else FIGURE[one.key].digits + 1
    effect, low, high = (signed(value, digits) for value in (one.effect, one.low, one.high))
    if one.key == BACK:
        shares = f"{number(one.with_cue, 0)} % with a cue, {number(one.without, 0)} % without ({counts})"
        return f"{shares}: {effect} points ({low} to {high})" + (
            ", no difference found." if verdict == NOT_FOUND else "."
        )
    moved = f"{signed(one.with_cue, digits)} after a cue, {signed(one.without, digits)} without ({counts})"
    unit = f" {one.unit}".replace(" °", "°")
    words = {
        NOT_FOUND: "no effect found",
        HELPED: "the cue helped",
        WORSE: "the cue made it worse",
        CHANGED: "it changed with the cue",
    }[verdict]
    return f"{moved}: {words}, {effect}{unit} ({low} to {high})."


def _over_weeks(
    entries: Sequence[Entry], used: Sequence[Fault], mine: Sequence[Fault], about: tuple[str, int]
) -> tuple[Span, ...]:
    if not entries:
        return ()
    out = []
    since = entries[0].day
    while since <= entries[-1].day:
        inside = {i for i, entry in enumerate(entries) if since <= entry.day < since + SPAN}
        hours = sum(entries[i].digest.running_s for i in inside) / 3600
        held = sum(i in inside for i, _ in mine)
        effect = _draft(*about, [(i, one) for i, one in used if i in inside])
        an_hour = held / hours if hours else math.nan
        until = min(since + SPAN - timedelta(days=1), entries[-1].day)
        out.append(Span(since, until, an_hour, _told(effect, effect.p)))
        since += SPAN
    return tuple(out)
