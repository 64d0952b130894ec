"""Where the firmware's sources are: device/, gaitcore, the pinned libraries, and what stands in for the board.

In a clone they lie where they are worked on, and the libraries where pip put them. A wheel carries device/ and the
libraries, put there by setup.py when it was built. Nothing else asks which of the two it is.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import gaitcore

from formclip.ground.errors import NotInstalled

_HERE = Path(__file__).resolve().parent
_CARRIED = _HERE / "carried"
IN_WHEEL = _CARRIED.is_dir()
REPO = _HERE.parents[2]
DEVICE = _CARRIED / "device" if IN_WHEEL else REPO / "device"
HOST = _HERE.parents[1]
SHARED = Path(gaitcore.__path__[0]).resolve().parent
STANDINS = _HERE / "virtual" / "standins"
_LIBRARIES = ("adafruit_ble", "adafruit_drv2605", "adafruit_bus_device")


@dataclass(frozen=True)
class Tree:
    """The sources of one firmware: of this checkout, or of another one that is to be measured."""

    device: Path
    shared: Path


HERE = Tree(DEVICE, SHARED)


def tree(folder: Path) -> Tree:
    """The sources in another checkout; FileNotFoundError where there are none."""
    found = Tree((folder / "device").resolve(), (folder / "shared").resolve())
    for path in (found.device / "app.py", found.shared / "gaitcore" / "session.py"):
        if not path.is_file():
            raise FileNotFoundError(2, "no such file", str(path))
    return found


def library_folder() -> Path:
    """The folder that holds the Adafruit libraries; NotInstalled where there is none."""
    if IN_WHEEL:
        return _CARRIED / "libraries"
    spec = importlib.util.find_spec(_LIBRARIES[0])
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled(
            "the Adafruit libraries of the firmware are not installed",
            "make setup, or pip install --no-deps -r requirements/firmware.txt",
        )
    return Path(next(iter(spec.submodule_search_locations))).parent


def library_file(name: str) -> Path:
    """A file of the libraries, as adafruit_ble/uuid/__init__.py; NotInstalled where it is missing."""
    path = library_folder() / name
    if not path.is_file():
        raise NotInstalled(
            f"the firmware's libraries lack {name}", "install the pinned ones: requirements/firmware.txt"
        )
    return path


def libraries_here() -> bool:
    return IN_WHEEL or all(importlib.util.find_spec(name) for name in _LIBRARIES)
