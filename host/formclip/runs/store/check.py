"""Every file of the store, read and compared with what the clip told of it; and the files of watches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from formclip.ground.errors import FormclipError
from formclip.ground.log import read_logs
from formclip.runs.store.store import Store, Stored, trouble
from formclip.runs.store.watch import Watched, file_of, watched


@dataclass(frozen=True)
class Checked:
    """One session.

    wrong     what is wrong with its file: its size, its CRC32 as the clip told it; empty when nothing is
    pages     what the log's own pages say of themselves: torn or unreadable ones. A file can be what the clip had and
              still hold such pages: then the clip had them
    watch     what is wrong with the file of its watch; empty where there is none
    """

    stored: Stored
    wrong: str
    pages: tuple[str, ...] = ()
    watch: str = ""

    @property
    def next_step(self) -> str:
        """What to do about a wrong file."""
        if not self.wrong:
            return ""
        if not self.stored.deleted_on_clip:
            return "sync that clip again: it still has this run"
        return "take the file from a backup: the clip no longer has this run"


def check(store: Store) -> Iterator[Checked]:
    """Session by session; nothing is changed."""
    watches = watched(store)
    for stored in store.sessions():
        wrong = trouble(stored)
        pages: tuple[str, ...] = ()
        if not wrong:
            try:
                pages = tuple(problem for log in read_logs(stored.path) for problem in log.problems)
            except FormclipError as error:
                pages = (error.what,)
        yield Checked(stored, wrong, pages, _of_watch(store, watches.get(stored.key)))


def _of_watch(store: Store, found: Watched | None) -> str:
    if found is None:
        return ""
    try:
        file_of(store, found)
    except FormclipError as error:
        return error.what
    return ""
