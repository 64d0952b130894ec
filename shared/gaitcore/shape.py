"""The shape of a stride: how the pelvis tilts, drops and is pushed sideways around a contact, as a few numbers.

How the pelvis turns within a stride, and when, tells how fast the runner goes better than how much it shakes. Tilt
repeats every step, drop and the sideways force every stride, with the sign of the side; so the score has an even and an
odd part. The side itself is told by drop and rotation.
"""

from math import pi

from gaitcore.compat import FLOAT, np

EVEN = (2, 4)  # harmonics of the stride that tilt is projected on
ODD = (1,)  # the same for drop and the force to the side
BEFORE = 0.28  # of the stride's window lies before the rise through 1 g
# Weights of the side: cosine of drop, cosine and sine of rotation. Logistic regression over rbds, our own.
_SIDE_DROP = 70.0
_SIDE_TURN = -55.0
_GAIN = 0.1  # of the mean period
_NEW = 0.8  # samples that a stride may differ from the tables'


class Shape:
    """Weighted sums of the stride harmonics of tilt, drop and the force to the side.

    Settings  rate_hz int; weights: three tuples (tilt, drop, side) of cosine and sine weights, c s c s ..., for the
              harmonics in EVEN, ODD, ODD; angles in radians, force in g
    In        aim(at, period): sample index of the rise through 1 g, step period in samples; then start, end say
              which samples are needed: one stride, BEFORE of it before the rise
              measure(tilt, drop, turn, x, y, fx, fy): over [start, end), rows as `ranges.sway` gives them and the force
              along two level axes; forward in those axes
    Out       even, odd floats; the score of the step is even + odd for the right foot, even - odd for the left
              side: positive when this looks like a right step
    Latency   none beyond the window. State: mean period, five tables, made again when the mean stride has changed by
              more than most of a sample
    Source    our own, see docs/lab/models.md
    """

    def __init__(self, rate_hz, weights):
        self._weights = weights
        self._most = int(1.2 * rate_hz) + 2
        self._tables = np.zeros((5, self._most), dtype=FLOAT)
        self._rows = None
        self.reset()

    def reset(self):
        self._n = 0
        self._period = 0.0
        self.start = self.end = 0
        self.even = self.odd = self.side = 0.0

    def aim(self, at, period):
        if self._n:
            period = self._period + _GAIN * (period - self._period)
        self._period = period
        n = 2.0 * period
        if abs(n - self._n) > _NEW:
            self._n = min(self._most, max(8, int(n + 0.5)))
            self._fill(self._n)
        self.start = int(at + 0.5) - int(BEFORE * self._n)
        self.end = self.start + self._n

    def _fill(self, n):
        """Tables of weighted cosines and sines over one stride of n samples, phase zero at the rise."""
        rows = self._rows = [self._tables[k, :n] for k in range(5)]
        zero = int(BEFORE * n)
        x = np.linspace(-2.0 * pi * zero / n, 2.0 * pi * (n - 1 - zero) / n, n)
        for row in rows:
            row[:] = 0.0
        for h in range(1, EVEN[-1] + 1):
            y = x * h
            c, s = np.cos(y), np.sin(y)
            for k in range(3):
                harmonics = ODD if k else EVEN
                if h in harmonics:
                    i = 2 * harmonics.index(h)
                    row = rows[k]
                    row += c * (self._weights[k][i] * 2.0 / n)
                    row += s * (self._weights[k][i + 1] * 2.0 / n)
            if h == 1:
                row = rows[3]
                row += c * (_SIDE_DROP / n)
                c += s
                row = rows[4]
                row += c * (_SIDE_TURN / n)

    def measure(self, tilt, drop, turn, x, y, fx, fy):
        rows = self._rows
        self.even = -np.dot(tilt, rows[0])
        self.odd = np.dot(drop, rows[1]) + fy * np.dot(x, rows[2]) - fx * np.dot(y, rows[2])
        self.side = np.dot(drop, rows[3]) + np.dot(turn, rows[4])
