"""Tables of a recording: named columns of numbers, read a chunk at a time, whatever file they stand in.

Plain decimals are read by decimals.py; what else numpy's own CSV reader (C code) takes, by that. When it refuses a
chunk, the chunk is read again row by row to name the line and the cell, or to leave the line out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import TraceError, printable
from formclip.ground.trace.decimals import plain_decimals
from formclip.ground.trace.packed import CHUNK_B, Member
from formclip.ground.trace.text import Layout, Text, find_layout, is_empty, split_line

Floats = NDArray[np.float64]
Lines = NDArray[np.int64]
Words = NDArray[np.str_]

_TIME_CHARS = 48
_MOST_BAD_SHARE = 0.01
_MOST_BAD_LINES = 50


@dataclass(frozen=True)
class Chunk:
    """Some rows: the time column as it stands (numbers, or text), the values (n, k), and the lines they stood on."""

    time: Floats | Words
    values: Floats
    lines: Lines


@dataclass
class Reading:
    """What a pass over a table had to leave out, and how far it is."""

    cut_last_line: bool = False
    bad_lines: list[int] = field(default_factory=list)
    fraction: float = 0.0


class Table(Protocol):
    """`time` and `values` of `chunks` are places of columns; no time place gives the row's number."""

    member: Member
    name: str  # of the file or the sheet, in lower case
    names: tuple[str, ...]
    units: tuple[str, ...]
    preamble: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    header_line: int
    first_line: int

    def chunks(
        self, time: tuple[int, ...], values: tuple[int, ...], text_time: bool, strict: bool, reading: Reading
    ) -> Iterator[Chunk]: ...


class TextTable:
    """A table in a text file.

    strict      a cell that is no number is an error that names line and cell; else the line is left out and counted,
                and more than one in a hundred are an error
    """

    def __init__(self, member: Member) -> None:
        self.member = member
        text = Text(member)
        try:
            if text.is_empty:
                raise TraceError(
                    "the file is empty", "record it again, or name another", path=member.path, place="byte 0"
                )
            self.layout: Layout = find_layout(text)
        finally:
            text.close()
        self.name = member.stem
        self.names, self.units, self.preamble = self.layout.names, self.layout.units, self.layout.preamble
        self.sample, self.header_line, self.first_line = (
            self.layout.sample,
            self.layout.header_line,
            self.layout.first_line,
        )

    def chunks(
        self, time: tuple[int, ...], values: tuple[int, ...], text_time: bool, strict: bool, reading: Reading
    ) -> Iterator[Chunk]:
        text = Text(self.member)
        parser = _Parser(self, time, values, text_time, strict, reading)
        try:
            parts: list[bytes] = []
            held_b = 0
            skip = self.layout.first_line - 1
            for piece in text.pieces():
                if skip:
                    parts.append(piece)
                    joined = b"".join(parts)
                    if joined.count(b"\n") < skip:
                        parts = [joined]
                        continue
                    piece, parts = joined.split(b"\n", skip)[skip], []
                    skip = held_b = 0
                parts.append(piece)
                held_b += len(piece)
                if held_b >= CHUNK_B:
                    whole, newline, rest = b"".join(parts).rpartition(b"\n")
                    reading.fraction = text.fraction
                    if newline:
                        yield from parser.parse(whole)
                    elif held_b > 4 * CHUNK_B:
                        raise parser.error("a line of more than 4 MB: not a trace", parser.line)
                    parts, held_b = [rest], len(rest)
            reading.fraction = 1.0
            if not skip:
                yield from parser.parse(b"".join(parts), last=True)
        finally:
            text.close()


class _Parser:
    def __init__(
        self,
        table: TextTable,
        time: tuple[int, ...],
        values: tuple[int, ...],
        text_time: bool,
        strict: bool,
        reading: Reading,
    ) -> None:
        self.path: Path = table.member.path
        self.layout = table.layout
        self.names = table.names
        self.line = table.layout.first_line
        self._time, self._values = time, values
        self._text_time, self._strict, self._reading = text_time, strict, reading
        self._rows = 0
        self._seen = 0
        where = "" if table.member.name == self.path.name else f"{table.member.name}, "
        self._where = where

    def error(self, what: str, line: int, remedy: str = "mend or remove that line") -> TraceError:
        return TraceError(what, remedy, path=self.path, place=f"{self._where}line {line}")

    def parse(self, text: bytes, last: bool = False) -> Iterator[Chunk]:
        first_line = self.line
        self.line += text.count(b"\n") + 1
        if not text.strip():
            return
        try:
            chunk = self._quickly(text, first_line)
        except (ValueError, UnicodeError, IndexError):
            chunk = self._slowly(text, first_line, last)
        if len(chunk.values):
            self._rows += len(chunk.values)
            yield chunk

    def _quickly(self, text: bytes, first_line: int) -> Chunk:
        """The whole chunk by numpy, which raises where any cell is not what it should be."""
        layout = self.layout
        lines = None
        if b"#" in text or b"%" in text:
            raise ValueError("comments")
        separator = layout.separator
        if layout.decimal_comma:
            if separator == ",":
                raise ValueError("quoted decimal commas")
            numbers = text.replace(b",", b".")
        else:
            numbers = text
        empty = separator.encode() * 2
        if separator != " " and empty in numbers:
            hole = separator.encode() + b"nan" + separator.encode()
            numbers = numbers.replace(empty, hole).replace(empty, hole)
        delimiter = None if separator == " " else separator
        quote = '"' if layout.quoted else None
        time_places = () if self._text_time else self._time
        places = (*time_places, *self._values)
        table: Floats | None = None
        if delimiter is not None and quote is None:
            table = plain_decimals(numbers, separator, places)
        if table is None:
            table = np.loadtxt(
                io.BytesIO(numbers),
                delimiter=delimiter,
                usecols=places,
                comments=None,
                quotechar=quote,
                encoding="latin1",
                ndmin=2,
            )
        count = len(table)
        if self._text_time:
            words: Words = np.loadtxt(
                io.BytesIO(text),
                dtype=f"U{_TIME_CHARS}",
                delimiter=delimiter,
                usecols=self._time,
                comments=None,
                quotechar=quote,
                encoding="latin1",
                ndmin=2,
            )
            if len(words) != count:
                raise ValueError("time and values differ")
            whole = words[:, 0]
            for k in range(1, words.shape[1]):
                whole = np.char.add(np.char.add(whole, " "), words[:, k])
            time: Floats | Words = whole
            values = table
        elif self._time:
            time, values = table[:, 0], table[:, 1:]
        else:
            time, values = np.arange(self._rows, self._rows + count, dtype=np.float64), table
        lines = np.arange(first_line, first_line + count, dtype=np.int64)
        if count != text.count(b"\n") + (not text.endswith(b"\n")):
            full = [first_line + i for i, line in enumerate(text.split(b"\n")) if line.strip()]
            if len(full) == count:
                lines = np.array(full, dtype=np.int64)
        return Chunk(time, values, lines)

    def _slowly(self, text: bytes, first_line: int, last: bool) -> Chunk:
        """Row by row: an empty cell is a missing value, anything else that is no number is told or left out."""
        times: list[float] = []
        words: list[str] = []
        rows: list[list[float]] = []
        lines: list[int] = []
        pieces = text.split(b"\n")
        for number, line in enumerate(pieces, first_line):
            bare = line.strip()
            if not bare or bare.startswith((b"#", b"%")):
                continue
            self._seen += 1
            is_cut = last and number == first_line + len(pieces) - 1
            if b"\0" in line:  # a card that lost its power leaves a block of them
                self._reading.bad_lines.append(number)
                continue
            cells = split_line(line.decode("utf-8", "replace"), self.layout.separator)
            if tuple(cell.strip().strip('"') for cell in cells[: len(self.names)]) == self.names and self.names:
                self._reading.bad_lines.append(number)  # an app that was started again names the columns again
                continue
            try:
                row = [self._number(cells, place, number) for place in self._values]
                if self._text_time:
                    word = " ".join(self._cell(cells, place, number) for place in self._time)
                else:
                    at = self._number(cells, self._time[0], number) if self._time else float(self._rows + len(rows))
            except TraceError:
                if is_cut:
                    self._reading.cut_last_line = True
                    continue
                self._bad(number)
                if self._strict:
                    raise
                continue
            rows.append(row)
            lines.append(number)
            if self._text_time:
                words.append(word)
            else:
                times.append(at)
        return Chunk(
            np.array(words, dtype=f"U{_TIME_CHARS}") if self._text_time else np.array(times, dtype=np.float64),
            np.array(rows, dtype=np.float64).reshape(-1, len(self._values)),
            np.array(lines, dtype=np.int64),
        )

    def _bad(self, number: int) -> None:
        bad = self._reading.bad_lines
        bad.append(number)
        if not self._strict and len(bad) > max(_MOST_BAD_LINES, _MOST_BAD_SHARE * (self._rows + self._seen)):
            raise self.error(f"{len(bad)} lines so far hold no row of numbers", bad[0], "mend or remove such lines")

    def _cell(self, cells: list[str], place: int, number: int) -> str:
        if place >= len(cells):
            name = self.names[place] if place < len(self.names) else f"column {place + 1}"
            raise self.error(f"{len(cells)} cells where {name} is number {place + 1}", number)
        return cells[place].strip().strip('"')

    def _number(self, cells: list[str], place: int, number: int) -> float:
        cell = self._cell(cells, place, number)
        if is_empty(cell):
            return float("nan")
        try:
            return float(cell.replace(",", ".") if self.layout.decimal_comma else cell)
        except ValueError:
            name = self.names[place] if place < len(self.names) else f"column {place + 1}"
            raise self.error(f"{name} is '{printable(cell[:24])}', not a number", number) from None


class HeldTable:
    """A table that had to be read at once (a workbook's sheet, JSON): columns of cells, as numbers or as text."""

    def __init__(
        self,
        member: Member,
        name: str,
        names: tuple[str, ...],
        columns: list[Floats | Words],
        preamble: tuple[str, ...] = (),
        first_line: int = 2,
    ) -> None:
        self.member, self.name, self.names = member, name.lower(), names
        self.units: tuple[str, ...] = ()
        self.preamble = preamble
        self.header_line, self.first_line = 1, first_line
        self._columns = columns
        count = min((len(c) for c in columns), default=0)
        self.sample = tuple(tuple(str(c[i]) for c in columns) for i in range(min(200, count)))

    def chunks(
        self, time: tuple[int, ...], values: tuple[int, ...], text_time: bool, strict: bool, reading: Reading
    ) -> Iterator[Chunk]:
        table = np.stack([np.asarray(self._columns[v], dtype=np.float64) for v in values], axis=1)
        count = len(table)
        if not time:
            stamps: Floats | Words = np.arange(count, dtype=np.float64)
        elif text_time:
            words: Words = np.asarray(self._columns[time[0]], dtype=np.str_)
            for place in time[1:]:
                words = np.char.add(np.char.add(words, " "), np.asarray(self._columns[place], dtype=np.str_))
            stamps = words
        else:
            stamps = np.asarray(self._columns[time[0]], dtype=np.float64)
        lines = np.arange(self.first_line, self.first_line + count, dtype=np.int64)
        size = 20_000
        for start in range(0, count, size):
            piece = slice(start, start + size)
            reading.fraction = start / count
            yield Chunk(stamps[piece], table[piece], lines[piece])
        reading.fraction = 1.0
