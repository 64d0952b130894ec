"""Recordings of other people's apps and sensors: each in its own shape, read sample by sample."""

import importlib.util

import numpy as np
import pytest
from formclip.ground.errors import TraceError
from formclip.ground.trace import Lost, open_trace
from formclip.ground.trace.sources import SOURCES
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.ground.exports import EXPORTS, motion, table, written, xsens_dot


def read(path, given=None):
    trace = open_trace(path, given)
    parts = []
    for piece in trace.pieces():
        parts.append(np.full((6, piece.n), np.nan) if isinstance(piece, Lost) else piece.samples)
    return np.concatenate(parts, axis=1), trace


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_read_as_what_it_is(tmp_path, name):
    export = EXPORTS[name]
    if export.needs and importlib.util.find_spec(export.needs) is None:
        pytest.skip(f"{export.needs} is not installed")
    run = export.run()
    samples, trace = read(export.write(tmp_path, run))
    assert trace.plan.source == export.source
    assert trace.has_gyro == export.gyro
    assert trace.rate_hz == 100 and samples.shape[1] > 0.98 * len(run.t_s)
    # Which moment the first sample is of: the source's clock may begin anywhere, so the offset that fits best.
    grid = trace.t_s(np.arange(samples.shape[1])) - trace.t_s(np.array([0]))[0]
    best = 0.0
    for step in (0.01, 0.001):
        offsets = best + step * np.arange(-50 if step > 0.005 else -10, 51 if step > 0.005 else 11)
        errors = [np.nanmean(np.abs(samples[:3, ::3] - motion(grid[::3] + o)[0].T)) for o in offsets]
        best = float(offsets[int(np.argmin(errors))])
    acc, gyr = motion(grid + best)
    inside = slice(20, -20)
    assert np.nanmax(np.abs(samples[:3] - acc.T)[:, inside]) < 0.05
    assert np.nanmean(np.abs(samples[:3] - acc.T)) < export.within_g
    if export.gyro:
        assert np.nanmean(np.abs(samples[3:] - gyr.T)[:, inside]) < export.within_dps


def test_every_source_is_shown_by_an_export():
    names = {source.NAME for source in SOURCES}
    by_names = {"a formclip trace", "a table with named columns"}
    assert names - by_names == {export.source for export in EXPORTS.values()} - by_names
    assert all(source.PAGE for source in SOURCES)


def _full_at_row(row):
    return 2**32 - 10_000 * row


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1) | st.integers(2**32 - 30_000_000, 2**32 - 1) | st.integers(0, 2999).map(_full_at_row))
@example(_full_at_row(1))
@example(_full_at_row(2999))
def test_a_counter_that_begins_again_is_no_pause(tmp_path, first):
    """Microseconds of 32 bits are full after 71 minutes, at whatever row of a run that may be."""
    run = EXPORTS["Xsens DOT"].run()
    path = xsens_dot(tmp_path, run, first)
    samples, trace = read(path)
    assert samples.shape[1] == len(run.t_s) and trace.lost_samples == 0
    assert not [note for note in trace.notes if "back" in note or "gap" in note]


def test_a_gyroscope_alone_is_not_taken_for_acceleration(tmp_path):
    run = EXPORTS["Xsens DOT"].run()
    path = written(tmp_path / "gyr.csv", table("t_s,gx,gy,gz", [run.t_s, *run.rad_s.T]))
    with pytest.raises(TraceError, match="a gyroscope without an accelerometer"):
        read(path)
