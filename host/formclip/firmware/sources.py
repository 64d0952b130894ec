"""Where the firmware's sources are: device/, gaitcore, the pinned libraries, and what stands in for the board."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import gaitcore

REPO = Path(__file__).resolve().parents[3]
DEVICE = REPO / "device"
SHARED = Path(gaitcore.__path__[0]).resolve().parent
STANDINS = Path(__file__).resolve().parent / "virtual" / "standins"


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
    """Where pip put the Adafruit libraries."""
    spec = importlib.util.find_spec("adafruit_register")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("no module named adafruit_register", name="adafruit_register")
    return Path(next(iter(spec.submodule_search_locations))).parent


def libraries_here() -> bool:
    return all(
        importlib.util.find_spec(name) for name in ("adafruit_lsm6ds", "adafruit_register", "adafruit_bus_device")
    )
