"""`python -m formclip.lab.docs.tables [--write]`: the generated parts of docs/design/firmware.md.

The table of states is made by driving device/app.py: the app is brought into each state, given each input, and asked
where it is then and what the runner felt. The timing diagram is a second and a half of a virtual run. Sizes are those
of what `deploy` copies. A test holds the document in step.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore import patterns
from gaitcore.drive import SPARE_B

from formclip.firmware import bundle
from formclip.firmware.sources import REPO
from formclip.firmware.virtual.board import VirtualParts
from formclip.ground.words import PATTERNS

DOC = REPO / "docs" / "design" / "firmware.md"
STATES = ("READY", "RUNNING", "PAUSED", "STANDBY")


class _Clock:
    boot = 1
    uptime_ms = 0
    ticks_ms = 0

    def keep(self, uptime_ms: int, ticks_ms: int) -> None:
        pass


class Bench:
    """device/app.py on the virtual board's parts, its clock moved by hand; what is played is written down."""

    def __init__(self, folder: Path, rows: np.ndarray[Any, Any] | None = None) -> None:
        if rows is None:
            rows = np.tile(np.array([0, 0, 1, 0, 0, 0], dtype=np.float32), (4, 1))
        self.parts = VirtualParts(folder, "xiao", rows)
        load = self.parts.load
        self.parts.fs.readonly = False
        board = load("board")
        pins = load("boards").pins_of(board)
        self.gesture = 0
        self.woken = ""
        self.battery_mv = 3900
        self.played: list[str] = []
        self.lit = (0, 0, 0)
        self.slept = False
        supply = self.parts.power_imu()
        bus = load("busio").I2C(pins.IMU_SCL, pins.IMU_SDA, frequency=400000)
        flashlog, imu = load("hw.flashlog"), load("hw.imu")
        page = bytearray(4096)
        self.log = flashlog.open_log("/formclip.log", lambda: None, page, 65536)
        bench = self

        class Haptics:
            busy, late_ms = False, 0

            def play(self, pulses: Any, now_ms: int, delay_ms: int) -> int:
                return delay_ms

            def poll(self, now_ms: int) -> int:
                return -1

        class Led:
            enabled = True

            def show(self, colour: int, blinks: int, now_ms: int, on_ms: int = 80) -> None:
                bench.lit = (colour, blinks, on_ms)

            def poll(self, now_ms: int) -> int:
                return -1

        class Button:
            down = False
            quiet = True

            def poll(self, now_ms: int) -> int:
                found, bench.gesture = bench.gesture, 0
                return found

        class Power:
            def battery_mv(self) -> int:
                return bench.battery_mv

            def percent(self, mv: int) -> int:
                return 50

            def charging(self) -> bool:
                return False

            def nap(self, motion: bool) -> str:
                bench.parts.load("time").sleep(1)
                found, bench.woken = bench.woken, ""
                return found

            def off(self, *_: object) -> None:
                bench.slept = True

        class Parts:
            haptics, led, button, power, clock = Haptics(), Led(), Button(), Power(), _Clock()
            link = load("app").NoLink()
            log = self.log
            firmware = "formclip"
            boot = 1
            errors: Sequence[tuple[int, int]] = ()
            ticks_ms = staticmethod(load("supervisor").ticks_ms)

            def __init__(self) -> None:
                self.page = page

            def collect(self) -> None:
                pass

            feed = tend = collect

            def forget(self, code: int) -> None:
                pass

            def make_imu(self) -> Any:
                return imu.make("lsm6ds3trc", bus, 0x6A, supply)

        self.app = load("app").App(Parts())
        app_play = self.app._play

        def play(pattern: int, *rest: int) -> None:
            if pattern:
                self.played.append(PATTERNS[pattern])
            app_play(pattern, *rest)

        self.app._play = play
        self.names = {load("app").__dict__[name]: name for name in (*STATES, "LEAVING")}

    @property
    def state(self) -> str:
        return "OFF" if self.slept else self.names[self.app.state]

    def turn(self, seconds: float) -> None:
        time = self.parts.load("time")
        end = self.parts.world.now_us + seconds * 1e6
        while self.parts.world.now_us < end and not self.slept:
            time.sleep(self.app.step() / 1000)

    def bring_to(self, state: str) -> None:
        if state in ("RUNNING", "PAUSED"):
            self.app.session.start(1)
        if state == "PAUSED":
            self.app.session.pause(1)
        if state == "STANDBY":
            self.app._to_standby()
        self.app._follow()
        self.turn(0.1)
        self.played.clear()


def _gesture(code: int) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        if bench.state == "STANDBY":
            bench.woken = "button"
            bench.turn(1.5)
        bench.gesture = code
        bench.turn(0.4)

    return do


def _motion(bench: Bench) -> None:
    bench.woken = "motion"
    bench.turn(1.5)


def _battery(bench: Bench) -> None:
    bench.battery_mv = 3300
    bench.turn(65)


def _sensor(bench: Bench) -> None:
    bench.parts.virtual._happen(("imu", 0))
    bench.turn(1.0)


def _drive(bench: Bench) -> None:
    bench.parts.fs.readonly = True
    bench.turn(9.0)


def _quiet(bench: Bench) -> None:
    bench.app.settings.set("standby_min", 1)
    bench.app._awake_ms = bench.parts.load("supervisor").ticks_ms()
    bench.turn(11)


INPUTS: tuple[tuple[str, Callable[[Bench], None]], ...] = (
    ("short press", _gesture(1)),
    ("double press", _gesture(2)),
    ("long press, 2 s", _gesture(3)),
    ("very long press, 6 s", _gesture(4)),
    ("motion after rest", _motion),
    ("nothing for standby_min", _quiet),
    ("battery low", _battery),
    ("sensor gone", _sensor),
    ("drive refuses a page", _drive),
)


def state_table() -> str:
    """Markdown: what each input leads to in each state, and the patterns felt."""
    lines = ["| | " + " | ".join(STATES) + " |", "| --- |" + " --- |" * len(STATES)]
    with tempfile.TemporaryDirectory() as folder:
        for name, do in INPUTS:
            cells = []
            for state in STATES:
                bench = Bench(Path(folder) / "b")
                bench.bring_to(state)
                do(bench)
                felt = " ".join(name for name in bench.played if name != "CALIBRATED")  # it stood still long enough
                cells.append(bench.state + (f": {felt}" if felt else ""))
                bench.parts.virtual.flash.close()
                (Path(folder) / "b" / "drive.img").unlink()
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


MEANINGS = {
    "OVERSTRIDE": "cue: land under the hips, quicker feet",
    "ARCH": "cue: tuck",
    "OK": "back in range",
    "BEAT": "metronome",
    "START": "recording, started by itself or without calibration",
    "STOP": "recording stopped",
    "MUTE": "cues off",
    "UNMUTE": "cues on again",
    "STAND": "stand still now: calibration",
    "SQUEEZE": "squeeze the glutes now",
    "CALIBRATED": "calibration done",
    "REFUSED": "calibration refused: you moved",
    "OFF": "switched off",
    "LOW_BATTERY": "battery low: log closed, then off",
    "LOG_FULL": "no room: cues go on, nothing is recorded",
    "SENSOR_FAULT": "no answer from the sensor; looked for every 2 s",
    "DRIVE_FAULT": "the drive can't be written: cues go on",
    "SETTING_FAULT": "settings could not be read: defaults",
    "MARKER": "a mark was put into the log",
    "PAUSE": "paused",
    "RESUME": "goes on",
    "SLIPPED": "the clip slipped: no tilt cues until calibrated",
}
COLOURS = {1: "red", 2: "green", 4: "blue"}


def pattern_table() -> str:
    """Markdown: what each pattern feels and looks like, at the default settings."""
    from gaitcore.settings import Settings

    settings = Settings()
    cue_ms = {1: settings.overstride_pulse_ms, 2: settings.arch_pulse_ms, 3: settings.ok_pulse_ms}  # type: ignore[attr-defined]
    lines = ["| pattern | says | motor, ms on (off) | LED |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "b")
        for value, name in sorted(PATTERNS.items()):
            if name not in MEANINGS:
                continue
            pulses = patterns.sequence(value, cue_ms.get(value, 0), settings)
            felt = " ".join(f"{on} ({off})" if off else str(on) for on, off, _ in pulses)
            if pulses[0][2] < 100:
                felt += f" at {pulses[0][2]} %"
            bench.lit = (0, 0, 0)
            bench.app._play(value)
            colour, blinks, on_ms = bench.lit
            look = f"{COLOURS[colour]} {blinks}x{' long' if on_ms > 200 else ''}" if blinks else ""
            lines.append(f"| {name} | {MEANINGS[name]} | {felt} | {look} |")
        bench.parts.virtual.flash.close()
    return "\n".join(lines)


def timing_diagram(start_s: float = 9.75, seconds: float = 1.5, step_ms: int = 25) -> str:
    """A virtual run around a pattern and a flush: one character for each step_ms."""
    from formclip.firmware.virtual.image import make_drive
    from formclip.firmware.virtual.run import run_clip

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        make_drive(out / "drive.img", "xiao")
        press = [(1.3, "short"), (start_s - 0.3, "double")]
        run = run_clip(out, press=press, seconds=start_s + seconds + 1, keep_drive=True, trace_parts=True)
    n = int(seconds * 1000 / step_ms)

    def row(name: str, spans: list[tuple[float, float]], mark: str) -> str:
        cells = [" "] * n
        for a, b in spans:
            for k in range(n):
                t = start_s + k * step_ms / 1000
                if a < t + step_ms / 1000 and b > t:
                    cells[k] = mark
        return f"{name:<14}|" + "".join(cells) + "|"

    def spans(kind: str) -> list[tuple[float, float]]:
        found = []
        for t_s, value in run.of(kind):
            found.append((t_s - int(value) / 1e6, t_s))
        return found

    motor = [(t_s, t_s + ms / 1000) for t_s, ms, _ in run.pulses()]
    lit: list[tuple[float, float]] = []
    since: dict[str, float] = {}
    for t_s, value in run.of("pin"):
        pin, level = value.split()
        if pin in ("P0_26", "P0_30", "P0_06"):
            if level == "0":
                since[pin] = t_s
            elif pin in since:
                lit.append((since.pop(pin), t_s))
    blanked = [(a, b + 0.1) for a, b in motor]
    scale = f"{'':<14}|" + "".join("|" if k % (250 // step_ms) == 0 else "." for k in range(n)) + "|"
    return "\n".join(
        [
            scale + f"  {step_ms} ms a column",
            row("FIFO burst", [s for s in spans("burst") if s[1] - s[0] > 0.002], "#"),
            row("flash write", spans("flash"), "#"),
            row("button down", [(start_s - 0.3 + a, start_s - 0.3 + b) for a, b in ((0, 0.15), (0.3, 0.45))], "#"),
            row("motor", motor, "#"),
            row("not believed", blanked, "-"),
            row("LED", lit, "*"),
        ]
    )


def sizes() -> str:
    """Markdown: what stands on the drive, by board."""
    lines = [
        "| board | firmware | gaitcore | libraries | log | running it holds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for board in bundle.BOARDS:
        files = bundle.bundle(board)

        def total(prefix: str, files: dict[str, bytes] = files) -> int:
            return sum((len(d) + 511) // 512 * 512 for n, d in files.items() if n.startswith(prefix))

        gaitcore, lib = total("/gaitcore/"), total("/lib/")
        firmware = total("/") - gaitcore - lib
        room = 2093056 - 45 * 512 - firmware - gaitcore - lib - SPARE_B - 8192
        pages = room // 4096
        hours = (pages - 25) * (4096 - 28 - 20) / (3 * 14 * 1.03) / 3600
        lines.append(
            f"| {board} | {firmware // 1024} KB | {gaitcore // 1024} KB | {lib // 1024} KB "
            f"| {pages} pages | {hours:.1f} h at 180 steps/min |"
        )
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "states": state_table,
    "patterns": pattern_table,
    "timing": lambda: "```text\n" + timing_diagram() + "\n```",
    "sizes": sizes,
}


def fill(text: str) -> str:
    """The document with its generated parts made anew."""
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end {name} -->)", re.S)
        if not pattern.search(text):
            raise ValueError(f"no place for the part '{name}'")
        part = make()
        text = pattern.sub(lambda m, part=part: m.group(1) + part + m.group(2), text)  # type: ignore[misc]
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/design/firmware.md anew")
    if parser.parse_args(arguments).write:
        DOC.write_text(fill(DOC.read_text("utf-8")), "utf-8")
        return
    for make in PARTS.values():
        print(make(), end="\n\n")


if __name__ == "__main__":
    main()
