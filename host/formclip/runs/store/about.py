"""What a person says of a run, which its log cannot know: its name, on what it was run, how far it truly was.

A date that a person gives stands above what the clip's clock tells; so does a distance, above every estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Any

from formclip.ground.errors import FormclipError
from formclip.runs.store.store import Key, Store, Stored

KINDS = ("easy", "long", "tempo", "intervals", "race", "hills", "other")
SURFACES = ("road", "track", "trail", "grass", "treadmill", "mixed")
_MOST_LETTERS = {"name": 80, "shoes": 80, "note": 4000, "kind": 20, "surface": 20}
_DISTANCE_M = (50.0, 500_000.0)


class NotSaid(FormclipError):
    """Something that cannot be said of a run."""

    exit_code = 2


@dataclass(frozen=True)
class About:
    """What was said; empty or None where nothing was.

    kind, surface   of KINDS and SURFACES
    began_unix_s, zone   when it began; the zone by name (Europe/Vienna) or as +01:00
    distance_m      known from a track, a course or a treadmill
    """

    name: str = ""
    kind: str = ""
    surface: str = ""
    shoes: str = ""
    note: str = ""
    hidden: bool = False
    began_unix_s: float | None = None
    zone: str = ""
    distance_m: float | None = None


NOTHING = About()
_COLUMNS = tuple(field.name for field in fields(About))


def abouts(store: Store) -> dict[Key, About]:
    """Of every run of which something was said."""
    with store.index() as index:
        found = index.execute(f"SELECT clip, number, crc32, {', '.join(_COLUMNS)} FROM about").fetchall()
    out: dict[Key, About] = {}
    for clip, number, crc32, *values in found:
        told = dict(zip(_COLUMNS, values, strict=True))
        out[clip, number, crc32] = About(**{**told, "hidden": bool(told["hidden"])})
    return out


def about(store: Store, stored: Stored) -> About:
    return abouts(store).get(stored.key, NOTHING)


def say(store: Store, stored: Stored, **changes: Any) -> About:
    """Say something of a run; what is not among the changes stays.

    Errors    NotSaid for a value that no run can have, TypeError for a name that is not About's
    """
    return _say(store, stored, lambda _: changes)


def add_note(store: Store, stored: Stored, text: str) -> About:
    """A further note below those that are there at this moment, whoever else writes one.

    Errors    NotSaid where all of them together are too long; those of before stay
    """
    return _say(store, stored, lambda said: {"note": f"{said.note}\n{text}" if said.note else text})


def _say(store: Store, stored: Stored, change: Callable[[About], dict[str, Any]]) -> About:
    """What was said and what is to be said of it are one step: nobody writes between them."""
    with store.index() as index:
        index.execute("BEGIN IMMEDIATE")
        before = about(store, stored)
        changes = {name: _checked(name, value) for name, value in change(before).items()}
        said = About(**{**_as_dict(before), **changes})
        marks = ", ".join("?" * (3 + len(_COLUMNS)))
        index.execute(
            f"INSERT OR REPLACE INTO about (clip, number, crc32, {', '.join(_COLUMNS)}) VALUES ({marks})",
            (*stored.key, *astuple(said)),
        )
        index.execute("COMMIT")
    return said


def _as_dict(said: About) -> dict[str, Any]:
    return dict(zip(_COLUMNS, astuple(said), strict=True))


def _checked(name: str, value: Any) -> Any:
    if name == "distance_m" and value is not None:
        low, high = _DISTANCE_M
        if not (math.isfinite(value) and low <= value <= high):
            raise NotSaid(f"a distance of {value / 1000:g} km", f"give {low / 1000:g} to {high / 1000:g} km")
    if name in _MOST_LETTERS:
        value = value.strip()
        if len(value) > _MOST_LETTERS[name]:
            raise NotSaid(f"a {name} of {len(value)} letters", f"give {_MOST_LETTERS[name]} at the most")
    for which, known in (("kind", KINDS), ("surface", SURFACES)):
        if name == which and value and value not in known:
            raise NotSaid(f"no {which} of run is called '{value}'", f"give one of {', '.join(known)}")
    return value
