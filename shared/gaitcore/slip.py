"""Slip of the clip: a lasting turn of the sensor on the body that is no posture."""

from math import asin, sin, sqrt

from gaitcore.compat import const
from gaitcore.frames import dot, unit
from gaitcore.units import DEG

_SEEN_STEPS = const(4)  # of a suspicion: then the jumps about its begin are in
# Squares of the share of the change that lies between two steps of one foot. Of simulated people 1 to 6 a tip forward
# by 6 to 12 deg within 0.1 to 0.5 s had 0.79 to 1.24, an arch that took a second 0.58 to 0.90.
_SUDDEN2 = 0.87 * 0.87
_SUSPECT2 = 0.92 * 0.92  # higher: it costs the cue of an arch, the other a cue that nobody earned
_ARCH_DEG = 12.0  # no arch is larger: who turned by more within two steps slipped
_MOST_DEG = 15.0  # that and its natural variation: no posture in running is further away
CONFIRM_STEPS = const(60)  # a change that stays away for so long is looked at
_EIGHTH = const(7)  # one step in eight is compared with the posture of long
_OWN = const(64)  # of them make that posture
_HOLD = const(6)  # so many in a row
LATE_STEPS = const(100)  # a slip is told so many steps late at the most, but for one that takes longer itself
BACK = -1.0  # degrees of who is back where it was


def angle_deg(a, b):
    """Angle between two unit vectors, by the chord: exact enough where cosines have lost their digits."""
    d = [a[k] - b[k] for k in range(3)]
    return DEG * 2.0 * asin(min(1.0, 0.5 * sqrt(dot(d, d))))


class SlipWatch:
    """Watches the mean up of each step, in sensor axes, for a turn that stays.

    Theory of operation. A posture tilts the pelvis about the left-right axis, by no more than a runner can, and takes
    its time; a clip turns about any axis. So a change that stays is a slip when it goes sideways, when it is too large,
    or when it was sudden: a clip slips within a step or two, and the means of two steps of the same foot, one before
    and one after, hold most of the change between them. A slow tip forward or back by less is a posture to one
    sensor.
    `before` follows the stride means of some steps ago, and stops when a stride mean lies `slip_deg` from it; a change
    that is still there after `confirm` steps is looked at. What comes slower than `before` follows is compared, one
    step in eight, with the posture of some three minutes. After a slip a clip does not find back: if up does, to half
    of `slip_deg` and for 48 steps, it was a posture or a hand put it back.

    Settings  slip_deg float, also later by configure(slip_deg)
    In        update(stride_up, step_up, fore): means over the stride around a step and over the step alone, sensor
              axes, length near 1; level forward, None while not known: then only what is sudden is a slip
    Out       degrees when a slip is confirmed, BACK when it is back where it was, else 0.0
              suspect: steps lie away since a jump that was as sudden as a slip's; known about 5 steps after it
    Latency   `confirm` steps, about 21 s: a fault that comes quickly and is held for 15 s is no slip
    """

    def __init__(self, slip_deg=5.0, confirm=CONFIRM_STEPS):
        self.configure(slip_deg)
        self._confirm = confirm
        self._strides = []
        self._steps = []
        self._jumps = []
        self.reset()

    def configure(self, slip_deg):
        far = 0.9 * slip_deg
        self._far2 = _chord2(far)
        self._stay2 = _chord2(0.7 * far)
        self._side2 = _chord2(0.6 * slip_deg)
        self._back2 = _chord2(0.5 * slip_deg)

    def reset(self):
        self._steps.clear()
        self._count = self._number = 0
        self._was = None
        self._settle(None)
        self._anew()

    def _anew(self):
        """The posture of long begins again."""
        self._own = self._late = None
        self._taken = self._turned = self._returned = 0

    def update(self, stride_up, step_up, fore=None):
        turned = self._jumped(stride_up, step_up)
        n = self._number = self._number + 1 & _EIGHTH
        if fore and not turned and not n:
            turned = self._crept(stride_up, fore)
        return turned

    def _jumped(self, stride_up, step_up):
        strides, steps = self._strides, self._steps
        steps.append(step_up)
        if len(steps) > 3:
            steps.pop(0)
        # the greatest jump about the time when the suspicion started, as squares of chords
        jumps, after = self._jumps, self._after
        if after is None or self._count < 4:
            jumps.append(_apart2(step_up, steps[0]) if len(steps) == 3 else 0.0)
            if len(jumps) > 7:
                jumps.pop(0)
        if after is None:
            strides.append(stride_up)
            if len(strides) <= 5:
                return 0.0
            old = strides.pop(0)
            self._before = _toward(self._before, old, 0.1) if self._before else old
            if _apart2(stride_up, self._before) >= self._far2:
                self._after = stride_up
                self._count = 0
                self._most2 = 0.0
            return 0.0
        before = self._before
        after = self._after = _toward(after, stride_up, 0.15)
        self._count += 1
        away2 = _apart2(after, before)
        if away2 > self._most2:
            self._most2 = away2  # who comes back is not compared with what is left of it
        if away2 >= self._stay2 and self._count < self._confirm:
            if self._count == _SEEN_STEPS:
                now2 = _apart2(stride_up, before)
                self.suspect = now2 >= self._far2 and max(jumps) >= min(_SUSPECT2 * now2, _ARCH2)
            return 0.0
        stays = away2 >= self._far2 and _apart2(stride_up, before) >= self._stay2
        sudden = self.suspect or max(jumps) >= min(_SUDDEN2 * self._most2, _ARCH2)
        self._settle(after if away2 >= self._stay2 else before)
        return self._slipped(before, after) if stays and sudden else 0.0

    def _settle(self, up):
        """Nothing is suspected; up is as it was of late."""
        self._before = up
        self._after = None
        self.suspect = False
        self._jumps.clear()
        self._strides.clear()

    def _crept(self, up, fore):
        """One step in eight against the posture of long."""
        if self._was:
            self._returned = self._returned + 1 if _apart2(up, self._was) < self._back2 else 0
            if self._returned >= _HOLD:
                self._was = None
                self._anew()
                self._settle(None)
                return BACK
        own = self._own
        if not own:
            if self._late:
                self._own = up  # not the first of all: running had only begun
            self._late = up
            return 0.0
        late = self._late = _toward(self._late, up, 0.3)
        if _apart2(late, own) < self._far2:
            self._turned = 0
            if self._taken < _OWN:
                self._taken += 1
            self._own = _toward(own, up, 1.0 / (self._taken + 1))
            return 0.0
        self._turned = 0 if self._posed(late, own, fore) else self._turned + 1
        if self._turned < _HOLD:
            return 0.0
        self._settle(up)
        return self._slipped(own, up)

    def _posed(self, a, b, fore):
        """Whether a change from b to a can be a posture: not sideways, and no more than a pelvis tilts."""
        d = [a[k] - b[k] for k in range(3)]
        ahead = dot(d, fore)
        ahead2 = ahead * ahead
        return ahead2 < _MOST2 and dot(d, d) - ahead2 < self._side2

    def _slipped(self, before, after):
        self._anew()
        if not self._was:
            self._was = before
        elif _apart2(after, self._was) < self._back2:
            return 0.0  # that is the way back
        return angle_deg(unit(after), unit(before))


def _chord2(deg):
    """Square of the chord between unit vectors that far apart."""
    return (2.0 * sin(0.5 * deg / DEG)) ** 2


def _apart2(a, b):
    x, y, z = a
    d, e, f = b
    x -= d
    y -= e
    z -= f
    return x * x + y * y + z * z


def _toward(a, b, share):
    """A little of the way from a to b; the length is one to second order."""
    x, y, z = a
    d, e, f = b
    return [x + share * (d - x), y + share * (e - y), z + share * (f - z)]


_ARCH2 = _chord2(_ARCH_DEG)
_MOST2 = _chord2(_MOST_DEG)
