"""What cues did: episodes are the engine's own, and an effect is told only where uncued faults show another course."""

import dataclasses
import math

import numpy as np
import pytest
from formclip.ground.columns import own_clock, to_run
from formclip.ground.log import read_log
from formclip.runs.insight.cued import CHANGED, FEW, HELPED, NOT_FOUND, WORSE, what_cues_did
from formclip.runs.insight.digest import make_digest
from formclip.runs.insight.episodes import CUED, FADED, GAP, LIMIT, SILENT, WARM_UP, Episode, episodes
from gaitcore.rerun import replay_cues
from gaitcore.settings import Settings
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_history import history_of, made
from tests.made_runs import log_of


def arched(at_s, held_s=12.0, by=10.0):
    """Tilt that is `by` above the usual for `held_s` from each of these seconds on."""
    return lambda t: {"tilt_deg": 6.0 + (by if any(s <= t < s + held_s for s in at_s) else 0.0)}


def session(tmp_path, at_s, seconds=700.0, **changed):
    held_s = changed.pop("held_s", 12.0)
    path = tmp_path / "x.fclog"
    path.write_bytes(
        log_of(seconds, at=arched(at_s, held_s), baseline=(0, 1700, 600, 150), settings=Settings(changed), seed=2)
    )
    log = read_log(path)
    return log, to_run(log, own_clock)


def test_an_episode_begins_with_the_fault_and_its_cue_is_the_engine_s(tmp_path):
    log, run = session(tmp_path, [250.0, 400.0])
    found = episodes(log, run)
    assert [(one.kind, one.why) for one in found] == [("arch", CUED)] * 2
    cues = [(t_ms / 1000, values) for t_ms, values in replay_cues(log.entries) if values[0] == 2]
    for one, start, (cue_s, _) in zip(found, (250.0, 400.0), cues):
        assert one.began_s == pytest.approx(start, abs=2.0) and one.held_s - one.began_s == pytest.approx(5, abs=1.5)
        assert abs(cue_s - one.held_s) < 1.5 and one.back_s == pytest.approx(start + 12, abs=4)
        assert one.error_pct > 120 and one.change["tilt_deg"] < -2


@pytest.mark.parametrize(
    "changed, at_s, why",
    [
        ({"mode": "silent"}, [250.0], SILENT),
        ({"faded": 1, "faded_session": 8}, [450.0], FADED),
        ({"cue_max": 1}, [250.0, 400.0], LIMIT),
        ({}, [100.0], WARM_UP),
        ({}, [250.0, 270.0], GAP),
    ],
)
def test_why_a_fault_was_not_cued_is_known(tmp_path, changed, at_s, why):
    log, run = session(tmp_path, at_s, **changed)
    assert episodes(log, run)[-1].why == why


def test_a_fault_that_ends_with_the_run_has_no_end_and_short_ones_are_none(tmp_path):
    log, run = session(tmp_path, [250.0, 297.5], 300.0)
    found = episodes(log, run)
    assert len(found) == 1 and found[0].back_s is not None
    log, run = session(tmp_path, [293.8], 300.0)
    (one,) = episodes(log, run)
    assert one.back_s is None and one.change == {}
    log, run = session(tmp_path, [250.0], held_s=3.0)
    assert episodes(log, run) == []


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(190, 680), max_size=6), st.sampled_from(["coach", "silent"]))
def test_every_cue_of_the_engine_is_in_one_episode_and_none_is_made_up(tmp_path_factory, at_s, mode):
    log, run = session(tmp_path_factory.mktemp("any"), at_s, mode=mode)
    found = episodes(log, run)
    cues = [t_ms / 1000 for t_ms, values in replay_cues(log.entries) if values[0] in (1, 2)]
    assert sum(one.why == CUED for one in found) <= len(cues)
    if mode == "silent":
        assert not cues and {one.why for one in found} <= {SILENT}
    for one in found:
        assert one.began_s <= one.held_s and (one.back_s is None or one.back_s >= one.held_s)
        if one.why == CUED:
            assert any(abs(cue_s - one.held_s) < 2.5 for cue_s in cues)
    digest = make_digest(log, run)
    assert digest.faults() == found


# -- what is said of them ----------------------------------------------------------------------------------------------


def held(rng, cued, effect=0.0, cost=0.0, error=None):
    """An arch that comes back by 2° by itself, and by `effect` more with a cue."""
    error = error or int(100 + 50 * rng.random())
    change = {
        "tilt_deg": -2.0 + (effect if cued else 0.0) + rng.normal(0, 1.0),
        "vo_cm": (cost if cued else 0.0) + rng.normal(0, 0.2),
        "contact_ms": rng.normal(0, 3.0),
    }
    back = 10.0 if rng.random() < (0.8 if cued and effect else 0.5) else 50.0
    return Episode("arch", 200.0, 205.0, 205.0 + back, CUED if cued else SILENT, error, change)


def record(effect=0.0, cost=0.0, runs=16, faults=4, seed=1, silent=lambda i: i % 2):
    rng = np.random.default_rng(seed)
    out = []
    for i in range(runs):
        found = [dataclasses.asdict(held(rng, not silent(i), effect, cost)) for _ in range(faults)]
        out.append(made(3.5 * i, rng, episodes=found))
    return history_of(out)


def arch(found):
    return next(one for one in found.kinds if one.kind == "arch")


def test_a_cue_that_helps_is_told_with_its_interval_and_what_it_costs():
    one = arch(what_cues_did(record(-3.0, 0.5, runs=24, faults=6, seed=2)))
    tilt = one.about[0]
    assert tilt.verdict == HELPED and tilt.low < -3 < tilt.high and "the cue helped, −" in tilt.said
    assert one.costs[0].key == "vo_cm" and one.costs[0].verdict == CHANGED and one.costs[1].verdict == NOT_FOUND
    assert one.back.verdict == HELPED and "% with a cue" in one.back.said
    assert (one.cued, one.compared) == (72, 72) and len(one.over_weeks) == 3


def test_what_comes_back_by_itself_is_not_laid_to_the_cue():
    """Every fault falls back by 2° after it was held: before and after alone, each cue would seem to help."""
    one = arch(what_cues_did(record(0.0)))
    assert one.about[0].verdict == NOT_FOUND and one.about[0].with_cue == pytest.approx(-2, abs=0.5)
    assert "no effect found" in one.about[0].said


def test_a_cue_that_harms_is_told_as_plainly():
    one = arch(what_cues_did(record(2.5, runs=24, faults=6)))
    assert one.about[0].verdict == WORSE and "made it worse" in one.about[0].said


@pytest.mark.parametrize("silent", [lambda i: 0, lambda i: 1, lambda i: i >= 2])
def test_without_faults_of_both_sorts_it_is_too_few_to_tell(silent):
    one = arch(what_cues_did(record(-3.0, runs=6, silent=silent)))
    assert one.about[0].verdict == FEW and one.about[0].said.startswith("Too few to tell: ")
    assert math.isnan(one.about[0].effect)
    if not silent(9):
        assert "some runs in silent mode or a faded course are needed" in one.said


def test_no_fault_at_all_is_said_and_no_runs_too():
    found = what_cues_did(history_of([made(0)]))
    assert arch(found).said == "Arch: never held long enough to be cued."
    assert what_cues_did(history_of([])).runs == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(-3, 3))
def test_an_effect_lies_in_its_interval_and_turns_with_the_names(seed, effect):
    history = record(effect, seed=seed)
    one = arch(what_cues_did(history)).about[0]
    assert one.low <= one.effect <= one.high and 0 <= one.p <= 1
    for entry in history.entries:
        for told in entry.digest.episodes:
            told["why"] = SILENT if told["why"] == CUED else CUED
    assert arch(what_cues_did(history)).about[0].effect == pytest.approx(-one.effect, abs=1e-9)


def test_the_interval_holds_the_true_effect_nineteen_times_of_twenty():
    found = [arch(what_cues_did(record(-1.0, seed=seed))).about[0] for seed in range(60)]
    assert sum(not one.low <= -1.0 <= one.high for one in found) <= 7


def test_chance_is_seldom_taken_for_an_effect():
    wrong = sum(arch(what_cues_did(record(0.0, seed=seed))).about[0].verdict != NOT_FOUND for seed in range(60))
    assert wrong <= 6
