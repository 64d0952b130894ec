"""A board's firmware as one file, and the bootloader's drive that takes it.

A UF2 file is a row of blocks of 512 bytes, each with an address, up to 476 bytes for it and the family of chips that it
is for. A board whose reset was pressed twice shows a drive that takes them: it writes each block where it belongs,
and restarts when it has the last. That reaches the part of the flash in which CircuitPython lies and no other. What
survives: the drive with runs, settings and log, which is another chip; the bonds and nvm, which lie behind it.

Source    github.com/microsoft/uf2, README; Adafruit_nRF52_Bootloader, boards/*/board.h for the names
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaitcore.drive import LOG as LOG_PATH

from formclip.firmware.bundle import BOARD_IDS, FROZEN_MARK
from formclip.firmware.drive import DeployError, ask_for_the_bootloader, drives, mounts, read_boot_out
from formclip.firmware.virtual.board import DRIVE_B, blank_image
from formclip.firmware.virtual.image import MountedImage
from formclip.ground.errors import FormclipError, from_os_error, printable

BLOCK_B = 512
_HEAD = "<8I"
_MAGIC = (0x0A324655, 0x9E5D5157)
_END = struct.pack("<I", 0x0AB16F30)
_MOST_PAYLOAD_B = 476
_HAS_FAMILY = 0x2000
_NOT_FLASH = 0x1
NRF52840 = 0xADA52840
INFO = "INFO_UF2.TXT"
# What a bootloader calls its board.
BOOTLOADERS = {
    "nRF52840-SeeedXiaoSense-v1": "xiao",
    "nRF52840-Feather-Sense": "feather",
    "nRF52840-Feather-revD": "sox",
}
_BUILD = re.compile(re.escape(FROZEN_MARK.encode()) + rb" ([0-9A-Za-z.+-]{5,60})")
HOW_TO_BOOTLOADER = "press reset twice, half a second apart: a drive called XIAO-SENSE or FTHRSNSBOOT appears"
_PIECE_B = 32 * BLOCK_B
_LOOK_S = 0.25


@dataclass(frozen=True)
class Image:
    """What a UF2 file holds."""

    path: Path
    data: bytes
    board: str
    build: str


def read(path: Path) -> Image:
    """A firmware's UF2 file, looked through; DeployError where it is none of formclip's for a board that it knows."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    flash = payload(data, path)
    boards = [name for name, board_id in BOARD_IDS.items() if re.search(rb"\b" + board_id.encode() + rb"\b", flash)]
    if not boards:
        raise DeployError("is for no board that formclip knows", "take the file for your board", path=path)
    build = _BUILD.search(flash)
    if build is None:
        raise DeployError(
            "holds no formclip: a plain CircuitPython, or another program",
            "take formclip's own file, or build it: docs/design/freeze.md",
            path=path,
        )
    return Image(path, data, boards[0], build.group(1).decode())


def payload(data: bytes, path: Path) -> bytes:
    """What of a UF2 file goes into the flash; DeployError where one is missing, broken, or another chip's."""
    again = "download it again, whole"
    if not data or len(data) % BLOCK_B:
        raise DeployError("is no whole UF2 file", again, path=path)
    parts = []
    for k in range(0, len(data), BLOCK_B):
        head = struct.unpack_from(_HEAD, data, k)
        flags, _, size_b, number, blocks, family = head[2:]
        if head[:2] != _MAGIC or data[k + BLOCK_B - 4 : k + BLOCK_B] != _END or size_b > _MOST_PAYLOAD_B:
            raise DeployError(f"block {k // BLOCK_B} is none of a UF2 file", again, path=path)
        if (number, blocks) != (k // BLOCK_B, len(data) // BLOCK_B):
            raise DeployError(f"block {k // BLOCK_B} says it is {number} of {blocks}", again, path=path)
        if flags & _HAS_FAMILY and family != NRF52840:
            raise DeployError("is for another chip than the nRF52840", "take the file for your board", path=path)
        if not flags & _NOT_FLASH:
            parts.append(data[k + 32 : k + 32 + size_b])
    return b"".join(parts)


@dataclass(frozen=True)
class Bootloader:
    """The drive of a board that waits for a UF2 file."""

    drive: Path
    board: str | None
    board_id: str


def bootloader_of(drive: Path) -> Bootloader:
    """What a bootloader says of itself; DeployError where the folder is no bootloader's drive."""
    try:
        text = (drive / INFO).read_text("utf-8", "replace")
    except OSError:
        raise DeployError(f"no {INFO}: not the drive of a bootloader", HOW_TO_BOOTLOADER, path=drive) from None
    found = re.search(r"Board-ID: *(\S+)", text)
    board_id = found.group(1) if found else ""
    return Bootloader(drive, BOOTLOADERS.get(board_id), board_id)


def find_bootloader() -> Bootloader | None:
    """The one bootloader's drive that this computer has mounted; DeployError where there are several."""
    found = [path for path in mounts() if (path / INFO).is_file()]
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise DeployError(f"{len(found)} boards wait for a file: {names}", "name one with --bootloader")
    return bootloader_of(found[0]) if found else None


def runs_on(drive: Path) -> list[int]:
    """Numbers of the runs that a clip's drive still holds, read by the firmware's own code from a copy of its log.

    A run that was synced is deleted on the clip once it is stored and checked, so these were not.
    """
    path = drive / LOG_PATH.strip("/")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "drive.img"
        blank_image(image, max(DRIVE_B, len(data) + 256 * 1024))
        with MountedImage(image) as copy:
            with copy.fs.open(LOG_PATH, "wb") as file:
                file.write(data)
            try:
                return [run[0] for run in copy.log().sessions]
            except OSError:  # too small, or not formclip's: nothing to lose
                return []


def check_runs(drive: Path) -> None:
    """DeployError where the drive holds runs that were never synced."""
    runs = runs_on(drive)
    if runs:
        raise DeployError(
            f"{len(runs)} runs on it were not synced",
            "run `formclip sync` first. The new firmware leaves runs, settings and bonds where they are, so --force "
            "keeps them too, as long as nothing goes wrong",
            path=drive,
        )


def write(image: Image, bootloader: Bootloader, on_progress: Callable[[float], None] | None = None) -> None:
    """The file onto the bootloader's drive. The board restarts by itself with the last block."""
    if bootloader.board not in (None, image.board):
        raise DeployError(
            f"the file is for a {image.board}, and a {bootloader.board} waits", "take the file for your board"
        )
    path, size = bootloader.drive / image.path.name, len(image.data)
    done = 0
    try:
        with path.open("wb", buffering=0) as file:
            for done in range(0, size, _PIECE_B):
                file.write(image.data[done : done + _PIECE_B])
                if on_progress is not None:
                    on_progress(min(1.0, (done + _PIECE_B) / size))
            done = size
            os.fsync(file.fileno())
    except OSError as error:
        # with the last block the board restarts and its drive is gone: some computers call that an error
        if done < size and bootloader.drive.exists():
            raise from_os_error(error, path, "write") from None
        if done < size - _PIECE_B:
            raise DeployError(
                f"the board went away after {done:,} of {size:,} bytes",
                "its old program is gone: press reset twice and run this again",
                path=bootloader.drive,
            ) from None


@dataclass(frozen=True)
class Installed:
    """What came of it. build: as boot_out.txt told it; None: told only once `deploy` has put boot.py on the drive."""

    drive: Path
    board: str
    circuitpython: str
    build: str | None


def told_build(drive: Path) -> str | None:
    """The frozen build that boot.py told of at the last start."""
    try:
        text = (drive / "boot_out.txt").read_bytes()
    except OSError:
        return None
    found = _BUILD.search(text)
    return found.group(1).decode() if found else None


def await_board(image: Image, drive: Path | None, seconds: float) -> Installed:
    """The board's own drive, once it has started anew, and what it says of itself; DeployError where it is not this."""
    end = time.monotonic() + seconds
    said: FormclipError | None = None
    while True:
        for place in [drive] if drive is not None else drives():
            try:
                found = read_boot_out(place)
            except FormclipError as error:
                said = error
                continue
            build = told_build(place)
            if found.board == image.board and build in (None, image.build):
                return Installed(place, image.board, found.version, build)
            other = f"a {printable(found.board_id)}" if found.board != image.board else f"formclip {build}"
            said = DeployError(f"the board tells of {other}, not of {image.build}", "eject, press reset, look again")
        if time.monotonic() >= end:
            break
        time.sleep(_LOOK_S)
    raise said or DeployError(
        f"no drive of a board came within {seconds:.0f} s",
        "press reset once; if no CIRCUITPY drive appears, press it twice and run this again",
    )


def await_bootloader(seconds: float) -> Bootloader:
    """The bootloader's drive, waited for."""
    end = time.monotonic() + seconds
    while True:
        found = find_bootloader()
        if found is not None:
            return found
        if time.monotonic() >= end:
            raise DeployError(f"no board waited for a file within {seconds:.0f} s", HOW_TO_BOOTLOADER)
        time.sleep(_LOOK_S)


def install(
    image: Image,
    drive: Path | None = None,
    bootloader: Path | None = None,
    port: str | None = None,
    force: bool = False,
    on_progress: Callable[[float], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    wait_s: float = 60.0,
) -> Installed:
    """Find the board, get it to take the file, copy it, and see what starts.

    drive       the board's CIRCUITPY drive, bootloader the drive of the bootloader; both found where not given
    port        serial port: gets the board to its bootloader, else a person presses reset twice
    force       also while the drive holds runs that were not synced
    say         is told what is waited for
    Errors      DeployError: another board, runs that were not synced, nothing that waits, not this build afterwards
    """
    waiting = bootloader_of(bootloader) if bootloader is not None else find_bootloader()
    if waiting is None:
        here = [drive] if drive is not None else drives()
        for place in here:
            found = read_boot_out(place)
            if found.board not in (None, image.board):
                raise DeployError(f"the file is for a {image.board}, and this is a {found.board}", path=place)
            if not force:
                check_runs(place)
        if port is not None:
            ask_for_the_bootloader(port)
        else:
            say(HOW_TO_BOOTLOADER)
        waiting = await_bootloader(wait_s)
    else:
        say("the board waits already, so whether runs are left on it can't be seen; the file does not touch them")
    write(image, waiting, on_progress)
    say("copied; the board starts anew")
    return await_board(image, drive, wait_s)
