"""Everything that a run's page says, as plain figures and words: made once, drawn by the report and by the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from formclip.ground.errors import printable
from formclip.ground.estimates import MEASURED, outside
from formclip.ground.metrics import METRIC, METRICS, Metric
from formclip.ground.run import Run, mean
from formclip.ground.text import clock, number, signed, with_unit
from formclip.runs.insight.compare import Change, balance_percent, cue_effects, personal_baseline, sides, thirds
from formclip.runs.insight.distance import ESTIMATE, SAID, WATCH, Distance
from formclip.runs.insight.findings import ABOUT, findings, of_run, spoken_of
from formclip.runs.knowledge import BALANCE_GOOD, CADENCE_TARGET, CADENCE_TARGET_CAP, FAULTS, TILT_CUE_DEG
from formclip.runs.store.brief import Row
from formclip.show.report.charts import Chart, charts_of

_ARROWS = {-1: "↓", 0: "→", 1: "↑"}
_USUAL = ("cadence_spm", "tilt_deg")  # the figures of a run without a finding
_MOST_FIRST = 4
_TOLD_BY = {SAID: "as you said", WATCH: "by your watch", ESTIMATE: "by the clip's own estimate"}


@dataclass(frozen=True)
class Label:
    """What a run is called and what is known of it beyond its log."""

    title: str
    told: list[str] = field(default_factory=list)
    note: str = ""
    distance: Distance | None = None  # as the record has it; None: by the log alone


def label_of(row: Row, distance: Distance | None = None) -> Label:
    """Of a run of the store: its name or date; when it was, which clip, on what. distance: as the record has it."""
    about = row.about
    when = date_text(row.started) if row.started else "date unknown"
    clip = f"clip {row.stored.clip}, run {row.stored.number}"
    told = [part for part in (clip, about.kind, about.surface, about.shoes) if part]
    title = printable(about.name) if about.name else f"Run of {when}" if row.started else "Run without a date"
    if about.name:
        told.insert(0, when)
    return Label(title, [printable(part) for part in told], about.note, distance)


def date_text(at: datetime) -> str:
    """Tue 3 Nov 2026, 07:15."""
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M}"


def tell(run: Run, label: Label) -> dict[str, Any]:
    """The run in words and figures, ready for JSON; charts as figures, not drawn."""
    found = findings(run) if len(run) else []
    changes = {metric.key: thirds(run, metric.key) for metric in METRICS}
    about = [key for one in found for key in ABOUT.get(one.fault.key, ())]
    figures = [figure for metric in METRICS if (figure := _figure(run, metric, changes[metric.key]))]
    first = [key for key in dict.fromkeys([*about, *_USUAL]) if any(f["key"] == key for f in figures)][:_MOST_FIRST]
    share = balance_percent(run) if len(run) else None
    return {
        "title": label.title,
        "told": label.told,
        "note": label.note,
        "steps": len(run),
        "running": clock(run.running_s()) if len(run) else "0:00",
        "distance": _distance(run, label),
        "sentences": of_run(run, _distance(run, label)) if len(run) else [],
        "cues": {kind: sum(cue.kind == kind for cue in run.cues) for kind in ("overstride", "arch", "ok")},
        "findings": [
            {
                "key": one.fault.key,
                "title": one.fault.title,
                "said_by": one.fault.said_by,
                "why": one.why,
                "words": one.fault.words,
                "evidence": one.fault.evidence,
                "exercises": [asdict(exercise) for exercise in one.exercises],
            }
            for one in found
        ],
        "figures": figures,
        "first": first,
        "missing": [metric.title for metric in METRICS if metric.key not in {figure["key"] for figure in figures}],
        "cue_rows": _cue_rows(run),
        "thirds": _rows(run, thirds),
        "sides": _rows(run, sides),
        "share": None if share is None else number(share, 1),
        "share_good": None if share is None else BALANCE_GOOD[0] <= share <= BALANCE_GOOD[1],
        "charts": [chart.to_dict() | {"place": _place(chart, first)} for chart in charts_of(run)],
        "doubts": [{"words": d["words"], "remedy": d["remedy"]} for d in run.summary.get("doubts", [])],
        "notes": list(dict.fromkeys([*run.summary.get("notes", []), *_outside(run)])),
        "left_empty": [METRIC[key].title for key in run.summary.get("left_empty", {}) if key in METRIC],
        "problems": list(run.summary.get("problems", [])),
        "no_cue": run.summary.get("no_cue", ""),
        "no_running": run.summary.get("no_running", ""),
    }


def _place(chart: Chart, first: list[str]) -> str:
    """Where on the page a chart stands."""
    if chart.form == "around":
        return "cues"
    return "first" if chart.key.removeprefix("time-") in first else "rest"


def _outside(run: Run) -> list[str]:
    """What of the run lies outside the runners that the estimates were measured on; a replay has it in its notes."""
    return outside({key: mean(run.trusted(key)) for key in MEASURED}) if len(run) else []


def distance_text(distance: Distance | None) -> str:
    """How far, as it is to be read, and who told it; an estimate with its interval."""
    if distance is None:
        return ""
    if distance.source != ESTIMATE:
        return f"{distance.m / 1000:.2f} km {_TOLD_BY[distance.source]}"
    width = f" ± {distance.half_width_90_m / 1000:.1f}" if distance.half_width_90_m else ""
    return f"about {distance.m / 1000:.1f}{width} km {_TOLD_BY[ESTIMATE]}"


def _distance(run: Run, label: Label) -> str:
    if label.distance is not None or not len(run) or (distance_m := run.distance_m()) is None:
        return distance_text(label.distance)
    half = distance_m * mean(run.column("speed_mps_90")) / mean(run.column("speed_mps"))
    return distance_text(Distance(distance_m, half if math.isfinite(half) else None, ESTIMATE))


def _figure(run: Run, metric: Metric, change: Change | None) -> dict[str, Any] | None:
    value = mean(run.trusted(metric.key))
    if not math.isfinite(value):
        return None
    arrow, trend = "", "too few steps for a trend"
    if change is not None:
        arrow = _ARROWS[change.trend]
        by = with_unit(signed(change.difference, metric.digits), metric.unit)
        trend = f"{by} by the end" if change.trend else "steady"
    half = mean(run.column(metric.key + "_90"))
    return {
        "key": metric.key,
        "title": metric.title,
        "value": number(value, metric.digits),
        "unit": metric.unit,
        "interval": f"{number(value - half, metric.digits)} to {number(value + half, metric.digits)}"
        if math.isfinite(half)
        else "",
        "estimate": metric.estimate,
        "arrow": arrow,
        "trend": trend,
        "changed": bool(change and change.trend and spoken_of(metric.key, change.before, change.after)),
        "band": _band_text(run, metric, value),
        "what": metric.what,
        "standing": metric.standing,
        "source": metric.source,
    }


def _band_text(run: Run, metric: Metric, value: float) -> str:
    baseline = personal_baseline(run, metric.key)
    if metric.key == "cadence_spm" and math.isfinite(baseline):
        return (
            f"own baseline {baseline:.0f}; target {baseline * CADENCE_TARGET:.0f}, "
            f"at most {baseline * CADENCE_TARGET_CAP:.0f}"
        )
    if metric.key == "tilt_deg" and math.isfinite(baseline):
        return f"own baseline {number(baseline, 1)}°, cue at {number(baseline + TILT_CUE_DEG, 1)}°"
    for band in metric.bands:
        if band.low <= value < band.high:
            return band.label
    if math.isfinite(baseline):
        return f"own baseline {with_unit(number(baseline, metric.digits), metric.unit)}"
    return ""


def _rows(run: Run, compare: Callable[[Run, str], Change | None]) -> list[dict[str, str]]:
    found = ((metric, compare(run, metric.key)) for metric in METRICS) if len(run) else ()
    return [
        {
            "title": metric.title,
            "unit": metric.unit,
            "before": number(change.before, metric.digits),
            "after": number(change.after, metric.digits),
            "difference": signed(change.difference, metric.digits),
            "arrow": _ARROWS[change.trend],
        }
        for metric, change in found
        if change is not None
    ]


def _cue_rows(run: Run) -> list[dict[str, Any]]:
    """One row a cue, with every figure that it is about."""
    rows: dict[float, dict[str, Any]] = {}
    for effect in cue_effects(run):
        metric = METRIC[effect.key]
        row = rows.setdefault(
            effect.cue.t_s,
            {
                "at": clock(effect.cue.t_s),
                "kind": effect.cue.kind,
                "title": FAULTS[effect.cue.kind].title,
                "why": effect.cue.reason,
                "figures": [],
            },
        )
        told = "too few steps to tell"
        if effect.change is not None:
            change = effect.change
            told = (
                f"{number(change.before, metric.digits)} → "
                f"{with_unit(number(change.after, metric.digits), metric.unit)} "
                f"({signed(change.difference, metric.digits)})"
            )
        row["figures"].append({"title": metric.title, "told": told})
    return list(rows.values())
