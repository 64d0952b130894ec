"""The cue engine: decides, from the stored numbers of each step alone, when the clip buzzes and why.

Theory of operation. Two faults are watched, overstriding and an arched back (faults.py). Each goes through

    fine  --beyond the limit-->  held   --held sustain_s and allowed-->  cue
    held  --clearly back (hysteresis)-->  fine

on smoothed values: the mean of the middle five of the last nine steps, so that one odd step changes
nothing. The smoothing is late, so a fault is dated back to the first of the steps that show it. A step
is known a step and a half after its contact, and its cue felt at the end of the hop that brings it, a quarter of a
second later in the mean: a fault counts as held until then.
A cue then waits for its answer: form back in range within answer_s (command OK) or not. After
unanswered_max in a row without answer this kind stops (QUIET) until the runner unmutes or calibrates, or
form has been in range for resume_min.

A cue is allowed when: mode coach, not muted or paused, warm-up over, own baseline known, rhythm steady,
cue_gap_s since the last, fewer than cue_max within cue_window_s, inside the faded schedule's share.
All arithmetic is on whole numbers below 2**30, so that the desktop repeats the clip's decisions exactly.
docs/wear/cues.md has the rules in words, the state table and the measured figures.
"""

from gaitcore import records
from gaitcore.compat import const
from gaitcore.faults import ARCHED, BELOW_OWN, BELOW_TARGET, FAR_BELOW_OWN, N_STEPS, Arch, Overstride, Ring  # noqa: F401

NOTHING = const(0)
OVERSTRIDE = const(1)  # the same numbers as their patterns
ARCH = const(2)
OK = const(3)
BACK = const(5)  # the reason of OK; the others are those of faults.py

_BREAK_MS = const(1500)  # a longer gap between contacts is not running
_STEADY_PCT = const(10)  # strides may differ by this much within the last nine
_HOP_MS = const(500)  # a cue is given up to this much later than its step: gaps hold for when they are felt
_FADED_CYCLE_S = const(600)


def faded_share_pct(session):
    """Share of the time with cues in a session of the faded schedule: all in 1..4, withdrawn over 5..8, then none.

    Source    eight sessions, feedback withdrawn over the last four (Crowell, Davis 2011, Clin Biomech 26:78)
    Differs   the papers shorten it by eye; even steps of a fifth here
    """
    return 100 if session <= 4 else max(0, 100 - 20 * (session - 4)) if session <= 8 else 0


class CueEngine:
    """From quantised steps and the log's events to cues.

    Settings  a gaitcore Settings, read at each step
    In        update(fields, t_ms): one step as stored and its time; event(tag, t_ms, values): each event of
              the log, in the log's order, before what follows it
    Out       update gives NOTHING, OVERSTRIDE, ARCH or OK; pulse_ms then holds the length of its pulses;
              notes: list of (tag, values) to be logged, CUE, ANSWER, QUIET, of this call; told_ms: their time, about
              when a cue is felt, by the step's own numbers: a log gives it again, whatever hops the chain worked in
    Latency   the first step that is known sustain_s or more after the fault began gives the cue
    State     4 rings of 9 to 15 ints, about 20 more; cue times within the window
    Source    docs/wear/cues.md names each rule's; numbers in settings.py
    """

    def __init__(self, settings):
        self._settings = settings
        self._times = Ring(N_STEPS)
        self._over = Overstride(settings)
        self._arch = Arch(settings)
        self._faults = (None, self._over, self._arch)
        self._cue_times = []
        self.notes = []
        self.reset()

    def reset(self):
        self.pulse_ms = self.told_ms = 0
        self.number = 0
        self.muted = self.paused = False
        self.own = None  # cadence 0.1 steps/min, tilt 0.01 deg, braking mm/s
        self._first_ms = -1
        self._cue_times.clear()
        self._over.forget()
        self._forgive()
        self._break()

    def event(self, tag, t_ms, values):
        if tag == records.BASELINE:
            if values[0] != 2:  # that one was learned beside one that was carried over
                self.own = values[1:]
                self._over.begin(values[3])
        elif tag == records.START:
            self._over.version(values[0])
        elif tag == records.MUTE:
            self.muted = True
        elif tag == records.UNMUTE:
            self.muted = False
            self._forgive()
        elif tag == records.CALIBRATED:
            self._forgive()
            self._no_tilt()
        elif tag == records.PAUSE or tag == records.RESUME:
            self.paused = tag == records.PAUSE
            self._break()
        elif tag == records.SLIP:
            self._no_tilt()

    def update(self, fields, t_ms):
        if self.notes:
            self.notes.clear()
        last_ms = self._last_ms
        dt_ms = t_ms - last_ms
        if last_ms < 0 or dt_ms > _BREAK_MS:
            self._break()
            dt_ms = 0
        if self._first_ms < 0:
            self._first_ms = t_ms
        stride_ms = dt_ms + self._dt_ms if dt_ms and self._dt_ms else 0
        self._dt_ms = dt_ms
        self._last_ms = t_ms
        over, arch = self._over, self._arch
        times, own = self._times, self.own
        flags, tilt = fields[records.FLAGS], fields[records.TILT]
        times.push(t_ms)
        brake = records.NONE if flags & records.BLANKED else fields[records.PELVIS_LOSS]
        over.push(stride_ms, brake, fields[records.CONTACT], fields[records.FEATURE])
        if flags & records.NO_TILT_FLAGS:
            self._no_tilt()
        elif tilt != records.NO_TILT:
            arch.tilts.push(tilt)
        if not own or over.strides.missing:
            return NOTHING
        over.smooth()
        end_ms = self.told_ms = t_ms + 3 * over.stride_8 // 32 + _HOP_MS // 2
        kind = self._answer(t_ms) if self._pending else NOTHING
        stepping = over.judge(own, times, end_ms)
        arched = arch.judge(own, times, end_ms)
        if kind or not (stepping or arched) or not over.steady(_STEADY_PCT) or not self._allowed(t_ms):
            return kind
        if stepping and (not arched or stepping[0] >= arched[0]):
            return self._cue(t_ms, OVERSTRIDE, self._settings.overstride_pulse_ms, *stepping)
        return self._cue(t_ms, ARCH, self._settings.arch_pulse_ms, *arched)

    def _break(self):
        """Running has stopped or not begun: nothing of before counts as held."""
        self._times.reset()
        self._over.reset()
        self._dt_ms = 0
        self._last_ms = -1
        self._pending = NOTHING
        self._pending_ms = 0
        self._no_tilt()

    def _no_tilt(self):
        self._arch.reset()
        if self._pending == ARCH:
            self._pending = NOTHING

    def _forgive(self):
        self._over.forgive()
        self._arch.forgive()

    def _allowed(self, t_ms):
        s = self._settings
        times = self._cue_times
        while times and t_ms - times[0] >= s.cue_window_s * 1000 + _HOP_MS:
            times.pop(0)
        since_ms = t_ms - self._first_ms
        if s.mode or self.muted or self.paused or since_ms < s.warmup_s * 1000 or len(times) >= s.cue_max:
            return False
        if self._pending or times and t_ms - times[-1] < s.cue_gap_s * 1000 + _HOP_MS:
            return False
        if s.faded:
            share_ms = faded_share_pct(s.faded_session) * _FADED_CYCLE_S * 10
            return since_ms % (_FADED_CYCLE_S * 1000) < share_ms
        return True

    def _cue(self, t_ms, kind, pulse_ms, error_pct, reason, value, baseline, limit):
        growth = min(100, error_pct - 100) * self._settings.pulse_growth_pct
        self.pulse_ms = pulse_ms + pulse_ms * growth // 10000
        self._cue_times.append(t_ms)
        self._pending = kind
        self._pending_ms = t_ms
        self._note(kind, reason, value, baseline, limit)
        return kind

    def _note(self, kind, reason, value, baseline, limit):
        self.number = self.number + 1 & 255
        excess = self._over.pelvis_loss_excess_pct()
        excess = 0 if excess is None else max(-32767, min(32767, excess))
        values = (kind, reason, self.pulse_ms, _int16(value), _int16(baseline), _int16(limit), excess, self.number)
        self.notes.append((records.CUE, values))

    def _answer(self, t_ms):
        """Whether the last cue was answered by now."""
        s = self._settings
        kind = self._pending
        fault = self._faults[kind]
        after_ms = t_ms - self._pending_ms
        seen = fault.back(self.own)
        if seen is None:
            return NOTHING
        if seen[0]:
            self._pending = NOTHING
            fault.unanswered = 0
            self.notes.append((records.ANSWER, (kind, 1, min(after_ms, 65535))))
            if not s.cue_ok or s.mode or self.muted or self.paused:
                return NOTHING
            self.pulse_ms = s.ok_pulse_ms
            self._note(OK, BACK, seen[1], seen[2], seen[3])
            return OK
        if after_ms >= s.answer_s * 1000:
            self._pending = NOTHING
            fault.unanswered += 1
            self.notes.append((records.ANSWER, (kind, 0, min(after_ms, 65535))))
            if fault.unanswered >= s.unanswered_max:
                fault.quiet = True
                self.notes.append((records.QUIET, (kind, fault.unanswered)))
        return NOTHING


def _int16(value):
    return max(-32767, min(32767, value))
