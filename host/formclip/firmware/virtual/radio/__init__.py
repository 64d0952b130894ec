"""A Bluetooth radio without hardware: real host stacks on both sides of a virtual air.

    clip (`_bleio` stand-in on Bumble) -- HCI -- controller == air == controller -- HCI -- companion (bleak on Bumble)

address.py      where the air is
air.py          the air and its controllers, over TCP; can cut, pace and lose
central.py      bleak's scanner and client on Bumble
peripheral.py   what the `_bleio` stand-in is heard by: CircuitPython's peripheral role on Bumble
process.py      the air as a process; a board that is driven while it runs
prepared.py     drives with long runs on them
"""

from __future__ import annotations

from formclip.firmware.virtual.radio.address import DEFAULT_ADDRESS, NoAir, address_of
from formclip.ground.errors import NotInstalled

__all__ = ["DEFAULT_ADDRESS", "NoAir", "address_of", "use"]


def use(text: str | None = None) -> None:
    """From here on the companion's radio is the virtual one."""
    try:
        from formclip.firmware.virtual.radio import central
    except ModuleNotFoundError as error:
        raise NotInstalled("the virtual radio needs bumble, which is not installed", "pip install bumble") from error
    from formclip.runs.sync.link import BACKENDS

    central.AIR = address_of(text)
    BACKENDS.scanner, BACKENDS.client = central.VirtualScanner, central.VirtualClient
