"""The bytes of a recording, whatever it is packed in: plain, xz, gzip, or the files of a zip or a folder.

Everything is read in parts of bounded size, whatever a packed file claims or grows to.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from formclip.ground.errors import TraceError, from_os_error

CHUNK_B = 1 << 20
_READ_B = 1 << 16
_XZ_MAGIC = b"\xfd7zXZ\x00"
_GZ_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_ZIP_EMPTY = b"PK\x05\x06"
_XZ_MEMORY_B = 1 << 28
_MOST_FILES = 2000


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class ByteSource:
    """The decompressed bytes of a file; knows how much of it, as it is packed, has been taken (for progress)."""

    def __init__(self, path: Path, opener: Callable[[], IO[bytes]] | None = None, size_b: int | None = None) -> None:
        self.path = path
        self.taken_b = 0
        try:
            self.size_b = path.stat().st_size if size_b is None else size_b
            self._file: IO[bytes] = opener() if opener is not None else path.open("rb")
            self._head = self._file.read(6)
        except OSError as error:
            raise from_os_error(error, path, "read") from None
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError) as error:
            raise self._damaged_zip(error) from None

    @property
    def fraction(self) -> float:
        """How much of the file has been taken, 0 to 1."""
        return min(1.0, self.taken_b / max(1, self.size_b))

    def _damaged_zip(self, error: Exception) -> TraceError:
        if "password" in str(error) or "encrypted" in str(error):
            return TraceError(
                "is locked with a password", "unpack it and name what is in it", path=self.path, place="byte 0"
            )
        what = f"damaged zip data ({str(error).lower()})"
        return TraceError(what, "copy or export the file again", path=self.path, place=f"byte {self.taken_b} unpacked")

    def _compressed(self) -> Iterator[bytes]:
        if self._head:
            yield self._head
        while True:
            try:
                data = self._file.read(_READ_B)
            except OSError as error:
                raise from_os_error(error, self.path, "read") from None
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
                raise self._damaged_zip(error) from None
            if not data:
                return
            self.taken_b += len(data)
            yield data

    def pieces(self) -> Iterator[bytes]:
        with self._file:
            if self._head.startswith(_XZ_MAGIC):
                yield from self._inflate("xz")
            elif self._head.startswith(_GZ_MAGIC):
                yield from self._inflate("gzip")
            else:
                yield from self._compressed()

    def _inflate(self, kind: str) -> Iterator[bytes]:
        unpacker: _Decompressor | None = None
        out_b = 0
        for compressed in self._compressed():
            data = compressed
            while data:
                if unpacker is None:
                    if kind == "xz":
                        data = data.lstrip(b"\0")  # padding between streams
                        if not data:
                            break
                        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_B)
                    else:
                        unpacker = zlib.decompressobj(wbits=31)
                try:
                    for part in self._drain(unpacker, data):
                        out_b += len(part)
                        yield part
                except (lzma.LZMAError, zlib.error, MemoryError) as error:
                    raise TraceError(
                        f"damaged {kind} data ({str(error).lower()})",
                        "copy the file again from where it came from",
                        path=self.path,
                        place=f"byte {out_b} of the unpacked text",
                    ) from None
                data = b""
                if unpacker.eof:
                    data, unpacker = unpacker.unused_data, None
        if unpacker is not None:
            raise TraceError(
                f"the {kind} data ends before its end",
                "copy the file again, or unpack what is there and replay that",
                path=self.path,
                place=f"byte {out_b} of the unpacked text",
            )

    @staticmethod
    def _drain(unpacker: _Decompressor, data: bytes) -> Iterator[bytes]:
        """Feed `data`; give what comes out in parts of bounded size, whatever the ratio."""
        if isinstance(unpacker, lzma.LZMADecompressor):
            yield unpacker.decompress(data, max_length=CHUNK_B)
            while not unpacker.eof and not unpacker.needs_input:
                yield unpacker.decompress(b"", max_length=CHUNK_B)
        else:
            while True:
                yield unpacker.decompress(data, CHUNK_B)  # type: ignore[attr-defined]
                data = unpacker.unconsumed_tail  # type: ignore[attr-defined]
                if not data or unpacker.eof:
                    return


@dataclass(frozen=True)
class Member:
    """One file of a recording: `path` is what a person named, `name` the file's own name in it."""

    path: Path
    name: str
    size_b: int
    opener: Callable[[], IO[bytes]] | None = None

    def open(self) -> ByteSource:
        return ByteSource(self.path, self.opener, self.size_b if self.opener is not None else None)

    @property
    def stem(self) -> str:
        """The name in lower case, without folders and without what says how it is packed."""
        name = self.name.replace("\\", "/").rpartition("/")[2].lower()
        for ending in (".xz", ".gz"):
            name = name.removesuffix(ending)
        return name

    def read(self, most_b: int) -> bytes:
        """The whole file, where it must be held at once; an error beyond `most_b`."""
        out = io.BytesIO()
        for piece in self.open().pieces():
            out.write(piece)
            if out.tell() > most_b:
                raise TraceError(
                    f"{self.name} unpacks to more than {most_b >> 20} MB",
                    "export it as CSV, which is read piece by piece",
                    path=self.path,
                    place=f"byte {most_b}",
                )
        return out.getvalue()


def _in_zip(path: Path) -> list[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise TraceError(f"damaged zip ({error})", "copy or export the file again", path=path, place="byte 0") from None
    if len(entries) > _MOST_FILES:
        raise TraceError(f"{len(entries)} files in this zip", "name a zip of one recording", path=path, place="byte 0")

    def opener(name: str) -> Callable[[], IO[bytes]]:
        return lambda: zipfile.ZipFile(path).open(name)

    return [
        Member(path, entry.filename, entry.file_size, opener(entry.filename))
        for entry in entries
        if not entry.is_dir() and "__MACOSX" not in entry.filename and not _hidden(entry.filename)
    ]


def _hidden(name: str) -> bool:
    return name.replace("\\", "/").rpartition("/")[2].startswith(".")


def members(path: Path) -> list[Member]:
    """What a path holds: itself, the files of a zip, or those of a folder and of `meta/` in it."""
    try:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p.name))
            if len(found) > _MOST_FILES:
                raise TraceError(
                    f"{len(found)} files in this folder", "name a folder of one recording", path=path, place="byte 0"
                )
            return [Member(p, p.relative_to(path).as_posix(), p.stat().st_size) for p in found]
        with path.open("rb") as file:
            magic = file.read(4)
        alone = Member(path, path.name, path.stat().st_size)
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    if magic in (_ZIP_MAGIC, _ZIP_EMPTY) and not _is_office(path):
        inside = _in_zip(path)
        if not inside:
            raise TraceError("no files in this zip", "export the recording again", path=path, place="byte 0")
        return inside
    return [alone]


def _is_office(path: Path) -> bool:
    """An .xlsx or .ods is a zip too, but one table to us: told by what is in it, not by its name."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        return False
    return bool(names & {"[Content_Types].xml", "xl/workbook.xml"}) or {"mimetype", "content.xml"} <= names
