"""Forward specific force of the pelvis in one step: how strong, and the speed lost after contact."""

from gaitcore.compat import np
from gaitcore.units import G


class Braking:
    """Forward speed that the pelvis loses after a contact.

    Settings  rate_hz int
    In        measure(fwd, start, end, contact): fwd FLOAT (n,) forward specific force in g; [start, end) one step
              in it; contact float, index of the rise through 1 g
    Out       variance of fwd over [start, end), g^2; pelvis_loss_mps >= 0: highest speed of the pelvis about the
              contact minus lowest after it
    Latency   none. State: none between calls
    Differs   from force-plate braking: the pelvis is not the centre of mass, and its speed also swings with the legs.
              Between runners the two hardly agree (|r| <= 0.4): models.py has what does better
    """

    def __init__(self, rate_hz):
        self.tune(rate_hz)
        self.pelvis_loss_mps = 0.0

    def tune(self, rate_hz):
        self._scale = G / rate_hz

    def measure(self, fwd, start, end, contact):
        x = fwd[start:end]
        n = end - start
        mean = np.mean(x)
        c = int(contact) - start
        # a dozen samples: loops, as they make no array
        about = n // 8
        speed, top = 0.0, -1e6
        for f in x[max(0, c - about) : c + about + 1]:
            speed += f - mean
            if speed > top:
                top = low = speed
            elif speed < low:
                low = speed
        for f in x[c + about + 1 : c + n // 2]:
            speed += f - mean
            if speed < low:
                low = speed
        self.pelvis_loss_mps = self._scale * (top - low)
        return max(0.0, np.dot(x, x) / n - mean * mean)
