"""Pain: a log with a body to point at, what to do on a red flag, and pain beside form and load."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from formclip.ground.errors import FormclipError
from formclip.runs.redflags import RED_FLAGS, advice, raised, what_to_do
from formclip.runs.store.dates import said_time
from formclip.runs.store.pain import MOMENTS, PLACES, STRONGEST, Pain, add_pain, pains, remove_pain, resume, standing
from formclip.show.report.story import date_text
from formclip.show.ui.forms import NotFilled, moment_in, text_in, texts_in, whole_in
from formclip.show.ui.looks import Looks, back_to, desk_of

PLACE_NAMES = {
    "low-back-left": "Low back, left",
    "low-back-centre": "Low back, centre",
    "low-back-right": "Low back, right",
    "hip": "Hip",
    "knee": "Knee",
    "calf": "Calf",
    "achilles": "Achilles",
    "other": "Elsewhere",
}
MOMENT_NAMES = {
    "during": "during the run",
    "after": "right after it",
    "next-day": "the next day",
    "other": "at another time",
}


def show(request: Request, looks: Looks) -> Response:
    from formclip.runs.insight.beside import FOUND, beside  # scipy comes with it

    desk = desk_of(request)
    log = pains(desk.store)
    where = [place for place in request.query_params.getlist("where") if place in PLACES]
    found = beside(desk.history(), log, where)
    stands = standing(desk.store)
    return looks.page(
        request,
        "pain.html",
        stands=stands,
        advice=advice(stands),
        log=[_told(pain) for pain in reversed(log)],
        places=[(place, PLACE_NAMES.get(place, place)) for place in PLACES],
        moments=[(moment, MOMENT_NAMES.get(moment, moment)) for moment in MOMENTS],
        strongest=STRONGEST,
        flags=RED_FLAGS.values(),
        beside=found,
        asked=[(one, one.verdict == FOUND) for one in found.asked if one.relation is not None],
        where=where,
    )


def _told(pain: Pain) -> dict[str, Any]:
    return {
        "id": pain.id,
        "when": date_text(pain.at),
        "strength": pain.strength,
        "places": ", ".join(PLACE_NAMES.get(place, place) for place in pain.places),
        "moment": MOMENT_NAMES.get(pain.moment, pain.moment),
        "lasted": "" if pain.lasted_h is None else f"{pain.lasted_h:g} h",
        "flags": [flag.said for flag in pain.raised],
        "note": pain.note,
    }


def add(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)
    strength = whole_in(form, "strength", 0, STRONGEST)
    flags = texts_in(form, "flags")
    if strength and not flags and text_in(form, "no_flags") != "1":
        raise NotFilled("the red-flag questions are not answered", "Tick what is so, or “none of these”, and note it.")
    lasted = text_in(form, "lasted_h").replace(",", ".")
    try:
        lasted_h = float(lasted) if lasted else None
    except ValueError:
        raise NotFilled(f"“{lasted}” is no number of hours", "Write it as 2 or 0.5.") from None
    moment = text_in(form, "moment") or "other"
    try:
        pain = add_pain(
            desk.store,
            moment_in(form, "at", "now") or said_time("now"),
            strength,
            texts_in(form, "places"),
            moment,
            lasted_h,
            flags,
            text_in(form, "note"),
        )
    except FormclipError as error:
        stop = " ".join(what_to_do(raised(flags, lasted_h)))
        raise NotFilled(error.what, f"{error.next_step}. Go back: what you wrote is still there. {stop}") from None
    return back_to("/pain", "Noted. Read what stands at the top." if pain.raised else "Noted.")


def remove(request: Request, form: FormData, looks: Looks) -> Response:
    remove_pain(desk_of(request).store, whole_in(form, "entry", 0, 1 << 31))
    return back_to("/pain", "The entry is out of the log.")


def resume_cues(request: Request, form: FormData, looks: Looks) -> Response:
    """For when a clinician has seen it."""
    resume(desk_of(request).store)
    return back_to("/pain", "No red flag stands any more. The clip's mode of before comes back at its next sync.")
