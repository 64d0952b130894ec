"""When a session was, as the clocks showed then: zones by name and by minutes, summer time, and what is none."""

import random
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from formclip.runs.store.dates import Beginning, date_of
from formclip.runs.store.store import Anchor
from hypothesis import given
from hypothesis import strategies as st

VIENNA = "Europe/Vienna"
CHANGE = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # Vienna: from 3:00 back to 2:00


def anchor(at, boot=3, uptime_ms=10_000, zone=VIENNA):
    return Anchor(boot, uptime_ms, round(at.timestamp()), round(at.utcoffset().total_seconds() / 60), zone)


def test_a_run_before_the_clocks_change_has_the_date_of_its_own_evening():
    """At 23:40 in summer time, synced after the change: 00:40 of the next day would be the visit's zone."""
    run = datetime(2026, 10, 24, 23, 40, tzinfo=ZoneInfo(VIENNA))
    visit = (run.astimezone(UTC) + timedelta(hours=30)).astimezone(ZoneInfo(VIENNA))
    assert visit.utcoffset() != run.utcoffset()
    ticks = 5_000_000
    begun = Beginning(ticks_ms=ticks)
    found = date_of(begun, 3, [anchor(visit, uptime_ms=ticks + 30 * 3_600_000)])
    assert found == run and found.isoformat() == "2026-10-24T23:40:00+02:00"
    # The log knew the time itself, by minutes alone, from a visit before.
    found = date_of(Beginning(run.timestamp(), 120), 3, [anchor(visit)])
    assert found.isoformat() == "2026-10-24T23:40:00+02:00"


def test_the_zone_of_the_place_wins_over_that_of_this_computer_now(monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("needs tzset")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        run = datetime(2026, 7, 1, 6, 30, tzinfo=ZoneInfo(VIENNA))
        assert date_of(Beginning(run.timestamp(), 120), 3, [anchor(run)]).hour == 6
        assert date_of(Beginning(run.timestamp(), 120), 3, []).hour == 6  # minutes alone, which are not this computer's
        assert date_of(Beginning(run.timestamp(), -240), 3, []).tzinfo is not None
        winter = datetime(2026, 12, 1, 6, 30, tzinfo=ZoneInfo("America/New_York"))
        summer_visit = Anchor(3, 10_000, round(datetime(2026, 7, 1, tzinfo=UTC).timestamp()), -240)  # a store of before
        found = date_of(Beginning(winter.timestamp(), -300), 3, [summer_visit])
        assert found.hour == 6
    finally:
        monkeypatch.undo()
        time.tzset()


def test_nothing_known_is_no_date():
    assert date_of(Beginning(), 1, [anchor(CHANGE)]) is None
    assert date_of(Beginning(ticks_ms=5), 1, [anchor(CHANGE, boot=2)]) is None


@pytest.mark.parametrize("zone", ["", "No/Such", "../etc/passwd", VIENNA])
@given(
    unix_s=st.floats(-1e18, 1e18) | st.integers(0, 2**32).map(float),
    zone_min=st.none() | st.integers(-40000, 40000),
)
def test_any_numbers_give_a_date_or_none(zone, unix_s, zone_min):
    found = date_of(Beginning(unix_s, zone_min), 1, [Anchor(1, 2, 3, 99999, zone)])
    assert found is None or abs(found.timestamp() - unix_s) < 1


@given(st.integers(0, 2**31), st.integers(0, 2**32 - 1), st.sampled_from([VIENNA, "America/New_York", "Asia/Kolkata"]))
def test_a_session_is_dated_by_any_visit_of_its_boot(start_s, start_ticks, zone):
    """Whatever the visit's own date, and over the wrap of the clip's u32 clock."""
    rng = random.Random(start_s)
    visits = []
    for _ in range(3):
        later_ms = rng.randrange(0, 20 * 86_400_000)
        at = datetime.fromtimestamp(start_s + later_ms // 1000, ZoneInfo(zone))
        visits.append(anchor(at, 7, (start_ticks + later_ms) % 2**32, zone))
    found = date_of(Beginning(ticks_ms=start_ticks), 7, [*visits, anchor(CHANGE, 8)])
    assert abs(found.timestamp() - start_s) <= 1
    assert found.utcoffset() == datetime.fromtimestamp(found.timestamp(), UTC).astimezone(ZoneInfo(zone)).utcoffset()
