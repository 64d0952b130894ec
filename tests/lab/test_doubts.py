"""The table of checks: each fires on its own spoiled copy of a simulated run, and none on recordings that are right."""

import numpy as np
import pytest
from formclip.ground.trace import Block, Lost, open_trace
from formclip.lab.doubts import CHECKS, Survey, doubts_of
from formclip.lab.doubts.table import correction_of
from formclip.lab.simulate import Scenario, simulate
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rhythm_signals import uneven

RATE_HZ = 104


def survey_of(samples, rate_hz=RATE_HZ, has_gyro=True, planar=False):
    survey = Survey(rate_hz, has_gyro, planar)
    for start in range(0, samples.shape[1], 2 * rate_hz):
        survey.take(Block(start, samples[:, start : start + 2 * rate_hz].astype(np.float32)))
    return survey


@pytest.fixture(scope="module")
def run():
    made = simulate(Scenario(minutes=3.0, rate_hz=RATE_HZ), seed=1)
    return np.concatenate((made.acc_g.T, made.gyr_dps.T)).astype(np.float64)


def flipped(x, rows, sign=-1.0):
    out = x.copy()
    out[rows] *= sign
    return out


def taken(x, order):
    out = x.copy()
    out[3:] = x[3:][list(order)]
    return out


def late(x, by_s):
    out = x.copy()
    out[3:] = np.roll(x[3:], round(by_s * RATE_HZ), axis=1)
    return out


def scaled(x, acc=1.0, gyr=1.0):
    return np.concatenate((x[:3] * acc, x[3:] * gyr))


def cut(x, at_g):
    return np.concatenate((np.clip(x[:3], -at_g, at_g), x[3:]))


def dead(x, row):
    out = x.copy()
    out[row] = 0.01
    return out


def doubled(x, row, of):
    out = x.copy()
    out[row] = x[of]
    return out


SPOILED = {
    "acceleration too large by a tenth": (lambda x: scaled(x, acc=1.1), "scale of the accelerometer"),
    "acceleration twice": (lambda x: scaled(x, acc=2.0), "scale of the accelerometer"),
    "acceleration too small": (lambda x: scaled(x, acc=0.8), "scale of the accelerometer"),
    "cut off at 2 g": (lambda x: cut(x, 2.0), "range of the accelerometer"),
    "turning cut off": (lambda x: np.concatenate((x[:3], np.clip(x[3:], -45, 45))), "range of the gyroscope"),
    "rad/s": (lambda x: scaled(x, gyr=np.radians(1)), "unit of the gyroscope"),
    "raw counts": (lambda x: scaled(x, gyr=131.0), "unit of the gyroscope"),
    "turning halved": (lambda x: scaled(x, gyr=0.5), "scale of the gyroscope"),
    "turning doubled": (lambda x: scaled(x, gyr=2.0), "scale of the gyroscope"),
    "all signs of turning": (lambda x: scaled(x, gyr=-1.0), "sign of the gyroscope"),
    "sign of x": (lambda x: flipped(x, 3), "sign of the gyroscope"),
    "sign of z": (lambda x: flipped(x, 5), "sign of the gyroscope"),
    "sign of y, upright": (lambda x: flipped(x, 4), "sign of the gyroscope"),
    "x and y swapped": (lambda x: taken(x, (1, 0, 2)), "axes of the gyroscope"),
    "y and z swapped": (lambda x: taken(x, (0, 2, 1)), "axes of the gyroscope"),
    "x and z swapped": (lambda x: taken(x, (2, 1, 0)), "axes of the gyroscope"),
    "y and z of acceleration swapped": (lambda x: x[[0, 2, 1, 3, 4, 5]], "axes of the accelerometer"),
    "x and y of acceleration swapped": (lambda x: x[[1, 0, 2, 3, 4, 5]], "axes of the accelerometer"),
    "z, x, y": (lambda x: taken(x, (2, 0, 1)), "axes of the gyroscope"),
    "0.2 s behind": (lambda x: late(x, 0.2), "time of the gyroscope"),
    "0.3 s ahead": (lambda x: late(x, -0.3), "time of the gyroscope"),
    "0.5 s behind": (lambda x: late(x, 0.5), "time of the gyroscope"),
    "a dead axis": (lambda x: dead(x, 0), "a dead axis"),
    "a dead axis of turning": (lambda x: dead(x, 4), "a dead axis"),
    "a doubled axis": (lambda x: doubled(x, 2, 0), "a doubled axis"),
    "a doubled axis of turning": (lambda x: doubled(x, 5, 3), "a doubled axis"),
    "zeros at the end": (
        lambda x: np.concatenate((x, np.zeros((6, 20 * RATE_HZ))), axis=1),
        "no readings",
    ),
    "cut off at zero": (
        lambda x: np.concatenate((x[:1], np.clip(x[1:2] - 0.4, 0, None), x[2:])),
        "cut off at zero",
    ),
}


# One of each check; the others take as long again.
QUICK = {check: name for name, (_, check) in reversed(SPOILED.items())}.values()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.long) for name in SPOILED]
)
def test_a_check_fires_on_its_own_spoiled_copy(run, name):
    spoil, check = SPOILED[name]
    found = {doubt.check: doubt for doubt in doubts_of(survey_of(spoil(run)))}
    assert check in found, list(found)
    doubt = found[check]
    assert doubt.words.isprintable() and doubt.remedy and len(doubt.text) < 400


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([50, 104, 208]),
    st.floats(130, 240),
    st.tuples(st.floats(0, 0.4), st.floats(0, 1.2), st.floats(0, 0.3), st.floats(0, 0.45)),
    st.integers(0, 10**6),
)
@example(104, 200.0, (0.1, 1.1, 0.1, 0.1), 0)  # was told as 300 landings a minute, its cadence left empty
@example(104, 200.0, (0.4, 0.9, 0.1, 0.4), 1)
def test_a_runner_with_uneven_sides_is_no_fault_of_the_clock(rate_hz, spm, sizes, seed):
    """The third harmonic of the stride may be the strongest: that is a limp, not a rate that is wrong."""
    acc = uneven(rate_hz, 40, spm, sizes, seed=seed)
    found = doubts_of(survey_of(np.concatenate((acc, np.zeros_like(acc))), rate_hz, has_gyro=False))
    assert [doubt.words for doubt in found if doubt.check == "rate or time"] == []


@pytest.mark.parametrize("sign", [1, -1])
def test_axes_that_move_together_are_no_copies(sign):
    """A body that moves to and fro along one line, the sensor turned by 45 degrees: correlation 0.995."""
    t = np.arange(40 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(0)
    up, aside = 1 + 1.2 * np.sin(2 * np.pi * 2.7 * t), 0.05 * np.sin(2 * np.pi * 1.35 * t)
    acc = np.stack([up - aside, 0.2 * np.cos(2 * np.pi * 2.7 * t), sign * (up + aside)]) + rng.normal(
        0, 0.01, (3, len(t))
    )
    acc[[0, 2]] *= 0.5**0.5

    def found(x):
        return [doubt.check for doubt in doubts_of(survey_of(np.concatenate((x, np.zeros_like(x))), has_gyro=False))]

    assert abs(np.corrcoef(acc[0], acc[2])[0, 1]) > 0.99
    assert found(acc) == []
    copy = np.stack([acc[0], acc[1], sign * np.round(acc[0], 3)])
    assert "a doubled axis" in found(copy), "also in other decimals, or with the sign changed"


@pytest.mark.parametrize(("person", "bias_dps"), [(0, (-3.5, -1, 3.5)), (9, (-3, -4, 9)), (4, (6, -4, -18))])
def test_a_bias_of_the_gyroscope_is_no_doubt(person, bias_dps):
    """Many sensors have 5 to 20 deg/s of it, and the chain takes it off; a smaller scale then fits better."""
    made = simulate(Scenario(minutes=1.5, rate_hz=RATE_HZ, person=person), seed=person)
    x = np.concatenate((made.acc_g.T, made.gyr_dps.T)).astype(np.float64)
    x[3:] += np.array(bias_dps)[:, None]
    assert [doubt.words for doubt in doubts_of(survey_of(x))] == []


def test_beside_a_bias_a_wrong_sign_is_found_all_the_same(run):
    x = np.concatenate((run[:3], run[3:] + np.array([[3.0], [-4.0], [9.0]])))
    assert "sign of the gyroscope" in [doubt.check for doubt in doubts_of(survey_of(scaled(x, gyr=-1.0)))]


@pytest.mark.parametrize("factor", [2, 0.5])
def test_time_that_runs_twice_or_half_as_fast(run, factor):
    found = [doubt.check for doubt in doubts_of(survey_of(run, round(RATE_HZ / factor)))]
    assert found == ["rate or time"]


def test_many_short_gaps_are_told(run):
    survey = Survey(RATE_HZ, True)
    for start in range(0, run.shape[1], 100):
        survey.take(Block(start, run[:, start : start + 90].astype(np.float32)))
        survey.take(Lost(10))
    assert "time stamps" in [doubt.check for doubt in doubts_of(survey)]


def test_every_check_has_its_row_in_the_docs(repo):
    page = (repo / "docs" / "lab" / "doubts.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[:2] for line in page.splitlines() if line.startswith("| ") and line.count(" | ") == 3]
    assert [(row[0].removeprefix("| "), row[1]) for row in rows[2:]] == [(one.name, one.says) for one in CHECKS]


def test_every_check_is_shown_to_fire():
    shown = {check for _, check in SPOILED.values()} | {"rate or time", "time stamps"}
    against = {
        "axes of the accelerometer",
        "scale of the gyroscope",
        "sign of the gyroscope",
        "axes of the gyroscope",
        "time of the gyroscope",
    }
    assert {check.name for check in CHECKS} == (shown - against) | {"the gyroscope against gravity"}


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.35, 0.7),
    st.sampled_from([0.000061, 0.000488, 0.001, 0.01]),
    st.integers(0, 5),
    st.integers(1, 40),
    st.booleans(),
)
def test_a_range_is_seen_to_end_wherever_it_does(run, part, resolution, axis, pieces, one_count_more):
    """Not only at 2, 4, 8 or 16 g: on any axis, in any resolution, in pieces of any length; nowhere else."""
    unit = resolution if axis < 3 else 30 * resolution
    x = np.round(run / unit) * unit
    whole, survey = survey_of(x), Survey(RATE_HZ, True)
    end = np.floor(part * np.abs(x[axis]).max() / unit) * unit
    x[axis] = np.clip(x[axis], -end - (unit if one_count_more else 0), end)  # -32768 and +32767 are one end
    for start in range(0, x.shape[1], 50 * pieces):
        survey.take(Block(start, x[:, start : start + 50 * pieces].astype(np.float32)))
    assert not whole.axes[axis].is_flat
    if end > 1.05 * (1.0 if axis < 3 else 40.0):
        assert survey.axes[axis].is_flat
        assert survey.ends is not None and abs(survey.ends[axis // 3] / end - 1) < 0.02


@pytest.mark.parametrize("person", [1, *(pytest.param(person, marks=pytest.mark.long) for person in range(2, 7))])
def test_nothing_fires_on_simulated_people(person):
    made = simulate(Scenario(minutes=2.0, rate_hz=RATE_HZ, person=person), seed=person)
    x = np.concatenate((made.acc_g.T, made.gyr_dps.T))
    assert [doubt.words for doubt in doubts_of(survey_of(x))] == []


RUNNERS = st.fixed_dictionaries(
    {
        "person": st.integers(0, 1000),
        "speed_mps": st.floats(2.0, 6.0),
        "stand_s": st.sampled_from([0.0, 5.0, 10.0]),
        "rate_hz": st.sampled_from([52, 104]),
    }
)


def clean_is_not_doubted(fields, seconds, seed):
    made = simulate(Scenario(minutes=seconds / 60, **fields), seed=seed)
    x = np.concatenate((made.acc_g.T, made.gyr_dps.T))
    assert [doubt.words for doubt in doubts_of(survey_of(x, fields["rate_hz"]))] == []


@pytest.mark.parametrize(
    ("seconds", "seed", "fields"),
    [
        (36, 0, {"person": 1, "rate_hz": 52}),  # by chance some lag leaves a tenth less
        (36, 21, {"person": 10, "rate_hz": 52}),
        (30, 2, {"speed_mps": 4.0, "rate_hz": 208}),  # the gyroscope taken twice leaves less
        (42, 1866, {"person": 347, "speed_mps": 5.36, "stand_s": 3.0, "rate_hz": 104}),
    ],
)
def test_nothing_fires_on_a_short_run(seconds, seed, fields):
    clean_is_not_doubted(fields, seconds, seed)


@settings(max_examples=6, deadline=None)
@given(RUNNERS, st.floats(15, 60), st.integers(0, 10_000))
def test_nothing_fires_on_some_short_runs(fields, seconds, seed):
    clean_is_not_doubted(fields, seconds, seed)


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(RUNNERS, st.floats(15, 60), st.integers(0, 10_000))
def test_nothing_fires_on_any_short_run(fields, seconds, seed):
    clean_is_not_doubted(fields, seconds, seed)


@pytest.mark.long
def test_spoiled_copies_of_many_people_are_found():
    """All of them, where a sensor says it alone; most, where the two must be held against one another.

    In three minutes a scale of the gyroscope that is off by two often leaves no more than chance does.
    """
    hit, people = dict.fromkeys(SPOILED, 0), 12
    for person in range(1, people + 1):
        fields = {"person": person, "speed_mps": 2.2 + 0.3 * person, "rate_hz": RATE_HZ}
        made = simulate(Scenario(minutes=3.0, **fields), seed=100 + person)
        x = np.concatenate((made.acc_g.T, made.gyr_dps.T)).astype(np.float64)
        for name, (spoil, check) in SPOILED.items():
            hit[name] += check in [doubt.check for doubt in doubts_of(survey_of(spoil(x)))]
    least = {"scale of the gyroscope": 4, "time of the gyroscope": 5}
    least |= dict.fromkeys(("sign of the gyroscope", "axes of the gyroscope", "axes of the accelerometer"), 10)
    missed = {name: count for name, count in hit.items() if count < least.get(SPOILED[name][1], people)}
    assert not missed


@pytest.mark.parametrize(
    "name",
    [
        "acceleration twice",
        "rad/s",
        "turning doubled",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("sign of x", "y and z swapped")),
    ],
)
def test_what_is_corrected_is_right_again(run, name):
    spoil, check = SPOILED[name]
    spoiled = spoil(run)
    fix = correction_of(doubts_of(survey_of(spoiled)))
    mended = np.concatenate((spoiled[:3] * fix.acc_scale, fix.matrix @ spoiled[3:]))
    np.testing.assert_allclose(mended, run, rtol=0.06, atol=0.06)
    assert check not in [doubt.check for doubt in doubts_of(survey_of(mended))]


@pytest.mark.long
def test_a_shift_in_time_is_measured(run):
    for by_s in (0.2, -0.3, 0.5):
        fix = correction_of(doubts_of(survey_of(late(run, by_s))))
        assert fix.shift_s == pytest.approx(-by_s, abs=0.06)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 400), st.sampled_from([0.0, 1.0, 1e-3]))
def test_short_and_odd_traces_break_nothing(length, size):
    x = size * np.random.default_rng(length).normal(0, 1, (6, length))
    doubts_of(survey_of(x))
    doubts_of(survey_of(x, has_gyro=False))


SETS = ("rbds", "hamner", "sisfall", "mobgap")


@pytest.mark.parametrize("folder", SETS)
def test_nothing_fires_on_recordings_that_are_right(traces, folder):
    """The smallest of them; the next test has all."""
    none_fires(sorted((traces / folder).glob("*.imu.csv.xz"), key=lambda path: path.stat().st_size)[:1])


@pytest.mark.long  # a minute of processor time
@pytest.mark.parametrize("folder", SETS)
def test_nothing_fires_on_any_recording_that_is_right(traces, folder):
    none_fires(sorted((traces / folder).glob("*.imu.csv.xz")))


def none_fires(paths):
    assert paths
    fired = {}
    for path in paths:
        trace = open_trace(path)
        survey = Survey(trace.rate_hz, trace.has_gyro, trace.planar)
        for piece in trace.pieces():
            survey.take(piece)
        found = [doubt.words for doubt in doubts_of(survey)]
        if found:
            fired[path.name] = found
    assert not fired


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_those_that_fire_elsewhere_are_right(traces, whole):
    """Two axes cut off at 0; a unit of 8 g whose recording ends in zeros; one moved by hand, which is right."""
    expected = {
        "alcantara/alcantara_01": {"cut off at zero"},
        "lmu/lmu_003": {"no readings"},
        "lmu/lmu_029": {"no readings", "range of the accelerometer"},
        "broad/03_undisturbed_slow_rotation_C": set(),
        "broad/16_undisturbed_fast_translation_B": set(),
    }
    if not whole:
        expected = {name: expected[name] for name in ("alcantara/alcantara_01", "lmu/lmu_003")}
    for name, checks in expected.items():
        trace = open_trace(traces / f"{name}.imu.csv.xz")
        survey = Survey(trace.rate_hz, trace.has_gyro, trace.planar)
        for piece in trace.pieces():
            survey.take(piece)
        assert {doubt.check for doubt in doubts_of(survey)} == checks, name
