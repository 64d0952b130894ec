"""Counts what a run costs on the board, instruction by instruction: `count.py FILE HEAP`, JSON to standard output.

Runs under CPython with the strict ulab. Every bytecode instruction of gaitcore is priced (cost.py), every call of C
code by its name, every operation of ulab by its name and size, every object on the heap by the walk of the board's
allocator over HEAP (a file with a byte for each block of 16 bytes, 0 where it is free, as after a collection). The
price goes to the function whose code is running.
"""

from __future__ import annotations

import dis
import importlib
import json
import struct
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from formclip.lab.bench import cost

# Price and sizes of new objects of each instruction, by its offset in a code object.
Prices = dict[int, tuple[int, tuple[int, ...]]]


class Meter:
    """Prices one block of the run after another, by module and function."""

    def __init__(self, folders: tuple[str, ...], heap: cost.Heap) -> None:
        self.folders = folders
        self.heap = heap
        self.prices: dict[CodeType, Prices] = {}
        self.places: dict[CodeType, str] = {}
        self.python: Counter[str] = Counter()
        self.ulab: Counter[str] = Counter()
        self.walk: Counter[str] = Counter()
        self.objects: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.operations_us: Counter[str] = Counter()

    def place(self, code: CodeType) -> str | None:
        """`module:function` of a code object of ours; None for anybody else's."""
        place = self.places.get(code)
        if place is None:
            ours = code.co_filename.startswith(self.folders)
            place = "%s:%s" % (Path(code.co_filename).stem, code.co_qualname) if ours else ""
            self.places[code] = place
        return place or None

    def priced(self, code: CodeType) -> Prices:
        """Instructions, and sizes of the objects made, by offset."""
        prices = self.prices.get(code)
        if prices is None:
            prices = {}
            for item in dis.get_instructions(code):
                n = item.arg or 0
                sizes: tuple[int, ...] = ()
                if item.opname == "BUILD_TUPLE":
                    sizes = (8 + 4 * n,)
                elif item.opname == "BUILD_LIST":
                    sizes = (16, 4 * max(n, 4))
                elif item.opname in ("BUILD_SLICE", "BINARY_SLICE", "STORE_SLICE"):
                    sizes = (16,)
                elif item.opname in ("MAKE_FUNCTION", "BUILD_STRING", "BUILD_MAP", "BUILD_SET"):
                    sizes = (32,)
                insns = cost.instruction(item.opname)
                if item.opname == "LOAD_GLOBAL" and item.argval in cost.TYPES:
                    insns += cost.BUILT_IN[item.argval]  # CPython tells nobody of a call of a type
                prices[item.offset] = (insns, sizes)
            self.prices[code] = prices
        return prices

    def allocate(self, name: str, size_b: int) -> None:
        self.walk[name] += self.heap.take(size_b)  # type: ignore[assignment]
        self.objects[name] += size_b > cost.BLOCK_B
        self.bytes[name] += -(-size_b // cost.BLOCK_B) * cost.BLOCK_B

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """sys.settrace: one call for each call of a function, then each instruction of ours."""
        code = frame.f_code
        name = self.place(code)
        if name is None:
            self.in_c(frame)
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        first = code.co_varnames[0] if code.co_argcount else ""
        if code.co_name == "__init__":
            self.python[name] += cost.CONSTRUCT
            self.allocate(name, 16)
            self.allocate(name, 64)
        elif not code.co_name.startswith("<"):
            self.python[name] += cost.METHOD_CALL if first == "self" else cost.FUNCTION_CALL
        prices = self.priced(code)
        python = self.python

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "opcode":
                insns, sizes = prices[frame.f_lasti]
                python[name] += insns
                for size_b in sizes:
                    self.allocate(name, size_b)
            return local

        return local

    def in_c(self, frame: FrameType) -> None:
        """A function of the stand-ins called by ours: it is in C on the board. ulab's are priced by the sink."""
        caller = frame.f_back
        if caller is not None and "/ulab" not in frame.f_code.co_filename:
            name = self.place(caller.f_code)
            if name is not None:
                self.python[name] += cost.BUILT_IN_OTHER

    def profile(self, frame: FrameType, event: str, arg: Any) -> None:
        """sys.setprofile: calls of C code from ours."""
        if event == "c_call":
            name = self.place(frame.f_code)
            if name is not None:
                self.python[name] += cost.BUILT_IN.get(arg.__name__, cost.BUILT_IN_OTHER)

    def sink(self, operation: str, elements: int, arrays: int, data_b: int) -> None:
        """One operation of the strict ulab; the nearest code of ours pays."""
        frame: FrameType | None = sys._getframe(1)
        name = None
        while frame is not None and name is None:
            name = self.place(frame.f_code)
            frame = frame.f_back
        if name is None:
            return
        price = cost.ulab_us(operation, elements)
        self.ulab[name] += price  # type: ignore[assignment]
        for _ in range(cost.SMALL.get(operation, cost.SMALL_OTHER)):
            self.allocate(name, 8)
        for _ in range(arrays):
            self.allocate(name, cost.ARRAY_B)
        if data_b:
            self.allocate(name, data_b)
        self.operations[operation] += 1
        self.operations_us[operation] += price  # type: ignore[assignment]

    def take(self) -> dict[str, dict[str, float]]:
        """What the last block cost by place, and start anew."""
        out = {
            name: {
                "python_us": self.python[name] * cost.PYTHON_US,
                "ulab_us": float(self.ulab[name]),
                "walk_us": self.walk[name] * cost.PYTHON_US,
                "objects": float(self.objects[name]),
                "bytes": float(self.bytes[name]),
            }
            for name in {*self.python, *self.ulab, *self.bytes}
        }
        for figures in (self.python, self.ulab, self.walk, self.objects, self.bytes):
            figures.clear()
        return out


def main() -> None:
    path, heap = sys.argv[1], cost.Heap(Path(sys.argv[2]).read_bytes())
    import gaitcore
    from gaitcore import compat
    from gaitcore.session import Session

    ulab_meter: Any = importlib.import_module("ulab._meter")
    np: Any = compat.np
    meter = Meter((str(Path(gaitcore.__path__[0])),), heap)
    data = Path(path).read_bytes()
    rate_hz, has_gyro, m, count = struct.unpack("<4I", data[:16])

    def keep(number: int, page: Any, complete: bool) -> bool:
        return True

    session = Session(rate_hz, None, bool(has_gyro), "bench", sink=keep)
    session.start()
    lsb = np.zeros((m, 6), dtype=compat.INT16)  # the driver's: the same each time
    blocks = []
    operations: list[dict[str, int]] = []
    for k in range(count):
        raw = data[16 + k * 12 * m : 16 + (k + 1) * 12 * m]
        lsb[:, :] = np.frombuffer(raw, dtype=compat.INT16).reshape((m, 6))
        meter.take()
        meter.operations.clear()
        ulab_meter.sink = meter.sink
        sys.setprofile(meter.profile)
        sys.settrace(meter.trace)
        session.push_frames(lsb)
        sys.settrace(None)
        sys.setprofile(None)
        ulab_meter.sink = None
        operations.append(dict(meter.operations))
        blocks.append(meter.take())
        if (k + 1) % cost.COLLECT_BLOCKS == 0:
            meter.heap.collect()
    json.dump(
        {"blocks": blocks, "collections": meter.heap.forced, "operations": operations, "us": dict(meter.operations_us)},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
