"""What the runs of late point to, each with what it rests on: the faults of knowledge.FAULTS that a plan answers.

`findings` tells of one run what stands out in it; here it is what comes back, moves over weeks, or tires.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from formclip.ground.text import number
from formclip.runs.insight.history import History
from formclip.runs.insight.trends import FALLS, LEVELS, RISES, STEPPED, TIRING, Trend, Trends

LATE = 5  # runs
_CUED_IN = 2  # of them
_TIRES = {"tilt_deg": 1.0, "drop_range_deg": 0.5, "rotation_range_deg": 1.0}  # by more than this, at the low end


@dataclass(frozen=True)
class Pointer:
    """key: of knowledge.FAULTS; said: what it rests on."""

    key: str
    said: str


def pointers(runs: History, found: Trends) -> tuple[Pointer, ...]:
    """In the order of FAULTS; none where nothing stands out."""
    out = []
    for key, metric, worse in (
        ("overstride", "cadence_spm", FALLS),
        ("arch", "tilt_deg", RISES),
        ("drop", "drop_range_deg", RISES),
        ("rotation", "rotation_range_deg", RISES),
    ):
        said = [
            one
            for one in (
                _cued(runs, key),
                _moves(found.of(metric, LEVELS), worse),
                _tires(found.of(metric, TIRING)),
            )
            if one
        ]
        if said:
            out.append(Pointer(key, " ".join(said)))
    return tuple(out)


def _cued(runs: History, kind: str) -> str:
    late = runs.entries[-LATE:]
    cued = sum(bool(entry.digest.cues.get(kind)) for entry in late)
    return f"It was cued in {cued} of the last {len(late)} runs." if cued >= _CUED_IN else ""


def _moves(trend: Trend | None, worse: str) -> str:
    if trend is None:
        return ""
    up: Callable[[float, float], bool] = (lambda a, b: b > a) if worse == RISES else (lambda a, b: b < a)
    stepped = trend.verdict == STEPPED and up(trend.turns[-1].before, trend.turns[-1].after)
    return f"{trend.title}: {trend.said}" if trend.verdict == worse or stepped else ""


def _tires(trend: Trend | None) -> str:
    if trend is None or trend.mean is None or not trend.mean[1] > _TIRES.get(trend.key, float("inf")):
        return ""
    return f"{trend.title}: +{number(trend.mean[0], 1)} {trend.unit} in a usual run.".replace(" °", "°")
