"""How far a run was, from whoever knows best: the person, the watch, else the clip's estimate with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from formclip.runs.insight.digest import Digest
from formclip.runs.store.about import About
from formclip.runs.store.watch import Watched

SAID, WATCH, ESTIMATE = "said", "watch", "estimate"


@dataclass(frozen=True)
class Distance:
    """In metres.

    half_width_90_m   of the estimate's 90 % interval; None where it is exact or not known
    source            SAID, WATCH or ESTIMATE
    """

    m: float
    half_width_90_m: float | None
    source: str


def known_distance(about: About, watched: Watched | None) -> Distance | None:
    """What a person or a watch knows; None where neither does."""
    if about.distance_m is not None:
        return Distance(about.distance_m, None, SAID)
    if watched is not None and watched.distance_m is not None:
        return Distance(watched.distance_m, None, WATCH)
    return None


def distance_of(about: About, watched: Watched | None, digest: Digest) -> Distance | None:
    """None where nothing tells it."""
    known = known_distance(about, watched)
    if known is not None or digest.distance_m is None:
        return known
    return Distance(digest.distance_m, digest.distance_90_m, ESTIMATE)
