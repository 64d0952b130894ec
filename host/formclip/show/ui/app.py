"""Which address leads where. Every write is a POST whose form carries the page's secret."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from formclip.ground.errors import FormclipError
from formclip.show.ui import (
    about_page,
    clip_page,
    compare_page,
    example_page,
    home_page,
    import_page,
    load_page,
    pain_page,
    plan_page,
    run_page,
    trends_page,
)
from formclip.show.ui.guard import TooLarge, too_large
from formclip.show.ui.looks import BeingRead, Desk, Looks, desk_of, static_file

Read = Callable[[Request, Looks], Response]
Write = Callable[[Request, FormData, Looks], Response]
_MOST_FIELDS = 200
_SAME_PRESS_S = 2.0
_MOST_FILES = 50


def make_app(desk: Desk) -> Starlette:
    """The pages of one store. Nothing here asks who is asking: that is the Guard's."""
    looks, twice = Looks(), Twice()

    def reads(path: str, handler: Read) -> Route:
        def endpoint(request: Request) -> Response:
            return handler(request, looks)

        return Route(path, endpoint, methods=["GET"])

    def writes(path: str, handler: Write) -> Route:
        async def endpoint(request: Request) -> Response:
            async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
                if not _ours(form, request.state.secret):
                    return PlainTextResponse("This form is not of this page: reload it and try again.\n", 403)
                return await twice.once(
                    request.url.path, form, lambda: run_in_threadpool(handler, request, form, looks)
                )

        return Route(path, endpoint, methods=["POST"])

    routes = [
        reads("/", home_page.show),
        reads("/runs", run_page.listed),
        reads("/run/{clip:path}/{number:int}", run_page.show),
        reads("/run/{clip:path}/{number:int}/rest", run_page.rest),
        reads("/run/{clip:path}/{number:int}/export/{kind}", run_page.export),
        reads("/run/{clip:path}/{number:int}/delete", run_page.ask_delete),
        writes("/run/{clip:path}/{number:int}/about", run_page.say_about),
        writes("/run/{clip:path}/{number:int}/hide", run_page.hide),
        writes("/run/{clip:path}/{number:int}/delete", run_page.delete),
        writes("/run/{clip:path}/{number:int}/back", run_page.take_back),
        writes("/run/{clip:path}/{number:int}/apart", run_page.apart),
        reads("/trends", trends_page.show),
        reads("/compare", compare_page.show),
        reads("/load", load_page.show),
        reads("/pain", pain_page.show),
        writes("/pain", pain_page.add),
        writes("/pain/remove", pain_page.remove),
        writes("/pain/resume", pain_page.resume_cues),
        reads("/plan", plan_page.show),
        writes("/plan/start", plan_page.start),
        writes("/plan/stop", plan_page.end),
        writes("/plan/done", plan_page.tick),
        writes("/plan/screen", plan_page.screen),
        reads("/clip", clip_page.show),
        writes("/clip/sync", clip_page.sync),
        writes("/clip/calibrate", clip_page.calibrate),
        writes("/clip/live", clip_page.live),
        writes("/clip/stop", clip_page.stop),
        writes("/clip/settings", clip_page.settings),
        reads("/job", clip_page.job),
        Route("/job/events", clip_page.job_events, methods=["GET"]),
        reads("/import", import_page.show),
        writes("/import", import_page.upload),
        reads("/import/{key}", import_page.preview),
        writes("/import/{key}", import_page.keep),
        writes("/example/make", example_page.make),
        writes("/example/open", example_page.open_it),
        writes("/example/close", example_page.close),
        reads("/about", about_page.show),
        reads("/charts/{name}", run_page.charts),
        Route("/static/{name}", _static, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            FormclipError: _told(looks, 400),
            HTTPException: _told(looks, 404),
            TooLarge: _too_large,
            BeingRead: _being_read(looks),
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    app.state.desk = desk
    app.state.looks = looks
    return app


def _ours(form: FormData, secret: str) -> bool:
    given = form.get("secret")
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


class Twice:
    """A form that comes twice, as by a double click, is done once; the second is answered as the first.

    A form has a number that is another each time its page is shown. The same number with the same content, while the
    first is being done or soon after, is the same press.

    In        once(where, form, work)
    """

    def __init__(self) -> None:
        self._last: tuple[Any, asyncio.Task[Response], float] | None = None

    async def once(self, path: str, form: FormData, work: Callable[[], Awaitable[Response]]) -> Response:
        key = (path, [item for item in form.multi_items() if isinstance(item[1], str)])
        if self._last is not None and form.get("once"):
            same, task, began_s = self._last
            if same == key and (not task.done() or time.monotonic() - began_s < _SAME_PRESS_S):
                return await asyncio.shield(task)
        task = asyncio.ensure_future(work())
        self._last = key, task, time.monotonic()
        return await asyncio.shield(task)


def _static(request: Request) -> Response:
    found = static_file(request.path_params["name"])
    return found if found is not None else PlainTextResponse("no such file\n", 404)


def _told(looks: Looks, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    """An error as a page: what happened and what to do next."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, FormclipError):
            what, next_step, code = error.what, error.next_step, status
        else:
            code = error.status_code if isinstance(error, HTTPException) else status
            what, next_step = "There is no such page", "Go on from the menu."
            if code != 404:
                what, next_step = "The page did not understand this request", "Reload the page and try again."
        return await run_in_threadpool(looks.page, request, "error.html", code, what=what, next_step=next_step)

    return answer


def _being_read(looks: Looks) -> Callable[[Request, Exception], Awaitable[Response]]:
    """How far it is, and the page itself again in two seconds."""

    async def answer(request: Request, error: Exception) -> Response:
        done, total = error.args
        return await run_in_threadpool(looks.page, request, "reading.html", 503, done=done, total=total)

    return answer


async def _too_large(request: Request, error: Exception) -> Response:
    return too_large(error.args[0])


async def _fault(request: Request, error: Exception) -> Response:
    return PlainTextResponse(
        f"A fault in formclip itself: {type(error).__name__}. Run `formclip ui` with --debug and report it.\n", 500
    )


__all__ = ["Desk", "desk_of", "make_app"]
