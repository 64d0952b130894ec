"""Where the virtual air is."""

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
