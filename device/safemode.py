"""Run by CircuitPython in safe mode, where code.py is not: after a brown-out, a hard fault, a fault of the radio.

Starts the board again, three times in a row at most: a minute of running well makes the next time the first again
(hw/clock.py). After that the board stays in safe mode until reset is pressed. So it does where somebody asked for safe
mode, by button (then this file is not run) or by program, and where there is no drive to go on with.

Nothing of the firmware is imported: what went wrong may be there.

Source   CircuitPython main.c, run_safemode_py; supervisor/shared/safe_mode.c
"""

import time

import alarm
import microcontroller
import supervisor

_AT = 65  # in alarm.sleep_memory, which a restart leaves alone: restarts in a row, why the last one, a check of both
_GUARD_AT = 68  # the watchdog's mark, see hw/clock.py
_CHECK = 0x5A
_MOST = 3
_OTHER = 7
reasons = supervisor.SafeModeReason
reason = supervisor.runtime.safe_mode_reason
why = _OTHER
number = 0
for known in ("BROWNOUT", "HARD_FAULT", "WATCHDOG", "SDK_FATAL_ERROR", "NO_HEAP", "STACK_OVERFLOW"):
    number += 1
    if reason == getattr(reasons, known):
        why = number
memory = alarm.sleep_memory
count = memory[_AT] if memory[_AT] ^ memory[_AT + 1] ^ _CHECK == memory[_AT + 2] else 0
if reason not in (reasons.NONE, reasons.USER, reasons.PROGRAMMATIC, reasons.NO_CIRCUITPY) and count < _MOST:
    count += 1
    memory[_AT : _AT + 3] = bytes((count, why, count ^ why ^ _CHECK))
    memory[_GUARD_AT] = 0
    time.sleep(count)  # a battery that dipped comes back
    microcontroller.reset()
