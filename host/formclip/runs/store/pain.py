"""The pain log: what a person says of a pain, kept as it was said; and whether a red flag stands.

A red flag stands from the moment when it was said until `resume`. Taking an entry out of the log lets no flag fall
silently: an entry that was wrong is taken out and resumed by one command each.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from formclip.ground.errors import FormclipError
from formclip.runs.redflags import RED_FLAGS, RedFlag, raised
from formclip.runs.store.dates import at_zone
from formclip.runs.store.store import Store

PLACES = ("low-back-left", "low-back-centre", "low-back-right", "hip", "knee", "calf", "achilles", "other")
LOW_BACK = PLACES[:3]
MOMENTS = ("during", "after", "next-day", "other")
STRONGEST = 10
_LONGEST_H = 24.0 * 365
_MOST_LETTERS = 2000


class NotPain(FormclipError):
    """Something that can't be said of a pain."""

    exit_code = 2


@dataclass(frozen=True)
class Pain:
    """One entry. at: when it hurt; strength 0: a day without pain, said as such; flags: keys of RED_FLAGS."""

    id: int
    at: datetime
    moment: str
    places: tuple[str, ...]
    strength: int
    lasted_h: float | None
    flags: tuple[str, ...]
    note: str
    resumed: bool

    @property
    def raised(self) -> tuple[RedFlag, ...]:
        return raised(self.flags, self.lasted_h)


def add_pain(
    store: Store,
    at: tuple[float, str],
    strength: int,
    places: Sequence[str] = (),
    moment: str = "other",
    lasted_h: float | None = None,
    flags: Sequence[str] = (),
    note: str = "",
) -> Pain:
    """Into the log.

    at        unix seconds and zone, as dates.said_time gives them
    Errors    NotPain, with what is wrong and what may be said
    """
    places, flags, note = tuple(dict.fromkeys(places)), tuple(dict.fromkeys(flags)), note.strip()
    _check(strength, places, moment, lasted_h, flags, note)
    with store.index() as index:
        cursor = index.execute(
            "INSERT INTO pain (at_unix_s, zone, moment, places, strength, lasted_h, flags, note, said_unix_s) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*at, moment, json.dumps(places), strength, lasted_h, json.dumps(flags), note, time.time()),
        )
        number = cursor.lastrowid
    return next(pain for pain in pains(store) if pain.id == number)


def _check(
    strength: int, places: tuple[str, ...], moment: str, lasted_h: float | None, flags: tuple[str, ...], note: str
) -> None:
    if not 0 <= strength <= STRONGEST:
        raise NotPain(f"a strength of {strength}", f"give 0 (none) to {STRONGEST} (the worst)")
    if strength and not places:
        raise NotPain("a pain that is nowhere", f"say where: {', '.join(PLACES)}")
    for what, said, known in (
        ("place", places, PLACES),
        ("moment", (moment,), MOMENTS),
        ("red flag", flags, RED_FLAGS),
    ):
        for one in said:
            if one not in known:
                raise NotPain(f"no {what} is called '{one}'", f"give one of {', '.join(known)}")
    if lasted_h is not None and not (math.isfinite(lasted_h) and 0 <= lasted_h <= _LONGEST_H):
        raise NotPain(f"{lasted_h:g} hours", f"give 0 to {_LONGEST_H:g}")
    if len(note) > _MOST_LETTERS:
        raise NotPain(f"a note of {len(note)} letters", f"give {_MOST_LETTERS} at the most")


def pains(store: Store) -> list[Pain]:
    """The log, by when it hurt."""
    with store.index() as index:
        rows = index.execute(
            "SELECT id, at_unix_s, zone, moment, places, strength, lasted_h, flags, note, resumed_unix_s IS NOT NULL "
            "FROM pain WHERE NOT removed ORDER BY at_unix_s, id"
        ).fetchall()
    out = []
    for number, at_unix_s, zone, moment, places, strength, lasted_h, flags, note, resumed in rows:
        at = at_zone(at_unix_s, zone)
        if at is not None:
            said = (moment, tuple(json.loads(places)), strength, lasted_h, tuple(json.loads(flags)), note)
            out.append(Pain(number, at, *said, bool(resumed)))
    return out


def remove_pain(store: Store, number: int) -> None:
    """Take an entry out of the log; a red flag of it stands on.

    Errors    NotPain where there is none
    """
    with store.index() as index:
        done = index.execute("UPDATE pain SET removed = 1 WHERE id = ? AND NOT removed", (number,)).rowcount
    if not done:
        raise NotPain(f"no entry {number}", "formclip pain list shows them")


def standing(store: Store) -> tuple[RedFlag, ...]:
    """The red flags that stand, each once; cueing is off while there is one."""
    with store.index() as index:
        rows = index.execute("SELECT flags, lasted_h FROM pain WHERE resumed_unix_s IS NULL").fetchall()
    found = [flag for flags, lasted_h in rows for flag in raised(json.loads(flags), lasted_h)]
    return tuple(sorted(dict.fromkeys(found), key=lambda flag: not flag.now))


def resume(store: Store) -> tuple[RedFlag, ...]:
    """Let what stands fall, and what the clip had come back at its next sync; what stood."""
    stood = standing(store)
    with store.index() as index:
        index.execute("UPDATE pain SET resumed_unix_s = ? WHERE resumed_unix_s IS NULL", (time.time(),))
    return stood
