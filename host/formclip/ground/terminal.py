"""Text for a terminal or pipe that can't show every character: plain ones in their place, and never a fault."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import TextIO

_SIGNS = {
    "°": "deg", "±": "+-", "≤": "<=", "≥": ">=", "×": "x", "·": "-", "–": "-", "—": "-", "−": "-", "µ": "u", "μ": "u",
    "→": "->", "←": "<-", "↑": "up", "↓": "down", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "Δ": "d",
    "σ": "s", "•": "*", "ß": "ss",
}  # fmt: skip


def spelt(text: str, encoding: str = "ascii") -> str:
    """The text with what the encoding lacks written in its characters; a letter of another script as \\u0410."""
    try:
        text.encode(encoding)
        return text
    except UnicodeError:
        return "".join(_one(letter, encoding) for letter in text)


def _one(letter: str, encoding: str) -> str:
    for said in (letter, _SIGNS.get(letter, ""), _drawn(letter), unicodedata.normalize("NFKD", letter)[:1]):
        try:
            if said and said.encode(encoding):
                return said
        except UnicodeError:
            continue
    return letter.encode("ascii", "backslashreplace").decode("ascii")


def _drawn(letter: str) -> str:
    """What stands for lines and blocks of tables and bars."""
    name = unicodedata.name(letter, "")
    if name.startswith("BOX DRAWINGS"):
        line = name.endswith("HORIZONTAL"), name.endswith("VERTICAL") and "HORIZONTAL" not in name
        return "-" if line[0] and "VERTICAL" not in name else "|" if line[1] else "+"
    return "#" if "BLOCK" in name else ""


class SpellingWriter(io.TextIOWrapper):
    """A text stream over another's bytes. It calls itself UTF-8 where that was ASCII: click would write UTF-8 to it."""

    def __init__(self, stream: TextIO) -> None:
        self._whose = stream  # which would close the bytes when it goes
        self._shows = stream.encoding
        ascii_only = codecs.lookup(stream.encoding).name == "ascii"
        line_buffering = getattr(stream, "line_buffering", False)
        encoding = "utf-8" if ascii_only else stream.encoding
        super().__init__(stream.buffer, encoding, stream.errors or "strict", line_buffering=line_buffering)

    def write(self, text: str, /) -> int:
        super().write(spelt(text, self._shows))
        return len(text)


def spell_streams() -> None:
    """From here on, stdout and stderr take every character, whatever their encoding."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not codecs.lookup(stream.encoding).name.startswith("utf"):
            stream.flush()
            setattr(sys, name, SpellingWriter(stream))
