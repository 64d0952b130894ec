"""Initial contact, contact time and the stride's shape: by formula, on every interpreter, and on recorded runners."""

import math

import numpy as np
import pytest
from formclip.lab.fitting.gather import gather
from gaitcore import models
from gaitcore.contact import Contact, crossing, hann
from gaitcore.shape import Shape
from hypothesis import given
from hypothesis import strategies as st

from tests import interpreters
from tests.picks import later

RATES = st.integers(50, 416)


@pytest.mark.parametrize("name", ["numpy", "strict", "micropython", "device", *later("float30")])
def test_same_on_every_interpreter(name):
    assert interpreters.run(name, "check_contact.py").strip() == "ok"


def stance(rate_hz, onset_s, contact_s, period_s, push_g=0.5, seconds=None):
    """Vertical and forward force of one step: half a sine over the contact whose mean over the step is 1 g."""
    t = np.arange(int((seconds or 1.7 * period_s) * rate_hz)) / rate_hz
    x = (t - onset_s) / contact_s
    vert = np.where((x > 0) & (x < 1), 0.5 * math.pi * period_s / contact_s * np.sin(math.pi * x), 0.0)
    fwd = -push_g * math.sqrt(2) * np.sin(2 * math.pi * (t - onset_s) / period_s)
    return vert.astype(np.float32), fwd.astype(np.float32)


def measure(rate_hz, vert, fwd, onset_s, period_s):
    contact = Contact(rate_hz)
    assert contact.measure(vert, fwd, onset_s * rate_hz, period_s * rate_hz)
    return contact


@given(RATES, st.floats(0.0, 1.0))
def test_a_shift_in_time_shifts_the_contact(rate_hz, shift):
    """Where the step lies in the window, and between samples, says nothing about its length."""
    a = measure(rate_hz, *stance(rate_hz, 0.15, 0.24, 0.35), 0.15, 0.35)
    later_s = 0.15 + shift / rate_hz
    b = measure(rate_hz, *stance(rate_hz, later_s, 0.24, 0.35), 0.15, 0.35)
    near_ms = 250.0 / rate_hz
    assert 1000 * (b.on - a.on) / rate_hz == pytest.approx(1000 * shift / rate_hz, abs=2 * near_ms)
    assert b.width_ms == pytest.approx(a.width_ms, abs=2 * near_ms)


@given(st.sampled_from([100, 104, 208, 250, 416]), st.floats(0.20, 0.30))
def test_the_rate_hardly_matters(rate_hz, contact_s):
    a = measure(208, *stance(208, 0.15, contact_s, 0.36), 0.15, 0.36)
    b = measure(rate_hz, *stance(rate_hz, 0.15, contact_s, 0.36), 0.15, 0.36)
    assert b.contact_ms(9.0) == pytest.approx(a.contact_ms(9.0), abs=6.0)
    assert b.on / rate_hz == pytest.approx(a.on / 208, abs=0.005)


@given(st.floats(0.16, 0.32), st.floats(0.16, 0.32))
def test_longer_stance_is_longer_contact(one_s, other_s):
    short_s, long_s = sorted((one_s, other_s))
    if long_s - short_s > 0.015:
        a = measure(104, *stance(104, 0.15, short_s, 0.38), 0.15, 0.38)
        b = measure(104, *stance(104, 0.15, long_s, 0.38), 0.15, 0.38)
        assert b.contact_ms(9.0) > a.contact_ms(9.0)


@given(st.floats(12, 30), st.floats(0, 6.28), st.floats(6, 10))
def test_rattle_and_wobble_change_little(rattle_hz, phase, wobble_hz):
    vert, fwd = stance(104, 0.15, 0.24, 0.35)
    t = np.arange(len(vert)) / 104 - 0.15
    after = t > 0
    shake = 0.6 * np.sin(2 * math.pi * rattle_hz * t + phase) * np.exp(-t / 0.025) * after
    shake += 0.3 * np.sin(2 * math.pi * wobble_hz * t + phase) * np.exp(-t / 0.06) * after
    a = measure(104, vert, fwd, 0.15, 0.35)
    b = measure(104, vert + shake.astype(np.float32), fwd, 0.15, 0.35)
    assert b.contact_ms(9.0) == pytest.approx(a.contact_ms(9.0), abs=12.0)
    assert b.on / 104 == pytest.approx(a.on / 104, abs=0.015)


def test_what_is_no_step_is_not_measured():
    contact = Contact(104)
    level = np.ones(60, dtype=np.float32)
    assert not contact.measure(level, None, 15.0, 36.0)
    assert contact.on == contact.width_ms == 0.0 and contact.fwd_g is None
    assert not contact.measure(level[:20], None, 15.0, 36.0), "window too short"
    assert not contact.measure(level, None, 15.0, 2.0), "two contacts at once"
    vert, fwd = stance(104, 0.15, 0.24, 0.35)
    assert contact.measure(vert, fwd, 15.6, 36.4) and contact.pelvis_loss_mps is not None
    assert contact.measure(vert, None, 15.6, 36.4) and contact.pelvis_loss_mps is None, (
        "nothing left over from the step before"
    )


@pytest.mark.parametrize("rate_hz", [0, 49, 501])
def test_a_rate_out_of_range_is_refused(rate_hz):
    with pytest.raises(ValueError, match="rate_hz"):
        Contact(rate_hz)


@given(st.integers(3, 40), st.floats(0.05, 0.95))
def test_crossing_is_where_the_line_is(i, level):
    x = np.clip(np.linspace(2.0, -1.0, 61), -0.5, 1.5)
    at = crossing(x, min(i, 15), 1, level)
    assert np.interp(at, np.arange(61), x) == pytest.approx(level, abs=1e-9)
    assert crossing(x, 15, 1, -0.7) == -1.0


@given(RATES)
def test_smoothing_keeps_the_level(rate_hz):
    w = hann(rate_hz, 0.05)
    assert len(w) % 2 == 1 and np.sum(w) == pytest.approx(1.0, abs=1e-6) and np.min(w) > 0


@given(st.floats(28, 52), st.floats(200, 400))
def test_the_other_foot_mirrors_the_shape(period, at):
    """A left step is a right step with left and right exchanged: the same score."""
    right, left = Shape(104, models.SHAPE), Shape(104, models.SHAPE)
    scores = []
    for shape, sign in ((right, 1.0), (left, -1.0)):
        shape.aim(at, period)
        a = 2 * np.pi * (np.arange(shape.start, shape.end) - at) / (2 * period)
        tilt, drop, turn = 0.05 * np.cos(2 * a), sign * 0.06 * np.cos(a + 1), sign * 0.08 * np.sin(a + 0.3)
        push = sign * 0.1 * np.cos(a + 0.6)
        shape.measure(-tilt, drop, turn, 0.8 * push, -0.6 * push, 0.6, 0.8)
        scores.append(shape.even + sign * shape.odd)
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)
    assert abs(right.odd) > 1e-4
    assert right.side == pytest.approx(-left.side, abs=1e-6)


def test_tables_follow_the_mean_stride():
    shape = Shape(104, models.SHAPE)
    shape.aim(100.0, 36.0)
    assert shape.end - shape.start == 72
    for period in (38.0, 34.0) * 4:
        shape.aim(140.0, period)
        assert shape.end - shape.start == 72, "a limp: kept"
    for _ in range(20):
        shape.aim(180.0, 38.0)
    assert shape.end - shape.start in (74, 75, 76)
    shape.reset()
    shape.aim(100.0, 36.4)
    assert shape.end - shape.start == 73, "as new"


@pytest.mark.parametrize(
    ("name", "contact_ms", "spread_ms"),
    [
        ("rbds/RBDS014runT25", 15, 12),
        ("rbds/RBDS013runT45", 20, 12),
        ("rbds/RBDS09runT35", 15, 12),
        ("alcantara/alcantara_09", 20, 12),
        ("alcantara/alcantara_22", 20, 12),
    ],
)
def test_recorded_runners(traces, name, contact_ms, spread_ms):
    """Softest, hardest and quickest of the set, and slopes without a gyroscope."""
    trial = gather(traces / (name + ".imu.csv.xz"))
    found = trial.columns["on_ms"]
    assert len(found) > 10
    assert float(np.std(found)) < spread_ms
    assert trial.mean("rec_contact_ms") == pytest.approx(trial.mean("true_contact_ms"), abs=contact_ms)
