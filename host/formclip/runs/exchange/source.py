"""A run to be exported, by what a person names it with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from formclip.ground.columns import load_run, own_clock, to_run
from formclip.ground.errors import FormclipError
from formclip.ground.log import Log, find_log, read_log
from formclip.ground.run import Run
from formclip.runs.store.dates import started_at
from formclip.runs.store.store import Store, Stored


class NoSuchRun(FormclipError):
    """Nothing of that name in the store, and no file either."""

    exit_code = 2


@dataclass(frozen=True)
class Source:
    """A run with its log.

    stored    the session, where it is one of the store
    name      fit for a file: clip and number, or the log's own name
    started   when the log's clock stood at 0; None where nothing tells
    """

    name: str
    run: Run
    log: Log
    started: datetime | None
    stored: Stored | None = None


def of_stored(stored: Stored, store: Store) -> Source:
    """A session of the store."""
    log = read_log(stored.path)
    began = started_at(log, stored.boot, store.anchors(stored.clip))
    return Source(
        f"{stored.path.parent.name}-{stored.number}", to_run(log, own_clock, stored.label), log, began, stored
    )


def find(name: str, store: Store | None) -> Source:
    """A session that a person named (CLIP/NUMBER), a clip's own file, or a folder that `replay --out` made.

    Errors    NoSuchRun; LogError where the file is no log
    """
    stored = store.named(name) if store is not None else None
    if stored is not None and store is not None:
        return of_stored(stored, store)
    path = Path(name)
    if not path.exists():
        raise NoSuchRun(f"no run {name}", "formclip sessions lists them; a log or a replay's folder does too")
    log_path = find_log(path)
    log = read_log(log_path)
    return Source(path.stem if path.is_file() else path.name, load_run(path), log, started_at(log, -1, []))
