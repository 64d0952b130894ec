"""Templates, and what every page is given."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib import resources
from typing import Any, TypeVar
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from formclip.ground.errors import printable
from formclip.ground.text import clock, number, signed
from formclip.runs.insight.digest import MADE_BY, Digest, digests
from formclip.runs.insight.distance import Distance
from formclip.runs.insight.history import History, history
from formclip.runs.insight.load import lengths, on_scale
from formclip.runs.store.brief import Row, rows
from formclip.runs.store.index import NAME
from formclip.runs.store.store import Key, Store, Stored
from formclip.runs.store.watch import Watched, watched
from formclip.show.report.page import begun, templates
from formclip.show.report.story import date_text
from formclip.show.ui.drawings import Drawings
from formclip.show.ui.jobs import Jobs
from formclip.show.ui.words import here

T = TypeVar("T")

# Where each page is, in the order of the menu: path, name.
MENU = (
    ("/", "Home"),
    ("/runs", "Runs"),
    ("/trends", "Trends"),
    ("/compare", "Compare"),
    ("/load", "Load"),
    ("/pain", "Pain"),
    ("/plan", "Plan"),
    ("/clip", "Clip"),
    ("/import", "Import"),
    ("/about", "About"),
)
_STATIC = {
    "style.css": ("formclip.show.report", "text/css"),
    "charts.js": ("formclip.show.report", "text/javascript"),
    "page.css": ("formclip.show.ui", "text/css"),
    "page.js": ("formclip.show.ui", "text/javascript"),
    "htmx.min.js": ("formclip.show.ui", "text/javascript"),
    "sse.min.js": ("formclip.show.ui", "text/javascript"),
}


@dataclass(frozen=True)
class Seen:
    """The record as it was at one moment."""

    stamp: tuple[int, int]
    rows: list[Row]
    history: History
    watched: dict[Key, Watched]
    made: dict[Any, Any] = field(default_factory=dict)


def index_stamp(store: Store) -> tuple[int, int]:
    """Changes when anything is written to the index."""
    try:
        found = (store.folder / NAME).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


class BeingRead(Exception):
    """The runs are being read for the first time, as after an update; args: how many are read, of how many."""


_MOST_AT_ONCE = 15  # logs that a page waits for


def unread(store: Store) -> int:
    """Runs of which the index keeps no figures yet, or can't."""
    with store.index() as index:
        found = index.execute(
            "SELECT count(*) FROM session WHERE binned_unix_s IS NULL AND NOT EXISTS (SELECT 1 FROM digest WHERE "
            "digest.clip = session.clip AND digest.number = session.number AND digest.crc32 = session.crc32 "
            "AND made_by = ?)",
            (MADE_BY,),
        ).fetchone()
    return int(found[0])


@dataclass
class Desk:
    """What every handler works with. own: the runner's own desk, where this one is the example's."""

    store: Store
    drawings: Drawings
    jobs: Jobs
    own: Desk | None = None
    _seen: Seen | None = None
    _reader: threading.Thread | None = None
    _read: int = 0
    _to_read: int = 0
    _cannot: int = 0
    _reading: threading.Lock = field(default_factory=threading.Lock)

    @property
    def example(self) -> bool:
        """Whether this is the eight-week example, which every page then says."""
        return self.own is not None

    def seen(self) -> Seen:
        """The record as it stands: read again when the index has changed, whoever changed it.

        Errors    BeingRead where so many logs are new that no page should wait for them
        """
        with self._reading:
            stamp = index_stamp(self.store)
            if self._seen is None or self._seen.stamp != stamp:
                self._read_many()
                found = history(self.store)
                all_rows = rows(self.store)
                self._seen = Seen(stamp, all_rows, found, watched(self.store))
            return self._seen

    def _read_many(self) -> None:
        """Begin to read many logs in a thread, and say how far it is; what can't be read is tried once."""
        if self._reader is not None and self._reader.is_alive():
            raise BeingRead(self._read, self._to_read)
        left = unread(self.store)
        if left - self._cannot <= _MOST_AT_ONCE:
            return
        if self._reader is not None:  # it has ended, and what is left can't be read
            self._reader, self._cannot = None, left
            return
        self._read, self._to_read = 0, 2 * left  # each is read for its line in the list, then for its figures
        self._reader = threading.Thread(target=self._read_all, name="reads logs", daemon=True)
        self._reader.start()
        raise BeingRead(0, self._to_read)

    def _read_all(self) -> None:
        def on_done(_: int) -> None:
            self._read += 1

        history(self.store, on_done)

    def once(self, key: Any, make: Callable[[History], T]) -> T:
        """What is reckoned of the whole record, kept until the record or the day is another."""
        seen, key = self.seen(), (key, date.today())
        if key not in seen.made:
            seen.made[key] = make(seen.history)
        found: T = seen.made[key]
        return found

    def rows(self) -> list[Row]:
        return self.seen().rows

    def history(self) -> History:
        return self.seen().history

    def watched(self, row: Row) -> Watched | None:
        return self.seen().watched.get(row.stored.key)

    def row(self, clip: str, number: int) -> Row | None:
        """The run of this clip and number; of that number the latest."""
        found = [row for row in self.rows() if (row.stored.clip, row.stored.number) == (clip, number)]
        return found[-1] if found else None

    def digest(self, row: Row) -> Digest:
        for entry in self.history().entries:
            if entry.stored.key == row.stored.key:
                return entry.digest
        return digests(self.store, [row.stored])[row.stored.key]

    def distance(self, row: Row) -> Distance | None:
        """How far a run was, as Load has it."""
        scale = self.once("lengths", lambda runs: lengths(runs.entries))
        return on_scale(self.history(), scale, row, self.digest(row), self.watched(row))


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def address(stored: Stored) -> str:
    """Where a run's page is."""
    return address_of(stored.label)


def address_of(label: str) -> str:
    """The same, of CLIP/NUMBER."""
    return f"/run/{quote(label)}"


def back_to(path: str, said: str) -> Response:
    """After a write: the page again, with what was done in one line."""
    return RedirectResponse(f"{path}?said={quote(said)}", 303)


class Looks:
    """The templates of the page."""

    def __init__(self) -> None:
        self._environment = templates(jinja2.PackageLoader("formclip.show.ui"))
        self._environment.globals |= {
            "menu": MENU,
            "date_text": date_text,
            "clock": clock,
            "address": address,
            "once": partial(secrets.token_hex, 6),
        }
        self._environment.filters |= {
            "number": number,
            "signed": signed,
            "here": here,
            "printable": printable,
            "sentence": _sentence,
        }

    def page(
        self,
        request: Request,
        template: str,
        /,
        status: int = 200,
        charts: Sequence[Mapping[str, Any]] = (),
        **told: Any,
    ) -> Response:
        """A page; `charts` that are not drawn yet are asked for when it is there."""
        desk = desk_of(request)
        given = list(charts)
        svgs = desk.drawings.pictures([dict(chart) for chart in given])
        return HTMLResponse(
            self._environment.get_template(template).render(
                here=request.url.path,
                secret=request.state.secret,
                example=desk.example,
                said=request.query_params.get("said", ""),
                svg_of=svgs.get,
                waits=_waits(desk.drawings, svgs),
                **told,
            ),
            status,
        )

    def part(self, request: Request, template: str, /, **told: Any) -> str:
        """A piece of a page, to be put into one that is there."""
        return self._environment.get_template(template).render(secret=request.state.secret, **told)


def _sentence(text: str) -> str:
    return begun(here(text))


def _waits(drawings: Drawings, svgs: dict[str, str]) -> Callable[[list[dict[str, Any]]], str]:
    def name(charts: list[dict[str, Any]]) -> str:
        return drawings.wait_for(charts) if any(chart["key"] not in svgs for chart in charts) else ""

    return name


def static_file(name: str) -> Response | None:
    """A file that a page asks for; None for a name that is none of ours."""
    if name not in _STATIC:
        return None
    package, kind = _STATIC[name]
    data = resources.files(package).joinpath("static", name).read_bytes()
    return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})
