"""One law, row by row of the settings table: what is set before a start is heeded from that start on.

A session is made with the defaults and stands a while; then a row is changed, then it starts. For each row it is shown
by what it changes that the new value counts, and for all of them at once that the log is the one of a session that
had been made with them.
"""

import asyncio
import re
import struct
from functools import cache

import numpy as np
import pytest
from formclip.firmware.sources import libraries_here
from formclip.lab.docs.tables import Bench
from formclip.lab.simulate import Episode, Scenario, Segment, Slip, simulate
from gaitcore import patterns, records
from gaitcore.pipeline import Step
from gaitcore.recover import recover
from gaitcore.session import READY, RUNNING, Session
from gaitcore.settings import RETIRED, TABLE, Settings

from tests.conftest import REPO

RATE = 104
CARRIED = {"own_cadence_dspm": 1690, "own_tilt_cdeg": 600, "own_brake_mmps": 200}
FORM = {"warmup_s": 0, "sustain_s": 3, "cue_gap_s": 10, "answer_s": 15, "offer_calibration": 0, **CARRIED}
BEATS = {"mode": 2, "metronome_spm": 180, "metronome_on_s": 5, "metronome_off_s": 5}
FIRST_S = 4  # standing with the defaults
SCENES = {
    "form": Scenario(
        minutes=2.4,
        stand_s=11.0,
        rate_hz=RATE,
        episodes=(
            Episode("arch", 30.0, 40.0),
            Episode("overstride", 58.0, 72.0, cadence_pct=-12.0, braking_pct=60.0),
            Episode("arch", 90.0, 122.0),
        ),
    ),
    "again": Scenario(
        minutes=3.3,
        stand_s=11.0,
        rate_hz=RATE,
        episodes=(Episode("arch", 30.0, 50.0), Episode("arch", 150.0, 170.0)),
    ),
    "stop": Scenario(minutes=1.0, stand_s=9.0, rate_hz=RATE, segments=(Segment(25.0, 45.0, "standing"),)),
    "slip": Scenario(minutes=1.2, person=3, stand_s=11.0, rate_hz=RATE, slips=(Slip(35.0, 0.3, (0, 0, -12.0)),)),
    "stand": Scenario(minutes=0.85, stand_s=44.0, rate_hz=RATE),
}


@cache
def rows_of(scene):
    trace = simulate(SCENES[scene], seed=1)
    return np.hstack([trace.acc_g, trace.gyr_dps]).T.astype(np.float32)


class Heard:
    """A session that was made with some settings and started with others: its log, and what it asked the motor for."""

    def __init__(self, scene, made, then=(), press=True, squeeze=False):
        self.flushes, self.pages, self.commands = 0, {}, []
        self.session = session = Session(RATE, Settings(dict(made)), sink=self._sink, session=1)
        block, self.at_ms = rows_of(scene), 0
        self._push(block[:, : FIRST_S * RATE])
        for name, value in dict(then).items():
            session.set(name, value)
        self.first = session.start() if press else 0
        if squeeze:
            session.calibrate(True)
        self._push(block[:, FIRST_S * RATE :])
        self.state = session.state
        session.flush()
        found = recover(b"".join(self.pages[n] for n in sorted(self.pages))).sessions
        self.entries = [entry for log in found for entry in log.entries]

    def _sink(self, number, page, complete):
        if complete:
            self.pages[number] = bytes(page)
        else:
            self.flushes += 1

    def _push(self, block):
        for at in range(0, block.shape[1], RATE // 4):
            for pattern, pulse_ms, delay_ms in self.session.push(block[:, at : at + RATE // 4]):
                self.commands.append((self.session.now_ms + delay_ms, pattern, pulse_ms))

    def events(self, tag):
        return [tuple(values) for found, _, values in self.entries if found == tag]

    def times(self, tag):
        return [t_ms for found, t_ms, _ in self.entries if found == tag]

    def cues(self, kind):
        return [(t, v) for found, t, v in self.entries if found == records.CUE and v[0] == kind]

    def beats(self):
        return [t for t, pattern, _ in self.commands if pattern == patterns.BEAT]


@cache
def heard(scene, made, then=(), press=True, squeeze=False):
    return Heard(scene, made, then, press, squeeze)


def pair(scene, made, name, value, **how):
    """The same with and without the row changed between being made and started."""
    made = tuple(sorted(made.items()))
    return heard(scene, made, **how), heard(scene, made, ((name, value),), **how)


def arches(h):
    return [t for t, _ in h.cues(patterns.ARCH)]


def strides(h):
    return [t for t, _ in h.cues(patterns.OVERSTRIDE)]


def pulses(kind):
    return lambda h: [v[2] for _, v in h.cues(kind)]


def answers(h):
    return h.events(records.ANSWER)


# row: (scene, settings beside it, new value, what to look at, what must be of before and after)
ROWS = {
    "mode": ("form", FORM, "silent", lambda h: len(h.events(records.CUE)), lambda a, b: a > 0 == b),
    "warmup_s": ("form", FORM, 80, arches, lambda a, b: min(a) < 60000 and min(b) > 80000),
    "sustain_s": ("form", FORM, 6, arches, lambda a, b: 2000 < b[0] - a[0] < 4500),
    "cue_gap_s": ("form", FORM, 600, lambda h: len(arches(h) + strides(h)), lambda a, b: a > 1 == b),
    "cue_max": ("form", FORM, 1, lambda h: len(arches(h) + strides(h)), lambda a, b: a > 1 == b),
    "cue_window_s": (
        "form",
        {**FORM, "cue_max": 1},
        60,
        lambda h: len(arches(h) + strides(h)),
        lambda a, b: a == 1 < b,
    ),
    "unanswered_max": ("form", FORM, 1, lambda h: len(h.events(records.QUIET)), lambda a, b: a == 0 < b),
    "answer_s": ("form", FORM, 5, answers, lambda a, b: max(v[2] for v in a) > 9000 > max(v[2] for v in b)),
    "tilt_amber_deg": ("form", FORM, 1, answers, lambda a, b: a != b),
    "tilt_cue_deg": ("form", FORM, 12, lambda h: len(arches(h)), lambda a, b: a > 0 == b),
    "overstride_rule": ("form", FORM, "retrain", lambda h: len(strides(h)), lambda a, b: b > a),
    "overstride_cadence_pct": ("form", FORM, 15, lambda h: len(strides(h)), lambda a, b: a > 0 == b),
    "overstride_brake_pct": (
        "form",
        {**FORM, "overstride_cadence_pct": 11},
        100,
        lambda h: len(strides(h)),
        lambda a, b: a > 0 == b,
    ),
    "cadence_target_pct": (
        "form",
        {**FORM, "overstride_rule": 1},
        110,
        lambda h: [v[4] for _, v in h.cues(patterns.OVERSTRIDE)],
        lambda a, b: max(a) < 1800 < min(b),
    ),
    "retrain_tolerance_pct": (
        "form",
        {**FORM, "overstride_rule": 1},
        5,
        lambda h: [v[5] for _, v in h.cues(patterns.OVERSTRIDE)],
        lambda a, b: min(a) > max(b),
    ),
    "cue_overstride": ("form", FORM, "off", strides, lambda a, b: len(a) > len(b) == 0),
    "cue_arch": ("form", FORM, "off", arches, lambda a, b: len(a) > len(b) == 0),
    "cue_ok": ("form", FORM, "off", lambda h: len(h.cues(patterns.OK)), lambda a, b: a > 0 == b),
    "overstride_pulse_ms": ("form", FORM, 300, pulses(patterns.OVERSTRIDE), lambda a, b: max(a) < 300 <= min(b)),
    "arch_pulse_ms": ("form", FORM, 900, pulses(patterns.ARCH), lambda a, b: max(a) < 900 <= min(b)),
    "ok_pulse_ms": ("form", FORM, 200, pulses(patterns.OK), lambda a, b: set(a) == {80} and set(b) == {200}),
    "pulse_growth_pct": ("form", FORM, 0, pulses(patterns.ARCH), lambda a, b: max(a) > 350 and set(b) == {350}),
    "blank_ms": (
        "form",
        FORM,
        500,
        lambda h: sum(v[records.FLAGS] & records.BLANKED for v in h.events(records.STEP)),
        lambda a, b: b > a > 0,
    ),
    "metronome_every": ("stop", BEATS, 8, lambda h: len(h.beats()), lambda a, b: a > 1.5 * b > 0),
    "metronome_on_s": ("stop", BEATS, 60, lambda h: len(h.beats()), lambda a, b: b > 1.5 * a > 0),
    "metronome_off_s": ("stop", BEATS, 0, lambda h: len(h.beats()), lambda a, b: b > 1.5 * a > 0),
    "metronome_spm": ("stop", BEATS, 240, lambda h: len(h.beats()), lambda a, b: b > 1.2 * a > 0),
    "faded": ("form", {**FORM, "faded_session": 9}, "on", lambda h: len(arches(h)), lambda a, b: a > 0 == b),
    "faded_session": ("form", {**FORM, "faded": 1}, 9, lambda h: len(arches(h)), lambda a, b: a > 0 == b),
    "auto_start": ("stop", {}, "off", lambda h: len(h.events(records.START)), lambda a, b: (a, b) == (1, 0)),
    "auto_pause": ("stop", {}, "off", lambda h: len(h.times(records.PAUSE)), lambda a, b: a > 0 == b),
    "auto_pause_s": ("stop", {}, 4, lambda h: h.times(records.PAUSE), lambda a, b: 5000 < a[0] - b[0] < 7000),
    "calibrate_s": ("stand", {}, 30, lambda h: h.events(records.CALIBRATED)[-1][2], lambda a, b: b > a + 100),
    "squeeze_s": ("stand", {"calibrate_s": 5}, 15, lambda h: h.times(records.NEUTRAL), lambda a, b: b[0] > a[0] + 9000),
    "offer_calibration": (
        "stop",
        {},
        "off",
        lambda h: h.first,
        lambda a, b: (a, b) == (patterns.STAND, patterns.START),
    ),
    "slip_deg": ("slip", {}, 20, lambda h: len(h.events(records.SLIP)), lambda a, b: a > 0 == b),
    "baseline_skip_s": ("form", {}, 0, lambda h: h.times(records.BASELINE), lambda a, b: not a and b),
    "baseline_s": ("form", {}, 60, lambda h: h.times(records.BASELINE), lambda a, b: not a and b),
    "flush_s": ("stop", {}, 2, lambda h: h.flushes, lambda a, b: b > 2 * a > 0),
    "resume_min": (
        "again",
        {**FORM, "unanswered_max": 1, "answer_s": 5},
        1,
        lambda h: max(arches(h)),
        lambda a, b: a < 100000 < b,
    ),
    "own_cadence_dspm": (
        "stop",
        {"own_tilt_cdeg": 600},
        1700,
        lambda h: h.events(records.BASELINE),
        lambda a, b: not a and b[0][:2] == (1, 1700),
    ),
    "own_tilt_cdeg": (
        "stop",
        CARRIED,
        750,
        lambda h: h.events(records.BASELINE)[0][2],
        lambda a, b: (a, b) == (600, 750),
    ),
    "own_brake_mmps": (
        "stop",
        CARRIED,
        300,
        lambda h: h.events(records.BASELINE)[0][3],
        lambda a, b: (a, b) == (200, 300),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_session_heeds_it_from_its_start(name):
    scene, made, value, look, holds = ROWS[name]
    how = {"press": name != "auto_start", "squeeze": name == "squeeze_s"}
    before, after = (look(h) for h in pair(scene, made, name, value, **how))
    assert holds(before, after), (before, after)


def test_all_at_once_it_is_the_session_that_was_made_with_them():
    for scene, changed in (
        ("form", {**FORM, "baseline_s": 60, "baseline_skip_s": 5, "calibrate_s": 5, "slip_deg": 9, "flush_s": 3}),
        ("slip", {"slip_deg": 12, "calibrate_s": 6, "baseline_s": 60, "baseline_skip_s": 0, "auto_pause_s": 4}),
        ("stop", {**BEATS, **CARRIED, "auto_pause_s": 5, "blank_ms": 300}),
    ):
        made = heard(scene, tuple(sorted(changed.items())))
        then = heard(scene, (), tuple(sorted(changed.items())))
        late = {records.CALIBRATED}  # how long it had stood counts, and the defaults asked for longer
        ours, theirs = ([e for e in h.entries if e[0] not in late] for h in (then, made))
        assert len(ours) > 50 and ours == theirs


# -- rows of the clip around the session ------------------------------------------------------------------------------


def _press(bench, gesture=1, then_s=0.4):
    bench.gesture = gesture
    bench.turn(then_s)


def _strength(bench, pattern):
    found = []
    play = bench.app.parts.haptics.play

    def spy(pulses, now_ms, delay_ms):
        found.append(pulses[0][2])
        return play(pulses, now_ms, delay_ms)

    bench.app.parts.haptics.play = spy
    bench.app._play(pattern, 80)
    bench.app.parts.haptics.play = play
    return found[0]


def strength_pct(bench):
    _press(bench)
    return _strength(bench, patterns.ARCH)


def ok_strength_pct(bench):
    _press(bench)
    return _strength(bench, patterns.OK)


def capture_s(bench):
    _press(bench, then_s=3)
    return bench.app.session.log.next_number > 1


def standby_min(bench):
    _press(bench)
    _press(bench)
    bench.turn(75)
    return bench.state


def low_battery_mv(bench):
    _press(bench)
    bench.battery_mv = 3600
    bench.turn(65)
    return bench.state


def led(bench):
    _press(bench)
    return bench.app.parts.led.enabled


APP_ROWS = {
    strength_pct: (40, (100, 40)),
    ok_strength_pct: (20, (45, 20)),
    capture_s: (2, (False, True)),
    standby_min: (1, ("READY", "STANDBY")),
    low_battery_mv: (3700, ("RUNNING", "OFF")),
    led: ("off", (True, False)),
}


@pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
@pytest.mark.parametrize("look", APP_ROWS, ids=lambda look: look.__name__)
def test_the_clip_heeds_it_from_the_next_start(tmp_path, look):
    value, expected = APP_ROWS[look]
    found = []
    for changed in (False, True):
        bench = Bench(tmp_path / str(changed))
        bench.turn(1)
        if changed:
            bench.app.set(look.__name__, value)
        found.append(look(bench))
    assert tuple(found) == expected


# row: value, and whether the speed that watches are told is then another. A scale of one's own stands for the height.
WATCH_ROWS = {
    "height_cm": (200, True),
    "speed_scale_permille": (900, True),
    "speed_slope_permille": (1300, True),
    "rsc_cadence": ("one", False),
}


@pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
def test_watches_are_told_by_it(tmp_path):
    pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")
    from formclip.firmware.virtual.radio import process

    from tests.device.test_link import World

    step = Step()
    step.cadence_spm, step.feature = 172.0, 140.0

    async def tell():
        with process.air() as air:
            async with World(tmp_path, air) as w:
                told = []
                for name in (None, *WATCH_ROWS):
                    if name:
                        w.app.set(name, WATCH_ROWS[name][0])
                    w.link._tell_watches(step)
                    told.append(struct.unpack_from("<BHB", w.link._measurement))
                return told

    told = asyncio.run(tell())
    assert [cadence for *_, cadence in told] == [172] * 4 + [86]
    speeds = [speed for _, speed, _ in told]
    assert [a != b for a, b in zip(speeds, speeds[1:])] == [differs for _, differs in WATCH_ROWS.values()]
    assert speeds[1] > speeds[0] > speeds[2] < speeds[3], "taller: faster; 0.9 of it; above 3 m/s a slope of 1.3 adds"


def test_no_row_is_left_out():
    code = "".join(path.read_text() for top in ("device", "shared") for path in (REPO / top).rglob("*.py"))
    unread = {row[0] for row in TABLE if row[4] == RETIRED}
    assert not [name for name in unread if re.search(r"\.%s\b" % name, code)]
    shown = {*ROWS, *(look.__name__ for look in APP_ROWS), *WATCH_ROWS}
    assert shown | unread == {row[0] for row in TABLE} and READY < RUNNING
