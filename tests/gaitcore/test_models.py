"""The fitted models: what they answer, and that the table, its documentation and its error belong together."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from formclip.lab.fitting import HELD_OUT, held_out_predictions
from formclip.lab.fitting.__main__ import ESTIMATES, MODELS, against_shipped, fill, main, put
from formclip.lab.fitting.fit import UNFITTED
from formclip.lab.fitting.gather import chain_with
from formclip.lab.fitting.nested import Kind, Recipe, choose, evaluate, left_out
from formclip.lab.fitting.personal import personal
from formclip.lab.fitting.points import Points
from formclip.lab.fitting.regress import Known, conformal, fit_line
from gaitcore import models, records
from gaitcore.meter import Step
from hypothesis import given
from hypothesis import strategies as st

ANSWERS = (models.speed_mps, models.braking_mps, models.heel_ahead_cm)
NEEDS = {"feature", "cadence_spm"}
PUSH = st.floats(0.7, 1.7)
SPM = st.floats(140, 210)


def step(push=1.1, cadence_spm=165.0, **values):
    """A step at some 3 m/s, changed as named."""
    s = Step()
    s.cadence_spm, s.contact_ms, s.drop_range_deg = cadence_spm, 240.0, 8.0
    s.feature = None if push is None else 100 * push + models.AT_1_MPS
    for name, value in values.items():
        setattr(s, name, value)
    return s


@given(st.sets(st.sampled_from(["feature", "cadence_spm", "impact_g", "contact_ms", "vo_cm", "drop_range_deg"])))
def test_none_where_an_input_was_not_measured(absent):
    s = step(**dict.fromkeys(absent))
    for model in ANSWERS:
        assert (model(s) is None) == bool(NEEDS & absent)


@given(st.lists(st.integers(0, 254), min_size=records.N_FIELDS, max_size=records.N_FIELDS))
def test_any_record_gives_nothing_or_something_plausible(numbers):
    fields = list(numbers)
    fields[records.CADENCE] *= 16
    s = records.restore(fields, 0, Step())
    for model, low, high in zip(ANSWERS, (0.5, 0.03, 4.0), (12.0, 0.8, 80.0), strict=True):
        value = model(s)
        assert value is None or low <= value <= high


@given(PUSH, SPM)
def test_the_feature_byte_holds_the_push(push, cadence_spm):
    s = step(push, cadence_spm)
    kept = records.restore(records.quantise(s, 0, [0] * records.N_FIELDS), 0, Step())
    for model in ANSWERS:
        assert model(kept) == pytest.approx(model(s), rel=0.012)


@given(PUSH, SPM, st.floats(0.02, 0.2), st.floats(1.01, 1.1))
def test_directions(push, cadence_spm, more, quicker):
    """As on the force plate: who pushes more is faster, brakes more and lands further ahead.

    Who takes longer steps at the same push, as in an overstride, brakes more and lands further ahead.
    """
    here, pushed = step(push, cadence_spm), step(push + more, cadence_spm)
    for model in ANSWERS:
        assert model(pushed) > model(here)
    shorter = step(push, cadence_spm * quicker)
    assert models.braking_mps(shorter) < models.braking_mps(here)
    assert models.heel_ahead_cm(shorter) < models.heel_ahead_cm(here)
    without = [step(push, c, drop_range_deg=None) for c in (cadence_spm, cadence_spm * quicker)]
    assert models.heel_ahead_cm(without[1]) < models.heel_ahead_cm(without[0])


@given(st.floats(2.0, 5.0), st.floats(0.02, 0.3))
def test_in_a_slow_down_nothing_rises(speed_mps, slower):
    """As recorded runners slow down: 1 m/s slower, 21 counts less push and 6.1 % less cadence."""
    here = step(1.2, 170.0)
    less = slower * speed_mps
    there = step(1.2 - 0.21 * less, 170.0 * (1 - 0.061 * less))
    for model in ANSWERS:
        assert model(there) < model(here)


@given(PUSH, SPM, st.integers(500, 2000), st.integers(500, 2000), st.integers(120, 220))
def test_a_known_distance_scales_the_speed_and_a_height_gives_way_to_it(push, cadence_spm, scale, slope, height_cm):
    s = step(push, cadence_spm)
    plain = models.speed_mps(s)
    assert models.own() == models.NOBODY == models.own(0, 1000, 1000)
    scaled = models.own(height_cm, scale, slope)
    if scale != 1000 or slope != 1000:
        assert scaled == models.own(0, scale, slope)
        wanted = scale / 1000 * 3.0 * (plain / 3.0) ** (slope / 1000)
        assert models.speed_mps(s, scaled) == pytest.approx(min(12.0, max(0.5, wanted)), rel=1e-9)
    else:
        assert (models.speed_mps(s, scaled) > plain) == (height_cm > 176) or height_cm == 176
    if scale > 1000:
        assert models.heel_ahead_cm(s, models.own(0, scale, 1000)) > models.heel_ahead_cm(s)


@given(st.floats(250, 480), st.floats(60, 320), st.floats(0, 200), st.floats(0.05, 2.0), st.floats(2.0, 18.0))
def test_contact_is_a_contact(period_ms, width_ms, peak_ms, fwd_g, vo_cm):
    for forward in (fwd_g, None, 0.0):
        assert 80.0 <= models.contact_ms(period_ms, width_ms, peak_ms, forward, vo_cm) <= 500.0
        assert models.contact_ms(period_ms, width_ms, peak_ms, forward, None) is None
    for peak_g in (1.2, 6.0):
        assert -10.0 <= models.rise_ms(period_ms, fwd_g, peak_g) <= 80.0
    wider = models.contact_ms(period_ms, 1.1 * width_ms, peak_ms, fwd_g, vo_cm)
    bouncing = models.contact_ms(period_ms, width_ms, peak_ms, fwd_g, 1.1 * vo_cm)
    here = models.contact_ms(period_ms, width_ms, peak_ms, fwd_g, vo_cm)
    assert bouncing <= here <= wider, "what swings more about body weight is on the ground for less of the step"


@given(st.floats(0.05, 2.0), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_left_and_right_are_mirrored(fwd_g, even, odd):
    right = models.feature(models.push(fwd_g, even, odd), 1)
    assert right == pytest.approx(models.feature(models.push(fwd_g, even, -odd), -1), abs=1e-9)
    assert 0.0 <= right <= 254.0
    assert models.push(None, even, odd) is None and models.push(0.0, even, odd) is None
    assert models.push(fwd_g, None, None)[1] == 0.0


def test_table_docs_and_predictions_are_of_one_fit(repo):
    """`make fit` writes all of them; editing one by hand shows here."""
    page = (repo / "docs" / "lab" / "models.md").read_text()
    for path in (MODELS, ESTIMATES):
        table = path.read_text().split("# -- fitted")[1].split("\n", 1)[1].split("# -- end of fitted")[0]
        assert table in page
    found = held_out_predictions()
    fields = {"contact_ms", "speed_mps", "braking_mps", "heel_ahead_cm"}
    assert set(found) == {"how", "runners", "across"} | fields | {f + "_90" for f in fields}
    assert len(found["speed_mps"]) == len(found["across"]["speed_mps"]) == 87
    assert len(found["contact_ms"]) == 106 and len(found["runners"]["contact_ms"]) == 28
    assert {len(found["runners"][f]) for f in fields - {"contact_ms"}} == {27}


def errors(found, truth, field, key):
    """ln of estimate over truth, by trace, and whether the interval held it."""
    out = {}
    for name, value in found[field].items():
        if name in truth and truth[name].get(key):
            ours, true, half = abs(value), abs(truth[name][key]), found[field + "_90"][name]
            out[name] = (math.log(ours / true), abs(ours - true) <= half)
    return out


def test_errors_on_runners_left_out(traces):
    """The figures that are published, from the predictions that are kept: nobody here had a part in fit or choice."""
    found = json.loads(HELD_OUT.read_text())
    truth = {}
    for path in sorted(traces.glob("*/*.truth.json")):
        name = path.name.split(".")[0]
        if name in found["contact_ms"]:
            truth[name] = json.loads(path.read_text())

    def rms(of, key, field, group):
        e = [v for n, (v, _) in errors(of, truth, field, key).items() if n.startswith(group)]
        return float(np.sqrt(np.mean(np.square(e))))

    for group in ("RBDS", "HAM"):
        assert rms(found, "contact_ms", "contact_ms", group) <= 0.047, "some 11 ms of 240"
        assert rms(found, "speed_mps", "speed_mps", group) <= 0.125
        assert rms(found, "brake_dv_mps", "braking_mps", group) <= 0.14
    held = [ok for v, ok in errors(found, truth, "contact_ms", "contact_ms").values()]
    assert 0.85 <= np.mean(held) <= 0.96
    held = [ok for v, ok in errors(found, truth, "speed_mps", "speed_mps").values()]
    assert 0.85 <= np.mean(held) <= 0.96


def people(n_runners=9, seed=1, spread=0.0, own=0.0):
    """Runners at three speeds each: the first input tells the truth, the second is the runner's own and misleads."""
    rng = np.random.default_rng(seed)
    runners = [f"r{i // 3}" for i in range(3 * n_runners)]
    pace = np.tile([0.9, 1.2, 1.5], n_runners)
    habit = np.repeat(rng.normal(size=n_runners), 3)
    truth = np.exp(pace)
    table = {
        "pace": pace + spread * rng.normal(size=len(pace)) + own * habit,
        "habit": habit,
        "noise": rng.normal(size=len(pace)),
        "speed_mps": truth,
    }
    sets = ["a" if i < 3 * (n_runners // 2) else "b" for i in range(len(pace))]
    return Points([f"{r}-{i % 3}" for i, r in enumerate(runners)], runners, sets, table)


def plain(recipe, p):
    line = fit_line(p.matrix(recipe.inputs), np.log(p["speed_mps"]), p.runners)
    return lambda q: line(q.matrix(recipe.inputs))


RECIPES = (Recipe("pace", ("pace",)), Recipe("pace, noise", ("pace", "noise")), Recipe("noise", ("noise",)))
KIND = Kind("speed", "speed_mps", RECIPES, plain, ("a", "b"), relative=True)


def test_a_line_is_found_whatever_the_runners_own():
    p = people()
    x = np.column_stack([p["pace"], p["noise"]])
    y = 2.0 + 3.0 * p["pace"] - 0.5 * p["noise"]
    for own in (0.0, 1.0, 50.0):
        line = fit_line(x, y, p.runners, own=own)
        assert line.constant == pytest.approx(2.0, abs=1e-6) and np.allclose(line.slopes, [3.0, -0.5], atol=1e-6)
    shifted = y + 0.7 * p["habit"]
    inside = fit_line(x, shifted, p.runners, own=1e6)
    assert np.allclose(inside.slopes, [3.0, -0.5], atol=1e-4), "a runner's own constant says nothing of the slope"


def test_shrinking_and_weights():
    p = people(spread=0.3)
    x, y = p["pace"][:, None], np.log(p["speed_mps"])
    slopes = [fit_line(x, y, p.runners, shrink=s).slopes[0] for s in (0.0, 10.0, 1000.0)]
    assert slopes[0] > slopes[1] > slopes[2] > 0
    weights = np.ones(len(p))
    weights[3] = 2.0
    twice = fit_line(np.vstack([x, x[3:4]]), np.append(y, y[3]), [*p.runners, p.runners[3]])
    weighted = fit_line(x, y, p.runners, weights=weights)
    # standardised by other means and spreads, but without shrinking the line is the same
    assert weighted.slopes[0] == pytest.approx(twice.slopes[0], rel=1e-6)


def test_what_is_known_beside_the_data_moves_the_slope():
    p = people(spread=0.3)
    x, y = np.column_stack([p["pace"], p["noise"]]), np.log(p["speed_mps"])
    free = fit_line(x, y, p.runners).slopes
    for weight in (0.1, 1.0, 1e4):
        told = fit_line(x, y, p.runners, known=Known(np.array([0.0, 1.0]), 2.0, weight)).slopes
        assert told[1] > free[1]
    assert told[1] == pytest.approx(2.0, abs=0.05)


def test_a_runner_left_out_is_not_seen():
    p = people(spread=0.1)
    before = left_out(KIND, RECIPES[0], p)
    mine = np.array(p.runners) == "r2"
    p.table["speed_mps"] = p["speed_mps"] * np.where(mine, 5.0, 1.0)
    after = left_out(KIND, RECIPES[0], p)
    assert np.allclose(after[mine], before[mine], atol=1e-9), "its own truth changed, its prediction must not"
    assert not np.allclose(after[~mine], before[~mine], atol=1e-3)


def test_neither_fit_nor_choice_nor_width_sees_who_is_predicted():
    before = evaluate(KIND, people(spread=0.1))
    p = people(spread=0.1)
    mine = np.array(p.runners) == "r2"
    group = np.array(p.sets) == "a"
    p.table["speed_mps"] = p["speed_mps"] * np.where(mine, 5.0, 1.0)
    after = evaluate(KIND, p)
    for part in ("outer", "outer_width"):
        assert np.allclose(getattr(after, part)[mine], getattr(before, part)[mine], atol=1e-9)
        assert not np.allclose(getattr(after, part)[~mine], getattr(before, part)[~mine], atol=1e-3)
    for part in ("across", "across_width"):
        assert np.allclose(getattr(after, part)[group], getattr(before, part)[group], atol=1e-9)


def test_the_simplest_of_equals_is_chosen():
    assert choose(KIND, people(spread=0.1)).recipe == RECIPES[0]


@given(st.lists(st.floats(0.001, 10), min_size=30, max_size=60, unique=True))
def test_a_conformal_width_holds_its_share(values):
    """Of one error a runner, more than nine in ten, counting one more for the new one."""
    errors = np.array(values)
    width = conformal(errors, [str(i) for i in range(len(errors))])
    n = len(errors)
    assert np.sum(errors <= width) >= min(n, math.ceil(0.9 * (n + 1) - 1e-9))
    assert np.sum(errors < width) < 0.9 * (n + 1)


def test_a_scale_of_ones_own_takes_a_constant_error_out_and_a_slope_a_stretched_one():
    p = people()
    truth = np.log(p["speed_mps"])
    constant = personal(truth + 0.3 * p["habit"], p)
    assert constant.one_run < 1e-9 and constant.over < 1e-9 and constant.between < 1e-9
    stretched = personal(1.2 * truth + 0.1 * p["habit"], p)
    assert stretched.one_run > 3.0 and stretched.over < 0.6 and stretched.between < 0.6, "drawn to one a little"


def test_only_named_tables_are_replaced():
    text = "a\n<!-- table one -->\nold\n<!-- end -->\nb\n<!-- table two -->\nkept\n<!-- end -->\n"
    assert fill(text, {"one": "new\n"}) == text.replace("old", "new")


def test_what_a_fit_would_change_is_said_by_name(tmp_path):
    shipped = MODELS.read_text(encoding="utf-8")
    fitted = "".join(line + "\n" for line in shipped.split("not by hand\n")[1].split("# -- end")[0].splitlines())
    assert put(MODELS, fitted) == shipped
    assert against_shipped({MODELS: put(MODELS, fitted)}) == ["models.py: the same as shipped"]
    other = put(MODELS, fitted.replace(f"PACE = {models.PACE}", "PACE = 9.9"))
    said = against_shipped({MODELS: other, ESTIMATES: ESTIMATES.read_text(encoding="utf-8")})
    assert said[0] == "models.py differs:" and said[-1] == "estimates.py: the same as shipped"
    assert [line for line in said[3:] if line[0] in "-+"] == [f"-PACE = {models.PACE}", "+PACE = 9.9"]


def test_the_fit_of_the_contact_does_not_see_the_one_that_is_shipped():
    """And what was shipped is back afterwards, whatever happens."""
    held = models.RISE, models.RISE_VERT
    with pytest.raises(ZeroDivisionError), chain_with(UNFITTED):
        told = {models.rise_ms(period, fwd, peak) for period in (300, 400) for fwd in (None, 0.2) for peak in (2, 3)}
        assert len(told) == 1
        1 / 0  # noqa: B018
    assert (models.RISE, models.RISE_VERT) == held


@pytest.mark.long
def test_a_fit_gives_what_is_shipped(traces, capsys):
    main([str(traces)])
    said = capsys.readouterr().out
    for name in ("models.py", "estimates.py", "models.md", "held_out.json"):
        assert f"{name}: the same as shipped" in said


def test_a_wrong_folder_is_one_line(repo, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "formclip.lab.fitting", str(tmp_path)],
        capture_output=True, text=True, cwd=repo, env={"PYTHONPATH": f"{repo}/host:{repo}/shared", "PATH": ""},
    )  # fmt: skip
    assert done.returncode != 0
    assert "rbds" in done.stderr and len(done.stderr.strip().splitlines()) == 1
