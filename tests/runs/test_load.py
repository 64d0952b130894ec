"""How much was run: spikes are told first, weeks as the articles' note, and an estimate never as a certainty."""

from datetime import timedelta

import pytest
from formclip.runs.insight.distance import ESTIMATE, SAID
from formclip.runs.insight.load import NO_RATIO, SPIKE, load
from formclip.runs.store.about import About
from hypothesis import given
from hypothesis import strategies as st

from tests.made_history import MONDAY, history_of, made

MILE_M = 1609.344


def run(day, km, said=True, **kwargs):
    about = About(distance_m=1000.0 * km if said else None)
    return made(day, about=about, distance_m=1000.0 * km, minutes=10, **kwargs)


def loaded(entries, today_day=None):
    today = None if today_day is None else (MONDAY + timedelta(days=today_day)).date()
    return load(history_of(entries), today)


def test_the_runner_who_went_from_15_to_25_miles_in_three_weeks_is_flagged():
    """The case of article E: aches after six weeks, of which three rose."""
    weeks = [15, 15, 15, 18.5, 21.5, 25]
    entries = [
        run(7 * week + day, miles * share * MILE_M / 1000)
        for week, miles in enumerate(weeks)
        for day, share in ((0, 0.3), (2, 0.3), (5, 0.4))
    ]
    found = loaded(entries, 41)
    assert [week.over for week in found.weeks] == [0, 0, 0, 20, 10, 10]
    assert found.weeks[5].three_weeks == pytest.approx(25 / 15)
    assert "+67 % in three weeks" in found.weeks[5].said and "more than 20 %" in found.weeks[3].said
    assert [one.label for one in found.spikes if one.told][-2:] == [entries[i].label for i in (14, 17)]
    assert [one.label for one in found.spikes if one.sure] == [entries[i].label for i in (14, 17)]
    assert NO_RATIO in found.said and any("no relation of weekly change" in said for said in found.said)


@given(st.lists(st.floats(15.0, 25.0), min_size=2, max_size=2))
def test_whatever_way_leads_from_15_to_25_in_three_weeks_is_flagged(between):
    weeks = [15.0, *between, 25.0]
    found = loaded([run(7 * week, miles) for week, miles in enumerate(weeks)], 27)
    assert any(week.over for week in found.weeks[1:]) and found.weeks[3].three_weeks > 1.331


def test_a_spike_is_against_the_longest_of_thirty_days_and_no_other():
    entries = [run(0, 20), run(31, 10), run(33, 10.9), run(36, 12.1), run(37, 12)]
    found = loaded(entries)
    assert [(one.label, one.told) for one in found.spikes] == [
        (entries[2].label, False),
        (entries[3].label, True),
        (entries[4].label, False),
    ]
    spike = found.spikes[1]
    assert (
        spike.sure
        and not found.spikes[0].sure
        and spike.longest == entries[2].label
        and spike.times == pytest.approx(12.1 / 10.9)
    )
    assert "11 % longer than the longest run of the 30 days before (12.1 km against 10.9 km" in spike.said


def test_an_estimate_beside_a_known_distance_is_told_with_its_interval():
    entries = [run(0, 10), run(15, 12.5, said=False), run(19, 30, said=False)]
    spike, other = loaded(entries).spikes
    assert spike.told and not spike.sure and "6 % to 44 %, so it may be no spike" in spike.said
    assert other.told and other.low == other.high == pytest.approx(30 / 12.5)  # what both are off by is alike
    assert "both by the clip's estimate" in other.said


def test_known_distances_tell_how_far_the_estimates_are_off():
    known = [
        made(day, about=About(distance_m=km * 1000.0 * 1.2), distance_m=km * 1000.0)
        for day, km in ((0, 8), (2, 9), (4, 10))
    ]
    found = loaded([*known, run(6, 10, said=False)], 6)
    week = found.weeks[0]
    assert found.scale == pytest.approx(1.2)
    assert week.distance.m == pytest.approx(1000 * (9.6 + 10.8 + 12 + 12)) and week.distance.source == ESTIMATE
    assert week.distance.low_m == pytest.approx(week.distance.m, rel=1e-6)  # they were all off by the same
    assert loaded(known, 6).weeks[0].distance.source == SAID


def test_a_week_that_is_not_over_and_one_that_began_before_the_record_are_no_drop_and_no_rise():
    found = loaded([run(4, 10), run(7, 10), run(9, 10), run(14, 12)], 15)
    assert [week.change for week in found.weeks] == [None, None, None]
    assert [week.whole for week in found.weeks] == [False, True, False]
    found = loaded([run(0, 10), run(7, 13)], 8)
    assert found.weeks[1].over == 20  # already more


def test_a_week_as_long_as_the_one_before_is_no_minus_zero():
    found = loaded([run(0, 10), run(7, 9.99)], 13)
    assert found.weeks[1].said == "10.0 km; 0 % on the week before"


def test_weeks_have_no_gap_and_a_week_after_none_has_no_change():
    found = loaded([run(0, 10), run(28, 10)], 34)
    assert [week.runs for week in found.weeks] == [1, 0, 0, 0, 1] and found.weeks[4].change is None
    assert [week.said for week in found.weeks[1:4]] == ["no run"] * 3


def test_a_young_record_says_so_and_a_missing_distance_too():
    found = loaded([run(0, 5), run(15, 6)])
    assert "the record before it is 15 days long" in found.spikes[0].said and not found.spikes[0].sure
    found = loaded([run(0, 5), run(15, 5)])
    assert "The record is 15 days long: a longer run before it is not known." in found.said
    assert found.said[0] == "No single-run spike in 1 run that can be set beside the 30 days before."


@pytest.mark.parametrize("day", [0.5, 1, 5, 13])
def test_nothing_is_made_of_a_longer_run_in_the_first_two_weeks_of_a_record(day):
    found = loaded([run(0, 5), run(day, 6)])
    assert [(one.told, one.sure) for one in found.spikes] == [(False, False)]
    assert "too short to know how far you usually run" in found.spikes[0].said
    assert f"The record is {int(day)} day" in found.said[0] and "From 14 days on" in found.said[0]
    assert loaded([run(0, 5), run(14, 6)]).spikes[0].told


def test_a_distance_that_is_missing_is_asked_for():
    found = load(history_of([made(0, distance_m=None)]))
    assert found.weeks[0].said == "distance not known" and any(
        "1 run without a distance" in said for said in found.said
    )
    assert load(history_of([])).weeks == ()


@given(st.lists(st.tuples(st.floats(0, 90), st.floats(1, 40), st.booleans()), max_size=20))
def test_what_is_told_keeps_its_order_and_its_bounds(told):
    found = loaded([run(round(day, 2), km, said) for day, km, said in told])
    for one in found.spikes:
        assert one.low <= one.times <= one.high
        assert one.told == (one.times > SPIKE and not one.young) and (one.told or not one.sure)
    for before, after in zip(found.weeks, found.weeks[1:]):
        assert after.monday - before.monday == timedelta(days=7)
    assert sum(week.runs for week in found.weeks) == len(told)
