"""The virtual air as a process of its own, and what a virtual board needs to be heard in it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from formclip.firmware.sources import HOST, SHARED
from formclip.firmware.virtual import children
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.radio.address import NoAir
from formclip.ground.errors import NotInstalled, with_extra


def need_bumble() -> None:
    """NotInstalled where the Bluetooth stack of the virtual radio is not here."""
    import importlib.util

    if importlib.util.find_spec("bumble") is None:
        raise NotInstalled("the virtual radio needs bumble, which is not installed", with_extra("radio"))


class Air:
    """A virtual air in a process of its own.

    In        tell("cut"), tell("cut-after BYTES"), tell("interval-ms N"): returns once it is so
    Out       address
    """

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._process = process
        self.address = address

    def tell(self, what: str) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        self._process.stdout.readline()


@contextmanager
def air(address: str = "127.0.0.1:0", interval_ms: float = 0.0, packets: int = 2) -> Iterator[Air]:
    """A virtual air while the block lasts. Port 0: a free one."""
    need_bumble()
    path = [str(HOST), str(SHARED), os.environ.get("PYTHONPATH", "")]
    argv = [sys.executable, "-m", "formclip.firmware.virtual.radio.air", "--address", address]
    process = children.start(
        [*argv, "--interval-ms", str(interval_ms), "--packets", str(packets)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        said = process.stdout.readline().split()
        if said[:1] != ["air"]:
            lines = process.stderr.read().strip().splitlines() or ["it said nothing"]
            raise NoAir(f"no virtual air at {address}: {lines[-1]}", "name another HOST:PORT with --air")
        yield Air(process, said[1])
    finally:
        children.end(process)


STAY_S = 600.0


def reachable(end_s: float, stay_s: float = STAY_S, visits_end_it: bool = True) -> dict[str, Any]:
    """For `run_clip`: off after `end_s`, on again by a press, and a double press that lets computers pair.

    From then on the board lives at the pace of the clock on the wall for `stay_s`, or until 3 s after a visit. Visits
    before that moment end nothing.
    """
    found: dict[str, Any] = {
        "press": [(end_s, "very-long"), (end_s + 10.0, "short"), (end_s + 14.0, "double")],
        "events": [(end_s + 13.5, "pace", 1)],
        "seconds": end_s + 15.0 + stay_s,
    }
    if visits_end_it:
        found |= {"until_visited": 3.0, "visits_from_s": ready_s(end_s)}
    return found


def ready_s(end_s: float) -> float:
    """When a clip that is `reachable` can be paired with and synced, in seconds of the board's own clock."""
    return end_s + 14.5


def config(address: str, bonds: Path, **more: Any) -> dict[str, Any]:
    """For `run_clip`: the board's radio is heard in the air at `address`; its bonds outlive it in a file."""
    seed = int.from_bytes(os.urandom(4), "little")
    return {"air": address, "bonds": str(bonds), "host": str(HOST), "seed": seed, **more}


@dataclass
class Board:
    """A virtual board that runs in the background and is driven while it does, at the pace of the clock on the wall.

    In        with Board(out, address, ...) as board: press(kind), event(what, value, after_s)
    Out       run, once it has ended: what it left behind
    """

    out: Path
    address: str
    trace: Path | None = None
    more: dict[str, Any] = field(default_factory=dict)
    run: clip.ClipRun | None = None
    _failed: BaseException | None = None

    def __enter__(self) -> Board:
        self.out.mkdir(parents=True, exist_ok=True)
        self._control = self.out / "control.txt"
        self._control.write_text("")
        (self.out / "record.tsv").unlink(missing_ok=True)
        self._thread = threading.Thread(target=self._go, name="board", daemon=True)
        self._thread.start()
        return self

    def _go(self) -> None:
        settings: dict[str, Any] = {"seconds": 3600.0, "speed": "real", "keep_drive": True, "press": []}
        settings |= config(self.address, self.out / "bonds.json", control=str(self._control)) | self.more
        try:
            self.run = clip.run_clip(self.out, self.trace, **settings)
        except BaseException as error:
            self._failed = error

    def event(self, what: str, value: int, after_s: float = 0.0) -> None:
        with self._control.open("a") as file:
            file.write(f"{round(after_s * 1e6)} {what} {value}\n")

    def press(self, kind: str, after_s: float = 0.0) -> None:
        for t_s, what, value in clip.press_events([(after_s, kind)]):
            self.event(what, value, t_s)

    def happened(self, kind: str) -> list[tuple[float, str]]:
        """(t_s of the board, value) of one kind of thing recorded so far."""
        try:
            lines = (self.out / "record.tsv").read_text().splitlines(keepends=True)
        except OSError:
            return []
        parts = [line.rstrip("\n").split("\t", 2) for line in lines if line.endswith("\n")]
        return [(int(t_us) / 1e6, value) for t_us, found, value in parts if found == kind]

    def __exit__(self, kind: object, *_: object) -> None:
        self.event("end", 1)
        self._thread.join(60)
        if self._failed is not None and kind is None:
            raise self._failed
