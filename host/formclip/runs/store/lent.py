"""Settings that the companion changes on a clip for a time, with what the runner had; and single facts of the store.

Theory of operation. A setting is lent for a reason: a wider limit until a baseline is steady, silence after a red flag.
What the runner had is written before the clip is given anything, together with what the clip had been lent before: so
after a stop at any moment the next sync knows both. Then, at each sync:

    the clip has what was lent, now or before    the runner's own is the one that is kept
    the clip has another value                   the runner has changed it, and that is the own one now
    nothing is to be lent any more               the own one is given; the row goes when the clip has confirmed it
"""

from __future__ import annotations

from dataclasses import dataclass

from formclip.runs.store.store import Store


@dataclass(frozen=True)
class Lent:
    """own: what the runner had; given, given_before: what the clip has for now, or still; why: one word."""

    own: int
    given: int
    given_before: int
    why: str

    def holds(self, current: int) -> bool:
        """Whether what the clip has is what it was lent."""
        return current in (self.given, self.given_before)


def lent(store: Store, clip: str) -> dict[str, Lent]:
    """By the setting's name."""
    with store.index() as index:
        rows = index.execute("SELECT name, own, given, given_before, why FROM lent WHERE clip = ?", (clip,)).fetchall()
    return {name: Lent(*values) for name, *values in rows}


def lend(store: Store, clip: str, name: str, one: Lent) -> None:
    """Before the clip is given it."""
    with store.index() as index:
        index.execute(
            "INSERT OR REPLACE INTO lent (clip, name, own, given, given_before, why) VALUES (?, ?, ?, ?, ?, ?)",
            (clip, name, one.own, one.given, one.given_before, one.why),
        )


def given_back(store: Store, clip: str, name: str) -> None:
    """The clip has the runner's own value again."""
    with store.index() as index:
        index.execute("DELETE FROM lent WHERE clip = ? AND name = ?", (clip, name))


def fact(store: Store, name: str) -> str:
    """A single fact; empty where it was never said."""
    with store.index() as index:
        row = index.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def say_fact(store: Store, name: str, value: str) -> None:
    with store.index() as index:
        index.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))
