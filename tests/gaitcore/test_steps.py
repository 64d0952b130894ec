"""Contacts and pace: which rises of the force are steps, and the cadence counted from them."""

import numpy as np
import pytest
from gaitcore.steps import Pace, StepFinder, step_time
from hypothesis import given, settings
from hypothesis import strategies as st

RATE = 52


def contacts(vert, period, odd=0.0, hop=26):
    """Indices found, with the rhythm known from the third second on."""
    finder = StepFinder(RATE)
    found = []
    for at in range(0, len(vert) - hop + 1, hop):
        known = at >= 3 * RATE
        found += list(finder.push(vert[at : at + hop].astype(np.float32), at, period if known else 0.0, odd))
    return np.array(found)


def bounce(cadence_spm, seconds, harmonics, noise_g=0.02, seed=0):
    """Vertical force: cosines of the stride, {harmonic: (size, phase)}."""
    t = np.arange(int(seconds * RATE)) / RATE
    stride = 2 * np.pi * cadence_spm / 120 * t
    v = 1.0 + sum(size * np.cos(k * stride + phase) for k, (size, phase) in harmonics.items())
    return v + np.random.default_rng(seed).normal(scale=noise_g, size=len(t))


@settings(max_examples=80)
@given(
    cadence_spm=st.floats(130, 240),
    first=st.floats(0, 0.5),
    third=st.floats(0, 1.2),
    phases=st.tuples(st.floats(0, 6.28), st.floats(0, 6.28)),
    seed=st.integers(0, 99),
)
def test_two_contacts_a_stride_whatever_the_sides_do(cadence_spm, first, third, phases, seed):
    v = bounce(cadence_spm, 30, {1: (first, phases[0]), 2: (1.2, 0.0), 3: (1.2 * third, phases[1])}, seed=seed)
    odd = (first**2 + third**2) / (1 + first**2 + third**2)
    found = contacts(v, 60 * RATE / cadence_spm, odd)
    late = found[found > 6 * RATE]
    stride = 120 * RATE / cadence_spm
    assert abs(len(late) - (30 * RATE - late[0]) / stride * 2) <= 2
    # each foot comes again after a stride, and none is doubled
    assert np.median(np.abs(late[2:] - late[:-2] - stride)) < 0.04 * stride
    assert np.diff(late).min() > 0.15 * stride


def test_of_two_rises_in_a_step_the_expected_one_is_taken():
    """Clothing that swings at 7 Hz: the force rises twice in a step, the first rise is not always deep enough."""
    cadence_spm = 142
    t = np.arange(40 * RATE) / RATE
    step_s = 60 / cadence_spm
    in_step = t % step_s
    size = 1.0 + 0.12 * np.sin(2 * np.pi * t / 3.1)
    v = 1 - 0.7 * np.cos(2 * np.pi * t / step_s) + size * np.exp(-in_step / 0.12) * np.sin(2 * np.pi * 7 * in_step)
    apart = np.diff(contacts(v, step_s * RATE)[10:])
    assert np.abs(apart / RATE - step_s).max() < 0.05


def test_a_kerb_costs_no_step():
    """One step of 1.3 times the usual length, then on as before."""
    step_s = 0.36
    on = np.cumsum(np.concatenate((np.full(30, step_s), [1.3 * step_s], np.full(30, step_s))))
    t = np.arange(int(on[-1] * RATE)) / RATE
    phase = np.interp(t, on, np.arange(len(on)))
    found = contacts(1 - 1.2 * np.cos(2 * np.pi * phase), step_s * RATE)
    assert abs(len(found) - len(on)) <= 2
    assert np.diff(found).max() < 1.5 * step_s * RATE


def test_splitting_into_other_hops_changes_no_contact():
    v = bounce(170, 20, {1: (0.3, 1.0), 2: (1.2, 0.0), 3: (0.9, 2.0)})
    period = 60 * RATE / 170
    whole, pieces = contacts(v, period, 0.4, 26), contacts(v, period, 0.4, 13)
    np.testing.assert_allclose(whole[: len(pieces)], pieces[: len(whole)], atol=0.02)


@given(
    right=st.floats(0.25, 0.5),
    left=st.floats(0.25, 0.5),
    n=st.integers(8, 20),
)
def test_the_time_of_a_step_is_half_of_both(right, left, n):
    times = np.cumsum([0.0] + [right if k % 2 else left for k in range(n)]).tolist()
    assert step_time(times) == pytest.approx((right + left) / 2, rel=1e-6)


def test_pace_counts_the_last_four_seconds_and_starts_anew_after_a_hole():
    pace = Pace(RATE)
    assert pace.spm(20.0) == pytest.approx(60 * RATE / 20) and pace.spm(0.0) == 0.0
    for k in range(40):
        pace.push(18.0 * k, 18.0)
    assert pace.spm(18.0) == pytest.approx(60 * RATE / 18)
    at = 18.0 * 39
    for k in range(1, 30):
        pace.push(at + 20.0 * k, 20.0)
    assert pace.spm(20.0) == pytest.approx(60 * RATE / 20)
    at += 20.0 * 29 + 36.0  # a step is missing
    pace.push(at, 20.0)
    assert pace.spm(19.0) == pytest.approx(60 * RATE / 19)
    for k in range(1, 5):
        pace.push(at + 21.0 * k, 20.0)
    assert pace.spm(19.0) == pytest.approx(60 * RATE / 21)
    pace.shift(500)
    pace.push(at + 21.0 * 5 - 500, 20.0)
    assert pace.spm(19.0) == pytest.approx(60 * RATE / 21)
    pace.reset()
    assert pace.spm(0.0) == 0.0
