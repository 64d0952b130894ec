"""Build the parts, make an App, loop. The only file that sees both hardware and app."""

import gc

from app import App, NoLink  # first, while the heap is whole: it is the largest

gc.collect()  # here and below: what stays lies close together, and the free heap in one piece

import os
import time

import board
import busio
import digitalio
import supervisor

from boards import pins_of
from hw import imu

gc.collect()

from gaitcore import drive, records
from gaitcore.compat import let_go
from hw import clock, flashlog, haptics, power
from hw.button import Button

gc.collect()

try:
    from hw import link
except ImportError as error:  # a board without radio, or its library is not on the drive
    print("no radio:", error)
    link = None

gc.collect()

FIRMWARE = "formclip 0.1.0"


class Parts:
    """What App is given; the big buffer first, while the heap is whole. feed(): the watchdog alone."""

    def __init__(self, pins):
        self.page = bytearray(4096)
        self.collect, self.ticks_ms = gc.collect, supervisor.ticks_ms
        self.firmware = FIRMWARE + " " + board.board_id
        self.clock = clock.Clock(supervisor.ticks_ms())
        self.boot = self.clock.boot
        self.power = power.Power(pins)
        self.button = Button(self.power.pressed)
        self.button.reset()
        self.haptics = None
        self.feed = self.power.start_watchdog()
        self.log = flashlog.open_log(drive.LOG, self.tend, self.page, drive.SPARE_B)
        self.errors = self._errors()
        self._imu_name = self._word("IMU", imu.NAMES)
        self._supply = pins.IMU_POWER and digitalio.DigitalInOut(pins.IMU_POWER)
        self._buses = {}
        self._pins = pins
        from hw import outputs

        self.led = outputs.leds(pins)
        self.haptics = haptics.Haptics(self._motor(outputs))
        let_go("hw.outputs")
        self.link = NoLink()

    def tend(self):
        """Called from within long work, every 200 ms at least: the watchdog, the motor, and a look at the button."""
        self.feed()
        now_ms = self.ticks_ms()
        haptics = self.haptics
        if haptics is not None and haptics.busy:
            haptics.poll(now_ms)
        self.button.look(now_ms)

    def _errors(self):
        found = [(records.CRASH, 1)] if power.crash() is not None else []
        why = self.clock.why
        if why:
            found.append((records.WATCHDOG, 1) if why == clock.BY_WATCHDOG else (records.SAFE_MODE, why))
        return found

    def _bus(self, scl, sda):
        if scl not in self._buses:
            self._buses[scl] = busio.I2C(scl, sda, frequency=400000)
        return self._buses[scl]

    def _word(self, name, known):
        """A word of settings.toml, or None. One that is not known, or not in quotes, counts as none and is told."""
        try:
            word = os.getenv(name)
        except ValueError:
            word = ""
        if word is None or word in known:
            return word
        self.errors.append((records.BAD_SETTINGS, 1))
        return None

    def _motor(self, outputs):
        if self._word("HAPTIC", ("drv2605l",)):
            return outputs.drv2605l(lambda: self._bus(self._pins.HAPTIC_SCL, self._pins.HAPTIC_SDA))
        return outputs.pwm_motor(self._pins.MOTOR)

    def make_imu(self):
        """The sensor, its supply off before: what holds the bus lets go. A bus held all the same is clocked free."""
        pins = self._pins
        if self._supply:
            self._supply.switch_to_output(False)
            time.sleep(0.02)
            self._supply.value = True
            time.sleep(0.02)
        scl, sda = pins.IMU_SCL, pins.IMU_SDA
        for attempt in (0, 1):
            try:
                return imu.make(self._imu_name, self._bus(scl, sda), pins.IMU_ADDRESS, self._supply)
            except (OSError, RuntimeError) as error:  # RuntimeError: no pull-ups, or a line is held low
                reason = error
            self.feed()
            bus = self._buses.pop(scl, None)
            if bus:
                bus.deinit()
            imu.free_bus(scl, sda)
        raise imu.NoSensor(reason)

    def forget(self, code):
        """A session's log has told of it."""
        if code == records.CRASH:
            power.crash(forget=True)
        elif code in (records.WATCHDOG, records.SAFE_MODE):
            self.clock.forget()


def main():
    parts = Parts(pins_of(board))
    app = App(parts)
    if link is not None:
        parts.link = link.start(app, FIRMWARE) or parts.link
    while True:
        parts.power.idle(app.step())


try:
    main()
except Exception as error:
    power.save_crash(error)
    time.sleep(2)
    clock.restart()
