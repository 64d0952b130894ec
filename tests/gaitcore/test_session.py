"""One object from block to log: the same bytes for any splitting, states, blanking, cues that the log explains."""

import sys
from pathlib import Path

import numpy as np
import pytest
from formclip.lab.simulate import Episode, Scenario, Slip, simulate
from gaitcore import patterns, records, recover
from gaitcore import pipeline as chain
from gaitcore.baseline import NO_VALUE
from gaitcore.calibration import Calibration
from gaitcore.cue import OK, OVERSTRIDE
from gaitcore.pages import HEAD_B
from gaitcore.records import BLANKED
from gaitcore.rerun import replay_cues
from gaitcore.session import ENDED, PAUSED, READY, RUNNING, Session
from gaitcore.settings import SettingError, Settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "portable"))
from portable import Runner as Formula

RATE = 208
EARLY = {"warmup_s": 0, "baseline_skip_s": 5, "baseline_s": 60, "sustain_s": 3, "cue_gap_s": 10, "answer_s": 15}


class Log:
    """A sink, and the session read back from it."""

    def __init__(self):
        self.pages, self.flushes = {}, []

    def __call__(self, number, page, complete):
        if complete:
            self.pages[number] = bytes(page)
        else:
            self.flushes.append((number, bytes(page)))

    @property
    def bytes(self):
        return b"".join(self.pages[n] for n in sorted(self.pages))

    @property
    def session(self):
        out = recover.recover(self.bytes, [self.flushes[-1][1]] if self.flushes else [])
        assert not out.problems
        return out.sessions[0]

    def events(self, tag):
        return [values for found, _, values in self.session.entries if found == tag]

    @property
    def steps(self):
        return self.events(128)


@pytest.fixture(scope="module")
def slow_down():
    """12 s of standing, 76 s at 176 steps/min, 12 s at 160, then 176 again: 112 s."""
    runner = Formula(np, np.float32, RATE)
    parts = []
    for seconds, cadence in ((88, 176), (12, 160), (12, 176)):
        # keep the phase: the formula counts steps from where running began
        done = (runner.index - runner.standing) / runner.step
        runner.step = 60.0 * RATE / cadence
        if runner.index:
            runner.standing = runner.index - done * runner.step
        parts.append(runner.block(seconds * RATE))
    return np.concatenate(parts, axis=1)


def push_all(session, block, sizes=(52,)):
    commands, at, i = [], 0, 0
    while at < block.shape[1]:
        n = sizes[i % len(sizes)]
        i += 1
        for command in session.push(block[:, at : at + n]):
            commands.append(command)
        at += n
    return commands


def run(block, sizes=(52,), changed=None, start=True, **kwargs):
    log = Log()
    session = Session(RATE, Settings(changed), sink=log, session=4, boot=9, info="test 1", **kwargs)
    if start:
        session.start()
    commands = push_all(session, block, sizes)
    session.flush()
    return session, log, commands


@pytest.fixture(scope="module")
def whole(slow_down):
    return run(slow_down, changed=EARLY)


def simulated(**scenario):
    trace = simulate(Scenario(stand_s=11.0, **scenario), seed=scenario.get("person", 1))
    return np.hstack([trace.acc_g, trace.gyr_dps]).T.astype(np.float32)


@pytest.mark.parametrize(("person", "forward_deg"), [(2, 9.0), (3, 12.0), (4, 18.0), (6, 25.0), (8, 14.0)])
def test_a_clip_that_tips_forward_is_no_arched_back(person, forward_deg):
    """It looks like one that began at once: no cue for it, and the runner feels that the clip slipped."""
    block = simulated(minutes=2.3, person=person, slips=(Slip(100.0, 0.3, (0.0, 0.0, -forward_deg)),))
    settings = {"warmup_s": 0, "baseline_s": 60, "baseline_skip_s": 10, "offer_calibration": 0}
    _, log, commands = run(block, changed=settings)
    ((angle_deg,),) = [values for values in log.events(records.SLIP) if abs(values[0] - forward_deg) < 2]
    assert not [c for c in log.events(records.CUE) if c[0] == patterns.ARCH]
    felt = [c[0] for c in commands]
    assert (
        felt.count(patterns.SLIPPED) == len([v for v in log.events(records.SLIP) if v[0]]) and patterns.ARCH not in felt
    )


def test_a_clip_that_is_back_is_logged_and_not_felt():
    session, logged = Session(RATE, Settings(), sink=Log()), []
    session.start()
    session.on_event = lambda tag, at_ms, values, tail: logged.append((tag, values))
    session.pipeline.events[:] = [(chain.SLIP, 0, degrees) for degrees in (9, 0)]
    session._commands.clear()
    session._take([])
    assert logged == [(records.SLIP, (9,)), (records.SLIP, (0,))]
    assert [command[0] for command in session._commands] == [patterns.SLIPPED]


@pytest.mark.parametrize(("person", "ramp_s"), [(2, 1.0), (3, 1.0), (4, 2.0), (6, 1.0), (8, 1.0)])
def test_an_arch_that_comes_within_a_second_is_no_slip(person, ramp_s):
    block = simulated(minutes=2.3, person=person, episodes=(Episode("arch", 100.0, 109.0, ramp_s),))
    settings = {"warmup_s": 0, "baseline_s": 60, "baseline_skip_s": 10, "offer_calibration": 0}
    _, log, _ = run(block, changed=settings)
    arches = [t for tag, t, v in log.session.entries if tag == records.CUE and v[0] == patterns.ARCH]
    assert len(arches) == 1 and arches[0] < 1000 * (100 + ramp_s + 6) and not log.events(records.SLIP)


def test_what_is_no_number_is_no_standing_still():
    block = np.full((6, 30 * RATE), np.nan, dtype=np.float32)
    session, log, commands = run(block)
    assert not commands and not log.events(records.CALIBRATED) and session.pipeline.calibration is None
    standing = np.zeros((6, 15 * RATE), dtype=np.float32)
    standing[2] = 1.0
    session, log, commands = run(np.hstack([block, standing]))
    assert [c[0] for c in commands] == [patterns.CALIBRATED] and session.pipeline.calibration.up[2] > 0.99


def test_a_run_becomes_a_log_with_a_cue_that_it_explains(whole):
    session, log, commands = whole
    kinds = [c[0] for c in commands if c[0] in (OVERSTRIDE, OK, patterns.ARCH)]
    assert kinds == [OVERSTRIDE, OK]
    cues = log.events(records.CUE)
    assert [c[0] for c in cues] == kinds
    assert [values for _, values in replay_cues(log.session.entries)] == cues
    assert session.state == ENDED and log.session.closed
    assert (log.session.session, log.session.boot) == (4, 9)
    start = recover.values_of(records.START, log.events(records.START)[0])[1]
    assert start["rate_hz"] == RATE and start["firmware"] == b"test 1" and start["has_gyro"] == 1
    assert Settings().load_bytes(log.events(records.SETTINGS)[0][0]) == []
    assert log.events(records.STOP) == [(records.BY_END,)]
    assert log.events(records.CALIBRATED) and log.events(records.BASELINE)[0][0] == 0
    assert abs(log.events(records.BASELINE)[0][1] - 1760) < 10
    assert session.steps == len(log.steps) > 250


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
@hypothesis_settings(max_examples=6)
def test_any_splitting_gives_the_same_bytes(slow_down, whole, sizes):
    _, log, commands = run(slow_down, sizes, EARLY)
    assert log.bytes == whole[1].bytes
    assert commands == whole[2]
    assert log.flushes == whole[1].flushes


def test_one_push_of_everything_gives_the_same_bytes(slow_down, whole):
    assert run(slow_down, (slow_down.shape[1],), EARLY)[1].bytes == whole[1].bytes


def test_a_rate_whose_hop_is_not_a_quarter_second_splits_alike():
    block = Formula(np, np.float32, 286, standing_s=4).block(286 * 20)
    logs = []
    for size in (50, 70, 71, 5720):
        log = Log()
        session = Session(286, sink=log)
        session.start()
        push_all(session, block, (size,))
        session.flush()
        logs.append(log.bytes)
    assert len(set(logs)) == 1


def test_losses_are_logged_and_split_alike(slow_down):
    logs = []
    for sizes in ((52,), (37, 200)):
        log = Log()
        session = Session(RATE, Settings(EARLY), sink=log)
        session.start()
        for part, lost in ((slow_down[:, :6000], 20), (slow_down[:, 6020:9000], 300), (slow_down[:, 9300:], 0)):
            push_all(session, part, sizes)
            session.lost(lost)
        session.flush()
        logs.append(log.bytes)
        assert log.events(records.LOST) == [(20,), (300,)]
        times = [t for tag, t, _ in log.session.entries if tag == records.STEP]
        assert times == sorted(times) and times[-1] > 105000
    assert logs[0] == logs[1]


def test_the_accelerometer_is_blanked_while_the_motor_runs(whole):
    _, log, commands = whole
    pulse_ms = next(c[1] for c in commands if c[0] == OVERSTRIDE)
    cue_ms = next(t for tag, t, v in log.session.entries if tag == records.CUE and v[0] == OVERSTRIDE)
    for_ms = patterns.duration_ms(OVERSTRIDE, pulse_ms) + Settings().blank_ms
    assert for_ms == 3 * pulse_ms + 2 * 120 + 100
    steps = [(t, v[records.FLAGS] & BLANKED) for tag, t, v in log.session.entries if tag == records.STEP]
    assert any(flag for t, flag in steps if cue_ms <= t <= cue_ms + for_ms)
    assert not any(flag for t, flag in steps if cue_ms + for_ms + 1500 < t < cue_ms + for_ms + 2000)


def test_flushes_come_in_time_and_hold_all_there_was(slow_down):
    log = Log()
    session = Session(RATE, Settings(EARLY), sink=log)
    session.start()
    last_ms, seen = 0, 0
    for at in range(0, slow_down.shape[1], 52):
        session.push(slow_down[:, at : at + 52])
        if len(log.flushes) > seen:
            seen = len(log.flushes)
            last_ms = session.now_ms
            out = recover.recover(log.bytes, [log.flushes[-1][1]])
            assert len([1 for e in out.sessions[0].entries if e[0] == records.STEP]) == session.steps
        if session.steps:
            assert session.now_ms - last_ms <= 10000
    assert seen > 8


def test_starts_by_itself_when_running_is_seen(slow_down):
    session, log, commands = run(slow_down, start=False)
    assert log.events(records.START)[0][3] == records.BY_ITSELF
    assert commands[1][0] == patterns.START or commands[0][0] == patterns.START
    assert session.steps > 250 and len(log.steps) == session.steps
    session, log, _ = run(slow_down, start=False, changed={"auto_start": 0})
    assert not log.pages and session.steps == 0


def test_where_many_steps_come_at_once_others_are_tended_to(slow_down):
    """The first steps of a bout come together; the motor and the button do not wait for all of them."""
    session = Session(RATE, Settings(), sink=Log())
    seen = []
    session.on_step = lambda step, fields, t_ms: seen.append("step")
    session.tend = lambda: seen.append("tend")
    for at in range(0, slow_down.shape[1], 52):
        before = len(seen)
        session.push(slow_down[:, at : at + 52])
        runs = "".join(what[0] for what in seen[before:]).split("t")
        assert max(len(steps) for steps in runs) <= 4
    assert "tend" in seen and seen.count("step") == session.steps


def test_pauses_when_running_stops_and_goes_on(slow_down):
    still = slow_down[:, : 15 * RATE]
    both = np.concatenate([slow_down[:, : 40 * RATE], still, slow_down[:, 12 * RATE : 40 * RATE]], axis=1)
    _, log, _ = run(both)
    assert log.events(records.PAUSE) == [(records.BY_ITSELF,)] == log.events(records.RESUME)
    times = [t for tag, t, _ in log.session.entries if tag == records.STEP]
    assert max(times) > 75000
    assert not run(both, changed={"auto_pause": 0})[1].events(records.PAUSE)


def test_states_and_requests(slow_down):
    log = Log()
    session = Session(RATE, sink=log)
    assert session.state == READY and session.pause() == 0 and session.resume() == 0
    assert session.start() == patterns.STAND and session.start() == 0
    push_all(session, slow_down[:, : 30 * RATE])
    steps = session.steps
    assert steps and session.state == RUNNING
    assert session.pause() == patterns.PAUSE and session.state == PAUSED and session.pause() == 0
    push_all(session, slow_down[:, 30 * RATE : 40 * RATE])
    assert session.steps == steps, "nothing is recorded, and it does not resume by itself"
    assert session.resume() == patterns.RESUME
    push_all(session, slow_down[:, 40 * RATE : 50 * RATE])
    assert session.steps > steps
    assert session.mute() == patterns.MUTE and session.muted
    assert session.unmute() == patterns.UNMUTE and not session.muted
    assert session.marker(3) == patterns.MARKER
    assert session.calibrate() == patterns.STAND
    session.battery(3900, 80)
    session.error(2, 70000)
    session.anchor(123456, 1790000000, 120)
    session.set("tilt_cue_deg", 8)
    with pytest.raises(SettingError):
        session.set("tilt_cue_deg", 80)
    assert session.stop() == patterns.STOP and session.stop() == 0
    assert session.push(slow_down[:, :100]) == [] and session.flush() == []
    for tag, want in (
        (records.PAUSE, [(0,)]), (records.RESUME, [(0,)]), (records.MUTE, [()]), (records.UNMUTE, [()]),
        (records.MARKER, [(3,)]), (records.BATTERY, [(3900, 80)]), (records.ERROR, [(2, 65535)]),
        (records.ANCHOR, [(0, 123456, 1790000000, 120)]), (records.SETTING, [(9, 8)]), (records.STOP, [(0,)]),
    ):  # fmt: skip
        assert log.events(tag) == want, tag


def test_muted_before_the_start_is_in_the_log(slow_down):
    log = Log()
    session = Session(RATE, Settings(EARLY), sink=log)
    session.mute()
    session.start()
    commands = push_all(session, slow_down)
    session.flush()
    assert log.events(records.MUTE) == [()]
    assert not [c for c in commands if c[0] == OVERSTRIDE] and not replay_cues(log.session.entries)


def test_a_full_log_says_so_and_cues_go_on(slow_down):
    log = Log()
    session = Session(RATE, Settings(EARLY), sink=log, max_pages=1)
    session.start()
    commands = push_all(session, slow_down)
    kinds = [c[0] for c in commands]
    assert kinds.count(patterns.LOG_FULL) == 1
    assert kinds.index(patterns.LOG_FULL) < kinds.index(OVERSTRIDE) or OVERSTRIDE in kinds
    assert len(log.pages) == 1 and len(log.bytes) == 4096


def test_no_sink_no_log_but_cues(slow_down):
    session = Session(RATE, Settings(EARLY))
    session.start()
    assert OVERSTRIDE in [c[0] for c in push_all(session, slow_down)]


def test_metronome_beats_evenly_at_the_target(slow_down):
    changed = {"mode": "metronome", "metronome_spm": 180, "metronome_on_s": 10, "metronome_off_s": 10}
    log = Log()
    session = Session(RATE, Settings(changed), sink=log)
    session.start()
    beats = []
    for at in range(0, 60 * RATE, 52):
        commands = session.push(slow_down[:, at : at + 52])
        beats += [session.now_ms + delay for pattern, _, delay in commands if pattern == patterns.BEAT]
    gaps = [later - earlier for earlier, later in zip(beats, beats[1:])]
    assert gaps.count(1333) > 10 and all(gap == 1333 or gap > 9000 for gap in gaps)
    assert all(beat % 20000 < 10250 for beat in beats)
    session.mute()
    assert not [c for c in push_all(session, slow_down[:, : 21 * RATE]) if c[0] == patterns.BEAT]


def test_a_baseline_is_carried_over(slow_down):
    changed = dict(EARLY, baseline_s=600, own_cadence_dspm=1755, own_tilt_cdeg=120, own_brake_mmps=200)
    _, log, commands = run(slow_down, changed=changed)
    assert log.events(records.BASELINE) == [(1, 1755, 120, 200)]
    assert OVERSTRIDE in [c[0] for c in commands], "no need to learn it first"
    assert [values for _, values in replay_cues(log.session.entries)] == log.events(records.CUE)
    # both: the carried one stays in use
    _, log, _ = run(slow_down, changed=dict(changed, baseline_s=60))
    assert [values[0] for values in log.events(records.BASELINE)] == [1, 2]
    # running at once, with the calibration of another day: its tilt is not comparable
    old = Calibration([0.0, 1.0, 0.0], [0.0, 0.0, 0.0], 10.0, 90, 0)
    _, log, _ = run(slow_down[:, 12 * RATE :], changed=dict(changed, baseline_s=60), calibration=old)
    assert log.events(records.BASELINE)[0][:3] == (1, 1755, NO_VALUE)
    assert log.events(records.BASELINE)[1][:2] == (0, 1755) and log.events(records.BASELINE)[1][2] != NO_VALUE
    assert log.events(records.CALIBRATED)[0][1] == 1


def leaning(seconds, degrees):
    return Formula(np, np.float32, RATE, standing_s=600, lean_deg=degrees).block(int(seconds * RATE))


def test_the_squeeze_gives_the_neutral_posture():
    log = Log()
    session = Session(RATE, Settings(EARLY), sink=log)
    session.start()
    push_all(session, leaning(12, 0.0))
    assert session.calibrate(squeeze=True) == patterns.STAND
    kinds = [c[0] for c in push_all(session, leaning(11, 0.0))]
    assert kinds == [patterns.SQUEEZE]
    # the pelvis turns within a second, by formula a jump: shown by the gyroscope too
    turn = leaning(0.5, 0.0)
    turn[5] -= 6.0 / 0.5
    commands = push_all(session, np.concatenate([turn, leaning(8, 6.0)], axis=1))
    session.flush()
    assert [c[0] for c in commands] == [patterns.CALIBRATED]
    ((arch_cdeg, signed),) = log.events(records.NEUTRAL)
    assert abs(arch_cdeg - 600) < 60 and signed == 0


def test_a_squeeze_that_is_not_held_is_refused():
    log = Log()
    session = Session(RATE, Settings(EARLY), sink=log)
    session.start()
    push_all(session, leaning(12, 0.0))
    session.calibrate(squeeze=True)
    push_all(session, leaning(11, 0.0))
    bend = leaning(3, 0.0)
    bend[5] += 12.0
    assert [c[0] for c in push_all(session, bend)] == [patterns.REFUSED]
    session.flush()
    assert log.events(records.REFUSED) == [(3, 0)] and not log.events(records.NEUTRAL)


def test_changing_settings_replays_alike(slow_down):
    log = Log()
    session = Session(RATE, Settings(EARLY), sink=log)
    session.start()
    push_all(session, slow_down[:, : 80 * RATE])
    session.set("sustain_s", 2)
    push_all(session, slow_down[:, 80 * RATE :])
    session.flush()
    cues = log.events(records.CUE)
    assert cues and [values for _, values in replay_cues(log.session.entries)] == cues


def test_minutes_are_those_of_the_steps(whole):
    _, log, _ = whole
    minutes = log.events(records.MINUTE)
    assert sum(m[1] for m in minutes) == len(log.steps)
    times = [(t, v) for tag, t, v in log.session.entries if tag == records.STEP]
    for minute in minutes:
        inside = [v for t, v in times if t // 60000 == minute[0]]
        assert minute[1] == len(inside)
        cadence = [v[records.CADENCE] for v in inside if v[records.CADENCE]]
        assert abs(minute[2] - np.mean(cadence)) <= 0.51


@pytest.mark.parametrize("rate", [49, 501, 0, 208.5])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match="rate_hz"):
        Session(rate)


def test_every_pattern_has_its_time():
    settings = Settings()
    for pattern in range(1, patterns.N_PATTERNS):
        pulses = patterns.sequence(pattern, 150, settings)
        assert sum(on + off for on, off, _ in pulses) == patterns.duration_ms(pattern, 150)
        assert all(on > 0 and off >= 0 and 0 < strength <= 100 for on, off, strength in pulses) and pulses[-1][1] == 0
    assert len(patterns.sequence(OVERSTRIDE, 100, settings)) == 3
    assert len(patterns.sequence(patterns.ARCH, 300, settings)) == 2
    soft = patterns.sequence(OK, 80, settings)
    assert len(soft) == 1 and soft[0][2] < settings.strength_pct
    shapes = [tuple(patterns.sequence(p, 100, settings)) for p in range(1, patterns.N_PATTERNS)]
    assert len(set(shapes)) == len(shapes), "no two feel the same"
    assert HEAD_B == 28
