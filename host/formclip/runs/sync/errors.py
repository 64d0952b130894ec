"""What can go wrong between companion and clip, one class and exit code each.

10  no Bluetooth adapter        14  the clip refused          18  the clip's drive or answer is faulty
11  Bluetooth is switched off   15  the clip went away
12  no clip found               16  another protocol version
13  not paired                  17  the clip is busy                 20  this computer's clock is wrong
"""

from __future__ import annotations

from formclip.ground.errors import FormclipError


class RadioError(FormclipError):
    """Anything about the radio; `again` where waiting and trying once more may help."""

    exit_code = 18
    again = False


class NoAdapter(RadioError):
    exit_code = 10


class AdapterOff(RadioError):
    exit_code = 11


class NoClip(RadioError):
    exit_code = 12


class NotPaired(RadioError):
    exit_code = 13


class Refused(RadioError):
    exit_code = 14


class Recording(Refused):
    """A run is under way: nothing is given out before it ends."""


class Vanished(RadioError):
    exit_code = 15
    again = True


class WrongVersion(RadioError):
    exit_code = 16


class Busy(RadioError):
    exit_code = 17
    again = True


class Faulty(RadioError):
    exit_code = 18


class WrongClock(RadioError):
    exit_code = 20
