"""The runs of a store in the order in which they were run, with their figures: what lines over weeks are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from formclip.runs.insight.digest import Digest, digests
from formclip.runs.insight.distance import Distance, distance_of
from formclip.runs.store.about import About
from formclip.runs.store.brief import rows
from formclip.runs.store.store import Store, Stored
from formclip.runs.store.watch import Watched, watched

LEAST_RUNNING_S = 60.0  # less is no run: the clip was tried on


@dataclass(frozen=True)
class Entry:
    """One run with a date."""

    stored: Stored
    started: datetime
    about: About
    digest: Digest
    watched: Watched | None = None

    @property
    def label(self) -> str:
        return self.stored.label

    @property
    def day(self) -> date:
        return self.started.date()

    @property
    def distance(self) -> Distance | None:
        return distance_of(self.about, self.watched, self.digest)


@dataclass(frozen=True)
class History:
    """The runs by date, and how many are not among them: hidden ones, those without a date, unreadable or too short."""

    entries: list[Entry]
    hidden: int = 0
    undated: int = 0
    unreadable: int = 0
    short: int = 0

    def left_out(self) -> list[str]:
        """A sentence for each kind of run that is not among the entries."""
        said = []
        for count, why in (
            (self.undated, "no date (formclip name RUN --at says it)"),
            (self.unreadable, "a log that can't be read (formclip store check)"),
        ):
            if count:
                said.append(f"{count} {'run has' if count == 1 else 'runs have'} {why} and {_is(count)} left out.")
        return said


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def history(store: Store, on_done: Callable[[int], None] | None = None) -> History:
    """Every run that is not hidden, by date.

    on_done   is given how many logs have been read, of those that are not in the index yet
    """
    found = rows(store, on_done=on_done)
    of_watch = watched(store)
    made = digests(store, [row.stored for row in found if not row.about.hidden], on_done)
    entries: list[Entry] = []
    hidden = undated = unreadable = short = 0
    for row in found:
        if row.about.hidden:
            hidden += 1
            continue
        digest = made[row.stored.key]
        if digest.problem:
            unreadable += 1
        elif digest.running_s < LEAST_RUNNING_S:
            short += 1
        elif row.started is None:
            undated += 1
        else:
            entries.append(Entry(row.stored, row.started, row.about, digest, of_watch.get(row.stored.key)))
    entries.sort(key=lambda entry: entry.started.timestamp())
    return History(entries, hidden, undated, unreadable, short)
