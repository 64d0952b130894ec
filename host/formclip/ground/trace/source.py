"""From a file, plain or compressed, to rows of numbers, a chunk at a time.

numpy's own CSV reader (C code) takes 0.3 us a row of seven numbers; when it refuses a chunk, the chunk is read again
row by row to name the line and the cell.
"""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import TraceError, from_os_error, printable

Floats = NDArray[np.float64]
Lines = NDArray[np.int64]

ACC = ("acc_x_g", "acc_y_g", "acc_z_g")
GYR = ("gyr_x_dps", "gyr_y_dps", "gyr_z_dps")
PLANAR = ("acc_v_g", "acc_ap_g")
NEEDED = "t_s, acc_x_g, acc_y_g, acc_z_g and, where there is one, the gyroscope's gyr_x_dps, gyr_y_dps, gyr_z_dps"

_READ_B = 1 << 16
_CHUNK_B = 1 << 20
_HEADER_B = 1 << 14
_XZ_MAGIC = b"\xfd7zXZ\x00"
_GZ_MAGIC = b"\x1f\x8b"
_XZ_MEMORY_B = 1 << 28


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class ByteSource:
    """The decompressed bytes of a file; knows how much of the file on disk it has taken (for progress)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken_b = 0
        try:
            self.size_b = path.stat().st_size
            self._file: BinaryIO = path.open("rb")
            self._head = self._file.read(6)
        except OSError as error:
            raise from_os_error(error, path, "read") from None

    def _compressed(self) -> Iterator[bytes]:
        if self._head:
            yield self._head
        while True:
            try:
                data = self._file.read(_READ_B)
            except OSError as error:
                raise from_os_error(error, self.path, "read") from None
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
            yield unpacker.decompress(data, max_length=_CHUNK_B)
            while not unpacker.eof and not unpacker.needs_input:
                yield unpacker.decompress(b"", max_length=_CHUNK_B)
        else:
            while True:
                yield unpacker.decompress(data, _CHUNK_B)  # type: ignore[attr-defined]
                data = unpacker.unconsumed_tail  # type: ignore[attr-defined]
                if not data or unpacker.eof:
                    return


@dataclass(frozen=True)
class Rows:
    """Some rows: their times, their values (n, 2 | 3 | 6) and the lines they stood on."""

    t_s: Floats
    values: Floats
    lines: Lines


@dataclass(frozen=True)
class Columns:
    """Which columns of the file are used, in our order."""

    names: tuple[str, ...]
    places: tuple[int, ...]
    separator: str

    @property
    def planar(self) -> bool:
        return PLANAR[0] in self.names

    @property
    def has_gyro(self) -> bool:
        return GYR[0] in self.names


def parse_header(line: bytes, path: Path) -> Columns:
    text = line.decode("utf-8-sig", "replace").strip()
    separator = next((s for s in ",;\t" if s in text), ",")
    found = [name.strip().strip('"').lower() for name in text.split(separator)]
    if not text.isprintable() and separator != "\t":
        raise TraceError("not a CSV file", "a trace is CSV, plain or packed with xz or gzip", path=path, place="line 1")

    def error(what: str) -> TraceError:
        return TraceError(what, f"the first line must name the columns {NEEDED}", path=path, place="line 1")

    if "t_s" not in found:
        shown = printable(text if len(text) <= 60 else text[:57] + "...")
        raise error(f"no column t_s among '{shown}'")
    if all(name in found for name in ACC):
        names: tuple[str, ...] = ("t_s", *ACC)
        have_gyr = [name for name in GYR if name in found]
        if len(have_gyr) == 3:
            names += GYR
        elif have_gyr:
            missing = next(name for name in GYR if name not in found)
            raise error(f"no column {missing}, though {have_gyr[0]} is there")
    elif all(name in found for name in PLANAR):
        names = ("t_s", *PLANAR)
    else:
        missing = next(name for name in ACC if name not in found)
        raise error(f"no column {missing}")
    return Columns(names, tuple(found.index(name) for name in names), separator)


class RowSource:
    """Rows of numbers from a trace file, in chunks of about a megabyte of text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bytes = ByteSource(path)
        self._pieces = self._bytes.pieces()
        self._rest = b""
        self._line = 2  # number of the first line in _rest, once the header is off
        self.cut_last_line = False
        self.columns = self._header()

    @property
    def fraction(self) -> float:
        """How much of the file has been taken, 0 to 1."""
        return self._bytes.taken_b / max(1, self._bytes.size_b)

    def close(self) -> None:
        self._pieces.close()  # type: ignore[attr-defined]

    def _header(self) -> Columns:
        data = b""
        for piece in self._pieces:
            data += piece
            if b"\n" in data or len(data) > _HEADER_B:
                break
        if not data.strip():
            raise TraceError("the file is empty", "record it again, or name another", path=self.path, place="byte 0")
        line, newline, self._rest = data.partition(b"\n")
        if len(line) > _HEADER_B:
            raise TraceError(
                f"no line ends in the first {_HEADER_B} bytes: not a CSV file",
                "a trace is CSV, plain or packed with xz or gzip",
                path=self.path,
                place="byte 0",
            )
        return parse_header(line, self.path)

    def chunks(self) -> Iterator[Rows]:
        parts = [self._rest]
        held_b = len(self._rest)
        for piece in self._pieces:
            parts.append(piece)
            held_b += len(piece)
            if held_b >= _CHUNK_B:
                text, newline, rest = b"".join(parts).rpartition(b"\n")
                if newline:
                    yield from self._parse(text)
                elif held_b > 4 * _CHUNK_B:
                    raise self._error("a line of more than 4 MB: not a trace", self._line)
                parts, held_b = [rest], len(rest)
        yield from self._parse(b"".join(parts), last=True)

    def _error(self, what: str, line: int, remedy: str = "mend or remove that line") -> TraceError:
        return TraceError(what, remedy, path=self.path, place=f"line {line}")

    def _parse(self, text: bytes, last: bool = False) -> Iterator[Rows]:
        first_line = self._line
        self._line += text.count(b"\n") + 1
        if not text.strip():
            return
        columns = self.columns
        try:
            table = np.loadtxt(
                io.BytesIO(text),
                delimiter=columns.separator,
                usecols=columns.places,
                comments=None,
                encoding="latin1",
                ndmin=2,
            )
            lines = np.arange(first_line, first_line + len(table), dtype=np.int64)
            if len(table) != text.count(b"\n") + (not text.endswith(b"\n")):
                full = [first_line + i for i, line in enumerate(text.split(b"\n")) if line.strip()]
                if len(full) == len(table):
                    lines = np.array(full, dtype=np.int64)
        except (ValueError, UnicodeError):
            table, lines = self._parse_slowly(text, first_line, last)
        if len(table):
            yield Rows(table[:, 0], table[:, 1:], lines)

    def _parse_slowly(self, text: bytes, first_line: int, last: bool) -> tuple[Floats, Lines]:
        """Row by row: an empty cell is a missing value, anything else that is no number is an error that names it."""
        columns = self.columns
        separator = columns.separator.encode()
        rows: list[list[float]] = []
        lines: list[int] = []
        pieces = text.split(b"\n")
        for number, line in enumerate(pieces, first_line):
            if not line.strip():
                continue
            cells = line.split(separator)
            is_cut = last and number == first_line + len(pieces) - 1
            row = []
            for name, place in zip(columns.names, columns.places, strict=True):
                if place >= len(cells):
                    if is_cut:
                        self.cut_last_line = True
                        break
                    raise self._error(f"{len(cells)} cells where {name} is number {place + 1}", number)
                cell = cells[place].strip()
                try:
                    row.append(float(cell) if cell else float("nan"))
                except ValueError:
                    if is_cut:
                        self.cut_last_line = True
                        break
                    shown = printable(cell[:24].decode("utf-8", "replace"))
                    raise self._error(f"{name} is '{shown}', not a number", number) from None
            else:
                rows.append(row)
                lines.append(number)
        return np.array(rows, dtype=np.float64).reshape(-1, len(columns.names)), np.array(lines, dtype=np.int64)
