"""Ticks that wrap, constants, and the 32-bit arrays that compat hands out."""

from gaitcore.compat import FLOAT, INT16, TICKS_PERIOD, const, np, sosfilt, ticks_add, ticks_diff
from portable import all_near, near

assert const(3) == 3
assert TICKS_PERIOD == 1 << 29
assert ticks_add(TICKS_PERIOD - 5, 8) == 3
assert ticks_diff(3, TICKS_PERIOD - 5) == 8
assert ticks_diff(TICKS_PERIOD - 5, 3) == -8
assert ticks_diff(100, 40) == 60

a = np.zeros(4, dtype=FLOAT)
a[1] = 1.0 / 3.0
near(float(a[1]), 0.3333333433674408, 2e-7, "a third in 32 bits")
assert np.array([1, -2], dtype=INT16)[1] == -2

sos = np.array([[0.25, 0.5, 0.25, 1.0, -0.4, 0.2]], dtype=FLOAT)
zi = np.zeros((1, 2), dtype=FLOAT)
x = np.array([1, 0, 0, 0, 2, 0, 0], dtype=FLOAT)
whole, zf = sosfilt(sos, x, zi=zi)
y1, zi = sosfilt(sos, x[:3], zi=zi)
y2, zi = sosfilt(sos, x[3:], zi=zi)
all_near(list(y1) + list(y2), list(whole), 1e-6, "filtered in two blocks")
near(float(zi[0, 0]), float(zf[0, 0]), 1e-6, "filter state")
all_near(list(whole)[:3], [0.25, 0.6, 0.44], 1e-6, "impulse response")
print("ok")
