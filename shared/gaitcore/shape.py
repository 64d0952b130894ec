"""The shape of a stride: how the pelvis tilts, drops and rotates around a contact, as one number each way.

How the pelvis turns within a stride, and when, tells how fast the runner goes better than how much it shakes. Tilt
repeats every step, drop and rotation every stride, with the sign of the side; so the score has an even and an odd part.
"""

from math import pi

from gaitcore.compat import FLOAT, np

EVEN = (2, 4)  # harmonics of the stride that tilt is projected on
ODD = (1, 3, 5)  # the same for drop and rotation


def table(weights, harmonics, n, out):
    """Fill out (n,) with the weighted cosines and sines of one stride of n samples, phase zero in its middle."""
    phase = np.linspace(-pi, pi - 2.0 * pi / n, n)
    out[:] = 0.0
    for i in range(len(harmonics)):
        a = phase * harmonics[i]
        out += np.cos(a) * (weights[2 * i] * 2.0 / n)
        out += np.sin(a) * (weights[2 * i + 1] * 2.0 / n)


class Shape:
    """Weighted sum of the stride harmonics of tilt, drop and rotation.

    Settings  rate_hz int; weights: three tuples (tilt, drop, rotation) of cosine and sine weights, c s c s ..., for the
              harmonics in EVEN, ODD, ODD; angles in radians
    In        aim(at, period): sample index of the rise through 1 g, step period in samples; then start, end say
              which samples are needed: one stride, the contact in the middle
              measure(up_rows, head_rows, forward, right, heading): rows of the ring over [start, end), 3 and 2
              FLOAT arrays; forward and right in sensor axes; heading, the mean of head_rows over the stride
    Out       even, odd floats; the score of the step is even + odd for the right foot, even - odd for the left
    Latency   none beyond the window. State: the three tables, made again when the stride changes by more than a sample
    Source    our own, see docs/models.md
    """

    def __init__(self, rate_hz, weights):
        self._weights = weights
        self._most = int(1.6 * rate_hz) + 2
        self._tables = np.zeros((3, self._most), dtype=FLOAT)
        self.reset()

    def reset(self):
        self._n = 0
        self.start = self.end = 0
        self.even = self.odd = 0.0

    def aim(self, at, period):
        n = 2.0 * period
        if abs(n - self._n) > 1.0:
            n = min(self._most, max(8, int(n + 0.5)))
            self._n = n
            for k in range(3):
                table(self._weights[k], ODD if k else EVEN, n, self._tables[k, :n])
        self.start = int(at + 0.5) - self._n // 2
        self.end = self.start + self._n

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
