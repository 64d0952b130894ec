"""Plan: four weeks of exercises to tick off, screens, the weekly list, and what has moved."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from formclip.runs.knowledge import EXERCISES
from formclip.runs.store.dates import said_day
from formclip.runs.store.plan import NO, SCREENS, YES, NoPlan, begin, done, say_done, say_screen, stop
from formclip.show.ui.forms import NotFilled, text_in, texts_in
from formclip.show.ui.looks import Desk, Looks, back_to, desk_of


def show(request: Request, looks: Looks) -> Response:
    from formclip.runs.insight.plan import QUESTIONS, WEEKLY

    desk = desk_of(request)
    found = _plan(desk)
    today = date.today()
    ticked = {key for one in done(desk.store) if one.day == today for key in one.what}
    return looks.page(
        request,
        "plan.html",
        plan=found,
        today=today,
        ticked=ticked,
        weekly=[(check, WEEKLY[check.key]) for check in found.weekly],
        screens=[(name, QUESTIONS[name], name == "plank", _latest(found, name)) for name in SCREENS],
        yes=YES,
        no=NO,
        has_runs=bool(desk.history().entries),
    )


def _plan(desk: Desk) -> Any:
    from formclip.runs.insight.plan import plan  # scipy comes with it
    from formclip.runs.insight.trends import trends

    lines = desk.once(("trends", None, None), trends)
    return plan(desk.store, desk.history(), date.today(), lines)


def _latest(found: Any, name: str) -> Any:
    return next((screen for screen in reversed(found.screens) if screen.name == name), None)


def start(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)
    found = _plan(desk)
    if found.red_flags:
        raise NoPlan("a red flag stands in the pain log", "Read on the page Pain what to do.")
    if found.week:
        return back_to("/plan", "A plan is under way already.")
    from formclip.runs.insight.plan import WEEKS

    begun = begin(desk.store, date.today(), WEEKS, [one.key for one in found.items])
    return back_to("/plan", f"Begun: {begun.weeks} weeks, {len(begun.keys)} exercises.")


def end(request: Request, form: FormData, looks: Looks) -> Response:
    stop(desk_of(request).store, date.today())
    return back_to("/plan", "The plan is ended.")


def tick(request: Request, form: FormData, looks: Looks) -> Response:
    """What was done on a day: exercises, or lines of the weekly list."""
    from formclip.runs.insight.plan import WEEKLY

    what = texts_in(form, "what")
    unknown = [one for one in what if one not in WEEKLY and one not in EXERCISES]
    if unknown or not what:
        raise NotFilled("nothing that a plan has was ticked", "Tick what you have done, and keep it.")
    day = said_day(text_in(form, "at") or "today")
    if day > date.today():
        raise NotFilled(f"{day} has not come yet", "Check the date.")
    one = say_done(desk_of(request).store, day, what, text_in(form, "note"))
    return back_to("/plan", f"Kept for {one.day}.")


def screen(request: Request, form: FormData, looks: Looks) -> Response:
    one = say_screen(desk_of(request).store, date.today(), text_in(form, "name"), text_in(form, "result"))
    return back_to("/plan", f"Kept: {one.name}, {one.result}{' s' if one.name == 'plank' else ''}.")
