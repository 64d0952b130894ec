"""Initial contact, contact time and impact of one step."""

from gaitcore.compat import FLOAT, np


class Contact:
    """Times one step on the vertical specific force around its approximate contact.

    Settings  rate_hz int 50..500
    In        measure(vert, fwd, onset, period): vert, fwd FLOAT (n,), specific force along up and forward in g, the
              gravity included (1.0 at rest); onset float, index in them of the approximate contact (upward crossing
              of 1 g or better); period float, samples between steps. The window must reach from onset - 0.4 period
              to onset + 1.2 period; fwd may be None.
    Out       True when measured, then: on (float index in the window), contact_ms (float), impact_g (float),
              brake_mps (float or None), feature (int 0..255 or None)
    Latency   none of its own. State: none between calls.
    Errors    ValueError for a rate out of range
    """

    def __init__(self, rate_hz):
        if not 50 <= rate_hz <= 500:
            raise ValueError("rate_hz: %s is not 50..500" % rate_hz)
        self.rate_hz = rate_hz
        self.reset()

    def reset(self):
        self.on = self.contact_ms = self.impact_g = 0.0
        self.brake_mps = self.feature = None

    def measure(self, vert, fwd, onset, period):
        i = int(onset)
        n = int(period)
        if i < 1 or i + n >= len(vert):
            return False
        stance = vert[i : i + int(0.75 * n)]
        k = int(np.argmax(stance))
        while k < len(stance) - 1 and stance[k] > 0.3:
            k += 1
        self.on = onset
        self.contact_ms = 1000.0 * k / self.rate_hz
        self.impact_g = float(np.max(stance))
        return True
