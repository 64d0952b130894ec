"""One run, what can be said of it, and the list of all."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from formclip.ground.errors import FormclipError
from formclip.ground.text import signed
from formclip.runs.store.about import KINDS, SURFACES, say
from formclip.runs.store.bin import KEPT_DAYS, days_left, throw_away
from formclip.runs.store.bin import take_back as out_of_bin
from formclip.runs.store.brief import Row
from formclip.runs.store.watch import Watched
from formclip.show.report.story import label_of
from formclip.show.ui.forms import moment_in, number_in, text_in
from formclip.show.ui.glance import in_short
from formclip.show.ui.looks import Desk, Looks, address, back_to, desk_of

_A_PAGE = 100
_KINDS_OF_FILE = {"fit": "application/octet-stream", "csv": "application/zip"}


def listed(request: Request, looks: Looks) -> Response:
    """All runs, the latest first, and what is in the bin."""
    desk = desk_of(request)
    rows = [row for row in desk.rows() if not row.about.hidden or "hidden" in request.query_params]
    rows.sort(key=lambda row: row.started.timestamp() if row.started else 0.0, reverse=True)
    pages = max(1, -(-len(rows) // _A_PAGE))
    page = min(pages, max(1, number_in(request.query_params.get("page", "1"), 1)))
    hidden = sum(row.about.hidden for row in desk.rows())
    binned = [(stored, days_left(stored)) for stored in desk.store.binned() if not stored.gone]
    return looks.page(
        request,
        "runs.html",
        rows=[(row, address(row.stored)) for row in rows[_A_PAGE * (page - 1) : _A_PAGE * page]],
        count=len(rows),
        page=page,
        pages=pages,
        hidden=hidden,
        binned=[(stored, left, address(stored)) for stored, left in binned],
    )


def show(request: Request, looks: Looks) -> Response:
    """The run: its text at once, the whole when it is made."""
    desk, row = desk_of(request), _row(request)
    watched = desk.watched(row)
    distance = desk.distance(row)
    label = label_of(row, distance)
    whole = "whole" in request.query_params
    story = _story(desk, row, make=whole)
    digest = desk.digest(row)
    if story is not None and whole:
        desk.drawings.draw(story["charts"])
    return looks.page(
        request,
        "run_page.html",
        charts=story["charts"] if story else (),
        story=story,
        label=label,
        row=row,
        short=in_short(digest, distance),
        watch=_of_watch(watched),
        problem=digest.problem,
        address=address(row.stored),
        kinds=KINDS,
        surfaces=SURFACES,
        as_it_was=_as_it_was(row),
    )


def _as_it_was(row: Row) -> dict[str, Any]:
    """What the form begins with."""
    about = row.about
    said = {key: getattr(about, key) for key in ("name", "kind", "surface", "shoes", "note")}
    said["distance_km"] = round(about.distance_m / 1000, 3) if about.distance_m else ""
    return said | {"at": row.started.strftime("%Y-%m-%dT%H:%M") if row.started else ""}


def rest(request: Request, looks: Looks) -> Response:
    """Everything below the title, for a run that is looked at for the first time."""
    desk, row = desk_of(request), _row(request)
    story = _story(desk, row)
    assert story is not None
    return looks.page(request, "run_rest.html", charts=story["charts"], story=story)


def charts(request: Request, looks: Looks) -> Response:
    """Charts that were not drawn when their page was shown."""
    desk = desk_of(request)
    wanted = desk.drawings.waiting(request.path_params["name"])
    if wanted is None:
        raise HTTPException(404)
    desk.drawings.draw(wanted)
    return looks.page(request, "charts.html", charts=wanted, wanted=wanted)


def export(request: Request, looks: Looks) -> Response:
    """The run as a file for other programs."""
    from formclip.runs.exchange import tables
    from formclip.runs.exchange.outgoing import fit_of
    from formclip.runs.exchange.source import of_row

    desk, row, kind = desk_of(request), _row(request), request.path_params["kind"]
    if kind not in _KINDS_OF_FILE:
        raise HTTPException(404)
    source = of_row(row)
    if kind == "fit":
        data, name = fit_of(desk.store, source), f"{source.name}.fit"
    else:
        with tempfile.TemporaryDirectory() as folder:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in tables.write_csv(source, Path(folder)):
                    archive.write(path, path.name)
            data, name = packed.getvalue(), f"{source.name}.zip"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
    return Response(
        data, media_type=_KINDS_OF_FILE[kind], headers={"Content-Disposition": f'attachment; filename="{safe}"'}
    )


def say_about(request: Request, form: FormData, looks: Looks) -> Response:
    desk, row = desk_of(request), _row(request)
    told = ("name", "kind", "surface", "shoes", "note", "distance_km", "at")
    changed = {key: text_in(form, key) for key in told if _is_changed(form, key)}
    said: dict[str, Any] = {key: changed[key] for key in told[:5] if key in changed}
    if "note" in said and "was_note" in form and row.about.note not in ("", text_in(form, "was_note")):
        said["note"] = f"{row.about.note}\n{said['note']}"  # another has written meanwhile: both stay
    far = changed.get("distance_km", "").replace(",", ".")
    try:
        if "distance_km" in changed:
            said["distance_m"] = 1000 * float(far) if far else None
    except ValueError:
        raise FormclipError(f"“{far}” is no distance", "Write it in km, as 7.5, and save again.") from None
    at = changed.get("at", "")
    if at and (row.started is None or at != row.started.strftime("%Y-%m-%dT%H:%M")):
        said["began_unix_s"], said["zone"] = moment_in(form, "at") or (None, "")
    say(desk.store, row.stored, **said)
    return back_to(address(row.stored), "Saved.")


def _is_changed(form: FormData, name: str) -> bool:
    """Whether a field is other than when its page was shown: what is not stays as another tab or command has it now."""
    return f"was_{name}" not in form or text_in(form, name) != text_in(form, f"was_{name}")


def hide(request: Request, form: FormData, looks: Looks) -> Response:
    desk, row = desk_of(request), _row(request)
    hidden = text_in(form, "hidden") == "1"
    say(desk.store, row.stored, hidden=hidden)
    return back_to(address(row.stored), "Hidden: it is left out of lists and lines." if hidden else "Shown again.")


def ask_delete(request: Request, looks: Looks) -> Response:
    row = _row(request)
    return looks.page(request, "delete.html", label=label_of(row), address=address(row.stored), days=KEPT_DAYS)


def delete(request: Request, form: FormData, looks: Looks) -> Response:
    desk, row = desk_of(request), _row(request)
    throw_away(desk.store, row.stored)
    return back_to("/runs", f"Thrown away. The bin keeps it for {KEPT_DAYS} days.")


def take_back(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)
    clip, number = request.path_params["clip"], request.path_params["number"]
    for stored in desk.store.binned(clip):
        if stored.number == number and not stored.gone:
            out_of_bin(desk.store, stored)
            return back_to(address(stored), "Out of the bin.")
    raise HTTPException(404)


def apart(request: Request, form: FormData, looks: Looks) -> Response:
    """The run stands alone again, without its watch's file."""
    from formclip.runs.exchange.merge import undo

    desk, row = desk_of(request), _row(request)
    undo(desk.store, row)
    return back_to(address(row.stored), "The run stands alone again.")


def _of_watch(watched: Watched | None) -> list[str]:
    """What the watch adds, in sentences."""
    if watched is None:
        return []
    more = watched.more
    said = [f"The cadences of watch and clip agree by {watched.agreement:.2f}, of 1 at the most."]
    if watched.distance_m is not None:
        told = f"The watch knows {watched.distance_m / 1000:.2f} km"
        if more.get("estimate_m"):
            off = 100 * (more["estimate_m"] / watched.distance_m - 1)
            told += f"; the clip's estimate was {more['estimate_m'] / 1000:.2f} km, {signed(off, 0)} %"
        said.append(told + ".")
    if more.get("heart_rate_bpm"):
        said.append(f"Mean heart rate {more['heart_rate_bpm']:.0f} a minute.")
    return said + [one["said"] for one in more.get("cues", [])]


def _row(request: Request) -> Row:
    clip, number = request.path_params["clip"], request.path_params["number"]
    row = desk_of(request).row(clip, number)
    if row is None:
        raise HTTPException(404)
    return row


def _story(desk: Desk, row: Row, make: bool = True) -> dict[str, Any] | None:
    if desk.digest(row).problem:
        return None
    return desk.drawings.story(row.stored, label_of(row, desk.distance(row)), make)
