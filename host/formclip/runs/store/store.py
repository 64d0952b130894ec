"""Where synced sessions live: the clips' logs byte for byte, and an index of them.

    STORE/index.sqlite
    STORE/CLIP/000012-1a2b3c4d.fclog        session number, CRC32
    STORE/CLIP/000012-1a2b3c4d.part         what has come so far of one that is under way
    STORE/CLIP/000012-1a2b3c4d.rotten       a file that no longer fits its CRC32, until a good one has come
    STORE/CLIP/000012-1a2b3c4d.told.json    what was doubtful about the recording that it was made from
    STORE/CLIP/.lock                        held by the one process that syncs this clip
    STORE/added/...                         runs that came without a clip (`formclip add`)

A session is known by its clip, number and CRC32; storing it again changes nothing. A log is complete before the index
names it: bytes go to `.part`, reach the disk, are renamed, read back and checked against size and CRC32, and only then
indexed. So a process that dies at any moment leaves either a `.part` that the next sync goes on from, or a whole log
that the next one indexes.
"""

from __future__ import annotations

import binascii
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs
from filelock import FileLock, Timeout

from formclip.ground.errors import printable
from formclip.runs.store.errors import InUse, disk_error
from formclip.runs.store.index import StoreError, migrate, opened, private

ADDED = "added"  # stands for the clip of runs that came without one


@dataclass(frozen=True)
class Anchor:
    """At `uptime_ms` of the clip's boot it was `unix_s`, `zone_min` minutes east of UTC, in the zone of that name."""

    boot: int
    uptime_ms: int
    unix_s: int
    zone_min: int
    zone: str = ""


Key = tuple[str, int, int]  # of a session: clip, number, CRC32


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
    binned_unix_s: int | None = None  # when a person threw it away
    gone: bool = False  # and its file is deleted for good: the index only remembers not to fetch it again

    @property
    def key(self) -> Key:
        return self.clip, self.number, self.crc32

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
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            private(self.folder)
        except OSError as error:
            raise disk_error(error, self.folder) from None
        migrate(self.folder)

    def index(self) -> AbstractContextManager[sqlite3.Connection]:
        """The index, for the modules that keep their own tables in it."""
        return opened(self.folder)

    def know_clip(self, name: str, address: str = "", firmware: str = "") -> None:
        with self.index() as index:
            index.execute(
                "INSERT INTO clip (name, address, firmware, is_clip) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET "
                "address = coalesce(nullif(excluded.address, ''), address), "
                "firmware = coalesce(nullif(excluded.firmware, ''), firmware)",
                (name, address, firmware, int(name != ADDED)),
            )

    def clips(self) -> list[tuple[str, str, str, int]]:
        """(name, address, firmware, sessions) of every clip."""
        with self.index() as index:
            return index.execute(
                "SELECT name, address, firmware, "
                "(SELECT count(*) FROM session WHERE clip = name AND binned_unix_s IS NULL) "
                "FROM clip WHERE is_clip ORDER BY name"
            ).fetchall()

    def add_anchor(self, clip: str, anchor: Anchor) -> None:
        with self.index() as index:
            index.execute(
                "INSERT OR REPLACE INTO anchor (clip, boot, uptime_ms, unix_s, zone_min, zone) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (clip, anchor.boot, anchor.uptime_ms, anchor.unix_s, anchor.zone_min, anchor.zone),
            )

    def anchors(self, clip: str) -> list[Anchor]:
        with self.index() as index:
            rows = index.execute(
                "SELECT boot, uptime_ms, unix_s, zone_min, zone FROM anchor WHERE clip = ? ORDER BY boot, uptime_ms",
                (clip,),
            ).fetchall()
        return [Anchor(*row) for row in rows]

    def sessions(self, clip: str | None = None) -> list[Stored]:
        """By clip and number; of one number, what came last is last. What is in the bin is not among them."""
        return [stored for stored in self._all(clip) if stored.binned_unix_s is None]

    def binned(self, clip: str | None = None) -> list[Stored]:
        """What a person threw away, also what is gone for good."""
        return [stored for stored in self._all(clip) if stored.binned_unix_s is not None]

    def _all(self, clip: str | None) -> list[Stored]:
        with self.index() as index:
            rows = index.execute(
                "SELECT clip, number, crc32, size_b, boot, flags, file, deleted_on_clip, binned_unix_s, gone "
                "FROM session WHERE :clip IS NULL OR clip = :clip ORDER BY clip, number, rowid",
                {"clip": clip},
            ).fetchall()
        return [
            Stored(clip_name, number, crc32, size_b, boot, flags, self.folder / file, bool(deleted), binned, bool(gone))
            for clip_name, number, crc32, size_b, boot, flags, file, deleted, binned, gone in rows
        ]

    def thrown_away(self, clip: str, number: int, crc32: int) -> Stored | None:
        """The session if a person threw it away."""
        return next((stored for stored in self.binned(clip) if stored.key == (clip, number, crc32)), None)

    def find(self, clip: str, number: int, crc32: int) -> Stored | None:
        """The session if the store holds it whole: its file, read from the disk, has its size and CRC32."""
        for stored in self.sessions(clip):
            if stored.key == (clip, number, crc32):
                return stored if not trouble(stored) else None
        return None

    def named(self, label: str) -> Stored | None:
        """The session that a person named: CLIP/NUMBER, or NUMBER where one clip has it; of that number the latest."""
        found = [s for s in self.sessions() if label in (s.label, str(s.number))]
        return found[-1] if len({s.clip for s in found}) == 1 else None

    @contextmanager
    def syncing(self, clip: str) -> Iterator[None]:
        """While the block lasts no other process syncs this clip into this store.

        Errors  Busy, at once, when one does
        """
        folder = self._folder_of(clip)
        try:
            with FileLock(folder / ".lock", timeout=0, mode=0o600):
                yield
        except Timeout:
            raise InUse(f"another formclip is syncing {printable(clip)}", "let it end, then try again") from None
        except OSError as error:
            raise disk_error(error, folder) from None

    def _folder_of(self, clip: str) -> Path:
        folder = self.folder / _safe(clip)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            private(folder)
        except OSError as error:
            raise disk_error(error, folder) from None
        return folder

    # -- settings that wait for a clip ---------------------------------------------------------------------------------

    def want(self, clip: str, name: str, value: int) -> None:
        """A setting that the clip is to be given at its next sync; a later one of the same name takes its place."""
        self.know_clip(clip)
        with self.index() as index:
            index.execute("INSERT OR REPLACE INTO wanted VALUES (?, ?, ?, ?)", (clip, name, value, round(time.time())))

    def wanted(self, clip: str) -> dict[str, int]:
        """What waits for this clip, by name, in the order in which it was asked for."""
        with self.index() as index:
            return dict(
                index.execute("SELECT name, value FROM wanted WHERE clip = ? ORDER BY rowid", (clip,)).fetchall()
            )

    def want_no_more(self, clip: str, names: Iterable[str]) -> None:
        """These were set on the clip itself, later than what waits."""
        with self.index() as index:
            index.executemany("DELETE FROM wanted WHERE clip = ? AND name = ?", [(clip, name) for name in names])

    def given(self, clip: str, name: str, value: int) -> None:
        """The clip has taken the setting: it waits no longer, unless another value has been asked for meanwhile."""
        with self.index() as index:
            index.execute("DELETE FROM wanted WHERE clip = ? AND name = ? AND value = ?", (clip, name, value))

    # -- what a log says in short --------------------------------------------------------------------------------------

    def summaries(self, made_by: str) -> dict[Key, str]:
        """(clip, number, CRC32) -> what is kept of the session's log, of this maker alone."""
        with self.index() as index:
            rows = index.execute(
                "SELECT clip, number, crc32, told FROM summary WHERE made_by = ?", (made_by,)
            ).fetchall()
        return {(clip, number, crc32): told for clip, number, crc32, told in rows}

    def keep_summaries(self, made_by: str, told: dict[Key, str]) -> None:
        with self.index() as index:
            index.execute("BEGIN")
            index.executemany(
                "INSERT OR REPLACE INTO summary VALUES (?, ?, ?, ?, ?)",
                [(*key, made_by, text) for key, text in told.items()],
            )
            index.execute("COMMIT")

    def mark_deleted(self, stored: Stored) -> None:
        """The clip has confirmed that it deleted its copy."""
        with self.index() as index:
            index.execute(
                "UPDATE session SET deleted_on_clip = 1 WHERE clip = ? AND number = ? AND crc32 = ?",
                (stored.clip, stored.number, stored.crc32),
            )

    def arriving(self, clip: str, number: int, crc32: int, size_b: int, boot: int, flags: int) -> Arriving:
        """A session that is to be fetched, or fetched further."""
        self.know_clip(clip)
        return Arriving(self, clip, number, crc32, size_b, boot, flags)

    def add(self, stored: Stored) -> None:
        """Index a log that lies whole in its place."""
        with self.index() as index:
            index.execute(
                "INSERT INTO session (clip, number, crc32, size_b, boot, flags, file) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET binned_unix_s = NULL, gone = 0",
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
        path = store._folder_of(clip) / f"{number:06d}-{crc32:08x}.fclog"
        self._stored = Stored(clip, number, crc32, size_b, boot, flags, path, False)
        self._part = path.with_suffix(".part")
        self.have_b = 0
        self.have_crc = 0
        try:
            if path.exists():
                # Whole but not indexed: the last sync died between the two. Or rotten: kept until a good one is here.
                path.replace(path.with_suffix(".rotten") if trouble(self._stored) else self._part)
            # A process that is killed loses what waits here and fetches it anew; Python 3.14 would keep back 128 KiB.
            self._file: IO[bytes] = self._part.open("a+b", buffering=8192)
            private(self._part)
            self._take_stock()
        except OSError as error:
            raise disk_error(error, self._part) from None

    @property
    def path(self) -> Path:
        """Where the log will be."""
        return self._stored.path

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
            wrong = trouble(self._stored)
            if wrong:
                raise StoreError(
                    f"session {self._stored.number} reads back damaged ({wrong})",
                    "check the disk, then sync again: the clip still has it",
                    path=self._stored.path,
                )
        except OSError as error:
            raise disk_error(error, self._part) from None
        self._store.add(self._stored)
        with suppress(OSError):  # a folder, which was never ours
            self._stored.path.with_suffix(".rotten").unlink(missing_ok=True)
        return self._stored

    def close(self) -> None:
        """Keep what came for the next time."""
        try:
            self._file.close()
        except OSError as error:
            raise disk_error(error, self._part) from None


def trouble(stored: Stored) -> str:
    """What is wrong with a session's file, read from the disk; empty when its size and CRC32 are those of the clip."""
    crc32 = size_b = 0
    try:
        with stored.path.open("rb") as file:
            if hasattr(os, "posix_fadvise"):  # not from the memory that holds what was just written
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while piece := file.read(1 << 16):
                size_b += len(piece)
                crc32 = binascii.crc32(piece, crc32)
    except FileNotFoundError:
        return "its file is gone"
    except OSError as error:
        return f"its file can't be read: {error.strerror or error}"
    if size_b != stored.size_b:
        return f"{size_b:,} bytes of {stored.size_b:,}"
    return "" if crc32 == stored.crc32 else "its CRC32 is wrong"


def _sync_folder(folder: Path) -> None:
    """Make a rename reach the disk, where the platform lets a folder be synced."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
