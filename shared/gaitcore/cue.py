"""The cue engine: decides, from the stored numbers of each step alone, when the clip buzzes and why.

Theory of operation. Two faults are watched, overstriding and an arched back. Each goes through

    OFF   --beyond the limit-->  HELD   --held sustain_s and allowed-->  cue
    HELD  --clearly back (hysteresis)-->  OFF

on smoothed values: the mean of the middle five of the last nine steps, so that one odd step changes
nothing. The smoothing is late, so a fault is dated back to the first of the steps that show it. A step
is known, and its cue felt, a step and a half after its contact, so a fault counts as held until then.
A cue then waits for its answer: form back in range within answer_s (command OK) or not. After
unanswered_max in a row without answer this kind stops (QUIET) until the runner unmutes or calibrates, or
form has been in range for resume_min.

A cue is allowed when: mode coach, not muted or paused, warm-up over, own baseline known, rhythm steady,
cue_gap_s since the last, fewer than cue_max within cue_window_s, inside the faded schedule's share.
All arithmetic is on whole numbers below 2**30, so that the desktop repeats the clip's decisions exactly.
docs/cues.md has the rules in words, the state table and the measured figures.
"""

from gaitcore import records
from gaitcore.compat import const

NOTHING = const(0)
OVERSTRIDE = const(1)  # the same numbers as their patterns
ARCH = const(2)
OK = const(3)

# Reasons, in CUE events.
BELOW_OWN = const(1)  # cadence below own baseline, with braking above own trend
BELOW_TARGET = const(2)  # retrain: cadence below the target
FAR_BELOW_OWN = const(3)  # cadence far below own baseline; braking could not be measured
ARCHED = const(4)  # tilt above own baseline
BACK = const(5)  # back in range after a cue

_N = const(9)  # steps that are smoothed over
_BRAKES = const(15)
_TREND = const(128)  # steps of the braking trend's time constant
_PACE = const(256)  # and of the cadence trend's
_SLOW = const(4)  # while a fault is suspected the trends follow slower by this
_BREAK_MS = const(1500)  # a longer gap between contacts is not running
_STEADY_PCT = const(10)  # strides may differ by this much within the last nine
_HOP_MS = const(250)  # a cue is given up to this much later than its step: gaps hold for when they are felt
_FADED_CYCLE_S = const(600)
_BLANKED = const(1)
_NO_TILT_FLAGS = const(4 | 16)  # SETTLING, SLIPPED


def faded_share_pct(session):
    """Share of the time with cues in a session of the faded schedule: all in 1..4, withdrawn over 5..8, then none.

    Source    eight sessions, feedback withdrawn over the last four (FORM_KNOWLEDGE, How feedback teaches)
    Differs   the papers shorten it by eye; even steps of a fifth here
    """
    return 100 if session <= 4 else max(0, 100 - 20 * (session - 4)) if session <= 8 else 0


class _Ring:
    """The last n whole numbers, and the mean of their middle."""

    def __init__(self, n):
        self._values = [0] * n
        self._sorted = [0] * n
        self.n = n
        self.reset()

    def reset(self):
        self.count = 0
        self._at = 0

    def push(self, value):
        self._values[self._at] = value
        self._at = (self._at + 1) % self.n
        if self.count < self.n:
            self.count += 1

    def back(self, steps):
        """The value pushed `steps` before the last."""
        return self._values[(self._at - 1 - steps) % self.n]

    def run(self, level):
        """Steps back to the first of the unbroken run of values of at least `level`, one odd value allowed."""
        odd = 0
        for k in range(self.count):
            if self.back(k) < level:
                odd += 1
                if odd == 2:
                    return k - 1
        return self.count - 1

    def last(self):
        """Mean of the last two values, times 8."""
        return 4 * (self.back(0) + self.back(1))

    def middle(self):
        """Mean of the middle values times 8, a quarter left out at each end; the spread of those. When full."""
        values = self._sorted
        values[:] = self._values
        values.sort()
        trim = self.n // 4
        total = 0
        for i in range(trim, self.n - trim):
            total += values[i]
        return (total * 8) // (self.n - 2 * trim), values[self.n - 1 - trim] - values[trim]


class _Fault:
    """One kind of fault: since when it is held, how often its cue went unanswered."""

    def __init__(self):
        self.reset()
        self.unanswered = 0
        self.quiet = False

    def reset(self):
        self.since_ms = -1  # held since; -1 not
        self.good_ms = -1  # back since; -1 not


class CueEngine:
    """From quantised steps and the log's events to cues.

    Settings  a gaitcore Settings, read at construction and at each SETTING event
    In        update(fields, t_ms): one step as stored and its time; event(tag, t_ms, values): each event of
              the log, in the log's order, before what follows it
    Out       update gives NOTHING, OVERSTRIDE, ARCH or OK; pulse_ms then holds the length of its pulses;
              notes: list of (tag, values) to be logged, CUE, ANSWER, QUIET, of this call
    Latency   the first step that is known sustain_s or more after the fault began gives the cue
    State     3 rings of 9, 9 and 15 ints, about 20 more; cue times within the window
    Source    FORM_KNOWLEDGE.md; numbers in settings.py
    """

    def __init__(self, settings):
        self._settings = settings
        self._strides = _Ring(_N)
        self._times = _Ring(_N)
        self._tilts = _Ring(_N)
        self._brakes = _Ring(_BRAKES)
        self._faults = (None, _Fault(), _Fault())
        self.notes = []
        self.reset()

    def reset(self):
        self.pulse_ms = 0
        self.number = 0
        self.muted = self.paused = False
        self.own = None  # cadence 0.1 steps/min, tilt 0.01 deg, braking mm/s
        self._first_ms = self._last_ms = -1
        self._dt_ms = 0
        self._trend = self._trend_steps = self._pace = 0
        self._cue_times = []
        self._pending = NOTHING
        self._pending_ms = 0
        for fault in self._faults[1:]:
            fault.reset()
            fault.unanswered = 0
            fault.quiet = False
        self._break()

    def event(self, tag, t_ms, values):
        if tag == records.BASELINE:
            self.own = values[1:]
            if values[3] > 0 and not self._trend_steps:
                self._trend = values[3] * 64
                self._trend_steps = _TREND // 2
        elif tag == records.MUTE:
            self.muted = True
        elif tag == records.UNMUTE or tag == records.CALIBRATED:
            self.muted = self.muted and tag != records.UNMUTE
            for fault in self._faults[1:]:
                fault.quiet = False
                fault.unanswered = 0
            if tag == records.CALIBRATED:
                self._no_tilt()
        elif tag == records.PAUSE or tag == records.RESUME:
            self.paused = tag == records.PAUSE
            self._break()
        elif tag == records.SLIP:
            self._no_tilt()

    def update(self, fields, t_ms):
        self.notes.clear()
        dt_ms = t_ms - self._last_ms
        if self._last_ms < 0 or dt_ms > _BREAK_MS:
            self._break()
            dt_ms = 0
        if self._first_ms < 0:
            self._first_ms = t_ms
        stride_ms = dt_ms + self._dt_ms if dt_ms and self._dt_ms else 0
        self._dt_ms = dt_ms
        self._last_ms = t_ms
        self._take(fields, stride_ms, t_ms)
        if self._strides.count < _N:
            return NOTHING
        stride_8, spread = self._strides.middle()
        steady = spread * 800 <= _STEADY_PCT * stride_8
        cadence = 9600000 // stride_8  # 0.1 steps/min
        end_ms = t_ms + 3 * stride_8 // 32
        kind = self._answer(t_ms, cadence) if self._pending else NOTHING
        over = self._overstride(cadence, end_ms)
        arch = self._arch(end_ms)
        if not kind and steady and (over or arch) and self._allowed(t_ms):
            kind = self._cue(t_ms, *(over if over and (not arch or over[0] >= arch[0]) else arch))
        return kind

    def _break(self):
        """Running has stopped or not begun: nothing of before counts as held."""
        self._strides.reset()
        self._times.reset()
        self._brakes.reset()
        self._dt_ms = 0
        self._last_ms = -1
        self._pending = NOTHING
        self._faults[OVERSTRIDE].reset()
        self._no_tilt()

    def _no_tilt(self):
        self._tilts.reset()
        self._faults[ARCH].reset()
        if self._pending == ARCH:
            self._pending = NOTHING

    def _take(self, fields, stride_ms, t_ms):
        flags = fields[records.FLAGS]
        if flags & _NO_TILT_FLAGS:
            self._no_tilt()
        elif fields[records.TILT] != records.NO_TILT:
            self._tilts.push(fields[records.TILT])
        self._times.push(t_ms)
        if stride_ms:
            self._strides.push(stride_ms)
        brake = fields[records.BRAKE]
        if brake != records.NONE and not flags & _BLANKED:
            self._brakes.push(brake)

    def _held(self, fault, ring, level, value, last, limit, back, end_ms):
        """Follow one fault; True when it is held long enough and the last steps show it still.

        ring, level: its steps, and what one of them must reach to belong to the fault
        """
        if value >= back:
            fault.good_ms = -1
        elif fault.good_ms < 0:
            fault.good_ms = end_ms
        elif fault.quiet and self._settings.resume_min:
            fault.quiet = end_ms - fault.good_ms < self._settings.resume_min * 60000
            fault.unanswered *= fault.quiet
        if fault.since_ms < 0:
            if value < limit:
                return False
            fault.since_ms = self._times.back(min(ring.run(level), _N - 1))
        elif value < back:
            fault.since_ms = -1
            return False
        held = end_ms - fault.since_ms >= self._settings.sustain_s * 1000
        return held and value >= limit and last >= back and not fault.quiet

    def _goal(self):
        """Cadence to be judged against, and how far below it is a fault, in thousandths."""
        s, own = self._settings, self.own[0]
        if s.overstride_rule:
            return own * s.cadence_target_pct // 100, max(5, 10 * s.retrain_tolerance_pct)
        reach = own * s.overstride_cadence_pct // 100
        return max(own - reach, min(own + reach, self._pace // _PACE)), 10 * s.overstride_cadence_pct

    def _overstride(self, cadence, end_ms):
        """(error in percent of its limit, kind, reason, value, baseline, limit) of an overstride to cue, or None."""
        s = self._settings
        if not s.cue_overstride or not self.own or self.own[0] <= 0:
            return None
        fault = self._faults[OVERSTRIDE]
        goal, limit_pm = self._goal()
        short_pm = (goal - cadence) * 1000 // goal
        last_pm = (goal - 9600000 // self._strides.last()) * 1000 // goal
        back_pm = limit_pm * 3 // 4
        level_ms = 1200000000 // (goal * (1000 - back_pm))
        held = self._held(fault, self._strides, level_ms, short_pm, last_pm, limit_pm, back_pm, end_ms)
        self._follow(cadence, 1 if fault.since_ms < 0 else _SLOW)
        reason = BELOW_TARGET
        if held and not s.overstride_rule:
            # the further cadence is down, the less braking must show: none at one and a half times the limit
            excess, reason = self.brake_excess_pct(), BELOW_OWN
            if excess is None:
                excess, reason = 0, FAR_BELOW_OWN
            held = excess * limit_pm >= s.overstride_brake_pct * (3 * limit_pm - 2 * short_pm)
            held = held and cadence * 1000 <= self.own[0] * (1000 - limit_pm // 4)
        if not held:
            return None
        return short_pm * 100 // limit_pm, OVERSTRIDE, reason, cadence, goal, goal - goal * limit_pm // 1000

    def _follow(self, cadence, slower):
        """Own trend of cadence and braking; slower in a suspected fault, so that it can be held and cued again."""
        if not self._pace:
            self._pace = self.own[0] * _PACE
        self._pace += (cadence - self._pace // _PACE + slower // 2) // slower
        if self._brakes.count:
            if self._trend_steps < _TREND:
                self._trend_steps += 1
            # braking trend in 1/64 mm/s; a count is 4 mm/s
            n = self._trend_steps * slower
            self._trend += (self._brakes.back(0) * 256 - self._trend + n // 2) // n

    def brake_excess_pct(self):
        """Braking of the last 15 steps above own trend, percent; None when not measured."""
        if self._brakes.count < _BRAKES or self._trend < 256:
            return None
        middle_8, _ = self._brakes.middle()
        return (middle_8 * 32 - self._trend) * 100 // self._trend

    def _arch(self, end_ms):
        s = self._settings
        if not s.cue_arch or not self.own or self.own[1] == records.NO_TILT or self._tilts.count < _N:
            return None
        limit = 100 * s.tilt_cue_deg
        tilt = self._tilts.middle()[0] // 8
        over, last = tilt - self.own[1], self._tilts.last() // 8 - self.own[1]
        level = self.own[1] + limit - 100
        if not self._held(self._faults[ARCH], self._tilts, level, over, last, limit, limit - 100, end_ms):
            return None
        return over * 100 // limit, ARCH, ARCHED, tilt, self.own[1], self.own[1] + limit

    def _allowed(self, t_ms):
        s = self._settings
        times = self._cue_times
        while times and t_ms - times[0] >= s.cue_window_s * 1000 + _HOP_MS:
            times.pop(0)
        since_ms = t_ms - self._first_ms
        if s.mode or self.muted or self.paused or since_ms < s.warmup_s * 1000 or len(times) >= s.cue_max:
            return False
        if times and t_ms - times[-1] < s.cue_gap_s * 1000 + _HOP_MS or self._pending:
            return False
        if s.faded:
            share_ms = faded_share_pct(s.faded_session) * _FADED_CYCLE_S * 10
            return since_ms % (_FADED_CYCLE_S * 1000) < share_ms
        return True

    def _cue(self, t_ms, error_pct, kind, reason, value, baseline, limit):
        s = self._settings
        self.pulse_ms = s.overstride_pulse_ms if kind == OVERSTRIDE else s.arch_pulse_ms
        self.pulse_ms += self.pulse_ms * min(100, error_pct - 100) * s.pulse_growth_pct // 10000
        self._cue_times.append(t_ms)
        self._pending = kind
        self._pending_ms = t_ms
        self._note(kind, reason, value, baseline, limit)
        return kind

    def _note(self, kind, reason, value, baseline, limit):
        self.number = self.number + 1 & 255
        excess = self.brake_excess_pct()
        excess = 0 if excess is None else max(-32767, min(32767, excess))
        values = (kind, reason, self.pulse_ms, value, baseline, limit, excess, self.number)
        self.notes.append((records.CUE, values))

    def _answer(self, t_ms, cadence):
        """Whether the last cue was answered by now."""
        s = self._settings
        kind = self._pending
        fault = self._faults[kind]
        after_ms = t_ms - self._pending_ms
        if kind == ARCH:
            if self._tilts.count < _N:
                return NOTHING
            value, baseline = self._tilts.middle()[0] // 8, self.own[1]
            limit = baseline + 100 * min(s.tilt_amber_deg, s.tilt_cue_deg)
            back = value < limit
        else:
            baseline, limit_pm = self._goal()
            value, limit = cadence, baseline - baseline * limit_pm * 3 // 4000
            back = value >= limit
        if back:
            self._pending = NOTHING
            fault.unanswered = 0
            self.notes.append((records.ANSWER, (kind, 1, min(after_ms, 65535))))
            if not s.cue_ok or s.mode or self.muted or self.paused:
                return NOTHING
            self.pulse_ms = s.ok_pulse_ms
            self._note(OK, BACK, value, baseline, limit)
            return OK
        if after_ms >= s.answer_s * 1000:
            self._pending = NOTHING
            fault.unanswered += 1
            self.notes.append((records.ANSWER, (kind, 0, min(after_ms, 65535))))
            if fault.unanswered >= s.unanswered_max:
                fault.quiet = True
                self.notes.append((records.QUIET, (kind, fault.unanswered)))
        return NOTHING
