"""A FIT file taken apart: the whole FIT files that are chained in it, each as the messages that can be read.

What a watch left behind when its battery died, or an app wrote against the rules, is read as far as it goes: a header
whose size is 0 or too large, an end that is torn off, bytes after the stated end, a wrong checksum, files one after
the other, strings that are no UTF-8, developer fields that nobody described.

Source  FIT SDK, Flexible and Interoperable Data Transfer Protocol, sections 3 and 4; messages are fitdecode's
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import fitdecode

from formclip.ground.errors import FormclipError, printable

HEADER = struct.Struct("<BBHI4s")
MAGIC = b".FIT"
_HEADER_SIZES = (14, 12)
CRC_B = 2


class WatchError(FormclipError):
    """A watch's file that is not one, or holds nothing that can be used."""

    exit_code = 3


@dataclass(frozen=True)
class Piece:
    """One FIT file.

    body      its messages, without header and checksum
    protocol  the two version numbers of its header
    wrong     what is not as it should be, in words; empty for a whole file
    """

    body: bytes
    protocol: tuple[int, int]
    wrong: str = ""


def pieces(data: bytes) -> list[Piece]:
    """Each FIT file of those that are chained in `data`.

    Errors    WatchError where there is none
    """
    found: list[Piece] = []
    at = 0
    while (head := _header(data, at)) is not None:
        header_b, protocol, profile, body_b = head
        begin = at + header_b
        end = begin + body_b if body_b else len(data)
        wrong = "" if body_b else "its length was never written"
        if end > len(data):
            end, wrong = len(data), "its end is missing"
        # The head of a file behind this one is an end as well.
        following = data.find(MAGIC, begin, end)
        if following >= 0 and following - 8 >= begin and data[following - 8] in _HEADER_SIZES:
            end, wrong = following - 8, wrong or "its end is missing"
        found.append(Piece(data[begin:end], (protocol, profile), wrong))
        at = end + CRC_B if _header(data, end) is None else end
    if not found:
        raise WatchError("this is no FIT file", "name the file as the watch or its app gives it (.fit, not zipped)")
    return found


def _header(data: bytes, at: int) -> tuple[int, int, int, int] | None:
    """Size of the header that stands here, protocol, profile, size of the body; None where none stands."""
    if at < 0 or len(data) < at + HEADER.size:
        return None
    header_b, protocol, profile, body_b, magic = HEADER.unpack_from(data, at)
    if magic != MAGIC:
        return None
    if header_b not in _HEADER_SIZES:
        # A definition begins a body: of the two places, where one can stand.
        header_b = next((size for size in _HEADER_SIZES if data[at + size : at + size + 2][:1] == b"\x40"), 14)
    return header_b, protocol, profile, body_b


class _Reader(fitdecode.FitReader):  # type: ignore[misc]
    """fitdecode, which gives up where a developer's field is described wrongly: nothing here needs the description."""

    def _add_dev_data_id(self, message: Any) -> None:
        with suppress(Exception):
            super()._add_dev_data_id(message)

    def _add_dev_field_description(self, message: Any) -> None:
        with suppress(Exception):
            super()._add_dev_field_description(message)


def messages(piece: Piece, raw: bool = False) -> Iterator[Any]:
    """The messages of a file as far as they can be read; values are raw, in FIT's own numbers, scaled.

    raw       each message keeps its bytes (`chunk.bytes`)
    """
    header = HEADER.pack(12, *piece.protocol, len(piece.body), MAGIC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _Reader(
            header + piece.body + b"\0\0",
            processor=None,
            check_crc=fitdecode.CrcCheck.DISABLED,
            error_handling=fitdecode.ErrorHandling.IGNORE,
            keep_raw_chunks=raw,
        ) as reader:
            frames = iter(reader)
            while True:
                try:
                    frame = next(frames)
                except StopIteration:
                    return
                except Exception:
                    return  # fitdecode raises what a broken message makes it meet: what came before stands
                if isinstance(frame, fitdecode.FitDefinitionMessage | fitdecode.FitDataMessage):
                    yield frame


def native(message: Any, *names: str) -> float | None:
    """The number of the first of these fields that holds one; a developer's field of the same name is another thing."""
    for name in names:
        for one in message.fields:
            if one.name == name and not getattr(one.field_def, "is_dev", False):
                if isinstance(one.value, int | float) and not isinstance(one.value, bool):
                    return float(one.value)
    return None


def word(message: Any, name: str) -> str:
    """A field's value as text; empty where there is none."""
    for one in message.fields:
        if one.name == name and one.value is not None and not getattr(one.field_def, "is_dev", False):
            return printable(str(one.value))
    return ""
