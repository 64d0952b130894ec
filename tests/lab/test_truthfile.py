"""The truth file: what is there must have its type, the page says what is read, and a broken one is named first."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from formclip.ground.errors import TraceError
from formclip.lab.simulate import Scenario, write
from formclip.lab.validate.score import Ours, score_trace
from formclip.lab.validate.truthfile import FIELDS, faults, known, load_truth
from formclip.show import cli
from hypothesis import given
from hypothesis import strategies as st

REPO = Path(__file__).resolve().parents[2]
PAGE = (REPO / "docs" / "lab" / "trace-format.md").read_text(encoding="utf-8")
EXAMPLE = json.loads(re.search(r"```json\n(.+?)```", PAGE, re.S)[1])

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
NAMES = [(field.within, field.name.replace("*", "watch")) for field in FIELDS]


def whole():
    """A truth with every part of it."""
    on_s = [10.0 + 0.36 * k for k in range(90)]
    step = {"side": "L", "vo_cm": 9.0, "tilt_deg": 15.0, "brake_dv_mps": -0.2, "heel_ahead_cm": 20.0}
    wave = np.sin(np.arange(1200) / 3).tolist()
    return {
        "set": "x", "subject": "anna", "speed_mps": 3.0, "slope_deg": 0, "rate_hz": 104, "standing_tilt_deg": 11.0,
        "steps": [{"on_s": t, "off_s": t + 0.24, **step} for t in on_s],
        "pose": {"rate_hz": 26, "t0_s": 0.0, "tilt_deg": wave, "drop_deg": wave, "rotation_deg": [*wave[:-1], None]},
        "cadence_windows": [{"from_s": 12.0, "to_s": 22.0, "watch_spm": 166.0}],
        "episodes": [{"kind": "arch", "start_s": 20.0, "gone_s": 30.0}],
        "up_in_sensor": {"every_samples": 10, "vectors": [[0.0, 0.0, 1.0], [None, 0, 1]] * 60},
        "moving": [1] * 120,
    }  # fmt: skip


def ours():
    on_s = np.array([10.0 + 0.36 * k for k in range(90)])
    names = ("contact_ms", "side", "tilt_deg", "vo_cm", "braking_mps", "speed_mps", "heel_ahead_cm")
    ranges = ("tilt_range_deg", "drop_range_deg", "rotation_range_deg", "cadence_spm")
    columns = {"on_s": on_s, **{name: np.ones(90) for name in (*names, *ranges)}}
    up_t_s = np.arange(0, 42, 0.01)
    return Ours(columns, np.arange(43.0), np.full(43, 166.0), up_t_s, np.tile([0.0, 0.0, 1.0], (len(up_t_s), 1)), 43.0)


def test_the_whole_and_the_example_of_the_page_are_right():
    assert not faults(whole()) and not faults(EXAMPLE) and not faults({})
    score = score_trace(EXAMPLE, ours())
    assert score["set"] == "mine" and score["true_steps"] == 3
    assert {"tilt_range_deg", "cadence_10s", "up", "speed_mps"} <= set(score_trace(whole(), ours()))


@given(place=st.sampled_from(NAMES), value=ANYTHING)
def test_any_value_anywhere_is_scored_or_named(place, value):
    """Whatever stands in a field, the check finds it wrong and says where, or scoring takes it."""
    truth = whole()
    within, name = place
    target = truth if not within else truth[within][0] if isinstance(truth[within], list) else truth[within]
    target[name] = value
    found = faults(truth)
    if found:
        assert all(name in where or where.startswith(within or name) for where, _ in found)
    else:
        score_trace(known(truth), ours())


@given(truth=st.dictionaries(st.sampled_from([f.name for f in FIELDS]), ANYTHING, max_size=4) | ANYTHING)
def test_any_json_is_a_truth_or_one_line(tmp_path_factory, truth):
    path = tmp_path_factory.getbasetemp() / "any.truth.json"
    path.write_text(json.dumps(truth))
    try:
        score_trace(load_truth(path), ours())
    except TraceError as error:
        assert "\n" not in str(error) and error.next_step


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t["steps"][3].update(on_s="12:04"), "steps[3].on_s is not a number"),
        (lambda t: t["steps"][3].pop("on_s"), "steps[3].on_s is missing"),
        (lambda t: t["steps"].reverse(), "steps[1].on_s is not later than the step before it"),
        (lambda t: t.update(steps={"on_s": []}), "steps is not a list"),
        (lambda t: t["pose"].update(rate_hz=None), "pose.rate_hz is missing"),
        (lambda t: t.update(running="no"), "running is not true or false"),
        (lambda t: t.pop("moving"), "moving is missing, and up_in_sensor needs it"),
        (lambda t: t["up_in_sensor"]["vectors"].append([1, 2]), "up_in_sensor.vectors is not vectors"),
    ],
)
def test_the_fault_is_named(tmp_path, change, words):
    truth = whole()
    change(truth)
    (tmp_path / "x.truth.json").write_text(json.dumps(truth))
    with pytest.raises(TraceError) as refused:
        load_truth(tmp_path / "x.truth.json")
    assert words in str(refused.value) and "docs/lab/trace-format.md" in str(refused.value)


def test_broken_truths_are_named_before_all_else(tmp_path, capfd):
    write(tmp_path / "run", Scenario(minutes=0.6, rate_hz=104), 1)
    for name, text in (("a", '{"steps": 5}'), ("z", "{")):
        (tmp_path / f"{name}.csv").write_text("nothing\n")
        (tmp_path / f"{name}.truth.json").write_text(text)
    code = cli.run(["validate", str(tmp_path), "--no-simulated", "-o", str(tmp_path / "out.md")])
    said = capfd.readouterr()
    lines = said.err.splitlines()
    assert code == 3 and len(lines) == 3
    assert "a.truth.json" in lines[0] and "steps is not a list" in lines[0] and "z.truth.json" in lines[1]
    assert "2 of 3 traces were not scored" in lines[2]
    assert "steps found" in said.out and "| run |" in (tmp_path / "out.md").read_text()


def test_recorded_truths_are_all_right(traces):
    found = sorted(traces.rglob("*.truth.json"))
    assert found and all(load_truth(path) for path in found)
