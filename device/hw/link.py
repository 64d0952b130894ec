"""The radio: our transfer service, and what any watch understands (running speed and cadence, battery, device).

Theory of operation. Advertising: fast for 60 s after a press, slow otherwise, again while a central is connected.
Whoever connects is one of

    INVITED    came within 60 s of a press, or was there when the button was pressed: watches, and who wants to pair
    STRANGER   everyone else, until it greets with the key of a computer that was paired. It is told nothing, is sent
               away after 30 s, and while it is there nobody else is let in and no watch is told anything

so that at most one is a stranger, and a greeting says which. The stack itself grants a Just Works bond to anyone.

What the radio can hold up. PacketBuffer has one packet in flight and one that waits; a write blocks while that is full,
which for a peer that is gone lasts until the stack notices (the supervision timeout, which the central chose, mostly
0.5 to 6 s). So while a session records no session is transferred, and of live data no more is written than fits
beside what may still wait until the peer is heard again (it asks for STATUS every 0.7 s): a write then never blocks.
Watches are told once a second; the stack's queue takes 5 of those before it blocks. The sensor's FIFO holds 1.6 s, and
what it loses is counted and logged.

adafruit_ble makes the services and what is advertised (hw/linksetup.py) and is let go then; from there on the stack
is used as it is.

Source   gaitcore.sync, the protocol; Bluetooth Running Speed and Cadence Service 1.0; CircuitPython's PacketBuffer.c
"""

import binascii
import os
import struct

import microcontroller
from _bleio import BluetoothError, adapter
from gaitcore import models, records, sync
from gaitcore.compat import const, let_go, ticks_add, ticks_diff
from gaitcore.pipeline import Step

from hw import keys

_OPEN_MS = const(60000)  # pairing, fast advertising and watches: after a press
_STRANGER_MS = const(30000)
_FAST_S = 0.1
_SLOW_S = 1.0
_CONTROL_B = const(180)
_DATA_B = const(495)  # fills two link-layer packets
_CRC_B = const(512)
_RSC_MS = const(1000)
_RSC_STILL_MS = const(3000)  # after the last step, watches are told 0
_MOST_CENTRALS = const(3)
_BURST = const(2)  # data packets in one turn: one in flight, one waiting
_BOTH_FEET = const(0)
_TEST = sync.TEST_SESSION
_TEST_B = const(65536)


def start(app, firmware):
    """A Link bound to the app, or None where the radio can't start: the clip runs without."""
    try:
        return Link(app, firmware)
    except (BluetoothError, RuntimeError, OSError, MemoryError) as error:
        print("no radio:", error)
        return None


class Link:
    """The port that App is given, and the port that sync.ClipEnd is given.

    Settings  app; firmware: text; name: the clip's, ends in four digits of its own
    In        poll(now_ms); gesture(now_ms); step(on_ms, fields); event(record); battery(percent); close()
    Out       connected; busy: a transfer is under way; faults: times the stack refused
    """

    def __init__(self, app, firmware, name="formclip"):
        self.firmware = firmware
        self.name = name + "-" + binascii.hexlify(bytes(microcontroller.cpu.uid))[-4:].decode()
        from hw import linksetup

        self._radio = adapter
        made = linksetup.make(self.name, firmware, _CONTROL_B, _DATA_B)
        self._control, self._data, self._speed, self._level, self._advertisement, self._scan_response = made
        self._keys = keys.read()
        let_go("hw.linksetup")
        let_go("adafruit_ble")
        self._in = bytearray(_CONTROL_B)
        self._out = bytearray(_DATA_B)
        self._record = bytearray(records.STEP_B)
        self._measurement = bytearray(6)
        self._step = Step()
        self._app = app
        self.settings = app.settings
        self._end = sync.ClipEnd(self)
        self._here = ()
        self._stranger = None
        self._inviting = self._fast = self._closed = False
        self._open_ms = self._away_ms = self._rsc_ms = self._step_ms = 0
        self._unheard_b = 0
        self._running_told = False
        self._crc = self._crc_at = self._crc_of = 0
        self.faults = 0

    @property
    def connected(self):
        return len(self._here) > 0

    @property
    def busy(self):
        return self._end.reading

    # -- the port of App ----------------------------------------------------------------------------------------------

    def gesture(self, now_ms):
        """The runner pressed the button: whoever is here or comes within 60 s is meant."""
        self._inviting = True
        self._open_ms = ticks_add(now_ms, _OPEN_MS)
        self._stranger = None
        if not self._fast:
            self._fast = True
            self._quiet()

    def poll(self, now_ms):
        if self._closed:
            return
        try:
            if self._inviting and ticks_diff(now_ms, self._open_ms) >= 0:
                self._inviting = self._fast = False
                self._quiet()
            self._look(now_ms)
            if not self._radio.advertising and self._stranger is None and len(self._here) < _MOST_CENTRALS:
                self._radio.start_advertising(
                    self._advertisement,
                    scan_response=self._scan_response,
                    interval=_FAST_S if self._fast else _SLOW_S,
                )
            if self._here:
                self._serve()
                if self._running_told and ticks_diff(now_ms, self._step_ms) >= 0:
                    self._tell_watches(None)
            if self._crc_of:
                self._take_crc()
        except BluetoothError:
            self.faults += 1

    def _quiet(self):
        if self._radio.advertising:
            self._radio.stop_advertising()

    def _look(self, now_ms):
        """Who has come, who has gone, who must go."""
        here = self._radio.connections
        if here != self._here:
            new = [connection for connection in here if connection not in self._here]
            if new and len(here) - len(new) < len(self._here):
                self._end.lost()  # one went and one came at once: whoever had greeted may be the one gone
            if new and not self._inviting:
                self._stranger = new[-1]
                self._away_ms = ticks_add(now_ms, _STRANGER_MS)
                self._quiet()
            self._here = here
            if self._stranger not in here:
                self._stranger = None
        if self._control.outgoing_packet_length is None and self._end.active:
            self._end.lost()
            self._app.timing = None
            self._crc_of = self._unheard_b = 0
        if self._stranger is not None and ticks_diff(now_ms, self._away_ms) >= 0:
            stranger, self._stranger = self._stranger, None
            stranger.disconnect()

    def _serve(self):
        end, control, data = self._end, self._control, self._data
        room = control.outgoing_packet_length
        if room is None:
            return
        if not end.active:
            end.reset(struct.unpack("<I", os.urandom(4))[0] | 1)
        while True:
            n = control.readinto(self._in)
            if not n:
                break
            self._unheard_b = 0
            end.receive(memoryview(self._in)[:n])
        if end.greeted:
            self._stranger = None
        view = memoryview(self._out)
        recording = self._app.recording
        for packets, most, send, times in (
            (control, _CONTROL_B, end.send_control_into, 1),
            (data, _DATA_B, end.send_data_into, _BURST),
        ):
            room = min(packets.outgoing_packet_length or 0, most)
            for _ in range(times if room else 0):
                if recording and self._unheard_b > room >> 2:
                    break
                n = send(view[:room])
                if not n:
                    break
                self._unheard_b += n
                packets.write(view[:n])

    def step(self, on_ms, fields):
        """A step as recorded: to who watches live, and once a second to watches."""
        records.pack_step(fields, self._record, 0)
        self._end.step(on_ms, bytes(self._record))
        if self._stranger is None and not 0 <= on_ms - self._rsc_ms < _RSC_MS:
            self._rsc_ms = on_ms
            self._tell_watches(records.restore(fields, on_ms, self._step))
        self._step_ms = ticks_add(self._app.parts.ticks_ms(), _RSC_STILL_MS)

    def event(self, record):
        self._end.event(record)

    def _tell_watches(self, step):
        """RSC measurement: speed, cadence, stride length; zeros when the runner stands."""
        settings = self.settings
        speed = cadence = 0.0
        if step is not None:
            known = models.own(settings.height_cm, settings.speed_scale_permille, settings.speed_slope_permille)
            speed, cadence = models.speed_mps(step, known) or 0.0, step.cadence_spm or 0.0
        stride_cm = speed * 12000 / cadence if cadence else 0
        told = cadence if settings.rsc_cadence == _BOTH_FEET else cadence / 2
        struct.pack_into(
            "<BHBH",
            self._measurement,
            0,
            5 if cadence else 1,  # stride length is there; running
            int(speed * 256 + 0.5),
            min(255, int(told + 0.5)),
            int(stride_cm + 0.5),
        )
        self._running_told = step is not None
        if self._stranger is None:
            try:
                self._speed.value = self._measurement
            except BluetoothError:
                self.faults += 1

    def battery(self, percent):
        try:
            self._level.value = bytes((percent,))
        except BluetoothError:
            self.faults += 1

    def close(self):
        """The clip goes to sleep: nobody is left waiting."""
        self._closed = True
        self._quiet()
        for connection in self._radio.connections:
            connection.disconnect()
        self._here = ()

    # -- the port of sync.ClipEnd -------------------------------------------------------------------------------------

    @property
    def boot(self):
        return self._app.parts.boot

    def uptime_ms(self):
        return self._app.uptime_ms & 0xFFFFFFFF

    def knows(self, key):
        return bytes(key) in self._keys

    def pair(self, key):
        if not self._inviting:
            raise sync.SyncError(0, sync.NOT_PAIRED)
        key = bytes(key)
        if key not in self._keys:
            self._keys = keys.keep(self._keys, key)

    def _at_rest(self):
        """While a session records no session is transferred."""
        if self._app.recording:
            raise sync.SyncError(0, sync.RECORDING)

    def _log(self):
        log = self._app.parts.log
        if log is None:
            raise sync.SyncError(0, sync.STORAGE)
        return log

    def next_session(self, after):
        if not self._app.make_way():
            raise sync.SyncError(0, sync.RECORDING)
        for run in self._log().sessions:
            if run[0] > after:
                return run[0], run[1], self._log().size_b(run[0]), 0
        return None

    def opened(self, session):
        self._at_rest()
        if session == _TEST:
            return _TEST_B, 0, 0
        log = self._log()
        try:
            size = log.size_b(session)
        except KeyError:
            raise sync.SyncError(0, sync.NO_SESSION)
        if self._crc_of != session:
            self._crc_of, self._crc_at, self._crc = session, 0, 0
        if self._crc_at < size:
            return 100 * self._crc_at // size
        return size, self._crc, 0

    def _take_crc(self):
        """A few blocks of the session that was asked for, each turn: the sensor never waits for it."""
        log = self._app.parts.log
        view = memoryview(self._out)[: min(_CRC_B, _DATA_B)]
        try:
            size = log.size_b(self._crc_of) if log is not None else 0
            for _ in range(8):
                if self._crc_at >= size or self._app.recording:
                    return
                n = log.read_into(self._crc_of, self._crc_at, view)
                self._crc = binascii.crc32(view[:n], self._crc) & 0xFFFFFFFF
                self._crc_at += n
        except (KeyError, OSError):
            self._crc_of = 0

    def read_into(self, session, offset, view):
        self._at_rest()
        if session == _TEST:
            return len(view)
        try:
            return self._log().read_into(session, offset, view)
        except KeyError:
            raise sync.SyncError(0, sync.NO_SESSION)

    def delete(self, session, size, crc32):
        if session == _TEST:
            raise sync.SyncError(0, sync.NO_SESSION)
        found = self.opened(session)
        if isinstance(found, int):
            raise sync.SyncError(0, sync.BUSY, bytes((found,)))
        if (found[0], found[1]) != (size, crc32):
            raise sync.SyncError(0, sync.MISMATCH)
        self._log().delete(session, self._app.config())
        self._crc_of = 0

    def set_time(self, unix_s, zone_min):
        try:
            return self._app.set_time(unix_s, zone_min) & 0xFFFFFFFF
        except ValueError:
            raise sync.SyncError(0, sync.BAD_VALUE)

    def set(self, name, value):
        return self._app.set(name, value)

    def keep(self):
        self._app.keep()

    def status(self):
        app = self._app
        session, imu, log = app.session, app.imu, app.parts.log
        battery_mv = app.parts.power.battery_mv()
        pipeline = session.pipeline if session is not None else None
        return (
            app.state,
            app.settings.mode,
            battery_mv,
            app.parts.power.percent(battery_mv),
            1 if app.parts.power.charging() else 0,
            log.free_pages * 4096 if log is not None else 0,
            session.steps if session is not None else 0,
            min(65535, app.errors),
            min(65535, imu.overruns if imu is not None else 0),
            app.uptime_ms & 0xFFFFFFFF,
            pipeline.activity if pipeline is not None else 0,
            int(10 * pipeline.cadence_spm + 0.5) if pipeline is not None else 0,
        )

    def measure(self):
        from hw import measure

        here = self._here
        found = measure.take(self._app, here[0].connection_interval if here else 0)
        let_go("hw.measure")
        return found

    def calibrate(self, squeeze):
        if not self._app.calibrate(squeeze):
            raise sync.SyncError(0, sync.NOT_NOW)

    def marker(self):
        if not self._app.marker():
            raise sync.SyncError(0, sync.NOT_NOW)
