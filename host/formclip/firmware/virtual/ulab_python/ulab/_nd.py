"""The arrays and functions behind `ulab.numpy` here, in plain Python: it runs on any MicroPython and on CPython.

An ndarray is a view: `_b` backing `array.array` (or a uctypes array over somebody's buffer), `_o` index of the first
element, `shape`, `_s` strides in elements. `_values()` gives the elements in row order as something to iterate, without
copying where they lie together.
"""

import math
from array import array as _array

FLOAT, INT16, UINT16, INT8, UINT8, BOOL = 102, 104, 72, 98, 66, 63
_CODE = {102: "f", 104: "h", 72: "H", 98: "b", 66: "B", 63: "B"}
_WIDTH = {102: 4, 104: 2, 72: 2, 98: 1, 66: 1, 63: 1}
_one = _array("f", [0.0])
# Arrays of more elements are worked on row by row where they stay: a heap with a limit has no room for long lists.
_ROW = 64


def f32(x):
    """x rounded to 32 bits."""
    _one[0] = x
    return _one[0]


def _store(values, dtype):
    """An `array.array` of a list of numbers: ints wrap as in C, floats are rounded to 32 bits."""
    if dtype == FLOAT or dtype == BOOL:
        return _array(_CODE[dtype], values)
    if dtype == INT16:
        return _array("h", [((int(v) + 32768) & 65535) - 32768 for v in values])
    if dtype == INT8:
        return _array("b", [((int(v) + 128) & 255) - 128 for v in values])
    mask = 65535 if dtype == UINT16 else 255
    return _array(_CODE[dtype], [int(v) & mask for v in values])


def make(values, shape, dtype):
    """A new dense array of a list of numbers in row order."""
    return ndarray(_store(values, dtype), 0, shape, None, dtype)


def _promoted(left, right, op):
    if left == FLOAT or right == FLOAT or op == "/" or op == "**":
        return FLOAT
    left = UINT8 if left == BOOL else left
    right = UINT8 if right == BOOL else right
    if left == right:
        return (UINT8 if op == "-" else UINT16) if left == UINT8 else left
    if INT16 in (left, right):
        return FLOAT if UINT16 in (left, right) else INT16
    return INT16 if INT8 in (left, right) else UINT16


def _scalar_dtype(value, other):
    if isinstance(value, float) or not -32767 <= value <= 32767:
        return FLOAT
    if value < 0:
        return INT8 if value > -128 else INT16
    if other == INT8 or other == INT16:
        return INT8 if value < 128 else INT16
    return UINT8 if value < 256 else UINT16


def _divide(x, y):
    if y:
        return x / y
    return math.inf * x if x else math.nan


def _quotient(x, y):
    """x / y of two ints as the C of the board does it: towards zero; by 0 it is 0 on a Cortex-M4."""
    if not y:
        return 0
    q = abs(x) // abs(y)
    return q if (x < 0) == (y < 0) else -q


def _power(x, y):
    try:
        out = x**y
    except (ZeroDivisionError, ValueError):
        return math.inf if x == 0 else math.nan
    except OverflowError:
        return math.inf
    return out if isinstance(out, (int, float)) else math.nan


def _pairs(op, a, b):
    """[x op y ...] of two sequences."""
    if op == "+":
        return [x + y for x, y in zip(a, b)]
    if op == "*":
        return [x * y for x, y in zip(a, b)]
    if op == "-":
        return [x - y for x, y in zip(a, b)]
    if op == "/":
        return [_divide(x, y) for x, y in zip(a, b)]
    if op == "<":
        return [x < y for x, y in zip(a, b)]
    if op == ">":
        return [x > y for x, y in zip(a, b)]
    if op == "<=":
        return [x <= y for x, y in zip(a, b)]
    if op == ">=":
        return [x >= y for x, y in zip(a, b)]
    if op == "==":
        return [x == y for x, y in zip(a, b)]
    if op == "!=":
        return [x != y for x, y in zip(a, b)]
    if op == "max":
        return [x if x > y else y for x, y in zip(a, b)]
    if op == "min":
        return [x if x < y else y for x, y in zip(a, b)]
    return [_power(x, y) for x, y in zip(a, b)]


def _right(op, a, y):
    """[x op y ...] of a sequence and a number; None where there is no short cut."""
    if op == "+":
        return [x + y for x in a]
    if op == "*":
        return [x * y for x in a]
    if op == "-":
        return [x - y for x in a]
    if op == "/" and y:
        return [x / y for x in a]
    if op == "<":
        return [x < y for x in a]
    if op == ">":
        return [x > y for x in a]
    if op == "<=":
        return [x <= y for x in a]
    if op == ">=":
        return [x >= y for x in a]
    if op == "max":
        return [x if x > y else y for x in a]
    if op == "min":
        return [x if x < y else y for x in a]
    if op == "**" and y == 2:
        return [x * x for x in a]
    return None


def _floats(op, a, b):
    """x op y of two sequences as an array of 32 bits: without a list of numbers, which takes eight times the room."""
    n = len(a)
    out = _array("f", bytes(4 * n))
    if op == "+":
        for i in range(n):
            out[i] = a[i] + b[i]
    elif op == "*":
        for i in range(n):
            out[i] = a[i] * b[i]
    elif op == "-":
        for i in range(n):
            out[i] = a[i] - b[i]
    else:
        return _array("f", _pairs(op, a, b))
    return out


def _floats_right(op, a, y):
    """The same of a sequence and a number; None where there is no short cut."""
    n = len(a)
    if op == "*":
        out = _array("f", bytes(4 * n))
        for i in range(n):
            out[i] = a[i] * y
        return out
    if op == "+" or op == "-":
        out = _array("f", bytes(4 * n))
        if op == "-":
            y = -y
        for i in range(n):
            out[i] = a[i] + y
        return out
    out = _right(op, a, y)
    return out if out is None else _array("f", out)


_COMPARE = ("<", ">", "<=", ">=", "==", "!=")


def _common(left, right):
    """The shape that two shapes broadcast to."""
    if left == right:
        return left
    n = max(len(left), len(right))
    a = (1,) * (n - len(left)) + left
    b = (1,) * (n - len(right)) + right
    out = []
    for x, y in zip(a, b):
        if x != y and x != 1 and y != 1:
            raise ValueError("operands could not be broadcast together")
        out.append(y if x == 1 else x)
    return tuple(out)


def _spread(a, shape):
    """The elements of an array, repeated to a shape, in row order."""
    values = a._values()
    if a.shape == shape:
        return values
    size = 1
    for n in shape:
        size *= n
    if a.size == 1:
        return [values[0]] * size
    if len(a.shape) == 1 or a.shape[0] == 1:
        return list(values) * shape[0]
    return [v for v in values for _ in range(shape[1])]


def binary(left, right, op):
    """left op right, at least one an ndarray."""
    if not isinstance(right, ndarray):
        if op == "/" and isinstance(right, int) and left.dtype != FLOAT:
            right = make([right], (1,), _scalar_dtype(right, left.dtype))
        elif isinstance(right, (int, float)):
            values = left._values()
            if left.dtype == FLOAT:
                right = f32(right)
            if left.dtype == FLOAT and op not in _COMPARE:
                out = _floats_right(op, values, right)
                if out is not None:
                    return ndarray(out, 0, left.shape, None, FLOAT)
            else:
                out = _right(op, values, right)
            if out is not None:
                if op in _COMPARE:
                    return make(out, left.shape, BOOL)
                if op == "max" or op == "min":
                    dtype = left.dtype if isinstance(right, int) else FLOAT
                else:
                    dtype = _promoted(left.dtype, _scalar_dtype(right, left.dtype), op)
                return make(out, left.shape, dtype)
            right = make([right], (1,), _scalar_dtype(right, left.dtype))
        else:
            right = array(right)
    if not isinstance(left, ndarray):
        left = make([left], (1,), _scalar_dtype(left, right.dtype)) if isinstance(left, (int, float)) else array(left)
    shape = _common(left.shape, right.shape)
    if op == "/" and left.dtype != FLOAT and right.dtype != FLOAT:
        pairs = zip(_spread(left, shape), _spread(right, shape))
        return make([_quotient(x, y) for x, y in pairs], shape, FLOAT)
    if op in _COMPARE:
        dtype = BOOL
    elif (op == "max" or op == "min") and left.dtype == right.dtype:
        dtype = left.dtype
    else:
        dtype = _promoted(left.dtype, right.dtype, op)
    if dtype == FLOAT:
        return ndarray(_floats(op, _spread(left, shape), _spread(right, shape)), 0, shape, None, FLOAT)
    return make(_pairs(op, _spread(left, shape), _spread(right, shape)), shape, dtype)


class ndarray:
    """ulab's ndarray: see the module."""

    def __init__(self, backing, offset, shape, strides, dtype):
        self._b = backing
        self._o = offset
        self.shape = shape
        self.dtype = dtype
        size = 1
        for n in shape:
            size *= n
        self.size = size
        if strides is None:
            strides = (1,) if len(shape) == 1 else (shape[1], 1)
        self._s = strides

    @property
    def itemsize(self):
        return _WIDTH[self.dtype]

    @property
    def strides(self):
        return tuple(s * _WIDTH[self.dtype] for s in self._s)

    @property
    def T(self):
        return self.transpose()

    @property
    def flat(self):
        return iter(self._values())

    def _dense(self):
        s = self._s
        if len(s) == 1:
            return s[0] == 1 or self.size < 2
        return s[1] == 1 and s[0] == self.shape[1]

    def _indices(self):
        """Where the elements lie in the backing array, in row order."""
        o, s = self._o, self._s
        if len(s) == 1:
            return range(o, o + s[0] * self.shape[0], s[0]) if self.shape[0] else range(0)
        rows, columns = self.shape
        return [o + i * s[0] + k * s[1] for i in range(rows) for k in range(columns)]

    def _values(self):
        b, o, n = self._b, self._o, self.size
        if isinstance(b, _array):
            if self._dense():
                return b if o == 0 and len(b) == n else b[o : o + n]
            if len(self._s) == 2 and self._s[1] == 1:
                out = _array(_CODE[self.dtype])
                for i in range(self.shape[0]):
                    start = o + i * self._s[0]
                    out.extend(b[start : start + self.shape[1]])
                return out
        return [b[i] for i in self._indices()]

    def _item(self, value):
        return bool(value) if self.dtype == BOOL else value

    def _put(self, values):
        """Fill the view from a sequence in row order."""
        b, o = self._b, self._o
        if isinstance(b, _array):
            if self.dtype != FLOAT or not isinstance(values, _array):
                values = _store(values, self.dtype)
            if self._dense():
                b[o : o + self.size] = values
                return
        for i, v in zip(self._indices(), values):
            b[i] = v

    def copy(self):
        return make(self._values(), self.shape, self.dtype)

    def reshape(self, shape):
        size = 1
        for n in shape:
            size *= n
        if size != self.size or len(shape) > 2:
            raise ValueError("input and output shapes are not compatible")
        if self._dense():
            return ndarray(self._b, self._o, shape, None, self.dtype)
        return make(self._values(), shape, self.dtype)

    def transpose(self):
        if len(self.shape) == 1:
            return self
        (n, m), (s, t) = self.shape, self._s
        return ndarray(self._b, self._o, (m, n), (t, s), self.dtype)

    def flatten(self, *, order="C"):
        a = self if order == "C" else self.transpose()
        return make(a._values(), (self.size,), self.dtype)

    def tobytes(self):
        if not self._dense():
            raise ValueError("tobytes can be invoked for dense arrays only")
        return bytearray(bytes(_array(_CODE[self.dtype], self._values())))

    def tolist(self):
        if len(self.shape) == 1:
            return [self._item(v) for v in self._values()]
        return [row.tolist() for row in self]

    def sort(self, *, axis=-1):
        self._put(sort(self, axis=axis)._values())

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        if len(self.shape) == 1:
            if self.dtype == BOOL:
                return iter([bool(v) for v in self._values()])
            return iter(self._values())
        return iter([self[i] for i in range(self.shape[0])])

    def __repr__(self):
        return "array(%s)" % self.tolist()

    def _view(self, index):
        """(offset, shape, strides) of a part; shape () for one element."""
        if not isinstance(index, tuple):
            index = (index,)
        if len(index) > len(self.shape):
            raise IndexError("too many indices")
        offset, shape, strides = self._o, [], []
        for axis in range(len(self.shape)):
            n, s = self.shape[axis], self._s[axis]
            part = index[axis] if axis < len(index) else None
            if isinstance(part, slice):
                start, stop, step = part.indices(n)
                count = (stop - start + step + (-1 if step > 0 else 1)) // step
                offset += start * s
                shape.append(count if count > 0 else 0)
                strides.append(step * s)
            elif part is None:
                shape.append(n)
                strides.append(s)
            elif isinstance(part, int):
                if not -n <= part < n:
                    raise IndexError("index is out of bounds")
                offset += (part + n if part < 0 else part) * s
            else:
                raise IndexError("indices must be integers, slices, or Boolean lists")
        return offset, tuple(shape), tuple(strides)

    def __getitem__(self, index):
        if isinstance(index, int) and len(self.shape) == 1:
            n = self.shape[0]
            if not -n <= index < n:
                raise IndexError("index is out of bounds")
            return self._item(self._b[self._o + (index + n if index < 0 else index) * self._s[0]])
        if isinstance(index, ndarray):
            return compress(self._mask(index), self)
        offset, shape, strides = self._view(index)
        if not shape:
            return self._item(self._b[offset])
        return ndarray(self._b, offset, shape, strides, self.dtype)

    def _mask(self, index):
        if index.dtype != BOOL or len(index.shape) != 1:
            raise NotImplementedError("operation is implemented for 1D Boolean arrays only")
        if index.size != self.size:
            raise ValueError("array and index length must be equal")
        return index

    def __setitem__(self, index, value):
        if isinstance(index, ndarray):
            where_true = [i for i, v in zip(self._indices(), self._mask(index)._values()) if v]
            values = value._values() if isinstance(value, ndarray) else [value]
            if len(values) != len(where_true):
                if len(values) != 1:
                    raise ValueError("as many values as True indices, or one, are needed")
                values = list(values) * len(where_true)
            for i, v in zip(where_true, _store(values, self.dtype)):
                self._b[i] = v
            return
        offset, shape, strides = self._view(index)
        if not shape:
            if isinstance(value, ndarray):
                value = value._values()[0]
            self._b[offset] = value if self.dtype == FLOAT else _store([value], self.dtype)[0]
            return
        target = ndarray(self._b, offset, shape, strides, self.dtype)
        if isinstance(value, (int, float)):
            if self.dtype == FLOAT and target.size:
                target._put([value] * target.size)
            else:
                target._put([value] * target.size)
            return
        if not isinstance(value, ndarray):
            value = array(value)
        if not value.size:
            return
        if _common(value.shape, shape) != shape:
            raise ValueError("operands could not be broadcast together")
        target._put(_spread(value, shape))

    def __add__(self, other):
        return binary(self, other, "+")

    def __radd__(self, other):
        return binary(self, other, "+")

    def __sub__(self, other):
        return binary(self, other, "-")

    def __rsub__(self, other):
        return binary(other, self, "-")

    def __mul__(self, other):
        return binary(self, other, "*")

    def __rmul__(self, other):
        return binary(self, other, "*")

    def __truediv__(self, other):
        return binary(self, other, "/")

    def __rtruediv__(self, other):
        return binary(other, self, "/")

    def __pow__(self, other):
        return binary(self, other, "**")

    def __rpow__(self, other):
        return binary(other, self, "**")

    def __lt__(self, other):
        return binary(self, other, "<")

    def __le__(self, other):
        return binary(self, other, "<=")

    def __gt__(self, other):
        return binary(self, other, ">")

    def __ge__(self, other):
        return binary(self, other, ">=")

    def __eq__(self, other):
        return binary(self, other, "==")

    def __ne__(self, other):
        return binary(self, other, "!=")

    def _inplace(self, other, op):
        if self.dtype != FLOAT:
            dtype = other.dtype if isinstance(other, ndarray) else _scalar_dtype(other, self.dtype)
            if dtype == FLOAT or op == "/" or op == "**":
                raise TypeError("results cannot be cast to specified type")
        many = isinstance(other, ndarray)
        if len(self.shape) == 2 and self.size > _ROW and not (many and other._b is self._b and other._o < self._o):
            if many and _common(self.shape, other.shape) != self.shape:
                raise ValueError("operands could not be broadcast together")
            deep = many and len(other.shape) == 2
            for i in range(self.shape[0]):
                self[i]._inplace(other[i if other.shape[0] > 1 else 0] if deep else other, op)
            return self
        if isinstance(other, (int, float)):
            if self.dtype == FLOAT:
                other = f32(other)
            out = (_floats_right if self.dtype == FLOAT else _right)(op, self._values(), other)
            if out is not None:
                self._put(out)
                return self
        elif isinstance(other, ndarray) and other._b is self._b and other._o < self._o and other.size > 1:
            b = self._b
            for i, k in zip(self._indices(), other._indices()):
                b[i] = _store(_pairs(op, [b[i]], [b[k]]), self.dtype)[0]
            return self
        if not isinstance(other, ndarray):
            other = make([other], (1,), FLOAT) if isinstance(other, (int, float)) else array(other)
        if _common(self.shape, other.shape) != self.shape:
            raise ValueError("operands could not be broadcast together")
        self._put((_floats if self.dtype == FLOAT else _pairs)(op, self._values(), _spread(other, self.shape)))
        return self

    def __iadd__(self, other):
        return self._inplace(other, "+")

    def __isub__(self, other):
        return self._inplace(other, "-")

    def __imul__(self, other):
        return self._inplace(other, "*")

    def __itruediv__(self, other):
        return self._inplace(other, "/")

    def __ipow__(self, other):
        return self._inplace(other, "**")

    def __neg__(self):
        return make([-v for v in self._values()], self.shape, self.dtype)

    def __pos__(self):
        return self.copy()

    def __abs__(self):
        return make([abs(v) for v in self._values()], self.shape, self.dtype)

    def __invert__(self):
        if self.dtype == FLOAT:
            raise ValueError("operation is not supported for given type")
        if self.dtype == BOOL:
            return make([not v for v in self._values()], self.shape, BOOL)
        return make([~v for v in self._values()], self.shape, self.dtype)


# -- making arrays -------------------------------------------------------------------------------------------------


def _tuple(shape):
    return shape if isinstance(shape, tuple) else (shape,)


def _count(shape):
    n = 1
    for k in _tuple(shape):
        n *= k
    return n


def array(values, *, dtype=FLOAT):
    if isinstance(values, ndarray):
        source = values._values()
        if values.dtype == FLOAT and dtype != FLOAT:
            source = [math.floor(v) for v in source]
        return make(source, values.shape, dtype)
    values = list(values)
    if values and hasattr(values[0], "__len__") or values and isinstance(values[0], (list, tuple)):
        width = len(values[0])
        for row in values:
            if len(row) != width:
                raise ValueError("iterables are not of the same length")
        return make([v for row in values for v in row], (len(values), width), dtype)
    return make(values, (len(values),), dtype)


def asarray(values, *, dtype=None):
    if isinstance(values, ndarray) and dtype in (None, values.dtype):
        return values
    return array(values, dtype=FLOAT if dtype is None else dtype)


def full(shape, fill_value, *, dtype=FLOAT):
    return make([fill_value] * _count(shape), _tuple(shape), dtype)


def zeros(shape, *, dtype=FLOAT):
    n = _count(shape)
    return ndarray(_array(_CODE[dtype], bytes(n * _WIDTH[dtype])), 0, _tuple(shape), None, dtype)


def ones(shape, *, dtype=FLOAT):
    return full(shape, 1, dtype=dtype)


def eye(size, *, M=None, k=0, dtype=FLOAT):
    columns = size if M is None else M
    return make([1 if c == r + k else 0 for r in range(size) for c in range(columns)], (size, columns), dtype)


def arange(*limits, dtype=None):
    start, stop, step = 0, limits[0], 1
    if len(limits) > 1:
        start, stop = limits[0], limits[1]
    if len(limits) > 2:
        step = limits[2]
    if dtype is None:
        dtype = FLOAT if any(isinstance(v, float) for v in limits) else INT16
    n = max(0, math.ceil((stop - start) / step))
    return make([start + i * step for i in range(n)], (n,), dtype)


def linspace(start, stop, num=50, *, dtype=FLOAT, endpoint=True, retstep=False):
    step = (stop - start) / (num - 1 if endpoint else num)
    out = make([start + i * step for i in range(num)], (num,), dtype)
    return (out, step) if retstep else out


def frombuffer(buffer, *, dtype=FLOAT, count=-1, offset=0):
    """A view on somebody's memory."""
    width = _WIDTH[dtype]
    if isinstance(buffer, _array) and offset % width == 0 and len(memoryview(buffer)) * width == len(bytes(buffer)):
        n = len(buffer) - offset // width if count < 0 else count
        return ndarray(buffer, offset // width, (n,), None, dtype)
    n = (len(buffer) - offset) // width if count < 0 else count
    if offset + n * width > len(buffer):
        raise ValueError("buffer is smaller than requested size")
    try:
        import uctypes
    except ImportError:
        backing = memoryview(buffer)[offset : offset + n * width].cast(_CODE[dtype])
    else:
        kinds = {
            102: uctypes.FLOAT32,
            104: uctypes.INT16,
            72: uctypes.UINT16,
            98: uctypes.INT8,
            66: uctypes.UINT8,
            63: uctypes.UINT8,
        }
        layout = {"d": (uctypes.ARRAY | 0, n | kinds[dtype])}
        backing = uctypes.struct(uctypes.addressof(buffer) + offset, layout, uctypes.LITTLE_ENDIAN).d
    return ndarray(backing, 0, (n,), None, dtype)


def concatenate(arrays, *, axis=0):
    first = arrays[0]
    if len(first.shape) == 1 or axis == 0:
        values = []
        for a in arrays:
            values.extend(a._values())
        n = sum(a.shape[0] for a in arrays)
        return make(values, (n,) + first.shape[1:], first.dtype)
    rows = []
    for i in range(first.shape[0]):
        for a in arrays:
            rows.extend(a[i]._values())
    return make(rows, (first.shape[0], sum(a.shape[1] for a in arrays)), first.dtype)


# -- reductions ----------------------------------------------------------------------------------------------------


def _along(a, axis, f, dtype):
    """f of the whole, of each column (axis 0) or of each row (axis 1)."""
    a = asarray(a)
    if axis is None or len(a.shape) == 1:
        if not a.size:
            raise ValueError("attempt to reduce an empty array")
        return f(a._values())
    lanes = a if axis in (1, -1) else a.transpose()
    return make([f(lane._values()) for lane in lanes], (lanes.shape[0],), dtype)


def _total(values):
    if len(values) and isinstance(values[0], float):
        return f32(sum(values))
    return sum(values)


def sum_(array, *, axis=None):
    return _along(array, axis, _total, asarray(array).dtype)


def mean(array, *, axis=None):
    return _along(array, axis, lambda v: f32(sum(v) / len(v)), FLOAT)


def std(array, *, axis=None, ddof=0):
    def f(v):
        if len(v) <= ddof:
            return 0.0
        m = sum(v) / len(v)
        return f32(math.sqrt(sum([(x - m) * (x - m) for x in v]) / (len(v) - ddof)))

    return _along(array, axis, f, FLOAT)


def max_(array, *, axis=None):
    return _along(array, axis, max, asarray(array).dtype)


def min_(array, *, axis=None):
    return _along(array, axis, min, asarray(array).dtype)


def _where_is(values, best):
    for i, v in enumerate(values):
        if v == best:
            return i
    return 0


def argmax(array, *, axis=None):
    return _along(array, axis, lambda v: _where_is(v, max(v)), INT16)


def argmin(array, *, axis=None):
    return _along(array, axis, lambda v: _where_is(v, min(v)), INT16)


def all_(array, *, axis=None):
    return _along(array, axis, lambda v: all([bool(x) for x in v]), BOOL)


def any_(array, *, axis=None):
    return _along(array, axis, lambda v: any([bool(x) for x in v]), BOOL)


def median(array, *, axis=None):
    def f(v):
        v = sorted(v)
        n = len(v)
        return v[n // 2] * 1.0 if n % 2 else (v[n // 2 - 1] + v[n // 2]) / 2

    return _along(array, axis, f, FLOAT)


def size(array, axis=None):
    return array.size if axis is None else array.shape[axis]


def dot(m1, m2):
    if m1.shape[-1] != m2.shape[0]:
        raise ValueError("dimensions do not match")
    if len(m1.shape) == 1:
        x, y, total = m1._values(), m2._values(), 0
        for i in range(len(x)):
            total += x[i] * y[i]
        return f32(total)
    if len(m2.shape) == 1:
        right = m2._values()
        return make([sum([x * y for x, y in zip(r._values(), right)]) for r in m1], (m1.shape[0],), FLOAT)
    rows, inner, columns = m1.shape[0], m1.shape[1], m2.shape[1]
    left, right = m1._values(), m2._values()
    out = _array("f", bytes(4 * rows * columns))
    at = 0
    for start in range(0, rows * inner, inner):
        for k in range(columns):
            total = 0
            for i in range(inner):
                total += left[start + i] * right[i * columns + k]
            out[at] = total
            at += 1
    return ndarray(out, 0, (rows, columns), None, FLOAT)


def cross(a, b):
    x, y = a._values(), b._values()
    values = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
    return make(values, (3,), _promoted(a.dtype, b.dtype, "*"))


def trapz(y, x=None, dx=1.0):
    v = list(asarray(y)._values())
    if x is None:
        return f32(dx * (sum(v) - (v[0] + v[-1]) / 2))
    t = list(asarray(x)._values())
    return f32(sum([(t[i + 1] - t[i]) * (v[i + 1] + v[i]) / 2 for i in range(len(v) - 1)]))


# -- element by element --------------------------------------------------------------------------------------------


def _guarded(f, v):
    try:
        return f(v)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def math_(name):
    """The function of `math` of that name, for numbers and arrays."""
    f = getattr(math, name)

    def function(a):
        if isinstance(a, (int, float)):
            return f32(_guarded(f, a))
        a = asarray(a)
        values = a._values()
        try:
            out = [f(v) for v in values]
        except (ValueError, OverflowError):
            out = [_guarded(f, v) for v in values]
        return make(out, a.shape, FLOAT)

    return function


def arctan2(ya, xa):
    if isinstance(ya, (int, float)) and isinstance(xa, (int, float)):
        return f32(math.atan2(ya, xa))
    y = make([ya], (1,), FLOAT) if isinstance(ya, (int, float)) else asarray(ya)
    x = make([xa], (1,), FLOAT) if isinstance(xa, (int, float)) else asarray(xa)
    shape = _common(y.shape, x.shape)
    return make([math.atan2(a, b) for a, b in zip(_spread(y, shape), _spread(x, shape))], shape, FLOAT)


def _either(a, b, op):
    if isinstance(a, (int, float)):
        if isinstance(b, (int, float)):
            return _pairs(op, [a], [b])[0]
        return binary(asarray(b), a, op)
    return binary(asarray(a), b, op)


def maximum(x1, x2):
    return _either(x1, x2, "max")


def minimum(x1, x2):
    return _either(x1, x2, "min")


def equal(x, y):
    return _either(x, y, "==")


def not_equal(x, y):
    return _either(x, y, "!=")


def clip(a, a_min, a_max):
    return maximum(minimum(a, a_max), a_min)


def isfinite(x):
    if isinstance(x, (int, float)):
        return math.isfinite(x)
    return make([math.isfinite(v) for v in x._values()], x.shape, BOOL)


def isinf(x):
    if isinstance(x, (int, float)):
        return math.isinf(x)
    return make([math.isinf(v) for v in x._values()], x.shape, BOOL)


def nonzero(x):
    values = [i for i, v in enumerate(asarray(x)._values()) if v]
    return (make(values, (len(values),), UINT16),)


def where(condition, x, y):
    parts = [
        make([v], (1,), FLOAT if isinstance(v, float) else INT16) if isinstance(v, (int, float)) else asarray(v)
        for v in (condition, x, y)
    ]
    shape = _common(_common(parts[0].shape, parts[1].shape), parts[2].shape)
    c, a, b = [_spread(p, shape) for p in parts]
    dtype = parts[1].dtype if parts[1].dtype == parts[2].dtype else _promoted(parts[1].dtype, parts[2].dtype, "+")
    return make([p if t else q for t, p, q in zip(c, a, b)], shape, dtype)


def compress(condition, array, *, axis=None):
    mask = list(condition)
    if axis is None or len(array.shape) == 1:
        values = [v for v, keep in zip(array._values(), mask) if keep]
        return make(values, (len(values),), array.dtype)
    raise NotImplementedError("compress along an axis")


def diff(array, *, n=1, axis=-1):
    if len(array.shape) == 2:
        a = array if axis in (1, -1) else array.transpose()
        rows = [diff(row, n=n)._values() for row in a]
        out = make([v for row in rows for v in row], (len(rows), len(rows[0])), array.dtype)
        return out if axis in (1, -1) else out.transpose()
    values = array._values()
    for _ in range(n):
        values = _store([values[i + 1] - values[i] for i in range(len(values) - 1)], array.dtype)
    return make(values, (len(values),), array.dtype)


def flip(array, *, axis=None):
    if len(array.shape) == 1:
        return make([v for v in reversed(list(array._values()))], array.shape, array.dtype)
    rows = [list(row._values()) for row in array]
    if axis in (None, 0):
        rows = list(reversed(rows))
    if axis in (None, 1, -1):
        rows = [list(reversed(row)) for row in rows]
    return make([v for row in rows for v in row], array.shape, array.dtype)


def roll(array, distance, *, axis=None):
    if axis is not None and len(array.shape) == 2:
        raise NotImplementedError("roll along an axis")
    values = list(array._values())
    k = distance % len(values)
    return make(values[len(values) - k :] + values[: len(values) - k], array.shape, array.dtype)


def sort(array, *, axis=-1):
    if axis is None or len(array.shape) == 1:
        return make(sorted(array._values()), (array.size,), array.dtype)
    a = array if axis in (1, -1) else array.transpose()
    out = make([v for row in a for v in sorted(row._values())], a.shape, array.dtype)
    return out if axis in (1, -1) else out.transpose()


def argsort(array, *, axis=None):
    if axis is None:
        raise NotImplementedError("argsort is not implemented for flattened arrays")
    values = list(array._values())
    return make(sorted(range(len(values)), key=lambda i: values[i]), (len(values),), UINT16)


def vectorize(f, *, otypes=None):
    dtype = FLOAT if otypes is None else otypes

    def function(a):
        if isinstance(a, (int, float)):
            return make([f(a)], (1,), dtype)
        a = asarray(a)
        return make([f(v) for v in a._values()], a.shape, dtype)

    return function


def convolve(a, v):
    x, y = list(a._values()), list(v._values())
    out = [0.0] * (len(x) + len(y) - 1)
    for i, p in enumerate(x):
        for k, q in enumerate(y):
            out[i + k] += p * q
    return make(out, (len(out),), FLOAT)


def interp(x, xp, fp, *, left=None, right=None):
    a, b, c = [list(asarray(v)._values()) for v in (x, xp, fp)]
    out = []
    for v in a:
        if v < b[0]:
            out.append(c[0] if left is None else left)
        elif v >= b[-1]:
            out.append(c[-1] if right is None or v == b[-1] else right)
        else:
            lo, hi = 0, len(b) - 1
            while hi - lo > 1:
                mid = (lo + hi) // 2
                if b[mid] <= v:
                    lo = mid
                else:
                    hi = mid
            out.append(c[lo] + (c[hi] - c[lo]) * (v - b[lo]) / (b[hi] - b[lo]))
    return make(out, (len(out),), FLOAT)


def polyval(p, x):
    coefficients = list(p)
    values = [x] if isinstance(x, (int, float)) else asarray(x)._values()
    out = []
    for v in values:
        y = 0.0
        for c in coefficients:
            y = y * v + c
        out.append(y)
    return f32(out[0]) if isinstance(x, (int, float)) else make(out, asarray(x).shape, FLOAT)
