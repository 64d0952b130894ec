"""Compare: two runs or two spans of days, beside each other at one pace."""

from __future__ import annotations

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from formclip.ground.errors import FormclipError
from formclip.ground.text import number, signed, with_unit
from formclip.runs.insight.digest import FIGURE
from formclip.show.report.story import date_text
from formclip.show.ui.looks import Looks, desk_of

_MOST_OFFERED = 200


def show(request: Request, looks: Looks) -> Response:
    from formclip.runs.insight.contrast import DIFFERS, chosen, contrast  # scipy comes with it

    desk = desk_of(request)
    runs = desk.history()
    a, b = (request.query_params.get(name, "").strip() for name in ("a", "b"))
    offered = [(entry.label, entry.about.name, date_text(entry.started)) for entry in reversed(runs.entries)]
    found, problem, rows = None, "", []
    if a and b:
        try:
            found = contrast(runs, chosen(desk.store, runs, a), chosen(desk.store, runs, b))
            rows = [_row(one, DIFFERS) for one in found.contrasts]
        except FormclipError as error:
            problem = f"{error.what}. Choose from the list, or write days as 2026-09-01..2026-09-30."
    return looks.page(
        request,
        "compare.html",
        a=a or (offered[1][0] if len(offered) > 1 else ""),
        b=b or (offered[0][0] if offered else ""),
        offered=offered[:_MOST_OFFERED],
        found=found,
        rows=rows,
        problem=problem,
    )


def _row(one: Any, differs: str) -> dict[str, Any]:
    metric = FIGURE[one.key]
    digits = metric.digits + 1
    known = math.isfinite(one.difference)
    return {
        "title": one.title,
        "a": with_unit(number(one.a, digits), one.unit),
        "b": with_unit(number(one.b, digits), one.unit),
        "difference": signed(one.difference, digits) if known else "–",
        "interval": f"{signed(one.low, digits)} to {signed(one.high, digits)}" if math.isfinite(one.low) else "–",
        "said": one.said,
        "differs": one.verdict == differs,
    }
