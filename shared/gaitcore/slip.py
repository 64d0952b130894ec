"""Slip of the clip: a sudden, lasting turn of the sensor on the body."""

from math import asin, sqrt

from gaitcore.frames import dot, unit
from gaitcore.units import DEG


def angle_deg(a, b):
    """Angle between two unit vectors, by the chord: exact enough where cosines have lost their digits."""
    d = [a[k] - b[k] for k in range(3)]
    return DEG * 2.0 * asin(min(1.0, 0.5 * sqrt(dot(d, d))))


class SlipWatch:
    """Watches the mean up of each stride, in sensor axes, for a jump that stays.

    Theory of operation. `before` follows the stride means slowly. When two strides in a row lie `slip_deg` or more from it and
    the jump happened within `sudden` steps, a suspicion starts; it becomes a slip when the means stay away, near one new place,
    for `confirm` steps. A slow change of posture moves `before` along and never jumps.

    Settings  slip_deg float
    In        update(up): mean up of the stride around each step, sensor axes
    Out       degrees when a slip is confirmed, else 0.0
    Latency   `confirm` steps, about 8 s
    """

    def __init__(self, slip_deg=5.0, sudden=3, confirm=20):
        self._far = slip_deg - 0.5
        self._sudden = sudden
        self._confirm = confirm
        self._recent = []
        self.reset()

    def reset(self):
        self._recent.clear()
        self._after = None
        self._before = None
        self._count = 0

    def update(self, up):
        recent = self._recent
        if self._after is None:
            recent.append(up)
            n = self._sudden + 2
            if len(recent) <= n:
                if self._before is None:
                    self._before = up
                return 0.0
            old = recent.pop(0)
            b = self._before
            # follows what is older than a sudden change
            self._before = unit([b[k] + 0.1 * (old[k] - b[k]) for k in range(3)])
            if angle_deg(recent[-1], recent[0]) >= self._far and angle_deg(up, self._before) >= self._far:
                self._after = up
                self._count = 0
            return 0.0
        a = self._after
        self._after = unit([a[k] + 0.15 * (up[k] - a[k]) for k in range(3)])
        self._count += 1
        away = angle_deg(self._after, self._before)
        if away < 0.7 * self._far:
            self._after = None
            recent.clear()
        elif self._count >= self._confirm:
            self._before = self._after
            self._after = None
            recent.clear()
            if away >= self._far:
                return away
        return 0.0
