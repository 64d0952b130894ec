"""Orientation, ring and the small geometry under the signal chain, against closed forms."""

import numpy as np
import pytest
from gaitcore import attitude as att
from gaitcore.attitude import Attitude
from gaitcore.compat import FLOAT
from gaitcore.frames import cross, dot, least_aligned, level, unit
from gaitcore.oscillation import Oscillation
from gaitcore.ring import Ring
from gaitcore.slip import angle_deg
from gaitcore.units import index_to_ms
from hypothesis import given, settings
from hypothesis import strategies as st

AXES = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


@settings(max_examples=40)
@given(up=AXES, axis=AXES, rate_dps=st.floats(-300, 300), hop=st.sampled_from([24, 25, 26, 35]))
def test_a_steady_turn_carries_up_as_the_closed_form(up, axis, rate_dps, hop):
    up, axis = np.array(unit(list(up))), np.array(unit(list(axis)))
    attitude = Attitude(104, hop)
    attitude.align(list(up))
    out = np.zeros((att.ROWS, hop), dtype=FLOAT)
    hops = 8
    for h in range(hops):
        # a vector fixed in the world turns backwards in the sensor
        angles = -np.radians(rate_dps) * (np.arange(hop) + 0.5 + h * hop) / 104
        c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
        true = up * c + np.cross(axis, up) * s + axis * (axis @ up) * (1 - c)
        attitude.force[:, :] = true.T
        attitude.rate[:, :] = (axis * rate_dps)[:, None]
        attitude.propagate(out)
    found = out[att.UP_X : att.UP_X + 3].T
    assert np.degrees(np.linalg.norm(found - true, axis=1)).max() < 0.1
    turned = np.radians(rate_dps) * (axis @ up) * (np.arange(hop) + 0.5 + (hops - 1) * hop) / 104
    assert np.allclose(out[att.HEAD], turned, atol=0.01)
    assert np.allclose(out[att.VERT], 1.0, atol=0.001)
    assert np.abs(out[: att.VERT]).max() < 0.002


@given(up=AXES)
def test_align_makes_up_vertical_and_keeps_the_axes_square(up):
    attitude = Attitude(104, 26)
    attitude.align(list(up))
    assert np.allclose(attitude.up, unit(list(up)), atol=1e-5)
    assert abs(dot(attitude.up, attitude.level_x)) < 1e-5
    assert np.allclose(cross(attitude.up, attitude.level_x), attitude.level_y, atol=1e-5)
    assert abs(dot(attitude.reference, attitude.up)) < 1e-5


def test_correct_takes_out_a_tilt_and_finds_a_bias():
    attitude = Attitude(104, 26)
    attitude.align([0.0, 1.0, 0.0])
    attitude.forget(0.2, 0.05)
    bias_rad, tilt, seconds = 0.01, 0.1, 0.7
    for _ in range(200):
        tilt += bias_rad * seconds
        dx, _ = attitude.correct(tilt, 0.0, seconds, 0.008, 0.005)
        tilt -= dx
        bias_rad = 0.01 - np.linalg.norm(np.radians(attitude.bias_dps))
    assert abs(tilt) < 0.002 and abs(bias_rad) < 0.0005
    before = tilt
    dx, _ = attitude.correct(0.3, 0.0, seconds, 0.008, 0.005)  # a start: 0.3 g for a stride
    assert abs(dx) < 0.006 and abs(before) < 0.002


@settings(max_examples=30)
@given(keep=st.integers(10, 60), hop=st.integers(1, 30), hops=st.integers(1, 40))
def test_the_ring_gives_what_was_put_in(keep, hop, hops):
    ring = Ring(2, keep, hop)
    count = 0
    for _ in range(hops):
        space = ring.space()
        space[0] = np.arange(count, count + hop)
        space[1] = -np.arange(count, count + hop)
        ring.took()
        count += hop
        assert ring.end == count and ring.end - ring.start >= min(count, keep)
        assert list(ring.view(0, ring.start, ring.end)) == list(range(ring.start, ring.end))
        assert list(ring.rows(0, 2, ring.end - 1, ring.end)[1]) == [1 - count]


@pytest.mark.parametrize("height_cm", [3.0, 9.0, 14.0])
@pytest.mark.parametrize("steps_hz", [2.3, 2.8, 2.9])
def test_oscillation_of_a_sine(height_cm, steps_hz):
    rate_hz = 52
    t = np.arange(int(2 * rate_hz / steps_hz)) / rate_hz
    w = 2 * np.pi * steps_hz
    vert = (1 + 0.005 * height_cm * w * w * np.cos(w * t) / 9.80665).astype(FLOAT)
    got = Oscillation(rate_hz).measure(vert, 0, len(vert) // 2, 2 * rate_hz / steps_hz)
    assert abs(got - height_cm) < 0.03 * height_cm


@given(up=AXES, forward=AXES)
def test_a_mounting_is_square(up, forward):
    up, forward = unit(list(up)), list(forward)
    if np.linalg.norm(np.cross(up, forward)) < 0.1:
        return
    f = level(forward, up)
    u, r = up, cross(f, up)
    assert abs(dot(f, u)) < 1e-6 and np.allclose(np.cross(f, u), r)
    assert abs(dot(level(forward, up), up)) < 1e-6
    assert abs(dot(least_aligned(up), up)) < 1e-6


def test_small_units():
    assert angle_deg([0.0, 1.0, 0.0], [0.0, np.cos(0.1), np.sin(0.1)]) == pytest.approx(np.degrees(0.1))
    assert index_to_ms(208 * 36000 + 104, 208) == 36000500
