"""The cost counter gives the table's figures back, and the bench's figures hang together."""

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from formclip.firmware import bundle, interpreters
from formclip.firmware.rom import mpy, romfs
from formclip.firmware.virtual.ulab_strict.ulab import _meter as meter
from formclip.firmware.virtual.ulab_strict.ulab import numpy as np_
from formclip.lab.bench import blocks, cost, live
from formclip.lab.bench.__main__ import table
from formclip.lab.bench.count import Meter
from formclip.lab.bench.figures import board, growth, live_from, measure, simulated
from gaitcore import settings

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
"""


@pytest.fixture(scope="module")
def snippets(tmp_path_factory):
    path = tmp_path_factory.mktemp("snippets") / "snippets.py"
    path.write_text(SNIPPETS)
    module = {"__name__": "snippets"}
    exec(compile(SNIPPETS, str(path), "exec"), module)
    return str(path.parent), module


def priced(folder, f, *args, live_kb=12.0):
    """Python instructions and the walks of the allocator that calling f(*args) takes on the board."""
    meter = Meter((folder,), cost.Heap(bytes([1]) * int(live_kb * 64)))
    before = sys.gettrace(), sys.getprofile()
    sys.setprofile(meter.profile)
    sys.settrace(meter.trace)
    try:
        f(*args)
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return sum(meter.python.values()), sum(meter.walk.values())


TURNS = 50


@pytest.mark.parametrize(
    ("name", "args", "table"),
    [
        ("locals_", (0.5, 0.1), 292),
        ("calls", (), 367),
        ("reads", ([1.0, 2.0], 1), 155),
        ("writes", ([1.0, 2.0], 1, 3.0), 229),
    ],
)
def test_statements_cost_what_the_table_says(snippets, name, args, table):
    folder, module = snippets
    empty, _ = priced(folder, module["turns"], TURNS)
    assert empty / TURNS == pytest.approx(200, rel=0.15)
    insns, _ = priced(folder, module[name], TURNS, *args)
    assert (insns - empty) / TURNS == pytest.approx(table, rel=0.15)


def test_attributes_and_methods_cost_what_the_table_says(snippets):
    folder, module = snippets
    thing = module["Filter"]()
    empty, _ = priced(folder, module["turns"], TURNS)
    insns, _ = priced(folder, thing.run, 0.5, TURNS)
    assert (insns - empty) / TURNS == pytest.approx(702, rel=0.15)
    insns, _ = priced(folder, thing.empty, TURNS)
    assert (insns - empty) / TURNS == pytest.approx(808, rel=0.1)


def test_c_functions_are_priced_by_name(snippets):
    import math

    folder, module = snippets
    empty, _ = priced(folder, module["turns"], TURNS)
    insns, _ = priced(folder, module["roots"], TURNS, math.sqrt, 2.0)
    assert (insns - empty) / TURNS == pytest.approx(162 + 75, rel=0.3)
    absolute, _ = priced(folder, module["roots"], TURNS, abs, 2.0)
    assert (absolute - insns) / TURNS == pytest.approx(663 - 162, rel=0.05)


def test_the_settings_table_is_walked_once():
    """Twice the rows cost twice the work: button and motor wait for all of it at the start and at each session's."""
    folder = str(Path(settings.__file__).parent)
    data = settings.Settings().to_bytes()
    half = len(data) // 4 * 2
    fresh = settings.Settings()
    none, _ = priced(folder, fresh.load_bytes, b"")
    first, _ = priced(folder, fresh.load_bytes, data[:half])
    both, _ = priced(folder, fresh.load_bytes, data)
    assert both - none == pytest.approx((first - none) * len(data) / half, rel=0.2)
    for work in (settings.Settings, fresh.to_bytes, lambda: fresh.load_bytes(data)):
        insns, _ = priced(folder, work)
        assert insns * cost.PYTHON_US < 40_000


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


def test_what_is_in_c_on_the_board_costs_its_caller(snippets, tmp_path):
    folder, module = snippets
    path = tmp_path / "standin.py"
    path.write_text("def value():\n    return [k for k in range(100)]\n")
    namespace = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    module["nothing"] = namespace["value"]
    try:
        empty, _ = priced(folder, module["turns"], TURNS)
        insns, _ = priced(folder, module["calls"], TURNS)
    finally:
        exec("def nothing():\n    pass\n", module)
    assert (insns - empty) / TURNS == pytest.approx(cost.BUILT_IN_OTHER + 64 + 50, rel=0.2)


def test_a_triple_walks_over_the_live_heap(snippets):
    folder, module = snippets
    _, walk = priced(folder, module["tuples"], 1, 1.0, live_kb=44)
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
        ("sosfilt", 26, 4700),
        ("sosfilt", 52, 5800),
        ("sosfilt", 104, 8600),
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
    assert cost.collect_us(12) == pytest.approx(4600)
    assert cost.collect_us(44) == pytest.approx(20000)


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
    return measure(104, simulated(104, 24.0))


def test_the_bench_on_a_short_run(figures):
    estimate = figures["estimate"]
    assert figures["blocks"] == 96
    parts = estimate["parts"]
    assert estimate["work_mean_us"] == pytest.approx(parts["python_us"] + parts["ulab_us"] + parts["walk_us"])
    beside = estimate["fifo_us"] + estimate["loop_us"]
    assert estimate["mean_us"] == pytest.approx(
        estimate["work_mean_us"] + beside + estimate["collect_us"] / cost.COLLECT_BLOCKS
    )
    assert estimate["loop_us"] > 500
    assert estimate["worst_us"] >= estimate["mean_us"] > 1000
    assert estimate["mean_percent"] == pytest.approx(100 * estimate["mean_us"] / 250_000)
    assert {"pipeline", "session", "cadence"} <= set(estimate["modules"])
    assert figures["imports"]["drive_b"]["gaitcore"] > 20_000
    run = figures["run"]
    assert run["numpy"]["steps"] > 20
    try:
        interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    assert run["micropython"]["steps"] == run["numpy"]["steps"]
    assert run["micropython"]["alloc_b"] > 0
    assert figures["imports"]["modules"]["session"]["live_32_b"] > 500


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
    assert abs(frozen["firmware_b"] - source["firmware_b"]) < 4096  # code.py is compiled into the heap, or is not
    assert frozen["code_b"] < source["code_b"] / 4
    assert frozen["live_kb"] < source["live_kb"] - 50
    assert frozen["reaches_goal"]  # 70 KB
    assert frozen["live_64_b"] < source["live_64_b"] - figures["live"]["account"]["in_rom_32_b"]
    assert figures["estimate"]["live_from"] == "frozen"
    assert figures["estimate"]["live_kb"] == pytest.approx(frozen["live_kb"], abs=0.1)
    line = next(line for line in text.splitlines() if line.startswith("  all  "))
    assert line.split()[1:] == ["%.1f" % source["live_kb"], "KB", "%.1f" % frozen["live_kb"], "KB"]
    assert "goal 70 KB, of 137 KB" in text


def test_the_growth_of_a_run_is_counted():
    try:
        interpreters.find("micropython")
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    found = growth(60 / 3600, 104)
    assert found["blocks"] == 240 and found["steps"] > 100
    assert found["growth_b"] < 4096  # in a minute the first pages come and nothing else


def test_the_live_heap_of_the_estimate_can_be_given():
    assert live_from({"kinds": {}}, 44.0) == "given"
    assert board({"kinds": {"frozen": {"live_kb": 60.0}}}, 44.0) == cost.board_heap(44.0)
    assert board({"kinds": {"frozen": {"live_kb": 60.0}}}) == cost.board_heap(60.0)
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
