"""Vega-Lite charts of a run, coloured by the page's CSS variables so that one chart serves both themes."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np

from formclip.ground.metrics import METRIC, Band, Metric
from formclip.ground.run import BOUT_GAP_S, Floats, Run
from formclip.runs.insight.compare import STEPS_AROUND_CUE, cue_effects, personal_baseline
from formclip.runs.knowledge import TILT_AMBER_DEG, TILT_CUE_DEG

_MOST_POINTS = 360
_SHORTEST_BIN_S = 5.0
_TONE = {"good": "var(--good)", "note": "var(--note)", "watch": "var(--watch)", "alert": "var(--alert)"}
CUE_COLOUR = {"overstride": "var(--overstride)", "arch": "var(--arch)", "ok": "var(--ok)"}
_CUE_TITLE = {"overstride": "quick feet", "arch": "tuck", "ok": "back in range"}

Spec = dict[str, Any]
Rows = list[dict[str, Any]]


def _data(rows: Rows) -> Any:
    return alt.InlineData(values=rows)


def over_time(run: Run, metric: Metric) -> Spec | None:
    """The metric over the run: median and 10–90 % of the steps in a bin, its bands, and the cues on it."""
    values = run.column(metric.key)
    if len(run) == 0 or not np.isfinite(values).any():
        return None
    table, bin_s = _bins(run, values)
    bands = [*metric.bands, *_personal_bands(run, metric)]
    low, high = _domain(values, run, metric)
    y = alt.Y("middle:Q", title=metric.unit, scale=alt.Scale(domain=[low, high], nice=False, zero=False))
    x = alt.X("minute:Q", title="minutes", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False))
    layers: list[Any] = []
    shown = _clip(bands, low, high)
    if shown:
        frame = _data([{"low": b.low, "high": b.high, "label": b.label, "tone": _TONE[b.tone]} for b in shown])
        layers.append(
            alt.Chart(frame)
            .mark_rect(opacity=0.16)
            .encode(
                y=alt.Y("low:Q", title=metric.unit),
                y2="high:Q",
                color=alt.Color("tone:N", scale=None),
                tooltip=[alt.Tooltip("label:N", title="band")],
            )
        )
    tips = [
        alt.Tooltip("minute:Q", title="minute", format=".1f"),
        alt.Tooltip("middle:Q", title=f"median ({metric.unit})", format=f".{metric.digits}f"),
        alt.Tooltip("low:Q", title="10 %", format=f".{metric.digits}f"),
        alt.Tooltip("high:Q", title="90 %", format=f".{metric.digits}f"),
    ]
    base = alt.Chart(_data(table))
    layers.append(
        base.mark_area(opacity=0.25, color="var(--series)", clip=True).encode(
            x=x, y=alt.Y("low:Q", title=metric.unit), y2="high:Q", detail="bout:N"
        )
    )
    layers.append(
        base.mark_line(color="var(--series)", strokeWidth=1.8, clip=True).encode(
            x=x, y=y, detail="bout:N", tooltip=tips
        )
    )
    baseline = personal_baseline(run, metric.key)
    if math.isfinite(baseline):
        tip = alt.Tooltip("baseline:Q", title="own baseline", format=f".{metric.digits}f")
        layers.append(
            alt.Chart(_data([{"baseline": baseline}]))
            .mark_rule(strokeDash=[4, 4], color="var(--muted)")
            .encode(y="baseline:Q", tooltip=[tip])
        )
    cues = _cue_layer(run)
    if cues is not None:
        layers.append(cues)
    return _finish(alt.layer(*layers).properties(width="container", height=150, description=_describe(metric, bin_s)))


def _describe(metric: Metric, bin_s: float) -> str:
    return f"{metric.title} over the run: median and 10 to 90 percent of the steps in bins of {bin_s:.0f} s"


def _cue_layer(run: Run) -> Any | None:
    if not run.cues:
        return None
    start = float(run.on_s[0])
    frame = _data(
        [
            {
                "minute": (cue.t_s - start) / 60,
                "cue": _CUE_TITLE.get(cue.kind, cue.kind),
                "colour": CUE_COLOUR.get(cue.kind, "var(--muted)"),
                "why": cue.reason,
            }
            for cue in run.cues
        ]
    )
    return (
        alt.Chart(frame)
        .mark_rule(strokeWidth=2)
        .encode(
            x="minute:Q",
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("cue:N", title="cue"),
                alt.Tooltip("minute:Q", format=".1f"),
                alt.Tooltip("why:N", title="why"),
            ],
        )
    )


def _bins(run: Run, values: Floats) -> tuple[Rows, float]:
    """Median, 10 and 90 % per bin; a bout has a number of its own, so that lines stop at breaks."""
    since = run.on_s - run.on_s[0]
    bin_s = max(_SHORTEST_BIN_S, math.ceil(float(since[-1]) / _MOST_POINTS))
    known = np.flatnonzero(np.isfinite(values))
    bout = np.concatenate([[0], np.cumsum(np.diff(run.on_s) > BOUT_GAP_S)])[known]
    number = (since[known] // bin_s).astype(int)
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(number) != 0) | (np.diff(bout) != 0)]))
    rows: Rows = []
    for first, group in zip(starts, np.split(values[known], starts[1:]), strict=True):
        low, middle, high = (round(float(v), 4) for v in np.percentile(group, [10, 50, 90]))
        minute = round((int(number[first]) + 0.5) * bin_s / 60, 3)
        rows.append({"minute": minute, "bout": int(bout[first]), "low": low, "middle": middle, "high": high})
    return rows, bin_s


def _domain(values: Floats, run: Run, metric: Metric) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = (float(v) for v in np.percentile(known, [1, 99]))
    baseline = personal_baseline(run, metric.key)
    if metric.key == "tilt_deg" and math.isfinite(baseline):
        high = max(high, baseline + TILT_CUE_DEG + 1)
    if math.isfinite(baseline):
        low, high = min(low, baseline), max(high, baseline)
    pad = max(0.08 * (high - low), 0.5 * 10.0**-metric.digits)
    return low - pad, high + pad


def _personal_bands(run: Run, metric: Metric) -> list[Band]:
    baseline = personal_baseline(run, metric.key)
    if metric.key != "tilt_deg" or not math.isfinite(baseline):
        return []
    amber, cue = baseline + TILT_AMBER_DEG, baseline + TILT_CUE_DEG
    return [
        Band(amber, cue, f"amber: own baseline +{TILT_AMBER_DEG:.0f}°", "watch"),
        Band(cue, cue + 90, f"cue: own baseline +{TILT_CUE_DEG:.0f}°", "alert"),
    ]


def _clip(bands: list[Band], low: float, high: float) -> list[Band]:
    inside = [Band(max(b.low, low), min(b.high, high), b.label, b.tone) for b in bands]
    return [b for b in inside if b.low < b.high]


def around_cues(run: Run, kind: str, key: str) -> Spec | None:
    """The metric in the 20 steps before and after every cue of a kind, and their mean."""
    metric = METRIC[key]
    rows = []
    for number, effect in enumerate(e for e in cue_effects(run) if e.cue.kind == kind and e.key == key):
        at = int(np.searchsorted(run.on_s, effect.cue.t_s))
        for step in range(max(0, at - STEPS_AROUND_CUE), min(len(run), at + STEPS_AROUND_CUE)):
            value = float(run.column(key)[step])
            if math.isfinite(value):
                rows.append({"step": step - at, "value": round(value, 4), "cue": f"cue {number + 1}"})
    if not rows:
        return None
    frame = _data(rows)
    x = alt.X("step:Q", title="steps from the cue", axis=alt.Axis(grid=False))
    y = alt.Y("value:Q", title=metric.unit, scale=alt.Scale(zero=False))
    tips = ["cue:N", "step:Q", alt.Tooltip("value:Q", format=f".{metric.digits}f")]
    single = (
        alt.Chart(frame)
        .mark_line(opacity=0.35, strokeWidth=1, color=CUE_COLOUR[kind])
        .encode(x=x, y=y, detail="cue:N", tooltip=tips)
    )
    middle = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5, color=CUE_COLOUR[kind])
        .encode(x=x, y=alt.Y("mean(value):Q", title=metric.unit))
    )
    moment = alt.Chart(_data([{"step": 0}])).mark_rule(color="var(--muted)", strokeDash=[4, 4]).encode(x="step:Q")
    title = f"{metric.title} around each {_CUE_TITLE[kind]} cue"
    return _finish(alt.layer(single, middle, moment).properties(width="container", height=150, description=title))


def _finish(chart: Any) -> Spec:
    spec: Spec = chart.configure(
        background="transparent",
        font="system-ui, sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor="var(--muted)",
            titleColor="var(--muted)",
            gridColor="var(--line)",
            domainColor="var(--line)",
            tickColor="var(--line)",
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            tickCount=5,
        ),
    ).to_dict()
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec
