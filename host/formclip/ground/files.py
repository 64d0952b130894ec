"""Files that are there whole or not at all, and errors of the file system in our words."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from formclip.ground.errors import from_os_error


def make_folder(folder: Path) -> None:
    """The folder and those above it; FileError where it can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, folder, "write") from None


def write_whole(path: Path, data: str | bytes) -> None:
    """A file under its name only when all of it is on the disk; text as UTF-8 with line feeds.

    Errors    FileError; what was there before stays
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(data.encode() if isinstance(data, str) else data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise from_os_error(error, path, "write") from None
