"""One recording from first block to last: the same object, and so the same bytes, on clip and desktop.

Theory of operation. States:

    READY      blocks run through the signal chain (so that calibration is under way), nothing is recorded
    RUNNING    steps and events are recorded, cues are decided
    PAUSED     like READY, within a session; by the runner or, when running stops, by itself
    ENDED      the log is closed; blocks are ignored

    READY --start(), or steps with auto_start--> RUNNING --pause(), or no steps for auto_pause_s--> PAUSED
    PAUSED --resume(); or steps, if it paused by itself--> RUNNING;   any --stop(), discard()--> ENDED

The session cuts what is pushed at its own hop boundaries, and all it does by itself (cues, pauses, flushes,
beats, blanking) happens there, so any splitting of the input gives the same log and commands. What is asked
from outside (mute, marker, ...) happens at the sample where it is asked.

Order within a hop: the chain's events, then each step (log, engine, its notes, baseline), then flush. The
engine is told of each event after it is logged, so `rerun.replay_cues` over the log repeats every decision.
"""

from gaitcore import patterns, records
from gaitcore.baseline import NO_VALUE, Baseline
from gaitcore.compat import const
from gaitcore.cue import CueEngine
from gaitcore.neutral import MOVED, WAITING
from gaitcore.pages import LogWriter
from gaitcore.pipeline import ACTIVITY, CALIBRATED, REFUSED, SLIP, Pipeline
from gaitcore.settings import Settings, index_of

READY = const(0)
RUNNING = const(1)
PAUSED = const(2)
ENDED = const(3)
# Of a clip that has no session; its state is told with the others' numbers.
STANDBY = const(4)
LEAVING = const(5)
_METRONOME = const(2)
_NOT_HELD = const(3)  # reason of REFUSED, beside those of pipeline.py


class Session:
    """Blocks in, commands out, pages to a sink.

    Settings  rate_hz int 50..500; settings a Settings (kept and read, changed by `set` only; all of it is heeded from
              the next start on); has_gyro;
              info: firmware version, str; sink: see pages.LogWriter, None to keep no log; session, boot:
              their numbers; unix_s: time at the start, 0 unknown; max_pages: room for the log;
              room: in place of session and max_pages, a function that gives them when recording begins;
              pipeline: one of an earlier session, reset, to use its buffers again;
              own: baseline carried over, (cadence 0.1 steps/min, tilt 0.01 deg, braking mm/s), None: as settings say;
              calibration: one of an earlier session to begin with, or None; buf: 4,096 bytes to use
    In        push(block) (6, m) FLOAT as Pipeline; push_frames(lsb) (m, 6) INT16 as Intake; lost(n)
              flush(): the data ends, the session stops
              start() stop() discard() pause() resume() mute() unmute() marker() calibrate() set(name, value)
              battery(mv, percent) error(code, count) anchor(board_ms, unix_s, zone_min)
              pair(index, board_ms): so many samples had come by then; wanted from index time.next_index on
    Out       push, push_frames, lost, flush: list of commands (pattern of patterns.py, pulse_ms, delay_ms), the same
              list each time; the motor plays them. on_step(step, fields, t_ms), if set, is called with each recorded
              step; on_event(tag, t_ms, values, tail) with each event, recorded or not. tend(), if set, is called
              between steps where many come at once.
              state, index, now_ms, steps, muted, pipeline, time, log, engine
    Errors    SettingError from set; ValueError for a rate out of range
    """

    def __init__(
        self,
        rate_hz,
        settings=None,
        has_gyro=True,
        info="",
        calibration=None,
        own=None,
        sink=None,
        session=0,
        boot=0,
        unix_s=0,
        max_pages=65535,
        room=None,
        buf=None,
        pipeline=None,
    ):
        self.settings = settings or Settings()
        self.log = LogWriter(sink, session, boot, max_pages, buf)
        self.pipeline = pipeline or Pipeline(rate_hz, self.settings, has_gyro)
        self.rate_hz = self.pipeline.rate_hz
        self.time = self.pipeline.time
        self.pipeline.configure(self.settings)
        self.pipeline.calibration = self._old = calibration
        self._room = room
        self._logged = self._squeeze = self.neutral = None
        self._squeezing = False
        self.engine = CueEngine(self.settings)
        self.baseline = Baseline(self.settings)
        self.on_step = self.on_event = self.tend = None
        self.state = READY
        self.index = 0
        self.steps = 0
        self._info = info
        self._has_gyro = has_gyro
        self._unix_s = unix_s
        self._own = own
        self.by = records.BY_RUNNER  # who began it
        self._last_step_ms = 0
        self._paused_by = records.BY_RUNNER
        self._flush_ms = 0
        self._beats = None
        self._told_full = False
        self._commands = []

    @property
    def now_ms(self):
        return self.time.ms(self.index)

    @property
    def muted(self):
        return self.engine.muted

    # -- data ---------------------------------------------------------------------------------------------------------

    def push(self, block):
        return self._push(block, block.shape[1], False)

    def push_frames(self, lsb):
        return self._push(lsb, lsb.shape[0], True)

    def _push(self, samples, m, frames):
        commands, pipeline = self._commands, self.pipeline
        intake = pipeline.intake
        commands.clear()
        at = 0
        while at < m and self.state != ENDED:
            room = intake.room
            n = m - at
            if n > room:
                n = room
            if frames:
                steps = pipeline.push_frames(samples, at, at + n)
            else:
                steps = pipeline.push(samples if n == m else samples[:, at : at + n])
            at += n
            self.index += n
            if n == room:
                if steps or pipeline.events:
                    self._take(steps)
                self._hop_end()
        return commands

    def lost(self, n):
        """n samples did not come, before the next block."""
        self._commands.clear()
        if n > 0 and self.state != ENDED:
            steps = self.pipeline.lost(n)
            self.index += n
            self._event(records.LOST, (n,))
            self._take(steps)
        return self._commands

    def flush(self):
        """No more data: what waits in the chain, then stop."""
        self._commands.clear()
        if self.state != ENDED:
            self._take(self.pipeline.flush())
            self._end(records.BY_END)
        return self._commands

    # -- asked from outside -------------------------------------------------------------------------------------------

    def start(self, by=records.BY_RUNNER):
        """Begin to record; gives the pattern to play, as all of these do."""
        if self.state != READY:
            return 0
        self.state = RUNNING
        self.by = by
        self._configure()
        now_ms = self.now_ms
        self._last_step_ms = self._flush_ms = now_ms
        head = (records.VERSION, self.rate_hz, 1 if self._has_gyro else 0, by, self._unix_s)
        self._event(records.START, head, bytes(self._info.encode())[:200])
        self._event(records.SETTINGS, (), self.settings.to_bytes())
        self._clock()
        self._logged = None
        self._log_calibration()
        if self.neutral:
            self._event(records.NEUTRAL, self.neutral)
        if self.engine.muted:
            self._event(records.MUTE)
        if self.settings.offer_calibration and by == records.BY_RUNNER:
            return self._play(patterns.STAND)
        return self._play(patterns.START)

    def _configure(self):
        """Settings and room as they are when recording begins; what follows is logged with them."""
        s = self.settings
        self.pipeline.configure(s)
        self.baseline.configure(s)
        if self._own is None and s.own_cadence_dspm:
            self._own = (s.own_cadence_dspm, s.own_tilt_cdeg, s.own_brake_mmps)
        if s.mode == _METRONOME:
            self._beats = self._beater()
        if self._room is not None:
            self.log.begin(*self._room())
        self._told_full = self.log.full

    def discard(self):
        """End it and keep nothing; what the log's sink has had already is the caller's to remove."""
        if self.state == ENDED:
            return 0
        self.log.full = True
        self.state = ENDED
        return patterns.STOP

    def stop(self, by=records.BY_RUNNER):
        if self.state == ENDED:
            return 0
        self._end(by)
        return patterns.STOP

    def pause(self, by=records.BY_RUNNER):
        if self.state != RUNNING:
            return 0
        self.state = PAUSED
        self._paused_by = by
        self._event(records.PAUSE, (by,))
        return self._play(patterns.PAUSE)

    def resume(self, by=records.BY_RUNNER):
        if self.state != PAUSED:
            return 0
        self.state = RUNNING
        self._last_step_ms = self.now_ms
        self._event(records.RESUME, (by,))
        return self._play(patterns.RESUME)

    def mute(self):
        self._event(records.MUTE)
        return self._play(patterns.MUTE)

    def unmute(self):
        self._event(records.UNMUTE)
        return self._play(patterns.UNMUTE)

    def marker(self, number=0):
        self._event(records.MARKER, (number,))
        return self._play(patterns.MARKER)

    def calibrate(self, squeeze=False):
        """Stand still now: re-zero; then, if asked for, squeeze the glutes. CALIBRATED or REFUSED follows each."""
        self.pipeline.configure(self.settings)
        self.pipeline.calibrate()
        self._squeeze = None
        if squeeze:
            from gaitcore.neutral import Squeeze  # rarely asked for

            self._squeeze = Squeeze(self.settings.squeeze_s)
        self._squeezing = False
        return patterns.STAND

    def set(self, name, value):
        """Change a setting during the session: logged, and heeded from here on."""
        number = self.settings.set(name, value)
        self._event(records.SETTING, (index_of(name), number))

    def battery(self, battery_mv, percent):
        self._event(records.BATTERY, (battery_mv, percent))

    def error(self, code, count=1):
        self._event(records.ERROR, (code, min(count, 65535)))

    def anchor(self, board_ms, unix_s, zone_min=0):
        """A moment of the board's clock and the wall's (0 unknown): in the log at the session's time of it."""
        at_ms = self.time.at(board_ms)
        values = (self.log.boot, board_ms & 0xFFFFFFFF, unix_s, zone_min)
        self._event(records.ANCHOR, values, b"", self.now_ms if at_ms is None or at_ms < 0 else at_ms)

    def pair(self, index, board_ms):
        """Samples against the board's clock: from here on times and rate are by what is known now."""
        if self.time.pair(index, board_ms):
            self.pipeline.tune()
        self._clock()

    def _clock(self):
        time = self.time
        if time.paired and self.state in (RUNNING, PAUSED):
            values = (time.index, time.board_ms & 0xFFFFFFFF, int(100 * time.rate_hz + 0.5))
            self._event(records.CLOCK, values)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _event(self, tag, values=(), tail=b"", at_ms=-1):
        """Log, then tell the engine: what it knows can be read again."""
        if at_ms < 0:
            at_ms = self.now_ms
        if self.state == RUNNING or self.state == PAUSED:
            self.log.event(tag, at_ms, values, tail)
        self.engine.event(tag, at_ms, values)
        if self.on_event is not None:
            self.on_event(tag, at_ms, values, tail)

    def _take(self, steps):
        for kind, _, value in self.pipeline.events:
            if kind == CALIBRATED:
                self._log_calibration()
                self._squeezing = self._squeeze is not None
                if self._squeezing:
                    self._squeeze.begin(self.now_ms, self.pipeline.calibration.up)
                self._command(patterns.SQUEEZE if self._squeezing else patterns.CALIBRATED)
            elif kind == REFUSED:
                self._refuse(value)
            elif kind == SLIP:
                self._event(records.SLIP, (value,))
                if value:
                    self._command(patterns.SLIPPED)
            elif kind == ACTIVITY:
                self._event(records.ACTIVITY, (value,))
        if not steps:
            return
        if self.state == READY and self.settings.auto_start:
            self._command(self.start(records.BY_ITSELF), 0, False)
        elif self.state == PAUSED and self._paused_by == records.BY_ITSELF:
            self._command(self.resume(records.BY_ITSELF), 0, False)
        if self.state == RUNNING:
            self._log_calibration()
            if self._own and not self.steps:
                self._carry()
            self._last_step_ms = self.now_ms
            left = len(steps)
            for step in steps:
                self._step(step)
                left -= 1
                if self.tend is not None and left & 3 == 3:
                    self.tend()

    def _step(self, step):
        log, engine = self.log, self.engine
        fields = log.step(step)
        t_ms = log.t_ms
        self.steps += 1
        if self.on_step is not None:
            self.on_step(step, fields, t_ms)
        kind = engine.update(fields, t_ms)
        if engine.notes:
            for tag, values in engine.notes:
                log.event(tag, engine.told_ms, values)
                if self.on_event is not None:
                    self.on_event(tag, engine.told_ms, values, b"")
        if kind:
            self._command(kind, engine.pulse_ms)
        news = self.baseline.update(fields, t_ms)
        if news:
            if news & Baseline.MINUTE:
                self._event(records.MINUTE, self.baseline.minute)
            if news & Baseline.OWN:
                self._learned(self.baseline.own)

    def _refuse(self, reason):
        self._event(records.REFUSED, (reason, 0))
        self._command(patterns.REFUSED)
        self._squeeze = None
        self._squeezing = False

    def _hold(self, now_ms):
        """One more hop of the squeeze."""
        found = self._squeeze.update(now_ms, self.pipeline.up)
        if found == MOVED:
            self._refuse(_NOT_HELD)
        elif found != WAITING:
            forward = self.pipeline.forward
            self.neutral = (self._squeeze.arch_cdeg(forward), 0 if forward is None else 1)
            self._event(records.NEUTRAL, self.neutral)
            self._command(patterns.CALIBRATED)
            self._squeezing = False

    def _carry(self):
        """The baseline carried over; its tilt only if the runner stood still this time: the clip sits anew."""
        c = self.pipeline.calibration
        if c is None or c is self._old:
            self._own = (self._own[0], NO_VALUE, self._own[2])
        self._event(records.BASELINE, (1,) + tuple(self._own))

    def _learned(self, own):
        """The own baseline of this session; what was carried over goes first where it can be used."""
        cadence, tilt, brake = own
        carried = self._own
        if cadence <= 0:
            return
        brake = max(0, brake)
        if not carried:
            self._event(records.BASELINE, (0, cadence, tilt, brake))
        elif carried[1] == NO_VALUE:
            self._event(records.BASELINE, (0, carried[0], tilt, brake))
        else:
            self._event(records.BASELINE, (2, cadence, tilt, brake))

    def _log_calibration(self):
        """The calibration in use, whenever it is another than the log has."""
        c = self.pipeline.calibration
        if c is None or c is self._logged:
            return
        self._logged = c
        up = [_int16(16384 * v) for v in c.up]
        bias = [_int16(100 * v) for v in c.bias_dps] if c.bias_dps else [0, 0, 0]
        old = 1 if c is self._old else 0
        self._event(records.CALIBRATED, [int(c.quality), old, _int16(10 * c.seconds)] + up + bias)

    def _hop_end(self):
        now_ms = self.now_ms
        s = self.settings
        if self.state == RUNNING and s.auto_pause and self.steps:
            if now_ms - self._last_step_ms >= s.auto_pause_s * 1000:
                self._command(self.pause(records.BY_ITSELF), 0, False)
        if self._squeezing:
            self._hold(now_ms)
        state = self.state
        if state == RUNNING and s.mode == _METRONOME and not self.muted:
            end_ms = self.time.ms(self.index + self.pipeline.intake.room)
            if self._beats is None:
                self._beats = self._beater()
            for delay_ms in self._beats(now_ms, end_ms, self.engine.own):
                self._command(patterns.BEAT, 0, True, delay_ms)
        if state == RUNNING or state == PAUSED:
            if now_ms - self._flush_ms >= s.flush_s * 1000:
                self._flush_ms = now_ms
                self.log.flush()
            if not self._told_full and self.log.full:
                self._told_full = True
                self._command(patterns.LOG_FULL)

    def _beater(self):
        """The metronome, loaded when its mode is on: a page of source, so that a change during a run does no harm."""
        from gaitcore.metronome import Metronome

        return Metronome(self.settings).beats

    def _command(self, pattern, pulse_ms=0, blank=True, delay_ms=0):
        if pattern:
            self._commands.append((pattern, pulse_ms, delay_ms))
            if blank:
                self._play(pattern, pulse_ms, delay_ms)

    def _play(self, pattern, pulse_ms=0, delay_ms=0):
        """The motor will run: the accelerometer is not believed until it rests."""
        total_ms = delay_ms + patterns.duration_ms(pattern, pulse_ms) + self.settings.blank_ms
        self.pipeline.blank(int(total_ms * self.time.rate_hz) // 1000 + 1)
        return pattern

    def _end(self, by):
        if self.state == RUNNING or self.state == PAUSED:
            if self.baseline.finish():
                self._event(records.MINUTE, self.baseline.minute)
            self._event(records.STOP, (by,))
            self.log.close()
        self.state = ENDED


def _int16(value):
    return max(-32767, min(32767, int(value + 0.5 if value >= 0 else value - 0.5)))
