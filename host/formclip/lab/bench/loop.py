"""`python -m formclip.lab.bench.loop [--board B]`: what the firmware costs the board, by the cost table.

Runs device/app.py with the real driver against the modelled sensor, and prices every instruction of device/ and of
adafruit_lsm6ds as formclip.lab.bench prices gaitcore's: reading the FIFO, the loop's turns and its looks at the button
make one block. adafruit_bus_device is in C on these boards (circuitpy_mpconfig.mk: CIRCUITPY_BUSDEVICE).
gaitcore's own cost is in `make bench`. The time on the bus, 14 ms of a block, is the bus's.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from formclip.firmware.sources import DEVICE, library_folder
from formclip.firmware.virtual.board import VirtualParts
from formclip.lab.bench import cost
from formclip.lab.bench.count import Meter
from formclip.lab.docs.tables import Bench

BLOCKS = 24
BLOCK_MS = 250
CHIPS = {"xiao": "lsm6ds3trc", "feather": "lsm6ds33", "sox": "lsm6dsox"}


def _priced(meter: Meter, work: Any) -> Any:
    """What work() gives, its cost added to the meter."""
    ulab_meter: Any = importlib.import_module("ulab._meter")
    ulab_meter.sink = meter.sink
    sys.setprofile(meter.profile)
    sys.settrace(meter.trace)
    try:
        return work()
    finally:
        sys.settrace(None)
        sys.setprofile(None)
        ulab_meter.sink = None


def _meter(live_kb: float) -> Meter:
    libraries = str(library_folder())
    shared = DEVICE.parent / "shared" / "gaitcore"
    folders = (str(DEVICE), f"{libraries}/adafruit_lsm6ds", str(shared / "units.py"), str(shared / "compat.py"))
    return Meter(folders, cost.Heap(cost.board_heap(live_kb)))


def _sum(parts: dict[str, dict[str, float]]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for one in parts.values():
        total.update(one)
    return dict(total)


def reading(board: str, live_kb: float) -> dict[str, float]:
    """Mean cost of one block out of the FIFO."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        parts = VirtualParts(Path(folder), board, rng.normal(0, 1, (208 * 20, 6)).astype(np.float32))
        imu = parts.load("hw.imu").make(CHIPS[board], parts.i2c())
        sleep = parts.load("time").sleep
        imu.start()
        meter = _meter(live_kb)
        out: Counter[str] = Counter()
        for _ in range(BLOCKS):
            sleep(imu.due_ms() / 1000)
            while _priced(meter, imu.read) is None:
                meter.take()
                sleep(0.003)
            out.update(_sum(meter.take()))
        parts.virtual.flash.close()
    return {key: value / BLOCKS for key, value in out.items()}


def loop(live_kb: float) -> dict[str, float]:
    """Mean cost of the loop and its waits in one block, without what the sensor and gaitcore do in them."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        load = bench.parts.load
        power = load("hw.power").Power(load("boards").pins_of(load("board")))
        bench.turn(1.0)
        world = bench.parts.world

        def sense(now_ms: int) -> None:
            bench.app._sense_ms = now_ms + BLOCK_MS

        bench.app._sense = sense
        sense(bench.parts.load("supervisor").ticks_ms())
        end_us = world.now_us + 1000 * BLOCK_MS * BLOCKS
        meter = _meter(live_kb)
        meter.take()
        while world.now_us < end_us:
            wait_ms = _priced(meter, bench.app.step)
            _priced(meter, lambda ms=wait_ms: power.idle(ms))
        found = _sum(meter.take())
        bench.parts.virtual.flash.close()
    return {key: value / BLOCKS for key, value in found.items()}


def measure(board: str = "xiao", live_kb: float = 70.0) -> dict[str, Any]:
    """Figures for one board; times in microseconds a block of 250 ms."""
    out: dict[str, Any] = {"board": board, "live_kb": live_kb}
    for name, parts in (("fifo", reading(board, live_kb)), ("loop", loop(live_kb))):
        out[name + "_us"] = parts["python_us"] + parts["ulab_us"] + parts["walk_us"]
        out[name + "_objects"] = parts["objects"]
        out[name + "_b"] = parts["bytes"]
    out["percent"] = 100 * (out["fifo_us"] + out["loop_us"]) / 250000
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--board", choices=list(CHIPS), default="xiao")
    parser.add_argument("--live-kb", type=float, default=70.0, help="heap live on the board")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.board, arguments.live_kb)
    if arguments.json:
        print(json.dumps(found, indent=1))
        return
    print("estimated on the %(board)s at 64 MHz with %(live_kb).0f KB live, a block of 250 ms:" % found)
    print(
        "  reading the FIFO      %7.0f us   %4.1f objects, %6.0f B"
        % tuple(found[f"fifo_{k}"] for k in ("us", "objects", "b"))
    )
    print(
        "  the loop and its waits%7.0f us   %4.1f objects, %6.0f B"
        % tuple(found[f"loop_{k}"] for k in ("us", "objects", "b"))
    )
    print("  both %.1f %% of real time; gaitcore is in `make bench`" % found["percent"])


if __name__ == "__main__":
    main()
