"""The whole record in one file, and back: every log and watch's file byte for byte, what was told beside a log, the
index, nothing that can be made again.

The file is a ZIP. Restoring adds files and replaces the index in one transaction, so a stop at any moment leaves the
index of before or the one of the backup, and never fewer logs.
"""

from __future__ import annotations

import binascii
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from formclip.ground.errors import FileError, FormclipError
from formclip.ground.log import told_of, told_path
from formclip.runs.store.errors import disk_error
from formclip.runs.store.index import NAME, VERSION, StoreError, migrate, private, version_of
from formclip.runs.store.store import Store, Stored, trouble
from formclip.runs.store.watch import file_of, fits, watched

BEFORE = f"{NAME}.before-restore"
_CACHES = ("summary", "digest")  # made again from the logs
_MOST_B = 1 << 29  # a log has 2 MB, the index of ten years some 100
# Not a zip, damaged inside, packed in a way that is not known here, locked with a password.
_NO_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
Progress = Callable[[int], None]


@dataclass(frozen=True)
class BackedUp:
    """wrong: what of the store could not be packed as it should be, run by run."""

    path: Path
    runs: int
    bytes: int
    wrong: tuple[str, ...]


def backup(store: Store, target: Path, progress: Progress | None = None) -> BackedUp:
    """Pack the store into `target`, which appears only when it is whole.

    Errors    FileError where there is a file already or the disk says no
    """
    if target.exists():
        raise FileError("there is a file already", "name another one", path=target)
    part = target.with_name(target.name + ".part")
    wrong: list[str] = []
    packed = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _copy_of_index(store) as index, part.open("wb") as file:
            private(part)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(index, NAME)
                for stored in _kept(store):
                    said = trouble(stored)
                    if said:
                        wrong.append(f"{stored.label}: {said}")
                    if stored.path.is_file():
                        archive.write(stored.path, _name(store, stored.path))
                        packed += 1
                    if told_path(stored.path).is_file():
                        archive.write(told_path(stored.path), _name(store, told_path(stored.path)))
                    if progress is not None:
                        progress(packed)
                wrong += _pack_watches(store, archive)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise disk_error(error, target) from None
    return BackedUp(target, packed, target.stat().st_size, tuple(wrong))


def restore(archive_path: Path, folder: Path, replace: bool = False, progress: Progress | None = None) -> int:
    """Unpack a backup into the store's folder; the number of runs in it.

    replace   the store there may hold runs: its logs stay beside, its index is kept as `index.sqlite.before-restore`
    Errors    StoreError for a file that is no backup, one of a later formclip, one that is damaged, or a store that
              holds runs; whatever is raised, what was there is still there
    """
    store = Store(folder)
    held = len(store.sessions())
    if held and not replace:
        raise StoreError(
            f"this store holds {held} runs",
            "name an empty folder with --store, or give --replace to put the backup in its place",
            path=store.folder,
        )
    try:
        with zipfile.ZipFile(archive_path) as archive, tempfile.TemporaryDirectory(dir=store.folder) as name:
            index = _index_of(archive, archive_path, Path(name))
            wanted = _files_of(index)
            for done, one in enumerate(wanted, 1):
                _unpack(archive, archive_path, store.folder, *one)
                if progress is not None:
                    progress(done)
            _put_index(index, store.folder)
    except _NO_ZIP:
        raise _damaged(archive_path, "is no backup of formclip, or was cut off") from None
    except OSError as error:
        raise disk_error(error, archive_path) from None
    return len(Store(folder).sessions())


def _pack_watches(store: Store, archive: zipfile.ZipFile) -> list[str]:
    """The files of watches into the backup; what is wrong with them."""
    wrong, done = [], set()
    for (clip, number, _), found in watched(store).items():
        try:
            data = file_of(store, found)
        except FormclipError as error:
            wrong.append(f"{clip}/{number}: its watch's file: {error.what}")
            continue
        if found.file not in done:
            archive.writestr(found.file, data)
            done.add(found.file)
    return wrong


def _kept(store: Store) -> list[Stored]:
    """Every session whose file is there, in the bin or not."""
    return [*store.sessions(), *(stored for stored in store.binned() if not stored.gone)]


def _name(store: Store, path: Path) -> str:
    return path.relative_to(store.folder).as_posix()


@contextmanager
def _copy_of_index(store: Store) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / NAME
        with store.index() as index, closing(sqlite3.connect(path, isolation_level=None)) as copy:
            index.backup(copy)
            for table in _CACHES:
                copy.execute(f"DELETE FROM {table}")
            copy.execute("VACUUM")
        yield path


def _damaged(path: Path, what: str) -> StoreError:
    return StoreError(what, "take another backup", path=path)


def _index_of(archive: zipfile.ZipFile, path: Path, folder: Path) -> Path:
    """The backup's index as a file that can be read, checked."""
    index = folder / NAME
    try:
        _bounded(archive, path, NAME)
        with archive.open(NAME) as packed, index.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except KeyError:
        raise _damaged(path, "is no backup of formclip: there is no index in it") from None
    try:
        found = version_of(index)
        if found > VERSION:
            raise StoreError(
                f"the backup's index has version {found}, this formclip knows {VERSION}", "update formclip", path=path
            )
        with closing(sqlite3.connect(index)) as opened:
            if opened.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise _damaged(path, "its index is damaged")
        migrate(folder)
    except sqlite3.Error:
        raise _damaged(path, "its index is damaged") from None
    return index


def _bounded(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    """No file of a backup unpacks to more than one can have; zipfile holds to the size that is written there."""
    if archive.getinfo(name).file_size > _MOST_B:
        raise _damaged(path, f"holds a file of more than {_MOST_B >> 20} MB")


Right = Callable[[bytes], bool]


def _files_of(index: Path) -> list[tuple[str, str, Right]]:
    """(name, its ending, whether bytes are what it held) of what the index names: logs, what is told beside one, and
    watches' files."""

    def as_log(size_b: int, crc32: int) -> Right:
        return lambda data: (len(data), binascii.crc32(data)) == (size_b, crc32)

    def as_watch(sha256: str) -> Right:
        return lambda data: fits(data, sha256)

    with closing(sqlite3.connect(index)) as opened:
        logs = opened.execute("SELECT file, size_b, crc32 FROM session WHERE NOT gone").fetchall()
        watches = opened.execute("SELECT DISTINCT file, sha256 FROM watch").fetchall()
    return [
        *((str(file), ".fclog", as_log(int(size_b), int(crc32))) for file, size_b, crc32 in logs),
        *((told_path(PurePosixPath(file)).as_posix(), ".json", _is_told) for file, *_ in logs),
        *((str(file), ".fit", as_watch(str(sha256))) for file, sha256 in watches),
    ]


def _is_told(data: bytes) -> bool:
    return bool(told_of(data))


def _unpack(archive: zipfile.ZipFile, path: Path, folder: Path, file: str, ending: str, right: Right) -> None:
    """One file to its place; a name that leads out of the folder is none of ours."""
    target = (folder / file).resolve()
    if folder.resolve() not in target.parents or target.suffix != ending:
        raise _damaged(path, f"names a file outside the store: {file}")
    if target.is_file() and right(target.read_bytes()):
        return
    try:
        _bounded(archive, path, file)
        data = archive.read(file)
    except KeyError:
        return  # it was missing when the backup was made, and the index says so: `formclip store check` names it
    if target.is_file() and not right(data):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private(target.parent)
    part = target.with_suffix(".restoring")
    with part.open("wb") as out:
        private(part)
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(target)


def _put_index(index: Path, folder: Path) -> None:
    """The backup's index in place of the store's, in one transaction; the one of before stays beside."""
    here = folder / NAME
    with closing(sqlite3.connect(here, isolation_level=None)) as live:
        part = folder / (BEFORE + ".part")
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as beside:
            live.backup(beside)
        private(part)
        part.replace(folder / BEFORE)
        with closing(sqlite3.connect(index)) as new:
            new.backup(live)
