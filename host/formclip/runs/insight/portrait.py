"""One run in figures and words, from what the index keeps of it: what `formclip show` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from formclip.ground.log import told_beside
from formclip.runs.insight.digest import FIGURES, KEPT, NONE, STOOD, Digest
from formclip.runs.insight.distance import Distance, distance_of
from formclip.runs.store.brief import Row
from formclip.runs.store.watch import Watched

CALIBRATIONS = {
    STOOD: "you stood still for it",
    KEPT: "kept from a run before",
    NONE: "none: tilt was not measured against your standing",
}


def portrait(
    row: Row, digest: Digest, watched: Watched | None = None, distance: Distance | None = None
) -> dict[str, Any]:
    """Everything that is known of one run, ready for JSON.

    distance   as load.on_scale has it; None: by the run alone
    """
    about = row.about
    distance = distance or distance_of(about, watched, digest)
    beside = told_beside(row.stored.path)
    told: dict[str, Any] = {
        "session": row.stored.label,
        "file": str(row.stored.path),
        "started": row.started.isoformat(timespec="seconds") if row.started else None,
        "name": about.name,
        "kind": about.kind,
        "surface": about.surface,
        "shoes": about.shoes,
        "note": about.note,
        "hidden": about.hidden,
        "problem": digest.problem,
    }
    if digest.problem:
        return told
    return told | {
        "running_s": digest.running_s,
        "lasted_s": digest.lasted_s,
        "steps": digest.steps,
        "distance": None if distance is None else asdict(distance),
        "figures": [_figure(metric.key, digest, distance) for metric in FIGURES if metric.key in digest.means],
        "watch": None if watched is None else _watch(watched),
        "cues": digest.cues,
        "mode": digest.settings["mode"],
        "baseline": digest.baseline,
        "calibration": digest.calibration,
        "calibration_quality": digest.quality,
        "slipped_pct": digest.slipped_pct,
        "firmware": digest.firmware,
        "problems": digest.problems,
        "doubts": [f"{one['words']}; {one['remedy']}" for one in beside.get("doubts", ())],
        "left_empty": list(beside.get("left_empty", ())),
    }


def _watch(watched: Watched) -> dict[str, Any]:
    """What a run's watch says of it; second_opinion: a sentence for each kind of cue, with the slope known."""
    return {
        "agreement": watched.agreement,
        "drift_ppm": watched.drift_ppm,
        "heart_rate_bpm": watched.more.get("heart_rate_bpm"),
        "second_opinion": [one["said"] for one in watched.more.get("cues", [])],
    }


def _figure(key: str, digest: Digest, distance: Distance | None) -> dict[str, Any]:
    """Speed is that of the distance, wherever this comes from: way and time of one run say one thing."""
    mean, error = digest.means[key]
    times, width = 1.0, digest.widths.get(key)
    if key == "speed_mps" and distance is not None and distance.m != digest.distance_m and digest.running_s and mean:
        times = distance.m / digest.running_s / mean
        width = times * mean * distance.half_width_90_m / distance.m if distance.half_width_90_m else None
    told: dict[str, Any] = {"key": key, "mean": times * mean, "standard_error": times * error}
    if width is not None:
        told["half_width_90"] = width
    for name, parts, found in (
        ("thirds", ("first", "last", "trend"), digest.thirds.get(key)),
        ("sides", ("left", "right", "trend"), digest.sides.get(key)),
    ):
        if found is not None:
            of_both = [times * found[0], times * found[1], found[2]]
            told[name] = dict(zip(parts, of_both, strict=True))
    return told
