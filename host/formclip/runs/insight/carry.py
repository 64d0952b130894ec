"""What a clip is given at the end of a visit, beside what waits for it: baselines, wider limits, silence.

Settings that the runner owns are lent, never taken: store/lent.py says how.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaitcore.settings import TABLE, index_of

from formclip.runs.insight.baseline import OF, WIDENED, Baseline, baseline, since_of
from formclip.runs.insight.history import history
from formclip.runs.store.lent import Lent, given_back, lend, lent
from formclip.runs.store.store import Store

BASELINE = "baseline"


@dataclass(frozen=True)
class Carried:
    """One setting to be given. said: why, for the runner; own: it is the runner's own again, and lent no more."""

    name: str
    value: int
    said: str
    own: bool = False


def to_carry(store: Store, clip: str, current: dict[str, int]) -> list[Carried]:
    """What a clip that has `current` settings is to be given now; what is lent is on the disk before this returns.

    current   by name, numbers as gaitcore's Settings hold them
    """
    found = baseline(history(store), since_of(store))
    out = [
        Carried(name, value, f"your own baseline, run {found.runs} of {OF}")
        for name, value in found.settings.items()
        if current[name] != value
    ]
    if not found.settings and found.since is not None and current["own_cadence_dspm"]:
        out.append(Carried("own_cadence_dspm", 0, "your baseline begins anew"))
    before = lent(store, clip)
    for name in WIDENED:
        out += _lend(store, clip, name, current[name], before.get(name), found)
    return out


def taken(store: Store, clip: str, one: Carried) -> None:
    """The clip has confirmed it."""
    if one.own:
        given_back(store, clip, one.name)


def _lend(store: Store, clip: str, name: str, current: int, before: Lent | None, found: Baseline) -> list[Carried]:
    own = before.own if before is not None and before.holds(current) else current
    value = min(TABLE[index_of(name)][3], own + found.wider)
    if value == own:
        if before is None:
            return []
        return [Carried(name, own, "as you had it: your baseline is steady", True)]
    lend(store, clip, name, Lent(own, value, current, BASELINE))
    said = f"your {own}, and {value - own} more until your baseline is steady (run {found.runs} of {OF})"
    return [Carried(name, value, said)] if current != value else []
