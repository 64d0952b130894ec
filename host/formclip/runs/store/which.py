"""The run that a person means: CLIP/NUMBER, NUMBER, the name it was given, its day, or `last`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from formclip.ground.errors import FormclipError
from formclip.runs.store.brief import Row, rows
from formclip.runs.store.store import Store

LAST = "last"


class NoRun(FormclipError):
    """No run is meant, or more than one."""

    exit_code = 2


def which_or_file(text: str, folder: Path | None) -> Row | Path:
    """The file or folder of that name, else the one run meant in the store.

    Errors    NoRun
    """
    if Path(text).exists():
        return Path(text)
    try:
        return which(Store(folder), text)
    except NoRun as error:
        raise NoRun(f"no file '{text}', and in the store {error.what}", error.next_step) from None


def which(store: Store, text: str) -> Row:
    """The one run meant.

    Errors    NoRun
    """
    known = rows(store)
    if not known:
        raise NoRun("there is no run yet", "formclip sync fetches them from a clip, formclip add takes a recording")
    if text == LAST:
        return _last(known)
    found = _meant(known, text.strip())
    if not found:
        raise NoRun(f"no run '{text}'", "formclip sessions lists them; `last` is the latest")
    by_label = {row.stored.label: row for row in found}  # of one number of one clip, what came last
    if len(by_label) > 1:
        raise NoRun(f"'{text}' means {len(by_label)} runs: {', '.join(by_label)}", "name one of them")
    return found[-1]


def _last(known: list[Row]) -> Row:
    seen = [row for row in known if not row.about.hidden and not row.brief.problem] or known
    dated = [row for row in seen if row.started is not None]
    return max(dated, key=lambda row: row.started.timestamp() if row.started else 0.0) if dated else seen[-1]


def _meant(known: list[Row], text: str) -> list[Row]:
    found = [row for row in known if text in (row.stored.label, str(row.stored.number))]
    if found or not text:
        return found
    found = [row for row in known if row.about.name.casefold() == text.casefold()]
    if found:
        return found
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return []
    return [row for row in known if row.started is not None and row.started.date() == day]
