"""The fitted models: what they answer, and that the table, its documentation and its error belong together."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from formclip.lab.fitting import HELD_OUT, held_out_predictions
from formclip.lab.fitting.__main__ import MODELS, fill
from formclip.lab.fitting.regress import least_squares, left_out, partial_least_squares, predict, weighted_least_squares
from gaitcore import models, records
from gaitcore.meter import Step
from hypothesis import given
from hypothesis import strategies as st

ANSWERS = (models.speed_mps, models.braking_mps, models.heel_ahead_cm)
NEEDS = {
    models.speed_mps: {"feature"},
    models.braking_mps: {"feature", "cadence_spm", "impact_g"},
    models.heel_ahead_cm: {"feature", "contact_ms"},
}


def step(**values):
    """A step at 3 m/s, changed as named."""
    s = Step()
    s.cadence_spm, s.contact_ms, s.impact_g = 165.0, 240.0, 2.6
    s.feature = 100 * math.log(3.0) + 20
    for name, value in values.items():
        setattr(s, name, value)
    return s


@given(st.sets(st.sampled_from(["feature", "cadence_spm", "impact_g", "contact_ms", "vo_cm", "tilt_deg"])))
def test_none_where_an_input_was_not_measured(absent):
    s = step(**dict.fromkeys(absent))
    for model in ANSWERS:
        assert (model(s) is None) == bool(NEEDS[model] & absent)


@given(st.lists(st.integers(0, 254), min_size=records.N_FIELDS, max_size=records.N_FIELDS))
def test_any_record_gives_nothing_or_something_plausible(numbers):
    fields = list(numbers)
    fields[records.CADENCE] *= 16
    s = records.restore(fields, 0, Step())
    for model, low, high in zip(ANSWERS, (1.0, 0.05, 5.0), (9.0, 0.6, 60.0), strict=True):
        value = model(s)
        assert value is None or low <= value <= high


@given(st.floats(1.1, 8.0))
def test_the_feature_byte_holds_the_speed(speed_mps):
    s = step(feature=100 * math.log(speed_mps) + 20)
    fields = records.quantise(s, 0, [0] * records.N_FIELDS)
    assert models.speed_mps(records.restore(fields, 0, Step())) == pytest.approx(speed_mps, rel=0.006)


@given(st.floats(2.0, 5.0), st.floats(140, 200), st.floats(1.01, 1.1))
def test_directions(speed_mps, cadence_spm, more):
    """As on the force plate: faster brakes more, quicker feet brake less, longer on the ground lands further ahead."""
    here = step(feature=100 * math.log(speed_mps) + 20, cadence_spm=cadence_spm)
    faster = step(feature=100 * math.log(speed_mps * more) + 20, cadence_spm=cadence_spm)
    quicker = step(feature=here.feature, cadence_spm=cadence_spm * more)
    longer = step(feature=here.feature, cadence_spm=cadence_spm, contact_ms=240 * more)
    assert models.braking_mps(faster) > models.braking_mps(here) > models.braking_mps(quicker)
    assert models.heel_ahead_cm(faster) > models.heel_ahead_cm(here)
    assert models.heel_ahead_cm(longer) > models.heel_ahead_cm(here)


@given(st.floats(250, 480), st.floats(0.2, 1.5), st.floats(-2, 2), st.floats(-2, 2))
def test_the_shape_moves_the_speed_only_so_far(period_ms, fwd_g, even, odd):
    score = models.speed_score(period_ms, fwd_g, even, odd)
    plain = models.speed_score(period_ms, fwd_g, 0.0, 0.0)[0]
    for side in (1, -1):
        feature = models.speed_feature(score, side)
        assert 0.0 <= feature <= 254.0
        assert abs((feature - 20) / 100 - plain) <= 0.351 or feature in (0.0, 254.0)
    assert models.speed_score(period_ms, None, even, odd) is None


@given(st.floats(220, 500), st.floats(60, 320), st.floats(0.05, 2.0), st.floats(1.2, 6.0), st.floats(0.6, 25))
def test_contact_is_a_contact(period_ms, width_ms, fwd_g, peak_g, drop_deg):
    for args in ((fwd_g, peak_g, drop_deg), (fwd_g, peak_g, None), (None, peak_g, None)):
        assert 80.0 <= models.contact_ms(period_ms, width_ms, *args) <= 500.0
    for has_gyro in (True, False):
        assert -10.0 <= models.rise_ms(fwd_g, peak_g, has_gyro) <= 80.0


def test_table_docs_and_predictions_are_of_one_fit(repo):
    """`make fit` writes all three; editing one by hand shows here."""
    table = MODELS.read_text().split("# -- fitted")[1].split("\n", 1)[1].split("# -- end of fitted")[0]
    assert table in (repo / "docs" / "lab" / "models.md").read_text()
    found = held_out_predictions()
    assert set(found) == {"how", "contact_ms", "speed_mps", "braking_mps", "heel_ahead_cm"}
    assert len(found["speed_mps"]) == 48 and len(found["contact_ms"]) == 67


def test_errors_on_runners_left_out(traces):
    """The figures that are published, from the predictions that are kept: nothing here was fitted on its own runner."""
    found = json.loads(HELD_OUT.read_text())
    truth = {}
    for path in sorted(traces.glob("*/*.truth.json")):
        name = path.name.split(".")[0]
        if name in found["contact_ms"]:
            truth[name] = json.loads(path.read_text())

    def rmse(field, key, scale=None):
        errors = [found[field][n] - truth[n][key] for n in found[field]]
        return float(
            np.sqrt(np.mean([(e / (truth[n][scale] if scale else 1)) ** 2 for e, n in zip(errors, found[field])]))
        )

    assert rmse("contact_ms", "contact_ms") <= 12.0
    assert rmse("speed_mps", "speed_mps", "speed_mps") <= 0.065
    assert rmse("braking_mps", "brake_dv_mps") <= 0.022


def noisy(n_runners=8, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3 * n_runners, 5))
    return x, x @ np.array([1.0, -2.0, 0.5, 0.0, 0.3]) + 4.0, [f"r{i // 3}" for i in range(3 * n_runners)]


def test_partial_least_squares_with_all_components_is_least_squares():
    x, y, _ = noisy()
    y = y + np.sin(np.arange(len(y)))
    full, plain = partial_least_squares(5)(x, y), least_squares(x, y)
    assert full[0] == pytest.approx(plain[0], abs=1e-9) and np.allclose(full[1], plain[1], atol=1e-9)
    few = partial_least_squares(2)(x, y)
    assert np.sum((predict(few, x) - y) ** 2) > np.sum((predict(plain, x) - y) ** 2)


def test_weights_count_points():
    x, y, _ = noisy()
    y = y + np.cos(np.arange(len(y)))
    weights = np.ones(len(y))
    weights[3] = 2.0
    twice = least_squares(np.vstack([x, x[3]]), np.append(y, y[3]))
    weighted = weighted_least_squares(x, y, weights)
    assert weighted[0] == pytest.approx(twice[0], abs=1e-9) and np.allclose(weighted[1], twice[1], atol=1e-9)


def test_a_runner_left_out_is_not_seen():
    x, y, runners = noisy()
    before = left_out(least_squares, x, y, runners)
    assert np.allclose(before, y, atol=1e-9)
    mine = np.array(runners) == "r2"
    y = y + 100.0 * mine
    after = left_out(least_squares, x, y, runners)
    assert np.allclose(after[mine], before[mine], atol=1e-9), "its own truth changed, its prediction must not"
    assert not np.allclose(after[~mine], before[~mine], atol=1.0)


def test_only_named_tables_are_replaced():
    text = "a\n<!-- table one -->\nold\n<!-- end -->\nb\n<!-- table two -->\nkept\n<!-- end -->\n"
    assert fill(text, {"one": "new\n"}) == text.replace("old", "new")


def test_a_wrong_folder_is_one_line(repo, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "formclip.lab.fitting", str(tmp_path)],
        capture_output=True, text=True, cwd=repo, env={"PYTHONPATH": f"{repo}/host:{repo}/shared", "PATH": ""},
    )  # fmt: skip
    assert done.returncode != 0
    assert "rbds" in done.stderr and len(done.stderr.strip().splitlines()) == 1
