"""Who may write the drive, decided before USB comes up; nothing else.

The clip writes (a computer may only read), unless the button is held while it starts, or `formclip deploy --port` left
its mark in the memory that a restart keeps: then the computer writes, and the clip records nothing.
"""

import alarm
import board
import digitalio
import storage
import supervisor
from boards import pins_of
from gaitcore.drive import RESTART_AT, RESTART_MARK

with digitalio.DigitalInOut(pins_of(board).BUTTON) as button:
    button.switch_to_input(pull=digitalio.Pull.UP)
    computer = not button.value or alarm.sleep_memory[RESTART_AT] == RESTART_MARK
alarm.sleep_memory[RESTART_AT] = 0
storage.remount("/", readonly=computer)
supervisor.runtime.autoreload = False
