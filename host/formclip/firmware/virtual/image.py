"""The virtual board's drive as an image, looked at and changed from outside with the firmware's own code."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gaitcore import kept
from gaitcore.drive import LOG, SPARE_B
from gaitcore.settings import Settings

from formclip.firmware import bundle
from formclip.firmware.drive import MANIFEST, manifest
from formclip.firmware.virtual.board import DRIVE_B, blank_image, importer


class MountedImage:
    """An image mounted from outside, its log file with the firmware's own code."""

    def __init__(self, image: Path) -> None:
        self.modules = importer()
        self.modules.own("world")
        self.flash = self.modules.own("flash").Flash(str(image))
        self.fs = self.modules.own("fat").Fat(self.flash)
        self.fs.readonly = False
        self.modules.builtins["open"] = self.fs.open
        self.modules.own("drive").fs = self.fs
        self.flashlog = self.modules.load("hw.flashlog")

    def __enter__(self) -> MountedImage:
        return self

    def __exit__(self, *_: object) -> None:
        self.flash.flush()
        self.flash.close()

    def log(self) -> Any:
        store = self.flashlog.FlashLog(LOG)
        store.mount()
        return store


def make_drive(image: Path, board: str, log: bool = True) -> None:
    """A drive as `deploy` leaves it: firmware, libraries, an empty log."""
    blank_image(image, DRIVE_B)
    with MountedImage(image) as drive:
        fs = drive.fs
        folders: set[str] = set()
        files = bundle.bundle(board)
        files["/" + MANIFEST] = manifest(board, files)
        for name, data in files.items():
            parts = name.split("/")[1:-1]
            for depth in range(len(parts)):
                folder = "/" + "/".join(parts[: depth + 1])
                if folder not in folders:
                    fs.mkdir(folder)
                    folders.add(folder)
            with fs.open(name, "wb") as file:
                file.write(data)
        board_id = bundle.BOARD_IDS[board]
        with fs.open("/boot_out.txt", "wb") as file:
            first = f"Adafruit CircuitPython 10.2.1 on 2026-06-01; virtual {board} with nRF52840"
            file.write(f"{first}\nBoard ID:{board_id}\nUID:1\n".encode())
        if log:
            disk = fs.statvfs()
            drive.flashlog.create(LOG, (disk[0] * disk[3] - SPARE_B) // 4096 * 4096)
            drive.log()


def save_settings(image: Path, settings: dict[str, Any]) -> None:
    """Settings into the clip's log file, as the clip itself keeps them."""
    with MountedImage(image) as drive:
        drive.log().save(kept.pack(Settings(settings)))


def write_file(image: Path, name: str, data: bytes) -> None:
    """A file of the drive, replaced."""
    with MountedImage(image) as drive, drive.fs.open(name, "wb") as file:
        file.write(data)


def take_out(image: Path, out: Path) -> list[Path]:
    """The drive's files to out/drive, each session of its log to out/sessions; the sessions' paths."""
    copy = out / "copy.img"
    shutil.copyfile(image, copy)
    try:
        with MountedImage(copy) as board:
            fs = board.fs
            drive = out / "drive"
            if drive.exists():
                shutil.rmtree(drive)

            def walk(path: str) -> None:
                (drive / path.strip("/")).mkdir(parents=True, exist_ok=True)
                for name in fs.listdir(path or "/"):
                    if fs.stat(path + "/" + name)[0] & 0x4000:
                        walk(path + "/" + name)
                    else:
                        with fs.open(path + "/" + name, "rb") as file:
                            (drive / (path + "/" + name).strip("/")).write_bytes(file.read())

            walk("")
            found: list[Path] = []
            folder = out / "sessions"
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir()
            try:
                store = board.log()
            except OSError:
                return found
            for session, *_ in store.sessions:
                data = bytearray(store.size_b(session))
                at = 0
                while at < len(data):
                    at += store.read_into(session, at, memoryview(data)[at:])
                path = folder / f"{session:06d}.fclog"
                path.write_bytes(data)
                found.append(path)
            return found
    finally:
        copy.unlink()
