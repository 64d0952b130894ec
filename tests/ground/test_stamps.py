"""Time stamps as they are: packets, whole seconds, twins, strays, leaps back put right, honest ones left alone."""

import numpy as np
import pytest
from formclip.ground.trace import Lost, open_trace
from formclip.ground.trace.stamps import Order, is_bursty, merge_twins, spread
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ground.exports import motion, table, written

RATE_HZ = 104.0
T_S = np.arange(int(60 * RATE_HZ)) / RATE_HZ


def rows(path, t_s, of_s=None, digits=6):
    acc, _ = motion(T_S[: len(t_s)] if of_s is None else of_s)
    stamps = [f"{t:.{digits}f}" for t in t_s]
    return written(path, table("t_s,acc_x_g,acc_y_g,acc_z_g", [stamps, *acc.T]))


def read(path):
    trace = open_trace(path)
    parts = [np.full((6, p.n), np.nan) if isinstance(p, Lost) else p.samples for p in trace.pieces()]
    samples = np.concatenate(parts, axis=1)
    return trace.t_s(np.arange(samples.shape[1])), samples[:3].T, trace


def packets(t_s, size, late_s, seed=0, within_s=0.0):
    """Arrival times of packets: after the last row of each, late by chance, never one before another."""
    rng = np.random.default_rng(seed)
    number = np.arange(len(t_s)) // size
    ready = np.array([t_s[number == k].max() for k in range(number[-1] + 1)])
    arrive = np.maximum.accumulate(ready + rng.exponential(late_s, len(ready)) + 0.004)
    return arrive[number] + within_s * (np.arange(len(t_s)) % size)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 40), st.floats(0.0005, 0.02), st.integers(0, 99), st.sampled_from([0.0, 0.0002]))
def test_packets_are_spread_evenly_whatever_their_size_and_lateness(size, late_s, seed, within_s):
    stamps = packets(T_S, size, late_s, seed, within_s)
    assert is_bursty(stamps)
    found = spread(stamps)
    assert found is not None and found.lost_rows == 0
    assert abs(1 / found.period_s - RATE_HZ) < 0.3
    error = found.t_s - T_S
    assert np.std(error) < 0.004  # even: what is constant is the radio's own delay
    assert np.all(np.diff(found.t_s) >= 0)


@pytest.mark.parametrize("lost", [20, 60, 400])
def test_packets_that_never_came_are_a_hole(tmp_path, lost):
    keep = np.ones(len(T_S), dtype=bool)
    keep[2000 : 2000 + lost] = False
    stamps = packets(T_S, 10, 0.004)[keep]
    found = spread(stamps)
    assert abs(found.lost_rows - lost) <= 2
    assert np.max(np.abs(found.t_s - T_S[keep] - np.median(found.t_s - T_S[keep]))) < 0.02
    _, _, trace = read(rows(tmp_path / "a.csv", stamps, T_S[keep]))
    assert abs(trace.lost_samples - lost) <= 3


def test_one_packet_that_is_seconds_late_is_no_hole():
    stamps = packets(T_S, 10, 0.004)
    held_up = (T_S > 20) & (T_S < 23)
    stamps[held_up] = stamps[held_up].max() + 0.002
    found = spread(np.maximum.accumulate(stamps))
    assert found.lost_rows == 0
    assert np.max(np.abs(found.t_s - T_S - np.median(found.t_s - T_S))) < 0.02


def test_a_sensor_clock_that_is_off_is_followed():
    true = T_S * 1.02  # the sensor is slow by 2 %
    found = spread(packets(true, 8, 0.005))
    assert abs(found.period_s * RATE_HZ - 1.02) < 0.001
    assert np.std(found.t_s - true) < 0.005


@pytest.mark.parametrize("cut_to", [1.0, 0.1])
def test_stamps_cut_off_are_spread_over_their_second(tmp_path, cut_to):
    t_s = T_S + 0.37
    stamps = np.floor(t_s / cut_to + 1e-9) * cut_to
    at, acc, trace = read(rows(tmp_path / "a.csv", stamps, digits=1))
    assert trace.rate_hz == 104 and trace.lost_samples == 0
    assert np.max(np.abs(at - t_s[: len(at)])) < 1.5 / RATE_HZ
    assert any(f"cut off to {cut_to:g} s" in note for note in trace.notes)
    np.testing.assert_allclose(acc[50:-50], motion(T_S)[0][50 : len(acc) - 50], atol=0.08)


@pytest.mark.parametrize("apart_s", [1e-6, 1e-4, 0.0])
def test_twins_are_merged(tmp_path, apart_s):
    twin = np.concatenate((T_S[:500], [T_S[499] + apart_s], T_S[500:]))
    of_s = np.concatenate((T_S[:500], [T_S[499]], T_S[500:]))
    at, acc, trace = read(rows(tmp_path / "a.csv", twin, of_s))
    assert trace.rate_hz == 104 and len(at) == len(T_S)
    np.testing.assert_allclose(acc, motion(at)[0], atol=0.02)
    assert any("nearly the same time" in note for note in trace.notes)


def test_twins_all_along_do_not_shake_the_samples(tmp_path):
    rng = np.random.default_rng(3)
    at = np.sort(rng.choice(len(T_S), 120, replace=False))
    stamps = np.insert(T_S, at, T_S[at] - 1e-5)
    t_s, acc, trace = read(rows(tmp_path / "a.csv", stamps, stamps))
    np.testing.assert_allclose(acc, motion(t_s)[0], atol=0.02)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(1, 700), st.sampled_from([-5000.0, -3.0, 30.0, 300.0, 1e6]), max_size=4))
def test_a_stamp_alone_that_is_out_of_line_costs_its_row_alone(strays):
    stamps = T_S.copy()
    for at, by in strays.items():
        stamps[8 * at] += by
    out, keep = Order().push(stamps)
    np.testing.assert_array_equal(np.flatnonzero(~keep), sorted(8 * at for at in strays))
    np.testing.assert_allclose(out[keep], T_S[keep])


def test_order_does_not_depend_on_the_chunks():
    stamps = np.concatenate((T_S[:3000], T_S[:2000] + 0.3))
    stamps[700] = -50
    whole, keep = Order().push(stamps)
    for size in (1, 7, 700, 997, 1500, 3001):
        order, parts, kept = Order(), [], []
        for start in range(0, len(stamps), size):
            piece = stamps[start : start + size]
            ahead = stamps[start + size : start + size + Order.AHEAD]
            out, k = order.push(piece, ahead if order.settled(piece) < len(piece) or size < 4 else None)
            parts.append(out)
            kept.append(k)
        np.testing.assert_allclose(np.concatenate(parts), whole)
        np.testing.assert_array_equal(np.concatenate(kept), keep)


def test_a_recording_gone_on_from_zero_is_read_with_a_pause(tmp_path):
    half = len(T_S) // 2
    again = np.concatenate((T_S[:half], T_S[:half]))
    at, acc, trace = read(rows(tmp_path / "a.csv", again, again))
    assert trace.lost_samples == pytest.approx(RATE_HZ, abs=2)
    assert any("a recording that was gone on" in note for note in trace.notes)
    known = np.isfinite(acc).all(axis=1)
    np.testing.assert_allclose(acc[known][half:], motion(T_S[:half])[0], atol=0.02)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.floats(0.0, 0.45))
def test_honest_uneven_stamps_are_left_alone(seed, jitter):
    rng = np.random.default_rng(seed)
    stamps = np.sort(T_S + rng.uniform(-jitter, jitter, len(T_S)) / RATE_HZ)
    assert not is_bursty(stamps)
    out, keep = Order().push(stamps)
    np.testing.assert_array_equal(out, stamps)
    assert keep.all()


def test_merging_keeps_the_mean():
    t_s, values = np.array([0.0, 1.0, 1.00001, 2.0]), np.array([[0.0], [1.0], [3.0], [4.0]])
    merged_t, merged, count = merge_twins(t_s, values, 1.0)
    assert count == 1
    np.testing.assert_allclose(merged_t, [0, 1.000005, 2])
    np.testing.assert_allclose(merged[:, 0], [0, 2, 4])


def test_pauses_between_stretches_are_no_packets():
    stamps = np.concatenate([day * 86300 + np.arange(200) * 0.01 for day in range(20)])
    assert not is_bursty(stamps)
