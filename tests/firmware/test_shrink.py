"""The firmware with less in it is the same program: cases that could break it, and a whole run of the clip."""

import ast

import pytest
from formclip.firmware import bundle
from formclip.firmware.shrink import prune, shrink
from formclip.firmware.sources import Tree, libraries_here
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.board import write_trace
from formclip.lab.bench.figures import simulated

FIRST = """
from gaitcore.compat import const

LIMIT = const(5)
_HALF, _BELOW = 0.5, -2
MARK = 0
TABLE = (1, 2)
NAMED = 7


class Tank:
    _SHARE = 4

    def __init__(self, level, *, size=LIMIT):
        self._level = level
        self.size = size
        self._log = []

    def fill(self, amount=_HALF, times=1):
        total = 0
        for turn in range(times):
            total += amount
        self._level = [self._level + total * part for part in (1,)][0]
        return self._top(total)

    def _top(self, total):
        return min(self._level, LIMIT) + self._SHARE - _BELOW

    def marked(self, what):
        return what is MARK

    def read(self):
        try:
            return getattr(self, "_log")
        except AttributeError as error:
            return error
"""
SECOND = """
from gaitcore import first
from gaitcore.first import LIMIT, MARK, Tank


class Barrel(Tank):
    def __init__(self, level):
        super().__init__(level, size=first.LIMIT + 1)
        self._wood = 3

    def all(self, first_add, times=2):
        LIMIT_here = LIMIT
        pick = lambda item: item + self._wood + LIMIT_here
        return pick(self.fill(first_add, times=times)), self._level, self.size, self.marked(MARK), first.NAMED


def run():
    text = "NAMED"
    barrel = Barrel(1)
    return barrel.all(2.5), barrel.read(), first.TABLE, text
"""
SOURCES = {
    "/gaitcore/__init__.py": "\n",
    "/gaitcore/compat.py": "def const(value):\n    return value\n",
    "/gaitcore/first.py": FIRST,
    "/gaitcore/second.py": SECOND,
}


def run(sources, folder):
    """What second.run() gives when these are the files."""
    import subprocess
    import sys

    for name, text in sources.items():
        path = folder / name.strip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code = "from gaitcore import second; print(second.run())"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_traps(tmp_path):
    small = shrink(SOURCES, {})
    assert run(SOURCES, tmp_path / "a") == run(small, tmp_path / "b")
    first, second = small["/gaitcore/first.py"], small["/gaitcore/second.py"]
    assert "LIMIT" not in first + second.replace("LIMIT_here", "")
    assert "MARK = 0" in first  # it is asked for by `is`
    assert "NAMED = 7" in first  # stands in a string
    assert "_log" in first  # reached by getattr
    assert "_HALF" not in first and "const" not in first
    for name in ("_level", "amount", "_top", "total"):  # what a crash shows
        assert name in first


def test_every_line_keeps_its_number():
    for name, text in shrink(SOURCES, {}).items():
        then = [(type(n).__name__, n.lineno) for n in ast.walk(ast.parse(SOURCES[name])) if isinstance(n, ast.Return)]
        assert then == [(type(n).__name__, n.lineno) for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Return)]


def test_other_letters_are_refused():
    with pytest.raises(ValueError, match="not ASCII"):
        shrink({"/code.py": 'NAME = "é"\n'}, {})


@pytest.mark.skipif(not libraries_here(), reason="the Adafruit libraries are not installed")
def test_the_bundle_does_what_the_sources_do(tmp_path):
    trace = tmp_path / "run.bin"
    write_trace(trace, simulated(208, 40.0).T)
    press = [(1.0, "short"), (25.0, "double"), (42.0, "very-long")]
    plain = clip.run_clip(tmp_path / "plain", trace, press=press)
    small = clip.run_clip(tmp_path / "small", trace, press=press, deployed=True)
    assert [p.read_bytes() for p in small.sessions] == [p.read_bytes() for p in plain.sessions]
    assert len(plain.sessions) == 1 and len(plain.sessions[0].read_bytes()) > 1000
    assert small.record == plain.record


def test_what_nothing_on_the_clip_names_is_left_out(tmp_path):
    sources = dict(SOURCES)
    sources["/gaitcore/second.py"] += """

LEFT = (1, 2)
KEPT = (3, 4)


def unused(tank):
    return used_by_unused(tank.marked(LEFT))


def used_by_unused(x):
    return Lonely(x)


class Lonely:
    def alone(self):
        return unused(self)


class Kept:
    def named(self):
        return KEPT

    @property
    def unnamed(self):
        return 1

    def __str__(self):
        return "kept"
"""
    sources["/gaitcore/third.py"] = "from gaitcore.second import Kept, Lonely, run  # noqa: F401\n"
    sources["/code.py"] = "from gaitcore import second\nfrom gaitcore.third import Kept\nsecond.run(), Kept().named()\n"
    small = shrink(sources, {})
    second, third = small["/gaitcore/second.py"], small["/gaitcore/third.py"]
    for name in ("LEFT", "unused", "Lonely", "unnamed"):
        assert name not in second + third
    for name in ("KEPT", "class Kept", "def named", "__str__", "def run"):
        assert name in second
    assert third.split("  #")[0].strip() == "from gaitcore.second import Kept"
    assert run(sources, tmp_path / "a") == run(small, tmp_path / "b")
    assert "def read" in small["/gaitcore/first.py"] and "def all" in second


LIBRARY = """
from adafruit_register.i2c_bit import ROBit, RWBit


class Table:
    @classmethod
    def add_values(cls, values):
        cls.string = values


class Used(Table):
    pass


class Unused(Table):
    pass


Used.add_values((1, 2))
Unused.add_values((3, 4))


class Chip:
    _on = RWBit(1, 0)
    _done = ROBit(2, 0)
    _never = RWBit(3, 1)
    CHIP_ID = None

    def __init__(self, file=None):
        self._on = True
        if file is not None:
            self.load_mlc(file)

    @property
    def speed(self):
        return self._slow()

    @speed.setter
    def speed(self, value):
        self._on = value

    @property
    def other(self):
        return self._done

    @other.setter
    def other(self, value):
        pass

    def _slow(self):
        return self.CHIP_ID

    def load_mlc(self, file):
        self._never = 1


def helper():
    return Chip
"""
REGISTERS = """
class RWBit:
    def __init__(self, register, bit):
        self.place = register, bit


class ROBit(RWBit):
    def __set__(self, chip, value):
        raise AttributeError
"""


def test_a_library_is_left_with_what_somebody_names():
    files = {"/lib/chip.py": LIBRARY, "/lib/adafruit_register/i2c_bit.py": REGISTERS}
    ours = {"/code.py": "from chip import Chip, Used\n\nprint(Chip().speed, Used.string)\n"}
    pruned = prune(files, ours)
    chip, registers = pruned["/lib/chip.py"], pruned["/lib/adafruit_register/i2c_bit.py"]
    for gone in ("Unused", "_done", "_never", "other", "helper", "def load_mlc", "ROBit"):
        assert gone not in chip
    for kept in ("_on = RWBit(1, 0)", "class Used", "Used.add_values", "def speed(self, value)", "_slow", "CHIP_ID"):
        assert kept in chip
    assert "ROBit" not in registers and "class RWBit" in registers
    names = {"RWBit": type("RWBit", (), {"__init__": lambda self, *given: None})}
    exec(compile(chip.replace("from adafruit_register.i2c_bit import RWBit", ""), "chip", "exec"), names)
    assert names["Chip"]().speed is None and names["Used"].string == (1, 2)
    places = {n.name: n.lineno for n in ast.walk(ast.parse(LIBRARY)) if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(ast.parse(chip)):
        if isinstance(node, ast.FunctionDef) and node.name != "speed":
            assert node.lineno == places[node.name]  # a crash names the library's own line


def test_the_radio_s_library_keeps_what_the_clip_calls():
    modules = bundle.frozen().modules

    def classes(path):
        return {n.name for n in ast.parse(modules[path].decode()).body if isinstance(n, ast.ClassDef)}

    assert classes("adafruit_ble/services/standard/__init__.py") == {"BatteryService"}
    assert {"Characteristic", "ComplexCharacteristic"} <= classes("adafruit_ble/characteristics/__init__.py")
    assert not {"BLERadio", "BLEConnection"} & classes("adafruit_ble/__init__.py")
    assert not {"Int32Characteristic", "Uint16Characteristic"} & classes("adafruit_ble/characteristics/int.py")


def test_a_firmware_of_before_takes_the_libraries_that_it_imports(tmp_path):
    files = {"device/hw/imu.py": "from adafruit_lsm6ds import LSM6DS\n", "shared/gaitcore/__init__.py": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    found = bundle._library_files(Tree(tmp_path / "device", tmp_path / "shared"))
    assert {name.split("/")[0] for name in found} == {"adafruit_lsm6ds", "adafruit_register", "adafruit_bus_device"}
