"""Counts what the whole firmware costs the board, instruction by instruction, on the virtual board.

The frozen modules run as the bytecode that mpy-cross makes of them (machine.py). Each instruction is priced (cost.py),
each call of C code by its name, each operation of ulab by its name and size, each object on the heap by the walk of the
board's allocator. What the processor has worked is time on the virtual board's clock, so that the loop runs as it
would: it waits less where it works more, and what happens outside meanwhile has happened when it looks.

Two things are kept: what each function cost, and the stretches between looks at the button, at the motor while it runs.
"""

from __future__ import annotations

import importlib
import types
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from formclip.firmware import bundle
from formclip.firmware.rom import bytecode, mpy
from formclip.firmware.sources import HERE, Tree, library_folder
from formclip.firmware.virtual.board import blank_image, runner, write_trace
from formclip.lab.bench import cost
from formclip.lab.bench.machine import Function, Machine

RATE_HZ = 208
KINDS = ("python_us", "ulab_us", "walk_us", "collect_us", "objects", "bytes")
_MOTOR = "Haptics.poll"
_PROGRAM = ("__main__:", "formclip_code:")  # always under way
_CORE = ("builtins", "math", "struct", "_struct", "array", "binascii", "types", "ulab", "sys", "gc")


@dataclass
class Stretch:
    """Time without a look at the button, or at the motor while that runs."""

    us: float
    at_us: int
    busy: dict[str, float]  # function -> us of the processor
    met: frozenset[str]  # functions entered meanwhile
    collections: int

    @property
    def place(self) -> str:
        """Where most of it was spent."""
        return max(self.busy, key=lambda name: self.busy[name]) if self.busy else "waiting"

    @property
    def busy_us(self) -> float:
        return sum(self.busy.values())


class Meter:
    """What a Machine and the strict ulab tell, priced, in microseconds of the board by function.

    Settings  heap; advance(us): moves the board's clock
    In        see machine.Meter; sink(...) of ulab; look(): somebody looked at button or motor
    Out       spent: function -> KIND -> sum; ulab: operations by name; stretches: those since the last look
    """

    def __init__(self, heap: cost.Heap) -> None:
        self.heap = heap
        self.advance: Callable[[int], None] = lambda _: None
        self.now: Callable[[], int] = lambda: 0
        self.spent: dict[str, Counter[str]] = {}
        self.operations: Counter[str] = Counter()
        self.asked = 0
        self.stretches: list[Stretch] = []
        self._names: dict[int, str] = {}
        self._keep: list[Function] = []
        self._path: list[str] = []
        self._here: Counter[str] = Counter()
        self._place = ""
        self._owed_us = 0.0
        self._tables: dict[int, int] = {}
        self._outside: dict[type, bool] = {}
        self._since_us = 0
        self._busy: Counter[str] = Counter()
        self._collections = 0
        self._met: set[str] = set()
        self._go_to("start")

    # -- what a machine tells -----------------------------------------------------------------------------------------

    def enter(self, function: Function) -> None:
        name = self._names.get(id(function))
        if name is None:
            module = str(function.globals.get("__name__", "?"))
            name = self._names[id(function)] = f"{module}:{function.__qualname__}"
            self._keep.append(function)
        self._path.append(self._place)
        self._go_to(name)
        self._met.add(name)
        if function.__qualname__ == _MOTOR:
            self.look()

    def leave(self) -> None:
        self._go_to(self._path.pop())

    def _go_to(self, name: str) -> None:
        self._place = name
        found = self.spent.get(name)
        if found is None:
            found = self.spent[name] = Counter()
        self._here = found

    def spend(self, insns: float) -> None:
        self._add("python_us", insns * cost.PYTHON_US)

    def _add(self, kind: str, us: float) -> None:
        self._here[kind] += us  # type: ignore[assignment]
        self._busy[self._place] += us  # type: ignore[assignment]
        self._owed_us += us

    def allocate(self, size_b: int) -> None:
        self.spend(cost.ALLOCATE)
        self._walk(size_b)

    def _walk(self, size_b: int) -> None:
        """The way to a place for a new object, and the object."""
        forced = self.heap.forced
        insns = self.heap.take(size_b)
        if self.heap.forced > forced:
            self._collected(insns)
        else:
            self._add("walk_us", insns * cost.PYTHON_US)
        self._here["objects"] += size_b > cost.BLOCK_B
        self._here["bytes"] += -(-size_b // cost.BLOCK_B) * cost.BLOCK_B

    def stands(self, thing: Any) -> None:
        self._tables[id(thing)] = self.heap.last

    def grown(self, thing: Any, n: int) -> None:
        if type(thing) is list:
            before, after, each_b = *cost.list_growth(n), 4
        else:
            before, after, each_b = *cost.table_growth(n), 8
        if after == before:
            return
        self.allocate(each_b * after)
        old = self._tables.get(id(thing), -1)
        self._tables[id(thing)] = self.heap.last
        if before:
            self.heap.free(old, each_b * before)
            self._here["bytes"] -= -(-each_b * before // cost.BLOCK_B) * cost.BLOCK_B if old >= 0 else 0
        self.spend(cost.REHASH + (cost.REHASH_EACH * before if each_b == 8 else before))

    def native(self, function: Any, args: tuple[Any, ...]) -> None:
        self.spend(cost.native(function, args))
        owner = getattr(function, "__self__", None)
        if type(owner) is list:
            if function.__name__ == "append":
                self.grown(owner, len(owner))
        else:
            self.outside(function if owner is None or type(owner) is types.ModuleType else owner)

    def outside(self, thing: Any) -> None:
        kind = type(thing)
        if kind is types.FunctionType:
            core = str(thing.__module__).split(".")[0] in _CORE
        elif kind is types.ModuleType:
            core = True
        else:
            known = self._outside.get(kind)
            if known is None:
                known = self._outside[kind] = kind.__module__.split(".")[0] in _CORE
            core = known
        if not core:
            self.flush()

    def flush(self) -> None:
        """The board's clock goes on by what the processor has worked."""
        us = int(self._owed_us)
        if us:
            self._owed_us -= us
            self.advance(us)

    def collect(self) -> int:
        """gc.collect() of the firmware."""
        self.asked += 1
        self._collected(self.heap.collect())
        self.flush()
        return 0

    def _collected(self, insns: float) -> None:
        self._tables.clear()
        self._collections += 1
        self._add("collect_us", insns * cost.PYTHON_US)

    # -- what ulab tells ----------------------------------------------------------------------------------------------

    def sink(self, operation: str, elements: int, arrays: int, data_b: int) -> None:
        self._add("ulab_us", cost.ulab_us(operation, elements))
        # an operation's price holds its objects, but not the way to their places
        for _ in range(cost.SMALL.get(operation, cost.SMALL_OTHER)):
            self._walk(8)
        for _ in range(arrays):
            self._walk(cost.ARRAY_B)
        if data_b:
            self._walk(data_b)
        self.operations[operation] += 1

    # -- looks --------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        now_us = self.now() + int(self._owed_us)
        us = now_us - self._since_us
        if us > 10_000:
            self.stretches.append(
                Stretch(us, self._since_us, dict(self._busy), frozenset(self._met), self._collections)
            )
        self.forget(now_us)

    def forget(self, now_us: int) -> None:
        self._since_us = now_us
        self._busy.clear()
        self._collections = 0
        self._met.clear()
        self._met.update(name for name in (*self._path, self._place) if not name.startswith(_PROGRAM))


@dataclass
class Counted:
    """What a run cost.

    spent: function -> kind -> sum, in the window; asked, forced: collections in it; window_us: its length;
    path_b, path: the most of the Python stack that was in use, and by whom
    """

    window_us: int
    spent: dict[str, dict[str, float]]
    asked: int
    forced: int
    operations: dict[str, int]
    stretches: list[Stretch]
    path_b: int
    path: list[str]
    record: list[tuple[int, str, Any]] = field(default_factory=list)
    end: str = ""

    def sum(self, *kinds: str) -> float:
        return sum(parts.get(kind, 0.0) for parts in self.spent.values() for kind in kinds)


class _Gc:
    """`gc` of the firmware: what it asks for is priced."""

    def __init__(self, meter: Meter) -> None:
        self.collect = meter.collect
        self.enable = self.disable = lambda: None
        self.mem_alloc = lambda: int(meter.heap.live_kb * 1024)
        self.mem_free = lambda: 60000
        self.threshold = lambda *_: -1


class Firmware:
    """The frozen modules of a tree, compiled, and their sources in a folder."""

    def __init__(self, folder: Path, tree: Tree = HERE) -> None:
        whole = bundle.frozen(tree)
        self.modules_folder, self.drive_folder = folder / "modules", folder / "drive"
        for into, files in ((self.modules_folder, whole.modules), (self.drive_folder, whole.drive)):
            for name, data in files.items():
                path = into / name.strip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        self.settings_toml = whole.drive["/settings.toml"].decode()
        self._folder = folder
        self.images = {
            folder_ / name.strip("/").replace(".mpy", ".py"): data
            for folder_, files in ((self.modules_folder, whole.modules), (self.drive_folder, whole.drive))
            for name, data in mpy.compiled({k: v for k, v in files.items() if k.endswith(".py")}).items()
        }

    def importer(self, meter: Meter, radio: bool) -> Any:
        """The virtual board's importer, with a machine for what is the firmware's."""
        images = self.images
        parsed: dict[Path, bytecode.Module] = {}

        class Importer(runner().Importer):  # type: ignore[misc]
            def __init__(self, paths: Sequence[str]) -> None:
                super().__init__(paths, True, radio)
                self.machine = Machine(meter, self._import, self.builtins)

            def _parsed(self, path: str) -> bytecode.Module:
                # code objects are known by their identity: the same one each time
                found = Path(path)
                if found not in parsed:
                    parsed[found] = bytecode.read(images[found])
                return parsed[found]

            def _load(self, name: str) -> Any:
                if name == "gc" and name not in self.modules:
                    self.modules[name] = _Gc(meter)
                return super()._load(name)

            def _exec(self, name: str, path: str, firmware: bool, folder: str | None = None) -> Any:
                if not firmware or name.startswith("adafruit_bus_device"):  # in C on these boards
                    return super()._exec(name, path, firmware, folder)
                module = types.ModuleType(name)
                module.__dict__.update(__file__=path, __package__=name if folder else name.rpartition(".")[0])
                if folder:
                    module.__dict__["__path__"] = [folder]
                self.modules[name] = module
                try:
                    self.machine.run(self._parsed(path), module.__dict__)
                except BaseException:
                    del self.modules[name]
                    raise
                head, _, last = name.rpartition(".")
                if head:
                    setattr(self.modules[head], last, module)
                return module

            def run(self, path: str) -> dict[str, Any]:
                world = {"__name__": "__main__", "__file__": path}
                self.machine.run(self._parsed(path), world)
                return world

        return Importer([str(self.modules_folder), str(library_folder())])


def heap_of(settings_toml: str, live_kb: float) -> cost.Heap:
    """The board's heap with so much live: in one piece where settings.toml asks for that."""
    for line in settings_toml.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "CIRCUITPY_HEAP_START_SIZE":
            return cost.Heap(cost.board_heap(live_kb), int(value.split("#")[0]) / 1024, False)
    return cost.Heap(cost.board_heap(live_kb))


def run(
    folder: Path,
    firmware: Firmware,
    rows: NDArray[Any],
    live_kb: float,
    until_s: float,
    window_s: tuple[float, float] | None = None,
    events: Sequence[tuple[float, str, int]] = (),
    board: str = "xiao",
    central: Callable[[Any, Any], Any] | None = None,
    timed: bool = True,
    **config: Any,
) -> Counted:
    """The firmware on the virtual board until then, over rows (n, 6) of ax ay az [g] gx gy gz [dps] at 208 Hz.

    window_s: what is summed; all when None. central(bleio, world): what the radio's other side is, else there is none;
    timed: the processor's work takes the board's time
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_trace(folder / "trace.bin", rows)
    if not (folder / "drive.img").exists():
        blank_image(folder / "drive.img")
    meter = Meter(heap_of(firmware.settings_toml, live_kb))
    importer = firmware.importer(meter, central is not None)
    told: dict[str, Any] = {
        "board": board,
        "trace": str(folder / "trace.bin"),
        "rate_hz": RATE_HZ,
        "hold": True,
        "image": str(folder / "drive.img"),
        "nvm": str(folder / "nvm.bin"),
        "device": str(firmware.drive_folder),
        "until_s": until_s,
        "events": [[int(t_s * 1e6), what, value] for t_s, what, value in events],
        **config,
    }
    virtual = runner().VirtualBoard(told, importer)
    world = virtual.world
    meter.now = lambda: int(world.now_us)
    if timed:
        meter.advance = world.advance
    record: list[tuple[int, str, Any]] = []
    begun: list[dict[str, Any]] = []

    def snapshot(_: Any) -> None:
        spent = {name: dict(parts) for name, parts in meter.spent.items()}
        state = {"spent": spent, "asked": meter.asked, "forced": meter.heap.forced, "at": world.now_us}
        begun.append({**state, "operations": dict(meter.operations)})

    def seen(t_us: int, kind: str, value: Any) -> None:
        record.append((t_us, kind, value))
        if kind == "run":
            meter.forget(t_us)

    world.listeners.append(seen)
    pin = world.named(told["board"]["button"])
    level = pin.level

    def looked() -> Any:
        meter.look()
        return level()

    pin.level = looked
    for t_s in window_s or (0.0,):
        world.at(int(t_s * 1e6), snapshot)
    if central is not None:
        importer.on_radio = lambda bleio: bleio.connect_air(central(bleio, world))
    importer.load("ulab")
    ulab_meter: Any = importlib.import_module("ulab._meter")
    ulab_meter.sink = meter.sink
    try:
        end = virtual.boot()
    finally:
        ulab_meter.sink = None
        virtual.flash.close()
    if len(begun) < 2:
        snapshot(None)
    first, last = begun[0], begun[1]
    spent = {
        name: {kind: value - first["spent"].get(name, {}).get(kind, 0.0) for kind, value in parts.items()}
        for name, parts in last["spent"].items()
    }
    operations = {k: n - first["operations"].get(k, 0) for k, n in last["operations"].items()}
    counts = (last["asked"] - first["asked"], last["forced"] - first["forced"])
    machine = importer.machine
    path = machine.deepest_b, machine.deepest
    return Counted(last["at"] - first["at"], spent, *counts, operations, meter.stretches, *path, record, end)
