"""A virtual board inside this process: its parts one by one, for tests and for the bench.

    board = VirtualParts("xiao", rows)              # rows: (n, 6) g and dps
    imu = board.load("hw.imu").make("lsm6ds3trc", board.i2c())

`formclip.firmware.virtual.run` boots the whole firmware in a process of its own.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from formclip.firmware.sources import DEVICE, SHARED, STANDINS, library_folder

DRIVE_B = 2 * 1024 * 1024 - 4096


def _own(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def runner() -> ModuleType:
    name = "formclip_virtual_runner"
    if name not in sys.modules:
        sys.modules[name] = _own(name, STANDINS / "runner.py")
    return sys.modules[name]


def importer(ulab: bool = True) -> Any:
    """Modules of a board: the stand-ins, gaitcore, device and the libraries."""
    found = runner().Importer([str(DEVICE), str(SHARED), str(library_folder())], ulab)
    found.builtins["open"] = open
    return found


def write_trace(path: Path, rows: np.ndarray[Any, Any]) -> None:
    """Rows of ax ay az [g] gx gy gz [dps] as the virtual sensor reads them."""
    path.write_bytes(np.ascontiguousarray(rows, dtype="<f4").tobytes())


def blank_image(path: Path, size_b: int = DRIVE_B) -> None:
    """A freshly formatted drive."""
    path.write_bytes(b"\xff" * size_b)
    modules = importer()
    modules.own("world")
    flash = modules.own("flash").Flash(str(path))
    modules.own("fat").make(flash)
    flash.close()


class VirtualParts:
    """The stand-ins of one board, its sensor fed with rows; nothing boots."""

    def __init__(
        self, folder: Path, board: str = "xiao", rows: np.ndarray[Any, Any] | None = None, **config: Any
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if rows is None:
            rows = np.tile(np.array([0, 0, 1, 0, 0, 0], dtype=np.float32), (4, 1))
        write_trace(folder / "trace.bin", rows)
        image = folder / "drive.img"
        if not image.exists():
            blank_image(image)
        self.importer = importer()
        settings: dict[str, Any] = {
            "board": board,
            "trace": str(folder / "trace.bin"),
            "rate_hz": 208,
            "image": str(image),
            "nvm": str(folder / "nvm.bin"),
            "until_s": 1e6,
            "device": str(DEVICE),
        }
        settings.update(config)
        self.virtual = runner().VirtualBoard(settings, self.importer)
        self.world = self.virtual.world
        self.imu = self.virtual.imu
        self.fs = self.importer.own("drive").fs
        self.importer.builtins["open"] = lambda path, mode="r": self.importer.own("drive").fs.open(path, mode)
        self.seen: list[tuple[int, str, Any]] = []
        self.world.listeners.append(lambda t, kind, value: self.seen.append((t, kind, value)))

    def load(self, name: str) -> Any:
        return self.importer.load(name)

    def power_imu(self) -> Any:
        """Drive IMU_PWR high where the board has one; the pin object must be kept."""
        board = self.load("board")
        if not hasattr(board, "IMU_PWR"):
            return None
        pin = self.load("digitalio").DigitalInOut(board.IMU_PWR)
        pin.switch_to_output(True)
        return pin

    def i2c(self, frequency: int = 400000) -> Any:
        """The IMU's bus, supply on."""
        self._supply = self.power_imu()
        self.load("time").sleep(0.02)
        board = self.load("board")
        scl, sda = (getattr(board, a) for a in self.virtual.config["board"]["imu_bus"])
        return self.load("busio").I2C(scl, sda, frequency=frequency)
