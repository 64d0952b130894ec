"""Baselines: means of a minute are means, the own baseline comes from the quiet minutes, drift compares thirds."""

import random

from gaitcore import records
from gaitcore.baseline import CADENCE, N_ROWS, NO_VALUE, PELVIS_LOSS, TILT, Baseline, drift
from gaitcore.settings import Settings
from hypothesis import given
from hypothesis import strategies as st

from tests.gaitcore.test_records import FIELDS


def fields_of(dt_ms=345, cadence=1740, tilt=500, brake=50, contact=120, flags=0):
    return [0, flags, dt_ms, cadence, contact, 85, tilt, 30, 40, 50, brake, 60, 255]


def run(baseline, seconds, t_ms=0, **values):
    news = []
    end_ms = t_ms + seconds * 1000
    while t_ms < end_ms:
        t_ms += values.get("dt_ms", 345)
        news.append((t_ms, baseline.update(fields_of(**values), t_ms)))
    return t_ms, news


def test_own_baseline_is_of_the_quiet_minutes_only():
    baseline = Baseline(Settings())
    t_ms, _ = run(baseline, 29, cadence=2000, tilt=3000, brake=200)
    t_ms, news = run(baseline, 122, t_ms)
    when = [t for t, n in news if n & Baseline.OWN]
    assert len(when) == 1 and 149000 < when[0] < 152000
    assert abs(baseline.own[0] - 1740) <= 4 and abs(baseline.own[1] - 500) <= 30 and abs(baseline.own[2] - 200) <= 8
    run(baseline, 300, t_ms, cadence=1500)
    assert abs(baseline.own[0] - 1740) <= 4


def test_breaks_do_not_count_as_running():
    baseline = Baseline(Settings())
    t_ms, _ = run(baseline, 60)
    t_ms, _ = run(baseline, 60, t_ms + 600000)
    assert baseline.own is None
    run(baseline, 40, t_ms + 5000)
    assert baseline.own is not None


def test_what_is_not_trusted_is_left_out():
    baseline = Baseline(Settings({"baseline_skip_s": 0, "baseline_s": 60}))
    t_ms = 0
    while baseline.own is None:
        for flags, tilt, brake in (
            (0, 500, 50),
            (4, 9000, 50),
            (16, -9000, 50),
            (1, 500, 250),
            (0, records.NO_TILT, 255),
        ):
            t_ms += 345
            baseline.update(fields_of(tilt=tilt, brake=brake, flags=flags), t_ms)
    assert baseline.own == [1740, 500, 200]
    nothing = Baseline(Settings({"baseline_skip_s": 0, "baseline_s": 60}))
    run(nothing, 62, tilt=records.NO_TILT, brake=255, cadence=0)
    assert nothing.own == [NO_VALUE] * 3


@given(st.lists(FIELDS, min_size=1, max_size=150))
def test_a_minute_s_means_are_means_and_fit_the_log(steps):
    baseline = Baseline(Settings())
    t_ms = 0
    for fields in steps:
        t_ms += 100
        assert not baseline.update(list(fields), t_ms)
    assert baseline.finish() == Baseline.MINUTE and baseline.finish() == 0
    minute = baseline.minute
    assert minute[:2] == [0, len(steps)] and len(minute) == 2 + N_ROWS
    buf = bytearray(64)
    records.pack_event(buf, 0, records.MINUTE, t_ms, minute)
    for row, field, none, scale, bad in (
        (CADENCE, records.CADENCE, 0, 1, 0), (TILT, records.TILT, records.NO_TILT, 1, 20),
        (PELVIS_LOSS, records.PELVIS_LOSS, 255, 4, 1), (1, records.CONTACT, 0, 20, 0), (3, records.VO, 255, 10, 0),
    ):  # fmt: skip
        values = [f[field] for f in steps if f[field] != none and not f[records.FLAGS] & bad]
        if values:
            assert abs(minute[2 + row] - scale * sum(values) / len(values)) <= 0.501
        else:
            assert minute[2 + row] == NO_VALUE


def test_flight_is_from_contact_end_to_contact():
    baseline = Baseline(Settings())
    run(baseline, 30, contact=110)
    baseline.finish()
    assert baseline.minute[2 + 1] == 2200 and baseline.minute[2 + 2] == 1250


def test_each_running_minute_has_its_row():
    baseline = Baseline(Settings())
    rng = random.Random(1)
    minutes, t_ms, steps = [], 0, {}
    for _ in range(3000):
        t_ms += rng.choice((330, 350, 350, 350, 90000 if rng.random() < 0.01 else 340))
        if baseline.update(fields_of(), t_ms) & Baseline.MINUTE:
            minutes.append(list(baseline.minute))
        steps[t_ms // 60000] = steps.get(t_ms // 60000, 0) + 1
    baseline.finish()
    minutes.append(list(baseline.minute))
    assert {m[0]: m[1] for m in minutes} == steps


def test_drift_compares_the_first_third_with_the_last():
    minutes = [[i, 170] + [1740 - 2 * i, 2000, 1000, 900, 500 + 10 * i, 0, 0, 0, NO_VALUE] for i in range(30)]
    assert drift(minutes, CADENCE) == [1731, 1691]
    assert drift(minutes, TILT) == [545, 745]
    assert drift(minutes, PELVIS_LOSS) == [NO_VALUE, NO_VALUE]
    assert drift([], CADENCE) == [NO_VALUE, NO_VALUE]
    assert drift(minutes[:1], CADENCE) == [1740, 1740]
    minutes[0][1] = 1700
    assert drift(minutes, CADENCE)[0] > 1731, "weighted by steps"
