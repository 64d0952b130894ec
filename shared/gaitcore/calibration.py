"""Standing calibration: ten seconds of standing give gyroscope bias, vertical and a quality."""

from math import sqrt

from gaitcore.compat import np
from gaitcore.frames import unit

_LEAST_S = 4.0
_STILL_G = 0.03  # spread of the specific force in a hop
_STILL_DPS = 4.0  # spread of each rate in a hop
_BIAS_DPS = 8.0  # no gyroscope is worse: more is a turn


class Calibration:
    """What standing still gave: up (sensor axes), bias_dps, seconds, quality 0..100, index where it ended."""

    def __init__(self, up, bias_dps, seconds, quality, index):
        self.up = up
        self.bias_dps = bias_dps
        self.seconds = seconds
        self.quality = quality
        self.index = index


class Stance:
    """Gathers hops of standing still.

    Settings  hop_s, has_gyro, full_s wanted
    In        hop_still(acc, gyr): (3, n) FLOAT each, one hop, g and dps
    Out       hop_still: this hop was, as `still` says; seconds: standing so far without a move
              result(index) -> Calibration of what is gathered, or None when too short
    """

    def __init__(self, hop_s, has_gyro, full_s=10):
        self._hop_s = hop_s
        self.full_s = full_s
        self._has_gyro = has_gyro
        self.reset()

    def reset(self):
        self._sum = [0.0] * 6
        self._waiting = []
        self._square = 0.0
        self._n = 0
        self.still = False

    @property
    def seconds(self):
        return self._n * self._hop_s

    @property
    def full(self):
        return (self._n + 1) * self._hop_s >= self.full_s - 0.01

    def hop_still(self, acc, gyr):
        """Whether nothing moves in this hop, and takes it in when so."""
        rows = 6 if self._has_gyro else 3
        means = [0.0] * rows
        spread = 0.0
        for k in range(rows):
            row = acc[k] if k < 3 else gyr[k - 3]
            m = np.mean(row)
            s = np.std(row)
            if s > (_STILL_G if k < 3 else _STILL_DPS) or k > 2 and abs(m) > _BIAS_DPS:
                self.still = False
                return False
            if k < 3:
                spread += s * s
            means[k] = m
        a = means[0] * means[0] + means[1] * means[1] + means[2] * means[2]
        self.still = 0.85 < a < 1.15
        n = self._n
        if self.still and n:
            # a slow lean: the direction leaves the mean so far
            for k in range(3):
                if abs(means[k] - self._sum[k] / n) > 0.05:
                    self.still = False
        if self.still:
            # a move begins slowly: a hop counts when the one after it was still as well
            self._waiting.append((means, spread))
            if len(self._waiting) > 1:
                means, spread = self._waiting.pop(0)
                for k in range(rows):
                    self._sum[k] += means[k]
                self._square += spread
                self._n += 1
        return self.still

    def result(self, index):
        n = self._n
        if self.seconds < min(_LEAST_S, 0.8 * self.full_s):
            return None
        mean = [s / n for s in self._sum]
        noise = sqrt(self._square / n) / _STILL_G
        quality = int(100.0 * min(1.0, (n + 1) * self._hop_s / self.full_s) * max(0.1, 1.0 - 0.5 * noise))
        return Calibration(unit(mean[:3]), mean[3:], self.seconds, quality, index)
