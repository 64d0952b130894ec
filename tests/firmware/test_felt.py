"""Every pattern that the README lists: caused from outside on the virtual board, and felt at the motor."""

import re
import shutil

import numpy as np
import pytest
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.image import MountedImage, make_drive, save_settings
from formclip.ground.words import PATTERNS
from formclip.lab.simulate import Episode, Scenario, Segment, Slip, simulate
from gaitcore import patterns
from gaitcore.settings import Settings

from tests.conftest import REPO

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")

BUSY_MS = 45  # a pulse may be this much off: a block of the sensor is read meanwhile
QUICK = {"warmup_s": 0, "baseline_s": 60, "baseline_skip_s": 10}
CUES = {patterns.OVERSTRIDE, patterns.ARCH}  # their pulses grow with the error
LISTED = re.findall(r"<!-- ([A-Z_]+) -->", (REPO / "README.md").read_text().split("What the motor says.")[1])


def trace(folder, **scenario):
    """A simulated run as the virtual sensor reads it."""
    made = simulate(Scenario(**scenario), seed=1)
    path = folder / "trace.bin"
    np.hstack([made.acc_g, made.gyr_dps]).astype("<f4").tofile(path)
    return path


class Scene:
    """A clip in a folder of its own: what is done to its drive and its world, once for all patterns of the scene."""

    def __init__(self, folder, blank):
        self.folder, self.image = folder, folder / "drive.img"
        folder.mkdir()
        shutil.copyfile(blank, self.image)

    def run(self, rows=None, **kwargs):
        return clip.run_clip(self.folder, rows, "xiao", keep_drive=True, **kwargs)


def faults(scene):
    episodes = (Episode("arch", 120.0, 140.0), Episode("overstride", 190.0, 210.0))
    return scene.run(trace(scene.folder, minutes=4.0, stand_s=12.0, episodes=episodes), settings=QUICK)


def stop_and_go(scene):
    rows = trace(scene.folder, minutes=1.1, stand_s=6.0, segments=(Segment(28.0, 44.0, "standing"),))
    return scene.run(rows, seconds=70)


def beats(scene):
    settings = {"mode": "metronome", "metronome_spm": 180}
    return scene.run(trace(scene.folder, minutes=0.5, stand_s=6.0), settings=settings, seconds=36)


def slipped(scene):
    rows = trace(scene.folder, minutes=1.3, person=2, stand_s=12.0, slips=(Slip(40.0, 0.3, (0.0, 0.0, -12.0)),))
    return scene.run(rows, seconds=75)


def button(scene):
    plan = [(2, "short"), (8, "double"), (14.5, "double"), (20, "long"), (34, "short"), (40, "very-long")]
    return scene.run(press=plan, seconds=55)


def moved(scene):
    return scene.run(trace(scene.folder, minutes=0.6, stand_s=0.5), press=[(5, "long")], seconds=36)


def empty_battery(scene):
    return scene.run(events=[(5, "battery_mv", 3300)], seconds=75)


def full_log(scene):
    with MountedImage(scene.image) as drive:
        log = drive.log()
        page = drive.modules.load("gaitcore.page").Page(bytearray(4096))
        number, n = log.begin(3), 0
        while log.free_pages:
            page.open(number, 3, 0, n, 0)
            page.seal(0)
            assert log.sink(n, page.view, True)
            n += 1
        log.end()
    return scene.run(press=[(3, "short")], seconds=16)


def no_sensor(scene):
    return scene.run(events=[(0, "imu", 0)], seconds=8)


def computers_drive(scene):
    return scene.run(events=[(0.1, "button", 1), (1.2, "button", 0)], seconds=8)


def torn_settings(scene):
    for _ in range(2):
        save_settings(scene.image, {"led": "on"})
    with MountedImage(scene.image) as drive, drive.fs.open("/formclip.log", "r+b") as file:
        for place in (2, 4):
            file.seek(place * 4096 + 30)
            byte = file.read(1)[0]
            file.seek(place * 4096 + 30)
            file.write(bytes((byte ^ 1,)))
    return scene.run(seconds=8)


def asked_by_a_computer(scene):
    """A marker, and a calibration with the squeeze after it, over the radio."""
    pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")
    import asyncio
    import time

    from formclip.firmware.virtual import radio
    from formclip.firmware.virtual.radio import process
    from formclip.runs.sync import link
    from formclip.runs.sync.reach import introduced

    async def ask(board):
        (seen,) = await link.scan(20, enough=1)
        async with introduced(seen, True) as client:
            await client.greet()
            await client.marker()
            await client.calibrate(True)
            deadline = time.monotonic() + 60
            while len(board.happened("motor")) < 2 * (4 + 1 + 4 + 3 + 3) and time.monotonic() < deadline:
                await client.status()
                await asyncio.sleep(0.2)

    with process.air() as air:
        radio.use(air.address)
        with process.Board(scene.folder, air.address) as board:
            board.press("short", 1.0)
            deadline = time.monotonic() + 30
            while len(board.happened("motor")) < 8 and time.monotonic() < deadline:
                time.sleep(0.05)
            asyncio.run(ask(board))
    return board.run


CAUSES = {
    faults: "OVERSTRIDE ARCH OK",
    stop_and_go: "START PAUSE RESUME",
    beats: "BEAT",
    slipped: "SLIPPED",
    button: "STAND MUTE UNMUTE CALIBRATED STOP OFF",
    moved: "REFUSED",
    empty_battery: "LOW_BATTERY",
    full_log: "LOG_FULL",
    no_sensor: "SENSOR_FAULT",
    computers_drive: "DRIVE_FAULT",
    torn_settings: "SETTING_FAULT",
    asked_by_a_computer: "MARKER SQUEEZE",
}


def felt(result, pattern):
    """Times at which a pattern was felt; a cue's pulses are as long as they have grown."""
    wanted = patterns.sequence(pattern, 0, Settings())
    pulses = result.pulses()
    found = []
    for i in range(len(pulses) - len(wanted) + 1):
        part = pulses[i : i + len(wanted)]
        lengths = [ms for _, ms, _ in part]
        rests = [1000 * (b[0] - a[0]) - a[1] for a, b in zip(part, part[1:], strict=False)]
        if pattern in CUES:
            least = {patterns.OVERSTRIDE: 100, patterns.ARCH: 350}[pattern]
            like = all(least - BUSY_MS <= ms <= 2 * least + BUSY_MS for ms in lengths)
            like = like and max(lengths) - min(lengths) <= BUSY_MS
        else:
            told = [80 if pattern == patterns.OK else on_ms for on_ms, _, _ in wanted]
            like = all(abs(ms - on_ms) <= BUSY_MS for ms, on_ms in zip(lengths, told, strict=True))
        behind = pulses[i + len(wanted)][0] if i + len(wanted) < len(pulses) else 1e9
        before = pulses[i - 1][0] + pulses[i - 1][1] / 1000 if i else -1e9
        alone = min(behind - part[-1][0] - part[-1][1] / 1000, part[0][0] - before) > 0.35  # 0.4 lie between patterns
        gaps = [off_ms for _, off_ms, _ in wanted[:-1]]
        if like and alone and all(abs(rest - gap) <= BUSY_MS for rest, gap in zip(rests, gaps, strict=True)):
            found.append(part[0][0])
    return found


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    path = tmp_path_factory.mktemp("blank") / "drive.img"
    make_drive(path, "xiao")
    return path


def test_the_readme_lists_every_pattern_and_each_has_a_cause_here():
    caused = [name for names in CAUSES.values() for name in names.split()]
    assert sorted(LISTED) == sorted(PATTERNS.values()) == sorted(caused)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_each_pattern_is_felt_when_it_is_caused(cause, blank, tmp_path):
    result = cause(Scene(tmp_path / "scene", blank))
    number = {name: pattern for pattern, name in PATTERNS.items()}
    assert [name for name in CAUSES[cause].split() if not felt(result, number[name])] == []
