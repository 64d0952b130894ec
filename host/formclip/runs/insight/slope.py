"""A second opinion on every cue, with the slope known.

Going downhill the pelvis tips forward, braking and impact rise and cadence falls with no fault of the runner; uphill
the back is at its straightest. So a cue that fell on a slope says less about form, and where cues gather on slopes the
limits are judged there. Nothing is taken back: a cue stands as it was felt.

Source  Levine, Colston, Whittle, Pharo, Marcellin-Little, Sagittal lumbar spine position during standing, walking, and
        running at various gradients, J Athl Train 42:29, 2007; Alcantara, Day, Hahn, Grabowski, Sacral acceleration
        can predict whole-body kinetics and stride kinematics across running speeds, PeerJ 2022 (slopes of 5 degrees)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from formclip.ground.run import Cue, Floats, mean

DOWN, LEVEL, UP, UNKNOWN = "downhill", "level", "uphill", "not known"
STEEP_PCT = 2.0
BEFORE_S = 10.0  # a cue answers a fault held for some seconds
_FEWEST = 5  # of cues of one kind: fewer tell nothing about where they gather
_CHANCE = 0.05


@dataclass(frozen=True)
class Opinion:
    """The cues of one kind.

    places    of each cue: its second, and one of DOWN, LEVEL, UP, UNKNOWN
    share     of the running, by place
    p         of so many downhill by chance, each cue on its own; 1 where too few
    said      in a sentence
    """

    kind: str
    places: tuple[tuple[float, str], ...]
    share: dict[str, float]
    p: float
    said: str

    def count(self, place: str) -> int:
        return sum(found == place for _, found in self.places)


def place(slope_pct: float) -> str:
    """Where a slope is."""
    if slope_pct != slope_pct:
        return UNKNOWN
    return DOWN if slope_pct < -STEEP_PCT else UP if slope_pct > STEEP_PCT else LEVEL


def opinions(cues: Sequence[Cue], t_s: Floats, slope_pct: Floats) -> list[Opinion]:
    """One opinion for each kind of fault that was cued.

    t_s, slope_pct   (n,) seconds of running and the slope at each, NaN where it is not known; increasing
    """
    known = slope_pct[np.isfinite(slope_pct)]
    if not len(known):
        return []
    share = {
        DOWN: float((known < -STEEP_PCT).mean()),
        UP: float((known > STEEP_PCT).mean()),
        LEVEL: float((np.abs(known) <= STEEP_PCT).mean()),
    }
    kinds = sorted({cue.kind for cue in cues if cue.kind != "ok"})
    return [_opinion(kind, [c.t_s for c in cues if c.kind == kind], t_s, slope_pct, share) for kind in kinds]


def _opinion(kind: str, times: list[float], t_s: Floats, slope_pct: Floats, share: dict[str, float]) -> Opinion:
    places = []
    for at in times:
        before = (t_s > at - BEFORE_S) & (t_s <= at)
        places.append((round(at, 1), place(mean(slope_pct[before]))))
    known = [found for _, found in places if found != UNKNOWN]
    down = sum(found == DOWN for found in known)
    p = float(binomtest(down, len(known), share[DOWN], "greater").pvalue) if len(known) >= _FEWEST else 1.0
    return Opinion(kind, tuple(places), share, p, _said(kind, known, len(places), share, p))


def _said(kind: str, known: list[str], cues: int, share: dict[str, float], p: float) -> str:
    if not known:
        return f"The slope at the {kind} cues is not known."
    down, up = (sum(found == where for found in known) for where in (DOWN, UP))
    of = f"{len(known)} {kind} cues" if len(known) == cues else f"{len(known)} {kind} cues of which the slope is known,"
    text = f"{down} of {of} {'was' if down == 1 else 'were'} downhill, {up} uphill"
    text += f"; {100 * share[DOWN]:.0f} % of the running was downhill, {100 * share[UP]:.0f} % uphill."
    if len(known) < _FEWEST:
        return text + " Too few to tell whether they gather there."
    if p <= _CHANCE:
        why = (
            "the back arches by itself there"
            if kind == "arch"
            else "braking rises and cadence falls by themselves there"
        )
        return text + f" They gather downhill (p = {p:.3f}): {why}, so these cues say less about your form."
    return text + " They do not gather downhill more than chance would have it."
