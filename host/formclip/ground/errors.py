"""What can go wrong on the desktop, one class per thing that a caller can act on.

An error says what happened, to what, and what to do next, in one line. The parts stay in
attributes; `str()` joins them. Each class has the exit code that scripts see:

    0  done                         5  a setting refused
    1  a fault in formclip itself   6  a file or folder can't be read or written
    2  wrong use of the command     7  a goal missed (`validate --strict`) or an episode missed (`demo`)
    3  not a readable trace         8  a part that is not installed
    4  not a readable log
"""

from __future__ import annotations

from pathlib import Path


class FormclipError(Exception):
    """Something a person can act on: `what` happened, in which file and where, and what to do `next_step`."""

    exit_code = 1

    def __init__(self, what: str, next_step: str = "", *, path: str | Path | None = None, place: str = "") -> None:
        super().__init__(what, next_step, path, place)
        self.what = what
        self.next_step = next_step
        self.path = path
        self.place = place

    def __str__(self) -> str:
        where = ", ".join(printable(part) for part in (self.path, self.place) if part)
        head = f"{where}: {printable(self.what)}" if where else printable(self.what)
        return f"{head}; {printable(self.next_step)}" if self.next_step else head


class TraceError(FormclipError):
    """A trace that is not one, or not one that can be used."""

    exit_code = 3


class LogError(FormclipError):
    """A clip's own file that can't be read."""

    exit_code = 4


class SettingsError(FormclipError):
    """A settings file, or a value in it, that is refused."""

    exit_code = 5


class FileError(FormclipError):
    """The file system said no."""

    exit_code = 6


class GoalMissed(FormclipError):
    """Everything ran, but a figure is not what was asked for."""

    exit_code = 7


class NotInstalled(FormclipError):
    """A part of formclip, or a library it needs for this, is not there."""

    exit_code = 8


def with_extra(extra: str) -> str:
    """The next step where a package of one of formclip's extras is missing."""
    install = f'install "formclip[{extra}]"'
    return f"pip {install} brings it, after pipx: pipx runpip formclip {install}; in a clone, make setup"


def printable(part: object) -> str:
    """One line, whatever bytes a file name or a cell holds."""
    text = str(part)
    return text if text.isprintable() else "".join(c if is_shown(c) else f"\\x{ord(c):02x}" for c in text)


def is_shown(letter: str) -> bool:
    """Whether a letter may stand on a line as it is: joiners, too, of which emoji and some scripts are made."""
    return letter.isprintable() or letter in "\u200c\u200d"


def from_os_error(error: OSError, path: str | Path, doing: str) -> FileError:
    """An OSError in our words: `doing` is "read" or "write"."""
    if isinstance(error, FileNotFoundError):
        return FileError("no such file or folder", "check the path", path=path)
    if isinstance(error, IsADirectoryError):
        return FileError("is a folder, a file is needed", "name one file in it", path=path)
    if isinstance(error, NotADirectoryError | FileExistsError):
        return FileError("is a file, a folder is needed", "name another folder", path=path)
    if isinstance(error, PermissionError):
        return FileError(f"not allowed to {doing} it", "change its permissions or name another place", path=path)
    reason = (error.strerror or str(error)).lower()
    return FileError(f"can't {doing} it: {reason}", "check the disk and try again", path=path)
