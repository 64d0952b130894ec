"""The store made again from what cannot be made again: the logs.

`forget` throws the caches away. `take_up` finds whole logs that the index does not name, as after a lost index. `anew`
sets an index aside that can't be read and begins another one.
"""

from __future__ import annotations

import re
from pathlib import Path

from gaitcore import pages

from formclip.runs.store.drawn import forget_drawn
from formclip.runs.store.errors import disk_error
from formclip.runs.store.index import NAME, refuse_later
from formclip.runs.store.store import Store, Stored, trouble

_LOG = re.compile(r"(\d{6,})-([0-9a-f]{8})\.fclog")
_CACHES = ("summary", "digest")


def forget(store: Store) -> None:
    """Throw away everything that is computed from the logs."""
    forget_drawn(store.folder)
    with store.index() as index:
        index.execute("BEGIN")
        for table in _CACHES:
            index.execute(f"DELETE FROM {table}")
        index.execute("COMMIT")


def take_up(store: Store) -> list[Stored]:
    """Index every whole log that lies in the folder of a clip and is not known; what was taken up."""
    known = {stored.key[1:] for stored in (*store.sessions(), *store.binned())}
    taken = []
    for path in sorted(store.folder.glob("*/*.fclog")):
        name = _LOG.fullmatch(path.name)
        if name is None or (int(name[1]), int(name[2], 16)) in known:
            continue
        boot, size_b = _boot(path)
        stored = Stored(path.parent.name, int(name[1]), int(name[2], 16), size_b, boot, 0, path, True)
        if trouble(stored):
            continue
        store.know_clip(stored.clip)
        store.add(stored)
        store.mark_deleted(stored)  # whether the clip has it still is not known: nobody is to rely on that
        taken.append(stored)
    return taken


def anew(folder: Path) -> Path | None:
    """Set an index aside, so that the next `Store` makes a new one; where it is now, None where there was none.

    Errors    StoreError for one of a later version, which is not broken
    """
    path = folder / NAME
    if not path.exists():
        return None
    refuse_later(folder)
    numbers = (n for n in range(1, 10_000) if not path.with_name(f"{NAME}.broken-{n}").exists())
    aside = path.with_name(f"{NAME}.broken-{next(numbers)}")
    try:
        path.replace(aside)
        journal = path.with_name(NAME + "-journal")
        if journal.exists():
            journal.replace(aside.with_name(aside.name + "-journal"))
    except OSError as error:
        raise disk_error(error, path) from None
    return aside


def _boot(path: Path) -> tuple[int, int]:
    """The boot that a log's first page names, 0 where it does not, and the file's size."""
    try:
        with path.open("rb") as file:
            first = file.read(pages.PAGE_B)
        size_b = path.stat().st_size
    except OSError as error:
        raise disk_error(error, path) from None
    try:
        return int(pages.head(first)[1]), size_b
    except pages.PageError:
        return 0, size_b
