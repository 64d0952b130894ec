"""The pain log: red flags say stop and switch cueing off; pain beside form tells what chance does not, and no cause."""

import asyncio
import random
from datetime import timedelta

import numpy as np
import pytest
from formclip.lab.chance import rates
from formclip.runs.insight.beside import FEW, FEWEST, FOUND, NONE_FOUND, beside, strongest
from formclip.runs.insight.digest import STOOD
from formclip.runs.insight.evidence import relation, runs_to_see
from formclip.runs.insight.trends import trends
from formclip.runs.redflags import RED_FLAGS, advice, raised
from formclip.runs.store.lent import lent
from formclip.runs.store.pain import NotPain, Pain, add_pain, pains, remove_pain, resume, standing
from formclip.runs.store.store import Store
from formclip.runs.sync.visit import visit
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_history import history_of, made
from tests.runs.test_store import client
from tests.runs.test_sync import Port

NOW = (1_780_000_000.0, "+02:00")
BACK = ["low-back-left"]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_form_stands_beside_pain_as_it_stands_in_trends():
    """A watch on the runs of later only; the tilt of earlier ones does not count, so it is the watch's to pace."""
    rng = np.random.default_rng(3)
    history = history_of(
        [
            made(day, rng, tilt_deg=rng.normal(6, 1), watch_mps=rng.normal(3, 0.2) if day >= 30 else None,
                 speed_effect={"tilt_deg": 4.0}, calibration="none" if day < 28 else STOOD)
            for day in range(60)
        ]
    )  # fmt: skip
    log = [
        Pain(n, e.started, "after", ("calf",), 2 + n % 5, None, (), "", False)
        for n, e in enumerate(history.entries)
        if n % 3
    ]
    asked = {one.key: one for one in beside(history, log).asked}
    pain, _ = strongest(history.entries, log)
    place = {entry.label: i for i, entry in enumerate(history.entries)}
    for key in ("tilt_deg", "cadence_spm"):
        x = np.full(60, np.nan)
        for point in trends(history).of(key).points:
            x[place[point.label]] = point.value
        assert asked[key].relation == relation(x[1:], np.nan_to_num(pain)[1:])


@pytest.mark.parametrize("key", RED_FLAGS)
def test_every_red_flag_says_stop_and_stands_until_resumed(store, key):
    add_pain(store, NOW, 3, BACK, flags=[key])
    said = advice(standing(store))
    assert RED_FLAGS[key].said in said[0]
    assert said[0].startswith("Seek care now" if RED_FLAGS[key].now else "Stop, and see")
    assert "switched off" in said[-1] and "metronome" in said[-1]
    remove_pain(store, 1)
    assert pains(store) == [] and [flag.key for flag in standing(store)] == [key]
    assert [flag.key for flag in resume(store)] == [key] and standing(store) == () and resume(store) == ()


def test_pain_that_lasts_is_a_red_flag_and_other_pain_is_none(store):
    add_pain(store, NOW, 2, ["calf"], "after", 23.0)
    add_pain(store, NOW, 0)
    assert standing(store) == () and advice(()) == ()
    add_pain(store, NOW, 2, ["calf"], "after", 25.0)
    assert [flag.said for flag in standing(store)] == ["pain that lasts more than 24 h"]
    assert "cause" not in " ".join(advice(raised(RED_FLAGS, 30.0)))


@given(
    st.integers(0, 10),
    st.lists(st.sampled_from(["low-back-left", "hip", "other"]), min_size=1, unique=True),
    st.none() | st.floats(0, 8000),
    st.lists(st.sampled_from(list(RED_FLAGS)), unique=True),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50),
)
def test_what_was_said_comes_back_as_it_was(tmp_path_factory, strength, places, lasted_h, flags, note):
    store = Store(tmp_path_factory.mktemp("pain"))
    add_pain(store, NOW, strength, places, "during", lasted_h, flags, note)
    (back,) = pains(store)
    assert (back.strength, list(back.places), back.lasted_h) == (strength, places, lasted_h)
    assert list(back.flags) == flags and back.note == note.strip() and back.at.timestamp() == NOW[0]
    assert bool(standing(store)) == bool(flags or (lasted_h or 0) > 24)


@pytest.mark.parametrize(
    "said",
    [
        {"strength": 11, "places": BACK},
        {"strength": 3},
        {"strength": 3, "places": ["elbow"]},
        {"strength": 3, "places": BACK, "moment": "soon"},
        {"strength": 3, "places": BACK, "flags": ["bad"]},
        {"strength": 3, "places": BACK, "lasted_h": float("nan")},
        {"strength": 3, "places": BACK, "lasted_h": -1.0},
        {"strength": 3, "places": BACK, "note": "x" * 2001},
    ],
)
def test_what_can_not_be_said_is_refused_and_nothing_is_kept(store, said):
    with pytest.raises(NotPain):
        add_pain(store, NOW, **said)
    assert pains(store) == []
    with pytest.raises(NotPain):
        remove_pain(store, 1)


@pytest.mark.parametrize("mode", ["coach", "metronome"])
def test_a_red_flag_silences_the_clip_until_resume_whatever_is_set_meanwhile(store, mode):
    port = Port({})
    port.settings.set("mode", mode)
    own = port.settings.mode
    add_pain(store, NOW, 5, BACK, flags=["numb"])
    done = asyncio.run(visit(client(port), store))
    assert port.settings.to_dict()["mode"] == "silent" and "a numb saddle area" in done.carried[0].said
    assert asyncio.run(visit(client(port), store)).carried == []
    port.settings.set("mode", "metronome")  # on the clip itself, or by another computer
    asyncio.run(visit(client(port), store))
    assert port.settings.to_dict()["mode"] == "silent"
    port.settings.set("mode", mode)
    asyncio.run(visit(client(port), store))
    resume(store)
    done = asyncio.run(visit(client(port), store))
    assert port.settings.mode == own and "before the red flag" in done.carried[0].said
    assert lent(store, "formclip-1a2b") == {} and asyncio.run(visit(client(port), store)).carried == []


def test_a_runner_who_records_only_is_left_so(store):
    port = Port({})
    port.settings.set("mode", "silent")
    add_pain(store, NOW, 5, BACK, flags=["weak"])
    asyncio.run(visit(client(port), store))
    resume(store)
    assert asyncio.run(visit(client(port), store)).carried == [] and port.settings.to_dict()["mode"] == "silent"


# -- beside form and load ----------------------------------------------------------------------------------------------


def pain_at(entry, strength, hours=3.0, places=("low-back-left",), number=1):
    return Pain(number, entry.started + timedelta(hours=hours), "after", places, strength, None, (), "", False)


def record(n=30, seed=1, pain=lambda i, tilt, km, rng: 0):
    rng = np.random.default_rng(seed)
    entries, noted = [], []
    for i in range(n):
        tilt, km = 6 + rng.normal(0, 1.0), 8 + rng.normal(0, 2.0)
        entries.append(made(2.4 * i, rng, tilt_deg=tilt, distance_m=1000 * km))
        noted.append(pain_at(entries[-1], int(np.clip(pain(i, tilt, km, rng), 0, 10)), number=i))
    return history_of(entries), noted


def of(found, key):
    return next(one for one in found.asked if one.key == key)


def test_pain_that_goes_with_distance_is_found_and_no_cause_is_claimed():
    history, noted = record(40, pain=lambda i, tilt, km, rng: round(1.2 * (km - 7) + rng.normal(0, 1)))
    found = beside(history, noted)
    one = of(found, "distance")
    assert one.verdict == FOUND and one.relation.low > 0 and "does not show that one causes" in one.said
    assert found.asked[0].key == "distance" and of(found, "tilt_deg").verdict == NONE_FOUND
    assert "no relation found in 40 runs" in of(found, "tilt_deg").said


def test_a_spell_that_has_nothing_to_do_with_form_is_not_laid_to_it():
    history, noted = record(24, pain=lambda i, tilt, km, rng: 4 + rng.integers(0, 2) if 10 <= i < 16 else 0)
    found = beside(history, noted)
    assert found.with_pain == 6 and {one.verdict for one in found.asked} <= {NONE_FOUND, FEW}
    tilt = of(found, "tilt_deg")
    assert tilt.more_runs > 0 and f"To see one point takes about {tilt.more_runs} more runs" in tilt.said


def test_too_few_runs_say_how_many_are_missing():
    history, noted = record(12, pain=lambda i, tilt, km, rng: 3 if i < 2 else 0)
    found = beside(history, noted)
    assert {one.verdict for one in found.asked} == {FEW}
    assert found.said == (
        "Too few to tell: 12 runs since the first entry, 2 of them with pain; "
        f"{FEWEST - 12} more runs and 2 more with pain noted are needed.",
    )
    assert beside(history_of([]), []).runs == 0


def test_pain_belongs_to_the_last_run_within_two_days():
    entries = [made(0), made(1), made(10)]
    noted = [pain_at(entries[0], 2), pain_at(entries[1], 3, 20), pain_at(entries[1], 5, 40), pain_at(entries[1], 9, 60)]
    strengths, unplaced = strongest(entries, noted)
    assert strengths[:2].tolist() == [2, 5] and np.isnan(strengths[2]) and unplaced == 1
    elsewhere = [pain_at(entries[0], 2, places=("calf",)), pain_at(entries[1], 3)]
    assert beside(history_of(entries), elsewhere, ["calf"]).with_pain == 1


numbers = st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 10)), min_size=8, max_size=40)


@settings(max_examples=30, deadline=None)
@given(numbers, st.floats(0.5, 4))
def test_a_relation_is_the_same_in_any_unit_and_turns_with_its_sign(told, scale):
    x, y = (np.array(one, dtype=float) for one in zip(*told))
    found = relation(x, y)
    if found is None:
        return
    assert -1.0001 <= found.r <= 1.0001 and 0 < found.p <= 1 and found.low <= found.difference <= found.high
    other = relation(x, scale * y)
    assert other.r == pytest.approx(found.r) and other.difference == pytest.approx(scale * found.difference)
    assert found == relation(x, y)


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.integers(1, 20))
def test_more_scatter_and_smaller_differences_take_more_runs(spread, difference, questions):
    n = runs_to_see(spread, difference, questions)
    assert runs_to_see(2 * spread, difference, questions) >= n and runs_to_see(spread, difference / 2, questions) >= n
    assert runs_to_see(spread, difference, questions + 1) >= n >= 1


def test_spells_of_pain_are_seldom_laid_to_what_they_do_not_go_with():
    (rate,) = rates(24, 0.3, 60, seed=random.Random(1).randrange(99), asked="spells").values()
    assert rate <= 15
