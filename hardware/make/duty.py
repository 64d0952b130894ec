"""python -m hardware.make.duty [DATA]: what a run asks of motor, light and flash, measured on logs.

The demo's simulated run of 20 minutes has four episodes of faults and is the busy case. Recorded runs are shorter than
the three silent minutes at a run's start, so they are replayed without them: that is what a runner with good form
feels. Writes hardware/duty.toml; the power table is made of it.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from formclip.ground.trace import open_trace
from formclip.lab.replay import Replayed, replay_trace
from formclip.lab.simulate import preset, write
from gaitcore import patterns, records
from gaitcore.settings import Settings

from hardware.make.data import HARDWARE, REPO

CUE_PATTERNS = {1: patterns.OVERSTRIDE, 2: patterns.ARCH, 3: patterns.OK}
SEED = 1


@dataclass(frozen=True)
class Asked:
    """What one or more runs asked for: hours of running, cues, seconds of motor, pages written."""

    running_h: float
    cues: int
    motor_s: float
    pages: int

    def __add__(self, other: Asked) -> Asked:
        return Asked(
            self.running_h + other.running_h,
            self.cues + other.cues,
            self.motor_s + other.motor_s,
            self.pages + other.pages,
        )


def asked(replayed: Replayed) -> Asked:
    settings = Settings()
    motor_ms = 0.0
    cues = replayed.log.events(records.CUE)
    for _, values in cues:
        for on_ms, _, strength_pct in patterns.sequence(CUE_PATTERNS[values["kind"]], values["pulse_ms"], settings):
            motor_ms += on_ms * strength_pct / 100
    pages = replayed.log.path.stat().st_size // 4096
    return Asked(replayed.seconds / 3600, len(cues), motor_ms / 1000, pages)


def of_demo() -> Asked:
    with tempfile.TemporaryDirectory() as folder:
        path, _, _ = write(Path(folder) / "demo", preset("demo"), SEED, lambda done_s: None)
        return asked(replay_trace(open_trace(path), Path(folder) / "demo.fclog"))


def of_recorded(data: Path) -> Asked:
    total = Asked(0, 0, 0, 0)
    for path in sorted((data / "rbds").glob("*.imu.csv.xz")):
        with tempfile.TemporaryDirectory() as folder:
            run = replay_trace(open_trace(path), Path(folder) / "run.fclog", {"warmup_s": 0})
            total += asked(run)
    return total


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else REPO.parent / "shared" / "data"
    lines = ["# Made by python -m hardware.make.duty; what a run asks for, measured on logs.", ""]
    for name, what, found in (
        ("demo", "the demo's simulated 20 minutes, four episodes of faults", of_demo()),
        (
            "recorded",
            f"{len(list((data / 'rbds').glob('*.imu.csv.xz')))} recorded runs (rbds), no silent minutes",
            None,
        ),
    ):
        found = found or of_recorded(data)
        lines += [
            f"[{name}]",
            f'what = "{what}"',
            f"running_h = {found.running_h:.3f}",
            f"cues_h = {found.cues / found.running_h:.1f}",
            f"motor_s_h = {found.motor_s / found.running_h:.2f}",
            f"pages_h = {found.pages / found.running_h:.1f}",
            "",
        ]
    (HARDWARE / "duty.toml").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
