"""A Bluetooth radio without hardware: real host stacks on both sides of a virtual air.

    clip (`_bleio` stand-in on Bumble) -- HCI -- controller == air == controller -- HCI -- companion (bleak on Bumble)

air.py          the air and its controllers, over TCP; can cut, pace and lose
central.py      bleak's scanner and client on Bumble
peripheral.py   what the `_bleio` stand-in is heard by: CircuitPython's peripheral role on Bumble
process.py      the air as a process; a board that is driven while it runs
prepared.py     drives with long runs on them
"""

from __future__ import annotations

import os

from formclip.ground.errors import FormclipError

DEFAULT_ADDRESS = "127.0.0.1:47321"


class NoAir(FormclipError):
    """There is no virtual air, or it can't be opened."""

    exit_code = 10


def address_of(text: str | None) -> tuple[str, int]:
    """HOST:PORT of the air: given, else from FORMCLIP_AIR, else the default."""
    host, _, port = (text or os.environ.get("FORMCLIP_AIR") or DEFAULT_ADDRESS).rpartition(":")
    if not port.isdigit():
        raise ValueError(f"'{text}' is not HOST:PORT")
    return host or "127.0.0.1", int(port)


def use(text: str | None = None) -> None:
    """From here on the companion's radio is the virtual one."""
    from formclip.ground.errors import NotInstalled

    try:
        from formclip.firmware.virtual.radio import central
    except ModuleNotFoundError as error:
        raise NotInstalled("the virtual radio needs bumble, which is not installed", "pip install bumble") from error
    from formclip.runs.sync.link import BACKENDS

    central.AIR = address_of(text)
    BACKENDS.scanner, BACKENDS.client = central.VirtualScanner, central.VirtualClient
