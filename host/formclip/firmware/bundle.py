"""What goes onto the board.

`bundle` is the drive's content for one board: firmware and gaitcore without docstrings, comments and what nothing on
the clip names (shrink.py; lines keep their numbers, so that a crash names the source's), and the pinned Adafruit
libraries as pip installed them, the same way.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from formclip.firmware.shrink import nodes, prune, shrink
from formclip.firmware.sources import HERE, Tree, library_file
from formclip.ground.version import VERSION

BOARDS = {
    "xiao": "seeed_xiao_nrf52840_sense",
    "feather": "feather_bluefruit_sense",
    "sox": "feather_nrf52840_express",
}
BOARD_IDS = {
    "xiao": "Seeed_XIAO_nRF52840_Sense",
    "feather": "feather_bluefruit_sense",
    "sox": "feather_nrf52840_express",
}
# Files of the libraries that the firmware imports; the rest of the packages stays off the small drive.
LIBRARIES = {
    "adafruit-circuitpython-ble": (
        "adafruit_ble/__init__.py",
        "adafruit_ble/advertising/__init__.py",
        "adafruit_ble/attributes/__init__.py",
        "adafruit_ble/characteristics/__init__.py",
        "adafruit_ble/characteristics/int.py",
        "adafruit_ble/characteristics/string.py",
        "adafruit_ble/services/__init__.py",
        "adafruit_ble/services/standard/__init__.py",
        "adafruit_ble/services/standard/device_info.py",
        "adafruit_ble/uuid/__init__.py",
    ),
    "adafruit-circuitpython-busdevice": ("adafruit_bus_device/__init__.py", "adafruit_bus_device/i2c_device.py"),
    "adafruit-circuitpython-drv2605": ("adafruit_drv2605.py",),
}
# What a firmware of before takes, where another checkout is measured.
OLDER = {
    "adafruit-circuitpython-lsm6ds": ("adafruit_lsm6ds/__init__.py",),
    "adafruit-circuitpython-register": (
        "adafruit_register/__init__.py",
        "adafruit_register/i2c_bit.py",
        "adafruit_register/i2c_bits.py",
        "adafruit_register/i2c_struct.py",
    ),
}
# The frozen firmware's own: code.py under a name that nothing on the drive has, and the name of the build.
CODE = "formclip_code.py"
BUILD = "formclip_build.py"
FROZEN_MARK = "formclip frozen"


@functools.lru_cache(maxsize=256)  # a checkout's files, read again and again by deploy, doctor and the tests
def lean(source: str) -> str:
    """The same program without docstrings, comments and __future__, every line at its number."""
    source = re.sub(r"(?m)^from __future__ import annotations$", "", source)  # no annotation is worked out on the board
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in nodes(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
            continue
        first = node.body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
            continue
        if not isinstance(first.value.value, str) or first.end_lineno is None:
            continue
        keep = " " * first.col_offset + "pass" if len(node.body) == 1 and not isinstance(node, ast.Module) else ""
        if lines[first.lineno - 1][: first.col_offset].strip():
            continue  # shares its line with the def
        lines[first.lineno - 1] = keep
        for number in range(first.lineno, first.end_lineno):
            lines[number] = ""
    text = "\n".join(lines) + "\n"
    bare = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            bare[row - 1] = bare[row - 1][:column].rstrip()
    out = "\n".join(line.rstrip() for line in bare).rstrip("\n") + "\n"
    compile(out, "lean", "exec")
    return out


@functools.lru_cache(maxsize=256)
def _imports(source: str) -> frozenset[str]:
    names: set[str] = set()
    for node in nodes(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return frozenset(names)


def _gaitcore_files(tree: Tree) -> list[Path]:
    """Modules of gaitcore that the firmware imports, directly or through others."""
    todo = [path.read_text("utf-8") for path in tree.device.rglob("*.py")]
    found: dict[str, Path] = {"gaitcore": tree.shared / "gaitcore" / "__init__.py"}
    while todo:
        for name in _imports(todo.pop()):
            path = tree.shared / (name.replace(".", "/") + ".py")
            if name.startswith("gaitcore.") and name not in found and path.is_file():
                found[name] = path
                todo.append(path.read_text("utf-8"))
    return sorted(found.values())


def _lean_files(boards: tuple[str, ...], tree: Tree) -> dict[str, bytes]:
    """Path on the drive -> content, with the pins of these boards, names as written."""
    files: dict[str, bytes] = {}
    for path in sorted(tree.device.rglob("*.py")):
        name = path.relative_to(tree.device).as_posix()
        if name.startswith("boards/") and path.stem not in ("__init__", *boards):
            continue
        files["/" + name] = lean(path.read_text("utf-8")).encode()
    files["/settings.toml"] = (tree.device / "settings.toml").read_bytes()
    for path in _gaitcore_files(tree):
        files["/gaitcore/" + path.name] = lean(path.read_text("utf-8")).encode()
    for name in _library_files(tree):
        files["/lib/" + name] = lean(library_file(name).read_text("utf-8")).encode()
    return files


def _library_files(tree: Tree) -> list[str]:
    """Those of the libraries that this firmware imports, directly or not; of each all that is named above."""
    packages = {names[0].split("/")[0].removesuffix(".py"): names for names in (*LIBRARIES.values(), *OLDER.values())}
    todo = [path.read_text("utf-8") for path in tree.device.rglob("*.py")]
    found: dict[str, None] = {}
    while todo:
        for top in sorted({name.split(".")[0] for name in _imports(todo.pop())} & set(packages)):
            new = [name for name in packages[top] if name not in found]
            found.update(dict.fromkeys(new))
            todo += [library_file(name).read_text("utf-8") for name in new]
    return sorted(found)


def bundle(board: str, tree: Tree = HERE) -> dict[str, bytes]:
    """Path on the drive -> content, for one board."""
    files = _lean_files((BOARDS[board],), tree)
    return {**files, **_shrunk(files)}


@dataclass(frozen=True)
class Frozen:
    """The firmware in two parts: `modules` go into the board's CircuitPython, `drive` onto its drive.

    modules are paths as imports see them (`gaitcore/cue.py`), the pins of every board among them. `build` names them:
    the drive's boot.py prints the name that it finds frozen, which CircuitPython keeps in boot_out.txt.
    """

    modules: dict[str, bytes]
    drive: dict[str, bytes]
    build: str


def frozen(tree: Tree = HERE) -> Frozen:
    """The firmware for a CircuitPython that has it frozen.

    code.py is frozen too, as formclip_code.py, and what is left on the drive imports it: compiled from the drive it
    would be the one program whose bytecode lies in the heap.
    """
    files = _lean_files(tuple(BOARDS.values()), tree)
    files = {**files, **_shrunk(files)}
    modules = {CODE: files.pop("/code.py")}
    on_the_drive = ("/boot.py", "/safemode.py", "/settings.toml")
    drive = {name: files.pop(name) for name in on_the_drive if name in files}
    for name, data in files.items():
        modules[name.removeprefix("/lib").strip("/")] = _unversioned(data)
    whole = hashlib.sha256()
    for name, data in sorted(modules.items()):
        whole.update(b"%s %d " % (name.encode(), len(data)) + data)
    build = f"{VERSION}-{whole.hexdigest()[:8]}"
    # one text: who looks into a file of the whole firmware finds it there
    modules[BUILD] = f'ID = "{FROZEN_MARK} {build}"\n'.encode()
    drive["/boot.py"] += f"from {BUILD[:-3]} import ID\n\nprint(ID)\n".encode()
    drive["/code.py"] = f"import {CODE[:-3]}\n".encode()
    return Frozen(modules, drive, build)


def _unversioned(data: bytes) -> bytes:
    """Without lines that begin with __version__: CircuitPython's freezer asks git for a tag at each."""
    return re.sub(rb"(?m)^__(version|repo)__\b.*$", b"", data)


def on_drive(board: str, as_frozen: bool) -> dict[str, bytes]:
    """Path on the drive -> content: all of the firmware, or what is left of it when the rest is frozen."""
    return frozen().drive if as_frozen else bundle(board)


def _shrunk(files: dict[str, bytes]) -> dict[str, bytes]:
    """Our modules without what the clip does not use, constants written in; the libraries pruned."""
    sources = {name: data.decode() for name, data in files.items() if name.endswith(".py")}
    libraries = {name: text for name, text in sources.items() if name.startswith("/lib/")}
    ours = {name: text for name, text in sources.items() if name not in libraries}
    return {name: text.encode() for name, text in _shrink_once(tuple(ours.items()), tuple(libraries.items()))}


@functools.lru_cache(maxsize=8)
def _shrink_once(ours: tuple[tuple[str, str], ...], libraries: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The same sources are shrunk once: it takes 2 s."""
    pruned = prune(dict(libraries), dict(ours))
    return [*shrink(dict(ours), pruned).items(), *pruned.items()]
