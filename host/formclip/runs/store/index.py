"""The store's index: SQLite with numbered migrations, a backup before each.

`PRAGMA user_version` is the number of the last migration that was made. A new index takes them all; an older one takes
what it lacks, each in a transaction of its own, after a copy of the file as it was (`index.sqlite.v1`). An index of a
later version is refused and left as it is.

A migration is never changed once it has landed: what is wrong in one is mended by the next.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from formclip.ground.errors import FormclipError
from formclip.runs.store.errors import DiskFull

NAME = "index.sqlite"
_BUSY_S = 20.0

MIGRATIONS: tuple[str, ...] = (
    # 1: clips, their sessions, and what ties their clocks to ours
    """
    CREATE TABLE clip (
        name TEXT PRIMARY KEY,
        address TEXT NOT NULL DEFAULT '',
        firmware TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE TABLE session (
        clip TEXT NOT NULL REFERENCES clip (name),
        number INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        size_b INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        file TEXT NOT NULL,
        deleted_on_clip INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (clip, number, crc32)
    ) STRICT;
    CREATE TABLE anchor (
        clip TEXT NOT NULL REFERENCES clip (name),
        boot INTEGER NOT NULL,
        uptime_ms INTEGER NOT NULL,
        unix_s INTEGER NOT NULL,
        zone_min INTEGER NOT NULL,
        PRIMARY KEY (clip, boot, uptime_ms)
    ) STRICT;
    """,
    # 2: the zone of an anchor by name; settings that wait for a clip; what a log says in short (a cache)
    """
    ALTER TABLE anchor ADD COLUMN zone TEXT NOT NULL DEFAULT '';
    CREATE TABLE wanted (
        clip TEXT NOT NULL REFERENCES clip (name),
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        since_unix_s INTEGER NOT NULL,
        PRIMARY KEY (clip, name)
    ) STRICT;
    CREATE TABLE summary (
        clip TEXT NOT NULL,
        number INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        made_by TEXT NOT NULL,
        told TEXT NOT NULL,
        PRIMARY KEY (clip, number, crc32)
    ) STRICT;
    """,
    # 3: the bin; runs that no clip brought; what a person says of a run; its watch's file; its figures (a cache)
    """
    ALTER TABLE clip ADD COLUMN is_clip INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE session ADD COLUMN binned_unix_s INTEGER;
    ALTER TABLE session ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE about (
        clip TEXT NOT NULL,
        number INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        name TEXT NOT NULL DEFAULT '',
        kind TEXT NOT NULL DEFAULT '',
        surface TEXT NOT NULL DEFAULT '',
        shoes TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        hidden INTEGER NOT NULL DEFAULT 0,
        began_unix_s REAL,
        zone TEXT NOT NULL DEFAULT '',
        distance_m REAL,
        PRIMARY KEY (clip, number, crc32),
        FOREIGN KEY (clip, number, crc32) REFERENCES session (clip, number, crc32)
    ) STRICT;
    CREATE TABLE watch (
        clip TEXT NOT NULL,
        number INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        merged_unix_s INTEGER NOT NULL,
        offset_s REAL NOT NULL,
        drift_ppm REAL NOT NULL,
        agreement REAL NOT NULL,
        distance_m REAL,
        told TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (clip, number, crc32),
        FOREIGN KEY (clip, number, crc32) REFERENCES session (clip, number, crc32)
    ) STRICT;
    CREATE TABLE digest (
        clip TEXT NOT NULL,
        number INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        made_by TEXT NOT NULL,
        told TEXT NOT NULL,
        minutes BLOB NOT NULL,
        PRIMARY KEY (clip, number, crc32)
    ) STRICT;
    """,
    # 4: settings lent to a clip for a time; single facts; pain; plans, what was done of them, screens
    """
    CREATE TABLE lent (
        clip TEXT NOT NULL REFERENCES clip (name),
        name TEXT NOT NULL,
        own INTEGER NOT NULL,
        given INTEGER NOT NULL,
        given_before INTEGER NOT NULL,
        why TEXT NOT NULL,
        PRIMARY KEY (clip, name)
    ) STRICT;
    CREATE TABLE fact (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;
    CREATE TABLE pain (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_unix_s REAL NOT NULL,
        zone TEXT NOT NULL DEFAULT '',
        moment TEXT NOT NULL,
        places TEXT NOT NULL,
        strength INTEGER NOT NULL,
        lasted_h REAL,
        flags TEXT NOT NULL DEFAULT '[]',
        note TEXT NOT NULL DEFAULT '',
        said_unix_s REAL NOT NULL,
        resumed_unix_s REAL,
        removed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE plan (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        began TEXT NOT NULL,
        weeks INTEGER NOT NULL,
        told TEXT NOT NULL,
        stopped TEXT
    ) STRICT;
    CREATE TABLE plan_done (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        day TEXT NOT NULL,
        what TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE TABLE screen (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        day TEXT NOT NULL,
        name TEXT NOT NULL,
        result TEXT NOT NULL
    ) STRICT;
    """,
)
VERSION = len(MIGRATIONS)


class StoreError(FormclipError):
    """The store can't be used."""

    exit_code = 6


def migrate(folder: Path) -> None:
    """Bring the folder's index to this version; a new one is made.

    Errors  StoreError for an index of a later formclip (nothing is changed then) or one that can't be used; DiskFull
    """
    path = folder / NAME
    with opened(folder) as index:
        found = _version(index)
        _refuse_later(found, path)
        for number in range(found + 1, VERSION + 1):
            if number > 1:
                _back_up(index, path.with_name(f"{NAME}.v{number - 1}"))
            try:
                # Asked again inside: another process may have been quicker.
                index.execute("BEGIN IMMEDIATE")
                if _version(index) < number:
                    for statement in MIGRATIONS[number - 1].split(";"):
                        index.execute(statement)
                    index.execute(f"PRAGMA user_version = {number}")
                index.execute("COMMIT")
            except BaseException:
                if index.in_transaction:
                    index.execute("ROLLBACK")
                raise
    private(path)


def version_of(path: Path) -> int:
    """The version of an index that lies anywhere; sqlite3.Error where it is none."""
    with closing(sqlite3.connect(path)) as index:
        return _version(index)


def _version(index: sqlite3.Connection) -> int:
    return int(index.execute("PRAGMA user_version").fetchone()[0])


def _back_up(index: sqlite3.Connection, to: Path) -> None:
    """A copy of the index as it is, whole under its name or not there."""
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as copy:
        index.backup(copy)
    private(part)
    part.replace(to)


def _refuse_later(version: int, path: Path) -> None:
    if version > VERSION:
        raise StoreError(
            f"the store's index has version {version}, this formclip knows {VERSION}",
            "update formclip, or name another folder with --store",
            path=path,
        )


def refuse_later(folder: Path) -> None:
    """Before an index is set aside: one of a later version is whole, a later formclip reads it.

    Errors  StoreError
    """
    version = 0
    with suppress(StoreError), opened(folder) as index:  # what can't be read is of no version
        version = _version(index)
    _refuse_later(version, folder / NAME)


def private(path: Path) -> None:
    """For this user alone, where the platform knows that: files 0600, folders 0700."""
    if os.name == "posix":
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The index, in autocommit: BEGIN what belongs together.

    Errors  StoreError, DiskFull
    """
    path = folder / NAME
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)) as index:
            index.execute("PRAGMA foreign_keys = ON")
            index.execute("PRAGMA synchronous = FULL")
            yield index
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            raise DiskFull("the disk is full", "free some space and try again", path=path) from None
        raise StoreError(
            f"the store's index can't be used: {error}",
            "check the disk, or name another folder with --store",
            path=path,
        ) from None
