"""The plan that a person began, what was done of it, and the screens: kept as they were said."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from formclip.ground.errors import FormclipError
from formclip.runs.store.store import Store

SCREENS = ("plank", "bridge", "lunge")
YES, NO = "yes", "no"
_LONGEST_PLANK_S = 3600.0


class NoPlan(FormclipError):
    """There is no plan, or something that no plan takes."""

    exit_code = 2


@dataclass(frozen=True)
class Begun:
    """A plan as it was begun. keys: of its exercises, in order; stopped: the day on which it was ended early."""

    id: int
    began: date
    weeks: int
    keys: tuple[str, ...]
    stopped: date | None


@dataclass(frozen=True)
class Done:
    """What was done on a day. what: keys of exercises, or of the weekly list."""

    id: int
    day: date
    what: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Screen:
    """One result: of the plank its seconds, of the others YES or NO."""

    day: date
    name: str
    result: str

    @property
    def passed(self) -> bool:
        return float(self.result) >= 60 if self.name == "plank" else self.result == YES


def begin(store: Store, began: date, weeks: int, keys: Sequence[str]) -> Begun:
    """A new plan; one that is under way ends the day before."""
    with store.index() as index:
        index.execute("BEGIN IMMEDIATE")
        index.execute("UPDATE plan SET stopped = ? WHERE stopped IS NULL", (began.isoformat(),))
        index.execute(
            "INSERT INTO plan (began, weeks, told) VALUES (?, ?, ?)", (began.isoformat(), weeks, json.dumps(list(keys)))
        )
        index.execute("COMMIT")
    return plans(store)[-1]


def stop(store: Store, day: date) -> Begun:
    """End the plan that is under way.

    Errors    NoPlan
    """
    last = plans(store)[-1:]
    if not last or last[0].stopped is not None:
        raise NoPlan("no plan is under way", "formclip plan start begins one")
    with store.index() as index:
        index.execute("UPDATE plan SET stopped = ? WHERE id = ?", (day.isoformat(), last[0].id))
    return plans(store)[-1]


def plans(store: Store) -> list[Begun]:
    """All of them, the latest last."""
    with store.index() as index:
        rows = index.execute("SELECT id, began, weeks, told, stopped FROM plan ORDER BY id").fetchall()
    return [
        Begun(
            number,
            date.fromisoformat(began),
            weeks,
            tuple(json.loads(told)),
            date.fromisoformat(stopped) if stopped else None,
        )
        for number, began, weeks, told, stopped in rows
    ]


def say_done(store: Store, day: date, what: Sequence[str], note: str = "") -> Done:
    """Something was done; the same thing on one day counts once, however often it is said."""
    with store.index() as index:
        index.execute(
            "INSERT INTO plan_done (day, what, note) VALUES (?, ?, ?)", (day.isoformat(), json.dumps(list(what)), note)
        )
    return done(store)[-1]


def done(store: Store) -> list[Done]:
    """Everything, in the order in which it was said."""
    with store.index() as index:
        rows = index.execute("SELECT id, day, what, note FROM plan_done ORDER BY id").fetchall()
    return [Done(number, date.fromisoformat(day), tuple(json.loads(what)), note) for number, day, what, note in rows]


def say_screen(store: Store, day: date, name: str, result: str) -> Screen:
    """A screen's result: seconds of the plank; whether the glutes are felt in a bridge, the hip is free in a lunge.

    Errors    NoPlan for what is none
    """
    if name == "plank":
        try:
            seconds = float(result)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= _LONGEST_PLANK_S:
            raise NoPlan(f"a plank of '{result}'", "give its seconds, as 45")
        result = f"{seconds:g}"
    elif name not in SCREENS or result not in (YES, NO):
        raise NoPlan(
            f"a screen '{name} {result}'", f"give one of {', '.join(SCREENS)}; yes or no, of the plank seconds"
        )
    with store.index() as index:
        index.execute("INSERT INTO screen (day, name, result) VALUES (?, ?, ?)", (day.isoformat(), name, result))
    return screens(store)[-1]


def screens(store: Store) -> list[Screen]:
    """In the order in which they were said."""
    with store.index() as index:
        rows = index.execute("SELECT day, name, result FROM screen ORDER BY id").fetchall()
    return [Screen(date.fromisoformat(day), name, result) for day, name, result in rows]
