"""Faults that were put in, and the cues that answer to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from formclip.ground.run import Cue

# A cue speaks of a fault if it comes while the fault lasts, or this long after (it is felt a few steps late).
_AFTER_S = 2.0


@dataclass(frozen=True)
class Found:
    """One episode that was put in, and the first cue that answers to it."""

    kind: str
    start_s: float
    end_s: float
    cued_s: float | None
    cues: int


def match_cues(episodes: list[dict[str, Any]], cues: tuple[Cue, ...]) -> tuple[list[Found], list[Cue]]:
    """Episodes with their cues, and the cues that belong to none (of faults; "back in range" is no fault)."""
    left = [cue for cue in cues if cue.kind != "ok"]
    found = []
    for episode in episodes:
        kind, start_s, end_s = str(episode["kind"]), float(episode["start_s"]), float(episode["gone_s"])
        mine = [cue for cue in left if cue.kind == kind and start_s <= cue.t_s <= end_s + _AFTER_S]
        left = [cue for cue in left if cue not in mine]
        found.append(Found(kind, start_s, end_s, mine[0].t_s if mine else None, len(mine)))
    return found, left
