"""The strict ulab refuses what the board's would, and agrees with numpy and with the plain-Python one elsewhere."""

import math

import numpy as np
import pytest
from formclip.firmware.virtual.ulab_python.ulab import numpy as plain
from formclip.firmware.virtual.ulab_python.ulab import scipy as plain_scipy
from formclip.firmware.virtual.ulab_strict.ulab import numpy as strict
from formclip.firmware.virtual.ulab_strict.ulab import scipy as strict_scipy
from formclip.firmware.virtual.ulab_strict.ulab import utils as strict_utils
from hypothesis import given
from hypothesis import strategies as st

F, I16 = strict.float, strict.int16
V = strict.array([1.0, 2.0, 3.0])
M = strict.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
W = strict.array([1, 2, 3], dtype=I16)


def put(target, index, value):
    target[index] = value


def into(a, b):
    a += b


def divide_into(a, b):
    a /= b


REFUSED = [
    (AttributeError, lambda: strict.cumsum),
    (AttributeError, lambda: strict.float64),
    (AttributeError, lambda: strict.random),
    (AttributeError, lambda: strict.correlate),
    (AttributeError, lambda: strict_scipy.optimize),
    (AttributeError, lambda: strict_scipy.signal.butter),
    (AttributeError, lambda: strict_scipy.signal.lfilter),
    (AttributeError, lambda: strict.linalg.solve),
    (AttributeError, lambda: strict.fft.rfft),
    (AttributeError, lambda: strict_utils.from_int24_buffer),
    (AttributeError, lambda: V.astype(F)),
    (AttributeError, lambda: V.mean()),
    (AttributeError, lambda: V.ndim),
    (AttributeError, lambda: V.fill(0)),
    (AttributeError, lambda: setattr(V, "name", 1)),
    (TypeError, lambda: strict.zeros(3, F)),
    (TypeError, lambda: strict.zeros(3, dtype=float)),
    (TypeError, lambda: strict.zeros(3, dtype=np.float32)),
    (TypeError, lambda: strict.zeros(2.0)),
    (TypeError, lambda: strict.mean(M, 0)),
    (TypeError, lambda: strict.mean(M, axis=(0, 1))),
    (TypeError, lambda: strict.sum(M, axis=0, keepdims=True)),
    (TypeError, lambda: strict.concatenate([V, V])),
    (TypeError, lambda: strict.dot([1.0], [2.0])),
    (TypeError, lambda: strict.where(V > 1.0)),
    (TypeError, lambda: M @ M.T),
    (TypeError, lambda: V // 2),
    (TypeError, lambda: V % 2),
    (TypeError, lambda: (V > 1) & (V < 3)),
    (TypeError, lambda: bool(V)),
    (TypeError, lambda: V + None),
    (TypeError, lambda: V == None),  # noqa: E711
    (TypeError, lambda: V + 1j),
    (TypeError, lambda: np.sum(V)),
    (TypeError, lambda: into(W, 0.5)),
    (TypeError, lambda: into(W, V)),
    (TypeError, lambda: divide_into(W, 2)),
    (TypeError, lambda: V.reshape(3)),
    (TypeError, lambda: strict.array([0.5], dtype=I16)),
    (ValueError, lambda: V.reshape((-1, 1))),
    (ValueError, lambda: V.reshape((2, 2))),
    (ValueError, lambda: strict.zeros((1, 2, 3))),
    (ValueError, lambda: strict.array([[[1.0]]])),
    (ValueError, lambda: strict.array([[1.0], [1.0, 2.0]])),
    (ValueError, lambda: V + strict.zeros(2)),
    (ValueError, lambda: strict.mean(V[3:])),
    (ValueError, lambda: strict.max(V[:0])),
    (ValueError, lambda: strict.dot(V, M)),
    (ValueError, lambda: strict.dot(M, V[:2])),
    (ValueError, lambda: strict.fft.fft(V)),
    (ValueError, lambda: strict.frombuffer(bytearray(3), dtype=I16)),
    (ValueError, lambda: strict.frombuffer(bytearray(4), dtype=I16, count=3)),
    (ValueError, lambda: M.T.tobytes()),
    (ValueError, lambda: put(V, slice(0, 2), strict.zeros(3))),
    (ValueError, lambda: ~V),
    (ValueError, lambda: strict_scipy.signal.sosfilt(strict.ones((1, 6)) * 2.0, V)),
    (ValueError, lambda: strict_scipy.signal.sosfilt(strict.ones((1, 6)), M)),
    (ValueError, lambda: strict_scipy.signal.sosfilt(strict.ones((1, 6)), V, zi=strict.zeros((2, 2)))),
    (NotImplementedError, lambda: V[W]),
    (NotImplementedError, lambda: strict.argsort(V)),
    (NotImplementedError, lambda: strict.argsort(V, axis=None)),
    (ZeroDivisionError, lambda: W / 0),
    (TypeError, lambda: W - 0.5),
    (TypeError, lambda: W / V),
    (TypeError, lambda: W**0.5),
    (TypeError, lambda: W >= 0.5),
    (TypeError, lambda: V <= W),
    (NotImplementedError, lambda: M[M > 2.0]),
    (IndexError, lambda: V[[0, 1]]),
    (IndexError, lambda: V[3]),
    (IndexError, lambda: V[1.0]),
    (IndexError, lambda: V[True]),
    (IndexError, lambda: V[None]),
    (IndexError, lambda: M[..., 0]),
    (IndexError, lambda: V[0, 0]),
]


@pytest.mark.parametrize(("kind", "f"), REFUSED, ids=range(len(REFUSED)))
def test_the_stand_in_refuses(kind, f):
    with pytest.raises(kind):
        f()


def test_absent_names_say_what_to_use():
    with pytest.raises(AttributeError, match="cumsum.*sosfilt"):
        strict.cumsum  # noqa: B018


def test_numbers_read_are_plain_python():
    assert type(V[0]) is float and type(W[0]) is int and type((V > 1)[0]) is bool
    assert type(strict.sum(V)) is float and type(strict.sum(W)) is int
    assert [type(x) for x in V] == [float] * 3
    assert V[0:1].dtype == F and M[1].shape == (3,) and M[:, 1].tolist() == [2.0, 5.0]


def test_rows_and_slices_are_views():
    a = strict.zeros((2, 3))
    for row in a:
        row += 1.0
    a[1][2] = 7.0
    a.reshape((6,))[0] = -1.0
    a.T[1, 0] = 4.0
    assert a.tolist() == [[-1.0, 4.0, 1.0], [1.0, 1.0, 7.0]]
    assert M.copy().tolist() == M.tolist()


def test_sums_of_int16_are_promoted_as_a_whole_and_wrap_along_an_axis():
    big = strict.array([[30000, 30000], [1, 2]], dtype=I16)
    assert strict.sum(big) == 60003
    assert strict.sum(big, axis=1).tolist() == [-5536, 3]
    assert strict.mean(big, axis=1).tolist() == [30000.0, 1.5]


def test_overlapping_assignment_copies_first_and_in_place_runs_forward():
    for u in (strict, plain):
        right = u.arange(5, dtype=F)
        right[1:] = right[:-1]
        assert right.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
        left = u.arange(5, dtype=F)
        left[:-1] = left[1:]
        assert left.tolist() == [1.0, 2.0, 3.0, 4.0, 4.0]
        square = u.arange(9, dtype=F).reshape((3, 3))
        square[:, :] = square.T
        assert square.tolist() == [[0.0, 3.0, 6.0], [1.0, 4.0, 7.0], [2.0, 5.0, 8.0]]
        total = u.ones(4)
        total[1:] += total[:-1]
        assert total.tolist() == [1.0, 2.0, 3.0, 4.0]


floats = st.floats(-1e4, 1e4, width=32)
rows = st.integers(1, 12).flatmap(lambda n: st.lists(st.lists(floats, min_size=n, max_size=n), min_size=2, max_size=2))
ints = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(-32768, 32767), min_size=n, max_size=n), min_size=2, max_size=2)
)
OPS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}


def numbers(a):
    return np.array(a.tolist())


@given(rows, st.sampled_from(sorted(OPS)), floats)
def test_arithmetic_is_float32_s_on_all_three(pair, op, scalar):
    f = OPS[op]
    want = f(np.array(pair[0], dtype=np.float32), np.array(pair[1], dtype=np.float32))
    want_scalar = f(np.array(pair[0], dtype=np.float32), np.float32(scalar))
    want_reverse = f(np.float32(scalar), np.array(pair[1], dtype=np.float32))
    for u in (strict, plain):
        a, b = u.array(pair[0]), u.array(pair[1])
        assert (numbers(f(a, b)) == want).all()
        assert (numbers(f(a, scalar)) == want_scalar).all()
        assert (numbers(f(scalar, b)) == want_reverse).all()


@given(ints, st.sampled_from(["+", "-", "*"]), st.integers(-300, 300))
def test_int16_wraps_alike(pair, op, scalar):
    f = OPS[op]
    want = f(np.array(pair[0], dtype=np.int16), np.array(pair[1], dtype=np.int16))
    for u in (strict, plain):
        a, b = u.array(pair[0], dtype=u.int16), u.array(pair[1], dtype=u.int16)
        assert f(a, b).tolist() == want.tolist() and f(a, b).dtype == u.int16
    a, b = strict.array(pair[0], dtype=I16), plain.array(pair[0], dtype=I16)
    assert f(a, scalar).tolist() == f(b, scalar).tolist()
    assert f(a, scalar).dtype == f(b, scalar).dtype


@given(ints, st.sampled_from(["h", "b", "B", "H"]), st.integers(-300, 300).filter(bool))
def test_ints_are_divided_by_ints_as_c_does(pair, code, scalar):
    """int(a / b) rounds towards zero as C does, and is exact for numbers of 16 bits."""
    dtype = ord(code)
    low, high = {"h": (-32768, 32767), "b": (-128, 127), "B": (0, 255), "H": (0, 65535)}[code]
    fit = [[max(low, min(high, v)) for v in row] for row in pair]
    fit[1] = [v or 1 for v in fit[1]]
    for u in (strict, plain):
        a, b = u.array(fit[0], dtype=dtype), u.array(fit[1], dtype=dtype)
        assert (a / b).dtype == u.float
        assert (a / b).tolist() == [float(int(x / y)) for x, y in zip(*fit, strict=True)]
        assert (a / scalar).tolist() == [float(int(x / scalar)) for x in fit[0]]
        assert (scalar / b).tolist() == [float(int(scalar / y)) for y in fit[1]]


REDUCTIONS = ["sum", "mean", "std", "max", "min", "argmax", "argmin", "median"]


@given(rows, st.sampled_from(REDUCTIONS), st.sampled_from([0, 1]))
def test_reductions_agree(matrix, name, axis):
    a, b = strict.array(matrix), plain.array(matrix)
    if name != "median":
        assert getattr(strict, name)(a) == pytest.approx(getattr(plain, name)(b), rel=1e-5, abs=2e-3)
    got = getattr(strict, name)(a, axis=axis)
    other = getattr(plain, name)(b, axis=axis)
    assert got.shape == other.shape
    assert got.tolist() == pytest.approx(other.tolist(), rel=1e-5, abs=2e-3)


@given(rows, st.integers(-14, 14), st.integers(-14, 14), st.sampled_from([None, 1, 2, 3, -1, -2]))
def test_slices_agree(matrix, start, stop, step):
    a, b = strict.array(matrix), plain.array(matrix)
    part = slice(start, stop, step)
    want = np.array(matrix, dtype=np.float32)[:, part]
    for u in (a, b):
        assert u[:, part].shape == want.shape
        assert u[:, part].tolist() == want.tolist()
        assert u[0][part].tolist() == want[0].tolist()


@given(st.lists(floats, min_size=1, max_size=30), st.integers(0, 29))
def test_filters_agree_and_can_be_split(x, at):
    sos = [[0.2, 0.3, 0.2, 1.0, -0.5, 0.2], [1.0, -1.0, 0.0, 1.0, -0.9, 0.0]]
    outs = []
    for u, s in ((strict, strict_scipy), (plain, plain_scipy)):
        sections, zi, values = u.array(sos), u.zeros((2, 2)), u.array(x)
        whole, zf = s.signal.sosfilt(sections, values, zi=zi)
        if 0 < at < len(x):
            first, z = s.signal.sosfilt(sections, values[:at], zi=zi)
            second, z = s.signal.sosfilt(sections, values[at:], zi=z)
            assert first.tolist() + second.tolist() == pytest.approx(whole.tolist(), rel=1e-4, abs=0.02)
            assert z.tolist()[1] == pytest.approx(zf.tolist()[1], rel=1e-4, abs=0.02)
        outs.append(whole.tolist())
    assert outs[0] == pytest.approx(outs[1], rel=1e-4, abs=0.02)


@given(st.lists(floats, min_size=2, max_size=20))
def test_functions_agree(x):
    a, b = strict.array(x), plain.array(x)
    for name in ("sin", "cos", "atan", "floor", "ceil", "degrees", "sort", "flip", "diff"):
        got, other = getattr(strict, name)(a).tolist(), getattr(plain, name)(b).tolist()
        assert got == pytest.approx(other, rel=1e-5, abs=1e-5)
    assert strict.argsort(a, axis=0).tolist() == plain.argsort(b, axis=-1).tolist()
    assert strict.isfinite(a).tolist() == plain.isfinite(b).tolist()
    assert strict.sqrt(abs(a)).tolist() == pytest.approx([math.sqrt(abs(np.float32(v))) for v in x], rel=1e-6)
    got, other = strict.arctan2(a, a * 0.5 + 1.0), plain.arctan2(b, b * 0.5 + 1.0)
    assert got.tolist() == pytest.approx(other.tolist(), rel=1e-4, abs=1e-5)
    assert strict.clip(a, -1.0, 1.0).tolist() == plain.clip(b, -1.0, 1.0).tolist()
    assert strict.where(a > 0.0, a, -1.0).tolist() == plain.where(b > 0.0, b, -1.0).tolist()
    assert a[a > 0.0].tolist() == b[b > 0.0].tolist()


def test_the_page_names_each_function_that_the_clip_uses(repo):
    import ast
    import re

    used = set()
    for path in [*(repo / "shared").rglob("*.py"), *(repo / "device").rglob("*.py")]:
        if path.name == "compat.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
                used.add(node.attr)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sosfilt":
                used.add("sosfilt")
    page = (repo / "docs/design/ulab.md").read_text("utf-8")
    table = page.split("<!-- functions -->")[1].split("<!-- end functions -->")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", "".join(rows))) == used - {"int8", "int16", "uint8", "float"}
