"""The clip's own clock: ms since power came, over every restart that leaves the memory alone.

The board has no calendar. A session is dated afterwards: the companion ties this clock to the wall at each visit, and
`boot` says which run of the clock a session's times belong to. So the clock is kept once a second in
`alarm.sleep_memory`, which restarts leave alone, with the ticks of that moment:

    restart by software    the ticks run on (CircuitPython saves the counter before it resets): the difference is exact
    watchdog               as by software where CircuitPython's handler still restarts in time; else the counter is
                           lost, and what passed is the watchdog's 8 s and the start, within about 1 s
    anything else, or the memory is not whole: power was lost or may have been. The clock begins anew, with a new boot

Beside it the memory holds why the board restarted by itself, until a session's log has told it:

    65..67   restarts out of safe mode in a row, why the last one, a check of both: written by safemode.py
    68       the watchdog is on guard. Each restart that is meant clears it: found at a start, the watchdog has bitten,
             whatever the reset reason says (its handler restarts by software; with USB there is safe mode between)

Source   CircuitPython ports/nordic: supervisor/port.c (overflow_tracker, reset_cpu, port_init),
         common-hal/watchdog/WatchDogTimer.c, common-hal/alarm/SleepMemory.c
Differs  deep sleep is never used: there CircuitPython slows the counter to 32 Hz and drops it, and the watchdog, which
         once started runs in sleep too (WatchDogTimer.c), would end it after 8 s
"""

import binascii
import os
import struct

import alarm
import microcontroller
import supervisor
from gaitcore.compat import const, ticks_diff
from gaitcore.drive import GUARD_AT

_KEPT = "<4sIII"  # magic, boot, uptime ms, ticks ms; then the CRC32 of them
_MAGIC = b"FCT1"
_KEPT_B = const(20)
_WATCHDOG_MS = const(9500)  # 8 s without food, half a second since it was kept, 1 s of starting from frozen modules
_SAFE_MS = const(4000)  # safe mode, safemode.py and one more start
_FRESH_MS = const(60000)
_WELL_MS = const(60000)
_SAFE = const(65)
_CHECK = const(0x5A)
_GUARD = const(0x57)
BY_WATCHDOG = const(3)  # as safemode.py counts its reasons


class Clock:
    """Settings  now_ms: supervisor.ticks_ms()
    In        keep(uptime_ms, ticks_ms), once a second; forget(): why has been told
    Out       boot: number of this run of the clock; uptime_ms at ticks_ms
              why the board restarted by itself, as safemode.py counts, or 0
    """

    def __init__(self, now_ms):
        self.ticks_ms = now_ms
        self._restarts, self.why = self._noted()
        if self._bitten():
            self.why = BY_WATCHDOG
            self._note()
        self.boot, self.uptime_ms = self._kept(now_ms)
        if not self.boot:
            self.boot = int.from_bytes(os.urandom(3), "little") + 1
            self.uptime_ms = 0
        self.keep(self.uptime_ms, now_ms)

    def _noted(self):
        count, why, check = alarm.sleep_memory[_SAFE : _SAFE + 3]
        return (count, why) if count ^ why ^ _CHECK == check else (0, 0)

    def _note(self):
        count, why = self._restarts, self.why
        alarm.sleep_memory[_SAFE : _SAFE + 3] = bytes((count, why, count ^ why ^ _CHECK))

    def forget(self):
        self.why = 0
        self._note()

    def _bitten(self):
        """Whether the watchdog ended the program before this one."""
        reasons = microcontroller.ResetReason
        by_itself = microcontroller.cpu.reset_reason in (reasons.WATCHDOG, reasons.SOFTWARE)
        begins = supervisor.runtime.run_reason == supervisor.RunReason.STARTUP  # not a reload of the program
        return by_itself and begins and alarm.sleep_memory[GUARD_AT] == _GUARD

    def _kept(self, now_ms):
        data = bytes(alarm.sleep_memory[0:_KEPT_B])
        magic, boot, uptime_ms, ticks_ms, crc = struct.unpack(_KEPT + "I", data)
        if magic != _MAGIC or binascii.crc32(data[: _KEPT_B - 4]) & 0xFFFFFFFF != crc:
            return 0, 0
        why = microcontroller.cpu.reset_reason
        reasons = microcontroller.ResetReason
        if why == reasons.WATCHDOG:
            return boot, uptime_ms + _WATCHDOG_MS
        if why == reasons.SOFTWARE and self.why == BY_WATCHDOG and self._restarts:  # through safe mode
            return boot, uptime_ms + _WATCHDOG_MS + _SAFE_MS
        passed_ms = ticks_diff(now_ms, ticks_ms)
        # A reload of the program leaves the reason of the last restart standing.
        if why in (reasons.SOFTWARE, reasons.POWER_ON) and 0 <= passed_ms < _FRESH_MS:
            return boot, uptime_ms + passed_ms
        return 0, 0

    def keep(self, uptime_ms, ticks_ms):
        data = struct.pack(_KEPT, _MAGIC, self.boot, uptime_ms & 0xFFFFFFFF, ticks_ms)
        alarm.sleep_memory[0:_KEPT_B] = data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)
        if self._restarts and ticks_diff(ticks_ms, self.ticks_ms) > _WELL_MS:
            self._restarts = 0
            self._note()


def guard(on):
    """The watchdog watches from here on; or a restart follows that is meant."""
    alarm.sleep_memory[GUARD_AT] = _GUARD if on else 0


def restart():
    guard(False)
    microcontroller.reset()
