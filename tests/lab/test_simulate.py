"""The synthetic runner: its readings belong to its motion, its truth is true, and it resembles people."""

import dataclasses
import json
import lzma
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from formclip.lab.docs.scenario import with_fields
from formclip.lab.simulate import (
    PRESETS,
    Episode,
    Fatigue,
    Gap,
    Knock,
    Limp,
    Scenario,
    ScenarioError,
    Segment,
    Slip,
    Turn,
    from_mapping,
    make,
    preset,
    read_scenario,
    simulate,
    write,
)
from formclip.lab.simulate.bounce import G_MPS2, contact_push
from formclip.lab.simulate.likeness import SPEEDS_MPS, WAVES, likeness, recorded
from formclip.lab.simulate.motion import pose_at
from formclip.lab.simulate.plan import make_plan
from formclip.lab.simulate.scenario import ACTIVITIES, IDEAL, to_mapping
from formclip.lab.simulate.schedule import RUN
from formclip.show.commands.simulate import simulate_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.conftest import REPO
from tests.picks import first

DATA = Path(os.environ.get("FORMCLIP_DATA", REPO.parent / "shared" / "data"))
PERFECT = preset("perfect", 1)


def steps_between(truth, start_s, end_s):
    return [s for s in truth["steps"] if start_s <= s["on_s"] < end_s]


def mean(steps, name):
    return float(np.mean([s[name] for s in steps]))


def body_to_world(pose):
    angles = np.stack([pose["rotation_deg"] + pose["heading_deg"], -pose["tilt_deg"], -pose["drop_deg"]], axis=1)
    return Rotation.from_euler("YZX", angles, degrees=True)


# -- acceleration and rotation belong to one motion ------------------------------------------------------------------
WILD = PERFECT.with_(
    variability_pct=2.0, person=5, placement="left", mounting_deg=(50.0, -80.0, 20.0),
    turns=(Turn(30.0, 3.0, 120.0),), segments=(Segment(40.0, 46.0, "walking"),),
)  # fmt: skip


@pytest.mark.parametrize("scenario", [PERFECT, WILD], ids=["perfect", "wild"])
def test_gyroscope_integrates_back_to_the_pose(scenario):
    trace = simulate(scenario, seed=3, keep_pose=True)
    true = body_to_world(trace.pose) * Rotation.from_matrix(trace.truth["sensor_to_body"])
    rate, dt = np.radians(trace.gyr_dps), 1 / trace.rate_hz
    turns = Rotation.from_rotvec(((rate[1:] + rate[:-1]) / 2 + np.cross(rate[:-1], rate[1:]) * dt / 12) * dt)
    here, worst = true[0], 0.0
    for i, turn in enumerate(turns):
        here = here * turn
        if i % 50 == 0:
            worst = max(worst, float((here.inv() * true[i + 1]).magnitude()))
    assert np.degrees(worst) < 0.03


@pytest.mark.parametrize("scenario", [PERFECT, WILD], ids=["perfect", "wild"])
def test_specific_force_integrates_back_to_the_height(scenario):
    trace = simulate(scenario, seed=3, keep_pose=True)
    turn = body_to_world(trace.pose)
    world = (turn * Rotation.from_matrix(trace.truth["sensor_to_body"])).apply(trace.acc_g)
    up = (world[:, 1] - 1) * G_MPS2
    dt = 1 / trace.rate_hz
    speed = np.concatenate([[0], np.cumsum((up[1:] + up[:-1]) / 2 * dt)])
    height = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2 * dt)])
    error = height - trace.pose["height_m"] - turn.apply(trace.truth["lever_m"])[:, 1]
    error -= np.polyval(np.polyfit(trace.t_s, error, 3), trace.t_s)  # the constant and slow drift of integration
    local = error - np.convolve(error, np.ones(209) / 209, "same")
    assert np.std(local[300:-300]) < 0.0002
    assert np.std(error) < 0.005


def test_swinging_clip_turns_as_its_gyroscope_says():
    """On a loose belt the sensor's own up follows from its own rate."""
    trace = simulate(
        PERFECT.with_(wobble=0.7, impact_g=1.0, rate_hz=416.0, slips=(Slip(30.0),)), seed=1, keep_pose=True
    )
    up = np.stack([trace.pose[f"up_{a}"] for a in "xyz"], axis=1)
    assert np.allclose(np.linalg.norm(up, axis=1), 1.0)
    rate, dt = np.radians(trace.gyr_dps), 1 / trace.rate_hz
    # up is fixed in the world: in the sensor it changes by -rate x up
    middle = (rate[1:] + rate[:-1]) / 2
    predicted = Rotation.from_rotvec(-middle * dt).apply(up[:-1])
    assert np.degrees(np.abs(predicted - up[1:]).max()) < 0.02
    pelvis = body_to_world(trace.pose).inv().apply([0, 1, 0]) @ np.array(trace.truth["sensor_to_body"])
    apart = np.degrees(np.arccos(np.clip((pelvis * up).sum(axis=1), -1, 1)))
    running = (trace.t_s > 15) & (trace.t_s < 30)
    assert 0.2 < apart[running].std() < 4
    assert abs(np.median(apart[trace.t_s > 32]) - 12) < 3


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_are_those_of_the_value(seed):
    scenario = Scenario(
        minutes=0.7, variability_pct=3, asymmetry_pct=6, turns=(Turn(20.0, 3.0, 90.0),), person=seed + 1
    )
    plan = make_plan(scenario, np.random.default_rng(seed))
    h = 1e-4
    t = np.sort(np.random.default_rng(seed).uniform(1, 38, 400))
    before, here, after = (pose_at(plan, t + d) for d in (-h, 0.0, h))
    steady = (before.knot == after.knot) & (  # force has corners where a foot lands or leaves
        np.abs(t - plan.on_s[here.knot] - plan.contact_s[here.knot]) > 2 * h
    )
    for name in ("tilt", "drop", "rotation", "heading", "up", "ahead", "right"):
        low, mid, high = getattr(before, name), getattr(here, name), getattr(after, name)
        for order in (0, 1):
            slope = (high[order] - low[order]) / (2 * h)
            scale = max(np.abs(mid[order + 1]).max(), 1e-3)
            assert np.abs(slope - mid[order + 1])[steady].max() < 2e-3 * scale, (name, order)


def test_flight_is_a_free_fall_and_contact_only_pushes():
    scenario = Scenario(minutes=1, variability_pct=2.5, person=4)
    plan = make_plan(scenario, np.random.default_rng(0))
    plan.params[:, 4:] = 0  # the centre of mass alone
    pose = pose_at(plan, np.arange(12 * 208, 55 * 208) / 208)
    flight = pose.t_s - plan.on_s[pose.knot] > plan.contact_s[pose.knot]
    assert 0.2 < flight.mean() < 0.45
    assert np.allclose(pose.up[2][flight], -G_MPS2)
    assert pose.up[2][~flight].min() > -G_MPS2 * 1.05  # the ground pushes, it does not pull
    assert np.ptp(pose.up[0]) < 0.15  # and height goes nowhere
    runs = np.flatnonzero(plan.activity == RUN)[3:-3]
    x = np.linspace(0, 1, 201)[None]
    push = contact_push(x, plan.hold_from[runs, None], plan.hold_to[runs, None], plan.force[runs, None]) + G_MPS2
    impulse = np.trapezoid(push, x[0], axis=1) * plan.contact_s[runs]
    weight = G_MPS2 * np.diff(plan.on_s)[runs]
    assert abs(impulse.sum() / weight.sum() - 1) < 0.002


def test_runner_brakes_first_then_drives_on():
    trace = simulate(PERFECT.with_(speed_mps=3.5, braking_mps=0.3), keep_pose=True)
    steps = steps_between(trace.truth, 20, 50)
    for s in steps[:20]:
        inside = (trace.t_s >= s["on_s"]) & (trace.t_s < s["off_s"])
        speed = trace.pose["speed_mps"][inside]
        assert 0.25 < np.argmin(speed) / len(speed) < 0.75
        assert abs((speed.min() - speed[0]) - s["brake_dv_mps"]) < 0.02
    assert abs(mean(steps, "brake_dv_mps") + 0.3) < 0.01


# -- truth -----------------------------------------------------------------------------------------------------------
def test_truth_of_each_step_is_what_the_pose_did():
    trace = simulate(Scenario(minutes=1), seed=5, keep_pose=True)
    for s, after in list(zip(trace.truth["steps"], trace.truth["steps"][1:]))[5:40]:
        inside = (trace.t_s >= s["on_s"]) & (trace.t_s < after["on_s"])
        assert abs(np.ptp(trace.pose["height_m"][inside]) * 100 - s["vo_cm"]) < 0.05
        assert abs(trace.pose["tilt_deg"][inside].mean() - s["tilt_deg"]) < 0.05
        assert abs(60 / (after["on_s"] - s["on_s"]) - s["cadence_spm"]) < 0.1
        assert s["on_s"] < s["off_s"] < after["on_s"]
        assert {s["side"], after["side"]} == {"L", "R"}
    track = trace.truth["pose"]
    at = np.arange(len(track["tilt_deg"])) / track["rate_hz"]
    assert np.abs(np.interp(at, trace.t_s, trace.pose["tilt_deg"]) - track["tilt_deg"]).max() < 0.02
    assert np.abs(np.interp(at, trace.t_s, trace.pose["height_m"]) - track["height_m"]).max() < 0.0005


@pytest.mark.parametrize(
    "field, value, name, tolerance",
    [
        ("cadence_spm", 190.0, "cadence_spm", 1.0),
        ("cadence_spm", 145.0, "cadence_spm", 1.0),
        ("contact_ms", 280.0, None, 3.0),
        ("oscillation_cm", 7.0, "vo_cm", 0.25),
        ("oscillation_cm", 13.0, "vo_cm", 0.35),
        ("braking_mps", 0.35, None, 0.01),
        ("tilt_range_deg", 10.0, "tilt_range_deg", 0.6),
        ("drop_range_deg", 12.0, "drop_range_deg", 0.8),
        ("rotation_range_deg", 20.0, "rotation_range_deg", 1.2),
    ],
)
def test_a_figure_asked_for_is_had(field, value, name, tolerance):
    steps = steps_between(simulate(Scenario(minutes=1.5, **{field: value}), seed=2).truth, 25, 85)
    had = {
        None: lambda: 1000 * (mean(steps, "off_s") - mean(steps, "on_s")),
        "brake": lambda: -mean(steps, "brake_dv_mps"),
    }.get("brake" if field == "braking_mps" else None if name is None else "", lambda: mean(steps, name))()
    assert abs(had - value) < tolerance


def test_posture_left_right_slope_and_fatigue():
    level = simulate(Scenario(minutes=1.5, tilt_deg=9.0), seed=2).truth
    assert abs(level["tilt_minus_standing_deg"] - 9) < 0.6
    truth = simulate(Scenario(minutes=1.5, asymmetry_pct=10.0), seed=2).truth
    contact = {
        side: np.mean([s["off_s"] - s["on_s"] for s in truth["steps"] if s["side"] == side]) for side in ("L", "R")
    }
    assert 0.08 < contact["R"] / contact["L"] - 1 < 0.12
    down, up = (simulate(Scenario(minutes=1, slope_deg=s), seed=2).truth for s in (-8.0, 8.0))
    assert down["brake_dv_mps"] < -0.23 < -0.15 < up["brake_dv_mps"]
    tired = Fatigue(cadence_pct=-5, tilt_deg=4, contact_pct=8, variability_pct=100)
    steps = simulate(Scenario(minutes=6, fatigue=tired), seed=2).truth["steps"]
    first, last = steps[20:120], steps[-120:-20]
    assert 3 < mean(last, "tilt_deg") - mean(first, "tilt_deg") < 5
    assert -9.5 < mean(last, "cadence_spm") - mean(first, "cadence_spm") < -6.5
    spread = [np.std([s["cadence_spm"] for s in part]) for part in (first, last)]
    assert spread[1] > 1.3 * spread[0]


def of_sides(truth, key):
    """The same figure of the spared side (right) and of the other, as a share of their mean."""
    left, right = truth["sides"]["left"][key], truth["sides"]["right"][key]
    return 2 * right / (left + right) - 1


def test_a_limp_is_as_asked_for():
    limp = Limp(step_time_pct=-20.0, contact_pct=-15.0, length_pct=5.0)
    truth = simulate(Scenario(minutes=1.5, limp=limp), seed=2).truth
    assert of_sides(truth, "step_ms") == pytest.approx(-0.20, abs=0.01)
    assert of_sides(truth, "contact_ms") == pytest.approx(-0.15, abs=0.02)
    # what the shorter time takes away, and 5 % more
    assert of_sides(truth, "step_length_m") == pytest.approx(0.8 * 1.05 - 1, abs=0.02)
    other = simulate(Scenario(minutes=1.5, limp=dataclasses.replace(limp, side="left")), seed=2).truth
    assert of_sides(other, "step_ms") == pytest.approx(0.20, abs=0.01)
    assert other["cadence_spm"] == pytest.approx(truth["cadence_spm"], rel=0.005)


def test_a_hip_that_sinks_does_so_in_one_stance():
    def drop_in_stance(side, sinks):
        limp = Limp(side=side, drop_deg=sinks)
        trace = simulate(PERFECT.with_(limp=limp), seed=1, keep_pose=True)
        out = {}
        for foot in "LR":
            middles = [0.5 * (s["on_s"] + s["off_s"]) for s in trace.truth["steps"] if s["side"] == foot][5:-5]
            out[foot] = np.interp(middles, trace.t_s, trace.pose["drop_deg"]).mean()
        return out

    even = drop_in_stance("right", 0.0)
    right, left = drop_in_stance("right", 8.0), drop_in_stance("left", 8.0)
    # the right side up over a right stance, the left one up over a left stance; less the stride's mean of 3 deg
    assert 3 < right["R"] - even["R"] < 6 and abs(right["L"] - even["L"]) < 4
    assert -6 < left["L"] - even["L"] < -3 and abs(left["R"] - even["R"]) < 4


def third_harmonic(scenario, seed=1):
    """Of the stride in the vertical at the clip, against the second."""
    trace = simulate(scenario, seed=seed)
    up = (trace.acc_g @ np.array(trace.truth["sensor_to_body"]).T)[:, 1]
    on = np.array([s["on_s"] for s in trace.truth["steps"] if s["side"] == "R"])[5:]
    inside = (trace.t_s > on[0]) & (trace.t_s < on[-1])
    stride = np.interp(trace.t_s[inside], on, np.arange(len(on)))
    second, third = (abs(np.mean(up[inside] * np.exp(-2j * np.pi * k * stride))) for k in (2, 3))
    return third / second


def test_limps_reach_a_third_harmonic_of_1_2_of_the_second():
    sizes = [third_harmonic(PERFECT.with_(limp=Limp(step_time_pct=-p))) for p in (0.0, 10.0, 20.0, 30.0)]
    assert sizes[0] < 0.03 and np.all(np.diff(sizes) > 0.1)
    shuffle = Scenario(minutes=1, speed_mps=2.4, cadence_spm=160.0, contact_ms=340.0)
    assert 1.1 < third_harmonic(shuffle.with_(limp=Limp(step_time_pct=-35.0, contact_pct=-50.0))) < 1.4


def test_a_limp_begins_when_it_is_told_to():
    truth = simulate("limp", seed=3).truth
    start_s = truth["scenario"]["limp"]["start_s"]
    assert start_s == pytest.approx(210.0)
    periods = np.array([[s["on_s"], 60 / s["cadence_spm"], s["side"] == "R"] for s in truth["steps"]])

    def ratio(first_s, last_s):
        inside = periods[(periods[:, 0] > first_s) & (periods[:, 0] < last_s)]
        return inside[inside[:, 2] == 1, 1].mean() / inside[inside[:, 2] == 0, 1].mean()

    assert ratio(30, start_s) == pytest.approx(ratio(100, start_s), abs=0.01)
    assert ratio(start_s + 12, 590) < ratio(30, start_s) - 0.2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    side=st.sampled_from(["left", "right"]), time=st.floats(-30, 30), contact=st.floats(-30, 30),
    length=st.floats(-10, 10), height=st.floats(-2, 2), drop=st.floats(0, 15), speed=st.floats(2.0, 3.5),
    person=st.integers(0, 1000),
)  # fmt: skip
def test_any_limp_is_run_by_pushing_alone(side, time, contact, length, height, drop, speed, person):
    """The ground never pulls, but for a touch where both step time and contact are far from even."""
    limp = Limp(side, time, contact, length, height, drop)
    plan = make_plan(Scenario(minutes=0.5, speed_mps=speed, person=person, limp=limp), np.random.default_rng(1))
    k = np.flatnonzero(plan.activity == RUN)[3:-3]
    share = np.linspace(0, 1, 65)[None]
    push = contact_push(share, plan.hold_from[k, None], plan.hold_to[k, None], plan.force[k, None]) + G_MPS2
    assert push.min() > -0.5 * G_MPS2
    assert np.abs(plan.height_m[k]).max() < 0.15


def test_steps_vary_as_steps_do():
    periods = 60 / np.array([s["cadence_spm"] for s in simulate(Scenario(minutes=5), seed=4).truth["steps"]][20:])
    assert 0.008 < periods.std() / periods.mean() < 0.02
    blocks = periods[: len(periods) // 30 * 30].reshape(-1, 30).mean(axis=1)
    assert blocks.std() > 1.5 * periods.std() / np.sqrt(30)  # it drifts: not white noise
    still = simulate(Scenario(minutes=1, variability_pct=0.0)).truth["steps"][20:]
    assert np.std([s["vo_cm"] for s in still]) < 0.1


def test_demo_has_its_episodes_where_truth_says():
    truth = simulate("demo", seed=1).truth
    assert [e["kind"] for e in truth["episodes"]] == ["overstride", "arch", "overstride", "arch"]
    assert truth["episodes"][0]["start_s"] > 11 + 180
    for e in truth["episodes"]:
        assert e["end_s"] - e["full_s"] > 20
        inside, before = (
            steps_between(truth, e["full_s"], e["end_s"]),
            steps_between(truth, e["start_s"] - 40, e["start_s"]),
        )
        after = steps_between(truth, e["gone_s"] + 1, e["gone_s"] + 40)
        cadence = mean(inside, "cadence_spm") / mean(before, "cadence_spm") - 1
        braking = mean(inside, "brake_dv_mps") / mean(before, "brake_dv_mps") - 1
        tilt = mean(inside, "tilt_deg") - mean(before, "tilt_deg")
        if e["kind"] == "overstride":
            assert -0.11 < cadence < -0.07 and braking > 0.35 and abs(tilt) < 1.5
            assert mean(inside, "heel_ahead_cm") > mean(before, "heel_ahead_cm") + 5
        else:
            assert 6.5 < tilt < 9.5 and abs(cadence) < 0.02 and abs(braking) < 0.15
        assert abs(mean(after, "cadence_spm") / mean(before, "cadence_spm") - 1) < 0.02
        assert abs(mean(after, "tilt_deg") - mean(before, "tilt_deg")) < 1.5


def test_walking_looks_like_walking():
    trace = simulate("walk", seed=1)
    up = trace.acc_g @ np.array(trace.truth["sensor_to_body"]).T[:, 1]
    assert trace.truth["steps"] == [] and trace.truth["running"] is False
    assert 0.3 < up.min() and up.max() < 1.9
    on = np.array([s["on_s"] for s in trace.truth["walk_steps"]])
    rates = 60 / np.diff(on[(on > 20) & (on < 140)])
    assert 105 < rates.mean() < 125
    still = (trace.t_s > 1) & (trace.t_s < 9.5)
    assert np.abs(trace.gyr_dps[still] - trace.truth["gyro_bias_dps"]).mean() < 0.3


def test_stops_and_starts():
    scenario = Scenario(minutes=2, segments=(Segment(60.0, 75.0, "standing"),))
    trace = simulate(scenario, seed=1, keep_pose=True)
    on = np.array([s["on_s"] for s in trace.truth["steps"]])
    assert not ((on > 60.2) & (on < 74.8)).any()
    assert ((on > 55) & (on < 60)).sum() > 10 and ((on > 76) & (on < 81)).sum() > 10
    resting = (trace.t_s > 62) & (trace.t_s < 74)
    assert trace.pose["speed_mps"][resting].max() < 0.05
    assert np.abs(np.linalg.norm(trace.acc_g[resting], axis=1) - 1).max() < 0.03
    # gathers and loses speed as legs can
    pulled = np.convolve(trace.pose["ahead_mps2"], np.ones(208) / 208, "same")
    assert np.abs(pulled).max() < 2.5


# -- the sensor's faults ---------------------------------------------------------------------------------------------
def test_gaps_are_missing_rows_and_the_rest_is_untouched():
    base = Scenario(minutes=1)
    whole = simulate(base, seed=3)
    broken = simulate(base.with_(gaps=(Gap(20.0, 1), Gap(30.0, 208), Gap(30.5, 208))), seed=3)
    assert [g["samples"] for g in broken.truth["gaps"]] == [1, 312]
    missing = np.setdiff1d(whole.t_s, broken.t_s)
    assert len(missing) == 313 == len(whole.t_s) - broken.truth["samples"]
    kept = np.isin(whole.t_s, broken.t_s)
    assert np.array_equal(whole.acc_g[kept], broken.acc_g)
    assert len(simulate(base.with_(gaps_per_hour=600.0), seed=3).truth["gaps"]) > 3


def test_bias_warms_up_noise_and_range():
    scenario = Scenario(
        minutes=1, gyro_bias_dps=(2.0, -3.0, 1.0), gyro_warmup_dps=(1.0, 0.0, -2.0), warmup_s=20.0, acc_range_g=2.0,
        stand_s=5.0, segments=(Segment(30.0, 60.0, "standing"),),
    )  # fmt: skip
    trace = simulate(scenario, seed=1)
    early, late = trace.t_s < 2, trace.t_s > 50
    assert np.allclose(trace.gyr_dps[early].mean(axis=0), [2.05, -3, 0.9], atol=0.12)
    assert np.allclose(trace.gyr_dps[late].mean(axis=0), [2.93, -3, -0.86], atol=0.12)
    assert trace.truth["samples_saturated"] > 50
    assert np.abs(trace.acc_g).max() <= 2.0001
    steps = trace.gyr_dps / 0.035
    assert np.abs(steps - np.round(steps)).max() < 1e-6
    assert 0.002 < np.diff(trace.acc_g[early], axis=0).std() / np.sqrt(2) < 0.004


def test_a_knock_saturates_and_passes():
    base = Scenario(minutes=1)
    calm, hit = simulate(base, seed=3), simulate(base.with_(knocks=(Knock(30.0, 40.0),)), seed=3)
    apart = np.abs(calm.acc_g - hit.acc_g).max(axis=1)
    touched = calm.t_s[apart > 0.002]
    assert 30.0 <= touched.min() and touched.max() < 30.21
    assert np.abs(hit.acc_g).max() == pytest.approx(16, abs=0.001) and hit.truth["samples_saturated"] > 2


def test_mounting_changes_axes_not_motion():
    straight = simulate(PERFECT, seed=1)
    turned = simulate(PERFECT.with_(mounting_deg=(110.0, -40.0, 65.0)), seed=1)
    for name in ("acc_g", "gyr_dps"):
        a, b = (getattr(t, name) @ np.array(t.truth["sensor_to_body"]).T for t in (straight, turned))
        assert np.abs(a - b).max() < 0.01
    for place, axis in (("back", 2), ("left", 0), ("right", 0)):
        m = np.array(simulate(PERFECT.with_(placement=place), seed=1).truth["sensor_to_body"])
        assert np.allclose(m[1], [0, 1, 0]) and abs(m[0][axis]) == 1 and abs(np.linalg.det(m) - 1) < 1e-9


# -- the same every time, chunk by chunk, and quick ------------------------------------------------------------------
def test_same_seed_same_samples():
    a, b, c = (simulate(Scenario(minutes=1), seed=s) for s in (1, 1, 2))
    assert np.array_equal(a.acc_g, b.acc_g) and a.truth == b.truth
    assert not np.array_equal(a.acc_g, c.acc_g)


def test_chunks_leave_no_seam(monkeypatch):
    scenario = Scenario(minutes=1, turns=(Turn(20.0),), **{**IDEAL, "wobble": 0.5, "impact_g": 1.0})
    whole = simulate(scenario, seed=1)
    monkeypatch.setattr(make, "_CHUNK_KNOTS", 7)
    parts = simulate(scenario, seed=1)
    assert np.abs(whole.acc_g - parts.acc_g).max() < 1e-9 and np.abs(whole.gyr_dps - parts.gyr_dps).max() < 1e-9
    assert whole.truth == parts.truth


def test_file_is_the_trace(tmp_path):
    scenario = preset("faults", 8).with_(minutes=8)
    memory = simulate(scenario, seed=9)
    heard = []
    trace_path, truth_path, truth = write(tmp_path / "new" / "run.1", scenario, 9, heard.append)
    assert [p.name for p in (trace_path, truth_path)] == ["run.1.imu.csv.xz", "run.1.truth.json"]
    assert sorted(p.name for p in trace_path.parent.iterdir()) == [trace_path.name, truth_path.name]
    with lzma.open(trace_path, "rt") as file:
        assert file.readline().strip() == "t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps,gyr_y_dps,gyr_z_dps"
        rows = np.loadtxt(file, delimiter=",")
    assert np.abs(rows - np.column_stack([memory.t_s, memory.acc_g, memory.gyr_dps])).max() < 1e-4
    assert json.loads(truth_path.read_text()) == truth == memory.truth
    assert heard == sorted(heard) and abs(heard[-1] - 480) < 0.01
    assert truth["samples_saturated"] > 0 and truth["gaps"] and truth["slips"]


def test_a_broken_off_write_leaves_nothing(tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "run", Scenario(minutes=1), 1, stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_run(name):
    trace = simulate(preset(name, 10.0 if name == "long" else None), seed=1)
    assert np.isfinite(trace.acc_g).all() and np.isfinite(trace.gyr_dps).all()
    assert np.all(np.diff(trace.t_s) > 0)
    assert len(trace.t_s) == trace.truth["samples"]
    json.dumps(trace.truth, allow_nan=False)
    again = from_mapping(to_mapping(preset(name, 10.0 if name == "long" else None)))
    assert to_mapping(again) == trace.truth["scenario"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    speed=st.floats(1.2, 10), cadence=st.none() | st.floats(120, 250), slope=st.floats(-15, 15),
    asymmetry=st.floats(-20, 20), variability=st.floats(0, 6), person=st.integers(0, 2**31 - 1),
    rate=st.floats(50, 500), wobble=st.floats(0, 1), seed=st.integers(0, 2**40),
)  # fmt: skip
def test_any_runner_in_range_can_be_made(speed, cadence, slope, asymmetry, variability, person, rate, wobble, seed):
    scenario = Scenario(
        minutes=0.5, speed_mps=speed, cadence_spm=cadence, slope_deg=slope, asymmetry_pct=asymmetry, wobble=wobble,
        variability_pct=variability, person=person, rate_hz=rate, turns=(Turn(15.0),), stand_s=3.0,
    )  # fmt: skip
    trace = simulate(scenario, seed=seed)
    assert len(trace.t_s) == round(30 * rate)
    assert np.isfinite(trace.acc_g).all() and np.abs(trace.acc_g).max() < 16.01
    on = np.array([s["on_s"] for s in trace.truth["steps"]])
    assert np.diff(on).min() > 0.15
    assert all(0 < s["vo_cm"] < 60 for s in trace.truth["steps"][4:])


TIMES = st.floats(0, 35)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    segments=st.lists(st.tuples(TIMES, TIMES, st.sampled_from(ACTIVITIES), st.none() | st.floats(0.3, 6)), max_size=4),
    turns=st.lists(st.tuples(TIMES, st.floats(0.8, 20), st.floats(-400, 400)), max_size=2),
    slips=st.lists(st.tuples(TIMES, st.floats(0.1, 5)), max_size=2),
    gaps=st.lists(st.tuples(TIMES, st.integers(1, 2000)), max_size=4),
    stand=st.sampled_from([0.0, 3.0, 30.0]),
)
def test_any_course_can_be_run(segments, turns, slips, gaps, stand):
    taken, kept = 0.0, []
    for start, end, activity, speed in sorted(segments, key=lambda s: s[:2]):
        if start >= taken and end > start:
            kept.append(Segment(start, end, activity, speed))
            taken = end
    scenario = Scenario(
        minutes=0.6, stand_s=stand, segments=tuple(kept), turns=tuple(Turn(*t) for t in turns),
        slips=tuple(Slip(*s) for s in slips), gaps=tuple(Gap(*g) for g in gaps), rate_hz=104.0,
    )  # fmt: skip
    trace = simulate(scenario, seed=1)
    lost = sum(g["samples"] for g in trace.truth["gaps"])
    assert len(trace.t_s) == round(36 * 104) - lost == trace.truth["samples"]
    assert np.isfinite(trace.acc_g).all() and np.isfinite(trace.gyr_dps).all()
    planned = trace.truth["activities"]
    # Changing activity and back within a second is a jolt for anybody: there the limit is the sensor's range.
    lasting = all(a["end_s"] - a["start_s"] >= 1 for a in planned)
    assert np.abs(trace.acc_g).max(initial=0) < (12 if lasting else 16.01)
    assert planned[0]["start_s"] == 0 and planned[-1]["end_s"] == 36
    assert all(a["end_s"] == b["start_s"] for a, b in zip(planned, planned[1:]))
    for s in trace.truth["steps"]:
        assert any(a["activity"] == "running" and a["start_s"] - 0.1 < s["on_s"] < a["end_s"] + 0.1 for a in planned)


# -- what is wrong is named ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "values, says",
    [
        ({"speed_mps": 40}, "speed_mps is 40, out of range; give 1.2 to 10"),
        ({"speed_mps": "fast"}, "speed_mps is 'fast', not a number; give 1.2 to 10"),
        ({"speed_mps": None}, "speed_mps is missing; give 1.2 to 10"),
        ({"speed_mps": True}, "speed_mps is True, not a number; give 1.2 to 10"),
        ({"speed_mps": float("nan")}, "speed_mps is nan, out of range; give 1.2 to 10"),
        ({"person": 1.5}, "person is 1.5, not a whole number; give a whole number"),
        ({"quantised": 1}, "quantised is 1, not true or false; give true or false"),
        ({"placement": "front"}, "placement is 'front'; give one of back, left, right"),
        ({"mounting_deg": [1, 2]}, "mounting_deg is [1, 2], not three numbers; give [x, y, z]"),
        ({"mounting_deg": [1, 2, 999]}, "mounting_deg is 999, out of range; give -180 to 180"),
        ({"episodes": {}}, "episodes is {}, not a list; give a list of objects"),
        ({"episodes": [3]}, "episodes[0] is 3, not an object; give {...}"),
        ({"episodes": [{"kind": "arch", "end_s": 9}]}, "episodes[0].start_s is missing; give it"),
        ({"fatigue": {"tilt_deg": 99}}, "fatigue.tilt_deg is 99, out of range; give -15 to 15"),
        ({"preset": "fast"}, "preset is 'fast'; give one of demo,"),
        ({"segments": [{"start_s": 50, "end_s": 40}]}, "segments[0].end_s 40 is not after start_s 50;"),
        (
            {"segments": [{"start_s": 50, "end_s": 4000}]},
            "segments[0].end_s 4000 is after the end of the trace at 120 s",
        ),
        ({"slips": [{"at_s": 4000}]}, "slips[0].at_s 4000 is after the end of the trace at 120 s"),
        ({"stand_s": 118}, "stand_s 118 leaves no time to run in 120 s"),
        (
            {"segments": [{"start_s": 20, "end_s": 40}, {"start_s": 30, "end_s": 50}]},
            "segments[1] overlaps segments[0]; separate them in time",
        ),
    ],
)
def test_a_bad_scenario_is_refused_by_name(values, says):
    with pytest.raises(ScenarioError) as caught:
        from_mapping(values)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_what_can_only_be_known_when_run_is_refused_too():
    with pytest.raises(ScenarioError, match=r"oscillation_cm 2 can't be reached .* give \d"):
        simulate(Scenario(oscillation_cm=2.0, contact_ms=150.0))
    with pytest.raises(ScenarioError, match=r"contact_ms 400 does not go with 200 steps/min; give 90 to 288"):
        simulate(Scenario(contact_ms=400.0, cadence_spm=200.0))
    with pytest.raises(ScenarioError, match="seed is -1"):
        simulate(Scenario(), seed=-1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**9) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*to_mapping(Scenario()), "preset", "nonsense"])
ITEMS = st.lists(
    st.dictionaries(
        st.sampled_from(["start_s", "end_s", "at_s", "kind", "samples", "activity", "for_s"]), JSON, max_size=4
    ),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(values=st.dictionaries(NAMES, JSON | ITEMS, max_size=4))
def test_any_mapping_is_a_scenario_or_a_one_line_error(values):
    try:
        scenario = from_mapping(values)
    except ScenarioError as error:
        assert "\n" not in str(error) and len(str(error)) < 1500
    else:
        assert to_mapping(from_mapping(to_mapping(scenario))) == to_mapping(scenario)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
def test_any_bytes_as_a_scenario_file(tmp_path, data):
    path = tmp_path / "scenario.json"
    path.write_bytes(data)
    try:
        read_scenario(path)
    except ScenarioError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)


# -- the command -----------------------------------------------------------------------------------------------------
def run(*words):
    return CliRunner().invoke(simulate_command, [str(w) for w in words])


def test_command_makes_files_and_says_what(tmp_path):
    result = run(
        "--speed", 3.4, "--cadence", 176, "--minutes", 1, "--mounting", "3,-5,8", "--seed", 4, "-o", tmp_path / "a"
    )
    assert result.exit_code == 0, result.output
    assert "1 min at 208 Hz" in result.output and str(tmp_path / "a.truth.json") in result.output
    truth = json.loads((tmp_path / "a.truth.json").read_text())
    assert truth["scenario"]["mounting_deg"] == [3, -5, 8] and truth["seed"] == 4
    assert abs(truth["cadence_spm"] - 175) < 2
    brief = run("--preset", "perfect", "--minutes", 1, "--json", "-o", tmp_path / "b.imu.csv.xz")
    assert json.loads(brief.stdout)["trace"] == str(tmp_path / "b.imu.csv.xz")


def test_flags_win_over_the_file_and_the_file_over_the_preset(tmp_path):
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"preset": "demo", "speed_mps": 3.5, "tilt_deg": 8.0}))
    shown = json.loads(run("--scenario", path, "--speed", 4.0, "--minutes", 10, "--show").output)
    assert (shown["speed_mps"], shown["tilt_deg"], shown["minutes"]) == (4.0, 8.0, 10.0)
    assert len(shown["episodes"]) == 4 and shown["episodes"][-1]["end_s"] < 600
    failed = run("--scenario", tmp_path / "none.json", "-o", tmp_path / "x")
    assert "no such file" in str(failed.exception)
    assert run("--minutes", 1).exit_code == 2  # no -o
    path.write_text('{"speed_mps": 99}')
    assert str(run("--scenario", path, "-o", tmp_path / "x").exception).startswith(f"{path}: speed_mps is 99")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert "folder is needed" in str(run("--minutes", 1, "-o", in_the_way / "x").exception)


# -- people ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("speed", first(SPEEDS_MPS))
def test_a_simulated_stride_resembles_peoples(speed):
    if not recorded(DATA, speed):
        pytest.skip("no recorded runners: set FORMCLIP_DATA to the folder that holds rbds/")
    result = likeness(DATA, speed)
    assert result.people == len(list((DATA / "rbds").glob(f"*runT{speed * 10:.0f}.truth.json")))
    for name, r, size in zip(WAVES, result.correlation, result.size):
        assert r > 0.93, name
        assert 0.75 < size < 1.33, name
    for key, slack in (("cadence_spm", 8), ("contact_ms", 20), ("vo_cm", 1.5), ("brake_dv_mps", 0.03)):
        ours, _, theirs, _ = result.figures[key]
        assert abs(ours - theirs) < slack, key


def test_what_the_truth_of_people_holds_ours_holds_too():
    files = sorted((DATA / "rbds").glob("*.truth.json"))
    if not files:
        pytest.skip("no recorded runners: set FORMCLIP_DATA to the folder that holds rbds/")
    theirs = json.loads(files[0].read_text())
    ours = simulate(Scenario(minutes=1)).truth
    bodily = {"mass_kg", "height_cm", "sex"}
    assert set(theirs) - bodily <= set(ours)
    assert set(theirs["steps"][0]) <= set(ours["steps"][0])
    assert set(theirs["pose"]) <= set(ours["pose"])


def test_a_short_run_is_quick():
    import time

    simulate(Scenario(minutes=1))
    start = time.process_time()
    simulate(Scenario(minutes=1))
    assert time.process_time() - start < 1.0  # 0.03 s as a rule


def test_episodes_ramp():
    e = Episode("arch", 20.0, 40.0, ramp_s=4.0, tilt_deg=10.0)
    trace = simulate(Scenario(minutes=1, episodes=(e,), variability_pct=0.0), keep_pose=True)
    stride = np.ones(149) / 149  # one stride at 167 steps/min
    tilt = np.convolve(trace.pose["tilt_deg"], stride, "same")
    at = [float(np.interp(t, trace.t_s, tilt)) for t in (18, 22, 30, 42, 47)]
    assert np.allclose(np.array(at) - at[0], [0, 5, 10, 5, 0], atol=0.8)


def test_the_page_lists_every_field():
    page = REPO / "docs" / "lab" / "simulate.md"
    text = page.read_text(encoding="utf-8")
    assert with_fields(text) == text, f"run: python -m formclip.lab.docs.scenario {page}"
