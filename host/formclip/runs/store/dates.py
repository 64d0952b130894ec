"""When a session was: the clip has no calendar, so its own clock is tied to ours by anchors.

An anchor says that at some ms of the clip's clock it was a certain second here. The log of a session holds one from its
start (boot, ms of the clip's clock; the wall time 0 when the clip did not know it) and one per sync during it; the
store holds one of every visit. `boot` counts the times that the clip's clock began anew, so only anchors of the same
boot count.

The date on the wall is that of the session's own moment, not of the visit: summer time may have begun between. So an
anchor in the store has its zone by name, and the zone's rules say what the clocks showed then. An anchor of the log has
minutes east of UTC alone: they are believed through a zone by name that had as many at that moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tzlocal
from gaitcore import records

from formclip.ground.errors import FormclipError
from formclip.ground.log import Log
from formclip.runs.store.store import Anchor

_TICKS = 1 << 32
_MOST_ZONE_MIN = 14 * 60  # east of UTC: Kiribati
_EARLIEST, _LATEST = 631_152_000, 4_260_000_000  # 1990 to 2104: no clip ran before, few count further


class BadTime(FormclipError):
    """A date or time that is none."""

    exit_code = 2


@dataclass(frozen=True)
class Beginning:
    """What a log tells of its own beginning; enough to date it without reading it again.

    unix_s, zone_min   by an anchor in the log that knew the time; zone_min None: not known
    ticks_ms           ms of the clip's clock at the beginning, u32, where there is no such anchor
    """

    unix_s: float | None = None
    zone_min: int | None = None
    ticks_ms: int | None = None


def beginning(log: Log) -> Beginning:
    """From the log's own anchors."""
    if not log.entries:
        return Beginning()
    own = log.events(records.ANCHOR)
    first_ms = log.entries[0][1]
    for t_ms, values in own:
        if values["unix_s"]:
            return Beginning(values["unix_s"] - (t_ms - first_ms) / 1000, values["zone_min"])
    start_unix_s = log.start.get("unix_s", 0)
    if start_unix_s:
        return Beginning(float(start_unix_s))
    if not own:
        return Beginning()
    t_ms, values = own[0]
    return Beginning(ticks_ms=(values["ticks_ms"] - (t_ms - first_ms)) % _TICKS)


def date_of(begun: Beginning, boot: int, anchors: list[Anchor]) -> datetime | None:
    """When the session's first record was written, as the clocks showed then; None when nothing tells.

    Source  the anchor of the same boot that lies nearest, in the log itself or in the store. Clock error of the clip's
            crystal (20 ppm) over a day: 1.7 s
    """
    if begun.unix_s is not None:
        at, zone_min, near = begun.unix_s, begun.zone_min, anchors
    else:
        same = [anchor for anchor in anchors if anchor.boot == boot]
        if begun.ticks_ms is None or not same:
            return None
        ticks_ms = begun.ticks_ms
        nearest = min(same, key=lambda anchor: abs(_ticks_between(ticks_ms, anchor.uptime_ms)))
        at = nearest.unix_s - _ticks_between(ticks_ms, nearest.uptime_ms) / 1000
        zone_min, near = nearest.zone_min, [nearest]
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(_zone(at, zone_min, near))
    except (ValueError, OverflowError, OSError):  # a time that no calendar has
        return None


def started_at(log: Log, boot: int, anchors: list[Anchor]) -> datetime | None:
    """`date_of` the log's `beginning`."""
    return date_of(beginning(log), boot, anchors)


def at_zone(unix_s: float, zone: str) -> datetime | None:
    """A moment as the clocks showed it in a zone, named or as +01:00; empty: here. None where no calendar has it."""
    try:
        return datetime.fromtimestamp(unix_s, UTC).astimezone(_by_name(zone) or _by_offset(zone))
    except (ValueError, OverflowError, OSError):
        return None


def said_time(text: str, now: datetime | None = None) -> tuple[float, str]:
    """A moment that a person wrote: 2026-11-03, 2026-11-03 07:15, with +01:00 at its end or not; (unix_s, zone).

    A day alone is its noon. `today`, `yesterday` and `now` are understood; without an offset it is the time here.
    Errors    BadTime
    """
    text = text.strip()
    now = now or datetime.now()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": noon, "yesterday": noon - timedelta(days=1)}
    try:
        at = words.get(text.lower()) or datetime.fromisoformat(text)
    except ValueError:
        raise BadTime(f"'{text}' is no date", "write it as 2026-11-03 or 2026-11-03T07:15") from None
    if len(text) <= len("2026-11-03") and text.lower() not in words:
        at = at.replace(hour=12)
    try:
        unix_s = at.timestamp()
        zone = _offset_text(at) if at.tzinfo else local_zone() or _offset_text(at.astimezone())
    except (ValueError, OverflowError, OSError):
        raise BadTime(f"'{text}' is beyond what a calendar here can count", "check the year") from None
    if not _EARLIEST <= unix_s <= _LATEST:
        raise BadTime(f"'{text}' is outside 1990 to 2104", "check the year")
    return unix_s, zone


def said_past(text: str) -> tuple[float, str]:
    """The same of what has been: a day is not still to come.

    Errors    BadTime
    """
    said = said_time(text)
    at = at_zone(*said)
    assert at is not None  # said_time has checked it
    if at.date() > datetime.now(at.tzinfo).date():
        raise BadTime(f"'{text}' is still to come", "give the day on which it was")
    return said


def said_day(text: str) -> date:
    """A day that a person wrote, as `said_time` takes it.

    Errors    BadTime
    """
    unix_s, zone = said_time(text)
    at = at_zone(unix_s, zone)
    assert at is not None  # said_time has checked it
    return at.date()


def _offset_text(at: datetime) -> str:
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _by_offset(text: str) -> tzinfo | None:
    found = re.fullmatch(r"([+-])(\d\d):(\d\d)", text)
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes)) if minutes < 24 * 60 else None


def local_zone() -> str:
    """This computer's zone by name, as Europe/Vienna; empty where the system does not tell."""
    try:
        return str(tzlocal.get_localzone_name() or "")
    except (LookupError, OSError, ValueError):
        return ""


def _zone(unix_s: float, zone_min: int | None, anchors: list[Anchor]) -> tzinfo | None:
    """The zone whose rules to use; None: this computer's own.

    The anchor nearest in time names it, if that zone had the minutes told when the anchor was made.
    """
    if zone_min is not None and abs(zone_min) > _MOST_ZONE_MIN:
        zone_min = None
    for anchor in sorted(anchors, key=lambda anchor: abs(anchor.unix_s - unix_s)):
        named = _by_name(anchor.zone)
        if named is not None and zone_min in (None, _minutes(anchor.unix_s, named)):
            return named
    if zone_min is None or zone_min in {_minutes(at, None) for at in (unix_s, *(a.unix_s for a in anchors))}:
        return None
    return timezone(timedelta(minutes=zone_min))


def _by_name(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _minutes(unix_s: float, zone: tzinfo | None) -> int | None:
    """Minutes east of UTC in a zone (None: here) at a moment."""
    try:
        at = datetime.fromtimestamp(unix_s, UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return None
    offset = at.utcoffset()
    return None if offset is None else round(offset.total_seconds() / 60)


def _ticks_between(earlier_ms: int, later_ms: int) -> int:
    """Signed difference of two u32 clocks that may have wrapped between."""
    return (later_ms - earlier_ms + _TICKS // 2) % _TICKS - _TICKS // 2
