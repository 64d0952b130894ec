"""Charts as SVG, drawn by Altair and vl-convert; colours are the page's CSS variables, so one serves both themes.

A first chart costs half a second and more than 200 MB, so whoever stays running has it done by a process that ends:
`python -m formclip.show.report.draw` reads a list of charts as JSON and writes a list of SVG texts.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from typing import Any

from formclip.ground.errors import FormclipError

Chart = dict[str, Any]

# Drawn in these units; the page scales it to its column. 13.5 of 380 are 12 px on a phone 390 px wide.
WIDTH, HEIGHT = 380, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 8, 40
_NAME_HALF = 14  # of a name's width, what the margin at the right does not hold
_TEXT = 13.5
_LANE = 18  # at the top, where the cues are
_VEGA_LITE = "6.4"
_MOST_NAMES = 5
_SHAPES = {"overstride": "triangle-up", "arch": "square", "ok": "circle"}


class CantDraw(FormclipError):
    """The charts can't be drawn."""

    exit_code = 1


def draw(charts: list[Chart]) -> list[str]:
    """Each chart, as `Chart.to_dict` makes it, as SVG; in this process."""
    import vl_convert

    return [_slim(vl_convert.vegalite_to_svg(spec(chart), vl_version=_VEGA_LITE)) for chart in charts]


def draw_apart(charts: list[Chart]) -> list[str]:
    """The same in a process of its own, which ends."""
    if not charts:
        return []
    done = subprocess.run(
        [sys.executable, "-m", __name__], input=json.dumps(charts).encode(), capture_output=True, check=False
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise CantDraw(f"the charts could not be drawn: {last}", "reload the page; the tables hold the same figures")
    drawn: list[str] = json.loads(done.stdout)
    return drawn


def spec(chart: Chart, checked: bool = False) -> dict[str, Any]:
    """The chart in Vega-Lite; checked against its schema at each step when asked, which takes most of the time."""
    from altair.utils.schemapi import debug_mode

    rows: dict[str, list[dict[str, Any]]] = {}
    with debug_mode(checked):
        found: dict[str, Any] = _layered(chart, rows).to_dict(validate=checked)
    return {**found, "datasets": rows}


def _layered(chart: Chart, held: dict[str, list[dict[str, Any]]]) -> Any:
    """The chart over rows by name, which are put into `held`: Altair copies whatever is in a chart at each step."""
    import altair as alt

    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    lane = _LANE if chart["ticks"] else 0
    x_scale = alt.Scale(domain=list(chart["x_domain"]), nice=False, zero=False)
    y_scale = alt.Scale(domain=list(chart["y_domain"]), nice=False, zero=False, range=[inner_h, lane])
    x_axis = alt.Axis(title=chart["x_title"], grid=False, tickCount=5, labelFlush=False, **_named(chart))
    y_axis = alt.Axis(title=None, tickCount=4, format=f".{_places(chart)}f")
    x = alt.X("x:Q", scale=x_scale, axis=x_axis)
    y = alt.Y("y:Q", scale=y_scale, axis=y_axis)

    def rows(*names: str) -> Any:
        found = [dict(zip(names, values, strict=True)) for values in zip(*(chart[n] for n in names), strict=True)]
        return fixed([{"y": row.get("middle"), **row} for row in found])

    def fixed(values: list[dict[str, Any]]) -> Any:
        name = f"rows-{len(held)}"
        held[name] = values
        return alt.Chart(alt.NamedData(name))

    layers: list[Any] = []
    for band in chart["bands"]:
        one = fixed([{"y": band["low"], "to": band["high"], "label": band["label"]}])
        layers.append(one.mark_rect(opacity=0.16, color=f"var(--{band['tone']})").encode(y=y, y2=alt.Y2("to:Q")))
        if (band["high"] - band["low"]) * inner_h > 15 * (chart["y_domain"][1] - chart["y_domain"][0]):
            layers += _words(one, "to:Q", y_scale, y_axis, inner_w, baseline="top", dy=3)
    if chart["low"]:
        area = rows("x", "low", "high", "of", "middle").mark_area(opacity=0.25, color=f"var(--{chart['tone']})")
        layers.append(
            area.encode(
                x=x, y=alt.Y("low:Q", scale=y_scale, axis=y_axis), y2=alt.Y2("high:Q"), detail=alt.Detail("of:N")
            )
        )
    line = rows("x", "middle", "of")
    if chart["form"] == "points":
        layers[-1:] = _error_bars(rows, x, y_scale, y_axis, chart) if chart["low"] else layers[-1:]
        layers.append(line.mark_line(strokeWidth=1, color=f"var(--{chart['tone']})", opacity=0.5).encode(x=x, y=y))
        layers.append(line.mark_circle(size=40, opacity=1, color=f"var(--{chart['tone']})").encode(x=x, y=y))
    else:
        layers.append(
            line.mark_line(strokeWidth=2, color=f"var(--{chart['tone']})").encode(x=x, y=y, detail=alt.Detail("of:N"))
        )
    if chart["form"] == "around":
        layers.append(fixed([{"x": 0}]).mark_rule(strokeDash=[4, 4], color="var(--muted)").encode(x=x))
    for number, level in enumerate(chart["levels"]):
        one = fixed([{"y": level["value"], "label": level["label"]}])
        layers.append(one.mark_rule(strokeDash=[5, 4], color="var(--muted)").encode(y=y))
        layers += _words(one, "y:Q", y_scale, y_axis, inner_w if number else 0, baseline="bottom", dy=-1)
    for kind in {tick["kind"] for tick in chart["ticks"]}:
        of_kind = fixed([{"x": tick["x"]} for tick in chart["ticks"] if tick["kind"] == kind])
        shape = of_kind.mark_point(
            shape=_SHAPES.get(kind, "diamond"), size=55, filled=True, opacity=1, color=f"var(--{kind}, var(--muted))"
        )
        layers.append(shape.encode(x=x, y=alt.value(lane / 2)))
    whole = alt.layer(*layers).properties(
        width=inner_w,
        height=inner_h,
        autosize=alt.AutoSizeParams(type="none"),
        padding={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
    )
    return whole.configure(
        background="transparent",
        aria=False,
        font="system-ui, sans-serif",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor="var(--muted)",
            titleColor="var(--muted)",
            gridColor="var(--line)",
            domainColor="var(--line)",
            tickColor="var(--line)",
            labelFontSize=_TEXT,
            titleFontSize=_TEXT,
            titleFontWeight="normal",
        ),
    )


def _words(one: Any, field: str, y_scale: Any, y_axis: Any, at: int, **look: Any) -> list[Any]:
    """The label of a level or band at the left or right edge, with a rim that keeps it off the lines."""
    import altair as alt

    y = alt.Y(field, scale=y_scale, axis=y_axis)
    side: dict[str, Any] = {"align": "right", "dx": -4} if at else {"align": "left", "dx": 4}
    rim = {"stroke": "var(--card)", "strokeWidth": 4, "strokeJoin": "round"}
    return [
        one.mark_text(fontSize=_TEXT - 1, **side, **look, **ink).encode(x=alt.value(at), y=y, text=alt.Text("label:N"))
        for ink in (rim, {"color": "var(--ink)"})
    ]


def _places(chart: Chart) -> int:
    """Digits after the point that tell the marks of the axis apart."""
    low, high = chart["y_domain"]
    return max(0, math.ceil(-math.log10((high - low) / 4)))


def _named(chart: Chart) -> dict[str, Any]:
    """An axis of names in place of numbers; as many as fit beside each other."""
    if not chart["x_names"]:
        return {}
    every = max(1, -(-len(chart["x"]) // _MOST_NAMES))
    names = {f"{x:g}": name for x, name in list(zip(chart["x"], chart["x_names"], strict=True))[::every]}
    low, high = chart["x_domain"]
    near = high - _NAME_HALF * (high - low) / (WIDTH - LEFT - RIGHT)  # from here a name would reach beyond the picture
    return {
        "values": chart["x"][::every],
        "labelExpr": f"({json.dumps(names, ensure_ascii=False)})[datum.value]",
        "labelAlign": {"condition": {"test": f"datum.value > {near:.4f}", "value": "right"}, "value": "center"},
    }


def _error_bars(rows: Any, x: Any, y_scale: Any, y_axis: Any, chart: Chart) -> list[Any]:
    import altair as alt

    bars = rows("x", "low", "high", "middle").mark_rule(strokeWidth=2, opacity=0.5, color=f"var(--{chart['tone']})")
    return [bars.encode(x=x, y=alt.Y("low:Q", scale=y_scale, axis=y_axis), y2=alt.Y2("high:Q"))]


_PLACE = re.compile(r'(?<= )(?:d|transform|[xy][12]?|stroke-dasharray|stroke-width)="[^"]*"')
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_IDLE = re.compile(r'<path class="(?:background|foreground)"[^>]*/>')
_ONE = re.compile(r' opacity="1"| font-family="[^"]*"| xmlns:xlink="[^"]*"| version="1.1"')
_SAID = re.compile(r' (?:aria-[a-z]+|role|class|pointer-events|stroke-miterlimit)="[^"]*"')
_SIZE = re.compile(r' width="\d+" height="\d+" viewBox')
_EMPTY = re.compile(r"<g>\s*</g>")


def _tenths(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _slim(svg: str) -> str:
    """Without what a picture behind a table does not need, in tenths of a unit, sized by its place."""
    svg = _SAID.sub("", _ONE.sub("", _IDLE.sub("", svg)))
    svg = _SIZE.sub(' aria-hidden="true" viewBox', svg, count=1)
    svg = _PLACE.sub(lambda place: _NUMBER.sub(_tenths, place[0]), svg)
    while _EMPTY.search(svg):
        svg = _EMPTY.sub("", svg)
    return svg


if __name__ == "__main__":
    json.dump(draw(json.load(sys.stdin)), sys.stdout)
