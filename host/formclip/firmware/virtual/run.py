"""`formclip virtual-clip`: the firmware on a board that is not there.

Boots device/boot.py and device/code.py, unchanged, in a process of their own: on CPython with the strict ulab, on the
MicroPython VM, or on the interpreter that DEVICE_PYTHON names. The sensor reads a trace, the button is pressed when
asked, the clock runs as fast as it can. What is left: the drive's files, each session as a log that `replay` and
`report` read, and a record of motor, LED and power.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np
from gaitcore.settings import Settings

from formclip.firmware import deploy
from formclip.firmware.virtual import interpreters
from formclip.firmware.virtual.board import DEVICE, DRIVE_B, SHARED, STANDINS, blank_image, importer, library_folder
from formclip.ground.errors import FileError, FormclipError, NotInstalled, TraceError, from_os_error, printable
from formclip.ground.progress import count_progress
from formclip.ground.settingsfile import read_settings
from formclip.ground.trace import Lost, open_trace

RATE_HZ = 208
LOG = "/formclip.log"
SPARE_B = 32768
_PRESS_S = {"short": 0.15, "long": 2.5, "very-long": 6.5}
_SETTLE_S = 1.0
_OFF_S = 12.0

Event = tuple[float, str, int]


# What stands for the board's 137 KB of heap on the VM of 64 bits when the firmware runs from ROM: the stand-ins, ulab
# in Python and the image, 284 KB; the firmware's own objects, 160 KB there (53 on the board, words half as wide); and
# what the board has left beside them, 84 KB. tests/firmware/test_freeze.py measures them again: live.device_heap_kb().
DEVICE_HEAP_KB = 527


class VirtualClipError(FormclipError):
    """The virtual board did not run to its end."""

    exit_code = 1


@dataclass
class ClipRun:
    """What a run left behind."""

    out: Path
    end: str
    seconds: float
    took_s: float
    first_sample: int | None
    sessions: list[Path] = field(default_factory=list)
    record: list[tuple[float, str, str]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> list[tuple[float, str]]:
        """(t_s, value) of one kind of thing recorded."""
        return [(t_s, value) for t_s, found, value in self.record if found == kind]

    def pulses(self) -> list[tuple[float, float, int]]:
        """(t_s, ms, strength in thousandths) of each pulse of the motor."""
        out: list[tuple[float, float, int]] = []
        begun: tuple[float, int] | None = None
        for t_s, value in self.of("motor"):
            level = int(value)
            if begun is not None:
                out.append((begun[0], 1000 * (t_s - begun[0]), begun[1]))
            begun = (t_s, level) if level else None
        return out


def sensor_rows(path: Path, to: Path) -> tuple[int, list[str]]:
    """A trace as the virtual sensor reads it: rows at 208 Hz; how many, and what was done to it."""
    trace = open_trace(path)
    if not trace.has_gyro:
        raise TraceError(
            "no gyroscope in this trace, and the clip's sensor has one", "use `formclip replay` for it", path=path
        )
    notes = list(trace.notes)
    parts: list[Any] = []
    for piece in trace.pieces():
        if isinstance(piece, Lost):
            last = parts[-1][-1:] if parts else np.array([[0, 0, 1, 0, 0, 0]], dtype=np.float64)
            parts.append(np.repeat(last, piece.n, axis=0))
            notes.append(f"{piece.n} missing samples held at the last value")
        else:
            parts.append(np.asarray(piece.samples.T, dtype=np.float64))
    rows = np.concatenate(parts)
    if trace.rate_hz != RATE_HZ:
        from scipy.signal import resample_poly

        ratio = Fraction(RATE_HZ, trace.rate_hz)
        rows = resample_poly(rows, ratio.numerator, ratio.denominator, axis=0, padtype="line")
        notes.append(f"{trace.rate_hz} Hz, resampled to the sensor's {RATE_HZ} Hz")
    try:
        to.write_bytes(np.ascontiguousarray(rows, dtype="<f4").tobytes())
    except OSError as error:
        raise from_os_error(error, to, "write") from None
    return len(rows), notes


class _Drive:
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

    def __enter__(self) -> _Drive:
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
    with _Drive(image) as drive:
        fs = drive.fs
        folders: set[str] = set()
        files = deploy.bundle(board)
        files["/" + deploy.MANIFEST] = deploy.manifest(board, files)
        for name, data in files.items():
            parts = name.split("/")[1:-1]
            for depth in range(len(parts)):
                folder = "/" + "/".join(parts[: depth + 1])
                if folder not in folders:
                    fs.mkdir(folder)
                    folders.add(folder)
            with fs.open(name, "wb") as file:
                file.write(data)
        board_id = deploy.BOARD_IDS[board]
        with fs.open("/boot_out.txt", "wb") as file:
            first = f"Adafruit CircuitPython 10.2.1 on 2026-06-01; virtual {board} with nRF52840"
            file.write(f"{first}\nBoard ID:{board_id}\nUID:1\n".encode())
        if log:
            disk = fs.statvfs()
            drive.flashlog.create(LOG, (disk[0] * disk[3] - SPARE_B) // 4096 * 4096)
            drive.log()


def save_settings(image: Path, settings: dict[str, Any]) -> None:
    """Settings into the clip's log file, as the clip itself keeps them."""
    data = Settings(settings).to_bytes()
    with _Drive(image) as drive:
        drive.log().save(bytes([1, len(data) & 255, len(data) >> 8]) + data)


def write_file(image: Path, name: str, data: bytes) -> None:
    """A file of the drive, replaced."""
    with _Drive(image) as drive, drive.fs.open(name, "wb") as file:
        file.write(data)


def take_out(image: Path, out: Path) -> list[Path]:
    """The drive's files to out/drive, each session of its log to out/sessions; the sessions' paths."""
    copy = out / "copy.img"
    shutil.copyfile(image, copy)
    try:
        with _Drive(copy) as board:
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


def press_events(plan: Sequence[tuple[float, str]]) -> list[Event]:
    """The button's level over time for a plan of presses."""
    events: list[Event] = []
    for t_s, kind in plan:
        times = [(0.0, 0.15), (0.3, 0.45)] if kind == "double" else [(0.0, _PRESS_S[kind])]
        for down, up in times:
            events += [(t_s + down, "button", 1), (t_s + up, "button", 0)]
    return events


def run_clip(
    out: Path,
    trace: Path | None = None,
    board: str = "xiao",
    press: Sequence[tuple[float, str]] | None = None,
    events: Sequence[Event] = (),
    interpreter: str = "strict",
    settings: dict[str, Any] | None = None,
    seconds: float | None = None,
    speed: str = "max",
    hold: bool = True,
    keep_drive: bool = False,
    heap_kb: int | None = None,
    deployed: bool = False,
    frozen: bool = False,
    on_second: Callable[[int], None] | None = None,
    **config: Any,
) -> ClipRun:
    """Run a clip over a trace; see the command for the meanings. `config` goes to the virtual board as it is.

    deployed: boot the files that `deploy` would put on the board, instead of those of device/ and gaitcore.
    frozen: what `deploy --frozen` would put there, on the MicroPython VM with all else in a read-only image: its
    bytecode is not in the heap, as in a CircuitPython that has it frozen.
    heap_kb: of the VM; DEVICE_HEAP_KB for a frozen firmware when not given, else no limit.
    """
    if frozen and heap_kb is None:
        heap_kb = DEVICE_HEAP_KB
    out.mkdir(parents=True, exist_ok=True)
    image, rows_path = out / "drive.img", out / "trace.bin"
    if not (keep_drive and image.exists()):
        make_drive(image, board)
        (out / "nvm.bin").unlink(missing_ok=True)
    if settings:
        save_settings(image, settings)
    if trace is None:
        rows = max(1, int((seconds or 1) * RATE_HZ))
        still = np.tile(np.array([0, 0, 1, 0, 0, 0], dtype="<f4"), (rows, 1))
        rows_path.write_bytes(still.tobytes())
    elif trace.suffix == ".bin":
        rows = trace.stat().st_size // 24
        if trace != rows_path:
            shutil.copyfile(trace, rows_path)
    else:
        rows, _ = sensor_rows(trace, rows_path)
    if press is None and seconds is None and not any(what in ("power", "button") for _, what, _ in events):
        press = [(rows / RATE_HZ + _SETTLE_S + 1.5, "very-long")]
    all_events = sorted([*press_events(press or ()), *events])
    last_s = max([t_s for t_s, _, _ in all_events], default=0.0)
    until_s = seconds if seconds is not None else max(rows / RATE_HZ, last_s) + _OFF_S
    record, result_path = out / "record.tsv", out / "result.json"
    record.unlink(missing_ok=True)
    result_path.unlink(missing_ok=True)
    settings_file = {
        "board": board,
        "trace": str(rows_path),
        "rate_hz": RATE_HZ,
        "hold": hold,
        "image": str(image),
        "nvm": str(out / "nvm.bin"),
        "record": str(record),
        "result": str(result_path),
        "device": str(DEVICE),
        "until_s": until_s,
        "speed": speed,
        "events": [[int(t_s * 1e6), what, value] for t_s, what, value in all_events],
        **config,
    }
    python = interpreters.find(interpreter)
    folders = [str(DEVICE), str(SHARED), str(library_folder())]
    if deployed:
        folders = _unpacked(out / "bundle", board)
        settings_file["device"] = folders[0]
    if frozen:
        settings_file["rom"] = str(out / "rom")
        settings_file["device"] = str(_in_rom(out))
        folders = ["/rom"]
    elif interpreter == "micropython" or interpreter == "device":
        folders += [str(p) for p in python.path]
    settings_file["paths"] = folders
    (out / "config.json").write_text(json.dumps(settings_file, indent=1))
    argv = python.argv(STANDINS / "runner.py", str(out / "config.json"), heap_kb=heap_kb)
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while True:
            try:
                said, failed = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if on_second is not None:
                    on_second(_seconds_in(record))
    except BaseException:
        process.kill()
        process.wait()
        raise
    took_s = time.monotonic() - began
    (out / "console.txt").write_text(said)
    if heap_kb and "MemoryError" in said + failed:
        (out / "error.txt").write_text(said + failed)
        raise VirtualClipError(
            f"the firmware ran out of heap: {heap_kb} KB of the VM, where {DEVICE_HEAP_KB} stand for the board's 137",
            f"where: {out / 'error.txt'}; --heap gives it more; docs/design/bench.md, Live heap",
        )
    if process.returncode or not result_path.exists():
        lines = (failed or said).strip().splitlines() or ["no message"]
        (out / "error.txt").write_text(failed or said)
        raise VirtualClipError(
            f"the virtual board stopped: {printable(lines[-1])}", f"the whole message is in {out / 'error.txt'}"
        )
    result = json.loads(result_path.read_text())
    run = ClipRun(out, result["end"], result["t_us"] / 1e6, took_s, result["first_sample"], result=result)
    for line in record.read_text().splitlines():
        t_us, kind, value = line.split("\t", 2)
        run.record.append((int(t_us) / 1e6, kind, value))
    run.sessions = take_out(image, out)
    return run


def _unpacked(folder: Path, board: str) -> list[str]:
    """The bundle of a board as files; the folders that it imports from."""
    if folder.exists():
        shutil.rmtree(folder)
    for name, data in deploy.bundle(board).items():
        path = folder / name[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return [str(folder), str(folder / "lib")]


def _in_rom(out: Path) -> Path:
    """Writes out/rom, the image of all that is frozen; the folder with what is left of the drive."""
    from formclip.firmware.rom import mpy, romfs

    whole = deploy.frozen()
    (out / "rom").write_bytes(romfs.of(mpy.compiled(whole.modules)))
    folder = out / "frozen"
    folder.mkdir(exist_ok=True)
    for name, data in whole.drive.items():
        (folder / name[1:]).write_bytes(data)
    return folder


def _seconds_in(record: Path) -> int:
    try:
        with record.open("rb") as file:
            file.seek(max(0, record.stat().st_size - 200))
            tail = file.read().decode().splitlines()
        return int(tail[-2].split("\t")[0]) // 1000000
    except (OSError, IndexError, ValueError):
        return 0


def parse_press(ctx: click.Context, param: click.Parameter, value: str | None) -> list[tuple[float, str]] | None:
    """2.0:short,14:long -> [(2.0, "short"), (14.0, "long")]."""
    if value is None:
        return None
    plan = []
    for part in value.split(","):
        at, _, kind = part.strip().partition(":")
        try:
            t_s = float(at)
        except ValueError:
            t_s = -1.0
        if t_s < 0 or kind not in (*_PRESS_S, "double"):
            raise click.BadParameter(f"'{printable(part)}': give SECONDS:short, double, long or very-long")
        plan.append((t_s, kind))
    return sorted(plan)


EVENTS = ("imu", "bus_errors", "battery_mv", "charging", "usb", "drive_readonly", "stall", "fault", "power", "button")


def parse_events(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> list[Event]:
    """25:imu=0 -> (25.0, "imu", 0)."""
    out: list[Event] = []
    for part in value:
        at, _, rest = part.partition(":")
        what, _, number = rest.partition("=")
        try:
            event = (float(at), what, int(number or 1))
        except ValueError:
            event = (-1.0, what, 0)
        if event[0] < 0 or what not in EVENTS:
            raise click.BadParameter(f"'{printable(part)}': give SECONDS:WHAT=NUMBER with {', '.join(EVENTS)}")
        out.append(event)
    return out


@click.command("virtual-clip", short_help="Run the firmware on a virtual board.")
@click.option("--trace", "trace_path", type=click.Path(path_type=Path), required=True, help="What the sensor reads.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/virtual-clip"), show_default=True)
@click.option("--board", type=click.Choice(list(deploy.BOARDS)), default="xiao", show_default=True)
@click.option("--press", callback=parse_press, help="SECONDS:KIND,... with short, double, long, very-long.")
@click.option(
    "--event", "events", callback=parse_events, multiple=True, help="SECONDS:WHAT=N, see docs/design/firmware.md."
)
@click.option("--speed", type=click.Choice(["max", "real"]), default="max", show_default=True)
@click.option("--settings", "settings_path", type=click.Path(path_type=Path), help="Settings to start with.")
@click.option("--python", "interpreter", type=click.Choice(["strict", "micropython", "device"]), default="strict")
@click.option("--frozen", is_flag=True, help="Boot what `deploy --frozen` leaves, the rest from ROM (micropython).")
@click.option("--heap", "heap_kb", type=click.IntRange(64), metavar="KB", help="The VM's heap. Frozen: as the board's.")
@click.option("--haptic", type=click.Choice(["pwm", "drv2605l"]), default="pwm", help="How the motor is driven.")
@click.option("--hold/--no-hold", default=True, help="The trace waits for the sensor's first sample. [default: hold]")
@click.option("--radio", is_flag=True, help="Then stay reachable for `formclip sync --virtual`.")
@click.option("--air", metavar="HOST:PORT", help="With --radio: the air to be in. Without it, one is opened.")
@click.option("--stay", "stay_s", default=600.0, show_default=True, help="Seconds to be reachable, until synced.")
@click.option("--keep-drive", is_flag=True, help="Go on with the drive that a run before left in OUT.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def virtual_clip_command(
    trace_path: Path,
    out: Path,
    board: str,
    press: list[tuple[float, str]] | None,
    events: list[Event],
    speed: str,
    settings_path: Path | None,
    interpreter: str,
    frozen: bool,
    heap_kb: int | None,
    haptic: str,
    hold: bool,
    radio: bool,
    air: str | None,
    stay_s: float,
    keep_drive: bool,
    as_json: bool,
) -> None:
    """Run the firmware on a virtual board over a trace.

    Boots device/boot.py and device/code.py with the real Adafruit libraries
    against a modelled LSM6DS. Without --press the clip is switched on, starts
    by itself when it sees running, and is switched off after the trace. OUT
    gets the drive's files, each session as a log for `formclip report` and
    `formclip replay`, and record.tsv: every pulse, blink and sleep. With
    --radio it is switched on again and can be paired with.
    """
    if radio and interpreter != "strict":
        raise click.UsageError("--radio needs --python strict: the Bluetooth stack runs on CPython")
    if frozen and interpreter != "micropython":
        raise click.UsageError("--frozen needs --python micropython: CPython has no ROM to run from")
    if heap_kb and interpreter == "strict":
        raise click.UsageError("--heap needs --python micropython: CPython's heap has no limit")
    changed = read_settings(settings_path) if settings_path is not None else None
    try:
        rows, notes = _rows(trace_path, out)
        with contextlib.ExitStack() as stack:
            more: dict[str, Any] = {"press": press}
            if radio:
                from formclip.firmware.virtual.radio import DEFAULT_ADDRESS, process

                process.need_bumble()
                address = air or stack.enter_context(process.air(DEFAULT_ADDRESS)).address
                more = process.reachable(rows / RATE_HZ + _SETTLE_S + 1.5, stay_s)
                more.update(process.config(address, out / "bonds.json"))
                click.echo(f"in the air at {address}; next: formclip sync --virtual {address} --pair", err=True)
            more["events"] = [*more.get("events", ()), *events]
            progress = stack.enter_context(count_progress("virtual clip", rows // RATE_HZ, not as_json))
            run = run_clip(
                out,
                out / "trace.bin",
                board,
                interpreter=interpreter,
                settings=changed,
                speed=speed,
                hold=hold,
                keep_drive=keep_drive,
                frozen=frozen,
                heap_kb=heap_kb,
                on_second=progress,
                haptic=haptic == "drv2605l",
                **more,
            )
    except interpreters.NoInterpreter as error:
        raise NotInstalled(str(error), "name one with --python, or install it") from None
    except OSError as error:
        raise from_os_error(error, out, "write") from None
    facts = {
        "end": run.end,
        "seconds": round(run.seconds, 1),
        "times_real": round(run.seconds / run.took_s, 1),
        "sessions": [str(path) for path in run.sessions],
        "pulses": len(run.pulses()),
        "first_sample": run.first_sample,
        "samples_lost": run.result["missed"],
        "sector_erases": run.result["erases"],
        "heap_kb": heap_kb or (DEVICE_HEAP_KB if frozen else None),
        "notes": notes,
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    for note in notes:
        click.echo(f"note: {note}")
    click.echo(
        f"{run.seconds:.0f} s on the virtual {board} ({facts['times_real']} times real time), ended: {run.end}; "
        f"{len(run.sessions)} session(s), {len(run.pulses())} pulses of the motor"
    )
    if facts["heap_kb"]:
        stands = ", which stand for the board's 137" if facts["heap_kb"] == DEVICE_HEAP_KB else ""
        click.echo(f"within {facts['heap_kb']} KB of the VM's heap{stands}")
    for path in run.sessions:
        click.echo(f"{path}: formclip report {path} -o report.html")
    if radio and not run.sessions:
        click.echo("no session is left on the drive: what was recorded has been synced")
    elif not run.sessions:
        click.echo("nothing was recorded: the trace holds no running, and no --press started a session")


def _rows(path: Path, out: Path) -> tuple[int, list[str]]:
    if out.exists() and not out.is_dir():
        raise FileError("is a file, a folder is needed", "name another folder", path=out)
    out.mkdir(parents=True, exist_ok=True)
    return sensor_rows(path, out / "trace.bin")
