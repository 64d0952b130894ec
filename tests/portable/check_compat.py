"""Ticks that wrap, constants, and the 32-bit arrays that compat hands out."""

from gaitcore.compat import (
    FLOAT,
    INT16,
    TICKS_PERIOD,
    cells,
    const,
    np,
    one,
    put,
    scale,
    sosfilt,
    ticks_add,
    ticks_diff,
)
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

# put and scale change the array they are given, so that a view of it sees them
rows = np.zeros((2, 3), dtype=FLOAT)
view = rows[:, 1:]
put(view, np.array([[1, 2], [3, 4]], dtype=FLOAT))
scale(rows, one(0.5))
all_near(list(rows[0]), [0.0, 0.5, 1.0], 1e-7, "first row")
put(view, np.array([[1, -2], [3, 400]], dtype=INT16))
scale(view, 2.0)
all_near(list(rows[1]), [0.0, 6.0, 800.0], 1e-7, "second row")
words = np.zeros((2, 2), dtype=INT16)
put(words, np.array([[100, -100], [7, 8]], dtype=np.int8))
scale(words, 256)
words += np.array([[255, 1], [2, 3]], dtype=np.uint8)
assert list(words[0]) == [25855, -25599] and list(words[1]) == [1794, 2051]

# what is written into cells shows in their array, and in a view of it that was made before
numbers, table = cells(2, 3)
row, column = table[1], table[0][1:].reshape((2, 1))
for k in range(6):
    numbers[k] = k / 3
all_near(table.flatten(), np.array([0, 1, 2, 3, 4, 5], dtype=FLOAT) * (1 / 3), 1e-6, "cells")
all_near(row, [1.0, 4 / 3, 5 / 3], 1e-6, "a row of cells")
numbers[1] = -7.5
all_near(column.flatten(), [-7.5, 2 / 3], 1e-6, "a column of cells")
all_near(np.dot(table[1:], table.T)[0], [10 / 9 - 10.0, 50 / 9], 1e-4, "cells in a product")
print("ok")
