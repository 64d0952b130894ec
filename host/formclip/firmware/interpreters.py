"""The interpreters that gaitcore runs on, and running a script on one of them.

`numpy` is CPython with numpy; `strict` CPython with the strict stand-in for ulab; `float30` the same with Python
numbers rounded to the board's 30 bits; `micropython` a real MicroPython VM with a ulab in plain Python; `device`
whatever the environment variable DEVICE_PYTHON names, a MicroPython, a CircuitPython or another CPython, with its own
ulab where it has one, else with ours. A script gets gaitcore on its module path and nothing else of ours, and runs in a
process of its own.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from formclip.firmware.sources import SHARED
from formclip.ground.errors import with_extra

HERE = Path(__file__).resolve().parent / "virtual"
STRICT = HERE / "ulab_strict"
PYTHON_ULAB = HERE / "ulab_python"
NAMES = ("numpy", "strict", "float30", "micropython", "device")
PROBE_S = 20


class NoInterpreter(Exception):
    """An interpreter that is not on this machine: args are its name and why."""

    def __str__(self) -> str:
        return "%s: %s" % self.args


@dataclass(frozen=True)
class Interpreter:
    """One way to run gaitcore: the command, and the folders to put on its module path."""

    name: str
    command: tuple[str, ...]
    path: tuple[Path, ...]
    path_variable: str = "PYTHONPATH"
    takes_heap: bool = False

    def argv(self, script: Path, *args: str, heap_kb: int | None = None) -> list[str]:
        heap = ["-X", "heapsize=%dK" % heap_kb] if heap_kb and self.takes_heap else []
        return [*self.command, *heap, str(script), *args]

    def environment(self, *folders: Path) -> dict[str, str]:
        env = dict(os.environ)
        env[self.path_variable] = os.pathsep.join(str(p) for p in (*self.path, *folders))
        return env

    def run(
        self,
        script: Path,
        *args: str,
        folders: tuple[Path, ...] = (),
        heap_kb: int | None = None,
        timeout_s: float = 120.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a script to its end. heap_kb limits the heap where the interpreter can do that."""
        return subprocess.run(
            self.argv(script, *args, heap_kb=heap_kb),
            env=self.environment(*folders),
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )


def find(name: str) -> Interpreter:
    """The interpreter of that name. NoInterpreter, with the reason, where it is not here."""
    if name == "numpy":
        return Interpreter(name, (sys.executable,), (SHARED,))
    if name == "strict":
        return Interpreter(name, (sys.executable,), (STRICT, SHARED))
    if name == "float30":
        return Interpreter(name, (sys.executable, str(HERE / "float30.py")), (STRICT, SHARED))
    if name == "micropython":
        return _micropython()
    if name == "device":
        return _device()
    raise ValueError("no interpreter is called %r: one of %s" % (name, ", ".join(NAMES)))


def _micropython() -> Interpreter:
    beside = Path(sys.executable).parent / "micropython"
    command = os.environ.get("MICROPYTHON") or (str(beside) if beside.exists() else shutil.which("micropython"))
    if not command:
        raise NoInterpreter("micropython", "not installed; on Linux x86-64 " + with_extra("lab"))
    return Interpreter("micropython", (command,), (SHARED, PYTHON_ULAB), "MICROPYPATH", takes_heap=True)


def _device() -> Interpreter:
    command = os.environ.get("DEVICE_PYTHON")
    if not command:
        raise NoInterpreter("device", "DEVICE_PYTHON names no interpreter")
    if not shutil.which(command):
        raise NoInterpreter("device", "DEVICE_PYTHON=%s cannot be run" % command)
    kind, has_ulab = _probed(command)
    if kind == "cpython":  # another version of Python, say
        return Interpreter("device", (command,), (SHARED,) if has_ulab else (STRICT, SHARED))
    path = (SHARED,) if has_ulab else (SHARED, PYTHON_ULAB)
    return Interpreter("device", (command,), path, "MICROPYPATH", takes_heap=True)


@functools.cache
def _probed(command: str) -> tuple[str, bool]:
    """Which Python that is, and whether it has a ulab of its own. NoInterpreter where it is none."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MICROPYPATH")}
    for ask, has_ulab in (("import ulab, sys", True), ("import sys", False)):
        probe = subprocess.run(
            [command, "-c", ask + "; print(sys.implementation.name)"],
            capture_output=True,
            text=True,
            timeout=PROBE_S,
            env=env,
        )
        if not probe.returncode and probe.stdout.strip():
            return probe.stdout.strip(), has_ulab
    raise NoInterpreter("device", "DEVICE_PYTHON=%s is no Python: %s" % (command, probe.stderr.strip()[-200:]))
