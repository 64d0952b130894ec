"""Rhythm of running from the accelerometer alone: stride, step period, activity.

Once per hop of half a second: low-pass the three axes, take about 50 points a second of them, project on the vertical
(direction of the mean acceleration) into a ring of 2 s. The autocorrelation over the last 2 s gives the stride, the
period that every gait has, however unlike its two sides are. The step is half of it.

How the two sides differ shows in the odd harmonics of the stride, what they have in common in the even ones. Three lags
tell them apart: at a whole stride all harmonics come again; at half of one the odd ones change their sign; at a third
the third one comes again alone, and every other counts minus one half. A runner's even harmonics outweigh the first and
the fifth, and the third stays below 1.5 times the second. Where the first outweighs them, the period found is one step
(of a walker, or a hop), not two.
"""

import math

from gaitcore.compat import FLOAT, cells, const, np, put, sosfilt
from gaitcore.gate import RUNNING, Gate

_MOST_POINTS = const(28)  # per hop; more samples than that are thinned out to the next
_POINTS = const(24)
_HOPS = const(10)
_WINDOW_HOPS = const(4)  # 2 s
_LAG_MIN_S = 0.48  # of a stride: 250 steps/min
_LAG_MAX_S = 1.04  # 115 steps/min
_LEAST_HOPS = const(3)
_WALK_MIN_S = 0.75
_WALK_MAX_S = 1.33
_WALK_LAG = const(3)
_CUTOFF_HZ = 9.0
_UP_GAIN = 0.39  # of a hop: time constant 1 s
_FIRST_PEAK = 0.75  # of the greatest: an even runner's one and a half strides match as well as one
_MOST_THIRD = 2.2  # power of the third harmonic against that of the even ones
_LEAST_G = 0.05
_SIDEWAYS_HOPS = const(4)
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


def at_rest(sos):
    """State `zi` (sections, 2) of a low-pass after a long rest at 1."""
    return np.array([[1.0 - b0, b2 - a2] for b0, _, b2, _, _, a2 in sos.tolist()], dtype=FLOAT)


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
    """Stride, step period and activity, updated once per hop.

    Any sensor orientation: the vertical is the direction of the mean acceleration of the last second or so.

    Settings  rate_hz int 50..500
    In        push(acc): acc (3, n) FLOAT, rows ax ay az in g, n = rate_hz // 2; a shorter (last) hop is ignored
    Out       step_period_samples  float, half a stride, samples at rate_hz; 0.0 when unknown. Set as soon as a rhythm
                                   that could be running is seen (about 1.5 s), before running is confirmed: steps can
                                   be found and held
              odd                  float, the share of the odd harmonics in the stride's power: how far left and right
                                   differ
              activity             STILL, WALKING, RUNNING, OTHER of gate.py
              bout_start           int, sample index (counted from the first push) where the present rhythm began: when
                                   activity turns RUNNING, held steps from here on belong to the bout; -1 when no rhythm
    Latency   running is confirmed about 5 s after it began (look back to bout_start), 3.5 s when the data open in
              mid-run, 6 to 9 s for a slow shuffle; it is lost within 1.5 s of stopping
    Errors    ValueError for a rate out of range
    Source    Moe-Nilssen, Helbostad, J Biomech 2004, doi 10.1016/S0021-9290(03)00233-1: step and stride regularity
    Differs   the stride comes first and the step is half of it: a step that differs from the next one has no peak of
              its own
    Checked   docs/lab/algorithms.md, "Rhythm, steps and gate"
    """

    def __init__(self, rate_hz):
        if rate_hz != int(rate_hz) or not 50 <= rate_hz <= 500:
            raise ValueError("rate_hz must be a whole number in 50..500, got %r" % (rate_hz,))
        self.rate_hz = rate_hz = int(rate_hz)
        self._hop = hop = rate_hz // 2
        n = self._n = hop if hop <= _MOST_POINTS else _POINTS
        self._point_samples = hop / n
        self._at = None
        if n < hop:
            self._at = np.array([(k + 1) * hop / n - 1.0 for k in range(n)], dtype=FLOAT)
            self._all = np.array(list(range(hop)), dtype=FLOAT)
        point_hz = rate_hz / self._point_samples
        self._lag_min = int(_LAG_MIN_S * point_hz + 0.5)
        self._lag_max = int(_LAG_MAX_S * point_hz + 0.5)
        self._walk = range(int(_WALK_MIN_S * point_hz), int(_WALK_MAX_S * point_hz) + 1, _WALK_LAG)
        self._sos = lowpass(rate_hz, _CUTOFF_HZ)
        self._rest = at_rest(self._sos)
        self._size = _WINDOW_HOPS * n
        self._ring = np.zeros(2 * self._size, dtype=FLOAT)  # written twice, so that any 2 s lie in one piece
        self._powers = [0.0] * (2 * _HOPS)  # sums of squares over the halves of the last hops
        points = self._points = np.zeros((3, n), dtype=FLOAT)
        self._rows = points[0], points[1], points[2]
        self._up = [0.0, 0.0, 0.0]
        self._down, self._down_row = cells(1, 3)
        self._zi = [None, None, None]
        self._sideways = [0.0] * _SIDEWAYS_HOPS
        # sums of the ring and of its squares over each of the last hops, and over the second half of the last but one
        self._totals, self._squares = [0.0] * _WINDOW_HOPS, [0.0] * _WINDOW_HOPS
        self._gate = Gate()
        self.reset()

    def tune(self, rate_hz):
        self.rate_hz = rate_hz

    def reset(self):
        self._gate.reset()
        for k in range(_SIDEWAYS_HOPS):
            self._sideways[k] = 0.0
        for k in range(_WINDOW_HOPS):
            self._totals[k] = self._squares[k] = 0.0
        self._half = self._half_square = 0.0
        self._hops = 0
        self._alone = False
        self._stride = 0.0
        self._found = self._walking = self.regularity = 0.0
        self.step_period_samples = self.odd = 0.0
        self.activity = self._gate.activity
        self.bout_start = -1

    def push(self, acc):
        if acc.shape[1] != self._hop:
            return
        mean = np.mean(acc, axis=1).tolist()
        if not abs(sum(mean)) < 1e3:
            return  # not a number: it would stay in the filter for ever
        end = self._take(acc, mean)
        n, hops = self._n, self._hops
        # spread of the last 2 s and of the newest hop and a half of them, from the sums of hops
        window = (hops if hops < _WINDOW_HOPS else _WINDOW_HOPS) * n
        total = sum(self._totals)
        mid = total / window
        spread_g = math.sqrt(max(0.0, sum(self._squares) - total * mid) / window)
        total = self._totals[hops % _WINDOW_HOPS] + self._half
        square = self._squares[hops % _WINDOW_HOPS] + self._half_square
        newest = n + n // 2 if hops > 1 else n
        newest_g = math.sqrt(max(0.0, square - 2.0 * mid * total + mid * mid * newest) / newest)
        self._half, self._half_square = self._next_half
        sideways_g = math.sqrt(sum(self._sideways) / min(_SIDEWAYS_HOPS, self._hops))
        was = self.activity
        if spread_g < _LEAST_G:
            self._found = self.regularity = self._walking = 0.0
        else:
            # once a second is enough while running
            if was != RUNNING or hops % 2:
                x = self._ring[end - window : end]
                x = x - mid
                energy = np.dot(x, x)
                if hops >= _LEAST_HOPS:
                    self._found, self.regularity = self._rhythm(x, energy)
                if window == _WINDOW_HOPS * n and was != RUNNING:
                    self._walking = max([self._match(x, energy, lag) for lag in self._walk])
        spm = 0.0 if self._found == 0.0 else 120.0 * self.rate_hz / (self._found * self._point_samples)
        self.activity = self._gate.push(spread_g, newest_g, sideways_g, spm, self.regularity, self._walking)
        self._publish(spread_g)

    def _take(self, acc, mean):
        """Low-pass, pick the points, project, store; returns the end of the newest stretch of the ring."""
        up, points, thin, zi = self._up, self._points, self._at, self._zi
        if self._hops:
            for k in range(3):
                up[k] += (mean[k] - up[k]) * _UP_GAIN
        else:
            up[:] = mean
            for k in range(3):
                zi[k] = self._rest * mean[k]
        n = self._n
        x, y, z = up
        norm = max(0.1, math.sqrt(x * x + y * y + z * z))
        row = self._down
        row[0] = x / norm
        row[1] = y / norm
        row[2] = z / norm
        row = self._down_row
        if self.activity == RUNNING:
            # the horizontal tells walkers from runners before a bout: in it the vertical alone is filtered
            if not self._alone:
                self._alone = True
                zi[0] = (zi[0] * x + zi[1] * y + zi[2] * z) * (1.0 / norm)
            y, zi[0] = sosfilt(self._sos, np.dot(row, acc)[0], zi=zi[0])
            v = y if thin is None else np.interp(thin, self._all, y)
            v -= norm
        else:
            if self._alone:
                self._alone = False
                for k in range(3):
                    zi[k] = self._rest * mean[k]
            k = 0
            for part in self._rows:
                y, zi[k] = sosfilt(self._sos, acc[k], zi=zi[k])
                part[:] = y if thin is None else np.interp(thin, self._all, y)
                k += 1
            points -= np.array(up, dtype=FLOAT).reshape((3, 1))
            v = np.dot(row, points)[0]
            # the horizontal: what the vertical leaves of all three
            flat = points.reshape((3 * n,))
            horizontal = np.dot(flat, flat) - np.dot(v, v)
            self._sideways[self._hops % _SIDEWAYS_HOPS] = max(0.0, horizontal) / n
        at = (self._hops % _WINDOW_HOPS) * n
        put(self._ring[at : at + n], v)
        at += self._size
        put(self._ring[at : at + n], v)
        self._hops = hops = self._hops + 1
        k = hops % _WINDOW_HOPS
        square = np.dot(v, v)
        self._totals[k], self._squares[k] = np.sum(v), square
        v = v[n - n // 2 :]
        half = np.dot(v, v)
        self._next_half = np.sum(v), half
        k = 2 * (hops % _HOPS)
        self._powers[k], self._powers[k + 1] = square - half, half
        return at + n

    def _match(self, x, energy, lag):
        """Autocorrelation, made fair to long lags (each has its own number of products)."""
        n = len(x)
        m = n - lag
        return np.dot(x[:m], x[lag:]) * n / (m * energy)

    def _rhythm(self, x, energy):
        """Stride in points and the autocorrelation there; zeros when there is no rhythm."""
        if 0.0 < self._stride <= self._lag_max:  # near the stride of the hop before
            stride, fit = self._near(x, energy, int(self._stride + 0.5), 1)
            # what was a stride is looked at closely every other time
            if fit > _TRACKED and (self._hops & 2 or self._sides(x, energy, stride, fit) == 1):
                return stride, fit
        first, last = self._lag_min - 2, min(self._lag_max, len(x) - self._lag_min)
        c = [self._match(x, energy, lag) for lag in range(first, last + 3, 2)]
        bar = max(0.1, _FIRST_PEAK * max(c))
        for k in range(1, len(c) - 1):
            if c[k] >= bar and c[k] >= c[k - 1] and c[k] > c[k + 1]:
                stride, fit = self._near(x, energy, first + 2 * k, 2)
                steps = self._sides(x, energy, stride, fit)
                if steps:
                    return stride * steps, fit
                break
        return 0.0, 0.0

    def _sides(self, x, energy, stride, fit):
        """1 when the lag is a stride, 2 when it is one step of two, 0 when its harmonics are no gait's.

        How the power of what comes again after the lag is shared between its harmonics: see the module's text.
        """
        half = self._match(x, energy, int(0.5 * stride + 0.5))
        third = (self._match(x, energy, int(stride / 3.0 + 0.5)) + 0.5 * fit) / 1.5
        even = 0.5 * (fit + half)
        odd = fit - even
        if odd - third > even:
            return 2
        if third > _MOST_THIRD * even:
            return 0
        self.odd = odd / fit
        return 1

    def _near(self, x, energy, lag, reach):
        """The best lag within reach of the one given, with its fraction, and the autocorrelation there.

        The latter is 0.0 when the reach is 1 and the peak lies outside it: look again.
        """
        edge = reach > 1
        first = lag - reach - edge
        c = [self._match(x, energy, j) for j in range(first, min(lag + reach + 1 + edge, len(x) - 4))]
        k = _top(c)
        fit = c[k] if edge or c[k] >= max(c[k - 1], c[k + 1]) else 0.0
        return first + k + _vertex(c[k - 1], c[k], c[k + 1]), fit

    def _publish(self, spread_g):
        if self.activity != RUNNING and not self._gate.candidate():
            self.step_period_samples = self._stride = 0.0
            self.bout_start = -1
            return
        if self.bout_start < 0:
            self.bout_start = self._hops * self._hop - self._age(spread_g)
        if self._gate.candidate() or self._stride == 0.0:  # else hold what was, through a turn or a kerb
            self._stride = self._found
            self.step_period_samples = 0.5 * self._stride * self._point_samples

    def _age(self, spread_g):
        """Samples, newest first, with at least a fifth of the power of the last 2 s, in quarters of a second."""
        n, hops = self._n, self._hops
        age = 0
        floor = 0.2 * spread_g * spread_g
        for k in range(2 * min(hops, _HOPS)):
            part = n - n // 2 if k & 1 else n // 2
            if self._powers[(2 * hops + 1 - k) % (2 * _HOPS)] < floor * part:
                break
            age += part
        return int(age * self._point_samples)
