"""Step detection: the vertical specific force, smoothed, rises through 1 g once per step."""

from math import cos, pi, sin

from gaitcore.cadence import at_rest
from gaitcore.compat import FLOAT, np, sosfilt


class StepFinder:
    """Approximate contacts, one per step.

    A contact is where the smoothed vertical force rises through 1 g after having been well below it, at least 0.6 of a
    period after the one before.

    Settings  rate_hz; cutoff_hz of the smoothing; arm_g, how far below 1 g it must have been
    In        push(vert, index, period): vert (n,) specific force along up [g], index of vert[0], period of a step in
              samples or 0.0
    Out       list of float indices, the same list each call
    Latency   the delay of the smoothing, about 40 ms. State: one biquad, 4 numbers
    """

    def __init__(self, rate_hz, cutoff_hz=6.0, arm_g=0.2):
        self._arm_g = arm_g
        self._default = 0.21 * rate_hz
        w = 2.0 * pi * cutoff_hz / rate_hz
        alpha = sin(w) * 0.70710678
        c = cos(w)
        b = (1.0 - c) * 0.5
        a0 = 1.0 + alpha
        self._sos = np.array([[b / a0, 2.0 * b / a0, b / a0, 1.0, -2.0 * c / a0, (1.0 - alpha) / a0]], dtype=FLOAT)
        # delay of this low-pass at low frequencies, in samples
        self.delay = 1.41421356 / w
        self._found = []
        self.reset()

    def reset(self):
        self._zi = at_rest(self._sos)
        self._armed = False
        self._old = 1.0
        self._last = -1e6

    def shift(self, n):
        """Indices are less by n from now on."""
        self._last -= n

    def push(self, vert, index, period):
        found = self._found
        found.clear()
        y, self._zi = sosfilt(self._sos, vert, zi=self._zi)
        armed, old, arm = self._armed, self._old, 1.0 - self._arm_g
        refractory = 0.6 * period if period else self._default
        at = index - self.delay
        values = y.tolist()
        if (np.max(y) < 1.0) if armed else (np.min(y) >= arm):
            self._old = values[-1]  # nothing happens in this hop
            return found
        for v in values:
            if armed:
                if v >= 1.0:
                    armed = False
                    t = at - (v - 1.0) / (v - old)
                    if t - self._last >= refractory:
                        self._last = t
                        found.append(t)
            elif v < arm:
                armed = True
            old = v
            at += 1.0
        self._armed, self._old = armed, old
        return found
