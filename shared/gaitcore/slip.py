"""Slip of the clip: a sudden, lasting turn of the sensor on the body."""

from math import asin, sin, sqrt

from gaitcore.compat import const
from gaitcore.frames import dot, unit
from gaitcore.units import DEG

_SEEN_STEPS = const(4)  # of a suspicion: then the jumps about its begin are in
# Square of the share of the change that lies between two steps of one foot. Of simulated people with odd numbers 1 to
# 11 a slip of 7 to 14 deg within 0.1 to 0.7 s had 0.77 to 1.17, an arch that took a second 0.65 to 0.83, one that took
# two 0.39 to 0.68.
_SUSPECT2 = 0.85 * 0.85
CONFIRM_STEPS = const(45)  # a change that stays away for so long is looked at


def angle_deg(a, b):
    """Angle between two unit vectors, by the chord: exact enough where cosines have lost their digits."""
    d = [a[k] - b[k] for k in range(3)]
    return DEG * 2.0 * asin(min(1.0, 0.5 * sqrt(dot(d, d))))


class SlipWatch:
    """Watches the mean up of each step, in sensor axes, for a jump that stays.

    Theory of operation. `before` follows the stride means of some steps ago slowly, and stops when a stride mean lies
    `slip_deg` from it. If it stays away for `confirm` steps, the change is looked at: a clip slips within a step or
    two, so that the means of two steps of the same foot, one before and one after, hold most of the change between
    them. A runner who leans or arches takes longer; then `before` takes up the new posture.

    Settings  slip_deg float, also later by configure(slip_deg)
    In        update(stride_up, step_up): means over the stride around a step and over the step alone, sensor axes,
              length near 1
    Out       degrees when a slip is confirmed, else 0.0
              suspect: steps lie away since a jump that was as sudden as a slip's; known about 5 steps after it
    Latency   `confirm` steps, about 16 s: a fault that comes quickly and is held for 10 s is no slip
    """

    def __init__(self, slip_deg=5.0, sudden=0.87, confirm=CONFIRM_STEPS):
        self.configure(slip_deg)
        self._sudden = sudden
        self._confirm = confirm
        self._strides = []
        self._steps = []
        self._jumps = []
        self.reset()

    def configure(self, slip_deg):
        self._far = 0.9 * slip_deg
        self._far2 = _chord2(self._far)
        self._stay2 = _chord2(0.7 * self._far)

    def reset(self):
        self._strides.clear()
        self._steps.clear()
        self._before = self._after = None
        self._jumps.clear()
        self._count = 0
        self.suspect = False

    def update(self, stride_up, step_up):
        strides, steps = self._strides, self._steps
        steps.append(step_up)
        if len(steps) > 3:
            steps.pop(0)
        # the greatest jump about the time when the suspicion started, as squares of chords
        jumps = self._jumps
        if self._after is None or self._count < 4:
            jumps.append(_apart2(step_up, steps[0]) if len(steps) == 3 else 0.0)
            if len(jumps) > 7:
                jumps.pop(0)
        if self._after is None:
            strides.append(stride_up)
            if len(strides) <= 5:
                return 0.0
            old = strides.pop(0)
            self._before = _toward(self._before, old, 0.1) if self._before else old
            if _apart2(stride_up, self._before) >= self._far2:
                self._after = stride_up
                self._count = 0
            return 0.0
        self._after = _toward(self._after, stride_up, 0.15)
        self._count += 1
        away2 = _apart2(self._after, self._before)
        if away2 >= self._stay2 and self._count < self._confirm:
            if self._count == _SEEN_STEPS:
                now2 = _apart2(stride_up, self._before)
                self.suspect = now2 >= self._far2 and max(jumps) >= _SUSPECT2 * now2
            return 0.0
        away = angle_deg(unit(self._after), unit(self._before))
        jump = DEG * 2.0 * asin(min(1.0, 0.5 * sqrt(max(jumps))))
        sudden = self.suspect or jump >= self._sudden * away
        self.suspect = False
        if away2 >= self._stay2:
            self._before = self._after
        self._after = None
        jumps.clear()
        strides.clear()
        return away if sudden and away >= self._far else 0.0


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
