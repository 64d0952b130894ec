"""The signal chain: blocks of the sensor in, one Step per foot contact out.

Composes the modules and owns nothing but the order of work. See docs/algorithms.md.

Theory of operation. Input of any splitting is re-blocked into hops of a quarter of a second, and samples are averaged in
groups to an inner rate of 100 Hz or a little more. The first second waits until up is roughly known. Then each hop:
still or not (calibration), orientation, rhythm, contacts. A contact becomes a Step when the samples up to 1.25 periods
after it are in. Steps wait in `_held` until the rhythm says running, then those of the bout are given out.
"""

from gaitcore import attitude as att
from gaitcore.attitude import Attitude
from gaitcore.cadence import Rhythm
from gaitcore.calibration import Stance
from gaitcore.compat import FLOAT, np
from gaitcore.contact import Contact
from gaitcore.frames import cross, dot, level, unit
from gaitcore.oscillation import Oscillation
from gaitcore.ranges import mean_up, range_along, rotation_range_deg, tilt_deg
from gaitcore.ring import Ring
from gaitcore.steps import StepFinder
from gaitcore.units import G, RAD, index_to_ms

STILL, WALKING, RUNNING, OTHER = 0, 1, 2, 3
LEFT, RIGHT, UNKNOWN = 0, 1, 2
BLANKED, SATURATED, SETTLING, GAP, SLIPPED = 1, 2, 4, 8, 16

# Kinds of events: (kind, index, value). The index counts samples of the sensor.
CALIBRATED = 1  # value: quality 0..100
REFUSED = 2  # value: one of the reasons below
SLIP = 3  # value: degrees the clip has turned on the body, rounded
ACTIVITY = 4  # value: STILL, WALKING, RUNNING or OTHER

# Reasons for REFUSED.
MOVED = 1  # the runner moved before enough seconds were in
NOT_UPRIGHT = 2  # running does not fit the standing: the clip was not worn as calibrated


class Step:
    """One step in physical units; None where it could not be measured.

    on_ms int (initial contact, ms of the sample clock), contact_ms, cadence_spm, tilt_deg (relative
    to standing, positive = arched), tilt_range_deg, drop_range_deg, rotation_range_deg, vo_cm,
    brake_raw_mps, impact_g, feature 0..255 floats, side LEFT RIGHT UNKNOWN, flags bits.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.on_ms = 0
        self.contact_ms = self.cadence_spm = self.tilt_deg = None
        self.tilt_range_deg = self.drop_range_deg = self.rotation_range_deg = None
        self.vo_cm = self.brake_raw_mps = self.impact_g = self.feature = None
        self.side = UNKNOWN
        self.flags = 0



_FIRST_HOPS = 4
_HELD = 24
_SIGMA_STRIDE = 0.008  # g s: 0.08 m/s
_DRIFT_STRIDE = 0.005  # g s per sqrt(s)


class Pipeline:
    """From blocks of six sensor rows to Steps and events; the same for any splitting of the input.

    Settings  rate_hz int 50..500; settings gaitcore settings or None for the defaults; has_gyro
    In        push(block): (6, m) FLOAT, rows ax ay az [g] gx gy gz [dps], sensor axes, m >= 1;
              without a gyroscope the last three rows are ignored
              lost(n): n samples are missing before the next block
              blank(n): the accelerometer is not to be trusted for n samples from now
              calibrate(): start a standing calibration now (implied at the start)
              flush(): no more data; gives the steps that still waited
    Out       list of Step, the same list each call; valid until the next call
              events, index, cadence_spm, activity, up, calibration
    Latency   about one step plus a hop of a quarter of a second; the first steps of a bout come
              together once running is confirmed
    """

    def __init__(self, rate_hz, settings=None, has_gyro=True):
        if not 50 <= rate_hz <= 500 or rate_hz != int(rate_hz):
            raise ValueError("rate_hz must be a whole number in 50..500, is %r" % (rate_hz,))
        self.rate_hz = rate_hz = int(rate_hz)
        self.has_gyro = has_gyro
        group = max(1, rate_hz // 100)
        while rate_hz % group:
            group -= 1
        self._group = group
        rate = self._rate = rate_hz // group
        hop = self._hop = rate // 4
        self._raw = np.zeros((6, hop * group), dtype=FLOAT)
        self._block = np.zeros((6, hop), dtype=FLOAT)
        self._first = np.zeros((6, hop * _FIRST_HOPS), dtype=FLOAT)
        self._ring = Ring(att.ROWS, int(2.1 * rate) + hop, hop)
        self._attitude = Attitude(rate, hop, has_gyro)
        self._rhythm = Rhythm(rate)
        self._finder = StepFinder(rate)
        self._contact = Contact(rate)
        self._oscillation = Oscillation(rate)
        self._stance = Stance(hop / rate, has_gyro)
        self.events = []
        self._steps = []
        self._on = []
        self._held = []
        self._spare = []
        self.reset()

    def reset(self):
        self.index = 0
        self._filled = 0
        self._firsts = 0
        self._sample_offset = 0
        self.cadence_spm = 0.0
        self.activity = STILL
        self.up = [0.0, 1.0, 0.0]
        self.calibration = None
        self.forward = None
        self._forward_sum = [0.0, 0.0, 0.0]
        self._window_from = 0
        self._calibrating = True
        self._ring.reset()
        self._attitude.reset()
        self._rhythm.reset()
        self._finder.reset()
        self._stance.reset()
        self._on.clear()
        self._held.clear()
        self.events.clear()
        self._steps.clear()

    def push(self, block):
        self.events.clear()
        self._steps.clear()
        m = block.shape[1]
        size = self._hop * self._group
        at = 0
        while at < m:
            n = min(m - at, size - self._filled)
            self._raw[:, self._filled : self._filled + n] = block[:, at : at + n]
            self._filled += n
            at += n
            self.index += n
            if self._filled == size:
                self._filled = 0
                self._take_hop()
        return self._steps

    def flush(self):
        self.events.clear()
        self._steps.clear()
        if self._firsts < _FIRST_HOPS:
            self._begin()
        self._measure_steps(True)
        self._release()
        return self._steps

    def lost(self, n):
        self.index += n

    def blank(self, n):
        pass

    def calibrate(self):
        self._stance.reset()
        self._calibrating = True

    # -- one hop ------------------------------------------------------------------------------------------------------

    def _take_hop(self):
        group, raw, block = self._group, self._raw, self._block
        if group == 1:
            block[:, :] = raw
        else:
            block[:, :] = raw[:, 0::group]
            for k in range(1, group):
                block += raw[:, k::group]
            block *= 1.0 / group
        if self._firsts < _FIRST_HOPS:
            at = self._firsts * self._hop
            self._first[:, at : at + self._hop] = block
            self._firsts += 1
            if self._firsts == _FIRST_HOPS:
                self._begin()
        else:
            self._process(block)

    def _begin(self):
        """Up from the first second, then process what waited."""
        hop = self._hop
        a = self._attitude
        n = self._firsts
        self._firsts = _FIRST_HOPS
        if not n:
            return
        total = [0.0, 0.0, 0.0]
        for h in range(n):
            out = self._ring.space()
            a.propagate(self._first[:, h * hop : (h + 1) * hop], out)
            for k, row in enumerate((att.LEVEL_X, att.LEVEL_Y, att.VERT)):
                total[k] += np.sum(out[row])
        # the first sensor axes are the level frame of this sum: the quaternion began as the identity
        a.reset()
        a.align(total)
        for h in range(n):
            self._process(self._first[:, h * hop : (h + 1) * hop])

    def _process(self, block):
        a, ring, rhythm = self._attitude, self._ring, self._rhythm
        still = self._stance.hop_still(block)
        if self._calibrating:
            self._update_calibration(still)
        a.propagate(block, ring.space())
        start = ring.end
        ring.took()
        rhythm.push(block[:3])
        if rhythm.activity != self.activity:
            self.activity = rhythm.activity
            self.events.append((ACTIVITY, self.index, self.activity))
        self.cadence_spm = rhythm.cadence_spm
        self._correct(still)
        self.up = a.up
        vert = ring.view(att.VERT, start, ring.end)
        for t in self._finder.push(vert, start, rhythm.step_period_samples):
            self._on.append(t)
        self._measure_steps(False)
        self._release()

    def _update_calibration(self, still):
        s = self._stance
        if still and not s.full:
            return
        c = s.result(self.index)
        if c:
            self._calibrated(c)
        s.reset()

    def _calibrated(self, c):
        a = self._attitude
        self.calibration = c
        self._calibrating = False
        if self.has_gyro:
            a.bias_dps = list(c.bias_dps)
        a.align(c.up)
        a.forget(0.002, 0.03 * RAD if self.has_gyro else 0.0)
        self.events.append((CALIBRATED, self.index, c.quality))

    def _correct(self, still):
        """Windows of a whole stride when there is one, of one second otherwise."""
        ring, a, rate = self._ring, self._attitude, self._rate
        period = self._rhythm.step_period_samples
        stride = bool(period) and not still
        n = int(2.0 * period + 0.5) if stride else rate
        while ring.end - self._window_from >= n:
            p = max(self._window_from, ring.start)
            ex = np.mean(ring.view(att.LEVEL_X, p, p + n))
            ey = np.mean(ring.view(att.LEVEL_Y, p, p + n))
            if still:
                sigma, drift = 0.002, 0.001
            elif stride:
                sigma, drift = _SIGMA_STRIDE, _DRIFT_STRIDE
            else:
                sigma, drift = 0.05, 0.03
            p += n
            dx, dy = a.correct(ex, ey, n / rate, sigma, drift, 0.0 if self.has_gyro else 0.02)
            self._window_from = p
            if p < ring.end:
                vert = ring.view(att.VERT, p, ring.end)
                x = ring.view(att.LEVEL_X, p, ring.end)
                x -= vert * dx
                x = ring.view(att.LEVEL_Y, p, ring.end)
                x -= vert * dy

    # -- one step -----------------------------------------------------------------------------------------------------

    def _measure_steps(self, last):
        on, ring = self._on, self._ring
        while on:
            t = on[0]
            period = self._rhythm.step_period_samples or 0.33 * self._rate
            if len(on) > 1 and on[1] - t < 1.6 * period:
                period = on[1] - t
            elif not last and ring.end < t + 1.7 * period:
                return
            if ring.end < t + 1.25 * period + 2.0 and not last:
                return
            on.pop(0)
            self._measure(t, period)

    def _measure(self, t, period):
        ring, a = self._ring, self._attitude
        start = max(ring.start, int(t - 0.4 * period) - 1)
        end = min(ring.end, int(t + 1.25 * period) + 2)
        if end - start < period:
            return
        step = Step()
        vert = ring.view(att.VERT, start, end)
        # stride around the step: from one period before the contact to one after
        s0 = max(ring.start, int(t - period + 0.5))
        s1 = min(ring.end, int(t + period + 0.5))
        hx, hy = np.mean(ring.view(att.HEAD_X, s0, s1)), np.mean(ring.view(att.HEAD_Y, s0, s1))
        fwd = None
        if self.forward:
            n = 1.0 / max(1e-3, (hx * hx + hy * hy) ** 0.5)
            fwd = ring.view(att.LEVEL_X, start, end) * (hx * n) + ring.view(att.LEVEL_Y, start, end) * (hy * n)
        contact = self._contact
        on = t
        if contact.measure(vert, fwd, t - start, period):
            on = start + contact.on
            step.contact_ms = contact.contact_ms
            step.impact_g = contact.impact_g
            step.brake_raw_mps = contact.brake_mps
            step.feature = contact.feature
        raw = (on + 0.5) * self._group - 0.5 + self._sample_offset
        step.on_ms = int(1000.0 * (raw - int(raw)) / self.rate_hz) + index_to_ms(int(raw), self.rate_hz)
        step.vo_cm = self._oscillation.measure(ring.view(att.VERT, int(t + 0.5), s1))
        v = self._oscillation.velocity
        if self.has_gyro:
            up = mean_up(ring, att.UP_X, s0, s1)
            self._learn_forward(int(t + 0.5), s1, up, hx, hy)
            f = self.forward
            if f:
                if self.calibration:
                    step.tilt_deg = tilt_deg(up, f, self.calibration.up)
                f = level(f, up)
                step.tilt_range_deg = range_along(ring, att.UP_X, s0, s1, f)
                step.drop_range_deg = range_along(ring, att.UP_X, s0, s1, cross(f, up))
                step.rotation_range_deg = rotation_range_deg(ring, att.HEAD_X, s0, s1)
        if self.cadence_spm:
            step.cadence_spm = self.cadence_spm
        self._held.append((t, step))

    def _learn_forward(self, s0, s1, up, hx, hy):
        """Level force against vertical velocity: aft while sinking, fore while rising, so it points forward."""
        ring = self._ring
        v = self._oscillation.velocity
        cx = np.dot(ring.view(att.LEVEL_X, s0, s1), v)
        cy = np.dot(ring.view(att.LEVEL_Y, s0, s1), v)
        ref = level(self._attitude.reference, up)
        left = cross(up, ref)
        # the level frame turned so that the reference is its first axis
        n = 1.0 / max(1e-3, (hx * hx + hy * hy) ** 0.5)
        hx, hy = hx * n, hy * n
        p, q = cx * hx + cy * hy, cy * hx - cx * hy
        s = self._forward_sum
        for k in range(3):
            s[k] = 0.97 * s[k] + p * ref[k] + q * left[k]
        self.forward = level(s, up)

    def _release(self):
        """Give out what waits once it is running, and forget what was not."""
        held, rhythm = self._held, self._rhythm
        begin = rhythm.bout_start - 0.5 * rhythm.step_period_samples
        if self.activity == RUNNING:
            for t, step in held:
                if t >= begin:
                    if step.cadence_spm is None and self.cadence_spm:
                        step.cadence_spm = self.cadence_spm
                    self._steps.append(step)
            held.clear()
        elif rhythm.bout_start < 0:
            limit = self._ring.end - 6 * self._rate
            while held and (held[0][0] < limit or len(held) > _HELD):
                held.pop(0)
        else:
            while held and (held[0][0] < begin or len(held) > _HELD):
                held.pop(0)
