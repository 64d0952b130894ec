"""The figures that need known faults: simulated runs with episodes of 8 s, runs without any, and one of two hours.

Faults of 8 s, one every 110 s, overstriding and arching in turn, in four runners at four speeds; two runs without
faults but with hills, bends, fatigue, a walking break and a stop. A fault counts as held from the moment that it passes
the cue's own threshold on its way to full size. The cue's time is that of its event in the log: when the motor is told
to run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore.settings import Settings

from formclip.ground.trace import open_trace
from formclip.lab.replay import replay_trace
from formclip.lab.simulate import Episode, Fatigue, Scenario, Segment, Turn, preset, write
from formclip.lab.validate.episodes import match_cues
from formclip.lab.validate.run import PROCESSES, in_processes
from formclip.lab.validate.score import match

MINUTES = 30.0
HOLD_S = 8.0
_RAMP_S = 1.0
_EVERY_S = 110.0
_FIRST_S = 230.0
_BLOCK_S = 600.0


@dataclass(frozen=True)
class Task:
    """One simulated run to be made, replayed and scored."""

    name: str
    seed: int
    kind: str  # faults, clean, paces or drift
    person: int = 0
    speed_mps: float = 3.0


TASKS = (
    Task("2 h", 7, "drift"),
    Task("runner 1 at 2.5 m/s", 11, "faults", 1, 2.5),
    Task("runner 2 at 3.0 m/s", 12, "faults", 2, 3.0),
    Task("runner 3 at 3.5 m/s", 13, "faults", 3, 3.5),
    Task("runner 4 at 4.2 m/s", 14, "faults", 4, 4.2),
    Task("runner 5, no faults", 15, "clean", 5, 2.9),
    Task("runner 6, no faults", 16, "clean", 6, 3.3),
    Task("runner 7, slower at times", 17, "paces", 7, 3.4),
)
_WORN: dict[str, Any] = {
    "mounting_deg": (4.0, -6.0, 8.0),
    "gyro_bias_dps": (2.1, -3.0, 1.2),
    "gyro_warmup_dps": (-0.5, 0.7, 0.4),
    "acc_bias_g": (0.004, -0.006, 0.005),
}


def _scenario(task: Task) -> Scenario:
    rng = np.random.default_rng(task.seed)
    own = {"minutes": MINUTES, "speed_mps": task.speed_mps, "person": task.person, **_WORN}
    if task.kind == "drift":
        return preset("long")
    if task.kind == "clean":
        segments = (
            Segment(start_s=420.0, end_s=560.0, slope_deg=4.0, speed_mps=task.speed_mps - 0.3),
            Segment(start_s=700.0, end_s=840.0, slope_deg=-4.0, speed_mps=task.speed_mps + 0.3),
            Segment(start_s=1000.0, end_s=1060.0, activity="walking"),
            Segment(start_s=1300.0, end_s=1320.0, activity="standing"),
        )
        turns = tuple(Turn(start_s=200.0 + 130.0 * i, for_s=4.0, angle_deg=90.0) for i in range(11))
        fatigue = Fatigue(cadence_pct=-1.5, contact_pct=3.0, tilt_deg=1.5, variability_pct=30.0)
        return Scenario(segments=segments, turns=turns, fatigue=fatigue, **own)
    if task.kind == "paces":
        slower = tuple(
            Segment(start_s=300.0 + 120.0 * i, end_s=360.0 + 120.0 * i, speed_mps=task.speed_mps - 0.3 - 0.06 * i)
            for i in range(12)
        )
        return Scenario(segments=slower, **own)
    episodes: list[Episode] = []
    start_s = _FIRST_S
    while start_s + HOLD_S + 20 < 60 * MINUTES:
        at_s = round(start_s + float(rng.uniform(0, 8)), 1)
        times = {"start_s": at_s, "end_s": round(at_s + _RAMP_S + HOLD_S, 1), "ramp_s": _RAMP_S}
        if len(episodes) % 2:
            episodes.append(Episode(kind="arch", tilt_deg=round(float(rng.uniform(7.5, 10)), 1), **times))
        else:
            less = round(float(rng.uniform(-11, -7)), 1)
            episodes.append(Episode(kind="overstride", cadence_pct=less, braking_pct=round(-5.5 * less, 1), **times))
        start_s += _EVERY_S
    return Scenario(episodes=tuple(episodes), **own)


def _held_from_s(episode: dict[str, Any], settings: dict[str, Any]) -> float:
    """When the fault passes the threshold of its cue."""
    if episode["kind"] == "arch":
        share = settings["tilt_cue_deg"] / episode["tilt_deg"]
    else:
        share = -settings["overstride_cadence_pct"] / episode["cadence_pct"]
    return float(episode["start_s"] + share * (episode["full_s"] - episode["start_s"]))


def score_task(task: Task) -> dict[str, Any]:
    scenario = _scenario(task)
    with tempfile.TemporaryDirectory() as folder:
        path, _, truth = write(Path(folder) / "run", scenario, task.seed)
        replayed = replay_trace(open_trace(path), Path(folder) / "session.fclog")
    if task.kind == "drift":
        return _score_drift(truth, replayed.columns)
    found, stray = match_cues(truth["episodes"], replayed.cues)
    settings = Settings().to_dict()
    late = {}
    missed = []
    for episode, f in zip(truth["episodes"], found, strict=True):
        label = f"{task.name}, {f.kind} at {f.start_s:.0f} s"
        if f.cued_s is None:
            missed.append(label)
        else:
            late[label] = f.cued_s - _held_from_s(episode, settings) - float(settings["sustain_s"])
    held = [(e["full_s"], e["end_s"]) for e in truth["episodes"] if e["kind"] == "overstride"]
    slower = [(s.start_s + 5, s.end_s - 5) for s in scenario.segments] if task.kind == "paces" else []
    return {
        "rise": [_rise(replayed.columns, *span) for span in held],
        "slower": [_rise(replayed.columns, *span) for span in slower],
        "faults": len(found),
        "late_s": late,
        "missed": missed,
        "stray": [f"{task.name}, {cue.kind} at {cue.t_s:.0f} s" for cue in stray],
        "minutes": scenario.minutes,
    }


def _rise(columns: dict[str, Any], start_s: float, end_s: float) -> tuple[float, float]:
    """By how much braking and heel ahead are higher in a stretch than in the half minute before it."""
    on_s = columns["on_s"]
    inside, before = (on_s >= start_s) & (on_s < end_s), (on_s >= start_s - 40) & (on_s < start_s - 10)
    out = []
    for key in ("braking_mps", "heel_ahead_cm"):
        values = np.abs(columns[key])
        out.append(float(np.nanmean(values[inside]) / np.nanmean(values[before]) - 1))
    return out[0], out[1]


def _score_drift(truth: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    true_s = np.array([s["on_s"] for s in truth["steps"]])
    tilt = np.array([s["tilt_deg"] for s in truth["steps"]]) - truth["standing_tilt_deg"]
    i, j, _ = match(true_s, columns["on_s"], 0.5 * float(np.median(np.diff(true_s))))
    error = columns["tilt_deg"][j] - tilt[i]
    known = np.isfinite(error)
    t_s, error = true_s[i][known], error[known]
    slope, _ = np.polyfit(t_s / 3600, error, 1)
    block = (t_s // _BLOCK_S).astype(int)
    means = [float(error[block == b].mean()) for b in np.unique(block)]
    return {
        "slope_deg_per_h": float(slope),
        "worst_deg": max(means, key=abs),
        "rmse_deg": float(np.sqrt(np.mean(error**2))),
        "share_known": float(known.mean()),
        "how": f"simulated run of {truth['scenario']['minutes']:.0f} min with hills, a stop, bends, fatigue; gyroscope "
        f"bias moves by {float(np.linalg.norm(truth['gyro_warmup_dps'])):.1f} °/s",
    }


def score_simulated(on_done: Callable[[int], None] | None = None, processes: int = PROCESSES) -> dict[str, Any]:
    """What `figures.simulated` needs."""
    results = list(in_processes(score_task, list(TASKS), on_done, processes))
    runs = [r for task, r in zip(TASKS, results, strict=True) if task.kind != "drift"]
    drift = next(r for task, r in zip(TASKS, results, strict=True) if task.kind == "drift")
    late = {label: s for r in runs for label, s in r["late_s"].items()}
    missed = [label for r in runs for label in r["missed"]]
    stray = [label for r in runs for label in r["stray"]]
    rise, slower = ([pair for r in runs for pair in r[key]] for key in ("rise", "slower"))
    latest = max(late, key=lambda label: late[label]) if late else "–"
    return {
        "runs": len(runs),
        "minutes": sum(r["minutes"] for r in runs),
        "rise": rise,
        "slower": slower,
        "faults": sum(r["faults"] for r in runs),
        "cued": len(late),
        "late_s": list(late.values()),
        "latest": latest,
        "missed": "; ".join(missed[:3]) + (" …" if len(missed) > 3 else "") or "none",
        "false_cues": len(stray),
        "false_where": "; ".join(stray[:3]) + (" …" if len(stray) > 3 else "") or "none",
        "drift": drift,
    }
