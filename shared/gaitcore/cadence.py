"""Rhythm of running from the accelerometer alone: step period, cadence, activity.

Once per hop: low-pass the three axes, take 12 points of them, project on the vertical (direction of the mean
acceleration) into a ring of 5 s. Over the last 2 s the autocorrelation's first strong peak is the step, the peak
near twice that lag the stride. The cadence comes from the newest stride matched to the one 4 s earlier.
"""

import math

from gaitcore.compat import FLOAT, const, np, sosfilt
from gaitcore.gate import RUNNING, Gate

_POINTS = const(12)  # per hop: about 48 Hz
_HOPS = const(20)
_RING = const(240)  # _POINTS * _HOPS
_WINDOW = const(96)  # 2 s
_CADENCE_WINDOW = const(192)  # 4 s
_LAG_MIN = const(11)  # 262 steps/min
_LAG_MAX = const(25)  # 115 steps/min
_CUTOFF_HZ = 9.0
_UP_GAIN = 0.22  # of a hop: time constant 1 s
_FIRST_PEAK = 0.6
_LEAST_G = 0.05
_SIDEWAYS_HOPS = const(8)
_TRACKED = 0.6


def lowpass(rate_hz, cutoff_hz):
    """Butterworth low-pass of fourth order as two second-order sections, (2, 6) FLOAT."""
    w = 2.0 * math.pi * cutoff_hz / rate_hz
    rows = []
    for q in (0.54119610, 1.3065630):
        alpha = math.sin(w) / (2.0 * q)
        gain = (1.0 - math.cos(w)) / 2.0 / (1.0 + alpha)
        rows.append([gain, 2.0 * gain, gain, 1.0, -2.0 * math.cos(w) / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha)])
    return np.array(rows, dtype=FLOAT)


def _vertex(below, peak, above):
    """Place of the maximum of the parabola through three equally spaced values, -0.5..0.5 from the middle one."""
    bend = below - 2.0 * peak + above
    return 0.0 if bend >= 0.0 else max(-0.5, min(0.5, 0.5 * (below - above) / bend))


def _top(values):
    """Index of the largest value that has a neighbour on both sides."""
    k = 1
    for j in range(2, len(values) - 1):
        if values[j] > values[k]:
            k = j
    return k


class Rhythm:
    """Step period, cadence and activity, updated once per hop.

    Any sensor orientation: the vertical is the direction of the mean acceleration of the last second or so.

    Settings  rate_hz int 50..500
    In        push(acc): acc (3, n) FLOAT, rows ax ay az in g, n = rate_hz // 4; a shorter (last) hop is ignored
    Out       step_period_samples  float, samples at rate_hz; 0.0 when unknown. Set as soon as a rhythm that could be
                                   running is seen (about 1 s), before running is confirmed: steps can be found and held
              cadence_spm          float, steps/min over the last 4 s; 0.0 when not running
              activity             STILL, WALKING, RUNNING, OTHER of gate.py
              bout_start           int, sample index (counted from the first push) where the present rhythm began: when
                                   activity turns RUNNING, held steps from here on belong to the bout; -1 when no rhythm
    Latency   running is confirmed about 5 s after it began (look back to bout_start), 3.5 s when the data open in
              mid-run, 6 to 9 s for a slow shuffle; it is lost within 1.5 s of stopping
    Errors    ValueError for a rate out of range
    Source    Moe-Nilssen, Helbostad, J Biomech 2004, doi 10.1016/S0021-9290(03)00233-1: step and stride regularity
    Differs   biased on purpose towards the first strong peak; cadence from one long lag instead of the step's lag: its
              sub-sample error is divided by the number of steps in between
    Checked   docs/algorithms.md, "Rhythm and gate"
    """

    def __init__(self, rate_hz):
        if rate_hz != int(rate_hz) or not 50 <= rate_hz <= 500:
            raise ValueError("rate_hz must be a whole number in 50..500, got %r" % (rate_hz,))
        self.rate_hz = rate_hz = int(rate_hz)
        self._hop = hop = rate_hz // 4
        self._point_samples = hop / _POINTS
        self._at = np.array([(k + 1) * hop / _POINTS - 1.0 for k in range(_POINTS)], dtype=FLOAT)
        self._all = np.array(list(range(hop)), dtype=FLOAT)
        self._sos = lowpass(rate_hz, _CUTOFF_HZ)
        self._ring = np.zeros(2 * _RING, dtype=FLOAT)  # written twice, so that any 5 s lie in one piece
        self._points = np.zeros((3, _POINTS), dtype=FLOAT)
        self._sideways = [0.0] * _SIDEWAYS_HOPS
        self._gate = Gate()
        self.reset()

    def reset(self):
        self._gate.reset()
        for k in range(_SIDEWAYS_HOPS):
            self._sideways[k] = 0.0
        self._zi = None
        self._hops = 0
        self._up = None
        self._stride = 0.0
        self._long_stride = 0.0
        self._found = self._walk = self.regularity = 0.0
        self.step_period_samples = 0.0
        self.cadence_spm = 0.0
        self.activity = self._gate.activity
        self.bout_start = -1

    def push(self, acc):
        if acc.shape[1] != self._hop:
            return
        mean = np.mean(acc, axis=1).reshape((3, 1))
        if not abs(float(np.sum(mean))) < 1e3:
            return  # not a number: it would stay in the filter for ever
        end = self._take(acc, mean)
        window = min(_WINDOW, self._hops * _POINTS)
        x = self._ring[end - window : end]
        x = x - np.mean(x)
        energy = float(np.dot(x, x))
        spread_g = math.sqrt(energy / window)
        newest = x[max(0, window - 3 * _POINTS) :]
        newest_g = math.sqrt(float(np.dot(newest, newest)) / len(newest))
        sideways_g = math.sqrt(sum(self._sideways) / min(_SIDEWAYS_HOPS, self._hops))
        # The costly parts take turns: the rhythm at odd hops, cadence or walking at even ones (whole seconds).
        turn = self._hops % 2
        if spread_g < _LEAST_G:
            self._found = self.regularity = self._walk = 0.0
        elif turn:
            if window >= 4 * _POINTS:
                self._found, self.regularity = self._rhythm(x, energy)
        elif window == _WINDOW and self.activity != RUNNING:
            self._walk = max([self._match(x, energy, lag) for lag in range(36, 64, 3)])
        spm = 0.0 if self._found == 0.0 else 120.0 * self.rate_hz / (self._found * self._point_samples)
        was = self.activity
        self.activity = self._gate.push(spread_g, newest_g, sideways_g, spm, self.regularity, self._walk)
        self._publish(end, spread_g, turn == 0 or was != RUNNING)

    def _take(self, acc, mean):
        """Low-pass, pick the points, project, store; returns the end of the newest stretch of the ring."""
        if self._up is None:
            self._up = mean * 1.0
            sos = self._sos
            one = np.array([[1.0 - sos[k][0], sos[k][2] - sos[k][5]] for k in range(2)], dtype=FLOAT)
            self._zi = [one * float(mean[k][0]) for k in range(3)]
        else:
            self._up += (mean - self._up) * _UP_GAIN
        points = self._points
        for k in range(3):
            y, self._zi[k] = sosfilt(self._sos, acc[k], zi=self._zi[k])
            points[k] = np.interp(self._at, self._all, y)
        points -= self._up
        row = self._up.reshape((1, 3))
        norm = max(0.1, math.sqrt(float(np.dot(row, self._up)[0][0])))
        v = np.dot(row, points)[0] / norm
        horizontal = float(np.sum(points * points)) - float(np.dot(v, v))
        self._sideways[self._hops % _SIDEWAYS_HOPS] = max(0.0, horizontal) / _POINTS
        at = (self._hops % _HOPS) * _POINTS
        self._ring[at : at + _POINTS] = v
        self._ring[at + _RING : at + _RING + _POINTS] = v
        self._hops += 1
        return at + _RING + _POINTS

    def _match(self, x, energy, lag):
        """Autocorrelation, made fair to long lags (each has its own number of products)."""
        n = len(x)
        return float(np.dot(x[: n - lag], x[lag:])) * n / ((n - lag) * energy)

    def _rhythm(self, x, energy):
        """Stride in points and the autocorrelation there; zeros when there is no rhythm."""
        if self._stride > 0.0:  # near the stride of the hop before
            stride, fit = self._near(x, energy, int(self._stride + 0.5), 1)
            if fit > _TRACKED:
                return stride, fit
        last = min(_LAG_MAX, len(x) // 2 - 2)
        c = [self._match(x, energy, lag) for lag in range(_LAG_MIN - 2, last + 2, 2)]
        bar = max(0.1, _FIRST_PEAK * max(c))
        for k in range(1, len(c) - 1):
            if c[k] >= bar and c[k] >= c[k - 1] and c[k] > c[k + 1]:
                return self._near(x, energy, 2 * (_LAG_MIN - 2 + 2 * k), 3)
        return 0.0, 0.0

    def _near(self, x, energy, lag, reach):
        """The best lag within reach of the one given, with its fraction, and the autocorrelation there.

        The latter is 0.0 when the reach is 1 and the peak lies outside it: look again.
        """
        first = lag - reach - 1
        c = [self._match(x, energy, j) for j in range(first, min(lag + reach + 2, len(x) - 4))]
        k = _top(c)
        fit = c[k] if reach > 1 or c[k] >= max(c[k - 1], c[k + 1]) else 0.0
        return first + k + _vertex(c[k - 1], c[k], c[k + 1]), fit

    def _publish(self, end, spread_g, due):
        running = self.activity == RUNNING
        if not running:
            self.cadence_spm = self._long_stride = 0.0
        if not running and not self._gate.candidate():
            self.step_period_samples = self._stride = 0.0
            self.bout_start = -1
            return
        if self.bout_start < 0:
            self.bout_start = (self._hops - self._age(end, spread_g)) * self._hop
        if self._gate.candidate() or self._stride == 0.0:  # else hold what was, through a turn or a kerb
            self._stride = self._found
            self.step_period_samples = 0.5 * self._stride * self._point_samples
            if running and due:
                self.cadence_spm = self._cadence(end, self._stride)

    def _age(self, end, spread_g):
        """Hops, newest first, with at least a fifth of the power of the last 2 s."""
        hops = 0
        floor = 0.2 * spread_g * spread_g * _POINTS
        while hops < min(self._hops, _HOPS):
            x = self._ring[end - (hops + 1) * _POINTS : end - hops * _POINTS]
            if float(np.dot(x, x)) < floor:
                break
            hops += 1
        return hops

    def _cadence(self, end, stride):
        """Steps/min: the newest stride against the same stride about 4 s earlier, and against the one after that."""
        known = min(_RING, (self._hops - self.bout_start // self._hop) * _POINTS)
        n = int(stride + 0.5)
        most = min(int(_CADENCE_WINDOW / stride) + 1, int((known - n - 5) / stride))
        if most < 1:
            return 120.0 * self.rate_hz / (stride * self._point_samples)
        reach = 3
        if abs(self._long_stride - stride) < 0.08 * stride:
            stride = self._long_stride  # of the hop before: nearer over many strides than that of the last 2 s
            reach = 1
        newest = self._ring[end - n : end]
        total = 0.0
        for strides in (most, max(1, most - 1)):
            total += self._earlier(newest, end - n, strides * stride, reach) / strides
        self._long_stride = 0.5 * total
        return 240.0 * self.rate_hz / (total * self._point_samples)

    def _earlier(self, newest, start, lag, reach):
        """The lag (points) within reach of the one given at which the newest stretch fits the ring best."""
        n = len(newest)
        for r in (reach, 3):  # the peak is outside what was looked at: look wider, once
            first = int(lag + 0.5) - r - 1
            c = [float(np.dot(newest, self._ring[start - j : start - j + n])) for j in range(first, first + 2 * r + 3)]
            k = _top(c)
            if r >= 3 or c[k] >= max(c[k - 1], c[k + 1]):
                break
        return first + k + _vertex(c[k - 1], c[k], c[k + 1])
