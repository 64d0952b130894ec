"""Who may write the drive, decided before USB comes up; nothing else.

The clip writes (a computer may only read), unless the button is held while it starts: then the computer writes, for
`formclip deploy` and for edits, and the clip records nothing.
"""

import board
import digitalio
import storage
import supervisor
from boards import pins_of

with digitalio.DigitalInOut(pins_of(board).BUTTON) as button:
    button.switch_to_input(pull=digitalio.Pull.UP)
    held = not button.value
storage.remount("/", readonly=held)
supervisor.runtime.autoreload = False
