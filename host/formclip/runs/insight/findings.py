"""What one run gives reason to speak of, and the run in three sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from formclip.ground.metrics import METRIC, METRICS
from formclip.ground.run import Run, mean
from formclip.ground.text import clock, number, signed, with_unit
from formclip.runs.insight.compare import balance_percent, thirds
from formclip.runs.knowledge import BALANCE_LOOK, EXERCISES, FAULTS, Exercise, Fault

# A change smaller than these is not spoken of, however clear the statistics: it is within what differs from day to day.
SPOKEN_OF = {"tilt_deg": 1.0, "drop_range_deg": 1.0, "rotation_range_deg": 1.5, "cadence_spm": 3.0}
_SHARE = 0.05  # of every other figure: less than a twentieth is sure in thousands of steps, and says nothing to anybody
# Which figures a finding is about.
ABOUT = {
    "overstride": ("cadence_spm", "braking_mps"),
    "arch": ("tilt_deg",),
    "drop": ("drop_range_deg", "contact_ms"),
    "rotation": ("rotation_range_deg",),
}
CUE_WORDS = {"overstride": "quick feet", "arch": "tuck", "ok": "back in range"}
_MOST_CHANGES = 3


@dataclass(frozen=True)
class Finding:
    """A fault that this run gives reason to speak of."""

    fault: Fault
    why: str
    exercises: tuple[Exercise, ...]


def findings(run: Run) -> list[Finding]:
    """The faults that the cues or clear changes over the run give reason to speak of, each with its why."""
    reasons: dict[str, list[str]] = {}
    for kind in ("overstride", "arch"):
        times = [clock(cue.t_s) for cue in run.cues if cue.kind == kind]
        if times:
            many = "once" if len(times) == 1 else f"{len(times)} times"
            reasons.setdefault(kind, []).append(f"The clip cued {many}, at {', '.join(times)} of the recording.")
    for key, kind, way in (
        ("tilt_deg", "arch", 1),
        ("cadence_spm", "overstride", -1),
        ("drop_range_deg", "drop", 1),
        ("rotation_range_deg", "rotation", 1),
    ):
        change, metric = thirds(run, key), METRIC[key]
        if change is not None and change.trend == way and abs(change.difference) >= SPOKEN_OF[key]:
            after = with_unit(number(change.after, metric.digits), metric.unit)
            reasons.setdefault(kind, []).append(
                f"{metric.title} went from {number(change.before, metric.digits)} to {after} "
                "between the first and the last third."
            )
    share = balance_percent(run)
    if share is not None and max(share, 100 - share) > BALANCE_LOOK:
        long_side = "left" if share > 50 else "right"
        reasons.setdefault("drop", []).append(
            f"Ground contact is longer on the {long_side} ({number(share, 1)} % left)."
        )
    return [
        Finding(FAULTS[kind], " ".join(why), tuple(EXERCISES[key] for key in FAULTS[kind].exercises))
        for kind, why in reasons.items()
    ]


def three_sentences(
    running_s: float,
    cadence_spm: float,
    distance: str,
    cues: dict[str, int],
    changes: dict[str, tuple[float, float, int]],
) -> list[str]:
    """How long, what was felt, what changed.

    distance  as it is to be read, empty where nothing tells it
    cues      count by kind
    changes   by metric: first third, last third, and -1, 0, 1 as `compare.Change.trend`
    """
    far = f", {distance}" if distance else ""
    pace = f", at {number(cadence_spm, 0)} steps/min" if math.isfinite(cadence_spm) else ""
    felt = [f"{CUE_WORDS[kind]} {_times(n)}" for kind, n in cues.items() if n and kind in ABOUT and kind in CUE_WORDS]
    said = " and ".join(felt)
    clear = []
    for metric in METRICS:
        first, last, trend = changes.get(metric.key, (0.0, 0.0, 0))
        if trend and spoken_of(metric.key, first, last):
            by = with_unit(signed(last - first, metric.digits), metric.unit)
            clear.append(f"{metric.title.lower()} ({by})")
    rest = len(clear) - _MOST_CHANGES
    named = ", ".join(clear[:_MOST_CHANGES]) + (f" and {rest} more" if rest > 0 else "")
    return [
        f"You ran for {clock(running_s)}{far}{pace}.",
        f"The clip cued {said}." if said else "The clip gave no cue.",
        f"From the first to the last third these changed clearly: {named}."
        if clear
        else "Nothing changed clearly from the first to the last third.",
    ]


def spoken_of(key: str, first: float, last: float) -> bool:
    """Whether a change is large enough to speak of, apart from being sure."""
    return abs(last - first) >= SPOKEN_OF.get(key, _SHARE * abs(first))


def of_run(run: Run, distance: str) -> list[str]:
    """`three_sentences` of the steps themselves."""
    found = ((metric.key, thirds(run, metric.key)) for metric in METRICS)
    return three_sentences(
        run.running_s() if len(run) else 0.0,
        mean(run.column("cadence_spm")),
        distance,
        {kind: sum(cue.kind == kind for cue in run.cues) for kind in ("overstride", "arch")},
        {key: (change.before, change.after, change.trend) for key, change in found if change is not None},
    )


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")
