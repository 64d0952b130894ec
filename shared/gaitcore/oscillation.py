"""Vertical oscillation: the vertical acceleration of one step integrated twice."""

from gaitcore.compat import FLOAT, cells, np, sosfilt
from gaitcore.units import G

_SUM = np.array([[1.0, 0.0, 0.0, 1.0, -1.0, 0.0]], dtype=FLOAT)
_SUM_OF_SUMS = np.array([[1.0, 0.0, 0.0, 1.0, -2.0, 1.0]], dtype=FLOAT)


class Oscillation:
    """Height range of a step and vertical velocity over the stride that holds it.

    Settings  rate_hz
    In        measure(vert, start, end, stride): specific force along up [g], (n,), over a stride; the step in it;
              samples of a stride, a number with a fraction near n
    Out       range over the step in cm; velocity(): (n,) over the stride measured last, in g and samples
    Differs   mean acceleration and mean velocity of a stride are taken as zero: the runner neither sinks nor rises.
              The part of a sample that the window is short of a stride, or too long, is reckoned as its first one
    """

    def __init__(self, rate_hz):
        # weights m .. 1 of the last m: a sum of sums is their dot product. No ring holds more than these
        self._most = most = int(2.5 * rate_hz)
        self._weights = np.linspace(most, 1, most, dtype=FLOAT)
        self._a = None
        self._mean, self._means = cells(1, 1)
        self._before, self._from = cells(1, 2)
        self.tune(rate_hz)

    def tune(self, rate_hz):
        self._cm = 100.0 * G / (rate_hz * rate_hz)

    def measure(self, vert, start, end, stride):
        m = len(vert)
        more = stride - m
        if abs(more) > 1.0:
            more = 0.0
        n = m + more
        first = float(vert[0])
        mean = self._mean[0] = (np.sum(vert) + more * first) / n
        a = self._a = vert - self._means[0]
        # the velocity before the first sample, so that its mean is zero. A sum is a rectangle rule: half a sample late,
        # which the mean takes out to first order
        self._before[0] = -(np.dot(a, self._weights[self._most - m :]) + more * (first - mean)) / n
        z, _ = sosfilt(_SUM_OF_SUMS, a, zi=self._from)
        z = z[start:end]
        return self._cm * (np.max(z) - np.min(z))

    def velocity(self):
        return sosfilt(_SUM, self._a, zi=self._from)[0]
