"""Runs as columns: the cadence of each second."""

import numpy as np
from formclip.ground.run import cadence_each_second
from hypothesis import given
from hypothesis import strategies as st


def test_cadence_is_known_from_the_sixth_step_to_the_last():
    on_s = np.arange(10.0, 40.0, 0.35)
    spm = cadence_each_second(np.arange(0.0, 45.0), on_s)
    assert np.isnan(spm[:12]).all() and np.isnan(spm[41:]).all()
    np.testing.assert_allclose(spm[12:41], 60 / 0.35, rtol=1e-6)


def test_a_stop_has_no_cadence_and_the_next_bout_starts_anew():
    on_s = np.concatenate((np.arange(10.0, 30.0, 0.36), np.arange(36.0, 50.0, 0.32)))
    t_s = np.arange(0.0, 50.0)
    spm = cadence_each_second(t_s, on_s)
    assert np.isnan(spm[31:38]).all()
    np.testing.assert_allclose(spm[12:30], 60 / 0.36, rtol=1e-6)
    np.testing.assert_allclose(spm[39:49], 60 / 0.32, rtol=1e-6)


def test_where_a_step_is_missing_those_after_it_count():
    on_s = np.arange(10.0, 40.0, 0.35)
    on_s = np.delete(on_s, 40)
    spm = cadence_each_second(np.arange(12.0, 39.0), on_s)
    known = np.isfinite(spm)
    np.testing.assert_allclose(spm[known], 60 / 0.35, rtol=1e-6)
    assert (~known).sum() <= 2


def test_a_contact_in_lost_samples_is_no_end_of_a_count():
    on_s = np.arange(10.0, 40.0, 0.35)
    flags = np.zeros(len(on_s))
    flags[40] = 8
    on_s[40] += 0.12
    t_s = np.arange(12.0, 39.0)
    plain, told = cadence_each_second(t_s, on_s), cadence_each_second(t_s, on_s, flags)
    assert np.abs(plain - 60 / 0.35).max() > 3
    assert np.abs(told - 60 / 0.35).max() < 1


@given(
    st.lists(st.floats(0.2, 3.0), max_size=120),
    st.floats(-5, 5),
)
def test_it_is_the_plain_count_of_the_steps_but_for_unlike_feet(apart, start_s):
    """Any steps whatever: a cadence lies between those of their shortest and longest step times of the window."""
    on_s = start_s + np.cumsum(np.array(apart))
    t_s = np.arange(np.floor(start_s), np.floor(start_s) + 60)
    spm = cadence_each_second(t_s, on_s)
    for t, value in zip(t_s, spm, strict=True):
        if np.isfinite(value):
            inside = np.diff(on_s[(on_s > t - 4) & (on_s <= t)])
            assert len(inside) >= 5
            assert 60 / inside.max() - 1e-6 <= value <= 60 / inside.min() + 1e-6
