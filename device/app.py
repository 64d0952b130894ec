"""The firmware without hardware: what the parts do together. Imports gaitcore only.

Theory of operation. One plain loop calls `step`; nothing in it waits. States:

    READY      the sensor runs, blocks go through a session that records nothing yet (standing calibrates)
    RUNNING    the session records and cues      PAUSED   within a session
    STANDBY    the sensor watches for motion at low power, no session; button or motion lead to READY
    LEAVING    the log is closed; when the motor rests and the button is up the board sleeps until it is pressed

A fault never stops the rest: without a sensor the clip answers the button and the radio and looks for the sensor every
2 s; without a drive it cues and records nothing; a setting that can't be read is the default. Each fault has its
pattern, is told once a minute at most, and goes into the log as an ERROR event as soon as a session records.

docs/design/firmware.md holds the table of states and inputs, made by driving this file.
"""

from gaitcore import kept, patterns, records
from gaitcore.compat import TICKS_HALF, TICKS_MASK, const, ticks_add, ticks_diff
from gaitcore.pipeline import RUNNING as ACTIVITY_RUNNING
from gaitcore.session import ENDED, LEAVING, PAUSED, READY, RUNNING, STANDBY, Session
from gaitcore.settings import Settings

# Gestures, as hw/button.py tells them.
SHORT = const(1)
DOUBLE = const(2)
LONG = const(3)
VERY_LONG = const(4)

_BLINK_MS = const(80)
_LONG_MS = const(600)
_ALIVE_BLINK_MS = const(20)
_IDLE_MS = const(28)  # the button is looked at every 30 ms
_QUIET_MS = const(250)
_LATE_MS = const(50)  # of the 100 that the accelerometer is not believed for after the motor
_RETRY_MS = const(2000)
_KEEP_MS = const(1000)
_WATCH_MS = const(100)  # between looks at battery, blink and standby: a turn without a block is mostly waiting
_TELL_MS = const(60000)
_BATTERY_MS = const(60000)
_ARMED_MS = const(30000)  # awake after motion, to see whether it is running
_ALIVE_MS = const(5000)  # between blinks
_EARLIEST_S = const(1577836800)  # 2020
_ZONE_MIN = const(14 * 60)
_MOST_BLOCKS = const(6)  # in one turn, to catch up


class NoLink:
    """The port that a radio fills. hw/link.py offers the same.

    In        poll(now_ms) once a turn, must not wait; gesture(now_ms): the runner pressed the button, pairing may open;
              step(on_ms, fields), event(record): for who watches live; battery(percent); close()
    Out       connected: a central is there; busy: a transfer is under way
    """

    connected = busy = False

    def poll(self, now_ms):
        pass

    gesture = battery = poll

    def step(self, on_ms, fields):
        pass

    def event(self, record):
        pass

    def close(self):
        pass


class App:
    """Settings  parts: an object with make_imu() -> imu, haptics, led, button, power, log (a FlashLog or None),
              link, clock, ticks_ms(), collect(), feed(), tend(), forget(code), page (4,096 bytes), boot (number
              of this start), firmware (text), errors: list of (code, count) found at boot
    In        step(): one turn of the loop; calibrate(), marker(), set(), set_time(): what a central may ask for
    Out       step gives the ms that may be slept; state, session (None in STANDBY and LEAVING), settings, recording
              timing: what the blocks took, once it was set to three zeros
    """

    def __init__(self, parts):
        self.parts = parts
        self.settings = Settings()
        self.calibration = None
        self.session = self.imu = self._raw = self._pipeline = None
        self.unix_s = self.unix_at_ms = self.zone_min = 0
        self._pending = list(parts.errors)  # errors that wait for a session
        self._noted = []  # and those that the one under way has
        self._state = READY
        self.state = READY
        self.errors = 0
        self.uptime_ms = parts.clock.uptime_ms
        self._owed = -1  # number of the page that waits to be staged
        self._last_ms = parts.clock.ticks_ms
        self._kept_ms = self.uptime_ms
        self._unwatched_ms = 0
        now_ms = parts.ticks_ms()
        self._sense_ms = self._alive_ms = self._battery_ms = self._blind_ms = now_ms
        self._awake_ms = now_ms  # awake until then at least
        self._told_ms = {}
        self._overruns = self._saturated = 0
        self._low = 0
        self.timing = None  # blocks, ms that they took, the most of one turn: once a computer has asked
        self._dirty = False
        fault = self._load() if parts.log is not None else patterns.DRIVE_FAULT
        if not fault and (records.BAD_SETTINGS, 1) in parts.errors:
            fault = patterns.SETTING_FAULT
        parts.led.enabled = bool(self.settings.led)
        if parts.log is None:
            self._pending.append((records.NO_DRIVE, 1))
        elif parts.log.recovered:
            self._pending.append((records.RECOVERED, parts.log.recovered))
        self._new_session()
        self._find_sensor(now_ms)  # it waits for the chip: before the motor is asked for anything
        now_ms = parts.ticks_ms()
        if fault:
            self._tell(fault, now_ms)
        self._stay_awake(now_ms, self.settings.standby_min * 60000)

    # -- one turn -----------------------------------------------------------------------------------------------------

    def step(self):
        parts = self.parts
        now_ms = parts.ticks_ms()
        self._unwatched_ms += self._tick(now_ms)
        parts.feed()
        gesture = parts.button.poll(now_ms)
        if gesture:
            self._gesture(gesture, now_ms)
        state = self.state
        if state == STANDBY:
            return self._stand_by(now_ms)
        if state != LEAVING:
            if (now_ms - self._sense_ms) & TICKS_MASK < TICKS_HALF:  # ticks_diff() >= 0, less a call each turn
                self._sense(now_ms)
            if self._unwatched_ms >= _WATCH_MS:
                self._unwatched_ms = 0
                self._watch(now_ms)
        haptics = parts.haptics
        wait_ms = haptics.poll(parts.ticks_ms()) if haptics.busy else -1
        if haptics.late_ms > _LATE_MS:
            haptics.late_ms = 0
            self._blank(haptics.left_ms(parts.ticks_ms()))
        if self._owed >= 0 and wait_ms < 0:
            self._sink(self._owed, parts.page, False)
        led_ms = parts.led.poll(now_ms)
        parts.link.poll(now_ms)
        if self.state == LEAVING and wait_ms < 0 and not parts.button.down:
            parts.power.off(self._tick, parts)
        if wait_ms >= 0 or led_ms >= 0 or self.imu is None or parts.link.connected or not parts.button.quiet:
            return wait_ms if 0 <= wait_ms < _IDLE_MS else _IDLE_MS
        # nothing to do before the next block but to look at the button, which power.idle does
        wait_ms = ticks_diff(self._sense_ms, now_ms)
        return _IDLE_MS if wait_ms < _IDLE_MS else wait_ms if wait_ms < _QUIET_MS else _QUIET_MS

    def _tick(self, now_ms):
        """Time goes on, by how many ms; kept once a second for a start after this one."""
        passed_ms = now_ms - self._last_ms
        if passed_ms < 0:  # the ticks began anew
            passed_ms = ticks_diff(now_ms, self._last_ms)
        self._last_ms = now_ms
        self.uptime_ms = uptime_ms = self.uptime_ms + passed_ms
        if uptime_ms - self._kept_ms >= _KEEP_MS:
            self._kept_ms = uptime_ms
            self.parts.clock.keep(uptime_ms, now_ms)
        return passed_ms

    def _gesture(self, gesture, now_ms):
        session = self.session
        self.parts.link.gesture(now_ms)
        self._stay_awake(now_ms, self.settings.standby_min * 60000)
        if session is None:
            return
        if gesture == VERY_LONG:
            self._leave(now_ms)
            return
        if gesture == LONG:
            pattern = session.calibrate()
        elif gesture == DOUBLE:
            pattern = session.unmute() if session.muted else session.mute()
        elif self.state == READY:
            pattern = session.start()
        else:
            self._end_capture()
            pattern = session.stop()
        self._follow()
        self._play(pattern)

    def _sense(self, now_ms):
        """Take what the FIFO holds, feed the session, play what it asks for."""
        if self.imu is None:
            self._find_sensor(now_ms)
            return
        parts, imu = self.parts, self.imu
        got = 0
        try:
            while got < _MOST_BLOCKS:
                block = imu.read()
                lost = imu.take_lost()
                if lost:
                    self._commands(self.session.lost(lost))
                if block is None:
                    break
                if got:
                    parts.tend()
                got += 1
                index = self.session.index
                commands = self.session.push_frames(block)
                if self._raw is not None:
                    self._capture(index)
                self._commands(commands)
                self._follow()
                if imu.missing > 0:
                    break
            session = self.session
            if got and session.index >= session.time.next_index:
                board_ms = self.uptime_ms + ticks_diff(imu.read_ms, self._last_ms)
                session.pair(session.index + imu.level, board_ms)
                imu.rate_hz = session.time.rate_hz
            self._sense_ms = ticks_add(now_ms, imu.due_ms())
            timing = self.timing
            if got and timing is not None:
                took_ms = ticks_diff(parts.ticks_ms(), now_ms)
                timing[0] += got
                timing[1] += took_ms
                if took_ms > timing[2]:
                    timing[2] = took_ms
        except OSError:
            self._sensor_failed(now_ms)

    def _find_sensor(self, now_ms):
        try:
            found = self.parts.make_imu()
            found.rate_hz = self._pipeline.time.rate_hz
            found.start()
        except OSError:
            self._sensor_failed(now_ms)
            return
        self.imu = found
        session = self.session
        if session.index or session.state != READY:
            blind_ms = max(0, ticks_diff(now_ms, self._blind_ms))
            self._commands(session.lost(int(blind_ms * found.rate_hz) // 1000))

    def _sensor_failed(self, now_ms):
        self._error(records.NO_SENSOR, 1)
        self._tell(patterns.SENSOR_FAULT, now_ms)
        imu = self.imu
        try:
            if imu is not None:
                imu.restarted()
                return
        except OSError:
            self._blind_ms = ticks_add(imu.read_ms, -int(imu.level * 1000 / imu.rate_hz))
            self.imu = None  # found anew, its bus too
        self._sense_ms = ticks_add(now_ms, _RETRY_MS)

    def _commands(self, commands):
        for pattern, pulse_ms, delay_ms in commands:
            if pattern != patterns.LOG_FULL or self.parts.log is not None:  # a drive that failed was told as such
                self._play(pattern, pulse_ms, delay_ms)

    def _play(self, pattern, pulse_ms=0, delay_ms=0):
        """A pattern to motor and LED. What begins later than the session thought is blanked anew."""
        if not pattern:
            return
        parts = self.parts
        now_ms = parts.ticks_ms()
        begins_ms = parts.haptics.play(patterns.sequence(pattern, pulse_ms, self.settings), now_ms, delay_ms)
        if begins_ms > delay_ms:
            self._blank(begins_ms + patterns.duration_ms(pattern, pulse_ms))
        light = patterns.LIGHTS[pattern]
        if light:
            colour, blinks = light & patterns.LIGHT_COLOURS, light >> patterns.LIGHT_BLINKS
            parts.led.show(colour, blinks, now_ms, _LONG_MS if light & patterns.LIGHT_LONG else _BLINK_MS)

    def _blank(self, motor_ms):
        """The motor runs for so long from now, longer than the session thought."""
        if self.session is not None and self.imu is not None:
            total_ms = motor_ms + self.settings.blank_ms
            self.session.pipeline.blank(int(total_ms * self.imu.rate_hz) // 1000 + 1)

    def _tell(self, pattern, now_ms):
        """A fault's pattern, once a minute at most."""
        last_ms = self._told_ms.get(pattern)
        if last_ms is None or ticks_diff(now_ms, last_ms) >= _TELL_MS:
            self._told_ms[pattern] = now_ms
            self._play(pattern)

    # -- sessions -----------------------------------------------------------------------------------------------------

    def _new_session(self):
        parts = self.parts
        self.session = None
        self._saturated = 0
        self._captured = False
        pipeline = self._pipeline
        if pipeline is not None:
            pipeline.reset()  # its buffers are too big to be found anew in a heap that has been used
        parts.collect()
        parts.tend()
        self.session = Session(
            208,
            self.settings,
            info=parts.firmware,
            calibration=self.calibration,
            sink=self._sink,
            boot=parts.boot,
            unix_s=self._unix_now(),
            room=self._room,
            buf=parts.page,
            pipeline=pipeline,
        )
        self._pipeline = self.session.pipeline
        self.session.on_step, self.session.on_event, self.session.tend = self._on_step, self._on_event, parts.tend
        self._blind_ms = parts.ticks_ms()
        self._state = self.state = READY
        parts.tend()

    def _room(self):
        """Number and room of the session that begins to record now: what was deleted meanwhile counts."""
        log = self.parts.log
        if log is None or log.free_pages < 2:
            return 0, 0
        return log.begin(self.parts.boot), log.free_pages

    def _sink(self, number, page, complete):
        """A page to the drive. One only to be staged waits until the motor rests: a write would stretch a pulse."""
        log = self.parts.log
        self._owed = -1
        if not complete and self.parts.haptics.busy:
            self._owed = number
            return True
        self.parts.tend()
        if log is not None and log.sink(number, page, complete):
            return True
        self.parts.log = None
        self._error(records.NO_DRIVE, 1)
        self._tell(patterns.DRIVE_FAULT, self.parts.ticks_ms())
        return False

    def _on_event(self, tag, t_ms, values, tail):
        if self.parts.link.connected:
            record = bytearray(records.event_size(tag, tail))
            records.pack_event(record, 0, tag, t_ms, values, tail)
            self.parts.link.event(bytes(record))

    def _on_step(self, step, fields, t_ms):
        if self.parts.link.connected:
            self.parts.link.step(t_ms, fields)

    def _follow(self):
        """Do what a change of the session's state asks for."""
        session = self.session
        if session is None or session.state == self._state:
            return
        was, self._state = self._state, session.state
        self.state = session.state
        if was == READY and session.state == RUNNING:
            for code, count in self._pending:
                session.error(code, count)
            self._noted, self._pending = self._pending, []
            if self.parts.log is not None and session.log.full:
                self._play(patterns.LOG_FULL)
            session.anchor(self.uptime_ms, self._unix_now(), self.zone_min)
            session.battery(*self._battery())
            if self.settings.capture_s and not session.log.full:
                from gaitcore.rawpages import RawWriter  # small, and before the first block of the session

                self._raw = RawWriter(session.log)
                self._captured = True
                self._raw_end = session.index + self.settings.capture_s * 208
                session.log.event(records.CAPTURE, session.now_ms, (1,))
        if session.state == ENDED:
            self._ended()

    def _capture(self, index):
        if index >= self._raw_end or not self._raw.push(index, self.imu.frames()):
            self._end_capture()

    def _end_capture(self):
        if self._raw is not None:
            self._raw.close()
            self._raw = None
            self.session.log.event(records.CAPTURE, self.session.now_ms, (0,))

    def make_way(self):
        """A computer wants the sessions. False while one records that holds steps or raw samples, or began by itself.

        A press opens pairing, and begins a session: one that holds no more than that ends, and nothing of it is kept.
        """
        session = self.session
        if not self.recording:
            return True
        if session.steps or self._captured or session.by != records.BY_RUNNER:
            return False
        pattern = session.discard()
        self._owed = -1
        if self.parts.log is not None:
            self.parts.log.discard()  # what _ended saves makes it so
        self._pending = self._noted + self._pending
        self._noted = []
        self._follow()
        self._play(pattern)
        return True

    def _ended(self):
        session = self.session
        for code, _ in self._noted:
            self.parts.forget(code)
        self._noted = []
        if self.settings.faded and session.steps:
            self.settings.set("faded_session", min(99, self.settings.faded_session + 1))
        if session.pipeline.calibration is not None:
            self.calibration = session.pipeline.calibration
        if self.parts.log is not None:
            self.parts.log.end()
        self._stay_awake(self.parts.ticks_ms(), self.settings.standby_min * 60000)
        self.save()
        if self.state != LEAVING:
            self._new_session()

    def _error(self, code, count):
        self.errors += 1
        session = self.session
        if session is not None and session.state in (RUNNING, PAUSED):
            session.error(code, count)
        elif (code, count) not in self._pending:
            self._pending.append((code, count))

    # -- power --------------------------------------------------------------------------------------------------------

    def _stay_awake(self, now_ms, ms):
        if self.state == STANDBY or ticks_diff(ticks_add(now_ms, ms), self._awake_ms) > 0:
            self._awake_ms = ticks_add(now_ms, ms)

    def _watch(self, now_ms):
        """Battery, counts of the sensor, sleep; the blink that says it lives."""
        session = self.session
        if (now_ms - self._alive_ms) & TICKS_MASK < TICKS_HALF:
            self._alive_ms = ticks_add(now_ms, _ALIVE_MS)
            if not self.parts.haptics.busy:
                colour = patterns.LIGHT_GREEN if session.state == RUNNING else patterns.LIGHT_BLUE
                self.parts.led.show(colour, 1, now_ms, _ALIVE_BLINK_MS)
            if self._dirty and session.state == READY:
                self.save()
        if (now_ms - self._battery_ms) & TICKS_MASK < TICKS_HALF and not self.parts.haptics.busy:
            self._battery_ms = ticks_add(now_ms, _BATTERY_MS)
            self._minute(now_ms)
        if session.state == READY:
            if session.pipeline.activity == ACTIVITY_RUNNING or self.parts.link.connected:
                self._stay_awake(now_ms, self.settings.standby_min * 60000)
            elif ticks_diff(now_ms, self._awake_ms) >= 0 and not self.parts.haptics.busy:
                self._to_standby()

    def _battery(self):
        power = self.parts.power
        battery_mv = power.battery_mv()
        return battery_mv, power.percent(battery_mv)

    def _minute(self, now_ms):
        battery_mv, percent = self._battery()
        self.parts.link.battery(percent)
        imu = self.imu
        if imu is not None:
            if imu.overruns > self._overruns:
                self._error(records.OVERRUN, imu.overruns - self._overruns)
            self._overruns = imu.overruns
        saturated = self.session.pipeline.saturated
        if saturated > self._saturated:
            self._error(records.SENSOR_LIMIT, saturated - self._saturated)
        self._saturated = saturated
        if self.session.state in (RUNNING, PAUSED):
            self.session.battery(battery_mv, percent)
        low = battery_mv < self.settings.low_battery_mv and not self.parts.power.charging()
        self._low = self._low + 1 if low else 0
        if self._low == 1:
            self._battery_ms = ticks_add(now_ms, 2000)  # look again before believing it
        elif self._low > 1:
            self._leave(now_ms, records.BY_BATTERY)

    def _leave(self, now_ms, by=records.BY_RUNNER):
        """Close the log, let go of everything, then sleep for good."""
        self.state = LEAVING
        if self.session is not None:
            self._end_capture()
            self.session.stop(by)
            self._state = ENDED
            self._ended()
            self.session = None
        self.parts.link.close()
        if self.imu is not None:
            try:
                self.imu.sleep()
            except OSError:
                pass
        if by == records.BY_BATTERY:
            self._play(patterns.LOW_BATTERY)
        self._play(patterns.OFF)

    def _to_standby(self):
        if self._dirty:
            self.save()
        self.session = None
        self.state = STANDBY
        if self.imu is not None and self.settings.auto_start:
            try:
                self.imu.watch()
            except OSError:
                self.imu = None
        elif self.imu is not None:
            try:
                self.imu.sleep()
            except OSError:
                self.imu = None
        self.parts.collect()

    def _watch_motion(self):
        """The sensor watches for motion, also one that was away: without supply it has forgotten what it was told."""
        try:
            if self.imu is None:
                self.imu = self.parts.make_imu()
            elif self.imu.watching():
                return
            self.imu.begin()
            self.imu.watch()
        except OSError:
            self.imu = None

    def _stand_by(self, now_ms):
        parts = self.parts
        parts.link.poll(now_ms)
        woke = parts.link.connected or parts.power.nap(bool(self.settings.auto_start) and self.imu is not None)
        now_ms = parts.ticks_ms()
        self._tick(now_ms)
        if not woke and not parts.link.connected:
            if ticks_diff(now_ms, self._battery_ms) >= 0:
                self._battery_ms = ticks_add(now_ms, _BATTERY_MS)
                if self._battery()[0] < self.settings.low_battery_mv and not parts.power.charging():
                    self._leave(now_ms, records.BY_BATTERY)
                elif self.settings.auto_start:
                    self._watch_motion()
            return 0
        self._stay_awake(now_ms, _ARMED_MS)
        self._new_session()
        if self.imu is not None:
            try:
                self.imu.begin()
                self.imu.start()
            except OSError:
                self.imu = None
        self._sense_ms = now_ms
        return 0

    # -- what outlives the battery ------------------------------------------------------------------------------------

    def _unix_now(self):
        return self.unix_s + (self.uptime_ms - self.unix_at_ms) // 1000 if self.unix_s else 0

    def set_time(self, unix_s, zone_min):
        """The companion tells the time; gives the uptime it stands for.

        Errors    ValueError for a time before this clip was thought of, or a zone that there is not
        """
        if unix_s < _EARLIEST_S or not -_ZONE_MIN <= zone_min <= _ZONE_MIN:
            raise ValueError(unix_s, zone_min)
        self.unix_s, self.unix_at_ms, self.zone_min = unix_s, self.uptime_ms, zone_min
        if self.session is not None and self.session.state in (RUNNING, PAUSED):
            self.session.anchor(self.uptime_ms, unix_s, zone_min)
        return self.uptime_ms

    @property
    def recording(self):
        return self.session is not None and self.session.state in (RUNNING, PAUSED)

    def calibrate(self, squeeze=False):
        """As a long press, with the glute squeeze after it if asked for; False when the clip can't now."""
        if self.session is None or self.imu is None:
            return False
        self._play(self.session.calibrate(squeeze))
        return True

    def marker(self):
        """A mark in the log; False when nothing is recorded."""
        if not self.recording:
            return False
        self._play(self.session.marker())
        return True

    def set(self, name, value):
        """Change a setting, logged while a session records; SettingError keeps the old one."""
        if self.session is not None:
            self.session.set(name, value)
        else:
            self.settings.set(name, value)
        self._dirty = True
        self.parts.led.enabled = bool(self.settings.led)
        self._awake_ms = ticks_add(self.parts.ticks_ms(), self.settings.standby_min * 60000)
        return getattr(self.settings, name)

    def config(self):
        """Bytes of settings and calibration, as the log keeps them."""
        return kept.pack(self.settings, self.calibration)

    def save(self):
        self._dirty = True
        try:
            self.keep()
        except OSError:
            self._tell(patterns.DRIVE_FAULT, self.parts.ticks_ms())

    def keep(self):
        """What was set outlives the battery from here on. DriveFault where the drive does not take it."""
        if self._dirty:
            self._dirty = False
            if self.parts.log is not None:
                self.parts.log.save(self.config())

    def _load(self):
        """Take settings and calibration from the log's file; the pattern of the fault found, or 0."""
        log = self.parts.log
        data = log.config
        if not data:
            if log.config_lost:
                self._pending.append((records.BAD_SETTINGS, 1))
            return patterns.SETTING_FAULT if log.config_lost else 0
        self.calibration, refused, broken = kept.load(data, self.settings)
        if refused:
            self._pending.append((records.BAD_SETTINGS, refused))
        if broken:
            self._pending.append((records.BAD_CALIBRATION, 1))
        return patterns.SETTING_FAULT if refused else patterns.REFUSED if broken else 0
