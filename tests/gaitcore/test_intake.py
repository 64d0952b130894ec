"""Samples into hops: a FIFO's words and rows of numbers are the same run, whatever the pieces."""

import numpy as np
import pytest
from formclip.lab.simulate import Scenario, simulate
from gaitcore import records
from gaitcore.compat import FLOAT
from gaitcore.intake import Intake
from gaitcore.pipeline import Pipeline
from gaitcore.records import N_FIELDS, quantise
from gaitcore.units import ACC_G_PER_LSB_16G, GYR_DPS_PER_LSB_1000
from hypothesis import given
from hypothesis import strategies as st

LSB = np.array([GYR_DPS_PER_LSB_1000] * 3 + [ACC_G_PER_LSB_16G] * 3)
HOP, GROUP = 26, 4


def intake():
    return Intake(np.zeros((6, HOP), dtype=FLOAT), GROUP)


def words(n, seed=1, size=8000):
    return np.random.default_rng(seed).integers(-size, size, size=(n, 6)).astype(np.int16)


def rows(lsb):
    return np.roll(lsb * LSB, 3, axis=1).T.astype(np.float32)


def means(lsb):
    """(6, groups): ax ay az gx gy gz."""
    return np.roll(lsb.astype(float).reshape(-1, GROUP, 6).mean(axis=1) * LSB, 3, axis=1).T


def fill(part, take, samples, n):
    """The rows of each whole hop; pieces of n samples."""
    out, at, total = [], 0, samples.shape[0] if take == part.frames else samples.shape[1]
    while at < total:
        end = min(total, at + n)
        while at < end:
            at += take(samples, at, end)
            if not part.room:
                out.append(np.vstack([part.acc, part.gyr]))
                part.begin()
    return np.hstack(out)


@given(n=st.integers(1, 300), seed=st.integers(0, 99))
def test_rows_of_any_splitting_are_averaged_in_groups(n, seed):
    lsb = words(3 * HOP * GROUP, seed)
    part = intake()
    assert np.allclose(fill(part, part.rows, rows(lsb), n), means(lsb), atol=2e-3, rtol=1e-5)


@given(n=st.integers(1, 60), seed=st.integers(0, 99))
def test_frames_of_any_splitting_are_averaged_in_groups(n, seed):
    lsb = words(3 * HOP * GROUP, seed)
    part = intake()
    assert np.allclose(fill(part, part.frames, lsb, n * GROUP), means(lsb), atol=2e-3, rtol=1e-5)


def test_frames_come_in_an_array_that_is_used_again():
    lsb = words(52 * 4)
    part, buffer, out = intake(), np.zeros((52, 6), dtype=np.int16), []
    for k in range(4):
        buffer[:] = lsb[52 * k : 52 * k + 52]
        assert part.frames(buffer, 0, 52) == 52
        if not part.room:
            out.append(np.vstack([part.acc, part.gyr]))
            part.begin()
    assert np.allclose(np.hstack(out), means(lsb), atol=2e-3, rtol=1e-5)


@pytest.mark.parametrize(("column", "full_lsb"), [(0, 28571), (5, 32700), (3, -32768)])
def test_one_reading_at_the_end_of_the_range_is_seen(column, full_lsb):
    for take in ("rows", "frames"):
        lsb = words(HOP * GROUP, size=2000)
        part = intake()
        for value, full in ((0.9 * full_lsb, False), (full_lsb, True)):
            lsb[40:44, column] = int(0.5 * value)
            lsb[41, column] = int(value)
            samples = rows(lsb) if take == "rows" else lsb
            getattr(part, take)(samples, 0, HOP * GROUP)
            assert part.full == full and part.sane()
            part.begin()
            assert not part.full


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_what_is_no_number_is_told(bad):
    part = intake()
    block = rows(words(HOP * GROUP))
    block[2, 50] = bad
    block[2, 60] = -bad  # a sum alone would not see it
    part.rows(block, 0, block.shape[1])
    assert not part.sane()
    part.begin()
    part.rows(rows(words(HOP * GROUP)), 0, HOP * GROUP)
    assert part.sane() and np.isfinite(part.acc).all()


def test_rates_are_left_alone_where_there_is_no_gyroscope():
    part = Intake(np.zeros((6, HOP), dtype=FLOAT), GROUP, has_gyro=False)
    block = rows(words(HOP * GROUP, size=2000))
    block[3:] = np.nan
    block[3, :9] = 2000.0
    part.rows(block, 0, block.shape[1])
    assert part.sane() and not part.full and not part.gyr.any() and part.acc.all()


def test_a_gap_goes_on_with_the_last_reading_and_no_turn():
    part = intake()
    lsb = words(HOP * GROUP)
    part.frames(lsb, 0, 40)
    last = part.acc[:, 9].copy()
    assert part.bridge(23, [1.0, 2.0, 3.0]) == 20 and part.filled == 15
    assert (part.acc[:, 10:15] == last[:, None]).all()
    assert (part.gyr[:, 10:15] == np.array([[1.0], [2.0], [3.0]])).all()
    part = intake()
    block = rows(lsb)
    assert part.rows(block, 0, 42) == 40 and part.rows(block, 40, 42) == 2  # a group is begun: completed first
    assert part.bridge(23, [1.0, 2.0, 3.0]) == 2 and part.filled == 11 and part.held == 44
    assert np.allclose(part.acc[:, 10], (block[:3, 40] + 3 * block[:3, 41]) / 4, atol=1e-3)
    assert np.allclose(part.gyr[:, 10], (block[3:, 40] + block[3:, 41] + 2 * np.array([1, 2, 3])) / 4, atol=1e-3)
    assert part.fill() == HOP - 11 and not part.room
    assert (part.acc[:, 11:] == part.acc[:, 10:11]).all()


@pytest.fixture(scope="module")
def runner():
    trace = simulate(Scenario(minutes=0.7, rate_hz=208, speed_mps=3.0), seed=3)
    count = trace.blocks.shape[1] // 52 * 52
    return np.clip(np.round(np.roll(trace.blocks[:, :count].T, 3, axis=1) / LSB), -32768, 32767).astype(np.int16)


def fields(steps):
    out = np.zeros((len(steps), N_FIELDS), dtype=int)
    for k, step in enumerate(steps):
        row = [0] * N_FIELDS
        quantise(step, 0, row)
        out[k] = row
    return out


def test_a_run_of_words_is_the_run_of_its_numbers(runner):
    one, other = Pipeline(208), Pipeline(208)
    steps = [step for a in range(0, len(runner), 52) for step in one.push_frames(runner[a : a + 52], 0, 52)]
    steps += one.flush()
    wanted = list(other.push(rows(runner))) + list(other.flush())
    assert len(steps) == len(wanted) > 60
    assert [s.on_ms for s in steps] == pytest.approx([s.on_ms for s in wanted], abs=1)
    assert np.abs(fields(steps) - fields(wanted)).max() <= 1


@pytest.mark.parametrize("missing", [5, 37, 60])
def test_a_short_gap_leaves_the_clock_of_words_right(runner, missing):
    def ends(gap):
        pipeline = Pipeline(208)
        buffer = np.zeros((52, 6), dtype=np.int16)
        steps, at = [], 0
        while at + 52 <= len(runner):
            if gap and at == 52 * 100:
                steps += pipeline.lost(gap)
                at += gap
            buffer[:] = runner[at : at + 52]
            steps += pipeline.push_frames(buffer, 0, 52)
            at += 52
        assert pipeline.index == at
        return list(steps) + list(pipeline.flush())

    whole, bridged = ends(0), ends(missing)
    assert [s for s in bridged if s.flags & records.GAP]
    late = [s.on_ms for s in bridged if 28000 < s.on_ms < 40000]
    want = np.array([s.on_ms for s in whole])
    assert len(late) > 25
    assert np.mean([np.abs(want - t).min() for t in late]) < 4
