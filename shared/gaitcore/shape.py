"""The shape of a stride: how the pelvis tilts, drops and rotates around a contact, as one number each way.

How the pelvis turns within a stride, and when, tells how fast the runner goes better than how much it shakes. Tilt
repeats every step, drop and rotation every stride, with the sign of the side; so the score has an even and an odd part.
"""

from math import pi

from gaitcore.compat import FLOAT, np

EVEN = (2, 4)  # harmonics of the stride that tilt is projected on
ODD = (1, 3, 5)  # the same for drop and rotation


class Shape:
    """Weighted sum of the stride harmonics of tilt, drop and rotation.

    Settings  rate_hz int; weights: three tuples (tilt, drop, rotation) of cosine and sine weights, c s c s ..., for the
              harmonics in EVEN, ODD, ODD; angles in radians
    In        aim(at, period): sample index of the rise through 1 g, step period in samples; then start, end say
              which samples are needed: one stride, the contact in the middle
              measure(up_rows, head_rows, forward, right, heading): rows of the ring over [start, end), 3 and 2
              FLOAT arrays; forward and right in sensor axes; heading, the mean of head_rows over the stride
    Out       even, odd floats; the score of the step is even + odd for the right foot, even - odd for the left
    Latency   none beyond the window. State: mean period, three tables, made again when the mean stride has changed by
              more than a sample
    Source    our own, see docs/models.md
    """

    def __init__(self, rate_hz, weights):
        self._weights = weights
        self._most = int(1.6 * rate_hz) + 2
        self._tables = np.zeros((3, self._most), dtype=FLOAT)
        self._work = np.zeros((6, self._most), dtype=FLOAT)
        self.reset()

    def reset(self):
        self._n = 0
        self._period = 0.0
        self.start = self.end = 0
        self.even = self.odd = 0.0

    def aim(self, at, period):
        if self._n:
            period = self._period + 0.2 * (period - self._period)
        self._period = period
        n = 2.0 * period
        if abs(n - self._n) > 1.0:
            self._n = min(self._most, max(8, int(n + 0.5)))
            self._fill(self._n)
        self.start = int(at + 0.5) - self._n // 2
        self.end = self.start + self._n

    def _fill(self, n):
        """Tables of weighted cosines and sines over one stride of n samples, phase zero at sample n // 2."""
        w = self._work
        c1, s1, c, s, x, y = w[0, :n], w[1, :n], w[2, :n], w[3, :n], w[4, :n], w[5, :n]
        rows = [self._tables[k, :n] for k in range(3)]
        x[:] = np.linspace(-2.0 * pi * (n // 2) / n, 2.0 * pi * (n - 1 - n // 2) / n, n)
        c1[:] = np.cos(x)
        s1[:] = np.sin(x)
        c[:] = c1
        s[:] = s1
        for row in rows:
            row[:] = 0.0
        for h in range(1, ODD[-1] + 1):
            for k in range(3):
                harmonics = ODD if k else EVEN
                if h in harmonics:
                    i = 2 * harmonics.index(h)
                    x[:] = c
                    x *= self._weights[k][i] * 2.0 / n
                    rows[k] += x
                    x[:] = s
                    x *= self._weights[k][i + 1] * 2.0 / n
                    rows[k] += x
            # one harmonic on: the angles add
            x[:] = c
            x *= c1
            y[:] = s
            y *= s1
            x -= y
            s *= c1
            c *= s1
            s += c
            c[:] = x

    def measure(self, up_rows, head_rows, forward, right, heading):
        t = self._tables[:, : self._n]
        tilt, drop, turn = t[0], t[1], t[2]
        self.even = self.odd = 0.0
        for k in range(3):
            self.even -= forward[k] * float(np.dot(up_rows[k], tilt))
            self.odd += right[k] * float(np.dot(up_rows[k], drop))
        hx, hy = heading
        x, y = float(np.dot(head_rows[0], turn)), float(np.dot(head_rows[1], turn))
        self.odd += (y * hx - x * hy) / (hx * hx + hy * hy) ** 0.5
