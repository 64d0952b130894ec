"""The record at a glance: what Home shows, from what the index keeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from formclip.ground.text import clock
from formclip.runs.insight.acts import NOTE, Act, acts
from formclip.runs.insight.baseline import OF, baseline, since_of
from formclip.runs.insight.digest import FIGURE, Digest
from formclip.runs.insight.distance import Distance
from formclip.runs.insight.findings import three_sentences
from formclip.runs.insight.history import Entry
from formclip.runs.store.brief import Row
from formclip.runs.store.pain import standing
from formclip.runs.store.plan import done, plans
from formclip.show.report.charts import Chart, over_days
from formclip.show.report.story import distance_text, label_of
from formclip.show.ui.looks import Desk, address

_WEEKS_OF = ("cadence_spm", "tilt_deg")
_MOST_RUNS = 60


@dataclass(frozen=True)
class Glance:
    """acts, the last run in words and one picture, lines over weeks, and what to do next."""

    acts: list[Act] = field(default_factory=list)
    runs: int = 0
    last: Row | None = None
    last_address: str = ""
    last_title: str = ""
    last_told: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    last_chart: list[dict[str, Any]] = field(default_factory=list)
    weeks: list[dict[str, Any]] = field(default_factory=list)
    next: list[Act] = field(default_factory=list)


def glance(desk: Desk) -> Glance:
    runs = desk.history()
    entries = runs.entries
    found = acts(desk.store, runs)
    if not entries:
        return Glance(found, len(desk.rows()))
    last = entries[-1]
    row = desk.row(last.stored.clip, last.stored.number)
    assert row is not None
    label = label_of(row)
    return Glance(
        found,
        len(entries),
        row,
        address(last.stored),
        label.title,
        label.told,
        in_short(last.digest, desk.distance(row))["sentences"],
        _one_picture(last),
        [chart for key in _WEEKS_OF if (chart := over_weeks(entries, key))],
        next_steps(desk),
    )


def next_steps(desk: Desk) -> list[Act]:
    """What to do next, apart from what there is to act on."""
    own = desk.once("baseline", lambda runs: baseline(runs, since_of(desk.store)))
    found = [] if standing(desk.store) else [_of_plan(desk, date.today())]
    if not own.steady:
        found.append(Act(NOTE, f"Your baseline: run {own.runs} of {OF}", " ".join(own.said), ""))
    return found


def _of_plan(desk: Desk, today: date) -> Act:
    begun = plans(desk.store)[-1:]
    if not begun or begun[0].stopped is not None or today >= begun[0].began + timedelta(weeks=begun[0].weeks):
        text = "Strength for the legs first, then what your runs point to: four weeks, two to three sessions each."
        return Act(NOTE, "Begin a plan", text, "plan")
    if today < begun[0].began:
        return Act(NOTE, f"Your plan begins on {begun[0].began}", "Two to three strength sessions a week.", "plan")
    week = (today - begun[0].began).days // 7 + 1
    monday = today - timedelta(days=today.weekday())
    days = {one.day for one in done(desk.store) if one.day >= monday and ({"strength", *begun[0].keys} & set(one.what))}
    many = "one strength session" if len(days) == 1 else f"{len(days)} strength sessions"
    return Act(
        NOTE, f"Your plan: week {week} of {begun[0].weeks}", f"This week you did {many} of two to three.", "plan"
    )


def in_short(digest: Digest, found: Distance | None) -> dict[str, Any]:
    """A run in words, without reading its log."""
    if digest.problem:
        return {"sentences": [], "steps": 0, "running": "0:00", "distance": "", "cues": {}}
    distance = distance_text(found)
    return {
        "sentences": three_sentences(
            digest.running_s,
            digest.means.get("cadence_spm", [math.nan])[0],
            distance,
            digest.cues,
            {key: (first, last, int(trend)) for key, (first, last, trend) in digest.thirds.items()},
        ),
        "steps": digest.steps,
        "running": clock(digest.running_s),
        "distance": distance,
        "cues": {"overstride": 0, "arch": 0, **digest.cues},
    }


def _one_picture(entry: Entry) -> list[dict[str, Any]]:
    """The figure that the last run's cues were about, minute by minute; cadence where there was none."""
    cues = entry.digest.cues
    key = "tilt_deg" if cues.get("arch", 0) > cues.get("overstride", 0) else "cadence_spm"
    minutes = entry.digest.minutes
    value, t_s = minutes.get(key), minutes.get("t_s")
    if value is None or t_s is None:
        return []
    known = [(float(t) / 60 + 0.5, float(v)) for t, v in zip(t_s, value, strict=True) if math.isfinite(v)]
    if len(known) < 2:
        return []
    metric = FIGURE[key]
    x, y = [round(one[0], 2) for one in known], [round(one[1], 3) for one in known]
    pad = max(0.15 * (max(y) - min(y)), 2 * 10.0**-metric.digits)
    whole = Chart(
        f"last-{key}",
        "over",
        metric.title,
        metric.unit,
        metric.digits,
        "Each point is the mean of a minute of your last run.",
        "minutes since the recording began",
        (0.0, round(x[-1] + 0.5, 2)),
        (round(min(y) - pad, 3), round(max(y) + pad, 3)),
        x,
        y,
        of=[0] * len(x),
        reads="mean of the minute",
        estimate=metric.estimate,
    )
    return [whole.to_dict()]


def over_weeks(entries: Sequence[Entry], key: str) -> dict[str, Any] | None:
    """A figure of the last runs as they were run, one point a run, with the run's own uncertainty."""
    known = [entry for entry in entries[-_MOST_RUNS:] if key in entry.digest.means]
    chart = over_days(
        f"weeks-{key}",
        FIGURE[key],
        f"One point a run, the last {len(known)}, as run. The bar holds the run's mean in 95 of 100.",
        [(entry.started, *_with_half(entry.digest.means[key])) for entry in known],
    )
    return None if chart is None else chart.to_dict()


def _with_half(mean: list[float]) -> tuple[float, float]:
    value, error = mean
    return value, 1.96 * error
