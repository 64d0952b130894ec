"""The neutral posture: the runner squeezes the glutes, the pelvis turns a little and the arch flattens."""

from math import asin

from gaitcore.compat import const
from gaitcore.frames import dot, unit
from gaitcore.slip import angle_deg
from gaitcore.units import DEG

WAITING = const(0)
DONE = const(1)
MOVED = const(2)
_LEAD_MS = const(1500)  # from the buzz until the squeeze is held
_SPREAD_DEG = 3.0  # more movement than that while it should be held
_MOST_DEG = 25.0  # no pelvis does that: the runner bent


class Squeeze:
    """How far the usual stance is from the neutral one.

    Settings  hold_s int
    In        begin(now_ms, up): standing as usual, up in sensor axes; update(now_ms, up) once a hop
    Out       update: WAITING, DONE or MOVED; arch_cdeg(forward): the usual stance minus neutral, 0.01 deg, positive =
              arched; with forward None its size only
    Latency   hold_s and 1.5 s. State: two vectors, two times
    Source    article A of runs/knowledge.py ("How to prevent back injuries"); the mean over the hold is ours
    """

    def __init__(self, hold_s):
        self._hold_ms = hold_s * 1000

    def begin(self, now_ms, up):
        self._usual = list(up)
        self._from_ms = now_ms + _LEAD_MS
        self._sum = [0.0, 0.0, 0.0]
        self._first = None

    def update(self, now_ms, up):
        if now_ms < self._from_ms:
            return WAITING
        if self._first is None:
            self._first = list(up)
        if angle_deg(up, self._first) > _SPREAD_DEG or angle_deg(up, self._usual) > _MOST_DEG:
            return MOVED
        for k in range(3):
            self._sum[k] += up[k]
        return WAITING if now_ms < self._from_ms + self._hold_ms else DONE

    def arch_cdeg(self, forward):
        neutral = unit(self._sum)
        if forward is None:
            degrees = angle_deg(neutral, self._usual)
        else:
            degrees = DEG * (asin(dot(neutral, forward)) - asin(dot(self._usual, forward)))
        return int(100.0 * degrees + (0.5 if degrees >= 0 else -0.5))
