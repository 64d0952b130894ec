"""What is known about a simulated run, gathered while it is made: the truth file of the trace format."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.lab.simulate.bounce import G_MPS2, contact_push
from formclip.lab.simulate.motion import STANDING_HEIGHT_M, Pose, forward_pull
from formclip.lab.simulate.plan import Plan
from formclip.lab.simulate.scenario import ARCH, RUNNING, Scenario, to_mapping
from formclip.lab.simulate.schedule import RUN, WALK
from formclip.lab.simulate.sensor import lever_m, sensor_to_body

Floats = NDArray[np.float64]
POSE_HZ = 26


def _list(values: Floats, digits: int) -> list[float]:
    out: list[float] = np.round(values, digits).tolist()
    return out


class Truth:
    """`add` each chunk of poses in order (whole steps), then `finish`."""

    def __init__(self, scenario: Scenario, plan: Plan, seed: int) -> None:
        self._scenario = scenario
        self._plan = plan
        self._seed = seed
        n = len(plan.on_s)
        self._low = np.full((5, n), np.nan)  # tilt, drop, rotation, up, right over each interval
        self._high = np.full((5, n), np.nan)
        self._tilt = np.full(n, np.nan)
        self._speed = np.full(n, np.nan)
        self._ahead = np.full(n, np.nan)  # of the path, at the contact
        self._pose: list[Floats] = []
        self.saturated = 0
        self.samples = 0
        self.gaps: list[dict[str, Any]] = []

    def add(self, pose: Pose) -> None:
        """Poses at the sample times of some whole intervals."""
        begins = np.flatnonzero(np.diff(pose.knot, prepend=-1))
        knots = pose.knot[begins]
        counts = np.diff(begins, append=len(pose.knot))
        for row, jet in enumerate((pose.tilt, pose.drop, pose.rotation, pose.up, pose.right)):
            values = jet[0]
            self._low[row, knots] = np.minimum.reduceat(values, begins)
            self._high[row, knots] = np.maximum.reduceat(values, begins)
        self._tilt[knots] = np.add.reduceat(pose.tilt[0], begins) / counts
        self._ahead[knots] = pose.ahead[0][begins]
        self._speed[knots] = np.add.reduceat(pose.speed_mps, begins) / counts

    def add_track(self, pose: Pose) -> None:
        """Poses at POSE_HZ."""
        angles = [np.degrees(jet[0]) for jet in (pose.tilt, pose.drop, pose.rotation, pose.heading)]
        self._pose.append(np.stack([*angles, STANDING_HEIGHT_M + pose.up[0]]))

    def finish(self) -> dict[str, Any]:
        plan, scenario = self._plan, self._scenario
        on = plan.on_s
        period = np.diff(on, append=on[-1])
        whole = np.append(on[1:], np.inf) <= plan.length_s
        runs = np.flatnonzero((plan.activity == RUN) & whole)
        steps = self._steps(runs)
        steady = runs[np.isin(runs + 1, runs)]
        track = np.concatenate(self._pose, axis=1)
        standing = scenario.stand_s > 0
        still = int(scenario.stand_s * POSE_HZ) if standing else 0
        standing_tilt = float(np.mean(track[0, :still])) if still else scenario.standing_tilt_deg
        out: dict[str, Any] = {
            "set": "simulated",
            "kind": "synthetic runner: pose first, sensor derived from it (formclip simulate)",
            "subject": f"simulated {scenario.person}",
            "seed": self._seed,
            "running": bool(len(runs)),
            "rate_hz": scenario.rate_hz,
            "speed_mps": round(float(np.mean(self._speed[runs])), 3) if len(runs) else None,
            "slope_deg": scenario.slope_deg,
            "stand_s": [0, scenario.stand_s] if standing else None,
            "run_s": [round(float(on[runs[0]]), 4), round(float(on[runs[-1] + 1]), 4)] if len(runs) else None,
            "sensor_to_body": np.round(sensor_to_body(scenario), 5).tolist(),
            "lever_m": lever_m(scenario).tolist(),
            "gyro_bias_dps": list(scenario.gyro_bias_dps),
            "gyro_warmup_dps": list(scenario.gyro_warmup_dps),
            "acc_bias_g": list(scenario.acc_bias_g),
            "standing_tilt_deg": round(standing_tilt, 3),
        }
        if len(steady):
            tilt = np.degrees(np.mean(self._tilt[runs]))
            out |= {
                "cadence_spm": round(float(60 / np.mean(period[steady])), 3),
                "contact_ms": round(float(np.mean(plan.contact_s[runs]) * 1000), 2),
                "flight_ms": round(float(np.mean((period - plan.contact_s)[steady]) * 1000), 2),
                "brake_dv_mps": round(float(np.mean([s["brake_dv_mps"] for s in steps])), 4),
                "vo_cm": round(float(np.mean([s["vo_cm"] for s in steps])), 3),
                "tilt_deg": round(float(tilt), 3),
                "tilt_minus_standing_deg": round(float(tilt) - standing_tilt, 3),
                "sides": self._sides(steps),
            }
        out |= {
            "activities": [
                {"start_s": round(start, 3), "end_s": round(end, 3), "activity": activity}
                for start, end, activity in plan.spans
            ],
            "episodes": self._episodes(),
            "slips": [
                {
                    "at_s": s.at_s,
                    "for_s": s.for_s,
                    "rotation_deg": list(s.rotation_deg),
                    "angle_deg": round(float(np.linalg.norm(s.rotation_deg)), 3),
                }
                for s in scenario.slips
            ],
            "knocks": [{"at_s": k.at_s, "size_g": k.size_g} for k in scenario.knocks],
            "gaps": self.gaps,
            "turns": [{"start_s": t.start_s, "for_s": t.for_s, "angle_deg": t.angle_deg} for t in scenario.turns],
            "samples": self.samples,
            "samples_saturated": self.saturated,
            "scenario": to_mapping(scenario),
            "steps": steps,
            "walk_steps": [
                {"on_s": round(float(on[k]), 4), "side": "R" if plan.right[k] else "L"}
                for k in np.flatnonzero((plan.activity == WALK) & whole)
            ],
            "pose": {
                "rate_hz": POSE_HZ,
                "t0_s": 0.0,
                "tilt_deg": _list(track[0], 2),
                "drop_deg": _list(track[1], 2),
                "rotation_deg": _list(track[2], 2),
                "heading_deg": _list(track[3], 2),
                "height_m": _list(track[4], 4),
            },
        }
        return out

    def _steps(self, runs: NDArray[np.int64]) -> list[dict[str, Any]]:
        plan = self._plan
        if not len(runs):
            return []
        on, off = plan.on_s[runs], plan.on_s[runs] + plan.contact_s[runs]
        pull = np.minimum(forward_pull(plan, runs), 0.0).mean(axis=1) * plan.contact_s[runs]
        x = np.linspace(0.0, 1.0, 65)[None, :]
        push = contact_push(x, plan.hold_from[runs, None], plan.hold_to[runs, None], plan.force[runs, None])
        peak = push.max(axis=1) / G_MPS2 + 1
        last = len(plan.on_s) - 1
        after = np.minimum(runs + 1, last)
        # a stride is this step and the next; where the next is not measured, the step alone
        ranges = np.fmax(self._high[:, runs], self._high[:, after]) - np.fmin(self._low[:, runs], self._low[:, after])
        ranges[:3] = np.degrees(ranges[:3])
        bounce = (self._high[3, runs] - self._low[3, runs]) * 100
        period = np.diff(plan.on_s)[runs]
        length_m = self._speed[runs] * period + np.nan_to_num(self._ahead[after] - self._ahead[runs])
        columns = {
            "on_s": _list(on, 4),
            "off_s": _list(off, 4),
            "side": ["R" if r else "L" for r in plan.right[runs]],
            "brake_dv_mps": _list(pull, 4),
            "peak_bw": _list(peak, 3),
            "heel_ahead_cm": _list(plan.heel_cm[runs], 2),
            "vo_cm": _list(bounce, 3),
            "tilt_deg": _list(np.degrees(self._tilt[runs]), 3),
            "tilt_range_deg": _list(ranges[0], 3),
            "drop_range_deg": _list(ranges[1], 3),
            "rotation_range_deg": _list(ranges[2], 3),
            "sway_cm": _list(ranges[4] * 100, 3),
            "cadence_spm": _list(60 / period, 2),
            "speed_mps": _list(self._speed[runs], 3),
            "step_length_m": _list(length_m, 3),
        }
        names = list(columns)
        return [dict(zip(names, row)) for row in zip(*columns.values())]

    def _sides(self, steps: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
        """How the two sides differ: means over the steps of each."""
        out = {}
        for side, name in (("L", "left"), ("R", "right")):
            own = [s for s in steps if s["side"] == side]
            if own:
                out[name] = {
                    "step_ms": round(float(np.mean([60000 / s["cadence_spm"] for s in own])), 1),
                    "contact_ms": round(float(np.mean([1000 * (s["off_s"] - s["on_s"]) for s in own])), 1),
                    "step_length_m": round(float(np.mean([s["step_length_m"] for s in own])), 3),
                    "vo_cm": round(float(np.mean([s["vo_cm"] for s in own])), 2),
                    "peak_bw": round(float(np.mean([s["peak_bw"] for s in own])), 3),
                }
        return out

    def _episodes(self) -> list[dict[str, Any]]:
        """Begin, full, end of full, gone; the size is what the scenario asked for."""
        out = []
        for e in sorted(self._scenario.episodes, key=lambda e: e.start_s):
            size = {"tilt_deg": e.tilt_deg} if e.kind == ARCH else {
                "cadence_pct": e.cadence_pct, "braking_pct": e.braking_pct, "heel_cm": e.heel_cm,
            }  # fmt: skip
            out.append(
                {
                    "kind": e.kind,
                    "start_s": e.start_s,
                    "full_s": round(e.start_s + e.ramp_s, 3),
                    "end_s": e.end_s,
                    "gone_s": round(e.end_s + e.ramp_s, 3),
                    **size,
                }
            )
        return out


def running_time_s(truth: dict[str, Any]) -> float:
    return float(sum(a["end_s"] - a["start_s"] for a in truth["activities"] if a["activity"] == RUNNING))


def to_json(truth: dict[str, Any]) -> str:
    return json.dumps(truth, allow_nan=False, separators=(",", ":"))
