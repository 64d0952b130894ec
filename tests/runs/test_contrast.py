"""Two runs, two spans: what differs is told with its interval, what can't be compared with the reason."""

import dataclasses

import numpy as np
import pytest
from formclip.runs.insight.contrast import (
    AS_DAYS_DO,
    CANNOT,
    DIFFERS,
    FEW,
    SAME,
    SMALL,
    UNPACED,
    NoSpan,
    chosen,
    contrast,
)
from formclip.runs.insight.pace import AS_RUN, WATCH
from formclip.runs.store.about import About, say
from formclip.runs.store.store import Store
from formclip.runs.store.which import NoRun
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_history import history_of, made
from tests.made_runs import SUMMER, log_of, put

DAYS = [2.5 * n for n in range(20)]


def runs(change=lambda day: {}, seed=1, days=DAYS, scatter=0.5, **kwargs):
    rng = np.random.default_rng(seed)
    out = []
    for day in days:
        figures = {"tilt_deg": 6 + rng.normal(0, scatter), "cadence_spm": 170 + rng.normal(0, 1.0)}
        moved = change(day)
        figures = {key: value + moved.get(key, 0.0) for key, value in figures.items()}
        out.append(made(day, rng, **figures, **{k: v for k, v in moved.items() if k not in figures}, **kwargs))
    return history_of(out)


def of(found, key):
    return next(one for one in found.contrasts if one.key == key)


def test_two_spans_are_compared_run_by_run():
    history = runs(lambda day: {"tilt_deg": -2.0 if day > 24 else 0.0})
    found = contrast(history, history.entries[:10], history.entries[10:])
    tilt = of(found, "tilt_deg")
    assert tilt.verdict == DIFFERS and tilt.low < -2.0 < tilt.high and tilt.said.startswith("Differs by −")
    assert {one.verdict for one in found.contrasts if one.key != "tilt_deg"} == {SAME}
    back = of(contrast(history, history.entries[10:], history.entries[:10]), "tilt_deg")
    assert back.difference == pytest.approx(-tilt.difference) and back.low == pytest.approx(-tilt.high)


def test_what_differs_by_too_little_to_speak_of_is_not_marked():
    history = runs(lambda day: {"tilt_deg": -0.8 if day > 24 else 0.0}, scatter=0.1)
    tilt = of(contrast(history, history.entries[:10], history.entries[10:]), "tilt_deg")
    assert (
        tilt.verdict == SMALL and tilt.said.startswith("Differs by −0.") and "less than 1° is too little" in tilt.said
    )


def test_two_runs_that_differ_as_days_do_are_told_so():
    history = runs(scatter=1.5)
    tilts = [entry.digest.means["tilt_deg"][0] for entry in history.entries]
    low, high = int(np.argmin(tilts)), int(np.argmax(tilts))
    apart = of(contrast(history, [history.entries[low]], [history.entries[high]]), "tilt_deg")
    assert apart.day_to_day == pytest.approx(1.96 * 1.5 * 2**0.5, rel=0.5)
    near = sorted(range(20), key=lambda i: abs(tilts[i] - tilts[low] - 1.5))[0]
    found = of(contrast(history, [history.entries[low]], [history.entries[near]]), "tilt_deg")
    assert found.verdict == AS_DAYS_DO and "no more than your runs do from day to day" in found.said
    far = runs(lambda day: {"tilt_deg": 8.0 if day == DAYS[-1] else 0.0})
    found = of(contrast(far, [far.entries[0]], [far.entries[-1]]), "tilt_deg")
    assert found.verdict == DIFFERS and "from day to day your runs differ by ±" in found.said


def test_one_run_beside_few_is_too_few_and_beside_five_is_judged_by_their_scatter():
    history = runs(lambda day: {"tilt_deg": 6.0 if day == DAYS[-1] else 0.0})
    assert of(contrast(history, history.entries[:4], history.entries[-1:]), "tilt_deg").verdict == FEW
    assert of(contrast(history, history.entries[:2], history.entries[4:6]), "tilt_deg").verdict == FEW
    assert of(contrast(history, history.entries[:12], history.entries[-1:]), "tilt_deg").verdict == DIFFERS
    assert of(contrast(history, history.entries[:12], history.entries[12:13]), "tilt_deg").verdict == SAME


def test_what_is_not_alike_is_not_compared_or_is_told():
    later = {"firmware": "0.2.0", "about": About(shoes="new", surface="trail")}
    history = runs(lambda day: later if day > 24 else {"about": About(shoes="old", surface="road")})
    found = contrast(history, history.entries[:10], history.entries[10:])
    assert of(found, "contact_ms").verdict == CANNOT and "other firmware" in of(found, "contact_ms").said
    assert of(found, "cadence_spm").verdict == SAME
    assert [said.split(":")[0].split(" (")[0] for said in found.caveats] == [
        "The firmware differs",
        "The shoes differ",
        "The surface differs",
    ]
    slipped = runs(lambda day: {"slipped_pct": 90.0} if day > 24 else {})
    found = contrast(slipped, slipped.entries[:10], slipped.entries[10:])
    assert of(found, "tilt_deg").verdict == CANNOT and "slipped" in of(found, "tilt_deg").why


def test_pace_is_taken_out_where_a_watch_knew_it_and_named_where_none_did():
    history = runs(lambda day: {"watch_mps": 3.4 if day > 24 else 2.8, "speed_effect": {"cadence_spm": 7.8}}, seed=2)
    found = contrast(history, history.entries[:10], history.entries[10:])
    cadence = of(found, "cadence_spm")
    assert cadence.by == WATCH and cadence.verdict == SAME and any("The runs were at" in said for said in found.caveats)
    blind = runs(lambda day: {"speed_mps": 3.4 if day > 24 else 2.8, "speed_effect": {"cadence_spm": 7.8}}, seed=2)
    cadence = of(contrast(blind, blind.entries[:10], blind.entries[10:]), "cadence_spm")
    assert cadence.by == AS_RUN and cadence.verdict == UNPACED


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10**6), st.floats(-5, 5), st.integers(1, 19))
def test_an_interval_holds_its_difference_and_swaps_with_the_sides(seed, change, cut):
    history = runs(lambda day: {"tilt_deg": change if day > 24 else 0.0}, seed=seed)
    a, b = history.entries[:cut], history.entries[cut:]
    for one, back in zip(contrast(history, a, b).contrasts, contrast(history, b, a).contrasts):
        assert one.verdict == back.verdict
        if np.isfinite(one.low):
            assert one.low <= one.difference <= one.high
            assert back.difference == pytest.approx(-one.difference, abs=1e-9)
            assert back.high == pytest.approx(-one.low, abs=1e-9)


def test_a_person_names_runs_or_spans(tmp_path):
    store = Store(tmp_path)
    stored = [put(store, "c", n, log_of(90.0, seed=n, unix_s=SUMMER + 86400 * n)) for n in range(3)]
    entries = [made(n) for n in range(3)]
    history = history_of([dataclasses.replace(e, stored=s) for e, s in zip(entries, stored)])
    days = [entry.day.isoformat() for entry in history.entries]
    assert chosen(store, history, f"{days[0]}..{days[1]}") == history.entries[:2]
    assert (
        chosen(store, history, f"{days[1]}..") == history.entries[1:]
        and chosen(store, history, "..") == history.entries
    )
    assert chosen(store, history, "c/1") == [history.entries[1]]
    for text in ("2001-01-01..2001-02-01", "soon.."):
        with pytest.raises(NoSpan):
            chosen(store, history, text)
    say(store, stored[1], hidden=True)
    with pytest.raises(NoRun, match="hidden"):
        chosen(store, history_of(history.entries[:1]), "c/1")
