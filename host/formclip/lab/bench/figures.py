"""The figures of `make bench`, gathered in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import gaitcore
import numpy as np
from numpy.typing import NDArray

from formclip.firmware import interpreters
from formclip.lab.bench import blocks, cost, live, loop

HERE = Path(__file__).resolve().parent
HOST = HERE.parents[2]
GAITCORE = Path(gaitcore.__path__[0])
DEVICE = GAITCORE.parent.parent / "device"

# A 64-bit VM's objects are words and pointers of 8 bytes, the board's of 4; bytecode and names take the same on both.
# heap32.mjs on the drive's files (short names): gaitcore is 75.2 KB there, its sources 134 KB on the 64-bit VM.
WIDTH_32 = 0.56
# Live heap for the estimate where it can't be measured: about what the frozen firmware has.
NO_VM_KB = 65.0
RUN_S = 900.0
# Modules of gaitcore that only the desktop imports, where device/ does not say.
DESKTOP_ONLY = {"receiver", "recover"}


def simulated(rate_hz: int = 208, seconds: float = 75.0) -> NDArray[np.float64]:
    """Rows (6, n) of a runner who stands for 10 s and then runs with an episode of each fault."""
    from formclip.lab.simulate.make import simulate
    from formclip.lab.simulate.scenario import Scenario

    rows: NDArray[np.float64] = simulate(Scenario(minutes=seconds / 60, rate_hz=rate_hz, speed_mps=3.0)).blocks
    return rows


def _lines(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    if done.returncode:
        raise RuntimeError("the bench's script failed: %s" % (done.stderr.strip() or done.stdout.strip())[-600:])
    return [line.split() for line in done.stdout.splitlines()]


def _figures(done: subprocess.CompletedProcess[str]) -> dict[str, float]:
    return {name: float(value) for name, value in _lines(done)}


def _modules() -> list[str]:
    """gaitcore's modules, those that others need first."""
    ordered: list[str] = []

    def add(name: str) -> None:
        if name in ordered:
            return
        for line in (GAITCORE / (name + ".py")).read_text().splitlines():
            words = line.split()
            if line.startswith("from gaitcore.") and len(words) > 1:
                add(words[1].split(".")[1])
            elif line.startswith("from gaitcore import"):
                for word in line.split("import")[1].replace(",", " ").split():
                    if (GAITCORE / (word + ".py")).exists():
                        add(word)
        ordered.append(name)

    for path in sorted(GAITCORE.glob("*.py")):
        if path.stem != "__init__":
            add(path.stem)
    return ordered


def imports() -> dict[str, Any]:
    """Live heap and time of importing each module on the VM, and sizes on the drive."""
    sizes = {path.stem: path.stat().st_size for path in sorted(GAITCORE.glob("*.py"))}
    out: dict[str, Any] = {
        "drive_b": {"gaitcore": sum(sizes.values())},
        "modules": {name: {"drive_b": sizes[name]} for name in _modules()},
    }
    if DEVICE.is_dir():
        out["drive_b"]["device"] = sum(path.stat().st_size for path in DEVICE.glob("**/*.py"))
    try:
        vm = interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        out["missing"] = str(missing)
        return out
    names = ["gaitcore." + name for name in _modules()]
    lines = _lines(vm.run(HERE / "on_device.py", "import", *names, heap_kb=16384))
    total = 0.0
    for line in lines:
        if line[0].startswith("gaitcore."):
            entry = out["modules"][line[0].split(".")[1]]
            entry["live_64_b"], entry["import_us"] = int(line[1]), int(line[2])
            entry["live_32_b"] = round(int(line[1]) * WIDTH_32)
            entry["on_board"] = line[0].split(".")[1] not in DESKTOP_ONLY
            total += int(line[1]) if entry["on_board"] else 0
    out["live_64_b"] = round(total)
    out["live_32_b"] = round(total * WIDTH_32)
    return out


def on_interpreters(path: Path) -> dict[str, Any]:
    """Microseconds and bytes a block where the run can be done for real."""
    out: dict[str, Any] = {}
    for name in ("numpy", "micropython", "device"):
        try:
            interpreter = interpreters.find(name)
        except interpreters.NoInterpreter as missing:
            out[name] = {"missing": str(missing)}
            continue
        out[name] = _figures(interpreter.run(HERE / "on_device.py", "run", str(path), heap_kb=65536, timeout_s=RUN_S))
    return out


def growth(hours: float, rate_hz: int = 208) -> dict[str, float]:
    """Growth of the live heap on the VM between the first quarter of a simulated run and its end, bytes, and steps.

    A run of two hours takes some five minutes. NoInterpreter without the VM.
    """
    vm = interpreters.find("micropython")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.blocks"
        blocks.write(path, rate_hz, simulated(rate_hz, 3600 * hours), True)
        done = vm.run(HERE / "on_device.py", "run", str(path), heap_kb=16384, timeout_s=RUN_S * max(1.0, hours))
    found = _figures(done)
    return {key: found[key] for key in ("blocks", "steps", "pages", "live_b", "growth_b")}


def estimate(path: Path, rate_hz: int, live: bytes) -> dict[str, Any]:
    """Time of each block on the board by the cost table, over a heap with these blocks live."""
    strict = interpreters.find("strict")
    heap = path.with_name("heap")
    heap.write_bytes(live)
    live_kb = sum(1 for b in live if b) * cost.BLOCK_B / 1024
    done = strict.run(HERE / "count.py", str(path), str(heap), folders=(HOST,), timeout_s=RUN_S)
    if done.returncode:
        raise RuntimeError("the cost counter failed: %s" % done.stderr.strip()[-600:])
    counted = json.loads(done.stdout)
    m = blocks.samples(rate_hz)
    real_us = 1e6 * m / rate_hz
    per_block = []
    modules: dict[str, dict[str, float]] = {}
    functions: dict[str, float] = {}
    for block in counted["blocks"]:
        total = 0.0
        for place, parts in block.items():
            work = parts["python_us"] + parts["ulab_us"] + parts["walk_us"]
            total += work
            functions[place] = functions.get(place, 0.0) + work
            into = modules.setdefault(place.split(":")[0], dict.fromkeys(parts, 0.0))
            for key, value in parts.items():
                into[key] += value
        per_block.append(total)
    count = len(per_block)
    for parts in modules.values():
        for key in parts:
            parts[key] /= count
    around, collect = beside(live_kb, m), cost.collect_us(live_kb)
    fifo = sum(around[key] for key in ("fifo_us", "loop_us"))
    work_mean, work_worst = sum(per_block) / count, max(per_block)
    with_collect = [us + (0 if (k + 1) % cost.COLLECT_BLOCKS else collect) for k, us in enumerate(per_block)]
    totals = {key: sum(p[key] for p in modules.values()) for key in next(iter(modules.values()))}
    calls: dict[str, float] = {}
    for operations in counted["operations"]:
        for name, n in operations.items():
            calls[name] = calls.get(name, 0) + n / count
    return {
        "live_kb": live_kb,
        "fits": live_kb + cost.COLLECT_BLOCKS * (totals["bytes"] + around["bytes"]) / 1024 <= cost.HEAP_KB,
        "block_us": real_us,
        "samples": m,
        "work_mean_us": work_mean,
        "work_worst_us": work_worst,
        **around,
        "collect_us": collect,
        "collect_blocks": cost.COLLECT_BLOCKS,
        "collections_forced": counted["collections"],
        "mean_us": work_mean + fifo + collect / cost.COLLECT_BLOCKS,
        "late_us": sum(per_block[count // 2 :]) / (count - count // 2) + fifo + collect / cost.COLLECT_BLOCKS,
        "worst_us": max(with_collect) + fifo,
        "mean_percent": 100 * (work_mean + fifo + collect / cost.COLLECT_BLOCKS) / real_us,
        "worst_percent": 100 * (max(with_collect) + fifo) / real_us,
        "parts": totals,
        "modules": modules,
        "functions": {place: us / count for place, us in functions.items()},
        "ulab_calls": calls,
    }


def beside(live_kb: float, m: int) -> dict[str, float]:
    """The XIAO's driver and loop by the same table; by its row of the FIFO alone where Adafruit's libraries are not."""
    from formclip.firmware.sources import libraries_here

    if not libraries_here():
        return {"fifo_us": cost.fifo_us(m), "loop_us": 0.0, "bytes": 0.0}
    found = loop.measure("xiao", live_kb)
    return {"fifo_us": found["fifo_us"], "loop_us": found["loop_us"], "bytes": found["fifo_b"] + found["loop_b"]}


def measure(rate_hz: int, rows: NDArray[Any], has_gyro: bool = True, live_kb: float | None = None) -> dict[str, Any]:
    """All figures of a run: rows (6, n), ax ay az [g] gx gy gz [dps]. live_kb: heap live on the board."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.blocks"
        count = blocks.write(path, rate_hz, rows, has_gyro)
        if count < 4:
            raise ValueError("the bench needs more than a second of data, got %d blocks" % count)
        out: dict[str, Any] = {"rate_hz": rate_hz, "blocks": count, "python": sys.version.split()[0]}
        out["imports"] = imports()
        out["live"] = live.measure()
        out["run"] = on_interpreters(path)
        out["estimate"] = estimate(path, rate_hz, board(out["live"], live_kb))
        out["estimate"]["live_from"] = live_from(out["live"], live_kb)
        return out


def live_from(lives: dict[str, Any], live_kb: float | None = None) -> str:
    """Whose live heap the estimate uses: given, frozen, or assumed where nothing could be measured."""
    if live_kb is not None:
        return "given"
    return "frozen" if "kinds" in lives else "assumed"


def board(lives: dict[str, Any], live_kb: float | None = None) -> bytes:
    """The board's heap as it stands between two blocks: the given size, or that of the frozen firmware."""
    if live_kb is None:
        live_kb = lives["kinds"]["frozen"]["live_kb"] if "kinds" in lives else NO_VM_KB
    return cost.board_heap(live_kb)
