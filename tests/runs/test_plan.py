"""The plan: legs first, then what runs and screens ask for; when it hurts; what comes after a faded course."""

from datetime import timedelta

import numpy as np
import pytest
from formclip.runs import knowledge
from formclip.runs.insight.course import AFTER, NO_COURSE, UNDER_WAY, course
from formclip.runs.insight.plan import (
    A_WEEK,
    LEGS,
    MOVES,
    WEEKLY,
    WEEKS,
    WHY_LEGS,
    items_for,
    plan,
    when_it_hurts,
)
from formclip.runs.insight.pointers import Pointer, pointers
from formclip.runs.insight.trends import trends
from formclip.runs.store.about import About
from formclip.runs.store.pain import Pain, add_pain
from formclip.runs.store.plan import NoPlan, Screen, begin, done, plans, say_done, say_screen, screens, stop
from formclip.runs.store.store import Store
from gaitcore.settings import Settings
from hypothesis import given
from hypothesis import strategies as st

from tests.made_history import MONDAY, history_of, made

TODAY = MONDAY.date() + timedelta(days=60)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def runs(n=24, every=2.5, change=lambda day: {}, seed=1):
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        day = every * i
        figures = {"tilt_deg": 6 + rng.normal(0, 0.4), "cadence_spm": 170 + rng.normal(0, 1)}
        moved = change(day)
        figures = {key: value + moved.get(key, 0) for key, value in figures.items()}
        out.append(made(day, rng, **figures, **{k: v for k, v in moved.items() if k not in figures}))
    return history_of(out)


def test_without_findings_it_is_the_legs_alone_and_says_why(store):
    found = plan(store, runs(), TODAY)
    assert [one.key for one in found.items] == list(LEGS) and {one.why for one in found.items} == {WHY_LEGS}
    assert (
        found.pointers == ()
        and found.week == 0
        and found.moved == ()
        and found.to_screen == ("plank", "bridge", "lunge")
    )
    assert all(one.how.endswith(".") and one.source for one in found.items)


def test_what_runs_point_to_comes_after_the_legs_with_what_it_rests_on(store):
    history = runs(change=lambda day: {"tilt_deg": 0.08 * day, "cues": {"arch": 3} if day > 49 else {}})
    (pointer,) = pointers(history, trends(history))
    assert pointer.key == "arch" and "cued in 4 of the last 5 runs" in pointer.said and "Rises by" in pointer.said
    items = plan(store, history, TODAY).items
    assert [one.key for one in items[: len(LEGS)]] == list(LEGS)
    assert [one.key for one in items[len(LEGS) :]] == ["glute_squeeze", "bridge"]
    assert "Rises by" in items[-1].why and "cause" not in items[-1].why


@given(
    st.lists(st.sampled_from(list(knowledge.FAULTS)), unique=True),
    st.lists(st.tuples(st.sampled_from(["plank", "bridge", "lunge"]), st.booleans())),
)
def test_every_plan_begins_with_the_legs_and_repeats_nothing(keys, told):
    taken = [
        Screen(TODAY, name, ("75" if good else "20") if name == "plank" else ("yes" if good else "no"))
        for name, good in told
    ]
    items = items_for([Pointer(key, "It came back.") for key in keys], taken)
    found = [one.key for one in items]
    assert found[: len(LEGS)] == list(LEGS) and len(set(found)) == len(found) <= 8
    latest = dict(told)
    if not latest.get("plank", True):
        assert "plank" in found


def test_a_plan_has_four_weeks_and_an_end_and_counts_what_was_done(store):
    history = runs()
    begun = begin(store, TODAY, WEEKS, LEGS)
    for days in (0, 0, 2, 8, 9, 30):
        say_done(store, TODAY + timedelta(days=days), ["strength"])
    say_done(store, TODAY + timedelta(days=3), ["squat"])
    found = plan(store, history, TODAY + timedelta(days=9))
    assert found.week == 2 and found.sessions == (3, 2, 0, 0) and found.ends == TODAY + timedelta(days=28)
    over = plan(store, history, TODAY + timedelta(days=28))
    assert over.week == 0 and over.said[0].startswith("The last plan is over")
    assert (
        stop(store, TODAY + timedelta(days=10)).stopped and plan(store, history, TODAY + timedelta(days=11)).week == 0
    )
    with pytest.raises(NoPlan):
        stop(store, TODAY)
    assert begun.keys == LEGS and len(done(store)) == 7
    begin(store, TODAY, WEEKS, LEGS)
    begin(store, TODAY + timedelta(days=1), WEEKS, LEGS)
    assert [one.stopped is None for one in plans(store)] == [False, False, True]


def test_what_moved_is_told_with_its_interval_and_not_what_moved_it(store):
    start = MONDAY.date() + timedelta(days=28)
    history = runs(32, change=lambda day: {"tilt_deg": -2.0 if day > 40 else 0.0})
    begin(store, start, WEEKS, LEGS)
    found = plan(store, history, start + timedelta(days=40))
    moved = {one.key: one for one in found.moved}
    assert set(moved) == set(MOVES) and moved["tilt_deg"].low < -2 < moved["tilt_deg"].high
    assert moved["cadence_spm"].said.startswith("No difference found")
    assert plan(store, runs(8), start).moved == ()


def test_screens_are_kept_and_the_latest_counts(store):
    say_screen(store, TODAY, "plank", "45")
    say_screen(store, TODAY, "lunge", "no")
    found = plan(store, runs(), TODAY)
    assert [one.key for one in found.items] == [*LEGS, "plank", "hip_flexor_stretch"] and found.to_screen == ("bridge",)
    say_screen(store, TODAY, "plank", "60")
    assert [one.passed for one in screens(store)] == [False, False, True]
    assert "plank" not in [one.key for one in plan(store, runs(), TODAY).items]
    for name, result in (("plank", "long"), ("plank", "-1"), ("plank", "nan"), ("bridge", "45"), ("jump", "yes")):
        with pytest.raises(NoPlan):
            say_screen(store, TODAY, name, result)


def test_a_red_flag_takes_the_plan_s_place(store):
    add_pain(store, (MONDAY.timestamp(), "+00:00"), 5, ["low-back-left"], flags=["numb"])
    found = plan(store, runs(), TODAY)
    assert (
        found.items == () and found.said[0].startswith("Seek care now") and [f.key for f in found.red_flags] == ["numb"]
    )


def test_the_weekly_list_counts_what_is_known(store):
    monday = TODAY - timedelta(days=TODAY.weekday())
    first = (monday - MONDAY.date()).days
    entries = [made(first, about=About(surface="road")), made(first + 1, about=About(surface="trail"))]
    say_done(store, monday, ["warm-up", "strength"])
    say_done(store, monday, ["warm-up"])
    say_done(store, monday - timedelta(days=1), ["drills"])
    checks = {check.key: check for check in plan(store, history_of(entries), monday + timedelta(days=1)).weekly}
    assert set(checks) == set(WEEKLY)
    told = {key: (check.done, check.of) for key, check in checks.items()}
    assert told["warm-up"] == (1, 2) and told["strength"] == (1, A_WEEK[0]) and told["drills"] == (0, 7)
    assert told["surfaces"] == (2, 2) and told["pain"] == (None, None)


# -- when it hurts -----------------------------------------------------------------------------------------------------


def sore(day, strength=4):
    return Pain(1, MONDAY + timedelta(days=day), "after", ("low-back-left",), strength, None, (), "", False)


def weeks_of(km=20.0, n=8):
    return history_of([made(7 * week, about=About(distance_m=1000 * km)) for week in range(n)])


def test_when_it_hurts_the_week_is_cut_and_comes_back_in_steps():
    day = lambda n: MONDAY.date() + timedelta(days=n)  # noqa: E731
    log = [sore(30), sore(33), sore(33, 0)]
    found = when_it_hurts(weeks_of(), log, day(34))
    assert (found.stage, found.low_km, found.high_km) == ("hurts", pytest.approx(14), pytest.approx(16))
    assert "14 to 16 km a week in place of 20" in found.said[0] and found.until == day(47)
    assert when_it_hurts(weeks_of(), log, day(40)).stage == "waiting"
    back = when_it_hurts(weeks_of(), log, day(47))
    assert back.stage == "returning" and back.high_km == pytest.approx(17.6)
    assert back.said == (
        "Two weeks without pain are over. This week up to 18 km, then 10 % more a week, to the 20 of before (E).",
    )
    assert when_it_hurts(weeks_of(), log, day(54)).high_km == pytest.approx(19.36)
    whole = when_it_hurts(weeks_of(), log, day(61))
    assert whole.high_km == pytest.approx(20) and "that is the 20 km of before again" in whole.said[0]
    assert (
        when_it_hurts(weeks_of(), log, day(90)).stage == "none"
        and when_it_hurts(weeks_of(), [], day(9)).stage == "none"
    )


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 80))
def test_nobody_is_sent_back_before_two_weeks_without_pain(days, today):
    log = [sore(day) for day in sorted(days)]
    found = when_it_hurts(weeks_of(), log, MONDAY.date() + timedelta(days=today))
    past = [day for day in days if day <= today]
    if past and today - max(past) < 14:
        assert found.stage in ("hurts", "waiting")
    else:
        assert found.stage in ("none", "returning")
    if found.high_km is not None:
        assert found.high_km <= 20.0001


# -- after a faded course ----------------------------------------------------------------------------------------------


def faded(day, session, tilt=6.0, on="on", mode="coach"):
    told = {**Settings().to_dict(), "faded": on, "faded_session": session, "mode": mode}
    return made(day, settings=told, tilt_deg=tilt)


def test_after_a_faded_course_a_run_without_cues_is_due_every_two_weeks():
    assert course(runs(3)).state == NO_COURSE
    found = course(history_of([faded(2 * n, n + 1) for n in range(5)]))
    assert found.state == UNDER_WAY and found.said[0].startswith("Session 5 of 8")
    lessons = [faded(2 * n, n + 1) for n in range(8)]
    found = course(history_of(lessons))
    assert found.state == AFTER and found.probe_due == MONDAY.date() + timedelta(days=14 + 14)
    assert "at six months" in found.said[-1] and found.back == ()
    probe = faded(40, 9)
    assert course(history_of([*lessons, probe])).probe_due == MONDAY.date() + timedelta(days=54)


def test_a_habit_that_is_back_asks_for_one_reminder_and_no_second():
    lessons = [faded(2 * n, n + 1, tilt=6.0) for n in range(8)]
    back = [faded(40 + 14 * n, 9 + n, tilt=10.0 + 0.1 * n) for n in range(3)]
    found = course(history_of([*lessons, *back]))
    assert found.back == ("pelvic tilt against standing",) and not found.reminded
    assert "one reminder course is due" in found.said[1]
    reminder = [faded(90 + 2 * n, 5 + n) for n in range(4)]
    again = [faded(120 + 14 * n, 9 + n, tilt=10.0 + 0.1 * n) for n in range(3)]
    found = course(history_of([*lessons, *back, *reminder, *again]))
    assert found.reminded and "has been run already" in " ".join(found.said)
    stayed = [faded(40 + 14 * n, 9 + n, tilt=6.0 + 0.1 * n) for n in range(3)]
    assert course(history_of([*lessons, *stayed])).back == ()
