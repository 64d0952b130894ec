"""The virtual air as a process of its own, and what a virtual board needs to be heard in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from formclip.errors import FormclipError, NotInstalled

HOST = Path(__file__).resolve().parents[3]
_HELP = "make setup, or pip install bumble"


class NoAir(FormclipError):
    """The virtual air could not be opened."""

    exit_code = 10


def need_bumble() -> None:
    """NotInstalled where the Bluetooth stack of the virtual radio is not here."""
    import importlib.util

    if importlib.util.find_spec("bumble") is None:
        raise NotInstalled("the virtual radio needs bumble, which is not installed", _HELP)


@contextmanager
def air(address: str = "127.0.0.1:0", interval_ms: float = 0.0, packets: int = 2) -> Iterator[str]:
    """A virtual air while the block lasts; gives its address. Port 0: a free one."""
    need_bumble()
    path = [str(HOST), str(HOST.parent / "shared"), os.environ.get("PYTHONPATH", "")]
    argv = [sys.executable, "-m", "formclip.virtual.radio.air", "--address", address]
    process = subprocess.Popen(
        [*argv, "--interval-ms", str(interval_ms), "--packets", str(packets)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        said = process.stdout.readline().split()
        if said[:1] != ["air"]:
            lines = process.stderr.read().strip().splitlines() or ["it said nothing"]
            raise NoAir(f"no virtual air at {address}: {lines[-1]}", "name another HOST:PORT with --air")
        yield said[1]
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def reachable(end_s: float, stay_s: float) -> dict[str, Any]:
    """For `run_clip`: off after `end_s`, on again by a press, and a double press that lets computers pair.

    From then on the board lives at the pace of the clock on the wall, for `stay_s` or until somebody has visited it.
    """
    return {
        "press": [(end_s, "very-long"), (end_s + 10.0, "short"), (end_s + 14.0, "double")],
        "events": [(end_s + 13.5, "pace", 1)],
        "seconds": end_s + 15.0 + stay_s,
        "until_visited": 3.0,
    }


def config(address: str, bonds: Path, **more: Any) -> dict[str, Any]:
    """For `run_clip`: the board's radio is heard in the air at `address`; its bonds outlive it in a file."""
    seed = int.from_bytes(os.urandom(4), "little")
    return {"air": address, "bonds": str(bonds), "host": str(HOST), "seed": seed, **more}
