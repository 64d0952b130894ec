"""What numpy and ulab do alike: the forms that gaitcore may use."""

from gaitcore.compat import FLOAT, np
from portable import all_near, near, raises

a = np.zeros((3, 5), dtype=FLOAT)
a[0, :] = np.arange(5, dtype=FLOAT)
a[1] = 2.0
a[2, 1:4] = np.array([7, 8, 9], dtype=FLOAT)
assert a.shape == (3, 5)
all_near(a[0], [0, 1, 2, 3, 4], 0)
all_near(a[:, 3], [3, 2, 9], 0)
all_near(a.T[3], [3, 2, 9], 0)
assert len(a) == 3 and a.size == 15

row = a[0]
row += 1.0
all_near(a[0], [1, 2, 3, 4, 5], 0, "a view writes through")
row[0] = -4.0
near(float(a[0, 0]), -4.0, 0)
a[0, :-1] = a[0, 1:]
all_near(a[0], [2, 3, 4, 5, 5], 0, "shift to the left")

x = np.array([1.5, -2.0, 0.5, 4.0], dtype=FLOAT)
near(float(np.sum(x)), 4.0, 1e-6)
near(float(np.mean(x)), 1.0, 1e-6)
near(float(np.std(x)), 2.150581, 1e-5)
near(float(np.max(x)), 4.0, 0)
near(float(np.min(x)), -2.0, 0)
assert int(np.argmax(x)) == 3 and int(np.argmin(x)) == 1
near(float(np.dot(x, x)), 22.5, 1e-5)
near(float(np.median(x)), 1.0, 1e-6)
all_near(np.sort(x), [-2.0, 0.5, 1.5, 4.0], 0)
all_near(np.argsort(x, axis=0), [1, 2, 0, 3], 0)
all_near(np.diff(x), [-3.5, 2.5, 3.5], 1e-6)
all_near(np.flip(x), [4.0, 0.5, -2.0, 1.5], 0)
all_near(abs(x), [1.5, 2.0, 0.5, 4.0], 0)
all_near(-x, [-1.5, 2.0, -0.5, -4.0], 0)
all_near(x * x + 1.0, [3.25, 5.0, 1.25, 17.0], 1e-6)
all_near(2.0 - x, [0.5, 4.0, 1.5, -2.0], 1e-6)
all_near(6.0 / x, [4.0, -3.0, 12.0, 1.5], 1e-6)
all_near(x**2, [2.25, 4.0, 0.25, 16.0], 1e-6)
all_near(np.clip(x, -1.0, 2.0), [1.5, -1.0, 0.5, 2.0], 0)
all_near(np.maximum(x, 0.0), [1.5, 0.0, 0.5, 4.0], 0)
all_near(np.minimum(x, 1.0), [1.0, -2.0, 0.5, 1.0], 0)
all_near(np.where(x > 1.0, x, 0.0 * x), [1.5, 0.0, 0.0, 4.0], 0)
all_near(x[x > 0.0], [1.5, 0.5, 4.0], 0)
all_near(np.concatenate((x, x[:1])), [1.5, -2.0, 0.5, 4.0, 1.5], 0)
all_near(np.sqrt(np.array([4.0, 2.0], dtype=FLOAT)), [2.0, 1.4142135], 1e-6)
all_near(np.arctan2(x, np.ones(4, dtype=FLOAT)), [0.98279372, -1.1071487, 0.46364761, 1.3258177], 1e-5)
all_near(np.interp(np.array([0.5, 1.25], dtype=FLOAT), np.array([0, 1, 2], dtype=FLOAT), x[:3]), [-0.25, -1.375], 1e-6)
all_near(np.linspace(0.0, 1.0, num=3, dtype=FLOAT), [0.0, 0.5, 1.0], 1e-6)
assert bool(np.any(x > 3.9)) and not bool(np.all(x > 0.0))

m = np.array([[1, 2], [3, 4], [5, 6]], dtype=FLOAT)
all_near(np.mean(m, axis=0), [3.0, 4.0], 1e-6)
all_near(np.sum(m, axis=1), [3.0, 7.0, 11.0], 1e-6)
all_near(np.max(m, axis=0), [5.0, 6.0], 0)
all_near(np.dot(m, np.array([1, -1], dtype=FLOAT)), [-1.0, -1.0, -1.0], 1e-6)
p = np.dot(m.transpose(), m)
all_near(p.flatten(), [35.0, 44.0, 44.0, 56.0], 1e-4)
all_near(m[1:, :].reshape((4,)), [3, 4, 5, 6], 0)
q = m - np.array([1.0, 2.0], dtype=FLOAT)
all_near(q.flatten(), [0, 0, 2, 2, 4, 4], 0, "broadcast over rows")
q = m * np.array([[1.0], [0.0], [2.0]], dtype=FLOAT)
all_near(q.flatten(), [1, 2, 0, 0, 10, 12], 0, "broadcast over columns")
q *= 0.5
all_near(q.flatten(), [0.5, 1, 0, 0, 5, 6], 0)

buffer = bytearray(12)
words = np.frombuffer(buffer, dtype=np.int16)
buffer[2] = 0xFE
buffer[3] = 0xFF
near(float(words[1]), -2.0, 0, "frombuffer sees later writes")
all_near(words.reshape((3, 2))[:, 1] * 0.5, [-1.0, 0.0, 0.0], 0)
raises(IndexError, lambda: x[4])
raises(ValueError, lambda: x + x[:3])
print("ok")
