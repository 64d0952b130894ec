"""A run to be exported, by what a person names it with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from formclip.ground.columns import load_run, own_clock, to_run
from formclip.ground.log import Log, find_log, read_log
from formclip.ground.run import Run
from formclip.runs.store.brief import Row
from formclip.runs.store.dates import started_at
from formclip.runs.store.store import Store, Stored
from formclip.runs.store.which import which_or_file


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


def of_row(row: Row) -> Source:
    """A session of the store; it began when a person said, else when its clock tells.

    Errors    LogError where its file can't be read
    """
    stored = row.stored
    log = read_log(stored.path)
    return Source(file_name(stored), to_run(log, own_clock, stored.label), log, row.started, stored)


def file_name(stored: Stored) -> str:
    """What a file of this session is called, without its ending."""
    return f"{stored.path.parent.name}-{stored.number}"


def find(name: str, store: Store) -> Source:
    """A clip's own file, a folder that `replay --out` made, or the run of the store that a person named.

    Errors    NoRun; LogError where the file is no log
    """
    found = which_or_file(name, store.folder)
    if not isinstance(found, Path):
        return of_row(found)
    log_path = find_log(found)
    log = read_log(log_path)
    return Source(found.stem if found.is_file() else found.name, load_run(found), log, started_at(log, -1, []))
