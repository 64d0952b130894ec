"""The array class: ulab's attributes, operators, views and assignment, over a numpy array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as cnp

from . import _meter

# ulab's dtypes are the type codes of `array.array`, as numbers.
FLOAT, INT16, UINT16, INT8, UINT8, BOOL = (ord(c) for c in "fhHbB?")
NUMPY_OF: dict[int, Any] = {
    FLOAT: cnp.float32,
    INT16: cnp.int16,
    UINT16: cnp.uint16,
    INT8: cnp.int8,
    UINT8: cnp.uint8,
    BOOL: cnp.bool_,
}
CODE_OF = {cnp.dtype(value): key for key, value in NUMPY_OF.items()}
MAX_DIMS = 2


def numpy_dtype(code: Any) -> Any:
    """numpy's dtype for one of ulab's; TypeError for anything else, as a float64 or a string."""
    if type(code) is not int or code not in NUMPY_OF:
        raise TypeError("data type not understood: %r" % (code,))
    return NUMPY_OF[code]


def promoted(left: Any, right: Any, op: str) -> Any:
    """The dtype of `left op right` by ulab's rules; bool counts as uint8."""
    left = cnp.dtype(cnp.uint8) if left == cnp.bool_ else left
    right = cnp.dtype(cnp.uint8) if right == cnp.bool_ else right
    pair = {left.char, right.char}
    if "f" in pair or op in ("/", "**") or pair == {"H", "h"}:
        return cnp.float32
    if pair == {"B"}:
        return cnp.uint8 if op == "-" else cnp.uint16
    if len(pair) == 1:
        return left
    if pair == {"B", "H"}:
        return cnp.uint16
    return cnp.int16


def from_scalar(value: Any, other: Any) -> Any:
    """A number as the array of one element that ulab makes of it beside an array of dtype `other`."""
    if isinstance(value, bool):
        raise TypeError("wrong operand type: bool")
    if isinstance(value, int):
        if not -32767 <= value <= 32767:
            return cnp.array([value], dtype=cnp.float32)
        if value < 0:
            return cnp.array([value], dtype=cnp.int8 if value > -128 else cnp.int16)
        if other in (cnp.int8, cnp.int16):
            return cnp.array([value], dtype=cnp.int8 if value < 128 else cnp.int16)
        return cnp.array([value], dtype=cnp.uint8 if value < 256 else cnp.uint16)
    if isinstance(value, float):
        return cnp.array([value], dtype=cnp.float32)
    raise TypeError("wrong operand type: %s" % type(value).__name__)


def operand(value: Any, other: Any) -> Any:
    return value._a if isinstance(value, ndarray) else from_scalar(value, other)


def scalar(value: Any) -> Any:
    """A numpy scalar as the Python number that MicroPython sees."""
    return value.item()


def wrap(a: Any) -> ndarray:
    """An ndarray around a numpy array, which must be of a dtype and size that ulab has."""
    if a.ndim > MAX_DIMS:
        raise ValueError("maximum number of dimensions is %d" % MAX_DIMS)
    if a.dtype not in CODE_OF:
        raise TypeError("data type not understood: %s" % a.dtype)
    out = ndarray.__new__(ndarray)
    out._a = a
    return out


def result(name: str, a: Any, elements: int | None = None, beside: int = 0) -> ndarray:
    """A new array as the answer of an operation: the bench hears of it. beside: numbers made arrays on the way."""
    if beside:
        _meter.note("number", 1, 1, 4)
    _meter.note(name, a.size if elements is None else elements, 1, a.nbytes)
    return wrap(a)


def same_view(a: Any, b: Any) -> bool:
    return a.strides == b.strides and bool(a.__array_interface__["data"][0] == b.__array_interface__["data"][0])


def divided(left: Any, right: Any) -> Any:
    """left / right as the C of the board does it: ints by ints as ints, towards zero, and only then made floats."""
    if left.dtype.kind == "f" or right.dtype.kind == "f":
        return cnp.true_divide(left.astype(cnp.float32, copy=False), right.astype(cnp.float32, copy=False))
    if not right.all():
        raise ZeroDivisionError("an int array divided by 0: the board gives 0, without a word")
    a, b = left.astype(cnp.int64), right.astype(cnp.int64)
    return (cnp.sign(a) * cnp.sign(b) * (abs(a) // abs(b))).astype(cnp.float32)


def refuse_int16_before_float(left: Any, right: Any, op: str) -> None:
    """TypeError where ulab's loops take the int16 for uint16, so that -1 counts as 65535."""
    if op in COMPARE and op not in ("==", "!="):
        swapped = left.dtype == cnp.float32 and right.dtype == cnp.int16
    elif op in ("-", "/", "**"):
        swapped = False
    else:
        return
    if swapped or (left.dtype == cnp.int16 and right.dtype == cnp.float32):
        raise TypeError("int16 %s float reads negative numbers as positive ones on the board: make floats first" % op)


class ndarray:
    """ulab's ndarray. See the module `ulab` for what is kept and what is refused."""

    __slots__ = ("_a",)
    __hash__ = None  # type: ignore[assignment]
    __array_ufunc__ = None
    _a: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> ndarray:
        if args or kwargs:
            from .numpy import array

            return array(*args, **kwargs)
        return super().__new__(cls)

    # -- properties and methods ------------------------------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._a.shape)

    @property
    def size(self) -> int:
        return int(self._a.size)

    @property
    def itemsize(self) -> int:
        return int(self._a.itemsize)

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(self._a.strides)

    @property
    def dtype(self) -> int:
        return CODE_OF[self._a.dtype]

    @property
    def T(self) -> ndarray:
        return self.transpose()

    @property
    def flat(self) -> Iterator[Any]:
        return (scalar(v) for v in self._a.flat)

    def _dense(self) -> bool:
        return bool(self._a.flags.c_contiguous)

    def copy(self) -> ndarray:
        return result("copy", self._a.copy())

    def reshape(self, shape: Any) -> ndarray:
        if not isinstance(shape, tuple):
            raise TypeError("shape must be a tuple")
        if len(shape) > MAX_DIMS:
            raise ValueError("maximum number of dimensions is %d" % MAX_DIMS)
        if any(n < 0 for n in shape):
            raise ValueError("input and output shapes are not compatible")
        _meter.note("view", self.size, 1)
        if not self._dense():
            _meter.note("copy", self.size, 0, self._a.nbytes)
        try:
            return wrap(self._a.reshape(shape))
        except ValueError:
            raise ValueError("input and output shapes are not compatible") from None

    def transpose(self) -> ndarray:
        _meter.note("view", self.size, 1)
        return wrap(self._a.T)

    def flatten(self, *, order: str = "C") -> ndarray:
        if order not in ("C", "F"):
            raise ValueError("flattening order must be either 'C', or 'F'")
        return result("copy", self._a.flatten(order=order))

    def byteswap(self, *, inplace: bool = False) -> ndarray:
        swapped = self._a.byteswap(inplace=inplace)
        return self if inplace else result("copy", swapped)

    def tobytes(self) -> bytearray:
        if not self._dense():
            raise ValueError("tobytes can be invoked for dense arrays only")
        return bytearray(self._a.tobytes())

    def tolist(self) -> list[Any]:
        _meter.note("list", self.size, 0, 16 + 4 * self.size)
        values: list[Any] = self._a.tolist()
        return values

    def sort(self, *, axis: int | None = -1) -> None:
        _meter.note("sort", self.size)
        if axis is None:
            self._a[...] = cnp.sort(self._a, axis=None).reshape(self._a.shape)
        else:
            self._a.sort(axis=axis)

    def __len__(self) -> int:
        return int(self._a.shape[0])

    def __iter__(self) -> Iterator[Any]:
        for item in self._a:
            if self._a.ndim == 1:
                _meter.note("next", 1)
                yield scalar(item)
            else:
                _meter.note("view", item.size, 1)
                yield wrap(item)

    def __bool__(self) -> bool:
        raise TypeError("an array has no truth value: use all() or any() (on the board it would be its length)")

    def __repr__(self) -> str:
        return "array(%s, dtype=%s)" % (self._a.tolist(), self._a.dtype)

    def __bytes__(self) -> bytes:
        return bytes(self.tobytes())

    def __buffer__(self, flags: int) -> memoryview:
        if not self._dense():
            raise BufferError("the array is not dense")
        return memoryview(self._a)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a ulab array was handed to numpy: convert it with tolist()")

    # -- indexing --------------------------------------------------------------------------------------------------
    def _index(self, index: Any) -> Any:
        if isinstance(index, ndarray):
            if index._a.ndim > 1 or index._a.dtype != cnp.bool_:
                raise NotImplementedError("operation is implemented for 1D Boolean arrays only")
            if self._a.ndim != 1 or index.size != self.size:
                raise ValueError("array and index length must be equal")
            return index._a
        parts = index if isinstance(index, tuple) else (index,)
        if len(parts) > self._a.ndim:
            raise IndexError("too many indices")
        for n, part in zip(self._a.shape, parts):
            if type(part) is int:
                if not -n <= part < n:
                    raise IndexError("index is out of bounds")
            elif not isinstance(part, slice):
                raise IndexError("indices must be integers, slices, or Boolean lists")
        return parts

    def __getitem__(self, index: Any) -> Any:
        index = self._index(index)
        picked = self._a[index]
        if not isinstance(picked, cnp.ndarray):
            _meter.note("item", 1, 1)  # ulab makes a view to read one number
            return scalar(picked)
        if isinstance(index, cnp.ndarray):
            return result("mask", picked, self.size)
        _meter.note("window" if len(index) > 1 else "view", picked.size, 1)
        return wrap(picked)

    def __setitem__(self, index: Any, value: Any) -> None:
        index = self._index(index)
        if not isinstance(value, ndarray | int | float):
            value = from_iterable(value, cnp.float32)
        values = operand(value, self._a.dtype)
        if isinstance(index, cnp.ndarray):
            count = int(index.sum())
            if values.size not in (count, 1):
                raise ValueError("as many values as True indices, or one, are needed")
            _meter.note("mask_set", self.size)
            self._a[index] = values.astype(self._a.dtype)
            return
        target = self._a[index]
        if not isinstance(target, cnp.ndarray):
            if values.size != 1:
                raise ValueError("operands could not be broadcast together")
            _meter.note("item_set", 1, 3, 16)
            self._a[index] = values.reshape(-1)[0].astype(self._a.dtype)
            return
        _meter.note("window" if len(index) > 1 else "view", 1, 1)
        if not isinstance(value, ndarray):
            _meter.note("number", 1, 1, 4)
        # ulab copies the values before it puts them there, number by number where the dtype differs
        same = values.dtype == target.dtype
        _meter.note("assign" if same else "convert", values.size, 1, values.size * target.itemsize)
        if values.size == 0:
            return
        try:
            values = cnp.broadcast_to(values, target.shape)
        except ValueError:
            raise ValueError("operands could not be broadcast together") from None
        target[...] = values.astype(target.dtype)

    # -- operators -------------------------------------------------------------------------------------------------
    def _binary(self, other: Any, op: str, swap: bool = False) -> ndarray:
        if not isinstance(other, ndarray | int | float):
            other = wrap(from_iterable(other, cnp.float32))
        left, right = self._a, operand(other, self._a.dtype)
        if swap:
            left, right = right, left
        refuse_int16_before_float(left, right, op)
        try:
            with cnp.errstate(all="ignore"):
                if op in COMPARE:
                    out = COMPARE[op](left, right)
                elif op == "/":
                    out = divided(left, right)
                else:
                    dtype = promoted(left.dtype, right.dtype, op)
                    out = ARITHMETIC[op](left.astype(dtype, copy=False), right.astype(dtype, copy=False))
        except ValueError:
            raise ValueError("operands could not be broadcast together") from None
        return result("elementwise" if op != "**" else "pow", out, beside=not isinstance(other, ndarray))

    def _inplace(self, other: Any, op: str) -> ndarray:
        if not isinstance(other, ndarray | int | float):
            other = wrap(from_iterable(other, cnp.float32))
        right = operand(other, self._a.dtype)
        if self._a.dtype != cnp.float32 and (right.dtype == cnp.float32 or op in ("/", "**")):
            raise TypeError("results cannot be cast to specified type")
        if not isinstance(other, ndarray):
            _meter.note("number", 1, 1, 4)
        _meter.note("inplace" if op != "**" else "pow", self.size)
        try:
            right = cnp.broadcast_to(right, self._a.shape)
        except ValueError:
            raise ValueError("operands could not be broadcast together") from None
        with cnp.errstate(all="ignore"):
            if cnp.may_share_memory(right, self._a) and not same_view(right, self._a):
                for index in cnp.ndindex(self._a.shape):
                    self._a[index] = ARITHMETIC[op](self._a[index], right[index])
            else:
                self._a[...] = ARITHMETIC[op](self._a, right.astype(self._a.dtype))
        return self

    def _refuse(self, other: Any) -> NoReturn:
        raise TypeError("unsupported types for operator: 'ndarray', '%s'" % type(other).__name__)

    def __add__(self, other: Any) -> ndarray:
        return self._binary(other, "+")

    def __radd__(self, other: Any) -> ndarray:
        return self._binary(other, "+", True)

    def __sub__(self, other: Any) -> ndarray:
        return self._binary(other, "-")

    def __rsub__(self, other: Any) -> ndarray:
        return self._binary(other, "-", True)

    def __mul__(self, other: Any) -> ndarray:
        return self._binary(other, "*")

    def __rmul__(self, other: Any) -> ndarray:
        return self._binary(other, "*", True)

    def __truediv__(self, other: Any) -> ndarray:
        return self._binary(other, "/")

    def __rtruediv__(self, other: Any) -> ndarray:
        return self._binary(other, "/", True)

    def __pow__(self, other: Any) -> ndarray:
        return self._binary(other, "**")

    def __rpow__(self, other: Any) -> ndarray:
        return self._binary(other, "**", True)

    def __lt__(self, other: Any) -> ndarray:
        return self._binary(other, "<")

    def __le__(self, other: Any) -> ndarray:
        return self._binary(other, "<=")

    def __gt__(self, other: Any) -> ndarray:
        return self._binary(other, ">")

    def __ge__(self, other: Any) -> ndarray:
        return self._binary(other, ">=")

    def __eq__(self, other: Any) -> ndarray:  # type: ignore[override]
        return self._binary(other, "==")

    def __ne__(self, other: Any) -> ndarray:  # type: ignore[override]
        return self._binary(other, "!=")

    def __iadd__(self, other: Any) -> ndarray:
        return self._inplace(other, "+")

    def __isub__(self, other: Any) -> ndarray:
        return self._inplace(other, "-")

    def __imul__(self, other: Any) -> ndarray:
        return self._inplace(other, "*")

    def __itruediv__(self, other: Any) -> ndarray:
        return self._inplace(other, "/")

    def __ipow__(self, other: Any) -> ndarray:
        return self._inplace(other, "**")

    def __neg__(self) -> ndarray:
        return result("elementwise", -self._a if self._a.dtype != cnp.bool_ else self._a.copy())

    def __pos__(self) -> ndarray:
        return result("copy", self._a.copy())

    def __abs__(self) -> ndarray:
        return result("elementwise", cnp.abs(self._a))

    def __invert__(self) -> ndarray:
        if self._a.dtype == cnp.float32:
            raise ValueError("operation is not supported for given type")
        return result("elementwise", ~self._a)

    __matmul__ = __rmatmul__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _refuse
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rshift__ = _refuse


ARITHMETIC: dict[str, Any] = {
    "+": cnp.add,
    "-": cnp.subtract,
    "*": cnp.multiply,
    "/": cnp.true_divide,
    "**": cnp.power,
}
COMPARE: dict[str, Any] = {
    "<": cnp.less,
    "<=": cnp.less_equal,
    ">": cnp.greater,
    ">=": cnp.greater_equal,
    "==": cnp.equal,
    "!=": cnp.not_equal,
}


def from_iterable(values: Any, dtype: Any) -> Any:
    """A numpy array of one or two dimensions from nested sequences of numbers."""
    try:
        rows = list(values)
    except TypeError:
        raise TypeError("wrong operand type: %s" % type(values).__name__) from None
    nested = [hasattr(row, "__len__") for row in rows]
    if any(nested):
        if not all(nested) or len({len(row) for row in rows}) != 1:
            raise ValueError("iterables are not of the same length")
        rows = [list(row) for row in rows]
        if any(hasattr(value, "__len__") for row in rows for value in row):
            raise ValueError("maximum number of dimensions is %d" % MAX_DIMS)
    flat = cnp.array(rows, dtype=cnp.float64)
    if dtype != cnp.float32 and dtype != cnp.bool_ and flat.size and (flat != cnp.floor(flat)).any():
        raise TypeError("can't convert float to int")
    return cast(flat, dtype)


def cast(a: Any, dtype: Any) -> Any:
    """A copy of another dtype: floats are floored to integers, integers wrap."""
    if a.dtype.kind == "f" and cnp.dtype(dtype).kind in "iu":
        return cnp.floor(a).astype(cnp.int64).astype(dtype)
    return a.astype(dtype)
