"""Forward specific force of the pelvis in one step: how strong, and the speed lost after contact."""

from gaitcore.compat import np
from gaitcore.units import G


class Braking:
    """Forward speed that the pelvis loses after a contact.

    Settings  rate_hz int
    In        measure(fwd, start, end, contact): fwd FLOAT (n,) forward specific force in g; [start, end) one step
              in it; contact float, index of the rise through 1 g
    Out       variance of fwd over [start, end), g^2; brake_mps >= 0: highest speed of the pelvis about the contact
              minus lowest after it
    Latency   none. State: none between calls
    Differs   from force-plate braking: the pelvis is not the centre of mass, and its speed also swings with the legs.
              Between runners the two hardly agree (|r| <= 0.4): models.py has what does better
    """

    def __init__(self, rate_hz):
        self._scale = G / rate_hz
        self.brake_mps = 0.0

    def measure(self, fwd, start, end, contact):
        x = fwd[start:end]
        n = end - start
        mean = float(np.mean(x))
        c = int(contact) - start
        # two dozen samples: a loop, as it makes no array
        speed = low = 0.0
        top = -1e6
        i = max(0, c - n // 8)
        for f in x[i : c + n // 2]:
            speed += f - mean
            if i <= c + n // 8 and speed > top:
                top = low = speed
            elif speed < low:
                low = speed
            i += 1
        self.brake_mps = self._scale * (top - low)
        return max(0.0, float(np.dot(x, x)) / n - mean * mean)
