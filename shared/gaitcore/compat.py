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
scale     scale(rows, factor): in place.
put       put(into, rows): into[:] = rows of the same shape, finite both. ulab copies what is assigned before it puts it
          there; this makes nothing new.
let_go    let_go("package.module"): forget a module that was needed once.
sosfilt   sosfilt(sos, x, zi=zi) -> (y, zf); sos (n, 6), zi (n, 2), all FLOAT.
const     MicroPython's compile-time constant, the identity elsewhere.
"""

import sys

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


def _plain(function):
    """numpy's function with a Python number, as ulab gives it, in place of a scalar of 32 bits."""

    def plain(*args, **kwargs):
        out = function(*args, **kwargs)
        return out if out.shape else out.tolist()

    return plain


try:
    from ulab import numpy as np
    from ulab import scipy

    FLOAT = np.float
    sosfilt = scipy.signal.sosfilt
except ImportError:
    import numpy

    np = type(sys)("numpy")
    for _name in dir(numpy):
        setattr(np, _name, getattr(numpy, _name))
    for _name in ("max", "min", "sum", "mean", "std", "dot"):
        setattr(np, _name, _plain(getattr(numpy, _name)))
    FLOAT = np.float32

    def sosfilt(sos, x, zi):
        # Half a second of imports, which reading, syncing and configuring never need.
        from scipy.signal import sosfilt as filtered

        return filtered(sos, x, zi=zi)


INT16 = np.int16


def one(x):
    return np.array([x], dtype=FLOAT)


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
    """Forget a module: the heap that its code takes is free at the next collection.

    For what is needed once, at the start above all: `from hw import flashmount`, use it, let go. To import it again
    means to compile it again, about 20 KB of heap for 300 lines: never while a session records.
    """
    if sys.modules.pop(name, None) is not None:
        package, module = name.split(".")
        delattr(sys.modules[package], module)
