"""Where synced sessions live: the clips' logs byte for byte, and an index of them.

    STORE/index.sqlite
    STORE/CLIP/000012-1a2b3c4d.fclog        session number, CRC32
    STORE/CLIP/000012-1a2b3c4d.part         what has come so far of one that is under way

A session is known by its clip, number and CRC32; storing it again changes nothing. A log is complete before the index
names it: bytes go to `.part`, reach the disk, are checked against size and CRC32, renamed, and only then indexed. So a
process that dies at any moment leaves either a `.part` that the next sync goes on from, or a whole log that the next
one indexes.
"""

from __future__ import annotations

import binascii
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs

from formclip.ground.errors import FormclipError
from formclip.runs.store.errors import DiskFull, disk_error

_INDEX = "index.sqlite"
_SCHEMA_VERSION = 1
_SCHEMA = """
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
"""


class StoreError(FormclipError):
    """The store can't be used."""

    exit_code = 6


@dataclass(frozen=True)
class Anchor:
    """At `uptime_ms` of the clip's boot it was `unix_s`, `zone_min` minutes east of UTC."""

    boot: int
    uptime_ms: int
    unix_s: int
    zone_min: int


@dataclass(frozen=True)
class Stored:
    """One session in the store."""

    clip: str
    number: int
    crc32: int
    size_b: int
    boot: int
    flags: int
    path: Path
    deleted_on_clip: bool

    @property
    def label(self) -> str:
        """The name a person types: clip and number."""
        return f"{self.clip}/{self.number}"


def default_folder() -> Path:
    """The platform's data folder for formclip."""
    return Path(platformdirs.user_data_dir("formclip", appauthor=False))


def _safe(name: str) -> str:
    """A clip's name as a folder's: what is no letter, digit, dot or dash becomes a dash."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).strip(".") or "clip"


class Store:
    """The folder and its index. Every method leaves both in a state that the next one can go on from.

    Errors  StoreError when the folder or the index can't be read or written, the disk is full included
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(error, self.folder) from None
        with self._index() as index:
            (version,) = index.execute("PRAGMA user_version").fetchone()
            if version == 0:
                index.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_SCHEMA_VERSION};COMMIT;")
            elif version != _SCHEMA_VERSION:
                raise StoreError(
                    f"the store's index has version {version}, this formclip knows {_SCHEMA_VERSION}",
                    "update formclip, or name another folder with --store",
                    path=self.folder / _INDEX,
                )

    @contextmanager
    def _index(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / _INDEX
        try:
            with closing(sqlite3.connect(path, timeout=20)) as index:
                index.execute("PRAGMA foreign_keys = ON")
                index.execute("PRAGMA synchronous = FULL")
                with index:
                    yield index
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
                raise DiskFull("the disk is full", "free some space and sync again", path=path) from None
            raise StoreError(
                f"the store's index can't be used: {error}",
                "check the disk, or name another folder with --store",
                path=path,
            ) from None

    def know_clip(self, name: str, address: str = "", firmware: str = "") -> None:
        with self._index() as index:
            index.execute(
                "INSERT INTO clip VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "address = coalesce(nullif(excluded.address, ''), address), "
                "firmware = coalesce(nullif(excluded.firmware, ''), firmware)",
                (name, address, firmware),
            )

    def clips(self) -> list[tuple[str, str, str, int]]:
        """(name, address, firmware, sessions) of every clip."""
        with self._index() as index:
            return index.execute(
                "SELECT name, address, firmware, (SELECT count(*) FROM session WHERE clip = name) "
                "FROM clip ORDER BY name"
            ).fetchall()

    def add_anchor(self, clip: str, anchor: Anchor) -> None:
        with self._index() as index:
            index.execute(
                "INSERT OR REPLACE INTO anchor VALUES (?, ?, ?, ?, ?)",
                (clip, anchor.boot, anchor.uptime_ms, anchor.unix_s, anchor.zone_min),
            )

    def anchors(self, clip: str) -> list[Anchor]:
        with self._index() as index:
            rows = index.execute(
                "SELECT boot, uptime_ms, unix_s, zone_min FROM anchor WHERE clip = ? ORDER BY boot, uptime_ms", (clip,)
            ).fetchall()
        return [Anchor(*row) for row in rows]

    def sessions(self, clip: str | None = None) -> list[Stored]:
        with self._index() as index:
            rows = index.execute(
                "SELECT clip, number, crc32, size_b, boot, flags, file, deleted_on_clip FROM session "
                "WHERE ? IS NULL OR clip = ? ORDER BY clip, number, crc32",
                (clip, clip),
            ).fetchall()
        return [
            Stored(clip_name, number, crc32, size_b, boot, flags, self.folder / file, bool(deleted))
            for clip_name, number, crc32, size_b, boot, flags, file, deleted in rows
        ]

    def find(self, clip: str, number: int, crc32: int) -> Stored | None:
        """The session if the store holds it whole: its file is there and has its size."""
        for stored in self.sessions(clip):
            if (stored.number, stored.crc32) == (number, crc32):
                try:
                    return stored if stored.path.stat().st_size == stored.size_b else None
                except OSError:
                    return None
        return None

    def named(self, label: str) -> Stored | None:
        """The session that a person named: CLIP/NUMBER, or NUMBER where one clip has it; the latest of its number."""
        found = [s for s in self.sessions() if label in (s.label, str(s.number))]
        return found[-1] if len({s.clip for s in found}) == 1 else None

    def mark_deleted(self, stored: Stored) -> None:
        """The clip has confirmed that it deleted its copy."""
        with self._index() as index:
            index.execute(
                "UPDATE session SET deleted_on_clip = 1 WHERE clip = ? AND number = ? AND crc32 = ?",
                (stored.clip, stored.number, stored.crc32),
            )

    def arriving(self, clip: str, number: int, crc32: int, size_b: int, boot: int, flags: int) -> Arriving:
        """A session that is to be fetched, or fetched further."""
        self.know_clip(clip)
        return Arriving(self, clip, number, crc32, size_b, boot, flags)

    def _add(self, stored: Stored) -> None:
        with self._index() as index:
            index.execute(
                "INSERT OR IGNORE INTO session (clip, number, crc32, size_b, boot, flags, file) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    stored.clip,
                    stored.number,
                    stored.crc32,
                    stored.size_b,
                    stored.boot,
                    stored.flags,
                    stored.path.relative_to(self.folder).as_posix(),
                ),
            )


class Arriving:
    """A session on its way into the store: `have_b` bytes with `have_crc` are here from before.

    In      append(bytes); finish() when all are in; discard() to begin anew; close()
    Errors  DiskFull and FileError when the disk says no; StoreError from finish when size or CRC32 do not fit
            (then what came is dropped)
    """

    def __init__(self, store: Store, clip: str, number: int, crc32: int, size_b: int, boot: int, flags: int) -> None:
        self._store = store
        folder = store.folder / _safe(clip)
        path = folder / f"{number:06d}-{crc32:08x}.fclog"
        self._stored = Stored(clip, number, crc32, size_b, boot, flags, path, False)
        self._part = path.with_suffix(".part")
        self.have_b = 0
        self.have_crc = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if path.is_file():
                # Whole but not indexed: the last sync died between the two.
                path.replace(self._part)
            self._file: IO[bytes] = self._part.open("a+b")
            self._take_stock()
        except OSError as error:
            raise disk_error(error, self._part) from None

    def _take_stock(self) -> None:
        self._file.seek(0)
        while piece := self._file.read(1 << 16):
            self.have_b += len(piece)
            self.have_crc = binascii.crc32(piece, self.have_crc)
        if self.have_b > self._stored.size_b or (self.have_b == self._stored.size_b and not self._whole):
            self.discard()

    @property
    def _whole(self) -> bool:
        return (self.have_b, self.have_crc) == (self._stored.size_b, self._stored.crc32)

    def append(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise disk_error(error, self._part) from None
        self.have_b += len(data)
        self.have_crc = binascii.crc32(data, self.have_crc)

    def discard(self) -> None:
        """Begin anew: nothing that came is to be believed."""
        try:
            self._file.truncate(0)
        except OSError as error:
            raise disk_error(error, self._part) from None
        self.have_b = self.have_crc = 0

    def finish(self) -> Stored:
        """Onto the disk, checked, named, indexed: from here on the clip may delete it."""
        if not self._whole:
            have_b = self.have_b
            self.discard()
            raise StoreError(
                f"session {self._stored.number} came damaged ({have_b} of {self._stored.size_b} bytes)",
                "sync again: it is fetched anew and still on the clip",
                path=self._part,
            )
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._stored.path)
            _sync_folder(self._stored.path.parent)
        except OSError as error:
            raise disk_error(error, self._part) from None
        self._store._add(self._stored)
        return self._stored

    def close(self) -> None:
        """Keep what came for the next time."""
        try:
            self._file.close()
        except OSError as error:
            raise disk_error(error, self._part) from None


def _sync_folder(folder: Path) -> None:
    """Make a rename reach the disk, where the platform lets a folder be synced."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
