"""This computer's key: what a clip knows it by. Made once, kept with the data, readable by its owner only."""

from __future__ import annotations

import os
import secrets

from formclip.ground.errors import from_os_error
from formclip.runs.store.store import default_folder

KEY_B = 16


def computer_key() -> bytes:
    """The 16 bytes, made at the first call. FileError when they can't be kept."""
    path = default_folder() / "computer.key"
    try:
        if not path.is_file() or path.stat().st_size != KEY_B:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}")
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_B))
            partial.replace(path)
        return path.read_bytes()
    except OSError as error:
        raise from_os_error(error, path, "write") from None
