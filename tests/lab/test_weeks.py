"""Eight weeks of a runner who does not exist: what was put in, and what the record must and must not say of it."""

import json
import re
from datetime import date, timedelta

import numpy as np
import pytest
from formclip.ground.errors import FileError
from formclip.lab.simulate.scenario import ARCH
from formclip.lab.weeks.make import make_weeks
from formclip.lab.weeks.story import (
    FADED_DEG,
    FADES_FROM,
    FADES_TO,
    HABIT_DEG,
    PAIN,
    SPIKE,
    exercise_days,
    first_day,
    habit_deg,
    plan_day,
    story,
)
from formclip.runs.exchange.merge import run_of
from formclip.runs.insight.history import history
from formclip.runs.insight.load import load
from formclip.runs.insight.trends import LEVELS, SMALL, STEADY, STEPPED, trends
from formclip.runs.store.brief import rows
from formclip.runs.store.check import check
from formclip.runs.store.plan import done, plans
from formclip.runs.store.store import Store
from formclip.runs.store.watch import watched
from formclip.show import cli, weeks

UNTIL = date(2026, 4, 26)
FIRST = first_day(UNTIL)


# -- the story ---------------------------------------------------------------------------------------------------------


def test_the_story_is_the_same_on_any_day_and_ends_when_it_is_to():
    told = story(FIRST)
    assert len(told) == 24 and told[-1].began.date() == UNTIL and FIRST.weekday() == 0
    assert [run.scenario for run in told] == [run.scenario for run in story(FIRST + timedelta(weeks=9))]
    for until in (date(2026, 4, 26) + timedelta(days=by) for by in range(7)):
        assert first_day(until) == FIRST
    assert date.today() - timedelta(days=8) <= story(first_day())[-1].began.date() < date.today()
    assert all(a.began < b.began for a, b in zip(told, told[1:]))


def test_the_story_holds_what_its_words_say():
    told = story(FIRST)
    assert sum(run.watch is not None for run in told) == 12
    assert any(run.watch.smart for run in told[1::2]) and any(run.watch.pauses for run in told[1::2])
    assert all(abs(run.watch.drift_ppm) > 0.1 for run in told[1::2])
    lengths = [run.scenario.minutes for run in told]
    assert lengths[SPIKE] > 1.4 * max(lengths[:SPIKE]) and max(lengths[SPIKE + 1 :]) < lengths[SPIKE]
    arches = [sum(one.kind == ARCH for one in run.scenario.episodes) for run in told]
    assert min(arches[:9]) >= 4 and max(arches[17:]) == 1
    assert (habit_deg(0), habit_deg(23)) == (HABIT_DEG, FADED_DEG)
    assert sum(strength > 0 for strength in PAIN.values()) == 5
    assert len(exercise_days(FIRST)) == 10 and all(day <= UNTIL for day in exercise_days(FIRST))
    for run in told:
        times = sorted((one.start_s - one.ramp_s, one.end_s + one.ramp_s) for one in run.scenario.episodes)
        assert all(b < c for (_, b), (c, _) in zip(times, times[1:])), "faults do not run into each other"


# -- its first days ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    return make_weeks(tmp_path_factory.mktemp("begun"), UNTIL, runs=2, processes=0)


def test_runs_come_through_a_sync_at_the_time_at_which_they_were_run(begun):
    store = Store(begun.folder)
    found = rows(store)
    assert [row.stored.key for row in found] == [stored.key for stored in begun.stored]
    for row, run in zip(found, begun.story):
        assert abs(row.started.timestamp() - run.began.timestamp()) < 1.5 and row.about.kind == run.kind
        assert row.brief.running_s == pytest.approx(60 * run.scenario.minutes - 40, abs=40)
    assert not any(one.wrong or one.watch for one in check(store))
    assert begun.visits[0].deleted == [1], "what is on the disk is deleted on the clip"
    assert {one.name for one in begun.visits[1].carried} >= {"own_cadence_dspm", "own_tilt_cdeg"}


def test_the_watch_is_merged_and_knows_the_way(begun):
    assert begun.merged == [1] and begun.not_merged == []
    (found,) = watched(Store(begun.folder)).values()
    run = begun.story[1]
    assert abs(found.offset_s) < 1.5 and found.agreement > 0.6
    assert abs(found.drift_ppm - run.watch.drift_ppm) < 4 * found.more["match"]["drift_sd_ppm"] + 5
    steps = run_of(rows(Store(begun.folder))[1])
    assert found.distance_m == pytest.approx(run.scenario.speed_mps * steps.running_s() * run.watch.gps_scale, rel=0.03)


def test_a_record_of_somebody_is_never_made_a_story_of(tmp_path):
    Store(tmp_path / "store")
    with pytest.raises(FileError, match="a record already"):
        make_weeks(tmp_path, UNTIL, runs=0)
    made = make_weeks(tmp_path / "new", UNTIL, runs=0)
    assert make_weeks(tmp_path / "new", UNTIL, runs=0).folder == made.folder, "a story of before may be made again"


@pytest.mark.parametrize("words", [("trace.csv", "--weeks"), ("--until", "2026-04-26")])
def test_wrong_use_is_one_line(words, capsys):
    assert cli.run(["demo", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# -- all of it ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return make_weeks(tmp_path_factory.mktemp("weeks"), UNTIL)


@pytest.fixture(scope="module")
def said(told):
    """What each command of the tour prints."""
    out = {}
    for words in weeks.tour(told):
        code, text = weeks.told_by(told, words)
        assert code == 0, (words, text)
        out[" ".join(words[:2])] = text
    return out


@pytest.mark.long
def test_what_the_record_must_say(told, said):
    store = Store(told.folder)
    runs = history(store)
    assert len(runs.entries) == 24 and told.not_merged == [] and len(told.merged) == 12
    tilt = next(one for one in trends(runs).trends if one.key == "tilt_deg" and one.family == LEVELS)
    assert tilt.verdict == STEPPED
    (turn,) = tilt.turns
    began, ended = (runs.entries[number].day for number in (FADES_FROM + 1, FADES_TO))
    assert turn.gradual and turn.first <= began + timedelta(days=7) and turn.last >= ended - timedelta(days=7)
    values = [point.value for point in tilt.points]
    fell = np.mean(values[-6:]) - np.mean(values[:6])
    assert fell == pytest.approx(FADED_DEG - HABIT_DEG, abs=1.0)
    spiked = {one.label for one in load(runs, UNTIL).spikes if one.told}
    assert told.stored[SPIKE].label in spiked and "longer than the longest run" in said["load --until"]
    assert "run 5 of 5" in said["baseline show"] and "Pelvic tilt" in said["trends"]
    cues = [sum(entry.digest.cues.values()) for entry in runs.entries]
    assert "calf" in said["pain list"] and "no relation found" in said["pain beside"]
    (planned,), did = plans(store), done(store)
    assert planned.began == plan_day(FIRST) and "squat" in planned.keys and len(did) == 10
    assert "Pelvic tilt" in said["plan show"] and said["cues"]
    assert np.mean(cues[:9]) > 2 * np.mean(cues[-6:])


@pytest.mark.long
def test_what_the_record_must_not_say(told, said):
    runs = history(Store(told.folder))
    for one in trends(runs).trends:
        if one.family == LEVELS and one.key != "tilt_deg":
            # The clip sees the drop smaller by the cosine of the tilt: a tilt that falls by 3.5 deg raises it by 0.1.
            assert one.verdict in (STEADY, SMALL) if one.key == "drop_range_deg" else one.verdict == STEADY, one.said
    assert all(entry.digest.slipped_pct == 0 for entry in runs.entries), "the clip sat still"
    assert "goes with it" not in said["pain beside"] and "red flag" not in said["pain list"].lower()
    after = [one for one in load(runs, UNTIL).spikes if one.told and one.day >= FIRST + timedelta(weeks=3)]
    assert [one.label for one in after] == [told.stored[SPIKE].label]
    everything = " ".join(said.values()).lower()
    for never in (
        "causes",
        "caused by",
        "will get injured",
        "you will",
        "diagnosis",
        "acute:chronic ratio of",
        "amnesia",
    ):
        assert never not in everything
    assert not re.search(r"\bnan\b|\binf\b|none\b(?! )", everything.replace("cues: none", ""))


@pytest.mark.long
def test_cues_that_were_put_downhill_are_found_there(told):
    of_watch = watched(Store(told.folder))
    right = wrong = 0
    for number in told.merged:
        run, stored = told.story[number], told.stored[number]
        (arch,) = [one for one in of_watch[stored.key].more["cues"] if one["kind"] == "arch"] or [{"places": []}]
        for at, place in arch["places"]:
            true = [slope for a, b, slope in run.hills if a + 10 < at < b]
            if true:
                right += (place == "downhill") == (true[0] < 0)
                wrong += (place == "downhill") != (true[0] < 0)
    assert right >= 12 and wrong == 0


@pytest.mark.long
def test_the_command_prints_all_of_it_as_json_too(tmp_path, capsys):
    assert cli.run(["demo", "--weeks", "--until", "2026-04-26", "--out", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs"]) == 24 and len(found["merged"]) == 12
    assert all(one["exit_code"] == 0 and one["said"] for one in found["commands"])
