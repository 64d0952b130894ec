"""Logs that come without a clip: from a recording that was replayed, another computer, a copy of a clip's drive.

They stand in the store under the name `added`, byte for byte. The same bytes are taken once, whoever brought them.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaitcore import pages

from formclip.ground.errors import FormclipError, from_os_error
from formclip.ground.log import read_logs
from formclip.runs.store.about import say
from formclip.runs.store.bin import take_back
from formclip.runs.store.dates import started_at
from formclip.runs.store.store import ADDED, Store, Stored
from formclip.runs.store.told import keep_told, tell_again


class NoDate(FormclipError):
    """Nothing tells when a run was."""

    exit_code = 2


@dataclass(frozen=True)
class Taken:
    """One session. new: it was not in the store before; back: it was in the bin, and is out of it."""

    stored: Stored
    new: bool
    back: bool = False


def take_in(
    store: Store, log: Path, at: tuple[float, str] | None = None, told: dict[str, Any] | None = None
) -> list[Taken]:
    """Every session of a log file into the store.

    at        when it began (unix seconds, zone); None where the log's own anchors tell. Of several sessions in one file
              each must tell
    told      what was found doubtful about the recording of the one session: `Log.told`
    Errors    LogError for a file that is no log; NoDate; those of the store. A session that is in stays in
    """
    read = read_logs(log)
    try:
        data = log.read_bytes()
    except OSError as error:
        raise from_os_error(error, log, "read") from None
    if at is not None and len(read) > 1:
        raise NoDate(
            f"{len(read)} runs in one file can't have begun at one time", "leave --at out: their logs tell", path=log
        )
    if at is None and any(started_at(one, 0, []) is None for one in read):
        raise NoDate("the log does not say when the run was", "say it with --at 2026-11-03T07:15", path=log)
    taken = [_take(store, piece, told or {}) for piece in apart(data)]
    for one in taken:
        if at is not None:
            say(store, one.stored, began_unix_s=at[0], zone=at[1])
    return taken


def apart(data: bytes) -> list[bytes]:
    """The bytes of each session: the file as it is where it holds one, else each one's pages."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for offset in range(0, len(data), pages.PAGE_B):
        page = data[offset : offset + pages.PAGE_B]
        try:
            session, boot, *_ = pages.head(page)
        except pages.PageError:
            continue
        found.setdefault((session, boot), []).append(page)
    return [data] if len(found) < 2 else [b"".join(of_one) for of_one in found.values()]


def _take(store: Store, data: bytes, told: dict[str, Any]) -> Taken:
    crc32 = binascii.crc32(data)
    with store.syncing(ADDED):
        known = [*store.binned(), *store.sessions()]
        for stored in known:
            if (stored.crc32, stored.size_b) == (crc32, len(data)) and not stored.gone:
                if stored.binned_unix_s is not None:
                    take_back(store, stored)
                tell_again(store, stored, told)
                return Taken(stored, False, stored.binned_unix_s is not None)
        number = 1 + max((stored.number for stored in known if stored.clip == ADDED), default=0)
        arriving = store.arriving(ADDED, number, crc32, len(data), 0, 0)
        try:
            arriving.discard()
            arriving.append(data)
            keep_told(arriving.path, told)  # before the index knows the run: nobody reads it without
            stored = arriving.finish()
        finally:
            arriving.close()
    store.mark_deleted(stored)  # no clip is known to have it
    return Taken(stored, True)
