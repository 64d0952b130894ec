"""What can go wrong with the store: 17, another process uses it; 19, this computer's disk is full."""

from __future__ import annotations

import errno
from pathlib import Path

from formclip.ground.errors import FormclipError, from_os_error


class InUse(FormclipError):
    """Another process of formclip is at it."""

    exit_code = 17


class DiskFull(FormclipError):
    """This computer's disk: what came is kept, what did not is still on the clip."""

    exit_code = 19


def disk_error(error: OSError, path: Path) -> FormclipError:
    """What writing to the store met."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            "the disk is full", "free some space and do it again; what a clip brings it still has", path=path
        )
    return from_os_error(error, path, "write")
