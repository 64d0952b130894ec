"""Puts a run's figures, words and charts into one HTML page."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
import vl_convert

from formclip.ground.metrics import METRIC, METRICS, Metric
from formclip.ground.run import Run, mean
from formclip.ground.text import clock, number, signed
from formclip.runs.insight.compare import Change, balance_percent, cue_effects, personal_baseline, sides, thirds
from formclip.runs.knowledge import (
    ARTICLES,
    BALANCE_GOOD,
    BALANCE_LOOK,
    CADENCE_TARGET,
    CADENCE_TARGET_CAP,
    CANNOT_SEE,
    CAUTIONS,
    EXERCISES,
    FAULTS,
    TILT_CUE_DEG,
    WARM_UP,
    Exercise,
    Fault,
)
from formclip.show.report import charts

MOST_BYTES = 2_000_000
_VEGA_LITE = "6.4"
# A change smaller than these is not spoken of, however clear the statistics: it is within what differs from day to day.
_SPOKEN_OF = {"tilt_deg": 1.0, "drop_range_deg": 1.0, "rotation_range_deg": 1.5, "cadence_spm": 3.0}


@dataclass(frozen=True)
class Card:
    """A metric's headline."""

    metric: Metric
    value: str
    band: str
    arrow: str
    trend: str


@dataclass(frozen=True)
class Row:
    """One line of a two-column comparison."""

    title: str
    unit: str
    before: str
    after: str
    difference: str
    arrow: str


_ARROWS = {-1: "↓", 0: "→", 1: "↑"}


def _card(run: Run, metric: Metric) -> Card | None:
    value = mean(run.trusted(metric.key))
    if not math.isfinite(value):
        return None
    change = thirds(run, metric.key)
    arrow, trend = "", "too few steps for a trend"
    if change is not None:
        arrow = _ARROWS[change.trend]
        trend = (
            "steady" if change.trend == 0 else f"{signed(change.difference, metric.digits)} {metric.unit} by the end"
        )
    return Card(metric, number(value, metric.digits), _band_text(run, metric, value), arrow, trend)


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
    if metric.bands:
        return "outside " + " / ".join(band.label for band in metric.bands if band.tone != "watch")
    if math.isfinite(baseline):
        return f"own baseline {number(baseline, metric.digits)} {metric.unit}"
    return ""


def _row(metric: Metric, change: Change) -> Row:
    return Row(
        metric.title,
        metric.unit,
        number(change.before, metric.digits),
        number(change.after, metric.digits),
        signed(change.difference, metric.digits),
        _ARROWS[change.trend],
    )


def _rows(run: Run, compare: Any) -> list[Row]:
    found = ((metric, compare(run, metric.key)) for metric in METRICS)
    return [_row(metric, change) for metric, change in found if change is not None]


@dataclass(frozen=True)
class Finding:
    """A fault that this run gives reason to speak of."""

    fault: Fault
    why: str
    exercises: tuple[Exercise, ...]


def findings(run: Run) -> list[Finding]:
    """The faults that the cues or clear changes over the run give reason to speak of, each with its why."""
    reasons: dict[str, list[str]] = {}
    for kind in ("overstride", "arch"):
        times = [clock(cue.t_s - float(run.on_s[0])) for cue in run.cues if cue.kind == kind]
        if times:
            many = "once" if len(times) == 1 else f"{len(times)} times"
            reasons.setdefault(kind, []).append(f"The clip cued {many}, at {', '.join(times)}.")
    for key, kind, way in (
        ("tilt_deg", "arch", 1),
        ("cadence_spm", "overstride", -1),
        ("drop_range_deg", "drop", 1),
        ("rotation_range_deg", "rotation", 1),
    ):
        change, metric = thirds(run, key), METRIC[key]
        if change is not None and change.trend == way and abs(change.difference) >= _SPOKEN_OF[key]:
            reasons.setdefault(kind, []).append(
                f"{metric.title} went from {number(change.before, metric.digits)} to "
                f"{number(change.after, metric.digits)} {metric.unit} between the first and the last third."
            )
    share = balance_percent(run)
    if share is not None and max(share, 100 - share) > BALANCE_LOOK:
        long_side = "left" if share > 50 else "right"
        reasons.setdefault("drop", []).append(
            f"Ground contact is longer on the {long_side} ({number(share, 1)} % left)."
        )
    return [
        Finding(FAULTS[kind], " ".join(why), tuple(EXERCISES[key] for key in FAULTS[kind].exercises))
        for kind, why in reasons.items()
    ]


def _cue_rows(run: Run) -> list[dict[str, str]]:
    rows = []
    for effect in cue_effects(run):
        metric = METRIC[effect.key]
        row = {
            "at": clock(effect.cue.t_s - float(run.on_s[0])),
            "kind": FAULTS[effect.cue.kind].title,
            "why": effect.cue.reason,
            "metric": f"{metric.title} ({metric.unit})",
            "before": "–",
            "after": "–",
            "difference": "too few steps",
        }
        if effect.change is not None:
            row["before"] = number(effect.change.before, metric.digits)
            row["after"] = number(effect.change.after, metric.digits)
            row["difference"] = signed(effect.change.difference, metric.digits)
        rows.append(row)
    return rows


@lru_cache(maxsize=1)
def _script() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the vl-convert package: nothing is fetched."""
    snippet = "window.vegaEmbed = vegaEmbed;"
    bundle: str = vl_convert.javascript_bundle(snippet, vl_version=_VEGA_LITE)
    return bundle.replace("</script", "<\\/script")


def _chart_list(run: Run) -> list[dict[str, Any]]:
    found = []
    for metric in METRICS:
        spec = charts.over_time(run, metric)
        if spec is not None:
            found.append({"id": f"time-{metric.key}", "metric": metric, "spec": spec})
    return found


def _cue_charts(run: Run) -> list[dict[str, Any]]:
    found = []
    for kind, key in (("overstride", "cadence_spm"), ("overstride", "braking_mps"), ("arch", "tilt_deg")):
        spec = charts.around_cues(run, kind, key)
        if spec is not None:
            found.append(
                {"id": f"cue-{kind}-{key}", "title": f"{FAULTS[kind].title}: {METRIC[key].title}", "spec": spec}
            )
    return found


def render(run: Run) -> str:
    """The whole page. A run with no step gives a page that says so."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("formclip.show.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    time_charts, cue_charts = _chart_list(run), _cue_charts(run)
    specs = {c["id"]: c["spec"] for c in (*time_charts, *cue_charts)}
    share = balance_percent(run)
    cards = [card for card in (_card(run, metric) for metric in METRICS) if card is not None]
    distance = run.distance_m()
    return environment.get_template("report.html").render(
        run=run,
        clock=clock,
        seconds=run.running_s() if len(run) else 0.0,
        distance=None if distance is None else f"{distance / 1000:.2f}",
        cards=cards,
        missing=[metric for metric in METRICS if metric.key not in {card.metric.key for card in cards}],
        findings=findings(run) if len(run) else [],
        time_charts=time_charts,
        cue_charts=cue_charts,
        cue_rows=_cue_rows(run),
        thirds=_rows(run, thirds),
        sides=_rows(run, sides),
        share=None if share is None else number(share, 1),
        share_good=None if share is None else BALANCE_GOOD[0] <= share <= BALANCE_GOOD[1],
        balance_good=BALANCE_GOOD,
        balance_look=BALANCE_LOOK,
        metrics=METRICS,
        cautions=CAUTIONS,
        cannot_see=CANNOT_SEE,
        articles=ARTICLES,
        warm_up=WARM_UP,
        cue_count={kind: sum(cue.kind == kind for cue in run.cues) for kind in ("overstride", "arch", "ok")},
        script=_script() if specs else "",
        specs=json.dumps(specs, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/"),
    )
