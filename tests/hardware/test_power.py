"""The power model: sums that agree with a reckoning without chance, and pages that quote the one figure."""

import dataclasses
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.make import data, duty, pages, power
from tests.conftest import REPO

BUILDS = data.builds()


def mean(value):
    return sum(value) / 3  # of a triangle


@pytest.mark.parametrize("name", BUILDS)
def test_the_mean_is_that_of_the_triangles(name):
    """Recording, reckoned without drawing: mean currents times mean shares, and the doubt by its chance."""
    loads = {load.name: load for load in power.loads(BUILDS[name])}
    work = mean(power.duties()["work"])
    total = 0.0
    for load in loads.values():
        share = load.share.get("recording")
        if share is None:
            continue
        ma = mean(load.ma)
        if load.doubt is not None:
            chance, other = load.doubt
            ma = (1 - chance) * ma + chance * mean(loads[other].ma)
        total += ma * ((1 - work) if share == "rest" else mean(share))
    assert power.lives(name)["recording"].ma == pytest.approx(total, rel=0.02)


@pytest.mark.parametrize("name", BUILDS)
def test_intervals_hold_their_middle_and_modes_their_order(name):
    lives = power.lives(name)
    for life in lives.values():
        assert 0 < life.low_h < life.middle_h < life.high_h
        assert sum(life.by_load.values()) == pytest.approx(life.ma)
    assert lives["live"].middle_h < lives["recording"].middle_h < lives["standby"].middle_h
    assert set(lives["recording"].by_load) == {load.name for load in power.loads(BUILDS[name])}


def test_the_processors_share_is_that_of_the_bench():
    """What docs/design/bench.md tells in bold lies between the low and the high figure."""
    bench = (REPO / "docs" / "design" / "bench.md").read_text("utf-8")
    low, _, high = power.duties()["work"]
    told = [float(percent) / 100 for percent in re.findall(r"\*\*[\d.]+ ms, ([\d.]+) %", bench)]
    assert told and all(low <= share <= high for share in told)


def test_the_goal_of_twelve_hours_is_inside_what_is_likely():
    assert power.lives("xiao")["recording"].low_h >= 12


@given(st.lists(st.floats(0.01, 20), min_size=3, max_size=3).map(sorted), st.integers(0, 2**32))
def test_a_draw_stays_in_its_triangle(value, seed):
    drawn = power._draw(random.Random(seed), tuple(value))
    assert value[0] <= drawn <= value[2]


def test_more_current_is_less_life(monkeypatch):
    before = power.lives("xiao")["recording"].middle_h
    old = power.loads

    def hungry(build):
        return [
            dataclasses.replace(load, ma=tuple(2 * ma for ma in load.ma)) if load.name == "motion sensor" else load
            for load in old(build)
        ]

    monkeypatch.setattr(power, "loads", hungry)
    power.lives.cache_clear()
    try:
        after = power.lives("xiao")["recording"]
        assert after.middle_h < 0.85 * before
    finally:
        power.lives.cache_clear()


def test_every_load_says_where_it_is_from_and_every_build_has_it():
    for name, build in BUILDS.items():
        for load in power.loads(build):
            assert len(load.source) > 10, load.name
            low, likely, high = load.ma
            assert 0 <= low <= likely <= high, (name, load.name)


CLAIMS = re.compile(
    r"(\d+(?:\.\d+)?) ?(?:h|hours)\b[^.|\n]{0,40}(?:150 ?mAh|on a charge|battery)"
    r"|(?:battery life|a charge lasts)[^.|\n]{0,40}?(\d+) ?(?:h|hours)\b"
)


@pytest.mark.parametrize("page", [page.relative_to(REPO).as_posix() for page in pages.pages()])
def test_hours_on_a_charge_are_told_by_the_model_only(page):
    """Outside the marks nobody tells how long a charge lasts."""
    text = pages.MARK.sub("", (REPO / page).read_text("utf-8"))
    found = [match[0] for match in CLAIMS.finditer(text) if "LOW_BATTERY" not in match[0]]
    assert not found, found


def test_the_figure_stands_where_people_look():
    for page in ("README.md", "hardware/README.md", "hardware/power.md", "docs/wear/measuring.md"):
        assert power.hours_text("xiao") in (REPO / page).read_text("utf-8"), page


def test_the_picture_is_of_today():
    assert (data.MADE / "power.svg").read_text("utf-8") == power.picture(), "make hardware writes it"


def test_the_duty_is_what_the_demo_asks_for():
    """Within a third: a change of the chain may move a cue, a change of the patterns must be measured again."""
    told = data.read("duty.toml")["demo"]
    found = duty.of_demo()
    assert found.motor_s / found.running_h == pytest.approx(told["motor_s_h"], rel=0.34), "python -m hardware.make.duty"
    assert found.pages / found.running_h == pytest.approx(told["pages_h"], rel=0.34)
