"""The signal chain: laws over any splitting, gaps and blanks; figures on a runner with complete truth and on traces."""

import json
import lzma

import numpy as np
import pytest
from formclip.lab.simulate import Episode, Scenario, Segment, Slip, Turn, simulate
from gaitcore import pipeline as chain
from gaitcore import records
from gaitcore.pipeline import Pipeline
from gaitcore.records import N_FIELDS, quantise
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import interpreters
from tests.picks import later

BIASED = {"gyro_bias_dps": (2.0, -4.0, 3.0), "mounting_deg": (8.0, 0.0, 10.0)}
FIELDS = [name for name in vars(chain.Step) if not name.startswith("_")]


def values(step):
    return tuple(getattr(step, name) for name in FIELDS)


def run(block, rate_hz, cuts=None, has_gyro=True, pipeline=None):
    """Steps and events of a (6, n) block pushed in pieces that end at `cuts`."""
    pipeline = pipeline or Pipeline(rate_hz, None, has_gyro)
    n = block.shape[1]
    cuts = cuts if cuts is not None else list(range(0, n, 4096))
    steps, events = [], []
    edges = sorted({0, n, *(c for c in cuts if 0 < c < n)})
    for a, b in zip(edges[:-1], edges[1:]):
        steps += list(pipeline.push(block[:, a:b]))
        events += list(pipeline.events)
    steps += list(pipeline.flush())
    return pipeline, steps, events + list(pipeline.events)


def trace_of(seed=1, **scenario):
    trace = simulate(Scenario(**{**BIASED, **scenario}), seed=seed)
    return trace, trace.blocks.astype(np.float32)


def paired(steps, truth, within_s=0.12):
    """Pairs (step, true step) by contact time."""
    on = np.array([s.on_ms / 1000 for s in steps])
    pairs = []
    for true in truth["steps"]:
        k = int(np.argmin(np.abs(on - true["on_s"]))) if len(on) else -1
        if k >= 0 and abs(on[k] - true["on_s"]) < within_s:
            pairs.append((steps[k], true))
    return pairs


def tilt_errors(steps, truth):
    return np.array(
        [
            s.tilt_deg - (true["tilt_deg"] - truth["standing_tilt_deg"])
            for s, true in paired(steps, truth)
            if s.tilt_deg is not None
        ]
    )


@pytest.fixture(scope="module")
def short():
    """40 s: standing 10 s, then running with a gap-free sensor."""
    return trace_of(minutes=0.7)


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(1, 8736), max_size=30))
def test_any_splitting_gives_the_same_steps(short, cuts):
    _, block = short
    if "whole" not in SPLIT:
        SPLIT["whole"] = [values(s) for s in run(block, 208)[1]]
    assert [values(s) for s in run(block, 208, cuts)[1]] == SPLIT["whole"]
    assert len(SPLIT["whole"]) > 60


SPLIT = {}


def test_reset_is_as_new(short):
    _, block = short
    pipeline, first, events = run(block, 208)
    first = [values(s) for s in first]
    pipeline.reset()
    _, second, again = run(block, 208, pipeline=pipeline)
    assert [values(s) for s in second] == first
    assert again == events


@pytest.mark.parametrize("rate_hz", [100.0, 104.0, 200.0, 208.0, 286.0, 500.0])
def test_every_rate_finds_the_steps_and_the_tilt(rate_hz):
    trace, block = trace_of(minutes=1, rate_hz=rate_hz)
    _, steps, events = run(block, int(rate_hz))
    truth = trace.truth
    assert (chain.CALIBRATED in [e[0] for e in events]) and 0 <= len(steps) - len(truth["steps"]) <= 1
    pairs = paired(steps, truth)
    assert len(pairs) == len(truth["steps"])
    spread = np.std([s.on_ms / 1000 - t["on_s"] for s, t in pairs])
    assert spread < 0.012
    assert all(s.side == "LR".index(t["side"]) for s, t in pairs)
    errors = tilt_errors(steps, truth)
    assert abs(errors.mean()) < 0.3 and np.sqrt((errors**2).mean()) < 0.5
    for name in ("tilt_range_deg", "drop_range_deg", "rotation_range_deg"):
        ours = np.mean([getattr(s, name) for s, _ in pairs if getattr(s, name) is not None])
        assert abs(ours - np.mean([t[name] for _, t in pairs])) < 1.0, name


@pytest.mark.parametrize("turned_deg", [(0.0, 90.0, 0.0), (10.0, 180.0, 10.0), (0.0, -60.0, 15.0)])
def test_any_mounting(turned_deg):
    trace, block = trace_of(minutes=0.8, mounting_deg=turned_deg, gyro_bias_dps=(-5.0, 5.0, 5.0))
    _, steps, _ = run(block, 208)
    errors = tilt_errors(steps, trace.truth)
    assert len(errors) > 90 and np.abs(errors[20:]).mean() < 0.5
    assert np.mean([s.side == "LR".index(t["side"]) for s, t in paired(steps, trace.truth)]) > 0.95


def test_turns_stops_and_walking_leave_the_tilt_alone():
    trace, block = trace_of(
        minutes=2.5,
        turns=(Turn(30.0, 3.0, 90.0), Turn(42.0, 3.0, -90.0), Turn(55.0, 2.0, 180.0)),
        segments=(Segment(70.0, 78.0, "standing"), Segment(100.0, 115.0, "walking")),
    )
    _, steps, events = run(block, 208)
    truth = trace.truth
    errors = tilt_errors(steps, truth)
    smooth = np.convolve(errors, np.ones(14) / 14, "valid")
    assert np.abs(smooth).max() < 1.0
    assert abs(len(steps) - len(truth["steps"])) <= 4
    assert chain.SLIP not in [e[0] for e in events]
    spans = [(69.0, 78.5), (101.5, 115.0)]
    assert not [s for s in steps if any(a + 1.5 < s.on_ms / 1000 < b - 1 for a, b in spans)]


@pytest.mark.parametrize("axis", [(7.0, 0.0, 0.0), (0.0, 0.0, -7.0), (0.0, 0.0, 12.0)])
def test_a_slip_is_told_within_30_s_and_marks_the_steps(axis):
    _, block = trace_of(minutes=1.3, slips=(Slip(40.0, 0.3, axis),))
    pipeline, steps, events = run(block, 208)
    slips = [e for e in events if e[0] == chain.SLIP]
    assert len(slips) == 1 and 40 < slips[0][1] / 208 < 70
    assert abs(slips[0][2] - np.linalg.norm(axis)) < 1.6
    assert not [s for s in steps if s.on_ms < 40000 and s.flags & records.SLIPPED]
    assert all(s.flags & records.SLIPPED for s in steps if s.on_ms > 70000)


def test_a_clip_that_is_put_back_counts_again():
    _, block = trace_of(minutes=2.0, slips=(Slip(40.0, 0.3, (9.0, 0.0, 0.0)), Slip(75.0, 0.3, (-9.0, 0.0, 0.0))))
    pipeline, steps, events = run(block, 208)
    assert [e[2] > 0 for e in events if e[0] == chain.SLIP] == [True, False] and not pipeline.slipped
    assert all(s.flags & records.SLIPPED for s in steps if 66000 < s.on_ms < 75000)
    assert not [s for s in steps if s.on_ms > 110000 and s.flags & records.SLIPPED]


def test_a_clip_that_turns_slowly_sideways_is_a_slip_and_a_slow_arch_none():
    _, block = trace_of(minutes=1.6, slips=(Slip(40.0, 15.0, (12.0, 0.0, 0.0)),))
    _, steps, events = run(block, 208)
    assert [40 < e[1] / 208 < 85 for e in events if e[0] == chain.SLIP] == [True]
    _, block = trace_of(minutes=1.6, episodes=(Episode("arch", 40.0, 94.0, 15.0, tilt_deg=12.0),))
    assert chain.SLIP not in [e[0] for e in run(block, 208)[2]]


def test_an_arched_back_is_no_slip():
    trace, block = trace_of(minutes=1.5, episodes=(Episode("arch", 40.0, 60.0, 1.5, tilt_deg=10.0),))
    _, steps, events = run(block, 208)
    assert chain.SLIP not in [e[0] for e in events]
    assert np.abs(tilt_errors(steps, trace.truth)).mean() < 0.5


def test_standing_calibrates_and_moving_is_refused():
    trace, block = trace_of(minutes=0.5)
    pipeline, _, events = run(block, 208)
    kind, index, quality = next(e for e in events if e[0] == chain.CALIBRATED)
    assert 9 * 208 <= index <= 11 * 208 and quality > 60
    assert np.allclose(pipeline.calibration.bias_dps, BIASED["gyro_bias_dps"], atol=0.1)
    _, block = trace_of(minutes=0.5, stand_s=0.0)
    pipeline, steps, events = run(block, 208)
    assert [e[2] for e in events if e[0] == chain.REFUSED] == [chain.MOVED]
    assert pipeline.calibration is None and len(steps) > 60
    assert all(s.tilt_deg is None and s.vo_cm for s in steps)
    pipeline = Pipeline(208)
    pipeline.push(block[:, :2080])
    pipeline.calibrate()
    refused = []
    for a in range(2080, block.shape[1] - 208, 208):
        pipeline.push(block[:, a : a + 208])
        refused += [e for e in pipeline.events if e[0] == chain.REFUSED]
    assert refused[-1][2] == chain.MOVED


def test_calibrate_again_after_a_slip():
    _, block = trace_of(
        minutes=2, slips=(Slip(35.0, 0.3, (0.0, 0.0, 10.0)),), segments=(Segment(60.0, 78.0, "standing"),)
    )
    pipeline = Pipeline(208)
    pipeline.push(block[:, : 62 * 208])
    assert pipeline.slipped
    pipeline.calibrate()
    steps = list(pipeline.push(block[:, 62 * 208 :]))
    assert chain.CALIBRATED in [e[0] for e in pipeline.events] and not pipeline.slipped
    assert steps and not [s for s in steps if s.flags & records.SLIPPED and s.on_ms > 80000]


def test_lost_samples_are_flagged_and_the_clock_goes_on(short):
    trace, block = short
    for missing in (5, 60, 500):
        pipeline = Pipeline(208)
        steps = list(pipeline.push(block[:, : 25 * 208]))
        pipeline.lost(missing)
        steps += list(pipeline.push(block[:, 25 * 208 + missing :]))
        steps += list(pipeline.flush())
        assert pipeline.index == block.shape[1]
        pairs = paired(steps, trace.truth)
        assert len(pairs) >= len(trace.truth["steps"]) - 3 - missing // 70
        assert [s for s in steps if s.flags & records.GAP and 24000 < s.on_ms < 28500]
        late = [s.on_ms / 1000 - t["on_s"] for s, t in pairs if t["on_s"] > 33]
        early = [s.on_ms / 1000 - t["on_s"] for s, t in pairs if 15 < t["on_s"] < 23]
        assert abs(np.mean(late) - np.mean(early)) < 0.004
        assert np.abs(tilt_errors([s for s in steps if s.on_ms > 33000], trace.truth)).mean() < 0.8


def test_the_accelerometer_is_not_believed_while_blank(short):
    trace, block = short
    rattled = block.copy()
    at = slice(25 * 208, 26 * 208)
    rattled[:3, at] += np.random.default_rng(0).normal(0, 1.5, (3, 208)).astype(np.float32)
    pipeline = Pipeline(208)
    steps = list(pipeline.push(rattled[:, : at.start]))
    pipeline.blank(208)
    steps += list(pipeline.push(rattled[:, at.start :])) + list(pipeline.flush())
    blank = [s for s in steps if s.flags & records.BLANKED]
    assert 2 <= len(blank) <= 8
    assert all(s.contact_ms is None and s.vo_cm is None for s in blank)
    assert np.abs(tilt_errors([s for s in steps if s.on_ms > 25000], trace.truth)).mean() < 0.5


def test_saturation_is_flagged():
    _, block = trace_of(minutes=0.5)
    block[1, 4000:4003] = 16.0
    _, steps, _ = run(block, 208)
    assert [s for s in steps if s.flags & records.SATURATED]


def test_without_a_gyroscope_angles_are_empty(short):
    trace, block = short
    _, steps, _ = run(block, 208, has_gyro=False)
    assert len(paired(steps, trace.truth)) > 0.97 * len(trace.truth["steps"])
    assert all(s.tilt_deg is None and s.drop_range_deg is None and s.side == chain.UNKNOWN for s in steps)
    assert all(s.vo_cm is not None for s in steps[:-1])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    size=st.floats(0, 1e3),
    cuts=st.lists(st.integers(1, 2500), max_size=6),
    spoil=st.sampled_from([0.0, 16.0, -16.0, float("nan"), float("inf")]),
)
def test_nothing_breaks_it_and_noise_is_no_step(seed, size, cuts, spoil):
    rng = np.random.default_rng(seed)
    block = rng.normal(0, size, (6, 2500)).astype(np.float32)
    block[:3] /= 60
    block[int(rng.integers(6)), int(rng.integers(2400)) :][:50] = spoil
    pipeline = Pipeline(104)
    for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 2500]):
        if b > a:
            pipeline.push(block[:, a:b])
        pipeline.lost(int(rng.integers(0, 80)))
        pipeline.blank(int(rng.integers(0, 80)))
    pipeline.flush()
    assert np.isfinite(pipeline.up).all()


@pytest.mark.parametrize("rate_hz", [49, 501, 104.5, 0, -1])
def test_bad_rates_are_refused(rate_hz):
    with pytest.raises(ValueError, match="rate_hz"):
        Pipeline(rate_hz)


@pytest.fixture(scope="module")
def on_numpy():
    return interpreters.run("numpy", "check_pipeline.py").splitlines()


@pytest.mark.parametrize("name", ["strict", "micropython", "device", *later("numpy", "float30")])
def test_the_same_on_each_interpreter(name, on_numpy):
    here = interpreters.run(name, "check_pipeline.py").splitlines()
    assert len(here) == len(on_numpy)
    for a, b in zip(here, on_numpy):
        a, b = [float(x) for x in a.split()], [float(x) for x in b.split()]
        assert a[1] == b[1] and np.allclose(a, b, rtol=0.002, atol=1.0)


def read(folder, name):
    with lzma.open(folder / (name + ".imu.csv.xz"), "rt") as file:
        file.readline()
        table = np.loadtxt(file, delimiter=",", dtype=np.float32)
    return table[:, 1:].T, json.loads((folder / (name + ".truth.json")).read_text())


def test_tilt_steps_and_side_of_a_recorded_runner(traces):
    block, truth = read(traces / "rbds", "RBDS013runT35")
    _, steps, _ = run(np.ascontiguousarray(block), 208)
    pairs = paired(steps, truth)
    assert len(pairs) >= 0.995 * len(truth["steps"]) and len(steps) <= 1.005 * len(truth["steps"])
    errors = tilt_errors(steps, truth)
    assert abs(errors.mean()) < 0.5
    assert np.mean([s.side == "LR".index(t["side"]) for s, t in pairs]) > 0.95
    assert abs(np.mean([s.vo_cm - t["vo_cm"] for s, t in pairs])) < 0.4


@pytest.mark.parametrize("name", ["D01_SA01_R01", "D05_SA01_R01", "D17_SA01_R01"])
def test_what_is_not_running_gives_no_steps(traces, name):
    block, _ = read(traces / "sisfall", name)
    assert run(np.ascontiguousarray(block), 200)[1] == []


def test_counting_anew_changes_nothing(monkeypatch):
    """After hours a sample's number has no room for its hundredths on the board: the ring counts anew, unseen."""
    _, block = trace_of(minutes=1.5)
    _, steps, events = run(block, 208)
    stored = [list(quantise(s, 0, [0] * N_FIELDS)) for s in steps]
    monkeypatch.setattr(chain, "_REBASE_S", 8)
    monkeypatch.setattr(chain, "_KEPT_S", 7)
    _, again, same = run(block, 208)
    assert [list(quantise(s, 0, [0] * N_FIELDS)) for s in again] == stored and len(steps) > 150
    assert [s.on_ms for s in again] == [s.on_ms for s in steps]
    assert same == events
