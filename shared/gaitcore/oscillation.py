"""Vertical oscillation: the vertical acceleration of one step integrated twice."""

from gaitcore.compat import FLOAT, np, one, sosfilt
from gaitcore.units import G

_SUM = np.array([[1.0, 0.0, 0.0, 1.0, -1.0, 0.0]], dtype=FLOAT)
_FROM_ZERO = np.zeros((1, 2), dtype=FLOAT)


class Oscillation:
    """Height range of a step and vertical velocity over the stride that holds it.

    Settings  rate_hz
    In        measure(vert, start, end, stride): specific force along up [g], (n,), over a stride; the step in it;
              samples of a stride, a number with a fraction near n
    Out       range over the step in cm; `velocity` (n,) m/s stays readable until the next call
    Differs   mean acceleration and mean velocity of a stride are taken as zero: the runner neither sinks nor rises.
              The part of a sample that the window is short of a stride, or too long, is reckoned as its first one
    """

    def __init__(self, rate_hz):
        self._k = one(0.0)
        self.tune(rate_hz)
        self.velocity = None

    def tune(self, rate_hz):
        self._dt = 1.0 / rate_hz
        self._k[0] = G / rate_hz

    def measure(self, vert, start, end, stride):
        more = stride - len(vert)
        if abs(more) > 1.0:
            more = 0.0
        n = len(vert) + more
        first = float(vert[0])
        mean = (np.sum(vert) + more * first) / n
        k = G * self._dt
        a = vert - mean
        a *= self._k
        v, _ = sosfilt(_SUM, a, zi=_FROM_ZERO)
        # a sum is a rectangle rule: half a sample late, which the mean takes out to first order
        v -= (np.sum(v) + more * k * (first - mean)) / n
        self.velocity = v
        z, _ = sosfilt(_SUM, v, zi=_FROM_ZERO)
        z = z[start:end]
        return 100.0 * self._dt * (np.max(z) - np.min(z))
