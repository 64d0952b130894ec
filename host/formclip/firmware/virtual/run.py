"""The firmware on a board that is not there.

Boots device/boot.py and device/code.py, unchanged, in a process of their own: on CPython with the strict ulab, on the
MicroPython VM, or on the interpreter that DEVICE_PYTHON names. The sensor reads a trace, the button is pressed when
asked, the clock runs as fast as it can. What is left: the drive's files, each session as a log that `replay` and
`report` read, and a record of motor, LED and power.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from formclip.firmware import bundle, interpreters
from formclip.firmware.sources import HERE, STANDINS, Tree, library_folder
from formclip.firmware.virtual import children
from formclip.firmware.virtual.image import make_drive, save_settings, take_out
from formclip.ground.errors import FormclipError, TraceError, from_os_error, printable
from formclip.ground.trace import Lost, open_trace

RATE_HZ = 208
_PRESS_S = {"short": 0.15, "long": 2.5, "very-long": 6.5}
PRESSES = (*_PRESS_S, "double")
SETTLE_S = 1.0
_OFF_S = 12.0

Event = tuple[float, str, int]


# What stands for the board's 127 KB of heap on the VM of 64 bits when the firmware runs from ROM: the stand-ins, ulab
# in Python and the image, 313 KB; the firmware's own objects, 170 KB there (60 on the board, words half as wide); and
# what the board has left beside them, 67 KB. tests/firmware/test_freeze.py measures them again: live.device_heap_kb().
# To these come 26 KB of chance: what lies where in the VM's heap depends even on the length of a folder's name. In
# folders of 32 lengths a run of one minute needed 544 to 556 KB; 560 were too few once in some 70 runs.
MEASURED_HEAP_KB = 550
DEVICE_HEAP_KB = MEASURED_HEAP_KB + 26


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
    sources: Tree = HERE,
    **config: Any,
) -> ClipRun:
    """Run a clip over a trace; see the command for the meanings. `config` goes to the virtual board as it is.

    deployed: boot the files that `deploy` would put on the board, instead of those of device/ and gaitcore.
    frozen: what `deploy` would put there, on the MicroPython VM with all else in a read-only image: its
    bytecode is not in the heap, as in a CircuitPython that has it frozen.
    heap_kb: of the VM; DEVICE_HEAP_KB for a frozen firmware when not given, else no limit.
    sources: of another checkout's firmware, in place of this one's; not with deployed or frozen.
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
        press = [(rows / RATE_HZ + SETTLE_S + 1.5, "very-long")]
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
        "device": str(sources.device),
        "until_s": until_s,
        "speed": speed,
        "events": [[int(t_s * 1e6), what, value] for t_s, what, value in all_events],
        **config,
    }
    python = interpreters.find(interpreter)
    folders = [str(sources.device), str(sources.shared), str(library_folder())]
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
    process = children.start(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while True:
            try:
                said, failed = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if on_second is not None:
                    on_second(_seconds_in(record))
    except BaseException:
        children.end(process)
        raise
    took_s = time.monotonic() - began
    (out / "console.txt").write_text(said)
    if heap_kb and "MemoryError" in said + failed:
        (out / "error.txt").write_text(said + failed)
        raise VirtualClipError(
            f"the firmware ran out of heap: {heap_kb} KB of the VM, where {DEVICE_HEAP_KB} stand for the board's 127",
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
    for name, data in bundle.bundle(board).items():
        path = folder / name[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return [str(folder), str(folder / "lib")]


def _in_rom(out: Path) -> Path:
    """Writes out/rom, the image of all that is frozen; the folder with what is left of the drive."""
    from formclip.firmware.rom import mpy, romfs

    whole = bundle.frozen()
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
