"""Dependencies point one way: who may import what, by the syntax tree; each rule is shown a file that breaks it.

host/formclip is a stack of floors, each of which may use those below it; inside a floor, and in device/ and gaitcore,
nothing imports in a circle, by file or by folder.
"""

import ast
from pathlib import PurePosixPath

import pytest

from tests.conftest import REPO

FLOORS = ("ground", "runs", "firmware", "lab", "show")
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


def printed(source):
    """Lines that print text without tell(): by print, or by click."""
    yield from (line for line, _ in calls(source, {"print"}))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in {("click", "echo"), ("click", "secho"), ("click", "echo_via_pager")}:
                yield node.lineno


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
            if top not in HARDWARE | {"boards", "time"} and module != "gaitcore.drive":  # which is numbers only
                yield line, "boot.py imports %s: it decides who may write the flash, nothing else" % module
        elif where[:1] == ("host",):
            if top in {"app", "hw", "boards", "code", "device"} and "virtual" not in where:
                yield line, "host imports %s from device/" % module
            if top in HARDWARE and "standins" not in where:
                yield line, "host imports the board's %s" % module
            if where[1:2] == ("formclip",) and len(where) > 3:
                own, other = where[2], module.split(".")[1:2]
                if top == "formclip" and other and other[0] in FLOORS and FLOORS.index(other[0]) > FLOORS.index(own):
                    yield line, "%s imports from %s, a floor above it" % (own, other[0])
                if top == "click" and own != "show":
                    yield line, "%s imports click: a command line is show's" % own
        if top == "ulab" and path.name != "compat.py" and where[0] in ("shared", "device"):
            yield line, "only compat.py asks for the interpreter's ulab"
    if where[:3] == ("host", "formclip", "show") and path.name != "tell.py":
        for line in printed(source):
            yield line, "show prints by itself: tell() alone reaches a terminal"
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


# -- circles ---------------------------------------------------------------------------------------------------------
# What stands in for the board's own modules runs on the device's interpreter, without packages.
WITHOUT_PACKAGES = ("standins", "ulab_strict", "ulab_python")
ROOTS = {"host": ("host/formclip", "formclip"), "device": ("device", ""), "gaitcore": ("shared/gaitcore", "gaitcore")}


def modules(root):
    """Dotted name -> source of every module under one of ROOTS."""
    folder, package = ROOTS[root]
    out = {}
    for path in sorted((REPO / folder).rglob("*.py")):
        parts = path.relative_to(REPO / folder).with_suffix("").parts
        if not set(parts) & set(WITHOUT_PACKAGES):
            name = ".".join((package, *parts) if package else parts)
            out[name.removesuffix(".__init__")] = path.read_text()
    return out


def arrows(sources):
    """Module -> the modules among `sources` that it imports anywhere in it: a late import is an import."""
    out = {}
    for name, source in sources.items():
        found = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = node.module + "." + alias.name
                    found.add(whole if whole in sources else node.module)
        out[name] = {other for other in found if other in sources and other != name}
    return out


def folders(graph):
    """The same by folder: a folder or file that stands directly in a floor is one place."""
    out = {}
    for name, others in graph.items():
        place = ".".join(name.split(".")[:3])
        for other in others:
            there = ".".join(other.split(".")[:3])
            if there != place:
                out.setdefault(place, set()).add(there)
    return out


def circles(graph):
    """Groups of places each of which reaches all others in the group (strongly connected components)."""
    reach = {}
    for start in graph:
        seen, todo = set(), [start]
        while todo:
            for other in graph.get(todo.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        reach[start] = seen
    found = {frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in graph if a in reach[a]}
    return sorted(sorted(group) for group in found)


@pytest.mark.parametrize("root", ROOTS)
def test_nothing_imports_in_a_circle(root):
    graph = arrows(modules(root))
    assert len(graph) > 10 and any(graph.values())
    assert circles(graph) == []
    if root == "host":
        assert not circles(folders(graph))


def test_a_circle_is_seen_by_file_and_by_folder():
    sources = {
        "formclip.runs.sync.link": "from formclip.runs.store import store",
        "formclip.runs.store.store": "def f():\n    from formclip.runs.sync.link import scan",
        "formclip.runs.store.dates": "import formclip.runs.sync.key",
        "formclip.runs.sync.key": "",
        "formclip.lab.bench": "import json",
    }
    sources["formclip.runs.store"] = ""
    assert circles(arrows(sources)) == [["formclip.runs.store.store", "formclip.runs.sync.link"]]
    sources["formclip.runs.store.store"] = ""
    assert not circles(arrows(sources))
    assert circles(folders(arrows(sources))) == [["formclip.runs.store", "formclip.runs.sync"]]


def test_a_new_circle_in_the_firmware_is_seen():
    sources = modules("device")
    assert "hw.led" in sources
    sources["hw.led"] += "\nfrom hw import button\n"
    sources["hw.button"] += "\nimport hw.led\n"
    assert ["hw.button", "hw.led"] in circles(arrows(sources))


def test_every_file_of_the_host_stands_on_a_floor():
    for path in FILES:
        where = PurePosixPath(path).parts
        if where[0] == "host":
            assert len(where) == 3 or where[2] in FLOORS, path


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
    ("host/formclip/show/commands/clips.py", "import click\nclick.echo(name)", "tell() alone reaches a terminal"),
    ("host/formclip/show/demo.py", "print(name)", "tell() alone reaches a terminal"),
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
    assert not list(broken("host/formclip/show/commands/sync.py", "import click\nfrom formclip.lab import replay"))


def test_no_two_files_of_tests_have_one_name():
    """pytest takes a file of a folder without __init__.py by its bare name: the second of a name is not collected."""
    names = [path.name for path in (REPO / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
