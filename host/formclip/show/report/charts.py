"""What a run's charts show, as plain figures: drawn by draw.py, told by their tables, read off by charts.js."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from formclip.ground.metrics import METRIC, METRICS, Band, Metric
from formclip.ground.run import BOUT_GAP_S, Floats, Run
from formclip.ground.text import clock, number
from formclip.runs.insight.compare import STEPS_AROUND_CUE, cue_effects, personal_baseline
from formclip.runs.insight.findings import CUE_WORDS
from formclip.runs.knowledge import CADENCE_TARGET, FAULTS, TILT_AMBER_DEG, TILT_CUE_DEG

_MOST_POINTS = 150
_SHORTEST_BIN_S = 5.0
_FEWEST_STEPS = 4  # in a bin: fewer are the beginning or the end of a bout
_STARTING_S = 10.0  # of a bout: the runner and the filters are still getting under way
_MOST_ROWS = 16  # of a chart's table


@dataclass(frozen=True)
class Level:
    """A horizontal line with its name."""

    value: float
    label: str


@dataclass(frozen=True)
class Tick:
    """A cue in its lane."""

    x: float
    kind: str
    label: str


@dataclass(frozen=True)
class Chart:
    """One chart over an axis.

    form          how it is drawn, a function of draw.py: over, around, points
    middle, low, high   by x; NaN nowhere. of: the line that a point belongs to: lines stop between bouts
    reads         what the value is called where it is read off
    x_names       what stands on the axis and is read off in place of numbers, one for each x
    """

    key: str
    form: str
    title: str
    unit: str
    digits: int
    what: str
    x_title: str
    x_domain: tuple[float, float]
    y_domain: tuple[float, float]
    x: list[float]
    middle: list[float]
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    of: list[int] = field(default_factory=list)
    x_names: list[str] = field(default_factory=list)
    reads: str = "median"
    spread: str = "10–90 % of the steps"
    levels: list[Level] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    tone: str = "series"
    estimate: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON, with the rows of its table."""
        return asdict(self) | {"rows": self.rows(), "head": self.head()}

    def head(self) -> list[str]:
        unit = f" ({self.unit})" if self.unit else ""
        return [self.x_title, f"{self.reads}{unit}", *([self.spread] if self.low else [])]

    def rows(self) -> list[list[str]]:
        """At most so many points as a reader would hear: x, value, and the range where there is one."""
        every = max(1, math.ceil(len(self.x) / _MOST_ROWS))
        out = []
        for i in range(0, len(self.x), every):
            row = [self.x_names[i] if self.x_names else number(self.x[i], 0 if self.form == "around" else 1)]
            row.append(number(self.middle[i], self.digits))
            if self.low:
                row.append(f"{number(self.low[i], self.digits)} to {number(self.high[i], self.digits)}")
            out.append(row)
        return out


def charts_of(run: Run) -> list[Chart]:
    """Each metric over the run, then what was cued around each kind of cue."""
    over = (over_time(run, metric) for metric in METRICS)
    about = (("overstride", "cadence_spm"), ("overstride", "braking_mps"), ("arch", "tilt_deg"))
    around = (around_cues(run, kind, key) for kind, key in about)
    return [chart for chart in (*over, *around) if chart is not None]


def over_time(run: Run, metric: Metric) -> Chart | None:
    """The metric over the recording: median and 10–90 % of the steps in a bin, what it is measured by, and the cues."""
    values = run.trusted(metric.key) if len(run) else np.zeros(0)
    if not np.isfinite(values).any():
        return None
    bins, bin_s = _bins(run, values)
    if not bins:
        return None
    middle, low, high, x, of = (list(column) for column in zip(*bins, strict=True))
    levels, bands = _personal(run, metric)
    y_domain = _domain(low, high, middle, levels, bands, metric)
    ends = float(run.on_s[-1]) / 60
    return Chart(
        f"time-{metric.key}",
        "over",
        metric.title,
        metric.unit,
        metric.digits,
        f"{metric.what} Each point is the median of {bin_s:g} s.",
        "minutes since the recording began",
        (0.0, round(ends, 3)),
        y_domain,
        x,
        middle,
        [max(value, y_domain[0]) for value in low],
        [min(value, y_domain[1]) for value in high],
        of,
        levels=[level for level in levels if y_domain[0] <= level.value <= y_domain[1]],
        bands=_clip([*metric.bands, *bands], *y_domain),
        ticks=[
            Tick(round(cue.t_s / 60, 3), cue.kind, f"{CUE_WORDS.get(cue.kind, cue.kind)} at {clock(cue.t_s)}")
            for cue in run.cues
        ],
        estimate=metric.estimate,
    )


def _bins(run: Run, values: Floats) -> tuple[list[tuple[float, float, float, float, int]], float]:
    """(median, 10 %, 90 %, minute, bout) of each bin; a bin lies in one bout, so that lines stop at breaks."""
    on_s = run.on_s
    bin_s = max(_SHORTEST_BIN_S, math.ceil(float(on_s[-1] - on_s[0]) / _MOST_POINTS / 5) * 5)
    bouts = np.concatenate([[0], np.cumsum(np.diff(on_s) > BOUT_GAP_S)])
    began = on_s[np.searchsorted(bouts, bouts, "left")]
    known = np.flatnonzero(np.isfinite(values) & (on_s - began >= _STARTING_S))
    if not len(known):
        known = np.flatnonzero(np.isfinite(values))
    bout, numbers = bouts[known], (on_s[known] // bin_s).astype(int)
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(numbers) != 0) | (np.diff(bout) != 0)]))
    out = []
    for first, group in zip(starts, np.split(values[known], starts[1:]), strict=True):
        if len(group) < _FEWEST_STEPS:
            continue
        low, middle, high = (round(float(v), 4) for v in np.percentile(group, [10, 50, 90]))
        out.append((middle, low, high, round((int(numbers[first]) + 0.5) * bin_s / 60, 3), int(bout[first])))
    return out, bin_s


def _personal(run: Run, metric: Metric) -> tuple[list[Level], list[Band]]:
    """What the runner's own baseline makes of this metric's axis."""
    baseline = personal_baseline(run, metric.key)
    if not math.isfinite(baseline):
        return [], []
    levels = [Level(round(baseline, 4), "own baseline")]
    if metric.key == "cadence_spm":
        levels.append(Level(round(baseline * CADENCE_TARGET, 2), f"target +{100 * (CADENCE_TARGET - 1):.0f} %"))
    if metric.key != "tilt_deg":
        return levels, []
    amber, cue = baseline + TILT_AMBER_DEG, baseline + TILT_CUE_DEG
    return levels, [
        Band(amber, cue, f"amber, +{TILT_AMBER_DEG:.0f}°", "watch"),
        Band(cue, cue + 90, f"cue, +{TILT_CUE_DEG:.0f}°", "alert"),
    ]


def _domain(
    low: list[float], high: list[float], middle: list[float], levels: list[Level], bands: list[Band], metric: Metric
) -> tuple[float, float]:
    """What the median and nearly all of the range need, with the personal lines."""
    bottom, top = float(np.percentile(low, 2)), float(np.percentile(high, 98))
    bottom, top = min(bottom, *middle), max(top, *middle)
    for level in levels:
        bottom, top = min(bottom, level.value), max(top, level.value)
    if bands:
        top = max(top, bands[-1].low + 1)
    pad = max(0.08 * (top - bottom), 0.5 * 10.0**-metric.digits)
    return round(bottom - pad, 4), round(top + pad, 4)


def _clip(bands: list[Band], low: float, high: float) -> list[Band]:
    inside = [Band(max(b.low, low), min(b.high, high), b.label, b.tone) for b in bands]
    return [b for b in inside if b.low < b.high]


def over_days(
    key: str,
    metric: Metric,
    what: str,
    points: Sequence[tuple[datetime, float, float]],
    bands: Sequence[Band] = (),
    title: str = "",
    x_title: str = "day of the run",
    reads: str = "value of the run",
) -> Chart | None:
    """One point a run: (when, value, half of its 95 % interval or NaN)."""
    if len(points) < 2:
        return None
    first = points[0][0].timestamp()
    x = [round((at.timestamp() - first) / 86400, 3) for at, _, _ in points]
    y = [round(value, 4) for _, value, _ in points]
    reach = [half if math.isfinite(half) else 0.0 for _, _, half in points]
    low, high = ([round(v + way * h, 4) for v, h in zip(y, reach, strict=True)] for way in (-1, 1))
    bottom, top = min(*low, *(band.low for band in bands)), max(*high, *(band.high for band in bands))
    pad = max(0.1 * (top - bottom), 10.0**-metric.digits)
    edge = 0.03 * (x[-1] or 1.0)
    return Chart(
        key,
        "points",
        title or metric.title,
        metric.unit,
        metric.digits,
        what,
        x_title,
        (round(x[0] - edge, 3), round(x[-1] + edge, 3)),
        (round(bottom - pad, 4), round(top + pad, 4)),
        x,
        y,
        low if any(reach) else [],
        high if any(reach) else [],
        [0] * len(x),
        [f"{at.day} {at:%b}" for at, _, _ in points],
        reads=reads,
        spread="95 % interval",
        bands=list(bands),
        estimate=metric.estimate,
    )


def around_cues(run: Run, kind: str, key: str) -> Chart | None:
    """The metric in the 20 steps before and after the cues of a kind: their mean, step by step."""
    metric = METRIC[key]
    values = run.column(key)
    by_step: dict[int, list[float]] = {}
    cues = 0
    for effect in (e for e in cue_effects(run) if e.cue.kind == kind and e.key == key):
        at = int(np.searchsorted(run.on_s, effect.cue.t_s))
        cues += 1
        for step in range(max(0, at - STEPS_AROUND_CUE), min(len(run), at + STEPS_AROUND_CUE)):
            if math.isfinite(values[step]):
                by_step.setdefault(step - at, []).append(float(values[step]))
    if not by_step:
        return None
    steps = sorted(by_step)
    middle = [round(float(np.mean(by_step[step])), 4) for step in steps]
    low = [round(min(by_step[step]), 4) for step in steps] if cues > 1 else []
    high = [round(max(by_step[step]), 4) for step in steps] if cues > 1 else []
    pad = max(0.08 * (max(high or middle) - min(low or middle)), 0.5 * 10.0**-metric.digits)
    many = "the one cue" if cues == 1 else f"{cues} cues"
    return Chart(
        f"cue-{kind}-{key}",
        "around",
        f"{FAULTS[kind].title}: {metric.title.lower()}",
        metric.unit,
        metric.digits,
        f"{metric.title} in the steps before and after {many} to {CUE_WORDS[kind]}.",
        "steps from the cue",
        (float(-STEPS_AROUND_CUE), float(STEPS_AROUND_CUE)),
        (round(min(low or middle) - pad, 4), round(max(high or middle) + pad, 4)),
        [float(step) for step in steps],
        middle,
        low,
        high,
        [0] * len(steps),
        reads="mean of the cues",
        spread="least to most",
        tone=kind,
        estimate=metric.estimate,
    )
