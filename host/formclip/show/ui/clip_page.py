"""The clip: sync, calibrate, watch a run as it happens, and its settings.

A clip is talked to in a job's own thread, with an event loop of its own, so that a page never waits for the radio.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from formclip.ground.errors import FormclipError
from formclip.ground.text import number
from formclip.runs.insight.acts import firmware_version, settings_wait
from formclip.runs.insight.carry import heed_red_flags
from formclip.runs.store.bin import empty_bin
from formclip.runs.sync.setting import checked, words
from formclip.show.ui.forms import text_in
from formclip.show.ui.jobs import RUNNING, Job
from formclip.show.ui.looks import Desk, Looks, address, desk_of

_LOOK_S = 8.0
_EVENTS_EVERY_S = 0.25
_TRAILING_UNIT = re.compile(r"_(pct|s|ms|deg|spm|cm|kg|mv|min)$")
_FIRST = (
    "mode",
    "cue_overstride",
    "cue_arch",
    "cue_ok",
    "warmup_s",
    "overstride_rule",
    "cadence_target_pct",
    "tilt_cue_deg",
    "strength_pct",
    "metronome_spm",
    "faded",
    "auto_start",
    "height_cm",
)


def show(request: Request, looks: Looks) -> Response:
    desk = desk_of(request)
    clips: list[dict[str, Any]] = [
        {
            "name": name,
            "firmware": firmware_version(firmware) or firmware,
            "runs": runs,
            "waiting": words(desk.store.wanted(name)),
        }
        for name, _, firmware, runs in desk.store.clips()
    ]
    chosen = request.query_params.get("clip") or (clips[0]["name"] if clips else "")
    known = any(clip["name"] == chosen for clip in clips)
    return looks.page(
        request,
        "clip.html",
        clips=clips,
        chosen=chosen if known else "",
        settings=_settings(desk, chosen) if known else [],
        job=desk.jobs.current,
        refresh=desk.jobs.running,
    )


def sync(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)
    pair, keep = text_in(form, "pair") == "1", text_in(form, "keep") == "1"

    def work(job: Job) -> None:
        from formclip.runs.sync.client import Listed, Progress
        from formclip.runs.sync.rounds import go_round
        from formclip.runs.sync.visit import Visit

        def progress(listed: Listed) -> Progress:
            return job.count

        def on_visit(done: Visit) -> None:
            for stored in done.fetched:
                job.say(f"{stored.label}: {stored.size_b / 1000:,.0f} kB fetched")
                job.lead = (address(stored), "Look at the run")
            if not done.fetched:
                job.say(f"{done.clip}: nothing new, {len(done.known)} known")
            for name, value in done.given.items():
                job.say(f"{done.clip}: {name} is now {value}")
            for one in done.carried:
                job.say(f"{done.clip} has now {one.plainly}: {one.said}")
            for name, why in done.refused.items():
                job.say(f"{done.clip}: {name} was not taken and waits on: {why}")
            for session, why in done.skipped:
                job.say(f"{done.clip}/{session} left on the clip: {why}")

        empty_bin(desk.store)
        failed = _talk(
            go_round(
                desk.store,
                text_in(form, "clip") or None,
                _LOOK_S,
                pair,
                keep,
                on_visit,
                lambda seen, error: job.say(f"{seen.name}: {error}"),
                progress,
            ),
            job,
        )
        if failed is not None:
            raise failed

    desk.jobs.start("sync", "Fetching runs from the clip", work)
    return RedirectResponse("/clip", 303)


def calibrate(request: Request, form: FormData, looks: Looks) -> Response:
    desk, squeeze = desk_of(request), text_in(form, "squeeze") == "1"

    def work(job: Job) -> None:
        from formclip.runs.sync.reach import with_one
        from formclip.runs.sync.zero import zero

        async def act() -> str:
            zeroed = await with_one(
                text_in(form, "clip") or None, _LOOK_S, False, lambda client: zero(client, squeeze, job.say)
            )
            return zeroed.said

        job.say(_talk(act(), job))

    desk.jobs.start("calibrate", "Calibrating the clip", work)
    return RedirectResponse("/clip", 303)


def live(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)

    def work(job: Job) -> None:
        from formclip.runs.sync.client import ClipClient
        from formclip.runs.sync.live import Minute, follow
        from formclip.runs.sync.reach import with_one

        minute = Minute()

        async def watch(client: ClipClient) -> None:
            await client.live(True)
            job.say("watching")
            await follow(client, None, minute.add, minute.hear, lambda: job.show(**_last_minute(minute)))

        _talk(with_one(text_in(form, "clip") or None, _LOOK_S, False, watch), job)

    desk.jobs.start("live", "Watching a run as it happens", work)
    return RedirectResponse("/clip", 303)


def stop(request: Request, form: FormData, looks: Looks) -> Response:
    desk_of(request).jobs.stop()
    return RedirectResponse("/clip", 303)


def settings(request: Request, form: FormData, looks: Looks) -> Response:
    """Every setting that differs from what the clip is known to have is kept for its next sync."""
    desk, clip = desk_of(request), text_in(form, "clip")
    if clip not in [name for name, *_ in desk.store.clips()]:
        raise FormclipError("this clip is not known here", "Sync it once, then set it.")
    changed, wrong = 0, []
    for row in _settings(desk, clip):
        if row["name"] not in form:
            continue
        given = text_in(form, row["name"])
        if given == row["value"]:
            continue
        try:
            value = checked(row["name"], given)
            heed_red_flags(desk.store.folder, {row["name"]: value})
            desk.store.want(clip, row["name"], value)
            changed += 1
        except FormclipError as error:
            wrong.append(error.what)
    if wrong:
        kept = f" {changed} other changes wait for the clip." if changed else ""
        raise FormclipError("; ".join(wrong), f"The old value is kept.{kept} Go back and give one in its range.")
    said = f"{settings_wait(changed)} for the next sync." if changed else "Nothing differs."
    return _said(f"/clip?clip={_quoted(clip)}&said={_quoted(said)}")


def job(request: Request, looks: Looks) -> Response:
    """The job as it stands, alone."""
    desk = desk_of(request)
    return looks.page(request, "job.html", job=desk.jobs.current, refresh=False)


async def job_events(request: Request) -> Response:
    """The job's panel, sent anew whenever it changes, until it ends."""
    desk: Desk = request.app.state.desk
    looks: Looks = request.app.state.looks

    async def events() -> AsyncIterator[str]:
        told, followed = -1, desk.jobs.current
        while followed is not None and not await request.is_disconnected():
            version, state = followed.version, followed.state
            if version != told:
                told = version
                yield _event("job", looks.part(request, "job_panel.html", job=followed))
            if state != RUNNING:
                break
            await asyncio.sleep(_EVENTS_EVERY_S)
        yield _event("end", "")

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines()) or "data:\n"
    return f"event: {name}\n{lines}\n"


def _talk(work: Coroutine[Any, Any, Any], job: Job) -> Any:
    """Run it in an event loop of this thread, until it ends or the job is to stop."""

    async def until_stopped() -> Any:
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.wait({task}, timeout=0.2)
            if job.stop.is_set() and not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=5.0)
                job.say("stopped")
                return None
        return task.result()

    return asyncio.run(until_stopped())


def _last_minute(minute: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"steps": minute.steps, "last_cue": minute.last_cue, "lines": []}
    for name, kept, unit, digits in (
        ("Cadence", minute.cadence, "steps/min", 0),
        ("Tilt", minute.tilt, "°", 1),
    ):
        points = [(at, value) for at, value in kept if math.isfinite(value)]
        if not points:
            continue
        end, low, high = points[-1][0], min(v for _, v in points), max(v for _, v in points)
        span_ = max(high - low, 10.0**-digits)
        path = " ".join(f"{300 + 5 * (at - end):.1f},{48 - 40 * (value - low) / span_:.1f}" for at, value in points)
        told["lines"].append({"name": name, "value": number(points[-1][1], digits), "unit": unit, "path": path})
    return told


def _settings(desk: Desk, clip: str) -> list[dict[str, Any]]:
    """Each setting and its value as far as it is known: what waits, else that of the last run, else the default."""
    from formclip.lab.docs.settings import rows

    last: dict[str, Any] = {}
    for entry in desk.history().entries:
        if entry.stored.clip == clip:
            last = entry.digest.settings
    waiting = words(desk.store.wanted(clip))
    return [
        {
            **row._asdict(),
            "title": _TRAILING_UNIT.sub("", row.name).replace("_", " "),
            "value": str(waiting.get(row.name, last.get(row.name, row.default))),
            "choices": row.allowed.split(", ") if row.default in row.allowed.split(", ") else (),
            "waits": row.name in waiting,
            "first": row.name in _FIRST,
        }
        for row in rows()
    ]


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text)


def _said(path: str) -> Response:
    return RedirectResponse(path, 303)
