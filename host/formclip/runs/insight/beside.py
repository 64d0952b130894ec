"""Pain beside form and load: whether, in this runner, one goes with the other. Never whether one causes the other.

To each run belongs the strongest pain that was noted from its start to 48 h after it, before the next run. From the
first entry on, a run without one counts as a run without pain. What is asked of each run: how far it was, how far the
week up to it, how it stands to the longest of 30 days, how far the run before it was, and the figures of form at one
pace.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from formclip.ground.run import Floats
from formclip.ground.text import number, signed
from formclip.runs.insight.digest import FIGURE
from formclip.runs.insight.evidence import BY_ITSELF, LEVEL, WHY_BY_ITSELF, Relation, holm, relation, runs_to_see
from formclip.runs.insight.history import Entry, History
from formclip.runs.insight.load import lengths, load
from formclip.runs.insight.pace import Pace
from formclip.runs.insight.trends import counts
from formclip.runs.store.pain import Pain

FEWEST, FEWEST_EITHER = 20, 4  # runs in all; with and without pain
BELONGS = timedelta(hours=48)
FORM = ("cadence_spm", "tilt_deg", "drop_range_deg", "rotation_range_deg", "vo_cm", "sway_cm")
POINT = 1.0
FEW, NONE_FOUND, FOUND = "too few to tell", "no relation found", "goes with it"
NO_CAUSE = "What goes together need not cause one another, and what was not found may still be there."


@dataclass(frozen=True)
class Asked:
    """One thing beside pain.

    relation   of it and pain; None where it can't be reckoned; p guarded for all that is asked
    more_runs  how many more runs are needed to see a point of difference; 0: enough; None: not known
    """

    key: str
    title: str
    verdict: str
    relation: Relation | None
    p: float
    more_runs: int | None
    said: str


@dataclass(frozen=True)
class Beside:
    """All of it. runs: that count; with_pain: of those; unplaced: entries that belong to no run."""

    places: tuple[str, ...]
    runs: int
    with_pain: int
    unplaced: int
    asked: tuple[Asked, ...]
    said: tuple[str, ...]

    @property
    def unplaced_said(self) -> str:
        """What is told of entries that belong to no run; empty where there is none."""
        if not self.unplaced:
            return ""
        one = self.unplaced == 1
        belong = "1 entry belongs" if one else f"{self.unplaced} entries belong"
        return f"{belong} to no run: none began in the 48 h before {'it' if one else 'them'}."


def beside(runs: History, pains: Sequence[Pain], places: Sequence[str] = ()) -> Beside:
    """Pain in these places, or anywhere, beside form and load."""
    wanted = [pain for pain in pains if not places or not pain.strength or set(places) & set(pain.places)]
    strengths, unplaced = strongest(runs.entries, wanted)
    first = min((i for i, value in enumerate(strengths) if math.isfinite(value)), default=len(strengths))
    y = np.where(np.isfinite(strengths), strengths, 0.0)[first:]
    hurt = int((y > 0).sum())
    n = len(y)
    enough = n >= FEWEST and hurt >= FEWEST_EITHER and n - hurt >= FEWEST_EITHER
    series = _series(runs)
    found = {name: relation(x[first:], y) if enough else None for name, (_, x) in series.items()}
    known = [name for name, one in found.items() if one is not None]
    guarded = dict(zip(known, holm([one.p for one in found.values() if one is not None]), strict=True))
    asked = [_asked(name, series[name][0], found[name], guarded.get(name, 1.0), len(known)) for name in series]
    said = _said(n, hurt, enough)
    if any(BY_ITSELF in one.said for one in asked):
        said.append(WHY_BY_ITSELF)
    return Beside(tuple(places), n, hurt, unplaced, tuple(sorted(asked, key=lambda one: one.p)), tuple(said))


def strongest(entries: Sequence[Entry], pains: Sequence[Pain]) -> tuple[Floats, int]:
    """The strongest pain that belongs to each run, NaN where nothing was noted; and entries that belong to none."""
    out = np.full(len(entries), math.nan)
    unplaced = 0
    starts = [entry.started for entry in entries]
    for pain in pains:
        before = [i for i, start in enumerate(starts) if start <= pain.at <= start + BELONGS]
        if before:
            out[before[-1]] = np.fmax(out[before[-1]], pain.strength)
        else:
            unplaced += 1
    return out, unplaced


def _series(runs: History) -> dict[str, tuple[str, Floats]]:
    """By key: title and value of every run."""
    entries = runs.entries
    _, found = lengths(entries)
    km = np.array([length.m / 1000 if length else math.nan for length in found])
    at_s = np.array([entry.started.timestamp() for entry in entries])
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(km))])
    week = sums[1:] - sums[np.searchsorted(at_s, at_s - 7 * 86400.0, "right")]
    times = {spike.label: spike.times for spike in load(runs).spikes}
    out = {
        "distance": ("Distance of the run", km),
        "distance_before": ("Distance of the run before", np.concatenate([[math.nan], km[:-1]]) if len(km) else km),
        "week": ("Distance of the seven days up to it", week),
        "longest": ("Beside the longest of 30 days", np.array([times.get(e.label, math.nan) for e in entries])),
    }
    pace = Pace(entries)
    for key in FORM:
        at = [i for i, entry in enumerate(entries) if not counts(entry, key)]
        values = np.full(len(entries), math.nan)
        values[at] = pace.fairest(key, at).value[at]  # as in trends: in the way that is fair to the runs that count
        if np.isfinite(values).any():
            out[key] = (FIGURE[key].title, values)
    return out


def _asked(key: str, title: str, found: Relation | None, p: float, questions: int) -> Asked:
    if found is None:
        return Asked(key, title, FEW, None, 1.0, None, f"{title}: too few to tell.")
    more = max(0, runs_to_see(found.spread, POINT, questions) - found.n)
    span = f"{signed(found.low, 1)} to {signed(found.high, 1)}"
    if p < LEVEL:
        less_more = "more" if found.difference > 0 else "less"
        said = (
            f"{title}: goes with pain in {found.n} runs. Runs with more of it had {number(abs(found.difference), 1)} "
            f"points {less_more} ({span}). It does not show that one causes the other."
        )
        return Asked(key, title, FOUND, found, p, more, said)
    seen = (
        "A difference of one point would have been seen"
        if not more
        else f"To see one point takes about {more} more runs"
    )
    chance = "" if found.low <= 0 <= found.high else BY_ITSELF
    said = f"{title}: no relation found in {found.n} runs. Those with more of it had {span} points{chance}. {seen}."
    return Asked(key, title, NONE_FOUND, found, p, more, said)


def _said(n: int, hurt: int, enough: bool) -> list[str]:
    if enough:
        return [f"{n} runs since the first entry, {hurt} of them with pain.", NO_CAUSE]
    needs = [f"{FEWEST - n} more runs"] if n < FEWEST else []
    needs += [f"{FEWEST_EITHER - hurt} more with pain noted"] if hurt < FEWEST_EITHER else []
    needs += [f"{FEWEST_EITHER - (n - hurt)} more without"] if n and n - hurt < FEWEST_EITHER else []
    return [
        f"Too few to tell: {n} runs since the first entry, {hurt} of them with pain; {' and '.join(needs)} are needed."
    ]
