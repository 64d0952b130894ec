"""Dependencies point one way: who may import what, by the syntax tree; each rule is shown a file that breaks it."""

import ast
from pathlib import PurePosixPath

import pytest

from tests.conftest import REPO

PURE = {"math", "array", "struct", "binascii"}  # what gaitcore may take from the language besides itself
INTERPRETER = {"ulab", "numpy", "scipy", "micropython", "sys", "os", "platform"}
HARDWARE = set(
    "alarm analogio board busio countio digitalio keypad microcontroller nvm pwmio rtc storage supervisor traceback "
    "usb_cdc watchdog _bleio".split()
)


def imports(source):
    """(line, module) of every import in a file, wherever it stands; from a import b counts as a and as a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def calls(source, names):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node.lineno, node.func.id


def broken(path, source):
    """What a file at this place (relative to the repository) may not import or call."""
    path = PurePosixPath(path)
    where = path.parts
    for line, module in imports(source):
        top = module.split(".")[0]
        if where[:2] == ("shared", "gaitcore"):
            if path.name == "compat.py":
                if top not in INTERPRETER | PURE:
                    yield line, "compat.py imports %s" % module
            elif top != "gaitcore" and top not in PURE:
                yield line, "gaitcore imports %s: only itself and what compat gives it" % module
        elif path == PurePosixPath("device/app.py"):
            if top != "gaitcore" and top not in PURE:
                yield line, "app.py imports %s: only gaitcore" % module
        elif where[:2] == ("device", "hw"):
            ours = top == "hw" or module.startswith(".")
            if top == "app":
                yield line, "hw/ imports the application"
            if not ours and top == "formclip":
                yield line, "hw/ imports the host"
        elif where[:2] == ("device", "boards"):
            if top not in HARDWARE:
                yield line, "a board's file imports %s: it is pin names only" % module
        elif path == PurePosixPath("device/boot.py"):
            if top not in HARDWARE | {"boards", "time"}:
                yield line, "boot.py imports %s: it decides who may write the flash, nothing else" % module
        elif where[:1] == ("host",):
            if top in {"app", "hw", "boards", "code", "device"} and "virtual" not in where:
                yield line, "host imports %s from device/" % module
            if top in HARDWARE and "standins" not in where:
                yield line, "host imports the board's %s" % module
        if top == "ulab" and path.name != "compat.py" and where[0] in ("shared", "device"):
            yield line, "only compat.py asks for the interpreter's ulab"
    if where[:2] == ("shared", "gaitcore"):
        for line, name in calls(source, {"open", "print", "input", "exec", "eval"}):
            yield line, "gaitcore calls %s: it has no I/O" % name


FILES = sorted(
    path.relative_to(REPO).as_posix() for top in ("shared", "device", "host") for path in (REPO / top).glob("**/*.py")
)


@pytest.mark.parametrize("path", FILES)
def test_dependencies_point_one_way(path):
    found = list(broken(path, (REPO / path).read_text()))
    assert not found, "\n".join("%s:%d: %s" % (path, line, what) for line, what in found)


BAD = [
    ("shared/gaitcore/cadence.py", "import numpy as np", "gaitcore imports numpy"),
    ("shared/gaitcore/cadence.py", "from ulab import numpy as np", "only compat.py asks"),
    ("shared/gaitcore/cadence.py", "import time", "gaitcore imports time"),
    ("shared/gaitcore/cadence.py", "def f():\n    import random", "gaitcore imports random"),
    ("shared/gaitcore/cadence.py", "import formclip.ground.trace", "gaitcore imports formclip"),
    ("shared/gaitcore/log.py", "open('x')", "gaitcore calls open"),
    ("shared/gaitcore/compat.py", "import board", "compat.py imports board"),
    ("device/app.py", "import busio", "app.py imports busio"),
    ("device/app.py", "from hw.imu import Imu", "app.py imports hw"),
    ("device/hw/imu.py", "import app", "hw/ imports the application"),
    ("device/hw/imu.py", "import formclip", "hw/ imports the host"),
    ("device/boards/xiao.py", "import gaitcore", "a board's file imports gaitcore"),
    ("device/boot.py", "import app", "boot.py imports app"),
    ("host/formclip/lab/replay.py", "import app", "host imports app"),
    ("host/formclip/lab/replay.py", "from hw import imu", "host imports hw"),
    ("host/formclip/lab/replay.py", "import board", "host imports the board's board"),
]


@pytest.mark.parametrize(("path", "source", "what"), BAD, ids=[what for _, _, what in BAD])
def test_each_rule_can_fail(path, source, what):
    assert any(what in text for _, text in broken(path, source))


def test_what_is_allowed_passes():
    assert not list(
        broken("shared/gaitcore/cue.py", "import struct\nfrom gaitcore.compat import np\nfrom math import pi")
    )
    assert not list(
        broken("device/hw/imu.py", "import busio\nfrom adafruit_lsm6ds import LSM6DS\nfrom gaitcore import units")
    )
    assert not list(broken("host/formclip/firmware/virtual/standins/x.py", "import board"))
    assert not list(broken("host/formclip/lab/replay.py", "from gaitcore.session import Session\nimport numpy"))
