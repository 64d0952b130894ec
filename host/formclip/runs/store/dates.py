"""When a session was: the clip has no calendar, so its own clock is tied to ours by anchors.

An anchor says that at some ms of the clip's clock it was a certain second here. The log of a session holds one from its
start (boot, ms of the clip's clock; the wall time 0 when the clip did not know it) and one per sync during it; the
store holds one of every visit. `boot` counts the times that the clip's clock began anew, so only anchors of the same
boot count.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from gaitcore import records

from formclip.ground.log import Log
from formclip.runs.store.store import Anchor

_TICKS = 1 << 32


def started_at(log: Log, boot: int, anchors: list[Anchor]) -> datetime | None:
    """When the session's first record was written, in the zone of the anchor; None when nothing tells.

    Source  the anchor of the same boot that lies nearest, in the log itself or in the store. Clock error of the clip's
            crystal (20 ppm) over a day: 1.7 s
    """
    own = [(t_ms, values) for t_ms, values in log.events(records.ANCHOR)]
    if not log.entries:
        return None
    first_ms = log.entries[0][1]
    for t_ms, values in own:
        if values["unix_s"]:
            return _at(values["unix_s"] - (t_ms - first_ms) / 1000, values["zone_min"])
    start_unix_s = log.start.get("unix_s", 0)
    if start_unix_s:
        return _at(start_unix_s, 0)
    if not own:
        return None
    t_ms, values = own[0]
    start_ticks = values["ticks_ms"] - (t_ms - first_ms)
    same = [anchor for anchor in anchors if anchor.boot == boot]
    if not same:
        return None
    nearest = min(same, key=lambda anchor: abs(_ticks_between(start_ticks, anchor.uptime_ms)))
    return _at(nearest.unix_s - _ticks_between(start_ticks, nearest.uptime_ms) / 1000, nearest.zone_min)


def _ticks_between(earlier_ms: int, later_ms: int) -> int:
    """Signed difference of two u32 clocks that may have wrapped between."""
    return (later_ms - earlier_ms + _TICKS // 2) % _TICKS - _TICKS // 2


def _at(unix_s: float, zone_min: int) -> datetime:
    return datetime.fromtimestamp(unix_s, timezone(timedelta(minutes=zone_min)))
