"""About: what is estimated and how well, what a clip cannot see, where the words come from."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from formclip.ground.metrics import METRICS
from formclip.ground.version import VERSION
from formclip.runs.knowledge import EXERCISES, FAULTS
from formclip.show.ui.looks import Looks, desk_of


def show(request: Request, looks: Looks) -> Response:
    desk = desk_of(request)
    return looks.page(
        request,
        "about.html",
        metrics=METRICS,
        faults=FAULTS.values(),
        exercises=EXERCISES.values(),
        version=VERSION,
        folder=str(desk.store.folder),
    )
