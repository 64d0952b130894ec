"""Runners who limp: simulated, since no recorded one does; every figure scored as ever."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from formclip.lab.simulate import Limp, Scenario, simulate, write
from formclip.lab.validate.run import PROCESSES, in_processes, replay_for_score
from formclip.lab.validate.score import Score, score_trace

# person, speed: three styles, each of a pace of its own
PEOPLE = ((1, 2.6), (2, 3.0), (3, 3.6))
# What a limp may not cost. The fitted figures are not of people who limp.
MUST_HOLD = ("steps_found", "steps_invented", "cadence", "agreement", "side", "tilt")
_MINUTES = 2.0
_SEED = 21
_SHUFFLE: dict[str, Any] = {"speed_mps": 2.4, "cadence_spm": 160.0, "contact_ms": 340.0}
_WORN: dict[str, Any] = {"mounting_deg": (4.0, -6.0, 8.0), "gyro_bias_dps": (2.1, -3.0, 1.2)}


@dataclass(frozen=True)
class Gait:
    """One way to limp; `also` changes the scenario."""

    name: str
    limp: Limp = Limp()
    also: dict[str, Any] = field(default_factory=dict)

    def scenario(self, person: int, speed_mps: float) -> Scenario:
        own = {"minutes": _MINUTES, "person": person, "speed_mps": speed_mps, "limp": self.limp, **_WORN}
        return Scenario(**{**own, **self.also})


GAITS = (
    Gait("even"),
    Gait("steps ±10 %, contact ±5 %", Limp("right", -10, -5)),
    Gait("steps ±20 %, contact ±20 %, the hip sinks by 5°", Limp("left", -20, -20, drop_deg=5)),
    Gait("steps ±30 %, contact ±30 %, the hip sinks by 8°", Limp("right", -30, -30, drop_deg=8)),
    Gait("the spared side's step the longer one, ±20 %; contact ±20 %", Limp("left", 20, -20)),
    Gait("step length ±8 %, lands 3 cm higher on one side", Limp("right", length_pct=8, height_cm=3)),
    Gait("shuffle: steps ±25 %, contact ±50 %", Limp("right", -25, -50), _SHUFFLE),
    Gait("shuffle: steps ±35 %, contact ±50 %", Limp("left", -35, -50), _SHUFFLE),
    Gait("begins in mid-run: steps ±20 %, contact ±20 %", Limp("right", -20, -20, start_s=60)),
    Gait("clip at the side of the waist; steps ±20 %, contact ±20 %", Limp("right", -20, -20), {"placement": "left"}),
)


def third_harmonic(scenario: Scenario) -> float:
    """Of the stride in the vertical at the clip, against the second: how uneven this is for the rhythm."""
    trace = simulate(scenario, _SEED)
    up = (trace.acc_g @ np.array(trace.truth["sensor_to_body"]).T)[:, 1]
    on = np.array([s["on_s"] for s in trace.truth["steps"] if s["side"] == "R"])[-60:]
    inside = (trace.t_s > on[0]) & (trace.t_s < on[-1])
    turn = 2j * np.pi * np.interp(trace.t_s[inside], on, np.arange(len(on)))
    second, third = (abs(np.mean(up[inside] * np.exp(-k * turn))) for k in (2, 3))
    return float(third / second)


def score_gait(gait: Gait) -> dict[str, Score]:
    """By person."""
    out = {}
    for person, speed_mps in PEOPLE:
        scenario = gait.scenario(person, speed_mps)
        with tempfile.TemporaryDirectory() as folder:
            path, _, truth = write(Path(folder) / "limp", scenario, _SEED)
            score = score_trace(truth, replay_for_score(path))
        score["third_harmonic"] = third_harmonic(scenario)
        out[f"person {person}"] = score
    return out


def score_limps(
    gaits: tuple[Gait, ...] = GAITS, on_done: Callable[[int], None] | None = None, processes: int = PROCESSES
) -> dict[str, dict[str, Score]]:
    """Gait -> person -> score."""
    results = in_processes(score_gait, list(gaits), on_done, processes)
    return {gait.name: result for gait, result in zip(gaits, results, strict=True)}
