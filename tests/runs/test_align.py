"""A watch's clock tied to the clip's: made-up pairs are matched to a fraction of a second, wrong ones are refused."""

import numpy as np
import pytest
from formclip.lab.simulate.watch import Watch, watch_file
from formclip.runs.exchange.align import LEAST_AGREEMENT, Contacts, match
from formclip.runs.exchange.watchfile import activities
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.made_pairs import BEGAN, Runner, course_of
from tests.picks import first, later

STOPS = ((600.0, 40.0), (1300.0, 25.0), (2000.0, 90.0))
HARD = ((900.0, 1080.0), (1500.0, 1700.0))
CLIPS_OWN = {"counted_s": 4.0, "strides": 0.5, "noise_spm": 0.0}  # the watch records what the clip sends


def matched(course, watch, seed, about_s=BEGAN, within_s=600.0, data_of=lambda data: data):
    (activity, *_) = activities(data_of(watch_file(course, BEGAN, watch, seed)))
    return match(course.on_s, activity, about_s, within_s)


def errors(found, course, watch):
    """(offset in the middle, s; drift, ppm)"""
    middle = float(course.on_s[len(course.on_s) // 2])
    true = BEGAN + middle * (1 + watch.drift_ppm / 1e6)
    return float(found.watch_s(np.array([middle]))[0]) - true, found.drift_ppm - watch.drift_ppm


WATCHES = {
    "wrist": Watch(),
    "counting over 10 s": Watch(counted_s=10.0),
    "half strides": Watch(strides=0.5, counted_s=3.0),
    "smart recording": Watch(smart=True),
    "autopause and a stop": Watch(autopause=True, pauses=((700.0, 790.0),)),
    "two in a second": Watch(twice=True),
    "started late, stopped early": Watch(from_s=400.0, to_s=2300.0),
    "all at once": Watch(smart=True, autopause=True, pauses=((400.0, 470.0),), counted_s=7.0, noise_spm=0.8),
}


@pytest.mark.parametrize("name", WATCHES)
@pytest.mark.parametrize("seed", first([1, 2, 3]))
def test_a_pair_is_matched_within_half_a_second(name, seed):
    rng = np.random.default_rng([seed, 3])
    watch = Watch(**{**vars(WATCHES[name]), "drift_ppm": float(rng.uniform(-120, 120))})
    course = course_of(Runner(stops=STOPS, hard=HARD, seed=seed))
    found = matched(course, watch, seed, BEGAN + float(rng.uniform(-400, 400)))
    off_s, drift_ppm = errors(found, course, watch)
    assert found.refused() == "" and abs(off_s) < 0.5 and abs(drift_ppm) < 250
    assert abs(drift_ppm) < 4 * found.drift_sd_ppm + 20
    assert found.agreement > LEAST_AGREEMENT and 0 < found.residual_spm < 2.5


@pytest.mark.parametrize("seed", [4, 5, *later(6, 7, 8, 9)])
def test_what_the_clip_sent_ties_the_clocks_within_20_ppm(seed):
    rng = np.random.default_rng([seed, 4])
    watch = Watch(**CLIPS_OWN, drift_ppm=float(rng.uniform(-150, 150)), autopause=bool(seed % 2))
    course = course_of(Runner(minutes=60, stops=STOPS, hard=HARD, seed=seed))
    found = matched(course, watch, seed)
    off_s, drift_ppm = errors(found, course, watch)
    assert found.refused() == "" and abs(off_s) < 0.1 and abs(drift_ppm) < 20


def test_the_errors_that_are_told_are_those_that_are_made():
    """Of the wrist's cadence drift is known to some 20 ppm in an hour, and the match says so."""
    told, made = [], []
    for seed in range(20, 28):
        course, watch = course_of(Runner(minutes=40, seed=seed)), Watch(drift_ppm=30.0 * (seed % 3))
        found = matched(course, watch, seed)
        made.append(errors(found, course, watch))
        told.append((found.offset_sd_s, found.drift_sd_ppm))
    share = np.sqrt(np.mean((np.array(made) / np.array(told)) ** 2, axis=0))
    assert (share > 0.4).all() and (share < 2.0).all()


def test_a_run_without_a_date_is_matched_at_any_time():
    course = course_of(Runner(minutes=30, seed=5))
    assert matched(course, Watch(), 5, None).refused() == ""
    assert matched(course, Watch(), 5, BEGAN + 5 * 3600, 13 * 3600).refused() == ""


def test_a_time_that_is_not_allowed_is_no_match():
    course = course_of(Runner(minutes=30, seed=5))
    found = matched(course, Watch(), 5, BEGAN + 1200.0)
    assert found is None or found.refused()
    assert matched(course, Watch(), 5, BEGAN + 86400.0) is None


@pytest.mark.parametrize("block", first(range(4)))
def test_a_hundred_wrong_pairs_are_all_refused(block):
    """Other runs of the same runner at the same time, half of them by the same plan."""
    accepted = []
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        rng = np.random.default_rng([seed, 6])
        same_plan = {"stops": ((300.0, 40.0), (500.0, 25.0)), "hard": ((150.0, 240.0), (360.0, 450.0), (540.0, 570.0))}
        minutes = float(rng.choice([10, 15, 25, 40]))
        plan = same_plan if rng.random() < 0.5 else {}
        wander = float(rng.uniform(0.5, 2.0))
        ours, theirs = (course_of(Runner(minutes, wander_spm=wander, seed=seed + by, **plan)) for by in (0, 50_000))
        watch = Watch(
            counted_s=float(rng.choice([3, 5, 10])), strides=float(rng.choice([0, 0.5, 1])),
            smart=bool(rng.random() < 0.3), autopause=bool(rng.random() < 0.5),
        )  # fmt: skip
        (activity,) = activities(watch_file(theirs, BEGAN, watch, seed))
        found = match(ours.on_s, activity, BEGAN if rng.random() < 0.8 else None)
        if found is not None and not found.refused():
            accepted.append((seed, found))
    assert accepted == []


def test_a_cadence_that_tells_nothing_is_refused():
    """A metronome's: there is nothing to know the one run by."""
    course = course_of(Runner(minutes=20, wander_spm=0.0, seed=3))
    beat = np.arange(20.0, 1200.0, 60 / 170)
    (activity,) = activities(watch_file(course, BEGAN, Watch(), 3))
    found = match(beat, activity, BEGAN)
    assert found is None or found.refused()
    assert match(beat[:50], activity, BEGAN) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.floats(0.5, 15.0), st.floats(0.0, 600.0))
def test_counts_of_contacts_are_those_that_counting_gives(seed, over_s, at_s):
    rng = np.random.default_rng(seed)
    on_s = 30 + np.cumsum(rng.uniform(0.3, 0.45, 900))
    on_s[500:] += 20.0
    spm = Contacts(on_s).cadence(np.array([at_s]), over_s)[0]
    begin = at_s - over_s
    whole = begin >= on_s[0] and at_s <= on_s[-1] and not (begin < on_s[500] and at_s > on_s[499])
    if np.isnan(spm):
        assert not whole
    else:
        counted = np.sum((on_s > begin) & (on_s <= at_s))
        assert whole and abs(spm * over_s / 60 - counted) <= 1.0
