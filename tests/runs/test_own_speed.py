"""One known distance makes the speed a runner's own."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from formclip.ground.errors import SettingsError, TraceError
from formclip.lab.replay import replay_to_folder
from formclip.lab.simulate import Scenario, write
from formclip.runs.insight.own_speed import SCALE, SLOPE, KnownRun, calibrate, known_run, metres
from formclip.runs.store.store import Store
from formclip.show.commands.calibrate_speed import calibrate_speed_command
from gaitcore import models
from gaitcore.meter import Step
from hypothesis import given
from hypothesis import strategies as st


def told(push, cadence_spm, settings):
    s = Step()
    s.feature, s.cadence_spm = 100 * push + models.AT_1_MPS, cadence_spm
    return models.speed_mps(s, models.own(0, settings[SCALE], settings[SLOPE]))


@given(st.floats(0.75, 1.3), st.floats(0.8, 1.25), st.lists(st.floats(2.2, 4.8), min_size=1, max_size=5))
def test_the_settings_give_back_what_was_known(scale, slope, paces):
    """Whatever scale a runner has, and the slope as far as the paces lie apart: the models of the clip then say it."""
    runs = [KnownRun("r", v, scale * 3.0 * (v / 3.0) ** slope, 600.0) for v in paces]
    own = calibrate(runs)
    for run, left in zip(runs, own.left_pct, strict=True):
        ours = own.scale_permille / 1000 * 3.0 * (run.estimate_mps / 3.0) ** (own.slope_permille / 1000)
        assert 100 * (ours / run.true_mps - 1) == pytest.approx(left, abs=0.2)
        assert abs(left) < 3.0
    assert min(1000, 1000 * slope) - 1 <= own.slope_permille <= max(1000, 1000 * slope) + 1
    if len(paces) == 1:
        assert own.slope_permille == 1000 and abs(own.left_pct[0]) < 1e-9
    # gaitcore makes the same of them, whatever gives the plain speed
    plain = told(1.1, 165.0, {SCALE: 1000, SLOPE: 1000})
    mine = told(1.1, 165.0, own.settings())
    wanted = own.scale_permille / 1000 * 3.0 * (plain / 3.0) ** (own.slope_permille / 1000)
    assert mine == pytest.approx(wanted, rel=1e-9)


def test_what_does_not_fit_is_refused():
    with pytest.raises(SettingsError, match=r"don't fit the runs \(lap: 9.00 m/s, by the clip 3.00\)"):
        calibrate([KnownRun("lap", 3.0, 9.0, 300.0)])


@pytest.mark.parametrize(
    ("text", "value"), [("1000m", 1000), ("5 km", 5000), ("3,1mi", 4988.97), ("400", 400), ("10KM", 10_000)]
)
def test_distances(text, value):
    assert metres(text) == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize("text", ["", "far", "5 furlongs", "-3km", "1000 km", "20m", "1e3m"])
def test_what_is_no_distance_is_refused(text):
    with pytest.raises(SettingsError):
        metres(text)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two replayed runs of one made-up person, at two paces: {name: (folder, metres run)}."""
    folder = tmp_path_factory.mktemp("paces")
    out = {}
    for name, speed in (("slow", 2.8), ("fast", 3.8)):
        path, _, truth = write(folder / name, Scenario(minutes=3.0, speed_mps=speed, person=4), 3)
        replay_to_folder(path, folder / f"{name}.run", bar=False)
        first, last = truth["run_s"]
        out[name] = (folder / f"{name}.run", truth["speed_mps"] * (last - first))
    return out


def test_a_run_of_known_distance_is_replayed_at_it(runs, tmp_path):
    """The whole way: two runs, their distances, the settings file, replay with it."""
    names = [str(runs[name][0]) for name in ("slow", "fast")]
    distances = [f"{runs[name][1]:.0f}m" for name in ("slow", "fast")]
    file = tmp_path / "own.toml"
    done = CliRunner().invoke(
        calibrate_speed_command,
        [*names, "-d", distances[0], "-d", distances[1], "--write", str(file), "--json"],
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert all(abs(left) < 4 for left in told["left_pct"])
    trace = runs["slow"][0].with_name("slow.imu.csv.xz")
    summary = replay_to_folder(trace, tmp_path / "again", told["settings"], bar=False).summary()
    assert summary["distance_m"] == pytest.approx(runs["slow"][1], rel=0.05)
    assert f"{SCALE} = {told['settings'][SCALE]}" in file.read_text()
    before = json.loads((runs["slow"][0] / "summary.json").read_text())
    low, high = before["interval_90"]["speed_mps"]
    assert summary["interval_90"]["speed_mps"][1] - summary["interval_90"]["speed_mps"][0] < 0.7 * (high - low)


def test_settings_wait_for_the_clip(runs, tmp_path):
    done = CliRunner().invoke(
        calibrate_speed_command,
        [str(runs["slow"][0]), "-d", "500m", "--clip", "mine", "--store", str(tmp_path / "store")],
    )
    assert done.exit_code == 0, done.output
    assert "next sync" in done.output and "a run at another" in done.output
    assert Store(tmp_path / "store").wanted("mine")[SLOPE] == 1000


def test_a_short_run_is_refused(tmp_path):
    path, _, _ = write(tmp_path / "short", Scenario(minutes=1.0), 1)
    replay_to_folder(path, tmp_path / "short.run", bar=False)
    with pytest.raises(TraceError, match="name a run of 2 minutes"):
        known_run(tmp_path / "short.run", 1000.0)


def test_the_estimate_of_a_run_is_its_distance_over_its_time(runs):
    run = known_run(runs["slow"][0], 700.0)
    summary = json.loads((runs["slow"][0] / "summary.json").read_text())
    assert run.estimate_mps == pytest.approx(summary["distance_m"] / summary["running_s"], rel=0.02)
    assert run.true_mps == pytest.approx(700.0 / summary["running_s"], rel=0.001)
    assert math.isfinite(np.log(run.estimate_mps))
