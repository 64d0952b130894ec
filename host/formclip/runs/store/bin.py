"""The bin: a run that a person threw away is out of sight at once, and gone for good after 30 days.

Its file stays where it is until then, so that nothing can be lost between two places. The index remembers it for ever:
a clip that still has the run does not bring it again.
"""

from __future__ import annotations

import time

from formclip.ground.log import told_path
from formclip.runs.store.errors import disk_error
from formclip.runs.store.index import StoreError
from formclip.runs.store.store import Store, Stored
from formclip.runs.store.watch import drop_unused

KEPT_DAYS = 30
_OF_A_RUN = ("about", "watch", "digest", "summary")


def throw_away(store: Store, stored: Stored, now_unix_s: float | None = None) -> None:
    """Put a run into the bin; one that is there already stays as it is."""
    now = time.time() if now_unix_s is None else now_unix_s
    with store.index() as index:
        index.execute(
            "UPDATE session SET binned_unix_s = ? "
            "WHERE clip = ? AND number = ? AND crc32 = ? AND binned_unix_s IS NULL",
            (round(now), *stored.key),
        )


def take_back(store: Store, stored: Stored) -> None:
    """Take a run out of the bin.

    Errors    StoreError when its 30 days are over
    """
    if stored.gone:
        raise StoreError(
            f"{stored.label} was thrown away more than {KEPT_DAYS} days ago and is gone", "take it from a backup"
        )
    with store.index() as index:
        index.execute(
            "UPDATE session SET binned_unix_s = NULL WHERE clip = ? AND number = ? AND crc32 = ? AND NOT gone",
            stored.key,
        )


def days_left(stored: Stored, now_unix_s: float | None = None) -> int:
    """Whole days until a run in the bin is gone."""
    now = time.time() if now_unix_s is None else now_unix_s
    binned = now if stored.binned_unix_s is None else stored.binned_unix_s
    since_s = max(0.0, now - binned)  # the whole second that is kept may lie ahead of now
    return max(0, KEPT_DAYS - int(since_s // 86400))


def empty_bin(store: Store, now_unix_s: float | None = None) -> list[Stored]:
    """Delete for good what has been in the bin for 30 days; what was deleted.

    A file goes before the index says so: after a stop between the two it is done again.
    """
    now = time.time() if now_unix_s is None else now_unix_s
    old = [s for s in store.binned() if not s.gone and now - (s.binned_unix_s or 0) >= KEPT_DAYS * 86400]
    for stored in old:
        try:
            told_path(stored.path).unlink(missing_ok=True)
            stored.path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(error, stored.path) from None
        with store.index() as index:
            index.execute("BEGIN")
            for table in _OF_A_RUN:
                index.execute(f"DELETE FROM {table} WHERE clip = ? AND number = ? AND crc32 = ?", stored.key)
            index.execute("UPDATE session SET gone = 1 WHERE clip = ? AND number = ? AND crc32 = ?", stored.key)
            index.execute("COMMIT")
    if old:
        drop_unused(store)
    return old
