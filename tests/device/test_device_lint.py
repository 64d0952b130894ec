"""gaitcore and the firmware use only what the board has; and every rule of the lint is shown a file that breaks it."""

import subprocess

import pytest
from formclip.firmware import interpreters

from tests.conftest import REPO
from tests.device_lint import ULAB_NUMPY, problems

GAITCORE = sorted((REPO / "shared" / "gaitcore").glob("**/*.py"))
DEVICE = sorted((REPO / "device").glob("**/*.py"))
LOCAL = {p.stem for p in DEVICE} | {p.name for p in (REPO / "device").glob("*") if p.is_dir()}
COMPAT = REPO / "shared" / "gaitcore" / "compat.py"  # the one file that asks which interpreter it is on
ON_THE_DESKTOP = (
    "module numpy is not on the board",
    "module scipy.signal is not on the board",
    "module scipy.signal._sosfilt is not on the board",
    "ulab.numpy has no float32",
    ".argmax is an ndarray method that ulab has not",
    ".argmin is an ndarray method that ulab has not",
)


@pytest.mark.parametrize("path", GAITCORE + DEVICE, ids=lambda p: str(p.relative_to(REPO)))
def test_nothing_that_the_board_has_not(path):
    found = problems(path.read_text(), LOCAL)
    if path == COMPAT:
        found = [(line, what) for line, what in found if what not in ON_THE_DESKTOP]
    assert not found, "\n".join("%s:%d: %s" % (path.relative_to(REPO), line, what) for line, what in found)


def test_a_real_vm_compiles_every_file():
    try:
        vm = interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    for path in GAITCORE + DEVICE:
        done = subprocess.run(
            [*vm.command, "-X", "compile-only", str(path)], capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, "%s: %s%s" % (path, done.stdout, done.stderr)


BAD = [
    ("import typing", "module typing"),
    ("from dataclasses import dataclass", "module dataclasses"),
    ("import enum", "module enum"),
    ("from functools import partial", "module functools"),
    ("import itertools", "module itertools"),
    ("import zlib\nzlib.crc32(b'')", "module zlib"),
    ("import numpy as np", "module numpy"),
    ("import asyncio", "module asyncio"),
    ("import math\nmath.hypot(1, 2)", "math has no hypot"),
    ("from math import isclose", "math has no isclose"),
    ("import struct\nstruct.Struct('<h')", "struct has no Struct"),
    ("from struct import iter_unpack", "struct has no iter_unpack"),
    ("import micropython\nmicropython.mem_info()", "micropython has no mem_info"),
    ("from gaitcore.compat import np\nnp.cumsum(x)", "ulab.numpy has no cumsum"),
    ("from gaitcore.compat import np\nnp.float64", "ulab.numpy has no float64"),
    ("from ulab import numpy as np\nnp.abs(x)", "ulab.numpy has no abs"),
    ("from ulab.numpy import percentile", "ulab.numpy has no percentile"),
    ("from ulab import user", "ulab has no user"),
    ("from gaitcore.compat import np\nnp.linalg.solve(a, b)", "ulab.numpy.linalg has no solve"),
    ("from gaitcore.compat import np\nnp.fft.rfft(a)", "ulab.numpy.fft has no rfft"),
    ("y = x.astype(t)", ".astype is"),
    ("y = x.cumsum()", ".cumsum is"),
    ("n = x.ndim", ".ndim is"),
    ("int.from_bytes(b, 'little', signed=True)", "int.from_bytes(signed=)"),
    ("s = 'x'.zfill(3)", "str.zfill"),
    ("s = 'x'.removeprefix('a')", "str.removeprefix"),
    ("try:\n    f()\nexcept FileNotFoundError:\n    pass", "FileNotFoundError is not built in"),
    ("vars(x)", "vars is not built in"),
    ("part = slice(0, 3)", "slice is not built in"),
    ("match x:\n    case 1:\n        pass", "match is not"),
    ("y = [*x, 1]", "[*x] is not"),
    ("y = (*x, 1)", "[*x] is not"),
    ("y = {**d, 'a': 1}", "{**d} is not"),
    ("def f(a, /, b):\n    pass", "positional-only"),
    ("def f(a: int):\n    pass", "type annotations"),
    ("def f() -> int:\n    pass", "type annotations"),
    ("x: int = 1", "type annotations"),
    ("class A(metaclass=B):\n    pass", "keywords of a class"),
    ("@micropython.native\ndef f():\n    pass", "@micropython.native is not"),
    ("async def f():\n    pass", "async"),
    ("try:\n    f()\nexcept:\n    pass", "bare except"),
    ("try:\n    f()\nexcept* ValueError:\n    pass", "except* is not"),
    ("c = a @ b", "@ is not"),
    ("a @= b", "@ is not"),
    ("z = 1j", "complex numbers"),
    ("s = f'{x:{w}}'", "nested f-string"),
    ("def f(n):\n    return f(n - 1)", "f calls itself"),
    ("class A:\n    def walk(self, n):\n        self.walk(n - 1)", "walk calls itself"),
    ("def f():\n    global x\n    x = 1", "global"),
]


@pytest.mark.parametrize(("source", "what"), BAD, ids=[what for _, what in BAD])
def test_each_rule_can_fail(source, what):
    assert any(what in text for _, text in problems(source)), problems(source)


GOOD = """
from math import pi, sqrt
import struct
from gaitcore.compat import FLOAT, const, np
_N = const(3)
class A:
    def walk(self, n, *, k=1):
        first, *rest = n
        f(*rest, **self.d)
        self.other.walk(n)
        return '%d' % sqrt(np.max(n)) + f'{k:>3d}'
def g(x):
    try:
        return x[1:, 0] * np.fft.fft(x)[0] + np.float
    except (ValueError, OSError) as e:
        raise RuntimeError(pi) from e
"""


def test_what_the_board_has_passes():
    assert problems(GOOD) == []


def test_the_list_of_functions_is_the_stand_in_s():
    """The strict stand-in and the lint agree, name for name."""
    code = "from ulab import numpy as np; print(' '.join(sorted(n for n in dir(np) if not n.startswith('_'))))"
    strict = interpreters.find("strict")
    out = subprocess.run([*strict.command, "-c", code], env=strict.environment(), capture_output=True, text=True)
    assert set(out.stdout.split()) == ULAB_NUMPY, out.stderr
