"""`formclip plan`: four weeks of exercises, and what comes with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.runs.insight.evidence import BY_ITSELF, WHY_BY_ITSELF
from formclip.runs.insight.history import history
from formclip.runs.insight.plan import QUESTIONS, WEEKLY, WEEKS, Plan, plan
from formclip.runs.knowledge import CAUTIONS, EXERCISES
from formclip.runs.store.dates import said_day, said_past
from formclip.runs.store.plan import SCREENS, NoPlan, begin, say_done, say_screen, stop
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json

_DAY = click.option("--at", default="today", show_default=True, metavar="DAY", help="As 2026-11-03, or `yesterday`.")


@click.group("plan", short_help="Four weeks of exercises, from what your runs point to.")
def plan_command() -> None:
    """Four weeks of exercises, from what your runs point to.

    Lower-limb strength first, then what findings and screens add; with an end.
    """


def _now(folder: Path | None, as_json: bool, today: date) -> Plan:
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        return plan(store, history(store, on_done), today)


@plan_command.command("show")
@_DAY
@store_option
@json_option
def plan_show(at: str, folder: Path | None, as_json: bool) -> None:
    """What to do, how each is done, and what has moved."""
    found = _now(folder, as_json, said_day(at))
    if as_json:
        tell_json(plain(found))
        return
    for line in _lines(found):
        tell(line)


@plan_command.command("start")
@_DAY
@store_option
@json_option
def plan_start(at: str, folder: Path | None, as_json: bool) -> None:
    """Begin four weeks with the exercises that `plan show` proposes."""
    day = said_day(at)
    found = _now(folder, as_json, day)
    if found.red_flags:
        raise NoPlan("a red flag stands in the pain log", "formclip pain list says what to do")
    if found.week:
        raise NoPlan(f"a plan is under way until {found.ends}", "formclip plan stop ends it")
    begun = begin(Store(folder), day, WEEKS, [one.key for one in found.items])
    if as_json:
        tell_json(plain(begun))
        return
    tell(f"begun on {begun.began}: {begun.weeks} weeks, {len(begun.keys)} exercises; next: formclip plan show")


@plan_command.command("stop")
@_DAY
@store_option
@json_option
def plan_stop(at: str, folder: Path | None, as_json: bool) -> None:
    """End the plan before its four weeks are over."""
    ended = stop(Store(folder), said_day(at))
    if as_json:
        tell_json(plain(ended))
        return
    tell(f"the plan of {ended.began} is ended")


@plan_command.command("done")
@click.argument("what", metavar="[WHAT]...", nargs=-1, type=click.Choice([*WEEKLY, *EXERCISES]))
@_DAY
@click.option("--note", default="", help="What else you want to keep.")
@store_option
@json_option
def plan_done(what: tuple[str, ...], at: str, note: str, folder: Path | None, as_json: bool) -> None:
    """Note what was done; without WHAT, a whole strength session."""
    said_past(at)
    one = say_done(Store(folder), said_day(at), what or ("strength",), note)
    if as_json:
        tell_json(plain(one))
        return
    tell(f"{one.day}: {', '.join(one.what)}")


@plan_command.command("screen")
@click.argument("name", metavar="NAME", type=click.Choice(SCREENS))
@click.argument("result")
@_DAY
@store_option
@json_option
def plan_screen(name: str, result: str, at: str, folder: Path | None, as_json: bool) -> None:
    """Note a screen: plank SECONDS, bridge yes|no, lunge yes|no.

    Plank: how long with the body in one line. Bridge: are the glutes felt?
    Lunge: is the front of the hip free? What fails adds to the next plan.
    """
    said_past(at)
    one = say_screen(Store(folder), said_day(at), name, result)
    if as_json:
        tell_json(plain(one) | {"passed": one.passed})
        return
    tell(f"{one.day}: {one.name} {one.result}, {'nothing to add' if one.passed else 'adds to the next plan'}")


def _lines(found: Plan) -> list[str]:
    out = []
    if found.week and found.begun is not None:
        out.append(f"Week {found.week} of {found.begun.weeks}, until {found.ends}")
    elif not found.red_flags:
        out.append("Proposed; formclip plan start begins it")
    if found.red_flags:
        return [*found.said, "", *CAUTIONS]
    out += [*found.said, *found.hurts.said]
    for one in found.items:
        dose = f": {one.dose}" if one.dose else ""
        out += ["", f"  {one.title}{dose} ({one.source})", f"    {one.how}"]
        out += [f"    {one.why}"] if one.why not in found.said else []
    if found.begun is not None:
        weeks = ", ".join(str(count) for count in found.sessions)
        last = "" if found.week else " of the last plan"
        out += ["", f"Strength sessions by week{last}: {weeks} (2 to 3 a week)"]
    out += ["", "This week:"]
    for check in found.weekly:
        counted = "" if check.done is None or not check.of else f"  {check.done} of {check.of}"
        if check.key == "distance":
            counted = "  kept so far" if check.done else "  passed"
        out.append(f"  {check.said}{counted}")
    out += [f"Not screened yet: {QUESTIONS[name]} formclip plan screen {name}" for name in found.to_screen]
    if found.begun is not None:
        out += ["", "The four weeks before the plan against its third week and later; what moved it is not known:"]
        out += [f"  {one.title}: {one.said}" for one in found.moved] or ["  Too early to tell."]
        out += [f"  {WHY_BY_ITSELF}"] if any(BY_ITSELF in one.said for one in found.moved) else []
    out += found.course.said
    return [*out, "", *CAUTIONS]
