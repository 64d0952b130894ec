"""Samples of the sensor, averaged in groups, into one hop at the inner rate."""

from gaitcore.compat import FLOAT, np, put, scale
from gaitcore.units import ACC_G_PER_LSB_16G, GYR_DPS_PER_LSB_1000

# A little below the ends of the ranges: 32767 LSB of 16 g, 28571 LSB of 1000 dps.
_ACC_FULL_G = 15.95
_GYR_FULL_DPS = 999.0
_ACC_FULL_LSB = 32684
_GYR_FULL_LSB = 28543  # the lower of the two: what is below it is full in neither
_NONSENSE = 1e6


class Intake:
    """Fills the arrays of a hop, from blocks of any length or from a FIFO's frames.

    Settings  into: (6, hop) FLOAT to fill, rows gx gy gz [dps] ax ay az [g]; group: samples that make one of the inner
              rate; has_gyro: else the rates of rows() are left alone
    In        rows(block, at, end): samples [at, end) of (6, m) FLOAT, ax ay az [g] gx gy gz [dps]
              frames(lsb, at, end): samples [at, end) of (m, 6) INT16, gx gy gz ax ay az, LSB of units.py, whole groups
              and none begun. The array should be the same each time, as a FIFO's buffer is: views of it are kept
              bridge(n, bias_dps): n samples in which nothing turned, the last reading goes on; fill(): to the hop's end
              begin(): the next hop; ends_at(acc_g, gyr_dps): the ends of the range of rows()
    Out       rows, frames, bridge: samples taken, at most to the end of the hop, by bridge no part of a group
              room: samples that the hop takes still; filled: groups in it; full: one of its readings stood at the
              end of the sensor's range; sane(): whether all are numbers that a sensor can give
    """

    def __init__(self, into, group, has_gyro=True):
        self._all = into
        self.gyr, self.acc = gyr, acc = into[:3], into[3:]
        # array to fill, first row of its three in a block, its range
        self._kinds = ((acc, 0, _ACC_FULL_G), (gyr, 3, _GYR_FULL_DPS)) if has_gyro else ((acc, 0, _ACC_FULL_G),)
        self._group = group
        self._hop = into.shape[1]
        self._per_lsb = np.array([[GYR_DPS_PER_LSB_1000 / group]] * 3 + [[ACC_G_PER_LSB_16G / group]] * 3, dtype=FLOAT)
        self._rest = None  # a group in work: made when samples come one by one
        self._lsb = None
        self._n = 0
        self.reset()

    def reset(self):
        self._loose = 0  # samples of the group in work
        self.begin()

    def ends_at(self, acc_g, gyr_dps):
        """Rows of a sensor with another range than the clip's: from here on it counts as its end."""
        acc = (self.acc, 0, acc_g)
        self._kinds = (acc, (self.gyr, 3, gyr_dps)) if len(self._kinds) == 2 else (acc,)

    def begin(self):
        self.filled = 0
        self.room = self._hop * self._group
        self.full = self._doubtful = False

    @property
    def held(self):
        """Samples in the hop."""
        return self._hop * self._group - self.room

    def rows(self, block, at, end):
        group = self._group
        self._doubtful = True
        n = min(end - at, self.room)
        if self._loose or n < group:
            n = min(n, group - self._loose)
            if self._rest is None:
                self._rest = np.zeros((6, group), dtype=FLOAT)
            self._rest[:, self._loose : self._loose + n] = block[:, at : at + n]
            self._loose += n
            self.room -= n
            if self._loose == group:
                self._loose = 0
                self._average(self._rest, 1)
            return n
        n -= n % group
        self.room -= n
        self._average(block[:, at : at + n], n // group)
        return n

    def _average(self, block, m):
        group, a = self._group, self.filled
        for rows, first, most in self._kinds:
            part = block[first : first + 3]
            into = rows[:, a : a + m]
            into[:, :] = part[:, ::group]
            for k in range(1, group):
                into += part[:, k::group]
            # the sums tell whether to look closer
            if not (np.max(into) < most and np.min(into) > -most):
                if max(np.max(part), -np.min(part)) >= most:
                    self.full = True
            scale(into, 1.0 / group)
        self.filled += m

    def frames(self, lsb, at, end):
        if lsb is not self._lsb:
            self._views(lsb)
        group, a, n, room = self._group, self.filled, self._n, self.room
        m = end - at
        m = (m if m < room else room) // group
        if m == n and not a % n:
            into, parts = self._into[a // n], self._parts
        else:
            into = self._all[:, a : a + m]
            at //= group
            parts = [part[:, at : at + m] for part in self._parts]
        put(into, parts[0])
        for k in range(1, group):
            into += parts[k]
        # the sums of a group tell whether to look closer
        if np.max(into) >= _GYR_FULL_LSB or np.min(into) <= -_GYR_FULL_LSB:
            self._look(into[:3], lsb[:, :3], _GYR_FULL_LSB)
            self._look(into[3:], lsb[:, 3:], _ACC_FULL_LSB)
        scale(into, self._per_lsb)
        self.filled = a + m
        m *= group
        self.room = room - m
        return m

    def _views(self, lsb):
        """Views of an array that comes again and again, made once."""
        group = self._group
        self._lsb = lsb
        self._n = n = lsb.shape[0] // group
        self._parts = [lsb[k::group].T for k in range(group)]
        self._into = [self._all[:, a : a + n] for a in range(0, self._hop - n + 1, n)]

    def _look(self, sums, lsb, most):
        if (np.max(sums) >= most or np.min(sums) <= -most) and (np.max(lsb) >= most or np.min(lsb) <= -most):
            self.full = True

    def sane(self):
        if not self._doubtful:
            return True
        for rows, _, _ in self._kinds:
            if not (abs(np.sum(rows)) < _NONSENSE and np.max(rows) < _NONSENSE and np.min(rows) > -_NONSENSE):
                return False
        return True

    def bridge(self, n, bias_dps):
        group, a = self._group, self.filled
        if self._loose:
            n = min(n, group - self._loose)
            last = np.array(self._rest[:, self._loose - 1 : self._loose], dtype=FLOAT)  # a copy: that one did turn
            for k in range(3):
                last[3 + k, 0] = bias_dps[k]
            for _ in range(n):
                self.rows(last, 0, 1)
            return n
        m = min(n // group, self._hop - a)
        for k in range(3):
            self.acc[k, a : a + m] = self.acc[k, a - 1]  # of the hop before, where this one is empty
            self.gyr[k, a : a + m] = bias_dps[k]
        self.filled += m
        self.room -= m * group
        return m * group

    def fill(self):
        """The last reading to the end of the hop; gives the groups that are made of nothing else."""
        while self._loose:
            self.rows(self._rest[:, self._loose - 1 : self._loose], 0, 1)
        a, hop = self.filled, self._hop
        if a < hop:
            for rows in (self.acc, self.gyr):
                for k in range(3):
                    rows[k, a:] = rows[k, a - 1]
        self.filled = hop
        self.room = 0
        return hop - a
