"""What goes onto the board, and putting it there.

`bundle` is the drive's content for one board: firmware and gaitcore with docstrings and comments taken out (line numbers
stay, so a crash names the source's lines), and the pinned Adafruit libraries as pip installed them, lean too.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import io
import tokenize
from pathlib import Path

from formclip.errors import NotInstalled

REPO = Path(__file__).resolve().parents[2]
DEVICE = REPO / "device"
SHARED = REPO / "shared"
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
    "adafruit-circuitpython-lsm6ds": ("adafruit_lsm6ds/__init__.py", "adafruit_lsm6ds/{chip}.py"),
    "adafruit-circuitpython-register": (
        "adafruit_register/__init__.py",
        "adafruit_register/i2c_bit.py",
        "adafruit_register/i2c_bits.py",
        "adafruit_register/i2c_struct.py",
    ),
    "adafruit-circuitpython-busdevice": ("adafruit_bus_device/__init__.py", "adafruit_bus_device/i2c_device.py"),
    "adafruit-circuitpython-drv2605": ("adafruit_drv2605.py",),
    "adafruit-circuitpython-ble": (
        "adafruit_ble/__init__.py",
        "adafruit_ble/advertising/__init__.py",
        "adafruit_ble/advertising/standard.py",
        "adafruit_ble/attributes/__init__.py",
        "adafruit_ble/characteristics/__init__.py",
        "adafruit_ble/characteristics/int.py",
        "adafruit_ble/characteristics/string.py",
        "adafruit_ble/characteristics/stream.py",
        "adafruit_ble/services/__init__.py",
        "adafruit_ble/services/standard/__init__.py",
        "adafruit_ble/services/standard/device_info.py",
        "adafruit_ble/uuid/__init__.py",
    ),
}
CHIPS = {
    "xiao": ("lsm6ds3trc",),
    "feather": ("lsm6ds33", "lsm6ds3trc"),
    "sox": ("lsm6dsox",),
}
# Of gaitcore, what only the desktop uses.
HOST_ONLY = {"receiver.py", "recover.py", "models.py"}


def lean(source: str) -> str:
    """The same program without docstrings and comments, every line at its number."""
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in ast.walk(tree):
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


def _library_file(package: str, name: str) -> Path:
    try:
        found = Path(str(importlib.metadata.distribution(package).locate_file(name)))
    except importlib.metadata.PackageNotFoundError:
        raise NotInstalled(
            f"the library {package} is not installed",
            "make setup, or pip install --no-deps -r requirements/firmware.txt",
        ) from None
    if not found.is_file():
        raise NotInstalled(f"{package} has no file {name}", "install the pinned version: requirements/firmware.txt")
    return found


def _imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def _gaitcore_files() -> list[Path]:
    """Modules of gaitcore that the firmware imports, directly or through others."""
    todo = [path.read_text("utf-8") for path in DEVICE.rglob("*.py")]
    found: dict[str, Path] = {"gaitcore": SHARED / "gaitcore" / "__init__.py"}
    while todo:
        for name in _imports(todo.pop()):
            path = SHARED / (name.replace(".", "/") + ".py")
            if name.startswith("gaitcore.") and name not in found and path.is_file():
                found[name] = path
                todo.append(path.read_text("utf-8"))
    return sorted(found.values())


def bundle(board: str) -> dict[str, bytes]:
    """Path on the drive -> content, for one board."""
    files: dict[str, bytes] = {}
    for path in sorted(DEVICE.rglob("*.py")):
        name = path.relative_to(DEVICE).as_posix()
        if name.startswith("boards/") and path.stem not in ("__init__", BOARDS[board]):
            continue
        files["/" + name] = lean(path.read_text("utf-8")).encode()
    files["/settings.toml"] = (DEVICE / "settings.toml").read_bytes()
    for path in _gaitcore_files():
        files["/gaitcore/" + path.name] = lean(path.read_text("utf-8")).encode()
    for package, names in LIBRARIES.items():
        for pattern in names:
            for chip in CHIPS[board]:
                name = pattern.format(chip=chip)
                files["/lib/" + name] = lean(_library_file(package, name).read_text("utf-8")).encode()
    return files
