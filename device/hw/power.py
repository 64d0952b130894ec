"""Battery, sleep, watchdog and what is kept of a crash."""

import binascii
import time

import alarm
import analogio
import digitalio
import microcontroller
import watchdog
from gaitcore.compat import const

from hw import clock

_WATCHDOG_S = const(8)
_LOOK_MS = const(36)  # between looks at the button when nothing is under way
_NAP_S = const(4)  # in standby: the watchdog runs on, so it must be fed
# mV of a lithium cell at rest by percent, for 20 mA; between the points straight
_CURVE_MV = b"\x00\x14\x1f\x27\x2d\x32\x39\x44\x50\x58"  # 10 mV above 3300: 3300 3500 3610 3690 3750 3800 3870 ...
_CURVE_PCT = b"\x00\x05\x0a\x14\x23\x32\x3e\x4e\x5d\x64"  # 0 5 10 20 35 50 62 78 93 100
_CRASH = b"FCC1"
_CRASH_B = const(240)


def percent(battery_mv):
    """Charge of a lithium cell by its voltage."""
    at_mv = at = 0
    for k in range(10):
        mv, pct = 3300 + 10 * _CURVE_MV[k], _CURVE_PCT[k]
        if battery_mv < mv:
            return at + (pct - at) * (battery_mv - at_mv) // (mv - at_mv) if k else 0
        at_mv, at = mv, pct
    return 100


class Power:
    """Settings  pins: the board's file; wake_pin: the IMU's interrupt
    In        idle(ms); nap(motion): light sleep until button, motion or 4 s; off(): deep sleep until the button
    Out       battery_mv(); charging(): True, False or None where the board can't tell
    """

    def __init__(self, pins):
        self._pins = pins
        self._enable = self._charge = None
        if pins.BATTERY_ENABLE is not None:
            self._enable = digitalio.DigitalInOut(pins.BATTERY_ENABLE)
            self._enable.switch_to_output(False)
        if pins.CHARGING is not None:
            self._charge = digitalio.DigitalInOut(pins.CHARGING)
            self._charge.switch_to_input(pull=digitalio.Pull.UP)
        self._button = digitalio.DigitalInOut(pins.BUTTON)
        self._button.switch_to_input(pull=digitalio.Pull.UP)

    def pressed(self):
        return not self._button.value

    def battery_mv(self):
        with analogio.AnalogIn(self._pins.BATTERY) as pin:
            return int(pin.value * pin.reference_voltage * self._pins.BATTERY_FACTOR / 65.535 + 0.5)

    def percent(self, battery_mv):
        return percent(battery_mv)

    def charging(self):
        return None if self._charge is None else not self._charge.value

    def idle(self, ms):
        """Sleeps, but a press ends it."""
        button, sleep = self._button, time.sleep
        look_ms, look_s = _LOOK_MS, _LOOK_MS / 1000
        while ms > look_ms and button.value:
            sleep(look_s)
            ms -= look_ms
        if button.value or ms <= look_ms:
            sleep(ms / 1000)

    def nap(self, motion):
        """Light sleep; gives "button", "motion" or "" after 4 s."""
        self._button.deinit()
        button = alarm.pin.PinAlarm(self._pins.BUTTON, value=False, pull=True)
        alarms = [alarm.time.TimeAlarm(monotonic_time=time.monotonic() + _NAP_S), button]
        if motion:
            alarms.append(alarm.pin.PinAlarm(self._pins.IMU_INT, value=True))
        woke = alarm.light_sleep_until_alarms(*alarms)
        self._button = digitalio.DigitalInOut(self._pins.BUTTON)
        self._button.switch_to_input(pull=digitalio.Pull.UP)
        if isinstance(woke, alarm.time.TimeAlarm):
            return ""
        return "button" if self.pressed() else "motion"

    def off(self, tick, parts):
        """Light sleep until the button, then everything starts anew. Does not return.

        Not deep sleep: on the nRF52840 the watchdog runs on in it and the clock does not (hw/clock.py).
        """
        while True:
            parts.feed()
            tick(parts.ticks_ms())
            if self.nap(False):
                break
        while self.pressed():  # held through the start it would mean: let the computer write
            parts.feed()
            time.sleep(0.02)
        clock.restart()

    def start_watchdog(self):
        clock.guard(True)
        dog = microcontroller.watchdog
        dog.timeout = _WATCHDOG_S
        dog.mode = watchdog.WatchDogMode.RESET
        return dog.feed


def save_crash(error):
    """Keep what went wrong where no power cut reaches; only when there is none kept yet, to spare the page."""
    import traceback

    text = "\n".join(traceback.format_exception(error))
    print(text)
    text = text.encode()[-_CRASH_B:]
    head = _CRASH + len(text).to_bytes(2, "little") + (binascii.crc32(text) & 0xFFFFFFFF).to_bytes(4, "little")
    if crash() is None:
        microcontroller.nvm[0 : len(head) + len(text)] = head + text


def crash(forget=False):
    """The kept crash's text, or None."""
    nvm = microcontroller.nvm
    head = bytes(nvm[0:10])
    size = int.from_bytes(head[4:6], "little")
    if head[:4] != _CRASH or size > _CRASH_B:
        return None
    text = bytes(nvm[10 : 10 + size])
    if binascii.crc32(text) & 0xFFFFFFFF != int.from_bytes(head[6:10], "little"):
        return None
    if forget:
        nvm[0:4] = b"\xff\xff\xff\xff"
    return "".join([chr(c) for c in text])
