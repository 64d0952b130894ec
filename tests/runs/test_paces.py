"""The runner's own speed from merged runs, and its check on runs that had no part in it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from formclip.ground.run import Run
from formclip.lab.simulate.watch import Watch, watch_file
from formclip.runs.exchange.align import Match
from formclip.runs.exchange.merge import merge, own_speed_of
from formclip.runs.exchange.paces import KEY, LATEST, own_speed, paces
from formclip.runs.exchange.view import View
from formclip.runs.exchange.watchfile import activities
from formclip.runs.store.store import Store
from formclip.runs.store.watch import Watched
from formclip.runs.store.which import which
from hypothesis import given
from hypothesis import strategies as st

from tests.made_pairs import BEGAN, Runner, course_of
from tests.made_runs import log_of, put
from tests.runs.test_export import run_cli

EXACT = Match(BEGAN, 0.0, 0.01, 1.0, 0.9, 20.0, 0.8, 0.0, 5.0, 800.0)


def merged(label, pairs):
    return label, Watched("f", "s", 0, 0.0, 0.0, 0.9, more={KEY: [[ours, true, 5.0] for ours, true in pairs]})


def true_of(ours, scale, slope):
    return 3.0 * scale * math.exp(slope * math.log(ours / 3.0))


@given(
    st.floats(0.7, 1.4),
    st.floats(0.85, 1.15),
    st.lists(st.lists(st.floats(2.0, 5.0), min_size=1, max_size=4), min_size=1, max_size=9),
)
def test_one_runners_scale_is_found_and_holds_on_later_runs(scale, slope, runs):
    told = [merged(f"c/{i}", [(o, true_of(o, scale, slope)) for o in ours]) for i, ours in enumerate(runs)]
    found = own_speed(told)
    assert found.of == tuple(label for label, _ in told[-LATEST:])
    assert [one.label for one in found.checked] == [label for label, _ in told[1:]]
    latest = [ours for run in runs[-LATEST:] for ours in run]
    middle = math.exp(np.mean(np.log(latest)))
    by = found.own.scale_permille / 1000 * math.exp(found.own.slope_permille / 1000 * math.log(middle / 3.0)) * 3.0
    assert by == pytest.approx(true_of(middle, scale, slope), rel=0.01)
    spread = max(abs(math.log(a / b)) for a in sum(runs, []) for b in sum(runs, []))
    for one in found.checked:
        assert abs(one.off_pct) < 0.5 + 100 * spread * abs(slope - 1) * 1.5


def test_the_check_sees_a_run_that_does_not_fit():
    runs = [merged(f"c/{i}", [(3.0, 3.3), (3.6, 3.96)]) for i in range(3)] + [merged("c/4", [(3.0, 3.0)])]
    assert [round(one.off_pct) for one in own_speed(runs).checked] == [0, 0, 10]


def test_runs_that_tell_nothing_are_passed_over_and_one_far_off_gives_no_settings():
    assert own_speed([]) is None and own_speed([merged("c/1", [])]) is None
    assert own_speed([merged("c/1", []), merged("c/2", [(3.0, 3.0)])]).of == ("c/2",)
    assert own_speed([merged("c/1", [(3.0, 9.0)])]) is None


def test_minutes_on_the_level_become_paces_and_hills_do_not():
    course = course_of(Runner(minutes=24, seed=3))
    flat = np.full(len(course.t_s), 200.0)
    fast = np.where(course.t_s > 720, 1.3, 1.0)
    speed = 3.0 * fast * (course.speed_mps > 0)
    hill = (course.t_s > 300) & (course.t_s < 600)
    height = flat + np.cumsum(np.where(hill, 0.06 * speed, 0.0))
    (activity,) = activities(watch_file(replace(course, speed_mps=speed, altitude_m=height), BEGAN, Watch(), 1))
    ours = np.interp(course.on_s, course.t_s, 0.9 * speed)
    ours = np.where((course.on_s > 310) & (course.on_s < 590), 1.5, ours)
    found = paces(Run("r", {"on_s": course.on_s, "speed_mps": ours}), View(activity, EXACT))
    assert [round(true, 1) for _, true, _ in found] == [3.0, 3.9]
    assert [ours for ours, _, _ in found] == pytest.approx([2.7, 3.51], abs=0.03)
    assert found[0][2] <= 6 and found[1][2] >= 10


def test_the_command_tells_the_scale_and_gives_it_to_the_clip_when_asked(tmp_path, capsys):
    store = Store(tmp_path / "store")
    course = course_of(Runner(minutes=15, stops=((600.0, 40.0),), seed=4))
    course = replace(course, altitude_m=np.full(len(course.t_s), 200.0))
    put(store, "formclip-1a2b", 1, log_of(unix_s=int(BEGAN) - 2, on_s=course.on_s))
    file = tmp_path / "w.fit"
    file.write_bytes(watch_file(course, BEGAN, Watch(), 1))
    merge(store, which(store, "1"), file.read_bytes())
    own = own_speed_of(store, "formclip-1a2b")
    assert own.of == ("formclip-1a2b/1",) and own.checked == ()
    code, out, _ = run_cli(capsys, "merge", "1", file, "--store", store.folder)
    assert code == 0 and f"speed_scale_permille {own.own.scale_permille}" in out and store.wanted("formclip-1a2b") == {}
    code, out, _ = run_cli(capsys, "merge", "1", file, "--own-speed", "--store", store.folder)
    assert code == 0 and "at its next sync" in out and store.wanted("formclip-1a2b") == own.own.settings()
