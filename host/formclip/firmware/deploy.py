"""What goes onto the board, and putting it there.

`bundle` is the drive's content for one board: firmware and gaitcore without docstrings and comments and with short
private names (shrink.py; lines keep their numbers, so that a crash names the source's), and the pinned Adafruit
libraries as pip installed them, without docstrings and without what nothing on the clip names.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import string
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from formclip import __version__
from formclip.firmware.shrink import prune, shrink
from formclip.ground.errors import FormclipError, NotInstalled, from_os_error, printable
from formclip.ground.progress import file_progress

REPO = Path(__file__).resolve().parents[3]
DEVICE = REPO / "device"
SHARED = REPO / "shared"
BOARDS = {
    "xiao": "seeed_xiao_nrf52840_sense",
    "feather": "feather_bluefruit_sense",
    "sox": "feather_nrf52840_express",
}
BOARD_IDS = {
    "xiao": "Seeed_XIAO_nRF52840_Sense",
    "feather": "feather_bluefruit_sense",
    "sox": "feather_nrf52840_express",
}
# Files of the libraries that the firmware imports; the rest of the packages stays off the small drive.
LIBRARIES = {
    "adafruit-circuitpython-busdevice": ("adafruit_bus_device/__init__.py", "adafruit_bus_device/i2c_device.py"),
    "adafruit-circuitpython-drv2605": ("adafruit_drv2605.py",),
    "adafruit-circuitpython-lsm6ds": ("adafruit_lsm6ds/__init__.py",),
    "adafruit-circuitpython-register": (
        "adafruit_register/__init__.py",
        "adafruit_register/i2c_bit.py",
        "adafruit_register/i2c_bits.py",
        "adafruit_register/i2c_struct.py",
    ),
}
# The frozen firmware's own: code.py under a name that nothing on the drive has, and the name of the build.
CODE = "formclip_code.py"
BUILD = "formclip_build.py"
FROZEN_MARK = "formclip frozen"
# Of gaitcore, what only the desktop uses.
HOST_ONLY = {"receiver.py", "recover.py", "models.py"}


def lean(source: str) -> str:
    """The same program without docstrings and comments, every line at its number."""
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
            continue
        first = node.body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
            continue
        if not isinstance(first.value.value, str) or first.end_lineno is None:
            continue
        keep = " " * first.col_offset + "pass" if len(node.body) == 1 and not isinstance(node, ast.Module) else ""
        if lines[first.lineno - 1][: first.col_offset].strip():
            continue  # shares its line with the def
        lines[first.lineno - 1] = keep
        for number in range(first.lineno, first.end_lineno):
            lines[number] = ""
    text = "\n".join(lines) + "\n"
    bare = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            bare[row - 1] = bare[row - 1][:column].rstrip()
    out = "\n".join(line.rstrip() for line in bare).rstrip("\n") + "\n"
    compile(out, "lean", "exec")
    return out


def _library_file(package: str, name: str) -> Path:
    try:
        found = Path(str(importlib.metadata.distribution(package).locate_file(name)))
    except importlib.metadata.PackageNotFoundError:
        raise NotInstalled(
            f"the library {package} is not installed",
            "make setup, or pip install --no-deps -r requirements/firmware.txt",
        ) from None
    if not found.is_file():
        raise NotInstalled(f"{package} has no file {name}", "install the pinned version: requirements/firmware.txt")
    return found


def _imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def _gaitcore_files() -> list[Path]:
    """Modules of gaitcore that the firmware imports, directly or through others."""
    todo = [path.read_text("utf-8") for path in DEVICE.rglob("*.py")]
    found: dict[str, Path] = {"gaitcore": SHARED / "gaitcore" / "__init__.py"}
    while todo:
        for name in _imports(todo.pop()):
            path = SHARED / (name.replace(".", "/") + ".py")
            if name.startswith("gaitcore.") and name not in found and path.is_file():
                found[name] = path
                todo.append(path.read_text("utf-8"))
    return sorted(found.values())


def _lean_files(boards: tuple[str, ...]) -> dict[str, bytes]:
    """Path on the drive -> content, with the pins of these boards, names as written."""
    files: dict[str, bytes] = {}
    for path in sorted(DEVICE.rglob("*.py")):
        name = path.relative_to(DEVICE).as_posix()
        if name.startswith("boards/") and path.stem not in ("__init__", *boards):
            continue
        files["/" + name] = lean(path.read_text("utf-8")).encode()
    files["/settings.toml"] = (DEVICE / "settings.toml").read_bytes()
    for path in _gaitcore_files():
        files["/gaitcore/" + path.name] = lean(path.read_text("utf-8")).encode()
    for package, names in LIBRARIES.items():
        for name in names:
            files["/lib/" + name] = lean(_library_file(package, name).read_text("utf-8")).encode()
    return files


def bundle(board: str) -> dict[str, bytes]:
    """Path on the drive -> content, for one board."""
    files = _lean_files((BOARDS[board],))
    return {**files, **_shrunk(files)}


@dataclass(frozen=True)
class Frozen:
    """The firmware in two parts: `modules` go into the board's CircuitPython, `drive` onto its drive.

    modules are paths as imports see them (`gaitcore/cue.py`), the pins of every board among them. `build` names them:
    the drive's boot.py prints the name that it finds frozen, which CircuitPython keeps in boot_out.txt.
    """

    modules: dict[str, bytes]
    drive: dict[str, bytes]
    build: str


def frozen() -> Frozen:
    """The firmware for a CircuitPython that has it frozen.

    code.py is frozen too, as formclip_code.py, and what is left on the drive imports it: compiled from the drive it
    would be the one program whose bytecode lies in the heap.
    """
    files = _lean_files(tuple(BOARDS.values()))
    files = {**files, **_shrunk(files)}
    modules = {CODE: files.pop("/code.py")}
    drive = {name: files.pop(name) for name in ("/boot.py", "/settings.toml")}
    for name, data in files.items():
        modules[name.removeprefix("/lib").strip("/")] = _unversioned(data)
    whole = hashlib.sha256()
    for name, data in sorted(modules.items()):
        whole.update(b"%s %d " % (name.encode(), len(data)) + data)
    build = f"{__version__}-{whole.hexdigest()[:8]}"
    modules[BUILD] = f'ID = "{build}"\n'.encode()
    drive["/boot.py"] += f'from {BUILD[:-3]} import ID\n\nprint("{FROZEN_MARK}", ID)\n'.encode()
    drive["/code.py"] = f"import {CODE[:-3]}\n".encode()
    return Frozen(modules, drive, build)


def _unversioned(data: bytes) -> bytes:
    """Without lines that begin with __version__: CircuitPython's freezer asks git for a tag at each."""
    return re.sub(rb"(?m)^__(version|repo)__\b.*$", b"", data)


def on_drive(board: str, as_frozen: bool) -> dict[str, bytes]:
    """Path on the drive -> content: all of the firmware, or what is left of it when the rest is frozen."""
    return frozen().drive if as_frozen else bundle(board)


def _shrunk(files: dict[str, bytes]) -> dict[str, bytes]:
    """Our modules with fewer and shorter names, which stay in the board's heap for good; the libraries pruned."""
    sources = {name: data.decode() for name, data in files.items() if name.endswith(".py")}
    libraries = {name: text for name, text in sources.items() if name.startswith("/lib/")}
    ours = {name: text for name, text in sources.items() if name not in libraries}
    return {name: text.encode() for name, text in _shrink_once(tuple(ours.items()), tuple(libraries.items()))}


@functools.lru_cache(maxsize=8)
def _shrink_once(ours: tuple[tuple[str, str], ...], libraries: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The same sources are shrunk once: it takes 2 s."""
    pruned = prune(dict(libraries), dict(ours))
    return [*shrink(dict(ours), pruned).items(), *pruned.items()]


# -- putting it on the drive ------------------------------------------------------------------------------------------

CIRCUITPYTHON = 10  # major version that the firmware was written and tried for
LOG = "formclip.log"
MANIFEST = "formclip.json"
SPARE_B = 32768  # left free beside the log
LEAST_LOG_B = 64 * 4096
ALLOW_COMPUTER = 87  # in alarm.sleep_memory[64]: see device/boot.py
HOW_TO_WRITE = (
    "hold the clip's button, press reset, let go when the LED lights: then the computer may write; "
    "or name its serial port with --port"
)


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
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        raise DeployError(
            "no boot_out.txt: not the drive of a CircuitPython board",
            "install CircuitPython on the board first (docs/wear/bringup.md)",
            path=drive,
        ) from None
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    version = re.search(r"CircuitPython (\d+\.\d+\S*)", text)
    board = re.search(r"Board ID: ?(\S+)", text)
    if version is None or board is None:
        raise DeployError("does not name version and board", "reset the board and try again", path=path)
    return BootOut(version.group(1).rstrip(";,"), board.group(1))


def drives() -> list[Path]:
    """CIRCUITPY drives that this computer has mounted."""
    places: list[Path] = []
    user = os.environ.get("USER", "")
    if sys.platform == "win32":
        places = [Path(f"{letter}:/") for letter in string.ascii_uppercase]
    else:
        for root in (f"/media/{user}", f"/run/media/{user}", "/media", "/mnt", "/Volumes"):
            try:
                places += sorted(path for path in Path(root).iterdir() if path.name.startswith("CIRCUITPY"))
            except OSError:
                continue
    return [path for path in places if (path / "boot_out.txt").is_file()]


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


def ask_for_the_drive(port: str) -> None:
    """Through the serial console: let the computer write at the next start, and restart."""
    line = f"import alarm,microcontroller;alarm.sleep_memory[64]={ALLOW_COMPUTER};microcontroller.reset()"
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


def _write(path: Path, data: bytes) -> None:
    """A file, whole or not at all under its name, and on the flash when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _writable(drive: Path) -> bool:
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
    facts = {"formclip": __version__, "board": board, **({"frozen": build} if build else {}), "files": digests}
    return json.dumps(facts, indent=0).encode()


def read_manifest(drive: Path) -> dict[str, str]:
    """Path -> SHA-256 of what the last deploy wrote."""
    try:
        found = json.loads((drive / MANIFEST).read_text("utf-8"))["files"]
        return {str(name): str(value) for name, value in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


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
        theirs = (drive / "settings.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ours
    have = {line.partition("=")[0].strip() for line in theirs.splitlines() if "=" in line and line[0] != "#"}
    for line in ours.decode().splitlines():
        name = line.partition("=")[0].strip()
        if "=" in line and not line.startswith("#") and name not in have:
            theirs = theirs.rstrip("\n") + "\n" + line + "\n"
    return theirs.encode()


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
    have = sum(_size(drive / name[1:]) for name in changed)
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
            _write(drive / name[1:], data)
            yield name, len(data)
        for name, data in changed.items():
            if _digest((drive / name[1:]).read_bytes()) != _digest(data):
                raise DeployError(
                    "reads back differently", "run deploy again; if it stays, format the drive", path=name
                )
        log = drive / LOG
        if _size(log) < LEAST_LOG_B:
            log.unlink(missing_ok=True)
            log.with_name(LOG + ".part").unlink(missing_ok=True)  # of a deploy that was interrupted here
            size = (shutil.disk_usage(drive).free - SPARE_B) // 4096 * 4096
            if size < LEAST_LOG_B:
                raise DeployError("no room for the log", "delete files that are not formclip's", path=drive)
            for done in _zeros(log, size):
                yield LOG, done
        _write(drive / MANIFEST, manifest(board, files, frozen().build if as_frozen else ""))
        if last is not None:
            _write(drive / "code.py", last)
            yield "/code.py", len(last)
        if hasattr(os, "sync"):
            os.sync()
    except OSError as error:
        raise from_os_error(error, drive, "write") from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _zeros(path: Path, size_b: int) -> Iterator[int]:
    """The log file at its full size, in one piece, so that the clip never has to grow it."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for at in range(0, size_b, 65536):
            n = min(65536, size_b - at)
            file.write(bytes(n))
            yield n
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


@click.command("deploy", short_help="Put the firmware on a board.")
@click.option("--drive", type=click.Path(path_type=Path), help="The board's CIRCUITPY drive; found when not given.")
@click.option("--port", help="Serial port: restarts the board so that this computer may write.")
@click.option("--board", type=click.Choice(list(BOARDS)), help="Found from the drive when not given.")
@click.option(
    "--frozen/--source",
    "as_frozen",
    default=None,
    help="Frozen: only what a CircuitPython with formclip frozen in still needs. [default: as before; source at first]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def deploy_command(
    drive: Path | None, port: str | None, board: str | None, as_frozen: bool | None, as_json: bool
) -> None:
    """Put firmware, gaitcore and the pinned libraries on a board.

    Checks CircuitPython's version and the board, copies what changed,
    verifies it by hash, keeps runs and settings, and may be interrupted:
    run it again and it goes on. For a board whose CircuitPython was built
    after `formclip freeze`, --frozen leaves three files on the drive and
    removes what an earlier deploy put there.
    """
    if port is not None:
        ask_for_the_drive(port)
        if drive is None:
            import time

            for _ in range(60):
                time.sleep(0.25)
                if drives():
                    break
    drive = find_drive(drive)
    found, board = check_board(drive, board)
    if not _writable(drive):
        raise DeployError("the drive is read-only: the clip writes it now", HOW_TO_WRITE, path=drive)
    if as_frozen is None:
        as_frozen = bool(read_build(drive))
    changed = plan(drive, board, as_frozen)
    total = sum(len(data) for data in changed.values())
    if _size(drive / LOG) < LEAST_LOG_B:
        total += max(0, shutil.disk_usage(drive).free - SPARE_B - total)
    written, done = [], 0
    with file_progress(f"deploy to {board}", total, not as_json) as progress:
        for name, size in copy(drive, board, as_frozen):
            done += size
            written.append(name)
            if progress is not None and total:
                progress(min(1.0, done / total))
    facts = {
        "drive": str(drive),
        "board": board,
        "circuitpython": found.version,
        "frozen": frozen().build if as_frozen else None,
        "files_written": len([name for name in written if name != LOG]),
        "bytes_written": done,
        "log_b": _size(drive / LOG),
        "free_b": shutil.disk_usage(drive).free,
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    click.echo(
        f"{facts['files_written']} files written to {drive} ({board}, CircuitPython {found.version}) and verified; "
        f"log of {_size(drive / LOG) // 4096} pages, {shutil.disk_usage(drive).free // 1024} KB free"
    )
    click.echo("now eject the drive and press reset: the LED blinks blue when the clip is ready")
