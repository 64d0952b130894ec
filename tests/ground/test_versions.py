"""Logs of earlier versions read as they did then; `tests/data/version1.fclog` was written by commit 8f5b46d.

It is 3 minutes of a simulated runner with an arch of 30 s in it, replayed there with a baseline of 60 s and no cue in
the first 20 s: 474 steps, one cue of an arch and one of being back in range.
"""

import numpy as np
import pytest
from formclip.ground.again import same_cues
from formclip.ground.columns import own_clock, to_columns, to_cues
from formclip.ground.log import read_log
from formclip.ground.metrics import COLUMNS, METRIC, MODEL
from gaitcore import records

# What commit 8f5b46d's own steps.csv held: how many were measured, and their sum.
THEN = {
    "on_s": (474, 45286.044),
    "contact_ms": (462, 107944.0),
    "flight_ms": (462, 56900.0),
    "side": (474, 237.0),
    "cadence_spm": (474, 79716.4),
    "tilt_deg": (473, 3524.05),
    "tilt_range_deg": (472, 3203.2),
    "drop_range_deg": (472, 2139.4),
    "rotation_range_deg": (472, 4779.4),
    "vo_cm": (462, 4974.3),
    "impact_g": (462, 1354.8),
    "flags": (474, 11.0),
}


@pytest.fixture(scope="module")
def log(repo):
    return read_log(repo / "tests" / "data" / "version1.fclog")


def test_every_figure_is_what_it_was(log):
    columns = to_columns(log, own_clock, log.settings())
    assert tuple(columns) == COLUMNS and not log.problems and log.closed
    for name, (known, total) in THEN.items():
        values = columns[name]
        assert (int(np.isfinite(values).sum()), round(float(np.nansum(values)), 3)) == (known, total), name
    left = set(COLUMNS) - set(THEN)
    for name in left:  # fitted anew since, or not measured then
        if METRIC[name].of != MODEL and not name.endswith("_90"):
            assert np.isnan(columns[name]).all(), name
    # the last byte was the speed itself; half of what was told then is fitted anew, so the intervals are wide
    told = [np.exp(0.01 * (e[2][records.FEATURE] - 20)) for e in log.entries if e[0] == records.STEP]
    known = np.isfinite(columns["speed_mps"])
    assert known.sum() > 400 and np.allclose(columns["speed_mps"][known], np.array(told)[known], rtol=0.002)
    assert np.all(columns["contact_ms_90"][known] > 0.15 * columns["contact_ms"][known])


def test_the_cues_are_decided_again_as_they_were(log):
    assert [cue.kind for cue in to_cues(log, own_clock)] == ["arch", "ok"]
    assert same_cues(log)
