"""Truth against estimate, drawn: Bland-Altman plots, one point a trace, as SVG."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from formclip.lab.validate.fitted import estimate, strikes

Score = dict[str, Any]

_VEGA_LITE = "6.4"
_DIGITS = 4
# Field of the scores, file name, title, unit, factor.
PLOTS = (
    ("contact_ms", "contact", "Contact time", "ms", 1.0),
    ("tilt_deg", "tilt", "Tilt over standing", "°", 1.0),
    ("vo_cm", "oscillation", "Vertical oscillation", "mm", 10.0),
    ("speed_mps", "speed", "Speed", "m/s", 1.0),
    ("braking_mps", "braking", "Braking Δv", "m/s", 1.0),
    ("heel_ahead_cm", "heel", "Heel ahead", "cm", 1.0),
    ("rotation_range_deg", "rotation", "Rotation range in a stride", "°", 1.0),
)
_FEWEST = 5


def _points(
    scores: dict[str, Score], field: str, scale: float, held_out: dict[str, Any] | None
) -> list[dict[str, Any]]:
    points = []
    strike = strikes(scores)
    for name, score in scores.items():
        if score.get(field) is None:
            continue
        truth = scale * score[field]["truth"]
        ours = scale * estimate(score, field, held_out, name)[0]
        group = f"{score['set']}, {strike[name]}" if name in strike else str(score["set"])
        points.append(
            {
                "trace": name,
                "group": group,
                "mean": round((truth + ours) / 2, _DIGITS),
                "difference": round(ours - truth, _DIGITS),
            }
        )
    return points


def _spec(points: list[dict[str, Any]], title: str, unit: str) -> dict[str, Any]:
    difference = np.array([p["difference"] for p in points])
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    lines = [
        {"at": round(bias, _DIGITS), "label": f"mean {bias:+.3g}", "dash": "mean"},
        {"at": round(bias + 1.96 * sd, _DIGITS), "label": f"+1.96 SD {bias + 1.96 * sd:+.3g}", "dash": "limit"},
        {"at": round(bias - 1.96 * sd, _DIGITS), "label": f"−1.96 SD {bias - 1.96 * sd:+.3g}", "dash": "limit"},
    ]
    rule = {
        "data": {"values": lines},
        "layer": [
            {
                "mark": {"type": "rule", "color": "#555555"},
                "encoding": {
                    "y": {"field": "at", "type": "quantitative"},
                    "strokeDash": {
                        "field": "dash",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": ["mean", "limit"], "range": [[1, 0], [5, 4]]},
                    },
                },
            },
            {
                "mark": {"type": "text", "align": "right", "dy": -5, "color": "#555555", "x": "width"},
                "encoding": {
                    "y": {"field": "at", "type": "quantitative"},
                    "text": {"field": "label", "type": "nominal"},
                },
            },
        ],
    }
    dots = {
        "data": {"values": points},
        "mark": {"type": "point", "filled": True, "size": 45, "opacity": 0.8},
        "encoding": {
            "x": {
                "field": "mean",
                "type": "quantitative",
                "title": f"mean of truth and ours, {unit}",
                "scale": {"zero": False},
            },
            "y": {"field": "difference", "type": "quantitative", "title": f"ours − truth, {unit}"},
            "color": {"field": "group", "type": "nominal", "title": None, "scale": {"scheme": "tableau10"}},
            "shape": {"field": "group", "type": "nominal", "title": None},
        },
    }
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": f"{title}: {len(points)} traces, one point each",
        "background": "white",
        "width": 420,
        "height": 260,
        "layer": [dots, rule],
        "config": {"font": "sans-serif", "view": {"stroke": "#dddddd"}, "axis": {"gridColor": "#eeeeee"}},
    }


def draw_agreement(scores: dict[str, Score], held_out: dict[str, Any] | None) -> dict[str, str]:
    """{file name: SVG} of each figure of which enough traces have a truth."""
    import vl_convert

    out = {}
    for field, name, title, unit, scale in PLOTS:
        points = _points(scores, field, scale, held_out)
        if len(points) >= _FEWEST:
            spec = json.dumps(_spec(points, title, unit))
            out[f"{name}.svg"] = str(vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE))
    return out
