"""The firmware on the virtual board, driven from outside: button, sensor, battery, drive, then motor, LED, log."""

import random
import shutil
from itertools import product

import numpy as np
import pytest
from formclip.firmware import interpreters
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.board import importer
from formclip.firmware.virtual.image import MountedImage, make_drive, save_settings, write_file
from formclip.ground import log as logfile
from formclip.lab.simulate import Episode, Scenario, simulate
from formclip.show.commands.virtual_clip import virtual_clip_command
from gaitcore import patterns, records
from gaitcore.session import Session
from gaitcore.settings import Settings

from tests.picks import first, later

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")

SENSOR = np.array([0.000488] * 3 + [0.035] * 3)
BOARDS = ("xiao", "feather", "sox")
BUSY_MS = 45  # a pulse may be this much off: a block of the sensor is read meanwhile


def rows_of(scenario, seed=1):
    """A simulated run as the sensor gives it."""
    trace = simulate(scenario, seed=seed)
    rows = np.hstack([trace.acc_g, trace.gyr_dps])
    counts = np.clip(np.round(np.nan_to_num(rows) / SENSOR), -32768, 32767)
    return (counts * SENSOR).astype("<f4")


@pytest.fixture(scope="session")
def drives(tmp_path_factory):
    """A drive as deploy leaves it, one per board, made once."""
    made = {}

    def get(board):
        if board not in made:
            path = tmp_path_factory.mktemp("drive") / (board + ".img")
            make_drive(path, board)
            made[board] = path
        return made[board]

    return get


@pytest.fixture(scope="session")
def short_run(tmp_path_factory):
    """Ten seconds of standing, 50 s of running."""
    path = tmp_path_factory.mktemp("trace") / "short.bin"
    rows_of(Scenario(minutes=1.0, stand_s=11.0)).tofile(path)
    return path


@pytest.fixture
def run(drives, tmp_path):
    """Run a clip in a folder of its own; `again` goes on with the drive of the run before."""

    def go(trace=None, board="xiao", again=False, name="clip", **kwargs):
        out = tmp_path / name
        if not again:
            if out.exists():
                shutil.rmtree(out)
            out.mkdir()
            shutil.copyfile(drives(board), out / "drive.img")
        return clip.run_clip(out, trace, board, keep_drive=True, **kwargs)

    return go


def entries(path, tag):
    return [values for found, _, values in logfile.read_logs(path)[0].entries if found == tag]


def steps(path):
    return [(t, tuple(v)) for tag, t, v in logfile.read_logs(path)[0].entries if tag == records.STEP]


def errors(path):
    return {values[0]: values[1] for values in entries(path, records.ERROR)}


def played(result, pattern, pulse_ms=0, after_s=0.0):
    """Times at which a pattern was felt."""
    wanted = [on for on, _, _ in patterns.sequence(pattern, pulse_ms, Settings())]
    gaps = [off for _, off, _ in patterns.sequence(pattern, pulse_ms, Settings())]
    pulses = [p for p in result.pulses() if p[0] >= after_s]
    found = []
    for i in range(len(pulses) - len(wanted) + 1):
        part = pulses[i : i + len(wanted)]
        if any(abs(p[1] - on) > BUSY_MS for p, on in zip(part, wanted, strict=True)):
            continue
        rest = [1000 * (b[0] - a[0]) - a[1] for a, b in zip(part, part[1:], strict=False)]
        if all(abs(r - gap) <= BUSY_MS for r, gap in zip(rest, gaps, strict=False)):
            found.append(part[0][0])
    return found


# -- what it is all for ----------------------------------------------------------------------------------------


QUICK = {"warmup_s": 0, "baseline_s": 60, "baseline_skip_s": 10}


def replayed(rows, settings, strict):
    """The log that the same Session writes on the desktop: of numbers with numpy, of words with the strict ulab."""
    if strict:
        modules = importer()
        made, ulab = modules.load("gaitcore.session").Session, modules.load("ulab").numpy
        values = modules.load("gaitcore.settings").Settings(settings)
    else:
        made, ulab, values = Session, None, Settings(settings)
    pages = {}

    def sink(number, page, complete):
        if complete:
            pages[number] = bytes(page)
        return True

    session = made(208, values, sink=sink, session=1)
    block = np.ascontiguousarray(rows.T, dtype=np.float32)
    words = np.roll(np.round(rows / SENSOR).astype(int), 3, axis=1)  # gx gy gz ax ay az
    for at in range(0, block.shape[1] // 52 * 52, 52):
        if strict:
            session.push_frames(ulab.array(words[at : at + 52].tolist(), dtype=ulab.int16))
        else:
            session.push(block[:, at : at + 52])
    session.flush()
    return b"".join(pages[k] for k in sorted(pages))


@pytest.fixture(scope="session")
def faulty_run(tmp_path_factory):
    """Four minutes with an arch and an overstride episode: on the virtual clip, and through replay."""
    folder = tmp_path_factory.mktemp("faulty")
    scenario = Scenario(
        minutes=4.0,
        stand_s=12.0,
        episodes=(
            Episode(kind="arch", start_s=120.0, end_s=140.0),
            Episode(kind="overstride", start_s=190.0, end_s=210.0),
        ),
    )
    rows = rows_of(scenario)
    rows.tofile(folder / "trace.bin")
    for name, strict in (("numpy", False), ("strict", True)):
        (folder / (name + ".fclog")).write_bytes(replayed(rows, QUICK, strict))
    return folder


def pairs(clip_log, replay_log, until_ms):
    ours = [s for s in steps(clip_log) if s[0] < until_ms]
    theirs = [s for s in steps(replay_log) if s[0] < until_ms]
    assert len(ours) == len(theirs) > 50
    return list(zip(ours, theirs, strict=True))


def cues(path, until_ms=10**9):
    found = logfile.read_logs(path)[0].entries
    return [(t, tuple(v)) for tag, t, v in found if tag == records.CUE and t < until_ms]


def test_same_steps_and_cues_as_replay(run, faulty_run):
    result = run(faulty_run / "trace.bin", settings=QUICK)
    assert result.end == "time over" and result.result["missed"] == 0
    (log,) = result.sessions
    until_ms = 235000  # the runner of a trace stops in mid-air at its end, the virtual one stands
    # Byte for byte where both sides use the same number format.
    for ours, theirs in pairs(log, faulty_run / "strict.fclog", until_ms):
        assert ours == theirs
    told = cues(log, until_ms)
    assert told == cues(faulty_run / "strict.fclog", until_ms)
    # numpy keeps more digits within an operation: one count here and there, the same cues at the same times.
    off = [
        abs(x - y) for a, b in pairs(log, faulty_run / "numpy.fclog", until_ms) for x, y in zip(a[1], b[1], strict=True)
    ]
    assert max(off) <= 1 and sum(off) <= 0.01 * len(off)
    assert [(t, v[0]) for t, v in told] == [(t, v[0]) for t, v in cues(faulty_run / "numpy.fclog", until_ms)]
    # And the runner felt each of them.
    assert {patterns.ARCH, patterns.OVERSTRIDE} <= {values[0] for _, values in told}
    for t_ms, values in told:
        felt = played(result, values[0], values[2])
        assert any(0 <= t_s - t_ms / 1000 < 2.5 for t_s in felt), (t_ms, values, felt)


def test_what_is_deployed_runs_the_same(run, short_run):
    ours = run(short_run)
    theirs = run(short_run, name="deployed", deployed=True)
    for a, b in pairs(theirs.sessions[0], ours.sessions[0], 10**9):
        assert a == b


def test_the_same_on_the_micropython_vm(run, short_run):
    try:
        interpreters.find("micropython")
    except interpreters.NoInterpreter as error:
        pytest.skip(str(error))
    ours = run(short_run)
    theirs = run(short_run, name="vm", interpreter="micropython", frozen=True)  # in the board's heap
    for a, b in pairs(theirs.sessions[0], ours.sessions[0], 10**9):
        assert abs(a[0] - b[0]) <= 1 and max(abs(x - y) for x, y in zip(a[1], b[1], strict=True)) <= 1


def test_the_same_on_the_interpreter_named_by_device_python(run, short_run):
    try:
        interpreters.find("device")
    except interpreters.NoInterpreter as error:
        pytest.skip(str(error))
    ours = run(short_run)
    theirs = run(short_run, name="device", interpreter="device")
    for a, b in pairs(theirs.sessions[0], ours.sessions[0], 10**9):
        assert abs(a[0] - b[0]) <= 1 and max(abs(x - y) for x, y in zip(a[1], b[1], strict=True)) <= 1


@pytest.mark.parametrize("board", ["feather", "sox"])
def test_the_same_on_other_boards(run, short_run, board):
    ours = run(short_run)
    theirs = run(short_run, board=board, name=board)
    for a, b in pairs(theirs.sessions[0], ours.sessions[0], 10**9):
        assert a == b


# -- the sensor's clock ------------------------------------------------------------------------------------------


def clocks(path):
    return [(t, v) for tag, t, v in logfile.read_logs(path)[0].entries if tag == records.CLOCK]


@pytest.mark.parametrize(
    "board, off_ppm",
    [
        *zip(BOARDS, (-50000, 50000, 15000), strict=True),
        *later(*product(BOARDS, (-50000, -30000, -15000, 15000, 30000, 50000))),
    ],
)
def test_a_sensor_whose_clock_is_off(run, short_run, board, off_ppm):
    """The same steps at the same times, the same cadence; the log has the true rate."""
    right = run(short_run, board=board)
    found = run(short_run, board=board, name="off", odr_ppm=off_ppm)
    assert found.result["missed"] == 0
    wanted, got = ([(t, v) for t, v in steps(result.sessions[0]) if 14000 < t < 58000] for result in (right, found))
    assert abs(len(wanted) - len(got)) <= 1
    truth = np.array([t for t, _ in wanted])
    assert max(np.abs(truth - t).min() for t, _ in got[1:-1]) < 60
    cadence = [np.mean([v[records.CADENCE] for _, v in part]) for part in (wanted, got)]
    assert cadence[1] == pytest.approx(cadence[0], rel=0.002)
    assert clocks(found.sessions[0])[-1][1][2] == pytest.approx(20800 * (1 + off_ppm / 1e6), rel=0.001)
    assert clocks(right.sessions[0])[-1][1][2] == 20800


@pytest.mark.parametrize("off_ppm", [-50000, 50000])
def test_cues_of_a_sensor_whose_clock_is_off(run, faulty_run, off_ppm):
    found = run(faulty_run / "trace.bin", settings=QUICK, odr_ppm=off_ppm)
    told, wanted = (cues(path, 235000) for path in (found.sessions[0], faulty_run / "strict.fclog"))
    assert [v[0] for _, v in told] == [v[0] for _, v in wanted]
    apart = sorted(abs(a - b) for (a, _), (b, _) in zip(told, wanted, strict=True))
    assert apart[-1] <= 300, apart


def test_a_gap_is_as_long_as_the_boards_clock_says(run, short_run):
    """Held up for 3 s with a sensor 3 % off: the steps behind it are at their times."""
    quiet = run(short_run, name="quiet", seconds=62)
    result = run(short_run, events=[(30.0, "stall", 3000000)], seconds=62, odr_ppm=-30000)
    truth = np.array([t for t, _ in steps(quiet.sessions[0])])
    late = [t for t, _ in steps(result.sessions[0]) if 45000 < t < 55000]
    assert late and all(np.abs(truth - t).min() <= 60 for t in late)


def test_raw_samples_of_a_sensor_whose_clock_is_off_replay_in_the_clips_time(run, short_run, tmp_path):
    from formclip.lab.replay import open_capture, replay_trace

    result = run(short_run, settings={"capture_s": 40}, press=[(2.0, "short")], seconds=62, odr_ppm=-30000)
    (log,) = result.sessions
    capture = open_capture(log)
    assert capture.true_hz == pytest.approx(208 * 0.97, rel=0.001) and any("% off" in note for note in capture.notes)
    again = replay_trace(capture, tmp_path / "again.fclog")
    ours = 1000 * again.columns["on_s"]
    theirs = np.array([t for t, _ in steps(log)])
    theirs = theirs[theirs < ours[-1] + 100]
    assert len(ours) > 50 and abs(len(ours) - len(theirs)) <= 2
    assert all(np.abs(theirs - t).min() < 40 for t in ours[2:])


# -- the button ------------------------------------------------------------------------------------------------


def test_every_gesture(run):
    plan = [(2, "short"), (8, "double"), (14.5, "double"), (20, "long"), (34, "short"), (40, "very-long")]
    result = run(press=plan, seconds=60)
    (log,) = result.sessions
    assert [tag for tag, _, _ in logfile.read_logs(log)[0].entries if tag in (1, 14, 15, 4, 13)] == [
        records.START,
        records.MUTE,
        records.CALIBRATED,
        records.UNMUTE,
        records.CALIBRATED,
        records.STOP,
    ]
    assert played(result, patterns.STAND)[0] == pytest.approx(2.6, abs=0.2)
    assert played(result, patterns.MUTE)[0] == pytest.approx(8.5, abs=0.2)
    assert played(result, patterns.UNMUTE, after_s=14.6)[0] == pytest.approx(15.0, abs=0.2)
    assert played(result, patterns.STAND)[1] == pytest.approx(22.0, abs=0.2)
    assert played(result, patterns.STOP)[0] == pytest.approx(34.8, abs=0.5)
    assert played(result, patterns.OFF)[0] == pytest.approx(46.2, abs=0.5)
    assert result.of("sleep")[0] == (pytest.approx(47.0, abs=0.5), "light")


def test_a_press_wakes_from_sleep(run):
    result = run(press=[(2, "very-long"), (20, "short"), (24, "short")], seconds=40)
    assert result.of("sleep")[-1] == (pytest.approx(20.0, abs=0.1), "awake")
    assert not result.of("watchdog"), "the watchdog runs on in sleep and must be fed"
    assert [v for _, v in result.of("run")] == ["boot.py", "code.py"] * 2
    # The press that woke it is spent, and boot.py saw a held button only if it was still held.
    assert len(result.sessions) == 1 or result.of("run")


def test_bounces_are_no_presses(run):
    events = []
    for k in range(8):
        events += [(2 + k * 0.012, "button", 1), (2.004 + k * 0.012, "button", 0)]
    result = run(events=events, seconds=10)
    assert not result.pulses() and not result.sessions


# -- start and pause by itself, modes --------------------------------------------------------------------------


def test_starts_when_running_is_seen_and_stops_with_the_battery(run, short_run):
    result = run(short_run, events=[(75, "battery_mv", 3300)], seconds=200)
    (log,) = result.sessions
    assert entries(log, records.START)[0][3] == records.BY_ITSELF
    assert entries(log, records.STOP)[0][0] == records.BY_BATTERY
    assert played(result, patterns.LOW_BATTERY)
    assert result.of("sleep")[-1][1] == "light"


def test_auto_start_off_records_only_on_a_press(run, short_run):
    result = run(short_run, settings={"auto_start": "off"}, seconds=70)
    assert not result.sessions


def test_pauses_by_itself(run, short_run):
    result = run(short_run, seconds=85)
    (log,) = result.sessions
    assert entries(log, records.PAUSE)[0][0] == records.BY_ITSELF


def test_silent_mode_records_and_stays_still(run, faulty_run):
    result = run(faulty_run / "trace.bin", settings={"mode": "silent", **QUICK})
    assert len(steps(result.sessions[0])) > 500
    assert not [p for p in result.pulses() if 40 < p[0] < 235]


def test_metronome_beats_at_its_rate(run, short_run):
    settings = {"mode": "metronome", "metronome_spm": 180, "metronome_every": 2, "metronome_off_s": 0}
    result = run(short_run, settings=settings, seconds=60)
    beats = [p[0] for p in result.pulses() if 30 < p[0] < 58 and abs(p[1] - 40) < BUSY_MS]
    assert len(beats) > 30
    assert np.median(np.diff(beats)) == pytest.approx(60 / 90, abs=0.02)


def test_led_can_be_dark(run):
    result = run(press=[(2, "short")], settings={"led": "off"}, seconds=12)
    lit = [v for _, v in result.of("pin") if v in ("P0_26 0", "P0_30 0", "P0_06 0")]
    assert not lit


def test_drv2605l_plays_what_the_transistor_plays(run, drives, tmp_path):
    plain = run(press=[(2, "short"), (8, "double")], seconds=12)
    out = tmp_path / "haptic"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    write_file(out / "drive.img", "/settings.toml", b'HAPTIC = "drv2605l"\n')
    other = run(name="haptic", again=True, press=[(2, "short"), (8, "double")], seconds=12, haptic=True)
    assert len(plain.pulses()) == len(other.pulses()) > 0
    for a, b in zip(plain.pulses(), other.pulses(), strict=True):
        assert a[0] == pytest.approx(b[0], abs=0.1) and a[1] == pytest.approx(b[1], abs=BUSY_MS)


def test_raw_capture_is_the_sensor_to_the_count(run, short_run):
    result = run(short_run, settings={"capture_s": 10}, press=[(12.0, "short")], seconds=60)
    (found,) = logfile.read_logs(result.sessions[0])
    samples = sum(len(data) for _, data in found.raw) // 12
    assert 9.5 * 208 <= samples <= 10.5 * 208
    rows = np.fromfile(short_run, dtype="<f4").reshape(-1, 6)
    counts = np.round(rows / SENSOR).astype(int)
    for index, data in found.raw:
        frames = np.frombuffer(data, dtype="<i2").reshape(-1, 6)
        assert np.array_equal(frames, counts[index : index + len(frames)])
    assert len(steps(result.sessions[0])) > 50  # and the run is recorded beside it


# -- power -----------------------------------------------------------------------------------------------------


def test_standby_and_wake_on_motion(run, tmp_path):
    still = np.tile(np.array([0, 0, 1, 0, 0, 0], dtype="<f4"), (208 * 100, 1))
    running = rows_of(Scenario(minutes=1.0, stand_s=11.0))
    path = tmp_path / "still.bin"
    np.vstack([still, running]).tofile(path)
    result = run(path, settings={"standby_min": 1}, hold=False, seconds=170)
    naps = result.of("sleep")
    assert 60 < naps[0][0] < 70 and naps[0][1] == "light"
    awake = [t for t, v in naps if v == "awake"][-1]
    assert 100 < awake < 125  # the first steps
    (log,) = result.sessions
    assert entries(log, records.START)[0][3] == records.BY_ITSELF


# -- faults ----------------------------------------------------------------------------------------------------


def test_sensor_unplugged_and_back(run, short_run):
    result = run(short_run, events=[(25, "imu", 0), (35, "imu", 1)], seconds=62)
    (log,) = result.sessions
    assert played(result, patterns.SENSOR_FAULT)[0] == pytest.approx(25.3, abs=0.6)
    assert errors(log)[1] >= 1
    lost = sum(v[0] for v in entries(log, records.LOST))
    assert lost == pytest.approx(10 * 208, abs=3 * 208)
    assert [t for t, _ in steps(log) if t > 50000]
    times = [t for t, _ in steps(log)]
    assert max(np.diff(times)) > 8000


@pytest.mark.parametrize(("away_s", "back_s"), first([(70.0, 72.0), (20.0, 75.0)]))
def test_a_sensor_that_was_away_in_standby_sees_motion_again(run, tmp_path, away_s, back_s):
    """It has forgotten that it should watch; or it was not there when the clip went to sleep."""
    still = np.tile(np.array([0, 0, 1, 0, 0, 0], dtype="<f4"), (208 * 130, 1))
    path = tmp_path / "still.bin"
    np.vstack([still, rows_of(Scenario(minutes=0.7, stand_s=11.0))]).tofile(path)
    result = run(
        path, settings={"standby_min": 1}, hold=False, seconds=172, events=[(away_s, "imu", 0), (back_s, "imu", 1)]
    )
    (log,) = result.sessions
    assert entries(log, records.START)[0][3] == records.BY_ITSELF
    assert len(steps(log)) > 30


@pytest.mark.parametrize("line", [
    *("IMU = lsm6ds3trc", 'IMU = "bmi270"', 'HAPTIC = "drv2605l'),
    *later('IMU = "lsm6ds3trc" # yes', 'HAPTIC = "drv2605l" yes', "HAPTIC = 7", 'IMU = ""'),
])  # fmt: skip
def test_a_line_of_settings_toml_that_makes_no_sense_is_told(run, drives, tmp_path, line):
    """The clip goes on as without it; it ended with an error, and began anew, for ever."""
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    write_file(out / "drive.img", "/settings.toml", line.encode() + b"\n")
    result = run(again=True, press=[(4, "short"), (10, "short")], seconds=13)
    assert not result.of("reset")
    good = line.endswith("# yes")
    (log,) = result.sessions
    assert errors(log) == ({} if good else {5: 1})
    assert bool(played(result, patterns.SETTING_FAULT)) != good


def test_no_sensor_at_all(run):
    result = run(events=[(0, "imu", 0)], press=[(10, "short"), (16, "short")], seconds=25)
    assert played(result, patterns.SENSOR_FAULT)
    assert errors(result.sessions[0])[1] >= 1


def test_a_sensor_that_never_answered_is_power_cycled(run):
    """From the first try on: what holds the bus from before the program began lets go without supply."""
    result = run(events=[(0, "imu", 0), (9.0, "imu", 1)], seconds=20, press=[(12.0, "short"), (17.0, "short")])
    supply = [int(v.split()[1]) for _, v in result.of("pin") if v.startswith("P1_08") and v[-1] != "-"]
    assert supply[:6] == [0, 1, 0, 1, 0, 1]
    assert result.sessions and errors(result.sessions[0])[1] >= 1


@pytest.mark.parametrize("board", ["feather", "sox"])
def test_a_bus_held_low_from_before_the_start(run, short_run, board):
    """No supply to switch: nine clocks, at once, and nobody notices."""
    result = run(short_run, board=board, events=[(0.0, "sda_low", 9)])
    assert not played(result, patterns.SENSOR_FAULT)
    assert len(steps(result.sessions[0])) > 100 and not errors(result.sessions[0])


@pytest.mark.parametrize(("board", "clocks"), [("xiao", 0), ("xiao", 9), ("feather", 9), ("sox", 9)])
def test_a_bus_held_low_in_a_run(run, short_run, board, clocks):
    result = run(short_run, board=board, events=[(30.0, "sda_low", clocks)], seconds=62)
    (log,) = result.sessions
    assert errors(log)[1] >= 1
    times = [t for t, _ in steps(log)]
    assert max(np.diff(times)) < 4000 and times[-1] > 55000


@pytest.mark.parametrize("board", BOARDS)
def test_a_chip_that_answers_nonsense_in_a_run(run, short_run, board):
    result = run(short_run, board=board, events=[(30.0, "scramble", 1)], seconds=62)
    (log,) = result.sessions
    assert errors(log)[1] >= 1
    times = [t for t, _ in steps(log)]
    assert max(np.diff(times)) < 3000 and times[-1] > 55000


def test_the_feather_sense_with_the_chip_of_later_boards(run, short_run):
    ours = run(short_run)
    theirs = run(short_run, board="feather", name="later", imu="lsm6ds3trc")
    for a, b in pairs(theirs.sessions[0], ours.sessions[0], 10**9):
        assert a == b


def test_a_motor_driver_that_does_not_answer_is_no_motor(run, drives, tmp_path):
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    write_file(out / "drive.img", "/settings.toml", b'HAPTIC = "drv2605l"\n')
    result = run(again=True, press=[(2, "short"), (8, "short")], seconds=12)  # nothing on its pins
    assert not result.of("reset") and len(result.sessions) == 1


def test_bus_errors_are_counted_and_survived(run, short_run):
    result = run(short_run, events=[(t, "bus_errors", 1) for t in (22, 30, 41)], seconds=62)
    assert len(entries(result.sessions[0], records.ERROR)) == 3
    assert len(steps(result.sessions[0])) > 100


@pytest.mark.parametrize(
    ("board", "at_s"), [("xiao", 30.0), ("sox", 30.11), *later(*product(("xiao", "sox"), (30.05, 30.17, 30.23)))]
)
def test_fifo_overrun_is_a_gap_not_a_lie(run, short_run, board, at_s):
    """Wherever it falls, between the look at the FIFO and the burst as well; test_imu.py has each place of a read."""
    result = run(short_run, board=board, events=[(at_s, "stall", 3000000)], seconds=62)
    (log,) = result.sessions
    lost = sum(v[0] for v in entries(log, records.LOST))
    assert lost == pytest.approx(3.2 * 208, abs=120)
    ours = [t for t, _ in steps(log)]
    quiet = run(short_run, name="quiet", board=board, seconds=62)
    truth = np.array([t for t, _ in steps(quiet.sessions[0])])
    late = [t for t in ours if 40000 < t < 55000]
    assert late and all(np.abs(truth - t).min() <= 40 for t in late)  # the clock went on


def boot_of(path):
    """Which run of the clip's clock a session belongs to, and the clock's time when it began."""
    return [(v[0], v[1]) for v in entries(path, records.ANCHOR)][0]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(("dog", "usb", "reasons"), [
    ("SOFTWARE", 0, ["SOFTWARE"]),
    ("SOFTWARE", 1, ["SOFTWARE"]),
    ("WATCHDOG", 0, ["WATCHDOG"]),
    ("WATCHDOG", 1, ["WATCHDOG", "SOFTWARE"]),  # through safe mode
])  # fmt: skip
def test_watchdog_restarts_a_hung_program_and_the_log_says_so(run, short_run, board, dog, usb, reasons):
    """Whatever the reset reason reads, and with USB's safe mode between; the clock goes on."""
    result = run(
        short_run,
        board=board,
        dog=dog,
        events=[(1.0, "usb", usb), (30.0, "stall", 9000000)],
        press=[(55.0, "short")],
        seconds=75,
    )
    assert [v for _, v in result.of("reset")] == reasons
    assert result.of("reset")[0][0] == pytest.approx(38.3, abs=1)
    assert [v for _, v in result.of("safe_mode")] == (["WATCHDOG"] if len(reasons) > 1 else [])
    first, *rest = result.sessions
    assert [t for t, _ in steps(first)][-1] > 18000
    told = [log for log in rest if 8 in errors(log)]
    assert len(told) == 1 and not any(10 in errors(log) for log in rest)
    before, after = boot_of(first), boot_of(told[0])
    assert before[0] == after[0]
    begun_s = played(result, patterns.START, after_s=39.0)[0]  # by itself: the run goes on
    assert after[1] / 1000 == pytest.approx(begun_s, abs=2.0)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(("event", "number"), [("brownout", 1), ("hard_fault", 2), ("radio_fault", 4)])
def test_safe_mode_is_left_and_the_log_says_why(run, short_run, board, event, number):
    result = run(short_run, board=board, events=[(30.0, event, 1)], press=[(55.0, "short")], seconds=75)
    assert len(result.of("safe_mode")) == 1
    assert [v for _, v in result.of("run")] == ["boot.py", "code.py", "safemode.py", "boot.py", "code.py"]
    first, *rest = result.sessions
    assert len(steps(first)) > 20
    told = [log for log in rest if 10 in errors(log)]
    assert len(told) == 1 and errors(told[0])[10] == number
    assert not any(8 in errors(log) for log in rest)
    assert boot_of(first)[0] == boot_of(told[0])[0]


def test_safe_mode_is_left_on_the_micropython_vm(run):
    """With what `deploy --frozen` leaves on the drive. With room: a restart gives the board a new heap, the VM not."""
    try:
        interpreters.find("micropython")
    except interpreters.NoInterpreter as error:
        pytest.skip(str(error))
    result = run(interpreter="micropython", frozen=True, heap_kb=1024, events=[(5.0, "brownout", 1)], seconds=15)
    assert [v for _, v in result.of("run")] == ["boot.py", "code.py", "safemode.py", "boot.py", "code.py"]


def test_safe_mode_is_not_left_for_ever(run):
    """Three times in a row, then it stays until reset is pressed; after a minute of running well it begins anew."""
    events = [(t, "brownout", 1) for t in (5, 15, 25, 35)]
    result = run(events=events, seconds=60)
    assert [v for _, v in result.of("run")].count("code.py") == 4 and len(result.of("safe_mode")) == 4
    assert result.of("run")[-1][1] == "safemode.py"
    result = run(name="again", events=[*events, (50.0, "reset", 1)], seconds=60)
    assert result.of("run")[-1][1] == "code.py"
    well = [(t, "brownout", 1) for t in (5, 15, 25, 100, 110)]
    result = run(name="well", events=well, seconds=125)
    assert [v for _, v in result.of("run")].count("code.py") == 6


def test_a_supply_that_dips_before_any_program_runs(run):
    result = run(events=[(0.1, "brownout", 1)], press=[(4.0, "short"), (7.0, "short")], seconds=9)
    assert [v for _, v in result.of("run")] == ["safemode.py", "boot.py", "code.py"]
    assert errors(result.sessions[0]) == {10: 1}


def test_safe_mode_asked_for_by_button_stays(run):
    result = run(events=[(5.0, "reset", 2)], seconds=20)
    assert [v for _, v in result.of("run")] == ["boot.py", "code.py"]
    assert result.of("safe_mode") == [(pytest.approx(5.4, abs=0.2), "USER")]


@pytest.mark.parametrize("event", ["reset", "reload", "fault"])
def test_a_restart_that_is_meant_is_no_watchdog_s(run, event):
    result = run(events=[(5.0, event, 1)], press=[(20.0, "short"), (24.0, "short")], seconds=32)
    assert [v for _, v in result.of("run")].count("code.py") == 2
    assert 8 not in errors(result.sessions[-1]) and 10 not in errors(result.sessions[-1])


def test_crash_is_kept_and_told(run, short_run):
    result = run(short_run, events=[(30.0, "fault", 1)], press=[(50.0, "short")], seconds=80)
    assert result.of("reset")[0][1] == "SOFTWARE"
    first, *rest = result.sessions
    assert len(steps(first)) > 20
    assert any(7 in errors(log) for log in rest)


def test_drive_for_the_computer_is_not_written(run, short_run):
    """Button held while it starts: the clip cues and answers, records nothing, and says so."""
    result = run(short_run, events=[(0.1, "button", 1), (1.2, "button", 0)], seconds=62)
    assert not result.sessions
    assert played(result, patterns.DRIVE_FAULT)
    assert played(result, patterns.CALIBRATED)


def test_no_log_file_is_made_new(run, drives, tmp_path):
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    with MountedImage(out / "drive.img") as drive:
        drive.fs.remove("/formclip.log")
    result = run(again=True, press=[(8, "short"), (12, "short")], seconds=20)
    assert len(result.sessions) == 1 and not played(result, patterns.DRIVE_FAULT)


def test_full_drive_says_so_and_cues_on(run, drives, short_run, tmp_path):
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    with MountedImage(out / "drive.img") as drive:
        log = drive.log()
        pages = drive.modules.load("gaitcore.pages")
        while log.free_pages > 3:
            writer = pages.LogWriter(log.sink, log.begin(3), 3, log.free_pages)
            for t in range(min(log.free_pages - 2, 100) * 60):
                writer.event(17, t, (1,), b"x" * 60)
            writer.close()
            log.end()
        before = {s[0]: s[3] for s in log.sessions}
    result = run(short_run, again=True, settings={"capture_s": 30}, press=[(12.0, "short")], seconds=62)
    after = {int(p.stem): p for p in result.sessions}
    assert all(after[s].stat().st_size == n * 4096 for s, n in before.items())
    assert len(after) == len(before) + 1
    full = run(short_run, again=True, press=[(12.0, "short")], seconds=40)
    assert {int(p.stem): p.read_bytes() for p in full.sessions} == {s: p.read_bytes() for s, p in after.items()}
    assert played(full, patterns.LOG_FULL)
    assert played(full, patterns.CALIBRATED)


def test_log_that_fills_in_a_run(run, drives, faulty_run, tmp_path):
    """Room for two pages: the third is not written, LOG_FULL is felt, and cues go on."""
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    with MountedImage(out / "drive.img") as drive:
        log = drive.log()
        pages = drive.modules.load("gaitcore.pages")
        writer = pages.LogWriter(log.sink, log.begin(3), 3, log.free_pages - 2)
        while log.free_pages > 3 and not writer.full:
            writer.event(17, 1, (1,), b"x" * 200)
        writer.close()
        log.end()
        room = log.free_pages
    result = run(faulty_run / "trace.bin", again=True, settings=QUICK)
    mine = result.sessions[-1]
    assert 1 < room <= 3 and mine.stat().st_size == room * 4096
    full_s = played(result, patterns.LOG_FULL)[0]
    found = logfile.read_logs(mine)[0]
    assert [t for tag, t, _ in found.entries if tag == records.FULL]
    assert full_s < 235 and steps(mine)[-1][0] / 1000 <= full_s
    cue_ms = Settings().overstride_pulse_ms
    later = [p for p in result.pulses() if p[0] > full_s + 5 and p[0] < 235 and p[1] >= cue_ms - BUSY_MS]
    assert later  # the overstride episode at 190 s is cued though nothing is recorded any more


def test_faded_schedule_counts_sessions(run, short_run):
    first = run(short_run, settings={"faded": "on"})
    again = run(again=True, press=[(3, "short"), (6, "short")], seconds=12)
    kept = []
    for path in (first.sessions[0], again.sessions[1]):
        settings = Settings()
        settings.load_bytes(entries(path, records.SETTINGS)[0][0])
        kept.append(settings.faded_session)
    assert kept == [1, 2]


def test_drive_that_fails_while_running(run, short_run):
    result = run(short_run, events=[(35.0, "drive_readonly", 1)], seconds=62)
    assert played(result, patterns.DRIVE_FAULT, after_s=35)
    assert steps(result.sessions[0])  # what was staged before


def damage(image, places, at, what=1):
    with MountedImage(image) as drive:
        with drive.fs.open("/formclip.log", "r+b") as f:
            for place in places:
                f.seek(place * 4096)
                page = bytearray(f.read(512))
                page[at] ^= what
                f.seek(place * 4096)
                f.write(page)


def test_corrupt_settings_are_the_defaults_and_told(run, drives, tmp_path):
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    for _ in range(2):
        save_settings(out / "drive.img", {"led": "off"})
    damage(out / "drive.img", (2, 4), 30)
    result = run(again=True, press=[(4, "short"), (8, "short")], seconds=15)
    assert played(result, patterns.SETTING_FAULT)
    assert 5 in errors(result.sessions[0])
    assert entries(result.sessions[0], records.SETTINGS)[0][0] == Settings().to_bytes()


def test_a_setting_out_of_range_keeps_its_default(run, drives, tmp_path):
    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    data = bytearray(Settings({"sustain_s": 9}).to_bytes())
    data[2:4] = (9999).to_bytes(2, "little")  # warmup_s
    with MountedImage(out / "drive.img") as drive:
        drive.log().save(bytes([1, len(data), 0]) + bytes(data))
    result = run(again=True, press=[(4, "short"), (8, "short")], seconds=15)
    assert played(result, patterns.SETTING_FAULT)
    kept = Settings()
    kept.load_bytes(entries(result.sessions[0], records.SETTINGS)[0][0])
    assert (kept.warmup_s, kept.sustain_s) == (180, 9)


def test_corrupt_calibration_is_refused_and_told(run, drives, tmp_path):
    import struct

    out = tmp_path / "clip"
    out.mkdir()
    shutil.copyfile(drives("xiao"), out / "drive.img")
    data = Settings().to_bytes()
    with MountedImage(out / "drive.img") as drive:
        wrong = struct.pack("<6fB", 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 90)
        drive.log().save(bytes([1, len(data), 0]) + data + wrong)
    result = run(again=True, press=[(4, "short"), (8, "short")], seconds=15)
    assert 6 in errors(result.sessions[0])
    assert played(result, patterns.REFUSED)


def test_calibration_is_carried_over(run):
    first = run(press=[(2, "short"), (20, "short")], seconds=26)
    assert entries(first.sessions[0], records.CALIBRATED)[0][1] == 0
    again = run(again=True, press=[(2, "short"), (5, "short")], seconds=10)
    assert entries(again.sessions[1], records.CALIBRATED)[0][1] == 1


def test_moving_refuses_calibration(run, tmp_path):
    rows = rows_of(Scenario(minutes=1.0, stand_s=0.5))
    path = tmp_path / "moving.bin"
    rows.tofile(path)
    result = run(path, press=[(5, "short"), (10, "long")], seconds=40)
    assert played(result, patterns.REFUSED)
    assert entries(result.sessions[0], records.REFUSED)


def test_brown_out_anywhere_loses_ten_seconds_at_most(run, drives, short_run, tmp_path):
    """Power cut after a random byte written: the session before is whole, of this one 10 s are missing at most."""
    base = run(short_run, settings={"warmup_s": 0})
    older = base.sessions[0].read_bytes()
    image = (base.out / "drive.img").read_bytes()
    whole = run(short_run, again=True)
    truth = [t for t, _ in steps(whole.sessions[1])]
    start, end = 20000, whole.result["flash_units"]
    rng = random.Random(11)
    for k in range(5):
        (base.out / "drive.img").write_bytes(image)
        cut = rng.randrange(start, end)
        result = run(short_run, again=True, cut_at=cut)
        assert result.end == "power cut"
        died_s = result.seconds
        assert result.sessions[0].read_bytes() == older
        kept = [t for t, _ in steps(result.sessions[1])] if len(result.sessions) > 1 else []
        assert kept == truth[: len(kept)]
        # Trace time begins with the sensor, under a second after power-on; a step is known 1 s after it.
        missing = [t for t in truth[len(kept) :] if t / 1000 < died_s - 10 - 1.5]
        assert not missing, (k, cut, died_s, len(kept))
        again = run(again=True, press=[(3, "short"), (6, "short")], seconds=12)
        assert again.sessions[0].read_bytes() == older and again.end == "time over"


def test_command_line_runs_it(tmp_path, short_run):
    from click.testing import CliRunner
    from formclip.ground.trace import write_trace

    rows = np.fromfile(short_run, dtype="<f4").reshape(-1, 6)[: 208 * 30]
    path = tmp_path / "run.imu.csv"
    write_trace(path, 208, [rows.T.astype(np.float32)])
    done = CliRunner().invoke(
        virtual_clip_command,
        ["--trace", str(path), "--out", str(tmp_path / "out"), "--json", "--event", "27:marker=0"],
    )
    assert done.exit_code == 2 and "bus_errors" in done.output
    done = CliRunner().invoke(
        virtual_clip_command,
        ["--trace", str(path), "--out", str(tmp_path / "out"), "--json", "--event", "27:bus_errors=1"],
    )
    assert done.exit_code == 0, done.output
    assert 1 in errors(tmp_path / "out" / "sessions" / "000001.fclog")
    assert (tmp_path / "out" / "sessions" / "000001.fclog").exists()
    bad = CliRunner().invoke(virtual_clip_command, ["--trace", str(path), "--press", "2:hard"])
    assert bad.exit_code == 2 and "short, double, long" in bad.output
