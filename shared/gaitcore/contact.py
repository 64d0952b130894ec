"""Initial contact, contact time and impact of one step, from the specific force of the pelvis."""

from math import pi, sqrt

from gaitcore import models
from gaitcore.braking import Braking
from gaitcore.compat import FLOAT, np

_SMOOTH_S = 0.05
_FOLLOW = 0.1  # of a step
_LEAST_SAMPLES = 6  # in a period: in fewer there is no peak to look for


def hann(rate_hz, seconds):
    """Weights of a Hann window of odd length that sum to one."""
    n = int(0.5 * seconds * rate_hz + 0.5)
    w = np.cos(np.linspace(-pi * n / (n + 1), pi * n / (n + 1), 2 * n + 1)) + 1.0
    return np.array(w / np.sum(w), dtype=FLOAT)


def crossing(x, i, step, level):
    """Float index where x, walked from i by step (1 or -1), first reaches `level` from above; -1.0 when it does not."""
    a = x[i]
    if a <= level:
        return -1.0
    for j in range(i + step, len(x) if step > 0 else -1, step):
        b = x[j]
        if b <= level:
            return j - step + step * (a - level) / (a - b)
        a = b
    return -1.0


class Contact:
    """Times one step on the vertical and forward specific force around its approximate contact.

    The force under the foot shows at the pelvis smoothed and late, the more so the softer the landing. The rise and the
    fall through 1 g are sharp and survive smoothing; how far the one lies after the contact and the other before its
    end follows from how hard the pelvis is pushed to and fro (`fwd_g`), how high it bounces in the time that it has,
    and when the force is greatest: soon, where the heel lands first, late, where the forefoot does. models.py has the
    corrections.

    Settings  rate_hz int 50..500
    In        measure(vert, fwd, onset, period): vert, fwd FLOAT (n,), specific force along up and forward in g, gravity
              included (vert is 1.0 at rest); onset float, index in them of the approximate contact; period float,
              samples between steps. The window should reach from onset - 0.4 period to onset + 1.25 period.
              fwd may be None
    Out       measure: False when there is no contact in the window. True: on, rise (float indices in the window:
              contact and rise through 1 g), impact_g (peak), period_ms, width_ms (above 1 g), peak_ms (from the rise
              to the peak), fwd_g (rms of forward) or None, pelvis_loss_mps or None
              contact_ms(vo_cm): with the oscillation; None where that was not measured
    Latency   none of its own. State: how late the force of this runner rises
    Errors    ValueError for a rate out of range
    Source    Patoz, Lussiana, Breine, Gindre, Malatesta, A single sacral-mounted inertial measurement unit to estimate
              peak vertical ground reaction force, contact time, and flight time in running, Sensors 2022, 22:784,
              doi 10.3390/s22030784: times of thresholds, 20 ms RMSE
    Differs   other thresholds, and corrected by period, forward force, time of the peak and oscillation: our own
    Checked   runners and groups left out, choices and all: docs/lab/models.md
    """

    def __init__(self, rate_hz):
        if not 50 <= rate_hz <= 500:
            raise ValueError("rate_hz must be in 50..500, is %s" % rate_hz)
        self._ms = 1000.0 / rate_hz  # of a sample
        self._weights = hann(rate_hz, _SMOOTH_S)
        self._margin = len(self._weights) // 2
        self._braking = Braking(rate_hz)
        self.reset()

    def tune(self, rate_hz):
        self._ms = 1000.0 / rate_hz
        self._braking.tune(rate_hz)

    def reset(self):
        self._late_ms = None
        self._clear()

    def _clear(self):
        self.on = self.rise = self.impact_g = self.width_ms = self.peak_ms = self.period_ms = 0.0
        self.pelvis_loss_mps = self.fwd_g = None

    def measure(self, vert, fwd, onset, period):
        self._clear()
        k = self._margin
        mid = int(onset + 0.25 * period)
        if period < _LEAST_SAMPLES or mid < k or mid + int(0.5 * period) >= len(vert):
            return False
        x = np.convolve(vert, self._weights)
        x = x[k : len(x) - k]
        first = max(0, mid - int(0.2 * period))
        mid = first + int(np.argmax(x[first : mid + int(0.1 * period)]))
        values = x.tolist()  # reading one number of an array costs a view
        rise = crossing(values, mid, -1, 1.0)
        fall = crossing(values, mid, 1, 1.0)
        if rise < 0.0 or fall < 0.0 or fall - rise > 1.2 * period:
            return False
        self.period_ms = period * self._ms
        self.width_ms = (fall - rise) * self._ms
        self.peak_ms = (mid - rise) * self._ms
        self.impact_g = np.max(x[int(rise) : int(fall) + 1])
        if fwd is not None:
            a = max(0, int(rise - 0.4 * period + 0.5))
            b = min(len(fwd), a + int(period + 0.5))
            self.fwd_g = sqrt(self._braking.measure(fwd, a, b, rise))
            self.pelvis_loss_mps = self._braking.pelvis_loss_mps
        self.rise = rise
        # how long the force takes to rise is a runner's own: followed slowly, its noise does not move the contact
        late_ms = models.rise_ms(self.period_ms, self.fwd_g, self.impact_g)
        if self.fwd_g is not None:
            late_ms = self._late_ms = (
                late_ms if self._late_ms is None else self._late_ms + _FOLLOW * (late_ms - self._late_ms)
            )
        self.on = rise - late_ms / self._ms
        return True

    def contact_ms(self, vo_cm):
        return models.contact_ms(self.period_ms, self.width_ms, self.peak_ms, self.fwd_g, vo_cm)
