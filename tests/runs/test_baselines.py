"""Baselines over runs: which runs count, what the clip is given, and that a setting lent is never lost."""

import asyncio
import dataclasses
import math
import random

import numpy as np
import pytest
from formclip.runs.insight import carry
from formclip.runs.insight.baseline import FEWEST, OF, WIDER, baseline, reset, since_of
from formclip.runs.insight.carry import taken, to_carry
from formclip.runs.store.about import About
from formclip.runs.store.lent import lent
from formclip.runs.store.store import ADDED, Store
from formclip.runs.sync.visit import visit
from gaitcore.baseline import NO_VALUE
from gaitcore.settings import TABLE, Settings
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_history import MONDAY, history_of, made
from tests.made_runs import SUMMER, log_of, put
from tests.runs.test_store import client
from tests.runs.test_sync import Port

CLIP = "formclip-1a2b"


def learned(cadence=170.0, tilt=6.0, brake=0.15, source=0):
    tilt_cdeg = NO_VALUE if tilt is None else round(100 * tilt)
    return {
        "source": source,
        "cadence_dspm": round(10 * cadence),
        "tilt_cdeg": tilt_cdeg,
        "pelvis_loss_mmps": round(1000 * brake),
    }


def quiet(day, **kwargs):
    return made(day, **{"baseline": learned(), **kwargs})


def test_the_last_five_quiet_runs_count_the_latest_most():
    entries = [quiet(day, baseline=learned(tilt=float(day))) for day in range(9)]
    found = baseline(history_of(entries))
    assert found.labels == tuple(entry.label for entry in entries[4:]) and found.steady and not found.wider
    assert 6.0 < found.own[1].value < 8.0 and found.settings["own_tilt_cdeg"] == round(100 * found.own[1].value)
    assert found.settings["own_cadence_dspm"] == 1700 and found.own[1].said.startswith("6.")


def test_what_is_not_quiet_does_not_count():
    metronome = {**Settings().to_dict(), "mode": "metronome"}
    others = [
        quiet(10, settings=metronome),
        quiet(11, about=About(kind="race")),
        quiet(12, slipped_pct=3.0),
        quiet(13, speed_mps=4.5),
        quiet(14, baseline={}),
        quiet(15, baseline=learned(source=1)),
        quiet(16, clip=ADDED),
    ]
    usual = [quiet(day, baseline=learned(source=2)) for day in range(3)]
    assert baseline(history_of([*usual, *others])).labels == tuple(entry.label for entry in usual)


def test_it_says_how_many_runs_it_has_and_is_wider_until_five():
    for n in range(OF + 1):
        found = baseline(history_of([quiet(day) for day in range(n)]))
        assert found.runs == n and found.steady == (n >= OF) and found.wider == WIDER.get(n, 0)
        assert bool(found.settings) == (n >= FEWEST)
        if 0 < n < OF:
            assert found.said[0] == f"Run {n} of {OF}: not steady yet." and f"{found.wider}°" in found.said[1]


def test_a_baseline_without_tilt_is_not_carried():
    """The clip takes three numbers together: a tilt that is not known would be taken for zero."""
    found = baseline(history_of([quiet(day, baseline=learned(tilt=None)) for day in range(5)]))
    assert found.settings == {} and [one.key for one in found.own] == ["cadence_spm", "pelvis_loss_mps"]
    found = baseline(history_of([quiet(day, calibration="none") for day in range(5)]))
    assert found.settings == {}


@given(
    st.lists(st.tuples(st.floats(110, 250), st.none() | st.floats(-40, 40), st.floats(0, 1.0)), min_size=2, max_size=12)
)
def test_what_a_clip_is_given_lies_between_the_runs_and_in_its_range(told):
    entries = [quiet(day, baseline=learned(*one)) for day, one in enumerate(told)]
    given_to_clip = baseline(history_of(entries)).settings
    assert not Settings().load(given_to_clip)
    if given_to_clip:
        last = [entry.digest.baseline for entry in entries[-5:]]
        for name, key in (("own_cadence_dspm", "cadence_dspm"), ("own_brake_mmps", "pelvis_loss_mmps")):
            values = [one[key] for one in last]
            assert min(values) <= given_to_clip[name] <= max(values)


def numbers(settings_):
    return {row[0]: getattr(settings_, row[0]) for row in TABLE}


class Clip:
    """The settings of a clip, which a visit may leave at any moment."""

    def __init__(self):
        self.settings = Settings()

    def sync(self, store, stop_after=math.inf):
        """False when the visit ended before all was done."""
        done = 0
        for one in to_carry(store, CLIP, numbers(self.settings)):
            for act in (
                lambda one=one: self.settings.set(one.name, one.value),
                lambda one=one: taken(store, CLIP, one),
            ):
                if done >= stop_after:
                    return False
                act()
                done += 1
        return True


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_is_lent_the_runner_has_the_own_value_in_the_end(tmp_path_factory, seed):
    """Any order of visits, broken ones, runs and changes by the runner; to set what is lent is no change."""
    rng = random.Random(seed)
    store = Store(tmp_path_factory.mktemp("lent"))
    store.know_clip(CLIP)
    clip, own, entries = Clip(), 6, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carry, "history", lambda _: history_of(entries))
        for _ in range(rng.randrange(1, 15)):
            act = rng.randrange(3)
            if act == 0:
                entries.append(quiet(len(entries)))
            elif act == 1:
                clip.sync(store, rng.choice([0, 1, 2, 3, 99]))
            else:
                value = rng.randrange(3, 13)
                row = lent(store, CLIP).get("tilt_cue_deg")
                if row is None or not row.holds(value):
                    clip.settings.set("tilt_cue_deg", own := value)
        clip.sync(store)
        wider = baseline(history_of(entries)).wider
        assert clip.settings.tilt_cue_deg == min(12, own + wider)
        entries.extend(quiet(day) for day in range(len(entries), len(entries) + OF))
        clip.sync(store)
        assert clip.settings.tilt_cue_deg == own and lent(store, CLIP) == {}
        assert to_carry(store, CLIP, numbers(clip.settings)) == []


def test_a_visit_gives_the_clip_what_its_runs_told(tmp_path):
    store = Store(tmp_path)
    port = Port(
        {n: log_of(200.0, seed=n, unix_s=SUMMER + 86400 * n, baseline=(0, 1700 + n, 600, 150)) for n in range(1, 4)}
    )
    done = asyncio.run(visit(client(port), store))
    assert {one.name: one.value for one in done.carried} == {
        "own_cadence_dspm": port.settings.own_cadence_dspm,
        "own_tilt_cdeg": 600,
        "own_brake_mmps": 150,
        "tilt_cue_deg": 7,
        "overstride_cadence_pct": 5,
    }
    assert 1701 <= port.settings.own_cadence_dspm <= 1703 and port.settings.tilt_cue_deg == 7
    assert asyncio.run(visit(client(port), store)).carried == []
    reset(store, MONDAY.timestamp() + 1e9)
    assert since_of(store) > 0
    done = asyncio.run(visit(client(port), store))
    assert port.settings.own_cadence_dspm == 0 and port.settings.tilt_cue_deg == 8


def test_runs_before_a_reset_do_not_count():
    entries = [quiet(day) for day in range(6)]
    found = baseline(history_of(entries), entries[3].started.timestamp())
    assert found.runs == 3 and found.since is not None and found.wider == WIDER[3]
    assert baseline(history_of(entries), entries[-1].started.timestamp() + 1).wider == 2


def test_the_spread_is_that_of_the_runs():
    tilts = [5.0, 6.0, 7.0]
    entries = [quiet(day, baseline=learned(tilt=tilt)) for day, tilt in enumerate(tilts)]
    own = baseline(history_of(entries)).own[1]
    assert own.spread == pytest.approx(float(np.std(tilts, ddof=1))) and "±1.00 (SD)" in own.said
    assert dataclasses.replace(own).runs == 3


def test_a_log_in_the_store_tells_its_own(tmp_path):
    from formclip.runs.insight.history import history

    store = Store(tmp_path)
    for n in range(2):
        put(store, CLIP, n, log_of(200.0, seed=n, unix_s=SUMMER + 86400 * n, baseline=(0, 1712, -150, 120)))
    assert baseline(history(store)).settings == {
        "own_cadence_dspm": 1712,
        "own_tilt_cdeg": -150,
        "own_brake_mmps": 120,
    }
