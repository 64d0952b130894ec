"""Build the parts, make an App, loop. The only file that sees both hardware and app."""

import gc
import os
import time

import board
import busio
import digitalio
import microcontroller
import supervisor

from app import CRASH, WATCHDOG, App, NoLink
from boards import pins_of
from hw import flashlog, haptics, imu, led, power
from hw.button import Button

FIRMWARE = "formclip 0.1.0"


class Parts:
    """What App is given; the big buffer first, while the heap is whole."""

    def __init__(self, pins):
        self.page = bytearray(4096)
        self.collect, self.ticks_ms = gc.collect, supervisor.ticks_ms
        self.firmware = FIRMWARE + " " + board.board_id
        self.boot = int.from_bytes(os.urandom(3), "little")
        self.power = power.Power(pins)
        self.feed = self.power.start_watchdog()
        self.log = flashlog.open_log("/formclip.log", self.feed, self.page, 65536)
        self.errors = self._errors()
        self._supply = pins.IMU_POWER and digitalio.DigitalInOut(pins.IMU_POWER)
        self._buses = {}
        self._pins = pins
        self.led = led.make(pins)
        self.haptics = haptics.Haptics(self._motor())
        self.button = Button(self.power.pressed)
        self.button.reset()
        self.link = NoLink()

    def _errors(self):
        woken = microcontroller.cpu.reset_reason
        if power.crash() is not None:
            return [(CRASH, 1)]
        return [(WATCHDOG, 1)] if woken == microcontroller.ResetReason.WATCHDOG else []

    def _bus(self, scl, sda):
        if scl not in self._buses:
            self._buses[scl] = busio.I2C(scl, sda, frequency=400000)
        return self._buses[scl]

    def _motor(self):
        if os.getenv("HAPTIC") == "drv2605l":
            return haptics.drv2605l(self._bus(self._pins.HAPTIC_SCL, self._pins.HAPTIC_SDA))
        return haptics.pwm_motor(self._pins.MOTOR)

    def make_imu(self):
        pins = self._pins
        if self._supply:
            self._supply.switch_to_output(True)
            time.sleep(0.02)
        try:
            bus = self._bus(pins.IMU_SCL, pins.IMU_SDA)
        except RuntimeError as error:  # no pull-ups: nothing there
            raise imu.NoSensor(pins.IMU, pins.IMU_ADDRESS, error)
        return imu.make(os.getenv("IMU") or pins.IMU, bus, pins.IMU_ADDRESS, self._supply)

    def forget_crash(self):
        power.crash(forget=True)


def main():
    parts = Parts(pins_of(board))
    app = App(parts)
    while True:
        parts.power.idle(app.step())


try:
    main()
except Exception as error:
    power.save_crash(error)
    time.sleep(2)
    microcontroller.reset()
