"""Ten seconds of a recording, all axes, drawn as SVG: the picture of `formclip import --plot`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.files import write_whole
from formclip.ground.trace import Block, Given, open_trace
from formclip.lab.importing import Preview

_VEGA_LITE = "6.4"
_SHOWN_S = 10.0


def plot(paths: Sequence[Path], given: Given | None, preview: Preview, to: Path) -> None:
    """Draw the ten seconds that the preview shows; FileError where it can't be written."""
    import vl_convert

    trace = open_trace(paths[0], given, paths[1:])
    start = preview.picture_from_s
    rows: list[dict[str, Any]] = []
    for piece in trace.pieces():
        if not isinstance(piece, Block):
            continue
        index = np.arange(piece.index, piece.index + piece.samples.shape[1])
        seconds = index / trace.rate_hz
        inside = (seconds >= start) & (seconds < start + _SHOWN_S)
        for sensor, first in (("acceleration, g", 0), *((("turning, deg/s", 3),) if trace.has_gyro else ())):
            for axis in range(3):
                values = piece.samples[first + axis, inside]
                rows += [
                    {"s": round(s, 4), "v": round(v, 4), "axis": "xyz"[axis], "sensor": sensor}
                    for s, v in zip(seconds[inside].tolist(), values.tolist(), strict=True)
                ]
        if seconds[-1] > start + _SHOWN_S:
            break
    spec = {
        "data": {"values": rows},
        "title": f"{preview.name}: {preview.source}",
        "width": 720,
        "height": 160,
        "mark": {"type": "line", "strokeWidth": 1},
        "encoding": {
            "x": {"field": "s", "type": "quantitative", "title": "seconds", "scale": {"nice": False, "zero": False}},
            "y": {"field": "v", "type": "quantitative", "title": None},
            "color": {"field": "axis", "type": "nominal"},
            "row": {"field": "sensor", "type": "nominal", "title": None},
        },
        "resolve": {"scale": {"y": "independent"}},
    }
    write_whole(to, vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=_VEGA_LITE))
