"""The activity gate alone: its states, and the rules for changing them."""

import pytest
from gaitcore.gate import OTHER, RUNNING, STILL, WALKING, Gate, line_g
from hypothesis import given
from hypothesis import strategies as st

RUN = (0.9, 0.9, 0.4, 165.0, 0.95, 0.0)  # spread, newest, sideways, spm, regularity, walking stride
WALK = (0.3, 0.3, 0.28, 118.0, 0.9, 0.0)
SLOW_WALK = (0.12, 0.12, 0.13, 0.0, 0.0, 0.8)
STAND = (0.01, 0.01, 0.01, 0.0, 0.0, 0.0)
WILD = (0.9, 0.9, 0.5, 165.0, 0.1, 0.0)


def hops_until(gate, numbers, activity, most=60):
    for n in range(1, most + 1):
        if gate.push(*numbers) == activity:
            return n
    return None


def settled(numbers, n=20):
    gate = Gate()
    for _ in range(n):
        gate.push(*numbers)
    return gate


def test_the_line_falls_with_cadence_and_stays_finite_outside_its_table():
    values = [line_g(spm) for spm in range(60, 320, 2)]
    assert all(a >= b for a, b in zip(values, values[1:], strict=False))
    assert line_g(60.0) == line_g(112.0) and line_g(320.0) == line_g(260.0)


@pytest.mark.parametrize("numbers, activity", [(STAND, STILL), (WALK, WALKING), (SLOW_WALK, WALKING), (WILD, OTHER)])
def test_what_is_not_running(numbers, activity):
    assert settled(numbers).activity == activity


def test_running_is_confirmed_in_four_seconds_and_sooner_when_data_open_in_mid_run():
    assert hops_until(settled(STAND), RUN, RUNNING) == 8
    assert hops_until(Gate(), RUN, RUNNING) == 5


def test_a_shuffle_near_the_line_takes_twice_as_long():
    shuffle = (line_g(150.0) * 1.02, 0.3, 0.15, 150.0, 0.95, 0.0)
    hops = hops_until(settled(STAND), shuffle, RUNNING)
    assert 12 <= hops <= 16


def test_swaying_as_much_as_bouncing_is_walking():
    assert hops_until(settled(STAND), (0.33, 0.33, 0.30, 145.0, 0.9, 0.0), RUNNING) is None
    assert hops_until(settled(STAND), (0.40, 0.40, 0.16, 145.0, 0.9, 0.0), RUNNING) is not None
    assert hops_until(settled(STAND), (2.5, 2.5, 3.2, 145.0, 0.9, 0.0), RUNNING) is None


@pytest.mark.parametrize("spm, spread_g", [(140.0, 0.30), (145.0, 0.27), (150.0, 0.25), (158.0, 0.23)])
def test_a_shuffle_that_moves_little_sideways_is_running_after_twelve_seconds(spm, spread_g):
    calm = (spread_g, spread_g, 0.14, spm, 0.95, 0.0)
    assert 20 <= hops_until(settled(STAND), calm, RUNNING) <= 30
    # as much bounce with a walker's push and sway, and as little push at less bounce or a walker's cadence
    assert hops_until(settled(STAND), (*calm[:2], 0.25, *calm[3:]), RUNNING) is None
    assert hops_until(settled(STAND), (0.2, 0.2, *calm[2:]), RUNNING) is None
    assert hops_until(settled(STAND), (*calm[:3], 132.0, *calm[4:]), RUNNING) is None


def test_what_is_slower_than_any_run_adds_no_evidence():
    """A hand that shakes the sensor hard, once a second and slower."""
    gate = settled(STAND)
    for _ in range(60):
        assert gate.push(3.0, 3.0, 1.0, 70.0, 0.95, 0.9) != RUNNING
    assert gate.evidence == 0.0


def test_flights_of_stairs_do_not_add_up():
    gate = settled(STAND)
    for _ in range(6):
        for _ in range(6):
            assert gate.push(*RUN) != RUNNING
        for _ in range(3):
            gate.push(*WALK)


def test_running_ends_soon_when_quiet_and_is_kept_through_a_turn():
    gate = settled(RUN)
    assert gate.activity == RUNNING
    assert hops_until(gate, (0.5, 0.05, 0.2, 165.0, 0.6, 0.0), OTHER) == 1
    gate = settled(RUN)
    for _ in range(4):
        assert gate.push(*WILD) == RUNNING
    assert gate.push(*RUN) == RUNNING
    assert hops_until(gate, WALK, WALKING, most=3) is not None


def test_a_little_below_the_line_holds_what_it_would_not_start():
    low = (line_g(164.0) * 0.9, 0.25, 0.16, 164.0, 0.9, 0.0)
    assert hops_until(settled(STAND), low, RUNNING) is None
    gate = settled((line_g(164.0) * 1.2, 0.33, 0.2, 164.0, 0.9, 0.0), 60)
    assert gate.activity == RUNNING
    assert all(gate.push(*low) == RUNNING for _ in range(40))


number = st.floats(0, 20)


@given(st.lists(st.tuples(number, number, number, st.floats(0, 300), st.floats(-1, 1.5), st.floats(-1, 1.5))))
def test_every_state_meets_every_input(numbers):
    gate = Gate()
    for one in numbers:
        assert gate.push(*one) in (STILL, WALKING, RUNNING, OTHER)
        assert gate.evidence >= 0.0
    gate.reset()
    assert vars(gate) == vars(Gate())
