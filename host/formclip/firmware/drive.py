"""Putting the firmware on the drive of a board.

Safe to interrupt: without code.py the board does nothing, and code.py goes first and comes last.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import string
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gaitcore.drive import FILE_MAGIC, GUARD_AT, RESTART_AT, RESTART_MARK, SPARE_B, STAGE_AT
from gaitcore.drive import LOG as LOG_PATH
from gaitcore.page import MAGIC, PAGE_B

from formclip.firmware.bundle import BOARD_IDS, BOARDS, frozen, on_drive
from formclip.ground.errors import FormclipError, NotInstalled, from_os_error, printable
from formclip.ground.files import write_whole
from formclip.ground.version import VERSION

CIRCUITPYTHON = 10  # major version that the firmware was written and tried for
LOG = LOG_PATH.strip("/")
MANIFEST = "formclip.json"
LEAST_LOG_B = 64 * 4096
FLASH_B = 2 * 1024 * 1024  # of every board here: no log is larger, whatever the drive says is free
MOST_DRIVE_B = 64 * 1024 * 1024  # a drive in a board's flash has 2 to 16 MB; a disk of a computer has more
_BOOT_OUT_B = 4096
_FAT = {"vfat", "msdos"}
_MOUNTS = Path("/proc/self/mounts")
HOW_TO_WRITE = (
    "hold the clip's button, press reset, let go when the LED lights: then the computer may write; "
    "or name its serial port with --port"
)


_NAME_THE_DRIVE = "name the drive that appears when the board is plugged in, or use --force"


class DeployError(FormclipError):
    """The firmware can't be put on this drive."""

    exit_code = 6


@dataclass(frozen=True)
class BootOut:
    """What CircuitPython wrote about itself into boot_out.txt."""

    version: str
    board_id: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def board(self) -> str | None:
        return next((name for name, board_id in BOARD_IDS.items() if board_id == self.board_id), None)


def read_boot_out(drive: Path) -> BootOut:
    """Version and board of a drive; DeployError where it is no CircuitPython drive."""
    path = drive / "boot_out.txt"
    try:
        with path.open("rb") as file:
            text = file.read(_BOOT_OUT_B).decode("utf-8", "replace")
    except FileNotFoundError:
        raise DeployError(
            "no boot_out.txt: not the drive of a CircuitPython board",
            "install CircuitPython on the board first (docs/wear/flash.md)",
            path=drive,
        ) from None
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    version = re.search(r"CircuitPython (\d{1,4}\.\d+\S*)", text)
    board = re.search(r"Board ID: ?(\S+)", text)
    if version is None or board is None:
        raise DeployError("does not name version and board", "reset the board and try again", path=path)
    return BootOut(version.group(1).rstrip(";,"), board.group(1))


def mounts() -> list[Path]:
    """Where this computer mounts what is plugged in."""
    places: list[Path] = []
    user = os.environ.get("USER", "")
    if sys.platform == "win32":
        return [Path(f"{letter}:/") for letter in string.ascii_uppercase]
    for root in (f"/media/{user}", f"/run/media/{user}", "/media", "/mnt", "/Volumes"):
        try:
            places += sorted(Path(root).iterdir())
        except OSError:
            continue
    return places


def drives() -> list[Path]:
    """CIRCUITPY drives that this computer has mounted."""
    named = [path for path in mounts() if sys.platform == "win32" or path.name.startswith("CIRCUITPY")]
    return [path for path in named if (path / "boot_out.txt").is_file()]


def find_drive(drive: Path | None) -> Path:
    if drive is not None:
        return drive
    found = drives()
    if not found:
        raise DeployError("no CIRCUITPY drive found", "plug the board in, or name its drive with --drive")
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise DeployError(f"{len(found)} CIRCUITPY drives found: {names}", "name one with --drive")
    return found[0]


def check_board(drive: Path, board: str | None) -> tuple[BootOut, str]:
    """The board whose drive this is; DeployError when it is another or CircuitPython is too old or too new."""
    found = read_boot_out(drive)
    if found.major != CIRCUITPYTHON:
        raise DeployError(
            f"CircuitPython {found.version} is on it, formclip needs {CIRCUITPYTHON}.x",
            f"install CircuitPython {CIRCUITPYTHON} from circuitpython.org/board/{found.board_id.lower()}",
            path=drive,
        )
    if board is None:
        if found.board is None:
            raise DeployError(
                f"the board {printable(found.board_id)} is not one formclip knows",
                "name the most similar one with --board " + ", ".join(BOARDS),
                path=drive,
            )
        return found, found.board
    if found.board is not None and found.board != board:
        raise DeployError(f"this is a {found.board}, not a {board}", f"use --board {found.board}", path=drive)
    return found, board


def check_is_a_drive(drive: Path) -> None:
    """DeployError where the folder lies on a computer's disk: nothing is written there."""
    try:
        total_b = shutil.disk_usage(drive).total
    except OSError as error:
        raise from_os_error(error, drive, "read") from None
    if total_b > MOST_DRIVE_B:
        raise DeployError(
            f"is on a disk of {total_b / 1e9:,.0f} GB, and the drive of a board has 2 MB",
            _NAME_THE_DRIVE,
            path=drive,
        )
    kind = filesystem(drive)
    if kind and kind not in _FAT:
        raise DeployError(f"is on {printable(kind)}, and the drive of a board is FAT", _NAME_THE_DRIVE, path=drive)


def filesystem(path: Path) -> str:
    """The kind that the system mounted there, as Linux tells it; empty elsewhere."""
    found, longest = "", -1
    try:
        here = str(path.resolve())
        for line in _MOUNTS.read_text("utf-8", "surrogateescape").splitlines():
            _, place, kind, *_ = line.split()
            place = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place)
            if len(place) >= longest and (here + "/").startswith(place.rstrip("/") + "/"):
                found, longest = kind, len(place)
    except (OSError, ValueError):
        return ""
    return found


def ask_for_the_drive(port: str) -> None:
    """Through the serial console: let the computer write at the next start, and restart."""
    memory = f"m=alarm.sleep_memory;m[{RESTART_AT}]={RESTART_MARK};m[{GUARD_AT}]=0"
    _tell(port, f"import alarm,microcontroller;{memory};microcontroller.reset()")


def ask_for_the_bootloader(port: str) -> None:
    """Through the serial console: restart into the bootloader, as pressing reset twice does."""
    into = "microcontroller.on_next_reset(microcontroller.RunMode.UF2)"
    guard = f"alarm.sleep_memory[{GUARD_AT}]=0"  # meant, and no bite of the watchdog's
    _tell(port, f"import alarm,microcontroller;{guard};{into};microcontroller.reset()")


def _tell(port: str, line: str) -> None:
    """One line to the console's prompt."""
    try:
        handle = os.open(port, os.O_RDWR | getattr(os, "O_NOCTTY", 0))
        try:
            if os.isatty(handle):
                import tty

                tty.setraw(handle)
            for part in (b"\x03", b"\x03", b"\r\n", line.encode() + b"\r\n"):
                os.write(handle, part)
        finally:
            os.close(handle)
    except ImportError:
        raise NotInstalled("--port needs a Unix terminal", "hold the button while the board starts instead") from None
    except OSError as error:
        raise from_os_error(error, port, "write") from None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def writable(drive: Path) -> bool:
    try:
        probe = drive / "formclip.part"
        probe.write_bytes(b"?")
        probe.unlink()
        return True
    except OSError:
        return False


def manifest(board: str, files: dict[str, bytes], build: str = "") -> bytes:
    """The list of what was deployed, for the next deploy and for doctor; build: of the frozen part."""
    digests = {name: _digest(data) for name, data in files.items() if name != "/settings.toml"}
    facts = {"formclip": VERSION, "board": board, **({"frozen": build} if build else {}), "files": digests}
    return json.dumps(facts, indent=0).encode()


def read_manifest(drive: Path) -> dict[str, str]:
    """Path -> SHA-256 of what the last deploy wrote. Of a list that somebody else made only what lies on the drive."""
    try:
        found = json.loads((drive / MANIFEST).read_text("utf-8"))["files"]
        return {str(name): str(value) for name, value in found.items() if _is_ours(str(name))}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _is_ours(name: str) -> bool:
    """Whether a name can be one of the firmware's files: below the drive's root, and neither runs nor settings."""
    parts = name.split("/")
    inside = parts[0] == "" and all(part not in ("", ".", "..") for part in parts[1:]) and not re.search(r"[\\:]", name)
    return inside and name.lower() not in ("/" + LOG, "/settings.toml")


def read_build(drive: Path) -> str:
    """The frozen build that the last deploy was for; empty when it put all of the firmware on the drive."""
    try:
        return str(json.loads((drive / MANIFEST).read_text("utf-8")).get("frozen", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def shadows(drive: Path) -> list[str]:
    """Files of the drive that win over frozen modules of the same name: imports look into the drive's root first.

    Then come the frozen modules, then the drive's lib folder: what is there hides nothing.
    """
    found = []
    for name in sorted({path.split("/")[0].removesuffix(".py") for path in frozen().modules}):
        for path in (drive / f"{name}.py", drive / f"{name}.mpy", *sorted((drive / name).rglob("*.*py"))):
            if path.suffix in (".py", ".mpy") and path.is_file():
                found.append("/" + path.relative_to(drive).as_posix())
    return found


def _remove(drive: Path, name: str) -> None:
    """A file, and the folders that are empty without it."""
    path = drive / name[1:]
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == drive:
            break
        try:
            folder.rmdir()
        except OSError:
            break


def merged_settings(drive: Path, ours: bytes) -> bytes:
    """The drive's own settings.toml, with the lines of ours that it lacks."""
    try:
        theirs = (drive / "settings.toml").read_text("utf-8", "surrogateescape")  # bytes that are no text stay
    except FileNotFoundError:
        return ours
    except OSError as error:
        raise from_os_error(error, drive / "settings.toml", "read") from None
    have = {line.partition("=")[0].strip() for line in theirs.splitlines() if "=" in line and line[0] != "#"}
    for line in ours.decode().splitlines():
        name = line.partition("=")[0].strip()
        if "=" in line and not line.startswith("#") and name not in have:
            theirs = theirs.rstrip("\n") + "\n" + line + "\n"
    return theirs.encode("utf-8", "surrogateescape")


def plan(drive: Path, board: str, as_frozen: bool = False) -> dict[str, bytes]:
    """What has to be written: changed files, code.py last."""
    files = on_drive(board, as_frozen)
    files["/settings.toml"] = merged_settings(drive, files["/settings.toml"])
    changed: dict[str, bytes] = {}
    for name, data in sorted(files.items(), key=lambda item: (item[0] == "/code.py", item[0])):
        try:
            same = (drive / name[1:]).read_bytes() == data
        except OSError:
            same = False
        if not same:
            changed[name] = data
    return changed


def copy(drive: Path, board: str, as_frozen: bool = False) -> Iterator[tuple[str, int]]:
    """Put the firmware on the drive; yields each file's name and size when it is there and verified.

    Safe to interrupt: without code.py the board does nothing, and code.py goes first and comes last. The log is not
    touched, and neither is a settings.toml but for lines it lacks. as_frozen: what is frozen goes from the drive.
    """
    files = on_drive(board, as_frozen)
    changed = plan(drive, board, as_frozen)
    gone = set(read_manifest(drive)) - set(files)
    if as_frozen:
        gone.update(shadows(drive))
    for name in (*files, "/" + LOG, "/" + MANIFEST):  # what an interrupted deploy left
        (drive / (name[1:] + ".part")).unlink(missing_ok=True)
    # FAT rounds up to blocks of 512 bytes; a file is there twice while it is replaced.
    need = sum((len(data) + 511) // 512 * 512 for data in changed.values())
    need += max((len(data) for data in changed.values()), default=0) + 4096
    have = sum(size_b(drive / name[1:]) for name in changed)
    room = shutil.disk_usage(drive).free
    if need - have > room:
        raise DeployError(
            f"{need - have - room:,} bytes too little room",
            "sync the runs with `formclip sync`, then delete files that are not formclip's",
            path=drive,
        )
    try:
        if changed or gone:
            (drive / "code.py").unlink(missing_ok=True)
            changed["/code.py"] = files["/code.py"]
        for name in sorted(gone):
            _remove(drive, name)
        last = changed.pop("/code.py", None)
        for name, data in changed.items():
            write_whole(drive / name[1:], data)
            yield name, len(data)
        for name, data in changed.items():
            if _digest((drive / name[1:]).read_bytes()) != _digest(data):
                raise DeployError(
                    "reads back differently", "run deploy again; if it stays, format the drive", path=name
                )
        log = drive / LOG
        if size_b(log) < LEAST_LOG_B and not holds_runs(log):
            log.unlink(missing_ok=True)
            log.with_name(LOG + ".part").unlink(missing_ok=True)  # of a deploy that was interrupted here
            size = (min(shutil.disk_usage(drive).free, FLASH_B) - SPARE_B) // 4096 * 4096
            if size < LEAST_LOG_B:
                raise DeployError("no room for the log", "delete files that are not formclip's", path=drive)
            for done in _zeros(log, size):
                yield LOG, done
        write_whole(drive / MANIFEST, manifest(board, files, frozen().build if as_frozen else ""))
        if last is not None:
            write_whole(drive / "code.py", last)
            yield "/code.py", len(last)
        if hasattr(os, "sync"):
            os.sync()
    except OSError as error:
        raise from_os_error(error, drive, "write") from None


def holds_runs(log: Path) -> bool:
    """Whether a page of a session stands in a log that the clip uses."""
    try:
        data = log.read_bytes()
    except OSError:
        return False
    places = range(STAGE_AT * PAGE_B, len(data) - len(MAGIC), PAGE_B)
    return data.startswith(FILE_MAGIC) and any(data.startswith(MAGIC, at) for at in places)


def size_b(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _zeros(path: Path, size_b: int) -> Iterator[int]:
    """The log file at its full size, in one piece, so that the clip never has to grow it."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            for at in range(0, size_b, 65536):
                n = min(65536, size_b - at)
                file.write(bytes(n))
                yield n
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:  # a full drive, Ctrl-C: nothing half stays
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Deployed:
    """What a deploy did."""

    drive: Path
    board: str
    circuitpython: str
    build: str | None
    files_written: int
    bytes_written: int
    log_b: int
    free_b: int


def deploy(
    drive: Path,
    board: str | None,
    as_frozen: bool = True,
    on_progress: Callable[[float], None] | None = None,
    force: bool = False,
) -> Deployed:
    """Check the board, copy what changed, verify it.

    board       None: as boot_out.txt says
    as_frozen   False: all of it from source, which does not fit the memory of a board
    on_progress is given the share that is done, 0 to 1
    force       also where the folder is no drive of a board, as for a look at what would be written
    Errors      DeployError: not such a drive, another board, read-only, no room
    """
    found, board = check_board(drive, board)
    if not force:
        check_is_a_drive(drive)
    if not writable(drive):
        raise DeployError("the drive is read-only: the clip writes it now", HOW_TO_WRITE, path=drive)
    total = sum(len(data) for data in plan(drive, board, as_frozen).values())
    if size_b(drive / LOG) < LEAST_LOG_B and not holds_runs(drive / LOG):
        total += max(0, min(shutil.disk_usage(drive).free, FLASH_B) - SPARE_B - total)
    written, done = [], 0
    for name, size in copy(drive, board, as_frozen):
        done += size
        written.append(name)
        if on_progress is not None and total:
            on_progress(min(1.0, done / total))
    return Deployed(
        drive,
        board,
        found.version,
        frozen().build if as_frozen else None,
        len([name for name in written if name != LOG]),
        done,
        size_b(drive / LOG),
        shutil.disk_usage(drive).free,
    )


def wait_for_a_drive(seconds: float = 15.0) -> None:
    """Until a CIRCUITPY drive appears, as after `ask_for_the_drive`; no longer than `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not drives():
        time.sleep(0.25)
