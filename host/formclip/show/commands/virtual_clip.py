"""`formclip virtual-clip`: the firmware on a board that is not there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from formclip.firmware import interpreters
from formclip.firmware.bundle import BOARDS
from formclip.firmware.virtual.children import asked_to_end
from formclip.firmware.virtual.run import DEVICE_HEAP_KB, PRESSES, RATE_HZ, SETTLE_S, Event, run_clip, sensor_rows
from formclip.ground.errors import FileError, NotInstalled, from_os_error, printable
from formclip.ground.progress import count_progress
from formclip.ground.settingsfile import read_settings
from formclip.show.options import air_address
from formclip.show.tell import tell, tell_json


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
        if t_s < 0 or kind not in PRESSES:
            raise click.BadParameter(f"'{printable(part)}': give SECONDS:short, double, long or very-long")
        plan.append((t_s, kind))
    return sorted(plan)


EVENTS = (
    *("imu", "bus_errors", "sda_low", "scramble", "battery_mv", "charging", "usb", "drive_readonly", "stall", "fault"),
    *("power", "button", "brownout", "hard_fault", "radio_fault", "reset", "reload"),
)


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
@click.option("--board", type=click.Choice(list(BOARDS)), default="xiao", show_default=True)
@click.option("--press", callback=parse_press, help="SECONDS:KIND,... with short, double, long, very-long.")
@click.option(
    "--event", "events", callback=parse_events, multiple=True, help="SECONDS:WHAT=N, see docs/design/firmware.md."
)
@click.option("--speed", type=click.Choice(["max", "real"]), default="max", show_default=True)
@click.option("--settings", "settings_path", type=click.Path(path_type=Path), help="Settings to start with.")
@click.option("--python", "interpreter", type=click.Choice(["strict", "micropython", "device"]), default="strict")
@click.option("--frozen", is_flag=True, help="Boot what `deploy` leaves, the rest from ROM (micropython).")
@click.option("--heap", "heap_kb", type=click.IntRange(64), metavar="KB", help="The VM's heap. Frozen: as the board's.")
@click.option("--haptic", type=click.Choice(["pwm", "drv2605l"]), default="pwm", help="How the motor is driven.")
@click.option("--hold/--no-hold", default=True, help="The trace waits for the sensor's first sample. [default: hold]")
@click.option("--radio", is_flag=True, help="Then stay reachable for `formclip sync --virtual`.")
@click.option(
    "--air",
    metavar="HOST:PORT",
    callback=air_address,
    help="With --radio: the air to be in. Without it, one is opened.",
)
@click.option(
    "--stay",
    "stay_s",
    type=click.FloatRange(1, 86400),
    metavar="SECONDS",
    help="With --radio: how long to be reachable. Without it: until 3 s after the first visit, 10 min at most.",
)
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
    stay_s: float | None,
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
    if radio and press:
        raise click.UsageError("--press and --radio exclude each other: with --radio the presses are given")
    if stay_s is not None and not radio:
        raise click.UsageError("--stay needs --radio")
    changed = read_settings(settings_path) if settings_path is not None else None
    try:
        rows, notes = _rows(trace_path, out)
        with contextlib.ExitStack() as stack:
            stack.enter_context(asked_to_end())
            ready: Callable[[int], None] | None = None
            more: dict[str, Any] = {"press": press}
            if radio:
                from formclip.firmware.virtual.radio import DEFAULT_ADDRESS, process

                process.need_bumble()
                address = air or stack.enter_context(process.air(DEFAULT_ADDRESS)).address
                end_s = rows / RATE_HZ + SETTLE_S + 1.5
                more = process.reachable(end_s, stay_s or process.STAY_S, visits_end_it=stay_s is None)
                more.update(process.config(address, out / "bonds.json"))
                tell(f"in the air at {address}; the run comes first, then it can be synced", err=True)
                ready = _once(process.ready_s(end_s), f"now: formclip sync --virtual {address} --pair")
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
                on_second=_both(progress, ready),
                haptic=haptic == "drv2605l",
                **more,
            )
    except interpreters.NoInterpreter as error:
        raise NotInstalled(str(error), "or name another with --python") from None
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
        tell_json(facts, indent=1)
        return
    for note in notes:
        tell(f"note: {note}")
    tell(
        f"{run.seconds:.0f} s on the virtual {board} ({facts['times_real']} times real time), ended: {run.end}; "
        f"{len(run.sessions)} session(s), {len(run.pulses())} pulses of the motor"
    )
    if facts["heap_kb"]:
        stands = ", which stand for the board's 127" if facts["heap_kb"] == DEVICE_HEAP_KB else ""
        tell(f"within {facts['heap_kb']} KB of the VM's heap{stands}")
    for path in run.sessions:
        tell(f"{path}: formclip report {path} -o report.html")
    if radio and not run.sessions:
        tell("no session is left on the drive: what was recorded has been synced")
    elif not run.sessions:
        tell("nothing was recorded: the trace holds no running, and no --press started a session")


def _once(at_s: float, text: str) -> Callable[[int], None]:
    """Told the seconds of the board, says something when its time has come."""
    said: list[bool] = []

    def on_second(seconds: int) -> None:
        if seconds >= at_s and not said:
            said.append(True)
            tell(text, err=True)

    return on_second


def _both(*functions: Callable[[int], None] | None) -> Callable[[int], None]:
    def on_second(seconds: int) -> None:
        for function in functions:
            if function is not None:
                function(seconds)

    return on_second


def _rows(path: Path, out: Path) -> tuple[int, list[str]]:
    if out.exists() and not out.is_dir():
        raise FileError("is a file, a folder is needed", "name another folder", path=out)
    out.mkdir(parents=True, exist_ok=True)
    return sensor_rows(path, out / "trace.bin")
