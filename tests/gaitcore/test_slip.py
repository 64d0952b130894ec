"""A slip of the clip against postures that come and go: made-up means of up, step by step."""

import numpy as np
import pytest
from gaitcore.slip import BACK, LATE_STEPS, SlipWatch
from hypothesis import example, given, settings
from hypothesis import strategies as st

STEP_S = 0.35
FORE, UP, RIGHT = np.eye(3).tolist()
AXES = {"forward": (0, 1), "back": (0, -1), "right": (1, 0), "left": (-1, 0), "askew": (0.7, -0.7)}


def ups(angle_deg, sideways, seconds, seed, fore=FORE, noise_deg=0.3):
    """What update takes, as it comes: `angle_deg` of the time, towards (right, fore); each step varies by the noise."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(0.0, seconds, STEP_S)
    out = []
    for begin, end in ((-0.56, 1.44), (0.0, 1.0)):
        angle = np.radians(angle_deg(t_s[:, None] + STEP_S * np.linspace(begin, end, 15)).mean(axis=1))[:, None]
        lean = np.radians(noise_deg) * rng.normal(size=(len(t_s), 3))
        out.append(
            np.cos(angle) * UP
            + np.sin(angle) * (np.multiply(sideways[0], RIGHT) + np.multiply(sideways[1], FORE))
            + lean
        )
    return [(t, stride.tolist(), step.tolist(), fore) for t, stride, step in zip(t_s, *out)]


def ramp(at_s, for_s, size_deg):
    """Smoothly from none to the size, as the simulator's slips and faults."""

    def angle(t_s):
        x = np.clip((t_s - at_s) / for_s, 0.0, 1.0)
        return size_deg * x**3 * (10 + x * (6 * x - 15))

    return angle


def arch(at_s, for_s, hold_s, size_deg):
    come, go = ramp(at_s, for_s, size_deg), ramp(at_s + for_s + hold_s, for_s, size_deg)
    return lambda t_s: come(t_s) - go(t_s)


def watched(sequence):
    """Told as (s, deg), and the times that are under suspicion."""
    watch, told, doubted = SlipWatch(), [], []
    for t_s, stride_up, step_up, fore in sequence:
        turned = watch.update(stride_up, step_up, fore)
        if turned:
            told.append((t_s, turned))
        if watch.suspect:
            doubted.append(t_s)
    return told, doubted


@settings(max_examples=20, deadline=None)
@given(st.floats(40, 41), st.floats(1.5, 5.0), st.floats(5, 60), st.floats(-12, 12), st.integers(0, 99), st.booleans())
@example(40.0, 2.0, 14.5, 9.0, 5, True)
@example(40.0, 1.5, 13.5, 9.0, 0, True)  # was taken for a slip as it went
def test_an_arch_that_takes_more_than_a_second_is_no_slip_however_long_it_is_held(
    at_s, for_s, hold_s, size_deg, seed, known
):
    posture = arch(at_s, for_s, hold_s, size_deg)
    told, doubted = watched(ups(posture, (0, 1), at_s + 2 * for_s + hold_s + 30, seed, FORE if known else None))
    assert not told and not doubted


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["right", "left", "askew"]), st.floats(0.1, 30), st.floats(12, 25), st.integers(0, 99))
def test_a_clip_that_turns_sideways_is_told_within_30_s_however_slowly(axis, for_s, size_deg, seed):
    (t_s, turned), *more = watched(ups(ramp(60.0, for_s, size_deg), AXES[axis], 95 + for_s, seed))[0]
    assert 60 < t_s < 90 + for_s and t_s < 60 + for_s + LATE_STEPS * STEP_S and not [t for _, t in more if t == BACK]
    assert turned > 4


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(AXES)), st.floats(0.1, 0.2), st.floats(8, 25), st.integers(0, 99), st.booleans())
def test_a_clip_that_turns_suddenly_is_told_and_doubted_at_once(axis, for_s, size_deg, seed, known):
    told, doubted = watched(ups(ramp(60.0, for_s, size_deg), AXES[axis], 95, seed, FORE if known else None, 0.1))
    assert len(told) == 1 and told[0][0] < 90 and abs(told[0][1] - size_deg) < 0.5 + 0.15 * size_deg
    assert doubted and 60 < doubted[0] < 60 + 9 * STEP_S


@pytest.mark.parametrize("axis", ["forward", "back"])
@settings(max_examples=10, deadline=None)
@given(st.floats(1.5, 30), st.floats(20, 25), st.integers(0, 99))
def test_a_clip_that_tips_further_than_any_posture_is_told(axis, for_s, size_deg, seed):
    told, _ = watched(ups(ramp(60.0, for_s, size_deg), AXES[axis], 95 + for_s, seed))
    assert told and told[0][0] < 90 + for_s


@settings(max_examples=10, deadline=None)
@given(st.floats(8, 14), st.floats(25, 60), st.integers(0, 99))
def test_a_clip_that_is_put_back_is_told_so_once(size_deg, hold_s, seed):
    told, _ = watched(ups(arch(60.0, 0.1, hold_s, size_deg), (1, 0), 60 + hold_s + 40, seed))
    assert [t == BACK for _, t in told] == [False, True] and told[1][0] > 60 + hold_s


def test_a_clip_that_stays_away_or_turns_on_is_never_back():
    first, second = ramp(60.0, 0.2, 8.0), ramp(120.0, 0.2, 9.0)
    told, _ = watched(ups(lambda t_s: first(t_s) + second(t_s), (1, 0), 240, 1))
    assert len(told) == 2 and all(turned > 7 for _, turned in told)
