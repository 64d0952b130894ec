"""ulab.numpy: exactly the names that the board has, with ulab's argument forms (most options are keyword only)."""

import builtins as _b
from collections.abc import Callable as _Callable
from typing import Any as _Any

import numpy as _cnp

from .. import _array, _meter
from .._array import ndarray
from . import fft, linalg

# fmt: off
__all__ = [
    "acos", "acosh", "all", "any", "arange", "arctan2", "argmax", "argmin", "argsort", "around", "array", "asarray",
    "asin", "asinh", "atan", "atanh", "bitwise_and", "bitwise_or", "bitwise_xor", "bool", "ceil", "clip", "compress",
    "concatenate", "convolve", "cos", "cosh", "cross", "degrees", "delete", "diag", "diff", "dot", "e", "empty",
    "equal", "exp", "expm1", "eye", "fft", "flip", "float", "floor", "frombuffer", "full", "inf", "int16", "int8",
    "interp", "isfinite", "isinf", "left_shift", "linalg", "linspace", "load", "loadtxt", "log", "log10", "log2",
    "logspace", "max", "maximum", "mean", "median", "min", "minimum", "nan", "ndarray", "nonzero", "not_equal",
    "ones", "pi", "polyfit", "polyval", "radians", "right_shift", "roll", "save", "savetxt", "sin", "sinc", "sinh",
    "size", "sort", "sqrt", "std", "sum", "tan", "tanh", "trace", "trapz", "uint16", "uint8", "vectorize", "where",
    "zeros",
]
_INSTEAD = {
    "cumsum": "an integrating sosfilt section does it", "abs": "use the builtin abs", "absolute": "use the builtin abs",
    "correlate": "convolve with a flipped array, or dot over shifted views", "power": "use **",
    "percentile": "sort and index", "float32": "use np.float", "float64": "there are no 64-bit floats",
    "arccos": "it is called acos", "arcsin": "it is called asin", "arctan": "it is called atan",
}
# fmt: on


def __getattr__(name: str) -> _Any:
    hint = _INSTEAD.get(name)
    raise AttributeError("the board's ulab.numpy has no '%s'%s" % (name, ": " + hint if hint else ""))


float, int16, uint16, int8, uint8, bool = (
    _array.FLOAT,
    _array.INT16,
    _array.UINT16,
    _array.INT8,
    _array.UINT8,
    _array.BOOL,
)
pi, e, inf, nan = 3.141592653589793, 2.718281828459045, _b.float("inf"), _b.float("nan")


def _values(a: _Any) -> _Any:
    """The numbers of an array or another sequence."""
    return a._a if isinstance(a, ndarray) else _array.from_iterable(a, _cnp.float32)


def _only(a: _Any, what: str = "argument") -> _Any:
    if not isinstance(a, ndarray):
        raise TypeError("%s must be an ndarray" % what)
    return a._a


def _shape(shape: _Any) -> tuple[int, ...]:
    parts = shape if isinstance(shape, tuple) else (shape,)
    if len(parts) > _array.MAX_DIMS:
        raise ValueError("maximum number of dimensions is %d" % _array.MAX_DIMS)
    if not _b.all(type(n) is int and n >= 0 for n in parts):
        raise TypeError("input argument must be an integer, a tuple of integers")
    return parts


def _axis(a: _Any, axis: _Any) -> int:
    if type(axis) is not int:
        raise TypeError("axis must be None, or an integer")
    if not -a.ndim <= axis < a.ndim:
        raise ValueError("axis is out of bounds")
    return axis % int(a.ndim)


# -- making arrays -------------------------------------------------------------------------------------------------


def array(values: _Any, *, dtype: _Any = float) -> ndarray:
    kind = _array.numpy_dtype(dtype)
    source = values._a if isinstance(values, ndarray) else _array.from_iterable(values, kind)
    return _array.result("array", _array.cast(source, kind).copy())


def asarray(values: _Any, *, dtype: _Any = None) -> ndarray:
    if isinstance(values, ndarray) and dtype in (None, values.dtype):
        return values
    return array(values, dtype=float if dtype is None else dtype)


def zeros(shape: _Any, *, dtype: _Any = float) -> ndarray:
    return _array.result("zeros", _cnp.zeros(_shape(shape), dtype=_array.numpy_dtype(dtype)))


empty = zeros


def ones(shape: _Any, *, dtype: _Any = float) -> ndarray:
    return _array.result("zeros", _cnp.ones(_shape(shape), dtype=_array.numpy_dtype(dtype)))


def full(shape: _Any, fill_value: _Any, *, dtype: _Any = float) -> ndarray:
    return _array.result("zeros", _cnp.full(_shape(shape), fill_value, dtype=_array.numpy_dtype(dtype)))


def eye(size: int, *, M: int | None = None, k: int = 0, dtype: _Any = float) -> ndarray:
    return _array.result("zeros", _cnp.eye(size, M, k, dtype=_array.numpy_dtype(dtype)))


def arange(*limits: _Any, dtype: _Any = None) -> ndarray:
    if not 1 <= len(limits) <= 3:
        raise TypeError("wrong number of arguments")
    values = _cnp.arange(*limits)
    if dtype is None:
        ints = _b.all(type(v) is int for v in limits) and _b.all(abs(v) < 32768 for v in limits)
        dtype = int16 if ints else float
    return _array.result("zeros", values.astype(_array.numpy_dtype(dtype)))


def linspace(
    start: _Any, stop: _Any, num: int = 50, *, dtype: _Any = float, endpoint: _Any = True, retstep: _Any = False
) -> _Any:
    if num < 2:
        raise ValueError("number of points must be at least 2")
    values, step = _cnp.linspace(start, stop, num, endpoint=endpoint, retstep=True)
    out = _array.result("zeros", values.astype(_array.numpy_dtype(dtype)))
    return (out, _b.float(step)) if retstep else out


def logspace(
    start: _Any, stop: _Any, num: int = 50, *, dtype: _Any = float, endpoint: _Any = True, base: _Any = 10.0
) -> ndarray:
    values = _cnp.logspace(start, stop, num, endpoint=endpoint, base=base)
    return _array.result("math", values.astype(_array.numpy_dtype(dtype)))


def frombuffer(buffer: _Any, *, dtype: _Any = float, count: int = -1, offset: int = 0) -> ndarray:
    """A view: it shares the buffer's memory."""
    kind = _array.numpy_dtype(dtype)
    _meter.note("frombuffer", 1, 1)
    if count < 0 and (memoryview(buffer).nbytes - offset) % _cnp.dtype(kind).itemsize:
        raise ValueError("buffer size must be a multiple of element size")
    try:
        return _array.wrap(_cnp.frombuffer(buffer, dtype=kind, count=count, offset=offset))
    except ValueError:
        raise ValueError("buffer is smaller than requested size") from None


def concatenate(arrays: _Any, *, axis: int = 0) -> ndarray:
    if not isinstance(arrays, tuple):
        raise TypeError("first argument must be a tuple of ndarrays")
    parts = [_only(a, "each item of the first argument") for a in arrays]
    if len({a.dtype for a in parts}) != 1 or len({a.ndim for a in parts}) != 1:
        raise ValueError("all arrays must be of the same dtype and dimensions")
    return _array.result("copy", _cnp.concatenate(parts, axis=_axis(parts[0], axis)))


def diag(a: _Any, *, k: int = 0) -> ndarray:
    return _array.result("copy", _cnp.diag(_only(a), k).copy())


# -- reductions ----------------------------------------------------------------------------------------------------


def _reduce(name: str, a: _Any, axis: _Any, f: _Callable[..., _Any], empty_ok: _b.bool = False) -> _Any:
    values = _values(a)
    if values.size == 0 and not empty_ok:
        raise ValueError("attempt to reduce an empty array")
    lanes = 0 if axis is None or values.ndim == 1 else values.size // values.shape[axis]
    _meter.note(name, values.size, lanes > 0, 4 * lanes)
    if axis is None:
        return f(values.reshape(-1), None)
    axis = _axis(values, axis)
    out = f(values, axis)
    return _array.scalar(out) if values.ndim == 1 else _array.wrap(_cnp.ascontiguousarray(out))


def _f32(x: _Any) -> _b.float:
    return _b.float(_cnp.float32(x))


def sum(array: _Any, *, axis: _Any = None) -> _Any:
    def f(values: _Any, axis: _Any) -> _Any:
        if axis is not None:
            return values.sum(axis=axis, dtype=_cnp.uint8 if values.dtype == _cnp.bool_ else values.dtype)
        total = values.sum(dtype=_cnp.float64)
        return _f32(total) if values.dtype == _cnp.float32 else int(total)

    return _reduce("reduce", array, axis, f)


def mean(array: _Any, *, axis: _Any = None) -> _Any:
    def f(values: _Any, axis: _Any) -> _Any:
        out = values.mean(axis=axis, dtype=_cnp.float64)
        return _f32(out) if axis is None else out.astype(_cnp.float32)

    return _reduce("reduce", array, axis, f)


def std(array: _Any, *, axis: _Any = None, ddof: int = 0) -> _Any:
    def f(values: _Any, axis: _Any) -> _Any:
        if values.shape[axis or 0] <= ddof:
            return 0.0 if axis is None else _cnp.zeros(values.mean(axis=axis).shape, dtype=_cnp.float32)
        out = values.std(axis=axis, ddof=ddof, dtype=_cnp.float64)
        return _f32(out) if axis is None else out.astype(_cnp.float32)

    return _reduce("std", array, axis, f)


def _minmax(array: _Any, axis: _Any, f: _Callable[..., _Any]) -> _Any:
    return _reduce("extreme", array, axis, lambda v, axis: _array.scalar(f(v)) if axis is None else f(v, axis=axis))


def max(array: _Any, *, axis: _Any = None) -> _Any:
    return _minmax(array, axis, _cnp.max)


def min(array: _Any, *, axis: _Any = None) -> _Any:
    return _minmax(array, axis, _cnp.min)


def _arg(array: _Any, axis: _Any, f: _Callable[..., _Any]) -> _Any:
    return _reduce("extreme", array, axis, lambda v, axis: int(f(v)) if axis is None else f(v, axis).astype(_cnp.int16))


def argmax(array: _Any, *, axis: _Any = None) -> _Any:
    return _arg(array, axis, _cnp.argmax)


def argmin(array: _Any, *, axis: _Any = None) -> _Any:
    return _arg(array, axis, _cnp.argmin)


def all(array: _Any, *, axis: _Any = None) -> _Any:
    return _reduce("reduce", array, axis, lambda v, axis: _b.bool(_cnp.all(v)) if axis is None else v.all(axis), True)


def any(array: _Any, *, axis: _Any = None) -> _Any:
    return _reduce("reduce", array, axis, lambda v, axis: _b.bool(_cnp.any(v)) if axis is None else v.any(axis), True)


def median(array: _Any, *, axis: _Any = None) -> _Any:
    a = _only(array, "median argument")
    if a.ndim == 2 and axis is None:
        raise ValueError("say which axis: the board's default differs between versions of ulab")
    return _reduce("sort", array, axis, lambda v, axis: _f32(_cnp.median(v)) if axis is None else _median(v, axis))


def _median(values: _Any, axis: int) -> _Any:
    return _cnp.median(values, axis=axis).astype(_cnp.float32)


def trace(m: _Any) -> _Any:
    a = _only(m)
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ValueError("input must be square matrix")
    return _array.scalar(_cnp.trace(a, dtype=a.dtype))


def size(array: _Any, axis: _Any = None) -> int:
    a = _only(array, "size")
    return int(a.size if axis is None else a.shape[_axis(a, axis)])


def dot(m1: _Any, m2: _Any) -> _Any:
    """vector . vector -> float, matrix . matrix, matrix . vector; a vector before a matrix overruns on the board."""
    a, b = _only(m1, "arguments"), _only(m2, "arguments")
    if a.ndim == 1 and b.ndim == 2:
        raise ValueError("vector times matrix does not work on the board: transpose, or reshape to (1, n)")
    if a.shape[-1] != b.shape[0]:
        raise ValueError("dimensions do not match")
    if a.size == 0:
        raise ValueError("dimensions do not match: empty")
    out = _cnp.dot(a.astype(_cnp.float64), b.astype(_cnp.float64))
    work = a.size * (b.shape[1] if b.ndim == 2 else 1)
    if a.ndim == 1:
        _meter.note("reduce", work)
        return _f32(out)
    return _array.result("matmul", out.astype(_cnp.float32), work)


def cross(a: _Any, b: _Any) -> ndarray:
    x, y = _only(a), _only(b)
    if x.shape != (3,) or y.shape != (3,):
        raise ValueError("cross is defined for 1D arrays of length 3")
    return _array.result("elementwise", _cnp.cross(x, y).astype(_array.promoted(x.dtype, y.dtype, "*")))


def trapz(y: _Any, x: _Any = None, dx: _Any = 1.0) -> _b.float:
    values = _values(y).astype(_cnp.float64)
    _meter.note("reduce", values.size)
    return _f32(_cnp.trapezoid(values, None if x is None else _values(x).astype(_cnp.float64), dx))


# -- element by element --------------------------------------------------------------------------------------------


def _math(name: str, f: _Callable[..., _Any], cost: str = "math") -> _Callable[[_Any], _Any]:
    def function(a: _Any) -> _Any:
        with _cnp.errstate(all="ignore"):
            if isinstance(a, int | _b.float):
                _meter.note(cost, 1)
                return _f32(f(_b.float(a)))
            return _array.result(cost, f(_values(a).astype(_cnp.float32)).astype(_cnp.float32))

    function.__name__ = name
    return function


acos, asin, atan = _math("acos", _cnp.arccos), _math("asin", _cnp.arcsin), _math("atan", _cnp.arctan)
acosh, asinh, atanh = _math("acosh", _cnp.arccosh), _math("asinh", _cnp.arcsinh), _math("atanh", _cnp.arctanh)
ceil, floor = _math("ceil", _cnp.ceil), _math("floor", _cnp.floor)
sin, cos, tan = _math("sin", _cnp.sin), _math("cos", _cnp.cos), _math("tan", _cnp.tan)
sinh, cosh, tanh = _math("sinh", _cnp.sinh), _math("cosh", _cnp.cosh), _math("tanh", _cnp.tanh)
degrees, radians = _math("degrees", _cnp.degrees), _math("radians", _cnp.radians)
exp, expm1 = _math("exp", _cnp.exp), _math("expm1", _cnp.expm1)
log, log2, log10 = _math("log", _cnp.log), _math("log2", _cnp.log2), _math("log10", _cnp.log10)
sinc = _math("sinc", _cnp.sinc)
sqrt = _math("sqrt", _cnp.sqrt, "sqrt")


def around(a: _Any, *, decimals: int = 0) -> ndarray:
    return _array.result("math", _cnp.round(_only(a).astype(_cnp.float32), decimals))


def arctan2(ya: _Any, xa: _Any) -> _Any:
    if isinstance(ya, int | _b.float) and isinstance(xa, int | _b.float):
        return _f32(_cnp.arctan2(ya, xa))
    y, x = (_operand(v).astype(_cnp.float32) for v in (ya, xa))
    return _array.result("math", _cnp.arctan2(y, x))


def _operand(v: _Any) -> _Any:
    return _array.from_scalar(v, _cnp.float32) if isinstance(v, int | _b.float) else _values(v)


def _pair(name: str, f: _Callable[..., _Any], op: str = "+") -> _Callable[[_Any, _Any], _Any]:
    def function(x1: _Any, x2: _Any) -> _Any:
        scalars = isinstance(x1, int | _b.float) and isinstance(x2, int | _b.float)
        a, b = _operand(x1), _operand(x2)
        dtype = a.dtype if a.dtype == b.dtype else _array.promoted(a.dtype, b.dtype, op)
        try:
            out = f(a.astype(dtype), b.astype(dtype))
        except ValueError:
            raise ValueError("operands could not be broadcast together") from None
        return _array.scalar(out[0]) if scalars else _array.result("elementwise", out)

    function.__name__ = name
    return function


maximum, minimum = _pair("maximum", _cnp.maximum), _pair("minimum", _cnp.minimum)
equal, not_equal = _pair("equal", _cnp.equal), _pair("not_equal", _cnp.not_equal)


def _bits(name: str, f: _Callable[..., _Any]) -> _Callable[[_Any, _Any], _Any]:
    inner = _pair(name, f)

    def function(x1: _Any, x2: _Any) -> _Any:
        if _b.any(isinstance(v, _b.float) or getattr(v, "dtype", 0) == float for v in (x1, x2)):
            raise ValueError("not supported for input types")
        return inner(x1, x2)

    function.__name__ = name
    return function


bitwise_and, bitwise_or = _bits("bitwise_and", _cnp.bitwise_and), _bits("bitwise_or", _cnp.bitwise_or)
bitwise_xor = _bits("bitwise_xor", _cnp.bitwise_xor)
left_shift, right_shift = _bits("left_shift", _cnp.left_shift), _bits("right_shift", _cnp.right_shift)


def clip(a: _Any, a_min: _Any, a_max: _Any) -> _Any:
    return maximum(a_min, minimum(a, a_max))


def isfinite(x: _Any) -> _Any:
    if isinstance(x, int | _b.float):
        return _b.bool(_cnp.isfinite(x))
    return _array.result("elementwise", _cnp.isfinite(_only(x)))


def isinf(x: _Any) -> _Any:
    if isinstance(x, int | _b.float):
        return _b.bool(_cnp.isinf(x))
    return _array.result("elementwise", _cnp.isinf(_only(x)))


def nonzero(x: _Any) -> _Any:
    a = _values(x)
    if a.ndim != 1:
        raise NotImplementedError("the stand-in knows nonzero of one dimension")
    return (_array.result("mask", _cnp.nonzero(a)[0].astype(_cnp.uint16), a.size),)


def where(condition: _Any, x: _Any, y: _Any) -> ndarray:
    c, a, b = (_operand(v) for v in (condition, x, y))
    dtype = a.dtype if a.dtype == b.dtype else _array.promoted(a.dtype, b.dtype, "+")
    return _array.result("elementwise", _cnp.where(c.astype(_cnp.bool_), a.astype(dtype), b.astype(dtype)))


def compress(condition: _Any, array: _Any, *, axis: _Any = None) -> ndarray:
    mask = _cnp.asarray(condition.tolist() if isinstance(condition, ndarray) else list(condition), dtype=_cnp.bool_)
    a = _only(array)
    if len(mask) != (a.size if axis is None else a.shape[_axis(a, axis)]):
        raise ValueError("wrong length of condition array")
    return _array.result("mask", _cnp.compress(mask, a, axis=axis), a.size)


def delete(array: _Any, indices: _Any, *, axis: _Any = None) -> ndarray:
    return _array.result("mask", _cnp.delete(_only(array), indices, axis=axis))


def diff(array: _Any, *, n: int = 1, axis: int = -1) -> ndarray:
    a = _only(array, "diff argument")
    return _array.result("elementwise", _cnp.diff(a, n=n, axis=_axis(a, axis)))


def flip(array: _Any, *, axis: _Any = None) -> ndarray:
    return _array.result("copy", _cnp.flip(_only(array, "flip argument"), axis=axis).copy())


def roll(array: _Any, distance: int, *, axis: _Any = None) -> ndarray:
    return _array.result("copy", _cnp.roll(_only(array, "roll argument"), distance, axis=axis))


def sort(array: _Any, *, axis: _Any = -1) -> ndarray:
    return _array.result("sort", _cnp.sort(_only(array, "sort argument"), axis=axis))


def argsort(array: _Any, *, axis: _Any = None) -> ndarray:
    """Along an axis that is named; equal values come in any order on the board, here in theirs."""
    a = _only(array, "argsort argument")
    if axis is None:
        raise NotImplementedError("argsort is not implemented for flattened arrays")
    return _array.result("sort", _cnp.argsort(a, axis=_axis(a, axis), kind="stable").astype(_cnp.uint16))


def vectorize(f: _Any, *, otypes: _Any = None) -> _Any:
    kind = _array.numpy_dtype(float if otypes is None else otypes)

    def function(a: _Any) -> _Any:
        if isinstance(a, int | _b.float):
            return _array.result("vectorize", _cnp.array([f(a)]).astype(kind))
        values = _values(a)
        out = _cnp.array([f(_array.scalar(v)) for v in values.reshape(-1)]).reshape(values.shape)
        return _array.result("vectorize", out.astype(kind))

    return function


# -- signals and polynomials ---------------------------------------------------------------------------------------


def convolve(a: _Any, v: _Any) -> ndarray:
    x, y = _only(a, "convolve arguments"), _only(v, "convolve arguments")
    if x.ndim != 1 or y.ndim != 1:
        raise TypeError("convolve arguments must be linear arrays")
    out = _cnp.convolve(x.astype(_cnp.float32), y.astype(_cnp.float32))
    return _array.result("matmul", out, x.size * y.size)


def interp(x: _Any, xp: _Any, fp: _Any, *, left: _Any = None, right: _Any = None) -> ndarray:
    a, b, c = (_values(v).astype(_cnp.float64) for v in (x, xp, fp))
    if len(b) != len(c) or len(b) < 2:
        raise ValueError("the arrays of data points must be of the same length, two at least")
    return _array.result("interp", _cnp.interp(a, b, c, left=left, right=right).astype(_cnp.float32))


def polyfit(*arguments: _Any) -> ndarray:
    if len(arguments) == 2:
        y, degree = arguments
        x: _Any = range(len(y))
    elif len(arguments) == 3:
        x, y, degree = arguments
    else:
        raise TypeError("number of arguments must be 2, or 3")
    a, b = _values(x).astype(_cnp.float64), _values(y).astype(_cnp.float64)
    if len(a) != len(b):
        raise ValueError("input vectors must be of equal length")
    if len(b) < degree:
        raise ValueError("more degrees of freedom than data points")
    _meter.note("linalg", len(b) * (degree + 1) ** 2, 3, 4 * len(b) * (degree + 1))
    return _array.wrap(_cnp.polyfit(a, b, degree).astype(_cnp.float32))


def polyval(p: _Any, x: _Any) -> _Any:
    out = _cnp.polyval(_values(p).astype(_cnp.float64), _operand(x).astype(_cnp.float64)).astype(_cnp.float32)
    return _array.scalar(out[0]) if isinstance(x, int | _b.float) else _array.result("elementwise", out)


# -- files ---------------------------------------------------------------------------------------------------------


def save(file: str, array: _Any) -> None:
    with open(file, "wb") as stream:
        _cnp.save(stream, _only(array))


def load(file: str) -> ndarray:
    return _array.wrap(_cnp.load(file))


def savetxt(
    file: str, array: _Any, *, delimiter: str = " ", header: _Any = "", footer: _Any = "", comments: str = "# "
) -> None:
    _cnp.savetxt(file, _only(array), delimiter=delimiter, header=header, footer=footer, comments=comments)


def loadtxt(
    file: str,
    *,
    delimiter: _Any = None,
    comments: str = "#",
    max_rows: _Any = -1,
    usecols: _Any = None,
    dtype: _Any = float,
    skiprows: int = 0,
) -> ndarray:
    rows = None if max_rows < 0 else max_rows
    return _array.wrap(
        _cnp.loadtxt(
            file,
            delimiter=delimiter,
            comments=comments,
            max_rows=rows,
            usecols=usecols,
            dtype=_array.numpy_dtype(dtype),
            skiprows=skiprows,
        )
    )
