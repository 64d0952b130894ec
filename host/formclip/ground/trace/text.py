"""From the bytes of a text file to UTF-8 with `\\n` at the ends of lines, and to what its table looks like.

Which cells belong together is decided on the first lines: the separator that gives many lines the same number of cells
that are numbers or times; above them the names of the columns, below those perhaps their units, before all that a
preamble. Nothing here knows a sensor: what the names mean is the business of names.py.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from formclip.ground.errors import TraceError, printable
from formclip.ground.trace.packed import Member

HEAD_B = 1 << 16
_LINE_B = 1 << 14
_LOOKED_AT = 60
_SEPARATORS = (",", ";", "\t", "|", " ")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_EMPTY = {"", "nan", "na", "n/a", "null", "none", "-", "--", "inf", "-inf", "undefined"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$", re.I)
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?$", re.I)
_POINT_NUMBER = re.compile(r"[+-]?\d+\.\d")
_CLOCK = re.compile(
    r"\d{1,2}:\d{2}(:\d{2}|$)|\d{1,2}:\d{2}[.,]\d|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
    r"|\d{1,2}[-/. ][A-Za-z]{3,9}\.?[-/. ]\d{4}"
)


def is_number(cell: str, decimal_comma: bool = False) -> bool:
    cell = cell.strip()
    return bool(_NUMBER.match(cell) or (decimal_comma and _COMMA_NUMBER.match(cell)))


def is_empty(cell: str) -> bool:
    return cell.strip().lower() in _EMPTY


def is_clock(cell: str) -> bool:
    """A date, a time of day, or both."""
    return _CLOCK.match(cell.strip()) is not None


class Text:
    """A member's text as UTF-8 pieces: `head` first looks, `pieces` gives all of it from the start."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._bytes = member.open()
        self._raw = self._bytes.pieces()
        self._head = b""
        while len(self._head) < HEAD_B:
            piece = next(self._raw, None)
            if piece is None:
                break
            self._head += piece
        self._encoding = _encoding(self._head)
        self._mac = b"\n" not in self._head and b"\r" in self._head and self._encoding is None

    @property
    def fraction(self) -> float:
        return self._bytes.fraction

    @property
    def is_empty(self) -> bool:
        return not self._head.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe")

    def close(self) -> None:
        self._raw.close()  # type: ignore[attr-defined]

    def head(self) -> bytes:
        """The first 64 KB, as UTF-8; the last line of it may be cut."""
        if self._encoding is None:
            return self._head.replace(b"\r", b"\n") if self._mac else self._head
        return codecs.getincrementaldecoder(self._encoding)("replace").decode(self._head).encode()

    def pieces(self) -> Iterator[bytes]:
        if self._encoding is None:
            yield self.head()
            for piece in self._raw:
                yield piece.replace(b"\r", b"\n") if self._mac else piece
            return
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        yield decoder.decode(self._head).encode()
        for piece in self._raw:
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()


def _encoding(head: bytes) -> str | None:
    """None where the bytes can be taken as they are (UTF-8, or an old 8-bit one: numbers look the same in it)."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    sample = head[:2000]
    if len(sample) >= 40:
        for name, start in (("utf-16-le", 1), ("utf-16-be", 0)):
            high = sample[start::2]
            if high.count(0) > 0.9 * len(high) and sample.count(0) < 0.6 * len(sample):
                return name
    return None


def decode_line(line: bytes) -> str:
    """A line of a head: UTF-8 where it is, else the old Windows code page (for a degree sign or a superscript two)."""
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


@dataclass(frozen=True)
class Layout:
    """What a text table looks like."""

    separator: str  # " " for any run of spaces
    decimal_comma: bool
    quoted: bool  # numbers stand in quotation marks
    names: tuple[str, ...]  # of the columns; empty where no line names them
    units: tuple[str, ...]  # of a second line, as Shimmer writes them; empty where there is none
    preamble: tuple[str, ...]
    first_line: int  # of the rows
    header_line: int  # 0 where there is none
    columns: int
    sample: tuple[tuple[str, ...], ...] = field(default=(), repr=False)  # the first rows' cells


def split_line(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    if '"' in line:
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
        except csv.Error:
            pass
    return [cell.strip() for cell in line.split(separator)]


def _commas(cells: list[list[str]]) -> bool:
    """Whether numbers have a decimal comma. Where the comma separates, only quoted cells can hold one."""
    flat = [c for row in cells for c in row]
    return any(_COMMA_NUMBER.match(c) for c in flat) and not any(_POINT_NUMBER.match(c) for c in flat)


def _rows_from(lines: list[str], separator: str) -> tuple[float, int, int, bool] | None:
    """(share of the cells that are values, line, cells a row, decimal comma) from where many rows hold values."""
    if separator != " " and not any(separator in line for line in lines):
        return None

    @cache  # of the thousands of lines that a head has, most are not looked at
    def cells(number: int) -> list[str]:
        return split_line(lines[number], separator) if lines[number].strip() else []

    def some(start: int) -> list[list[str]]:
        return [row for row in map(cells, range(start, min(start + _LOOKED_AT, len(lines)))) if row]

    comma = _commas(some(max(0, len(lines) - _LOOKED_AT)))
    for start in range(len(lines)):
        width = len(cells(start))
        if width < 2 or not _is_row(cells(start), comma):
            continue
        run = some(start)
        same = [row for row in run if abs(len(row) - width) <= 1 and _is_row(row, comma)]
        if len(same) >= max(1, 0.6 * len(run)):
            told = [c for row in same for c in row if not is_empty(c)]
            values = sum(is_number(c, comma) or is_clock(c) for c in told)
            return values / len(told), start, max(len(row) for row in same), comma
    return None


def _is_row(cells: list[str], comma: bool) -> bool:
    """Mostly values, two of them numbers or times: a last name or a remark in a row may be a word."""
    told = [c for c in cells if not is_empty(c)]
    values = [c for c in told if is_number(c, comma) or is_clock(c)]
    return len(values) >= 2 and len(values) >= 0.5 * len(told)


def find_layout(text: Text) -> Layout:
    """What the table in this text looks like; TraceError where there is none."""
    member = text.member
    head = text.head()
    whole = len(text._head) < HEAD_B
    raw = head.split(b"\n")
    endless = any(len(line) > _LINE_B for line in raw)
    if not whole and len(raw) > 1:
        raw.pop()
    if endless:
        raise TraceError(
            f"no line ends in the first {_LINE_B} bytes: not a CSV file",
            "a trace is CSV, plain or packed with xz, gzip or zip",
            path=member.path,
            place="byte 0",
        )
    lines = [decode_line(line).rstrip("\r") for line in raw]
    first = next((line for line in lines if line.strip()), "")
    if not first.replace("\t", "").isprintable():
        raise TraceError(
            "not a CSV file",
            "a trace is CSV, plain or packed with xz, gzip or zip",
            path=member.path,
            place="line 1",
        )
    told = re.match(r'"?sep=(.)"?', first.strip(), re.I)
    wanted = [told.group(1)] if told else []
    if re.match(r'"?sep=\s*\t?"?$', first, re.I):
        wanted = ["\t"]
    shown = [_uncommented(line) for line in lines]
    found = []
    for separator in [*wanted, *_SEPARATORS]:
        rows = _rows_from(shown, separator)
        if rows is not None:
            if separator in wanted:
                found = [(separator, rows)]
                break
            found.append((separator, rows))
    if not found:
        return _without_rows(shown, lines)
    # More columns first; spaces only where nothing else splits, as a date and a time are two cells to them.
    separator, (_, start, columns, comma) = max(found, key=lambda f: (round(f[1][0], 1), f[0] != " ", f[1][2]))
    names, units, header_line, preamble_to = _heading(shown, separator, start, columns)
    sample = [split_line(line, separator) for line in shown[start : start + 200] if line.strip()]
    return Layout(
        separator,
        comma,
        any('"' in line for line in lines[start : start + 5]),
        names,
        units,
        tuple(line for line in lines[:preamble_to] if line.strip()),
        start + 1,
        header_line,
        max(columns, len(names)),
        tuple(tuple(row) for row in sample),
    )


def _uncommented(line: str) -> str:
    """Comments are no rows; a header behind a `#` is one all the same, so only the mark is taken off."""
    bare = line.lstrip()
    return bare[1:].lstrip() if bare.startswith(("#", "%")) and not re.match(r"[#%]\s*[-+.\d]", bare) else line


def _heading(
    lines: list[str], separator: str, start: int, columns: int
) -> tuple[tuple[str, ...], tuple[str, ...], int, int]:
    """Names, units, the line of the names, and where the preamble ends."""
    above: list[tuple[int, list[str]]] = []
    for number in range(start - 1, -1, -1):
        if lines[number].strip():
            above.append((number, split_line(lines[number], separator)))
        if len(above) == 3:
            break
    fitting = [(n, cells) for n, cells in above[:2] if len(cells) >= 2 and abs(len(cells) - columns) <= 2]
    if not fitting and above and len(above[0][1]) >= 3:
        fitting = above[:1]
    if not fitting:
        return (), (), 0, start
    number, cells = fitting[0]
    units: tuple[str, ...] = ()
    if len(fitting) == 2 and _look_like_units(cells) and not _look_like_units(fitting[1][1]):
        units = tuple(cells)
        number, cells = fitting[1]
    return tuple(cells), units, number + 1, number


_UNIT = re.compile(
    r"[(\[]?(no_units|ms|s|us|µs|ns|m[vh]?|kohms|us|g|mg|deg\S*|rad\S*|dps|°\S*|m/\(?s.*|local_flux|k?pa|hz|n/?a|-|)[)\]]?$",
    re.I,
)


def _look_like_units(cells: list[str]) -> bool:
    told = [c for c in cells if c.strip()]
    return bool(told) and sum(_UNIT.match(c.strip().lower()) is not None for c in told) > 0.6 * len(told)


def _without_rows(shown: list[str], lines: list[str]) -> Layout:
    """A table that names its columns and holds no rows, or no table: the reader says which."""
    number = next((i for i, line in enumerate(shown) if line.strip()), 0)
    line = shown[number] if shown else ""
    separator = next((s for s in _SEPARATORS if s in line), ",")
    names = tuple(split_line(line, separator))
    return Layout(separator, False, False, names, (), tuple(lines[:number]), number + 2, number + 1, len(names))


def shown_names(names: tuple[str, ...]) -> str:
    """For a message: the names as they stand, cut short."""
    text = ", ".join(names)
    return printable(text if len(text) <= 80 else text[:77] + "...")
