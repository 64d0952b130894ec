"""`formclip doctor`: what is wrong with a drive or a board, in plain words, each with what to do."""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from gaitcore import pages
from gaitcore.drive import FILE_MAGIC, HOME_AT

from formclip.firmware import bundle
from formclip.firmware.drive import LOG, _digest, check_board, plan, read_boot_out, read_build, read_manifest, shadows
from formclip.firmware.sources import library_file
from formclip.ground.errors import FormclipError, NotInstalled, printable

LEAST_HOURS_B = 14 * 3 * 3600  # of steps at 180 a minute


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    good: bool
    what: str
    next_step: str = ""


def examine(drive: Path) -> list[Finding]:
    """All findings about one drive, in the order in which to mend them."""
    out: list[Finding] = []
    board = None
    try:
        found = read_boot_out(drive)
        _, board = check_board(drive, None)
        out.append(Finding(True, f"CircuitPython {found.version} on a {found.board_id}"))
    except FormclipError as error:
        out.append(Finding(False, error.what, error.next_step))
    out += _firmware(drive, board)
    out += _settings(drive)
    out += _log(drive)
    try:
        free_b = shutil.disk_usage(drive).free
        out.append(Finding(free_b > 8192, f"{free_b // 1024} KB free beside the log", "delete files you do not need"))
    except OSError:
        out.append(Finding(False, "the free space can't be told", "eject the drive and plug it in again"))
    for name in ("code.txt", "main.txt", "main.py"):
        if (drive / name).exists():
            runs = name == "code.txt"
            what = f"{name} is on the drive" + (" and runs instead of the firmware" if runs else "")
            out.append(Finding(not runs, what, f"delete {name}"))
    return out


def _firmware(drive: Path, board: str | None) -> list[Finding]:
    manifest = read_manifest(drive)
    again = "run `formclip deploy`"
    if not (drive / "code.py").exists():
        cut = bool(manifest) or (drive / "gaitcore").is_dir()
        what = "a deploy was interrupted: the board does nothing until it is finished" if cut else "no firmware on it"
        return [Finding(False, what, again)]
    if not manifest:
        return [Finding(False, "code.py is not formclip's, or its list of files is gone", again)]
    missing, other = [], []
    for name, digest in manifest.items():
        try:
            data = (drive / name[1:]).read_bytes()
        except OSError:
            missing.append(name)
            continue
        if _digest(data) != digest:
            other.append(name)
    out = []
    if missing:
        out.append(Finding(False, f"{len(missing)} files are missing: {printable(', '.join(missing[:3]))}", again))
    if other:
        out.append(Finding(False, f"{len(other)} files were changed: {printable(', '.join(other[:3]))}", again))
    build = read_build(drive)
    if not out:
        what = "what a frozen firmware needs" if build else "the firmware"
        out.append(Finding(True, f"{len(manifest)} files of {what}, all as deployed"))
    try:
        if build:
            out += _frozen(drive)
        if board is not None and not missing:
            stale = [name for name in plan(drive, board, bool(build)) if name != "/settings.toml"]
        else:
            stale = []
    except FormclipError as error:
        return [*out, Finding(False, error.what, error.next_step)]
    if board is not None and not missing:
        if stale and not other:
            out.append(Finding(False, f"this computer has newer firmware ({len(stale)} files differ)", again))
    return out


def _frozen(drive: Path) -> list[Finding]:
    """Whether the board's CircuitPython holds this computer's firmware, and nothing on the drive hides it."""
    out = []
    hiding = shadows(drive)
    if hiding:
        names = printable(", ".join(hiding[:3]))
        what = f"{len(hiding)} files on the drive are frozen too, and those of the drive win: {names}"
        out.append(Finding(False, what, "run `formclip deploy`"))
    ours = bundle.frozen().build
    told = ""
    try:
        lines = (drive / "boot_out.txt").read_text("utf-8", "replace").splitlines()
    except OSError:
        return out
    for line in lines:
        if line.startswith(bundle.FROZEN_MARK):
            told = printable(line[len(bundle.FROZEN_MARK) :].strip())
    build = "`formclip freeze`, build CircuitPython and install it (docs/design/freeze.md)"
    if told == ours:
        out.append(Finding(True, f"frozen in its CircuitPython: {told}"))
    elif told:
        out.append(Finding(False, f"frozen in its CircuitPython is {told}, this computer has {ours}", build))
    else:
        what = "its CircuitPython has told of no frozen firmware"
        out.append(Finding(False, what, "press reset and look again; if it stays: " + build))
    return out


def _settings(drive: Path) -> list[Finding]:
    try:
        lines = (drive / "settings.toml").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return [Finding(False, "settings.toml can't be read", "run `formclip deploy`")]
    values = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            values[name.strip()] = value.partition("#")[0].strip()
    if values.get("CIRCUITPY_BLE_WORKFLOW") != "false":
        return [
            Finding(
                False,
                "the Bluetooth workflow is on: a paired computer could read and change all files",
                "put CIRCUITPY_BLE_WORKFLOW = false into settings.toml",
            )
        ]
    return [Finding(True, "settings.toml is as it should be")]


def _log(drive: Path) -> list[Finding]:
    path = drive / LOG
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [Finding(False, "no log file: the clip makes one at its next start", "or run `formclip deploy`")]
    except OSError:
        return [Finding(False, "the log file can't be read", "eject the drive properly and plug it in again")]
    slots = len(data) // pages.PAGE_B - HOME_AT - 1
    if slots < 8:
        return [Finding(False, f"the log file has only {len(data)} bytes", "delete it and run `formclip deploy`")]
    hours = (slots - 1) * (pages.PAGE_B - 60) / LEAST_HOURS_B
    out = [Finding(hours >= 10, f"room for {hours:.1f} h of running in all", "delete files that are not formclip's")]
    if data[: len(FILE_MAGIC)] != FILE_MAGIC:
        out.append(Finding(True, "the log is new: the clip has not started since"))
        return out
    sessions: set[int] = set()
    torn = 0
    for slot in range(slots):
        page = data[(HOME_AT + slot) * pages.PAGE_B : (HOME_AT + slot + 1) * pages.PAGE_B]
        if page[:4] != pages.MAGIC:
            continue
        try:
            sessions.add(pages.head(page)[0])
        except pages.PageError:
            sessions.add(struct.unpack_from("<I", page, 4)[0])
            torn += 1
    kept = "1 run has" if len(sessions) == 1 else f"{len(sessions)} runs have"
    out.append(Finding(True, f"{kept} been kept on it; `formclip sync` fetches what is new"))
    if torn:
        next_step = "start the clip once: it mends what it can; what it can't, sync leaves out"
        out.append(Finding(False, f"{torn} pages of the log are torn", next_step))
    return out


def here() -> list[Finding]:
    """What this computer needs for deploy."""
    out = []
    for package, names in bundle.LIBRARIES.items():
        try:
            for name in names:
                library_file(name)
            out.append(Finding(True, f"{package} is here"))
        except NotInstalled as missing:
            out.append(Finding(False, missing.what, missing.next_step))
    return out
