"""The figures of `make bench`, gathered in processes of their own."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.firmware import interpreters
from formclip.firmware.rom import bytecode, mpy
from formclip.firmware.sources import HERE, SHARED, Tree
from formclip.firmware.virtual.run import RATE_HZ, press_events
from formclip.lab.bench import blocks, cost, count, live, stretches

BENCH = Path(__file__).resolve().parent
BLOCK_US = 250_000
SAMPLES = 52
# Live heap for the estimate where it can't be measured: about what the frozen firmware has.
NO_VM_KB = 65.0
RUN_S = 900.0
PRESS_S = 2.0
# Of the run: before it the runner stands, and the first steps of the bout come at once.
WINDOW = (0.4, 0.99)
GOAL_PERCENT = 10.0
# What is left out of a block's time: the radio's turns and writes to the flash.
LEFT_OUT = ("hw.link", "hw.linksetup", "hw.flashlog", "hw.flashmount")


def simulated(rate_hz: int = RATE_HZ, seconds: float = 75.0) -> NDArray[np.float64]:
    """Rows (6, n) of a runner who stands for 10 s and then runs with an episode of each fault."""
    from formclip.lab.simulate.make import simulate
    from formclip.lab.simulate.scenario import Scenario

    rows: NDArray[np.float64] = simulate(Scenario(minutes=seconds / 60, rate_hz=rate_hz, speed_mps=3.0)).blocks
    return rows


def _figures(done: subprocess.CompletedProcess[str]) -> dict[str, float]:
    if done.returncode:
        raise RuntimeError("the bench's script failed: %s" % (done.stderr.strip() or done.stdout.strip())[-600:])
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def _of(interpreter: interpreters.Interpreter, tree: Tree) -> interpreters.Interpreter:
    """The interpreter with the gaitcore of that tree."""
    path = tuple(tree.shared if part == SHARED else part for part in interpreter.path)
    return dataclasses.replace(interpreter, path=path)


def on_interpreters(path: Path, tree: Tree = HERE) -> dict[str, Any]:
    """Microseconds and bytes a block where the run can be done for real."""
    out: dict[str, Any] = {}
    for name in ("numpy", "micropython", "device"):
        try:
            interpreter = _of(interpreters.find(name), tree)
        except interpreters.NoInterpreter as missing:
            out[name] = {"missing": str(missing)}
            continue
        done = interpreter.run(BENCH / "on_device.py", str(path), heap_kb=65536, timeout_s=RUN_S)
        out[name] = _figures(done)
    return out


def growth(hours: float, rate_hz: int = RATE_HZ) -> dict[str, float]:
    """Growth of the live heap on the VM between the first quarter of a simulated run and its end, bytes, and steps.

    A run of two hours takes some five minutes. NoInterpreter without the VM.
    """
    vm = interpreters.find("micropython")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.blocks"
        blocks.write(path, rate_hz, simulated(rate_hz, 3600 * hours), True)
        done = vm.run(BENCH / "on_device.py", str(path), heap_kb=16384, timeout_s=RUN_S * max(1.0, hours))
    found = _figures(done)
    return {key: found[key] for key in ("blocks", "steps", "pages", "live_b", "growth_b")}


def flash(firmware: count.Firmware) -> dict[str, dict[str, int]]:
    """Bytes that each frozen module takes in flash: bytecode with lines, strings, heads; and its names' letters."""
    out = {}
    for path, data in firmware.images.items():
        if not path.is_relative_to(firmware.modules_folder):
            continue
        loaded = mpy.Loaded(4)
        loaded.add(data, True)
        names = sum(len(name) + 1 for name in loaded.names)
        rest = loaded.letters + loaded.heads
        name = path.relative_to(firmware.modules_folder).as_posix()
        out[name] = {"bytecode_b": loaded.bytecode, "rest_b": rest, "names_b": names}
    return out


def names_b(firmware: count.Firmware) -> int:
    """Bytes of all names in flash, each once: its letters, and a place in CircuitPython's table."""
    met: set[str] = set()
    for path, data in firmware.images.items():
        if path.is_relative_to(firmware.modules_folder):
            module = bytecode.read(data)
            met.update(name for name in module.names if name not in module.static)
    return sum(len(name) + 1 + live.NAME_32_B for name in met)


def estimate(
    rows: NDArray[Any], firmware: count.Firmware, live_kb: float, folder: Path, board: str = "xiao"
) -> dict[str, Any]:
    """Time of a block on the board by the cost table while running, from the whole firmware's run over (n, 6) rows."""
    seconds = len(rows) / RATE_HZ
    window_s = (WINDOW[0] * seconds, WINDOW[1] * seconds)
    events = press_events([(PRESS_S, "short")])
    found = count.run(folder, firmware, rows, live_kb, seconds, window_s, events, board)
    n = found.window_us / BLOCK_US
    modules: dict[str, dict[str, float]] = {}
    functions: dict[str, float] = {}
    for place, parts in found.spent.items():
        name = place.partition(":")[0]
        if name in LEFT_OUT:
            continue
        into = modules.setdefault(name, dict.fromkeys(count.KINDS, 0.0))
        for kind, value in parts.items():
            into[kind] += value / n
        functions[place] = sum(parts.get(kind, 0.0) for kind in count.KINDS[:3]) / n
    total = {kind: sum(parts[kind] for parts in modules.values()) for kind in count.KINDS}
    work_us = sum(total[kind] for kind in count.KINDS[:3])
    mean_us = work_us + total["collect_us"]
    heap = count.heap_of(firmware.settings_toml, live_kb)
    return {
        "live_kb": live_kb,
        "board": board,
        "blocks": n,
        "heap_kb": heap.size * cost.BLOCK_B / 1024,
        "in_areas": heap.areas,
        "work_us": work_us,
        "collect_us": total["collect_us"],
        "mean_us": mean_us,
        "mean_percent": 100 * mean_us / BLOCK_US,
        "asked": found.asked / n,
        "forced": found.forced / n,
        "a_collection_us": cost.collect_us(live_kb, heap.areas),
        "parts": total,
        "modules": modules,
        "functions": functions,
        "ulab_calls": {name: calls / n for name, calls in found.operations.items()},
        "pystack_b": found.path_b,
    }


def measure(
    rows: NDArray[Any],
    live_kb: float | None = None,
    tree: Tree = HERE,
    board: str = "xiao",
    whole: bool = True,
) -> dict[str, Any]:
    """All figures of a run: rows (n, 6), ax ay az [g] gx gy gz [dps] at 208 Hz. live_kb: heap live on the board.

    tree: whose firmware; whole: the scenario of the longest stretches too
    """
    if len(rows) < 16 * RATE_HZ:
        raise ValueError("the bench needs 16 s of data, got %.1f" % (len(rows) / RATE_HZ))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "run.blocks"
        out: dict[str, Any] = {"blocks": blocks.write(path, RATE_HZ, rows.T), "python": sys.version.split()[0]}
        out["live"] = live.measure(tree)
        out["run"] = on_interpreters(path, tree)
        firmware = count.Firmware(folder / "firmware", tree)
        out["flash"], out["names_b"] = flash(firmware), names_b(firmware)
        heap_kb = live_of(out["live"], live_kb)
        out["estimate"] = estimate(rows, firmware, heap_kb, folder / "run", board)
        out["estimate"]["live_from"] = live_from(out["live"], live_kb)
        if whole:
            out["stretches"] = stretches.measure(heap_kb, firmware, board)
        return out


def live_from(lives: dict[str, Any], live_kb: float | None = None) -> str:
    """Whose live heap the estimate uses: given, frozen, or assumed where nothing could be measured."""
    if live_kb is not None:
        return "given"
    return "frozen" if "kinds" in lives else "assumed"


def live_of(lives: dict[str, Any], live_kb: float | None = None) -> float:
    """KB live on the board: as given, or that of the frozen firmware."""
    if live_kb is not None:
        return live_kb
    return float(lives["kinds"]["frozen"]["live_kb"]) if "kinds" in lives else NO_VM_KB
