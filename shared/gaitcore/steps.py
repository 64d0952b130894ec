"""Step detection: the vertical specific force, smoothed, rises through 1 g once per step."""

from math import cos, pi, sin

from gaitcore.cadence import at_rest
from gaitcore.compat import FLOAT, np, sosfilt

_DIP = 0.95  # g: a rise from a shallower dip is none
_NEAR = 0.4  # of a period
_UNEVEN = 0.15  # share of the odd harmonics in the stride: below it a stride has no third rise
_HOLE = 1.7  # of a step's time: one is missing between two contacts


class StepFinder:
    """Approximate contacts, one per step.

    A contact is where the smoothed vertical force rises through 1 g after having been below it. With a rhythm, it is
    the rise nearest to where that foot's contact is expected, one stride after its last: a runner whose sides differ
    may have three rises in a stride, and clothing that swings two in a step. Without one, and when none came where it
    was expected, any rise from well below 1 g is taken.

    Settings  rate_hz; cutoff_hz of the smoothing; arm_g, how far below 1 g it must have been
    In        push(vert, index, period, odd): vert (n,) specific force along up [g], index of vert[0]; of the rhythm
              the period of a step in samples, or 0.0, and the share of odd harmonics
    Out       list of float indices, the same list each call
    Latency   the delay of the smoothing, about 40 ms; with a rhythm a rise that is early by up to 0.4 of a period waits
              as long after the expected time. State: one biquad, 8 numbers
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
        self._low = self._old = 1.0
        self._last = self._other = -1e6  # the newest contact, and the one before it
        self._waits = 0.0

    def shift(self, n):
        """Indices are less by n from now on."""
        self._last -= n
        self._other -= n
        if self._waits:
            self._waits -= n

    def push(self, vert, index, period, odd=0.0):
        found = self._found
        found.clear()
        self._uneven = odd > _UNEVEN
        y, self._zi = sosfilt(self._sos, vert, zi=self._zi)
        values = y.tolist()
        low, k = self._low, 0  # below 1 g since the last rise
        for v in values:
            if v < low:
                low = v
            elif v >= 1.0 and low < 1.0:
                if low < _DIP:
                    old = values[k - 1] if k else self._old
                    self._rise(index - self.delay + k - (v - 1.0) / (v - old), low < 1.0 - self._arm_g, period)
                low = 1.0
            k += 1
        self._low, self._old = low, v
        if self._waits:
            # nothing nearer can come
            expected = self._expected(period)
            if index + k - self.delay > expected + expected - self._waits:
                self._take(self._waits)
        return found

    def _expected(self, period):
        """Where the next contact should be."""
        last, other = self._last, self._other
        if self._uneven and 0.6 * period < last - other < 1.4 * period:
            return other + 2.0 * period
        return last + period

    def _rise(self, t, deep, period):
        if not period:
            if deep and t - self._last >= self._default:
                self._take(t)
            return
        late = t - self._expected(period)
        waits = self._waits
        if waits:
            if t - waits < 0.5 * period:
                # two rises of one step: the nearer one
                self._take(t if 2.0 * (t - late) > t + waits else waits)
                return
            self._take(waits)
            late = t - self._expected(period)
        if late > -0.1 * period:
            if deep or late <= _NEAR * period:
                self._take(t)
        elif late > -_NEAR * period:
            self._waits = t

    def _take(self, t):
        self._other = self._last
        self._last = t
        self._waits = 0.0
        self._found.append(t)


def step_time(times):
    """Mean time of a step, of at least two contacts: half of what a step of either foot takes together.

    So it is right however unlike the two are, and of whichever there is one more. In fewer than seven steps what seems
    to be a difference of the feet is mostly how a run began: those are counted plainly.
    """
    n = len(times) - 1
    span = times[n] - times[0]
    if n < 7 or not n & 1:
        return span / n
    one = 0.0  # steps of the foot of which there is one more
    for t in times:
        one = t - one
    return one / (n + 1) + (span - one) / (n - 1)


class Pace:
    """Cadence over the last 4 s, counted from the steps measured.

    Settings  rate_hz
    In        push(t, period): a step's contact, sample index, increasing, and samples per step of the rhythm or 0.0;
              where more than a step and a half lie between two, only those after count. shift(n)
              spm(period): samples per step of the rhythm
    Out       spm: steps/min up to the newest contact; that of the period until there are four
    Latency   none but that of the steps. State: the contacts of 4 s
    """

    def __init__(self, rate_hz):
        self.tune(rate_hz)
        self._times = []

    def tune(self, rate_hz):
        self._per_min = 60.0 * rate_hz
        self._window = 4.0 * rate_hz
        self._apart = 0.6 * rate_hz

    def reset(self):
        self._times.clear()

    def shift(self, n):
        self._times[:] = [t - n for t in self._times]

    def push(self, t, period):
        times = self._times
        if times and t - times[-1] > (_HOLE * period if period else self._apart):
            times.clear()
        times.append(t)
        while times[0] <= t - self._window:
            times.pop(0)

    def spm(self, period):
        times = self._times
        if len(times) < 4:
            return self._per_min / period if period else 0.0
        return self._per_min / step_time(times)
