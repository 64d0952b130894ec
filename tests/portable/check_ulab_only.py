"""Where ulab differs from numpy. Passed over where there is no ulab."""

try:
    from ulab import numpy as np
except ImportError:
    np = None

from portable import all_near, near, raises

if np:
    FLOAT = np.float
    w = np.array([30000, -30000, 5], dtype=np.int16)
    all_near(w + w, [-5536, 5536, 10], 0, "int16 wraps")
    all_near(w * 2, [-5536, 5536, 10], 0, "int16 times a small int wraps")
    near(np.sum(w), 5, 0)
    near(np.sum(np.array([30000, 30000], dtype=np.int16)), 60000, 0, "a whole sum is promoted")
    near(np.mean(np.array([30000, 30000], dtype=np.int16)), 30000.0, 0)
    near(np.dot(w, w), 1800000000.0 + 25, 200.0)
    all_near(w * 0.5, [15000.0, -15000.0, 2.5], 0, "int16 times a float is float")
    assert (w * 0.5).dtype == np.float
    all_near(w / 2, [15000.0, -15000.0, 2.0], 0, "ints by an int are divided as ints, towards zero")
    all_near(-5 / np.array([2, -2], dtype=np.int16), [-2.0, 2.0], 0)
    assert (w / 2).dtype == np.float
    assert (w > 0).dtype == np.bool
    assert np.zeros(3).dtype == np.float and np.zeros(3).itemsize == 4
    x = np.arange(6, dtype=FLOAT)
    x[1:] = x[:-1]
    all_near(x, [0, 0, 1, 2, 3, 4], 0, "an assignment copies first")
    x[:-1] += x[1:]
    all_near(x, [0, 1, 3, 5, 7, 4], 0)
    x[1:] += x[:-1]
    all_near(x, [0, 1, 4, 9, 16, 20], 0, "an overlapping in-place sum runs forward")
    raises(NotImplementedError, lambda: np.argsort(x))
    raises(NotImplementedError, lambda: np.argsort(x, axis=None))
    raises(AttributeError, lambda: np.cumsum)
    raises(AttributeError, lambda: x.mean())
    raises(AttributeError, lambda: x.astype(FLOAT))
    raises(TypeError, lambda: np.mean(x, 0))

    def into_int16(values):
        values += 0.5

    raises(TypeError, into_int16, w)
    re, im = np.fft.fft(np.array([1, 0, 0, 0], dtype=FLOAT))
    all_near(re, [1, 1, 1, 1], 1e-6)
    all_near(im, [0, 0, 0, 0], 1e-6)
print("ok")
