"""`formclip freeze`: the firmware into a checkout of CircuitPython, to be built into it.

Frozen modules lie in the board's flash with all that does not change: bytecode, constants, names. As files on the drive
all of that lies in the heap, which then holds little else.

CircuitPython's build takes the folders named in FROZEN_MPY_DIRS of the board's mpconfigboard.mk. It copies their .py
files, without the top folder's name, into one place, compiles and freezes them: `frozen/formclip/gaitcore/cue.py` is
imported as `gaitcore.cue`. On the way its preprocessor

- leaves out what is in a top folder called docs, examples, tests or utils, and setup.py and conf.py beside them,
- asks git for a version at each line that begins with __version__, and ends the build where there is no tag.

bundle.frozen() gives neither. It gives code.py too, under the name formclip_code.py: a program file of its own can't be
frozen, and what stays on the drive imports it.

Source   CircuitPython's py/mkrules.mk and tools/preprocess_frozen_modules.py, read, not run: no source was at hand
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from formclip.firmware import bundle
from formclip.firmware.drive import CIRCUITPYTHON
from formclip.ground.errors import FormclipError, from_os_error

FOLDER = Path("frozen") / "formclip"
BOARDS = Path("ports") / "nordic" / "boards"
MAKEFILE = Path("ports") / "nordic" / "Makefile"
PREPROCESSOR = Path("tools") / "preprocess_frozen_modules.py"
BEGIN = "# formclip: begin. Written by `formclip freeze`; `formclip freeze --undo` removes it."
LINE = "FROZEN_MPY_DIRS += $(TOP)/frozen/formclip"
END = "# formclip: end"
# What CircuitPython's preprocessor leaves out of a frozen folder, at its top.
LEFT_OUT = ("docs", "examples", "tests", "utils", "setup.py", "conf.py")
_BLOCK = re.compile(r"\n*^%s\n.*?^%s\n?" % (re.escape(BEGIN), re.escape(END)), re.M | re.S)
GIT_S = 30


class FreezeError(FormclipError):
    """The firmware can't be put into this folder."""

    exit_code = 6


@dataclass(frozen=True)
class Checkout:
    """A checkout of CircuitPython and one board in it."""

    folder: Path
    board: str
    version: str

    @property
    def board_id(self) -> str:
        return bundle.BOARD_IDS[self.board]

    @property
    def board_file(self) -> Path:
        return self.folder / BOARDS / self.board_id / "mpconfigboard.mk"

    @property
    def frozen(self) -> Path:
        return self.folder / FOLDER

    def commands(self) -> list[str]:
        """The build, from a checkout whose tools are set up."""
        port = f"make -C {self.folder / 'ports' / 'nordic'} BOARD={self.board_id}"
        return [f"make -C {self.folder / 'mpy-cross'}", f"{port} clean", f"{port} -j{os.cpu_count() or 1}"]

    @property
    def firmware(self) -> Path:
        return self.folder / "ports" / "nordic" / f"build-{self.board_id}" / "firmware.uf2"


def version_of(folder: Path) -> str:
    """The version that a build of this checkout would call itself: by git's last tag, as CircuitPython asks."""
    argv = ["git", "-C", str(folder), "describe", "--tags", "--dirty", "--match", "[0-9]*.*"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=GIT_S)
    except (OSError, subprocess.TimeoutExpired):
        raise FreezeError("git can't be asked for its version", "install git", path=folder) from None
    if done.returncode or not re.match(r"\d+\.", done.stdout):
        raise FreezeError(
            "no version: it has no tags, and a build of it would not know its own",
            "git fetch --tags --depth 100 origin, or clone it anew",
            path=folder,
        )
    return done.stdout.strip()


def look(folder: Path, board: str) -> Checkout:
    """The checkout, or FreezeError: not one, of another version, without this board."""
    if not folder.is_dir():
        raise FreezeError("no such folder", "check the path", path=folder)
    for part in (MAKEFILE, PREPROCESSOR):
        if not (folder / part).is_file():
            raise FreezeError(
                f"not a checkout of CircuitPython: no {part.as_posix()}",
                f"git clone --branch {CIRCUITPYTHON}.2.1 https://github.com/adafruit/circuitpython",
                path=folder,
            )
    checkout = Checkout(folder, board, version_of(folder))
    if int(checkout.version.split(".")[0]) != CIRCUITPYTHON:
        raise FreezeError(
            f"CircuitPython {checkout.version}, formclip needs {CIRCUITPYTHON}.x",
            f"git checkout {CIRCUITPYTHON}.2.1, and `git submodule update` as its documentation says",
            path=folder,
        )
    if not checkout.board_file.is_file():
        raise FreezeError(
            f"no board {checkout.board_id} in it", "name another with --board " + ", ".join(bundle.BOARDS), path=folder
        )
    return checkout


def _without(text: str) -> str:
    """The board's file as it was."""
    return _BLOCK.sub("\n", text)


def _rewrite(path: Path, text: str) -> None:
    if path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def _clear(folder: Path) -> None:
    """Removes what an earlier freeze wrote; FreezeError where the folder is somebody else's."""
    if not folder.exists():
        return
    if not (folder / bundle.BUILD).is_file():
        raise FreezeError("is not formclip's", "move it away: formclip needs that name", path=folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path.suffix == ".py":
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()


def freeze(checkout: Checkout) -> bundle.Frozen:
    """The modules into the checkout, the folder into the board's file; the same again changes nothing."""
    whole = bundle.frozen()
    left_out = [name for name in whole.modules if name.split("/")[0] in LEFT_OUT]
    assert not left_out, left_out
    try:
        _clear(checkout.frozen)
        for name, data in whole.modules.items():
            path = checkout.frozen / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        text = _without(checkout.board_file.read_text("utf-8")).rstrip("\n")
        _rewrite(checkout.board_file, f"{text}\n\n{BEGIN}\n{LINE}\n{END}\n")
    except OSError as error:
        raise from_os_error(error, checkout.folder, "write") from None
    return whole


def undo(checkout: Checkout) -> list[str]:
    """The checkout as before: the folder goes, and the lines in every board's file; which boards had them."""
    had = []
    try:
        for path in sorted((checkout.folder / BOARDS).glob("*/mpconfigboard.mk")):
            text = path.read_text("utf-8")
            if BEGIN in text:
                _rewrite(path, _without(text))
                had.append(path.parent.name)
        _clear(checkout.frozen)
    except OSError as error:
        raise from_os_error(error, checkout.folder, "write") from None
    return had
