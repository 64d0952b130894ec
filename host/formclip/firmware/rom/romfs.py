"""MicroPython's read-only file system, written: what lies in it is run from where it lies.

On a VM whose `vfs` has VfsRom, bytecode, names and constants of the .mpy files in such an image stay in the image when
they are imported; the heap gets what freezing leaves there too, and the head of each code object beside.

An image is a record; a record is its kind, its length and its bytes, the two numbers in groups of seven bits, highest
first, all but the last with bit 7 set. A file's bytes are its name (length, letters) and a record of its content; a
folder's its name and the records of what is in it. The image itself has the kind 0xd2cd31, which reads `RM1` without
bit 7, and an even number of bytes.

Source   MicroPython's documentation of the file system and mpremote's writer, read, not copied
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from formclip.firmware import interpreters
from formclip.firmware.rom import mpy
from formclip.firmware.sources import STANDINS

IMAGE = b"\xd2\xcd\x31"
CONTENT = 2
FOLDER = 4
FILE = 5


def number(value: int) -> bytes:
    """A number in groups of seven bits."""
    out = [value & 0x7F]
    while value >> 7:
        value >>= 7
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def _record(kind: int, payload: bytes) -> bytes:
    return number(kind) + number(len(payload)) + payload


def _named(name: str, payload: bytes) -> bytes:
    letters = name.encode("ascii")
    return number(len(letters)) + letters + payload


def _folder(tree: Mapping[str, Any]) -> bytes:
    out = b""
    for name, what in tree.items():
        if isinstance(what, bytes):
            out += _record(FILE, _named(name, _record(CONTENT, what)))
        else:
            out += _record(FOLDER, _named(name, _folder(what)))
    return out


def image(files: Mapping[str, bytes]) -> bytes:
    """The image that holds these files: path, with or without a leading slash -> content."""
    tree: dict[str, Any] = {}
    for path, data in files.items():
        *folders, name = path.strip("/").split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = data
    body = _folder(tree)
    length = number(len(body))
    if (len(IMAGE) + len(length) + len(body)) % 2:
        length = b"\x80" + length
    return IMAGE + length + body


def standins() -> dict[str, bytes]:
    """The board's stand-ins and ulab as they lie in an image: compiled from source they leave a heap in pieces."""
    folders = {"standins": STANDINS, "ulab": interpreters.PYTHON_ULAB / "ulab"}
    return {
        f"/{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for name, folder in folders.items()
        for path in sorted(Path(folder).rglob("*.py"))
    }


def of(modules: Mapping[str, bytes]) -> bytes:
    """The image of the firmware's compiled modules and all that the virtual board needs beside them."""
    return image({**mpy.compiled(standins()), **modules})
