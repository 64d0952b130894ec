"""Forward specific force of the pelvis in one step: how strong, and the speed lost after contact."""

from gaitcore.compat import FLOAT, np, sosfilt
from gaitcore.units import G

_SUM = np.array([[1.0, 0.0, 0.0, 1.0, -1.0, 0.0]], dtype=FLOAT)


class Braking:
    """Forward speed that the pelvis loses after a contact.

    Settings  rate_hz int
    In        measure(fwd, start, end, contact): fwd FLOAT (n,) forward specific force in g; [start, end) one step
              or stride in it; contact float, index of the rise through 1 g
    Out       variance of fwd over [start, end), g^2; brake_mps >= 0: highest speed of the pelvis about the contact
              minus lowest after it
    Latency   none. State: none between calls
    Differs   from force-plate braking: the pelvis is not the centre of mass, and its speed also swings with the legs.
              Between runners the two hardly agree (|r| <= 0.3): models.py combines it with the rest
    """

    def __init__(self, rate_hz):
        self._scale = G / rate_hz
        self._zi = np.zeros((1, 2), dtype=FLOAT)
        self.brake_mps = 0.0

    def measure(self, fwd, start, end, contact):
        x = fwd[start:end]
        x = x - np.mean(x)
        zi = self._zi
        zi[0, 0] = zi[0, 1] = 0.0
        v, _ = sosfilt(_SUM, x, zi=zi)
        n = end - start
        c = int(contact) - start
        top = np.max(v[max(0, c - n // 8) : c + n // 8 + 1])
        self.brake_mps = max(0.0, self._scale * (top - np.min(v[c : c + n // 2])))
        return float(np.dot(x, x)) / n
