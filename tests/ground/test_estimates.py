"""Intervals of estimates: wider outside what was measured, narrower once a distance is known; and logs of before."""

import math

import numpy as np
import pytest
from formclip.ground import estimates
from formclip.ground.columns import leave_empty, to_columns
from formclip.ground.log import Log
from formclip.ground.metrics import COLUMNS
from gaitcore import models, records
from gaitcore.meter import Step
from gaitcore.settings import Settings
from hypothesis import given
from hypothesis import strategies as st

INSIDE = {key: 0.5 * (low + high) for key, (low, high) in estimates.MEASURED.items()}


def columns(**changed):
    values = {**INSIDE, "braking_mps": -0.2, "heel_ahead_cm": 25.0, **changed}
    return {key: np.array([value]) for key, value in values.items()}


def half(key, settings=None, has_gyro=True, old=False, **changed):
    return float(estimates.widths(columns(**changed), settings or {}, has_gyro, old)[estimates.width_name(key)][0])


@given(st.sampled_from(sorted(estimates.MEASURED)), st.floats(0.0, 1.0), st.floats(0.0, 0.4), st.booleans())
def test_outside_what_was_measured_every_interval_is_wider(which, inside, ln, below):
    low, high = estimates.MEASURED[which]
    within = low + inside * (high - low)
    beyond = low * math.exp(-ln) if below else high * math.exp(ln)
    for key in ("braking_mps", "heel_ahead_cm"):
        assert half(key, **{which: within}) == pytest.approx(half(key))
        assert half(key, **{which: beyond}) == pytest.approx(half(key) * (1 + ln / 0.1), rel=1e-6)
    said = estimates.outside({**INSIDE, which: beyond})
    assert bool(said) == (not low <= beyond <= high)
    assert not estimates.outside({**INSIDE, which: within})


def test_a_sprint_is_not_told_as_a_jog_without_a_word():
    said = estimates.outside({"speed_mps": 4.2, "cadence_spm": 232.0, "contact_ms": 138.0})
    assert len(said) == 2 and "cadence 232" in said[0] and "contact 138 ms" in said[1]
    assert half("speed_mps", speed_mps=4.2, cadence_spm=232.0, contact_ms=138.0) > 0.6 * 4.2
    assert "slope -10 deg" in estimates.outside(INSIDE, slope_deg=-10.0)[0]


def test_a_known_distance_narrows_the_speed_alone():
    one, several = {"speed_scale_permille": 1050}, {"speed_scale_permille": 1050, "speed_slope_permille": 900}
    assert half("speed_mps") > 1.5 * half("speed_mps", one) > 1.5 * half("speed_mps", several)
    assert half("contact_ms") == half("contact_ms", one)
    assert half("speed_mps", has_gyro=False) > half("speed_mps")


@given(st.one_of(st.none(), st.floats(1, 9)), st.one_of(st.none(), st.floats(0.1, 3)))
def test_an_interval_is_around_its_mean_or_there_is_none(mean, width):
    ends = estimates.interval(mean, width)
    if mean is None or width is None:
        assert ends is None
    else:
        assert ends[0] < mean < ends[1]
    assert estimates.interval(mean, math.nan) is None


@given(st.floats(1.5, 6.0), st.floats(140, 210))
def test_logs_of_version_1_keep_the_speed_that_the_clip_had_told(speed_mps, cadence_spm):
    """Their feature was the speed itself."""
    s = Step()
    s.cadence_spm, s.feature = cadence_spm, 100 * math.log(speed_mps) + 20
    s.feature = estimates.push_of_speed(s.feature, s.cadence_spm)
    assert models.speed_mps(s) == pytest.approx(speed_mps, rel=1e-3)
    assert estimates.push_of_speed(None, cadence_spm) is None and estimates.push_of_speed(80.0, None) is None


@pytest.mark.parametrize("version", [1, 2])
def test_a_log_tells_its_version(tmp_path, version):
    """The same bytes of a step mean another speed in another version; of the old one the intervals are wider."""
    s = Step()
    s.cadence_spm, s.contact_ms, s.feature, s.drop_range_deg = 160.0, 250.0, 100 * math.log(3.2) + 20, 8.0
    fields = records.quantise(s, 350, [0] * records.N_FIELDS)
    start = (records.START, 0, (version, 208, 1, 0, 0, b"test"))
    log = Log(tmp_path, [start, (records.STEP, 350, fields), (records.STEP, 700, list(fields))])
    found = to_columns(log, lambda t_ms: t_ms / 1000, Settings())
    assert tuple(found) == COLUMNS
    if version == 1:
        assert found["speed_mps"][0] == pytest.approx(3.2, rel=0.01)
    else:
        assert found["speed_mps"][0] != pytest.approx(3.2, rel=0.02)
    share = found["contact_ms_90"][0] / found["contact_ms"][0]
    assert share == pytest.approx(estimates.WIDTHS["contact_ms"] * (2 if version == 1 else 1))


def test_what_a_doubt_leaves_empty_has_no_interval():
    found = columns()
    found |= estimates.widths(found, {}, True)
    leave_empty(found, {"contact_ms": "scale of the accelerometer", "no such column": ""})
    empty = {key for key, values in found.items() if np.isnan(values).all()}
    assert empty == {"contact_ms", "contact_ms_90"}
