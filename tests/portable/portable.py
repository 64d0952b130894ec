"""For scripts that every interpreter runs: checks, and a runner made by formula. Device Python only."""

import math


def near(got, want, within, what=""):
    if not abs(got - want) <= within:
        raise AssertionError("%s is %r, not %r within %r" % (what or "value", got, want, within))


def all_near(got, want, within, what=""):
    got, want = list(got), list(want)
    if len(got) != len(want):
        raise AssertionError("%s has %d values, not %d" % (what or "result", len(got), len(want)))
    for i in range(len(got)):
        near(got[i], want[i], within, "%s[%d]" % (what or "result", i))


def raises(kind, f, *args):
    try:
        f(*args)
    except kind:
        return
    raise AssertionError("%s was not raised" % kind.__name__)


class Runner:
    """Blocks of six sensor rows of somebody who stands, then runs in place by formula; the same numbers anywhere.

    A clip worn level: x forward, y up, z right. Vertical force is a half sine per step, forward force brakes and
    pushes, the pelvis rocks and turns once a stride. Not a human: enough for every part of the chain to have work.
    """

    def __init__(self, np, dtype, rate_hz=208, standing_s=12, cadence_spm=176, lean_deg=0.0):
        self.np = np
        self.dtype = dtype
        self.rate_hz = rate_hz
        self.standing = standing_s * rate_hz
        self.step = 60.0 * rate_hz / cadence_spm
        self.lean = math.radians(lean_deg)
        self.index = 0
        self._noise = 12345

    def _hash(self):
        """Noise of a generator that fits small ints: -1..1."""
        self._noise = (self._noise * 109 + 1021) % 65536
        return self._noise / 32768.0 - 1.0

    def block(self, m):
        rows = [[0.0] * m for _ in range(6)]
        for i in range(m):
            k = self.index + i
            ahead = up = side = 0.0
            pitch = roll = yaw = 0.0
            up = 1.0
            if k >= self.standing:
                t = (k - self.standing) / self.step
                phase = t - int(t)
                sign = 1.0 if int(t) % 2 == 0 else -1.0
                up = 3.7 * math.sin(math.pi * phase / 0.7) if phase < 0.7 else 0.0
                if phase < 0.12:
                    up += 1.2 * math.sin(math.pi * phase / 0.12)
                ahead = -0.5 * math.sin(2 * math.pi * phase / 0.7) if phase < 0.7 else 0.0
                side = 0.25 * sign * math.sin(math.pi * phase)
                stride = math.pi * t
                roll = 60.0 * math.cos(stride)
                yaw = 80.0 * math.sin(stride)
                pitch = 50.0 * math.cos(2 * stride)
            c, s = math.cos(self.lean), math.sin(self.lean)
            values = (ahead * c - up * s, up * c + ahead * s, side, roll + 0.4, yaw - 0.3, pitch + 0.2)
            for r in range(6):
                rows[r][i] = values[r] + self._hash() * (0.01 if r < 3 else 0.3)
        self.index += m
        block = self.np.zeros((6, m), dtype=self.dtype)
        for r in range(6):
            block[r, :] = self.np.array(rows[r], dtype=self.dtype)
        return block
