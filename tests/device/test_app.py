"""device/app.py on the virtual board's parts: what the log's room, a computer and settings mean to a session."""

import numpy as np
import pytest
from formclip.firmware.sources import libraries_here
from formclip.lab.docs.tables import Bench
from formclip.lab.simulate import Scenario, simulate
from gaitcore import kept, patterns, records
from gaitcore.recover import recover
from gaitcore.settings import Settings

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
SHORT, DOUBLE, LONG = 1, 2, 3


@pytest.fixture(scope="module")
def run_rows():
    trace = simulate(Scenario(minutes=1.0, stand_s=6.0), seed=1)
    return np.hstack([trace.acc_g, trace.gyr_dps]).astype(np.float32)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "b")


def press(bench, gesture=SHORT, then_s=0.4):
    bench.gesture = gesture
    bench.turn(then_s)


def session_of(bench, number):
    log = bench.log
    data, view = bytearray(log.size_b(number)), 0
    while view < len(data):
        view += log.read_into(number, view, memoryview(data)[view:])
    (found,) = recover(bytes(data)).sessions
    return found


def again(bench):
    """The log as the next start finds it."""
    log = bench.parts.load("hw.flashlog").FlashLog()
    log.mount()
    return log


def leave_room(bench, pages):
    log = bench.log
    page = memoryview(bytearray(4096))
    number = log.begin(7)
    made = bench.parts.load("gaitcore.page").Page(bytearray(4096))
    n = 0
    while log.free_pages > pages:
        made.open(number, 7, 0, n, 0)
        made.seal(0)
        page[:] = made.view
        assert log.sink(n, page, True)
        n += 1
    log.end()


@pytest.mark.parametrize("left", [0, 1, 2, 5])
def test_what_is_deleted_while_it_waits_is_room_for_the_next_run(bench, left):
    """A full or nearly full log is synced while the clip is awake: the next run has all of the room."""
    leave_room(bench, left)
    bench.turn(1)
    for run in list(bench.log.sessions):
        bench.log.delete(run[0], bench.app.config())
    press(bench, then_s=12)
    log = bench.app.session.log
    assert not log.full and log.max_pages == bench.log.capacity_pages and "LOG_FULL" not in bench.played
    press(bench)
    (run,) = bench.log.sessions
    assert session_of(bench, run[0]).closed and again(bench).sessions == bench.log.sessions


@pytest.mark.parametrize("begins", ["by a press", "by itself"])
def test_a_full_log_that_is_synced_after_the_press_for_it_takes_the_next_run(tmp_path, run_rows, begins):
    """Full: the press opens pairing and begins a session without room; the computer ends it, fetches and deletes."""
    bench = Bench(tmp_path / "b", run_rows)
    bench.app.set("auto_start", "off")
    bench.log._slots = 12  # a small ring is full before the trace is over
    leave_room(bench, 0)
    press(bench, then_s=2)
    assert bench.state == "RUNNING" and bench.app.session.log.full and bench.app.make_way()
    for run in list(bench.log.sessions):
        bench.log.delete(run[0], bench.app.config())
    if begins == "by itself":
        bench.app.set("auto_start", "on")
    else:
        press(bench)
    bench.turn(40)
    assert bench.state == "RUNNING"
    press(bench)
    (run,) = bench.log.sessions
    steps = [entry for entry in session_of(bench, run[0]).entries if entry[0] == records.STEP]
    assert len(steps) > 60 and again(bench).sessions == bench.log.sessions


@pytest.mark.parametrize("mode", ["coach", "metronome"])
def test_at_no_moment_of_a_run_is_more_than_ten_seconds_of_it_in_memory_alone(tmp_path, run_rows, mode):
    """As rarely staged as the settings allow, the motor at work: the oldest record that a cut would take, each turn."""
    bench = Bench(tmp_path / "b", run_rows)
    load = bench.parts.load
    motor = load("hw.outputs").pwm_motor(load("boards").pins_of(load("board")).MOTOR)
    bench.app.parts.haptics = load("hw.haptics").Haptics(motor)
    for name, value in (("flush_s", 9), ("warmup_s", 0), ("mode", mode), ("baseline_s", 60)):
        bench.app.set(name, value)
    sink, safe_ms = bench.log.sink, [0]

    def stored(number, page, complete):
        took = sink(number, page, complete)
        safe_ms[0] = bench.app.session.now_ms
        return took

    bench.log.sink = stored
    press(bench)
    worst_ms, began_ms = 0, bench.app.session.now_ms
    safe_ms[0] = began_ms
    for _ in range(200):
        bench.turn(0.25)
        worst_ms = max(worst_ms, bench.app.session.now_ms - safe_ms[0])
    assert bench.app.session.steps > 60 and 8_000 < worst_ms <= 10_000, worst_ms


def test_a_motor_that_runs_longer_than_planned_is_waited_for(bench):
    press(bench, then_s=2)
    app, pipeline = bench.app, bench.app.session.pipeline
    motor = bench.parts.load("hw.haptics").Haptics(lambda strength: None)
    app.parts.haptics = motor
    app._play(patterns.ARCH, 900)
    planned = pipeline._blank_until
    late = app.parts.ticks_ms() + 600  # the loop was away
    motor.poll(late)
    assert motor.late_ms >= 600
    bench.turn(0.02)
    left_ms = motor.left_ms(app.parts.ticks_ms())
    assert motor.late_ms == 0 and left_ms > patterns.duration_ms(patterns.ARCH, 900)
    assert pipeline._blank_until > max(planned, pipeline.index + 208 * left_ms // 1000)


def test_without_room_it_says_so_and_goes_on(bench):
    leave_room(bench, 1)
    before = list(bench.log.sessions)
    press(bench, then_s=12)
    assert bench.state == "RUNNING" and bench.app.session.log.full and "LOG_FULL" in bench.played
    press(bench)
    assert bench.log.sessions == before == again(bench).sessions


def test_a_session_that_only_the_press_began_makes_way_for_a_computer(bench):
    bench.app._pending.append((records.CRASH, 1))
    press(bench, then_s=12)  # long enough to be staged
    number = bench.log.recording[0]
    bench.played.clear()
    assert bench.state == "RUNNING" and bench.app.make_way()
    assert bench.state == "READY" and bench.played == ["STOP"]
    assert bench.app.make_way(), "there is nothing to stop now"
    bench.turn(9)
    found = again(bench)
    assert found.sessions == [] and found.gone(number) and found.recovered == 0
    # What it would have told is told by the next, whose number is another.
    press(bench, then_s=1)
    press(bench)
    (run,) = bench.log.sessions
    codes = [v[0] for tag, _, v in session_of(bench, run[0]).entries if tag == records.ERROR]
    assert run[0] > number and codes == [records.CRASH]


def test_a_session_makes_way_in_a_pause_too(bench):
    press(bench)
    bench.app.session.pause()
    bench.turn(0.1)
    assert bench.state == "PAUSED" and bench.app.make_way() and bench.state == "READY"


@pytest.mark.parametrize("why", ["steps", "raw samples", "began by itself"])
def test_a_session_that_holds_something_does_not_make_way(tmp_path, run_rows, why):
    bench = Bench(tmp_path / "b", run_rows if why != "raw samples" else None)
    bench.app.set("auto_start", "on" if why == "began by itself" else "off")
    if why == "raw samples":
        bench.app.set("capture_s", 1)
    bench.turn(1)
    if why != "began by itself":
        press(bench)
    bench.turn(25 if why != "raw samples" else 3)
    assert bench.state == "RUNNING" and not bench.app.make_way() and bench.state == "RUNNING"
    press(bench)
    (run,) = bench.log.sessions
    found = session_of(bench, run[0])
    steps = [e for e in found.entries if e[0] == records.STEP]
    assert len(steps) > 20 if why != "raw samples" else found.raw


def test_the_time_is_checked(bench):
    app = bench.app
    assert app.set_time(1_790_000_000, 60) == app.uptime_ms
    for unix_s, zone_min in ((0, 0), (1_500_000_000, 0), (1_790_000_000, 841), (1_790_000_000, -32768)):
        with pytest.raises(ValueError):
            app.set_time(unix_s, zone_min)
    assert (app.unix_s, app.zone_min) == (1_790_000_000, 60)


def test_standby_comes_when_the_setting_says_so(bench):
    bench.app.set("standby_min", 120)
    bench.turn(1)
    bench.app.set("standby_min", 1)
    bench.turn(70)
    assert bench.state == "STANDBY"


def test_what_was_set_is_kept_before_it_is_told(bench):
    """The power goes right after a computer has read its setting back; what was not changed is not written again."""
    for value in (7, 8):
        bench.app.set("sustain_s", value)
        bench.app.keep()
        found = Settings()
        kept.load(again(bench).config, found)
        assert found.sustain_s == value
    number = bench.log._config_no
    bench.app.keep()
    assert bench.log._config_no == number
    press(bench)
    bench.app.set("sustain_s", 9)
    bench.app.keep()
    assert bench.state == "RUNNING" and again(bench).config == bench.app.config()


def test_what_is_kept_is_read_again(bench):
    bench.app.set("sustain_s", 7)
    press(bench, LONG, 14)
    press(bench)
    press(bench)
    settings = Settings()
    calibration, refused, broken = kept.load(bench.app.config(), settings)
    assert (refused, broken) == (0, False) and settings.to_bytes() == bench.app.settings.to_bytes()
    assert calibration.up == pytest.approx(bench.app.calibration.up)
