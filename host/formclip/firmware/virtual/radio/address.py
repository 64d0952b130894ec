"""Where the virtual air is."""

from __future__ import annotations

import os

from formclip.ground.errors import FormclipError, printable

DEFAULT_ADDRESS = "127.0.0.1:47321"


class NoAir(FormclipError):
    """There is no virtual air, or it can't be opened."""

    exit_code = 10


def address_of(text: str | None) -> tuple[str, int]:
    """HOST:PORT of the air: given, else from FORMCLIP_AIR, else the default."""
    text = text or os.environ.get("FORMCLIP_AIR") or DEFAULT_ADDRESS
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise ValueError(f"'{printable(text)}' is not HOST:PORT")
    return host or "127.0.0.1", int(port)
