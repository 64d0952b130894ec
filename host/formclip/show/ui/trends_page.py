"""Trends: each figure over the weeks, what of it is more than chance, and what is not."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from formclip.ground.errors import FormclipError
from formclip.ground.metrics import Band
from formclip.ground.text import number, with_unit
from formclip.runs.insight.digest import FIGURE
from formclip.runs.knowledge import FAULTS
from formclip.show.report.charts import over_days
from formclip.show.ui.looks import Looks, desk_of

_ALWAYS = ("cadence_spm", "tilt_deg")  # drawn also where nothing was found


def show(request: Request, looks: Looks) -> Response:
    from formclip.runs.insight.cued import what_cues_did  # scipy comes with these
    from formclip.runs.insight.trends import LEVELS, how, trends

    since, until = (day_in(request, name) for name in ("since", "until"))
    found = desk_of(request).once(("trends", since, until), lambda runs: trends(runs, since, until))
    rows: list[dict[str, Any]] = []
    for one in found.trends:
        metric = FIGURE[one.key]
        usual = ""
        bands = []
        if one.usual is not None and one.family == LEVELS:
            low, middle, high = one.usual
            usual = f"{number(low, metric.digits)} to {with_unit(number(high, metric.digits), metric.unit)}"
            bands = [Band(low, high, "8 of 10 runs", "note")]
        chart = None
        if one.found or (one.family == LEVELS and one.key in _ALWAYS):
            points = [(point.started, point.value, 1.96 * point.error) for point in one.points]
            chart = over_days(f"trend-{one.family}-{one.key}", metric, one.said, points, bands, one.title)
        rows.append(
            {
                "title": one.title,
                "found": one.found,
                "usual": usual,
                "how": how(one.by),
                "said": one.said,
                "left_out": one.left_out,
                "chart": chart.to_dict() if chart is not None else None,
            }
        )
    return looks.page(
        request,
        "trends.html",
        charts=[row["chart"] for row in rows if row["chart"]],
        rows=rows,
        found=found,
        cued=desk_of(request).once(("cued", since), lambda runs: what_cues_did(runs, since)),
        faults=FAULTS,
        since=since or "",
        until=until or "",
    )


def day_in(request: Request, name: str) -> date | None:
    """A day of the address's query.

    Errors    FormclipError for one that is none
    """
    text = request.query_params.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FormclipError(f"“{text}” is no day", "Write it as 2026-11-03.") from None
