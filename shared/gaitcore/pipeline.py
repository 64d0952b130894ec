"""The signal chain: blocks of the sensor in, one Step per foot contact out.

Composes the modules and owns nothing but the order of work. See docs/lab/algorithms.md.

Theory of operation. Input of any splitting is re-blocked into hops of half a second, and samples are averaged
in groups to an inner rate of 50 Hz or a little more (intake.py). The first second waits until up is roughly known.
Then each hop: still or not (calibration), orientation, rhythm, contacts. A contact becomes a Step when the samples up
to 1.25 periods after it are in. Steps wait in `_held` until the rhythm says running, then those of the bout are given
out.
"""

from math import atan2

from gaitcore import attitude as att
from gaitcore import models
from gaitcore.attitude import Attitude
from gaitcore.cadence import Rhythm
from gaitcore.calibration import Stance
from gaitcore.compat import FLOAT, np
from gaitcore.frames import level, unit
from gaitcore.intake import Intake
from gaitcore.leveller import Leveller
from gaitcore.meter import LATEST, LEFT, RIGHT, UNKNOWN, Step, StepMeter  # noqa: F401
from gaitcore.records import BLANKED, GAP, SATURATED, SETTLING, SLIPPED
from gaitcore.ring import Ring
from gaitcore.side import SideVote
from gaitcore.slip import SlipWatch, angle_deg
from gaitcore.steps import Pace, StepFinder
from gaitcore.timebase import Timebase
from gaitcore.units import DEG, RAD

STILL, WALKING, RUNNING, OTHER = 0, 1, 2, 3

# Kinds of events: (kind, index, value). The index counts samples of the sensor.
CALIBRATED = 1  # value: quality 0..100
REFUSED = 2  # value: one of the reasons below
SLIP = 3  # value: degrees the clip has turned on the body, rounded; 0: it is back where it was
ACTIVITY = 4  # value: STILL, WALKING, RUNNING or OTHER

# Reasons for REFUSED.
MOVED = 1  # the runner moved before enough seconds were in
NOT_UPRIGHT = 2  # running does not fit the standing: the clip was not worn as calibrated

_FIRST_HOPS = 2
_HELD = 40
_SETTLED_RAD = 0.02
_MISWORN = 0.8660254  # cosine of 30 deg
_UNCALIBRATED_DEG = 20.0  # a smaller slip is not told without a calibration: it could be the orientation settling
_REBASE_S = 300  # longer than this the ring does not count on
_KEPT_S = 60
_QUIET_S = 0.75  # the end of a bout is told from so much without it
_PATIENCE_S = 8  # a calibration asked for waits so long for the runner to stand still, beyond its own length


class Pipeline:
    """From blocks of six sensor rows to Steps and events; the same for any splitting of the input.

    Settings  rate_hz int 50..500; settings gaitcore settings or None for the defaults; has_gyro
    In        push(block): (6, m) FLOAT, rows ax ay az [g] gx gy gz [dps], sensor axes, m >= 1;
              without a gyroscope the last three rows are ignored
              push_frames(lsb, at, end): samples as a FIFO gives them, see Intake.frames
              lost(n): n samples are missing before the next block
              blank(n): the accelerometer is not to be trusted for n samples from now
              calibrate(): start a standing calibration now (implied at the start)
              configure(settings): heed settings that have changed
              tune(): time has another rate
              flush(): no more data; gives the steps that still waited
    Out       list of Step, the same list each call; valid until the next call
              events, index, cadence_spm, activity, up (as of the last whole hop), calibration
              intake.room: samples that the hop in work still takes
              time: samples to milliseconds, a Timebase
              saturated: hops with a reading at the end of the sensor's range
              ups(since): up in sensor axes of what came after raw sample `since`, as far back as it is kept: (3, n),
              and the raw sample behind the last; each stands for `group` raw samples
    Latency   about one step plus a hop of half a second; the first steps of a bout come
              together once running is confirmed
    """

    def __init__(self, rate_hz, settings=None, has_gyro=True):
        if not 50 <= rate_hz <= 500 or rate_hz != int(rate_hz):
            raise ValueError("rate_hz must be a whole number in 50..500, is %r" % (rate_hz,))
        self.rate_hz = rate_hz = int(rate_hz)
        self.has_gyro = has_gyro
        group = max(1, rate_hz // 50)
        while rate_hz % group:
            group -= 1
        self.group = group
        rate = self._rate = rate_hz // group
        hop = self._hop = rate // 2
        self._first = None
        self._ring = Ring(att.ROWS, int(1.3 * rate) + hop, hop)  # two slow steps and the hops until they are known
        self._attitude = Attitude(rate, hop, has_gyro)
        self.intake = Intake(self._attitude.sensor, group, has_gyro)
        self._leveller = Leveller(self._ring, self._attitude, rate, hop)
        self._rhythm = Rhythm(rate)
        self._finder = StepFinder(rate)
        self._pace = Pace(rate)
        self._meter = StepMeter(self._ring, self._attitude, rate)
        self._stance = Stance(hop / rate, has_gyro)
        self._slip = SlipWatch()
        if settings is not None:
            self.configure(settings)
        self._side = SideVote()
        self.time = Timebase(rate_hz)
        self.events = []
        self._steps = []
        self._on = []
        self._held = []
        self._marks = []
        self.reset()

    def configure(self, settings):
        """calibrate_s and slip_deg as they are now: at a session's start, and before standing still."""
        self._stance.full_s = settings.calibrate_s
        self._slip.configure(settings.slip_deg)

    def reset(self):
        self.index = 0
        self.time.reset()
        self.cadence_spm = 0.0
        self.activity = STILL
        self.up = [0.0, 1.0, 0.0]
        self.calibration = None
        self.slipped = False
        self._sane = True
        self._misworn = 0
        self._tilt_of = self._tilt_from = self._fore = None
        self._firsts = self.saturated = 0
        if self._first is None:  # for the first second only
            self._first = np.zeros((6, self._hop * _FIRST_HOPS), dtype=FLOAT)
        self._offset = 0  # sensor samples that are not in the ring's count
        self._rhythm_from = 0  # ring index of the rhythm's first sample
        self._blank_until = 0
        self._asked = -1  # ring index where a calibration was asked for
        self._implied = True  # until running begins, any ten seconds of standing calibrate
        self._last_on = -1e6
        self._until = 0  # ring index: steps before it belong to the bout that has ended
        for part in (self.intake, self._ring, self._attitude, self._leveller, self._rhythm, self._finder, self._meter):
            part.reset()
        self._pace.reset()
        self._stance.reset()
        self._slip.reset()
        self._side.reset()
        for waiting in (self._on, self._held, self._marks, self.events, self._steps):
            waiting.clear()

    @property
    def forward(self):
        """Forward in sensor axes, or None while it is not known."""
        return self._meter.forward

    def ups(self, since):
        ring = self._ring
        end = self.index - self.intake.held
        start = max(ring.end - (end - since) // self.group, ring.start)
        return ring.rows(att.UP_X, att.UP_X + 3, start, ring.end), end

    # -- in -----------------------------------------------------------------------------------------------------------

    def push(self, block):
        return self._push(self.intake.rows, block, 0, block.shape[1])

    def push_frames(self, lsb, at, end):
        return self._push(self.intake.frames, lsb, at, end)

    def _push(self, take, samples, at, end):
        self.events.clear()
        steps, intake = self._steps, self.intake
        steps.clear()
        while at < end:
            n = take(samples, at, end)
            at += n
            self.index += n
            if not intake.room:
                self._take_hop()
        return steps

    def flush(self):
        self.events.clear()
        self._steps.clear()
        intake = self.intake
        if intake.held and self._firsts == _FIRST_HOPS:
            # what fills the hop is taken back before the steps are measured
            empty = intake.fill()
            self._take_hop()
            self._ring.drop(empty)
            while self._on and self._on[-1] > self._ring.end:
                self._on.pop()
        if self._firsts < _FIRST_HOPS:
            self._begin()
        self._measure_steps(True)
        self._release()
        return self._steps

    def lost(self, n):
        """A short gap is bridged by the last sample; a long one ends what was going on. Gives steps as push does."""
        self.events.clear()
        self._steps.clear()
        if n <= 0:
            return self._steps
        self.time.gap()
        rate, intake = self._rate, self.intake
        self.index += n
        if n <= 0.35 * self.rate_hz and self._ring.end + intake.filled:
            # a pelvis comes back within a stride: no rotation is a better guess than the last rate
            self._mark(self._ring.end, self._ring.end + self._hop, GAP)
            self._attitude.loosen(min(0.07, 1.5 * n / self.rate_hz))
            while n:
                took = intake.bridge(n, self._attitude.bias_dps)
                n -= took
                if not intake.room:
                    self._take_hop()
                if not took:
                    self._offset += n  # less than a group
                    break
            self._attitude.forget_velocity(0.05)
            return self._steps
        if self._firsts < _FIRST_HOPS:
            self._begin()
        self._measure_steps(True)
        end = self._ring.end
        self._mark(end - rate, end + rate, GAP)
        self._offset += n + intake.held
        intake.reset()
        self._ring.cut()
        self._finder.reset()
        self._pace.reset()
        self._rhythm.reset()
        self._rhythm_from = end
        self._side.reset()
        self._stance.reset()
        self._leveller.restart()
        seconds = n / self.rate_hz
        if seconds > 5.0:
            self._attitude.forget(0.5, 1.0 * RAD)
        else:
            self._attitude.forget_velocity(0.3)
            self._attitude.loosen(0.08 + 0.05 * seconds)
        return self._steps

    def blank(self, n):
        self._blank_until = max(self._blank_until, self.index + n)

    def tune(self):
        hz = self.time.rate_hz / self.group
        for part in (self._attitude, self._leveller, self._rhythm, self._meter, self._pace):
            part.tune(hz)

    def calibrate(self):
        self._stance.reset()
        self._asked = self._ring.end

    # -- one hop ------------------------------------------------------------------------------------------------------

    def _take_hop(self):
        intake, a = self.intake, self._attitude
        self._sane = intake.sane()
        if not self._sane:
            # not numbers, or beyond any sensor: as good as lost
            for k in range(3):
                a.force[k] = self.up[k]
                a.rate[k] = a.bias_dps[k]
            self._mark(self._ring.end, self._ring.end + self._hop, GAP)
            a.loosen(0.07)
        if intake.full:
            self.saturated += 1
            self._mark(self._ring.end, self._ring.end + self._hop, SATURATED)
            a.loosen(0.02)
        intake.begin()
        if self._firsts < _FIRST_HOPS:
            at = self._firsts * self._hop
            self._first[:3, at : at + self._hop] = a.force
            self._first[3:, at : at + self._hop] = a.rate
            self._firsts += 1
            if self._firsts == _FIRST_HOPS:
                self._begin()
        else:
            self._process()

    def _begin(self):
        """Up from the first second, then process what waited."""
        a, n = self._attitude, self._firsts
        if not n:
            return
        self._firsts = _FIRST_HOPS
        total = [0.0, 0.0, 0.0]
        for h in range(n):
            out = self._ring.space()
            self._again(h)
            a.propagate(out)
            for k, row in enumerate((att.LEVEL_X, att.LEVEL_Y, att.VERT)):
                total[k] += np.sum(out[row])
        # the level frame began as the sensor's axes, so the sum is up in them as they were at the start
        a.reset()
        a.align(total)
        for h in range(n):
            self._again(h)
            self._process()
        self._first = None

    def _again(self, h):
        """One of the first hops."""
        hop = self._hop
        self._attitude.force[:, :] = self._first[:3, h * hop : (h + 1) * hop]
        self._attitude.rate[:, :] = self._first[3:, h * hop : (h + 1) * hop]

    def _process(self):
        a, ring, rhythm = self._attitude, self._ring, self._rhythm
        if ring.end > _REBASE_S * self._rate:
            self._rebase(ring.end - _KEPT_S * self._rate)
        blind = (ring.end * self.group + self._offset) < self._blank_until
        still = False
        if not blind and (self.activity != RUNNING or self._asked >= 0):
            still = self._sane and self._stance.hop_still(a.force, a.rate)
            self._update_calibration(still)
        a.propagate(ring.space())
        start = ring.end
        ring.took()
        rhythm.push(a.force)
        period = rhythm.step_period_samples
        if rhythm.activity != self.activity:
            if self.activity == RUNNING:
                self._until = ring.end - int(_QUIET_S * self._rate)
            self.activity = rhythm.activity
            self.events.append((ACTIVITY, self.index, self.activity))
            if self.activity == RUNNING:
                self._run_began()
                self._stance.reset()
        lev = self._leveller
        if blind:
            stop = (self._blank_until - self._offset) // self.group + 1
            self._mark(start, min(stop, ring.end), BLANKED)
            lev.blind()
        else:
            lev.course = self._meter.course
            lev.update(lev.STILL if still else lev.STRIDE if period else lev.OTHER, period)
            if still and self.has_gyro:
                a.settle_heading()
        self.up = a.up
        self._on.extend(self._finder.push(ring.view(att.VERT, start, ring.end), start, period, rhythm.odd))
        self._measure_steps(False)
        self.cadence_spm = self._pace.spm(period) if self.activity == RUNNING else 0.0
        self._release()

    def _rebase(self, n):
        """Count the ring's samples anew: the board's numbers have 22 bits, and a contact is told to a 1/100 sample."""
        self._ring.shift(n)
        self._leveller.shift(n)
        self._finder.shift(n)
        self._pace.shift(n)
        self._offset += n * self.group
        self._rhythm_from -= n
        self._last_on -= n
        self._until -= n
        if self._asked >= 0:
            self._asked = max(0, self._asked - n)
        self._on[:] = [t - n for t in self._on]
        self._held[:] = [(held[0] - n,) + held[1:] for held in self._held]
        self._marks[:] = [(start - n, end - n, flag) for start, end, flag in self._marks]

    def _mark(self, start, end, flag):
        marks = self._marks
        marks.append((start, end, flag))
        while marks and marks[0][1] < self._ring.end - 4 * self._rate:
            marks.pop(0)

    # -- standing -----------------------------------------------------------------------------------------------------

    def _update_calibration(self, still):
        stance = self._stance
        if still and not stance.full:
            return
        c = stance.result(self.index)
        stance.reset()
        if self._asked >= 0:
            if c:
                self._calibrated(c, still)
            elif self._ring.end - self._asked > (stance.full_s + _PATIENCE_S) * self._rate:
                self._asked = -1
                self.events.append((REFUSED, self.index, MOVED))
        elif c and self._implied and (self.calibration is None or c.seconds >= self.calibration.seconds):
            self._calibrated(c, still)

    def _calibrated(self, c, still):
        a = self._attitude
        told = self.calibration is None or self._asked >= 0
        self.calibration = c
        self.slipped = False
        self._asked = -1
        self._slip.reset()
        if self.has_gyro:
            a.bias_dps = list(c.bias_dps)
            self._leveller.turn_floor = 0.04
        if still:
            a.align(c.up, True)
        a.forget(0.002 if still else 0.004, 0.3 / c.seconds * RAD if self.has_gyro else 0.0)
        if told:
            self.events.append((CALIBRATED, self.index, c.quality))

    def _run_began(self):
        if self._implied and self.calibration is None and self._asked < 0:
            self.events.append((REFUSED, self.index, MOVED))
        self._implied = False

    # -- steps --------------------------------------------------------------------------------------------------------

    def _measure_steps(self, last):
        on, end, meter = self._on, self._ring.end, self._meter
        usual = self._rhythm.step_period_samples
        while on:
            t = on[0]
            period = usual or 0.33 * self._rate
            stride = 2.0 * period
            follows = len(on) > 1 and on[1] - t < 1.6 * period
            if follows:
                period = on[1] - t
                stride = max(stride, 1.6 * period)
                wait = max(LATEST * stride, 1.25 * period) + 1.0
            else:
                wait = 1.7 * period
            if end < t + wait and not last:
                return
            on.pop(0)
            # steps since the last: a limping runner's long one is still one
            parity = self._side.count(int((t - self._last_on) / (usual or period) + 0.5) if self._last_on > 0 else 9)
            self._last_on = t
            step = meter.measure(t, period, stride, follows and end >= t + LATEST * stride, self._side)
            if step is None:
                continue
            self._pace.push(meter.on, usual)
            raw = (meter.on + 0.5) * self.group - 0.5
            whole = int(raw)
            late_ms = int(1000.0 * (raw - whole) / self.time.rate_hz + 0.5)
            step.on_ms = max(0, self.time.ms(whole + self._offset) + late_ms)
            for start, stop, flag in self._marks:
                if start < meter.last and stop > t - 0.4 * period:
                    step.flags |= flag
            if step.flags & GAP:
                step.tilt_range_deg = step.drop_range_deg = step.rotation_range_deg = None
            if step.flags & (BLANKED | GAP):
                step.contact_ms = step.impact_g = step.pelvis_loss_mps = step.push = step.vo_cm = step.sway_cm = None
            if self._attitude.p_tt > _SETTLED_RAD * _SETTLED_RAD:
                step.flags |= SETTLING
            self._held.append((t, parity, step, meter.up if meter.whole else None, meter.step_up))

    def _release(self):
        """Give out what waits once it is running, and forget what was not."""
        held, rhythm = self._held, self._rhythm
        begin = self._rhythm_from + rhythm.bout_start - 0.5 * rhythm.step_period_samples
        if self.activity == RUNNING:
            for t, parity, step, up, step_up in held:
                if t >= begin:
                    self._give(step, parity, up, step_up)
            held.clear()
        else:
            while held and held[0][0] < self._until:
                _, parity, step, up, step_up = held.pop(0)
                self._give(step, parity, up, step_up)
            if rhythm.bout_start < 0:
                begin = self._ring.end - 6 * self._rate
            while held and (held[0][0] < begin or len(held) > _HELD):
                held.pop(0)

    def _give(self, step, parity, up, step_up):
        if self.cadence_spm:
            step.cadence_spm = self.cadence_spm
        side = self._side.side(parity)
        if side:
            step.side = RIGHT if side > 0 else LEFT
        if step.push and (side or not self.has_gyro):
            step.feature = models.feature(step.push, side)
        f, c = self._meter.forward, self.calibration
        along = 1.0
        if up and c:
            x, y, z = up
            d, e, g = c.up
            along = x * d + y * e + z * g
            if f and self.has_gyro:
                # here, not when it was measured: the first steps of all wait until forward is well known
                if self._tilt_of is not f or self._tilt_from is not c:
                    self._tilt_of, self._tilt_from = f, c
                    self._fore = level(f, c.up)
                d, e, g = self._fore
                step.tilt_deg = DEG * atan2(-(x * d + y * e + z * g), along)
        if up and not step.flags & SETTLING:
            turned = self._slip.update(up, step_up, self._fore)
            if turned < _UNCALIBRATED_DEG and not c:
                turned = 0.0
            if c and not self.slipped:
                # far from the standing for long: it was not worn like this when it was calibrated
                self._misworn = self._misworn + 1 if along < _MISWORN else 0
                if self._misworn > 15:
                    turned = angle_deg(unit(up), c.up)
            if turned > 0.0 or turned and self.slipped:
                self.slipped = turned > 0.0
                self.events.append((SLIP, self.index, int(turned + 0.5) if self.slipped else 0))
        if self.slipped or self._slip.suspect:
            step.flags |= SLIPPED
        self._steps.append(step)
