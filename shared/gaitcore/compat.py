"""What differs between interpreters, in one place.

The only file that asks which interpreter it is on. Everything else in gaitcore does
`from gaitcore.compat import np, FLOAT, sosfilt, const`.

np        ulab.numpy where there is one (device, strict stand-in, MicroPython), else numpy. Its max, min, sum, mean, std
          and dot give Python numbers on all; an element read by its index is one of numpy's here.
          Use only the functions that the board has (docs/design/ulab.md): the strict stand-in enforces it.
          A trap: the MicroPython VM knows `+=` and `-=` of objects but makes `a *= b` a new a, as `/=`: nothing may
          count on such a change to show in a view of a.
FLOAT     dtype of every float array: 32 bits on all of them. Always pass it: numpy's default is 64.
one       one(x): a number as an array of one element. ulab makes one of each number that meets an array, four objects;
          what meets arrays in every block is made once.
cells     cells(rows, columns) -> (numbers, array): a small array whose numbers are written one by one, numbers[k] = x,
          row after row. It is made once: a new one costs a tuple or list for each row, and more than writing does.
scale     scale(rows, factor): in place.
put       put(into, rows): into[:] = rows of the same shape, finite both. ulab copies what is assigned before it puts it
          there; this makes nothing new.
let_go    let_go("package.module"), let_go("package"): forget what was needed once.
sosfilt   sosfilt(sos, x, zi=zi) -> (y, zf); sos (n, 6), zi (n, 2), all FLOAT.
const     MicroPython's compile-time constant, the identity elsewhere.
"""

import sys
from array import array

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


try:
    from ulab import numpy as np
    from ulab import scipy

    FLOAT = np.float
    sosfilt = scipy.signal.sosfilt
except ImportError:
    import numpy

    np = type(sys)("numpy")
    # What numpy has loaded; its other packages, half of its import time, wait until they are asked for by name.
    for _name in ("linalg", "fft"):
        getattr(numpy, _name)
    for _name, _value in list(numpy.__dict__.items()):
        setattr(np, _name, _value)
    FLOAT = np.float32

    # numpy's functions with a Python number, as ulab gives it, in place of a scalar of 32 bits. They are called as what
    # they are: on the short arrays here numpy's own wrappers take longer than the work. To find the place of the
    # largest takes a fifth of the time that a reduction takes.
    def _reduced(reduce, whole):
        def reduced(x, axis=None):
            if axis is None:
                return whole(x)
            out = reduce(x, axis)
            return out if out.shape else out.tolist()

        return reduced

    def _sum(x, total=numpy.add.reduce):
        return total(x, None).tolist()

    def _max(x):
        return x.item(x.argmax())

    def _min(x):
        return x.item(x.argmin())

    def _mean(x, axis=None, total=numpy.add.reduce):
        if axis is None:
            return (total(x, None) / x.size).tolist()
        out = total(x, axis) / x.shape[axis]
        return out if out.shape else out.tolist()

    def _std(x, axis=None):
        out = numpy.std(x, axis)
        return out if out.shape else out.tolist()

    def _dot(a, b):
        out = a.dot(b)
        return out if out.shape else out.tolist()

    def _argmax(x):
        return x.argmax()

    np.sum = _reduced(numpy.add.reduce, _sum)
    np.max, np.min = _reduced(numpy.maximum.reduce, _max), _reduced(numpy.minimum.reduce, _min)
    np.mean, np.std, np.dot, np.argmax = _mean, _std, _dot, _argmax

    _filtered = []  # scipy's compiled loop, once it is needed: half a second of imports

    def sosfilt(sos, x, zi):
        if not _filtered:
            _filtered.append(_loop())
        loop = _filtered[0]
        if loop is None:
            from scipy.signal import sosfilt as filtered

            return filtered(sos, x, zi=zi)
        # scipy's own preparations take ten times as long as this; the arithmetic is its own.
        y = np.array(x, dtype=FLOAT, order="C", ndmin=2)
        z = np.array(zi, dtype=FLOAT, order="C", ndmin=3)
        loop(sos, y, z)
        return y[0], z[0]

    def _loop():
        """The loop inside scipy's sosfilt, where this scipy has it and it does what the whole does; else None."""
        try:
            from scipy.signal import sosfilt as filtered
            from scipy.signal._sosfilt import _sosfilt as loop

            sos = np.array([[0.5, 0.25, 0.1, 1.0, -0.3, 0.2]], dtype=FLOAT)
            y, z = np.array([[1.0, 2.0, -1.0, 0.5]], dtype=FLOAT), np.array([[[0.1, -0.2]]], dtype=FLOAT)
            expected, state = filtered(sos, y[0], zi=z[0])
            loop(sos, y, z)
            return loop if numpy.array_equal(y[0], expected) and numpy.array_equal(z[0], state) else None
        except Exception:  # another scipy: its own names are not promised
            return None


INT16 = np.int16


def one(x):
    return np.array([x], dtype=FLOAT)


def cells(rows, columns):
    numbers = array("f", [0.0] * (rows * columns))
    return numbers, np.frombuffer(numbers, dtype=FLOAT).reshape((rows, columns))


TICKS_PERIOD = const(1 << 29)
TICKS_HALF = const(1 << 28)
TICKS_MASK = const((1 << 29) - 1)


def ticks_add(ticks_ms, delta_ms):
    """Wrap-safe sum of `supervisor.ticks_ms()` and a difference in ms."""
    return (ticks_ms + delta_ms) & TICKS_MASK


def ticks_diff(later_ms, earlier_ms):
    """Signed difference of two ticks in ms, right while they lie within 2**28 ms (3.1 days)."""
    return (((later_ms - earlier_ms) & TICKS_MASK) + TICKS_HALF & TICKS_MASK) - TICKS_HALF


def scale(rows, factor):
    """rows *= factor, in place everywhere: MicroPython's own VM binds a new array where ulab is classes."""
    out = rows
    out *= factor
    if out is not rows:
        rows[:] = out


def put(into, rows):
    into -= into
    into += rows


def let_go(name):
    """Forget a module, or a package whole: the heap that its code takes is free at the next collection.

    For what is needed once, at the start above all: `from hw import flashmount`, use it, let go. To import it again
    means to compile it again, about 20 KB of heap for 300 lines: never while a session records.
    """
    if sys.modules.pop(name, None) is None:
        return
    whole = name + "."
    for known in list(sys.modules):
        if known.startswith(whole):
            del sys.modules[known]
    package, _, module = name.rpartition(".")
    holder = sys.modules.get(package)
    if hasattr(holder, module):
        delattr(holder, module)
