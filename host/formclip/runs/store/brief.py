"""What a session is in one line, kept in the index so that a thousand of them are listed at once.

What is kept is made from the log alone and can be made again at any time; the date is not kept, because a later visit
may tell it better.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from formclip.ground.errors import FormclipError, printable
from formclip.ground.log import read_log
from formclip.ground.version import VERSION
from formclip.runs.store.about import NOTHING, About, abouts
from formclip.runs.store.dates import Beginning, at_zone, beginning, date_of
from formclip.runs.store.store import Anchor, Key, Store, Stored

MADE_BY = f"{VERSION}/1"  # what is kept is made anew by another version; the last figure: of what is kept


@dataclass(frozen=True)
class Brief:
    """A session in short. `problem`: why nothing more is known of it; else empty."""

    begun: Beginning = Beginning()
    steps: int = 0
    running_s: float = 0.0
    cues: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """A session of the store with its date and what was said of it."""

    stored: Stored
    brief: Brief
    started: datetime | None
    about: About = NOTHING


def rows(store: Store, clip: str | None = None, on_done: Callable[[int], None] | None = None) -> list[Row]:
    """All sessions (of one clip), by clip and number. A log that can't be read is a row with its problem.

    on_done   is given how many logs have been read, of those that are not in the index yet
    """
    kept, said = store.summaries(MADE_BY), abouts(store)
    fresh: dict[Key, str] = {}
    anchors: dict[str, list[Anchor]] = {}
    out = []
    for stored in store.sessions(clip):
        key = stored.key
        brief = _unpacked(kept.get(key))
        if brief is None:
            brief = brief_of(stored)
            if not brief.problem:
                fresh[key] = json.dumps(asdict(brief))
            if on_done is not None:
                on_done(len(fresh))
        if stored.clip not in anchors:
            anchors[stored.clip] = store.anchors(stored.clip)
        about = said.get(key, NOTHING)
        if about.began_unix_s is not None:
            started = at_zone(about.began_unix_s, about.zone)
        else:
            started = date_of(brief.begun, stored.boot, anchors[stored.clip])
        out.append(Row(stored, brief, started, about))
    if fresh:
        store.keep_summaries(MADE_BY, fresh)
    return out


def brief_of(stored: Stored) -> Brief:
    """From the log itself."""
    from formclip.ground.columns import own_clock, to_run  # numpy: a list of what is kept does not wait for it

    try:
        log = read_log(stored.path)
        run = to_run(log, own_clock)
        running_s = round(run.running_s(), 1) if len(run) else 0.0
        return Brief(beginning(log), len(run), running_s, sum(cue.kind != "ok" for cue in run.cues))
    except FormclipError as error:
        return Brief(problem=error.what)
    except Exception as error:  # one session that nothing here was made for must not hide the others
        return Brief(problem=printable(f"can't be read ({type(error).__name__}: {error})"))


def _unpacked(text: str | None) -> Brief | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
        return Brief(**{**found, "begun": Beginning(**found["begun"])})
    except (ValueError, TypeError, KeyError):
        return None
