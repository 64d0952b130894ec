"""Home: what to act on, what happened last, how it goes over weeks, what to do next."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from formclip.show.ui import glance
from formclip.show.ui.example_page import is_made
from formclip.show.ui.looks import Looks, desk_of


def show(request: Request, looks: Looks) -> Response:
    desk = desk_of(request)
    seen = glance.glance(desk)
    charts: list[dict[str, Any]] = [*seen.last_chart, *seen.weeks]
    return looks.page(request, "home.html", charts=charts, seen=seen, example_made=is_made(desk))
