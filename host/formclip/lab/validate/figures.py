"""From scores of single traces to the table of figures: goal, ours, worst trace, met or missed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

_MISSING_SHARE = (
    0.01  # windows of running without a cadence are errors too: more than this share, and the goal is missed
)

Score = dict[str, Any]
Scores = dict[str, Score]


@dataclass(frozen=True)
class Figure:
    """One row. `met` is None where it can't be judged; `values` are numbers for programs."""

    key: str
    title: str
    goal: str
    ours: str
    worst: str
    met: bool | None
    note: str
    values: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _rms(values: Iterable[float]) -> float:
    array = np.array(list(values), dtype=np.float64)
    return float(np.sqrt(np.mean(array**2))) if len(array) else math.nan


def _having(scores: Scores, key: str, only: Callable[[Score], bool] | None = None) -> Scores:
    return {name: s for name, s in scores.items() if s.get(key) is not None and (only is None or only(s))}


def _missing(key: str, title: str, goal: str, note: str = "no trace here has this truth") -> Figure:
    return Figure(key, title, goal, "–", "–", None, note, {})


def _worst(values: dict[str, float]) -> tuple[str, float]:
    name = max(values, key=lambda n: (abs(values[n]), n))
    return name, values[name]


def cadence(scores: Scores, only: str | None = None) -> Figure:
    goal = "mean ≤ 0.5, worst ≤ 2 steps/min"
    key, title = "cadence", "cadence, 4 s windows"
    have = _having(scores, "cadence", lambda s: only is None or s["set"] == only)
    rated = {n: s["cadence"] for n, s in have.items() if s["cadence"]["windows"]}
    if not rated:
        return _missing(key, title, goal)
    windows = sum(c["windows"] for c in rated.values())
    missing = sum(s["cadence"]["missing"] for s in have.values())
    mean = sum(c["mean_error"] * c["windows"] for c in rated.values()) / windows
    name, worst = _worst({n: c["worst"] for n, c in rated.items()})
    met = mean <= 0.5 and worst <= 2 and missing <= _MISSING_SHARE * (windows + missing)
    return Figure(
        key, title, goal, f"mean {mean:.2f}, worst {worst:.2f}", f"{name} at {rated[name]['worst_at_s']:.0f} s", met,
        f"{windows} windows of {len(rated)} traces; {missing} more without a value",
        {"mean": mean, "worst": worst, "windows": windows, "missing": missing},
    )  # fmt: skip


def cadence_10s(scores: Scores) -> Figure:
    goal = "–"
    key, title = "cadence_10s", "cadence against other methods, 10 s windows (not independent truth)"
    have = _having(scores, "cadence_10s")
    rated = {n: s["cadence_10s"] for n, s in have.items() if s["cadence_10s"]["windows"]}
    if not rated:
        return _missing(key, title, goal)
    windows = sum(c["windows"] for c in rated.values())
    missing = sum(s["cadence_10s"]["missing"] for s in have.values())
    mean = sum(c["mean_error"] * c["windows"] for c in rated.values()) / windows
    name, worst = _worst({n: c["worst"] for n, c in rated.items()})
    return Figure(
        key, title, goal, f"mean {mean:.2f}, worst {worst:.2f} steps/min",
        f"{name} from {rated[name]['worst_at_s']:.0f} s", None,
        f"{windows} windows of {len(rated)} traces; {missing} more without a value",
        {"mean": mean, "worst": worst, "windows": windows, "missing": missing},
    )  # fmt: skip


def agreement(scores: Scores) -> Figure:
    key, title, goal = "agreement", "seconds in which cadence and our own steps differ by > 3 steps/min", "0"
    have = _having(scores, "agreement")
    if not have:
        return _missing(key, title, goal, "no running in these traces")
    apart = sum(s["agreement"]["apart"] for s in have.values())
    seconds = sum(s["agreement"]["seconds"] for s in have.values())
    name, worst = _worst({n: s["agreement"]["worst"] for n, s in have.items()})
    return Figure(
        key, title, goal, f"{apart}", f"{name} at {have[name]['agreement']['worst_at_s']:.0f} s, {worst:.1f}",
        apart == 0, f"of {seconds} s of {len(have)} traces, recorded and with or without a truth",
        {"apart": apart, "seconds": seconds, "worst": worst},
    )  # fmt: skip


def steps(scores: Scores) -> list[Figure]:
    have = _having(scores, "true_steps")
    out = []
    for key, title, goal, field, limit in (
        ("steps_found", "steps found", "≥ 99.5 %", "found", 99.5),
        ("steps_invented", "steps invented", "≤ 0.5 %", "invented", 0.5),
    ):
        if not have:
            out.append(_missing(key, title, goal))
            continue
        true_steps = sum(s["true_steps"] for s in have.values())
        count = sum(s[field] for s in have.values())
        share = 100 * count / true_steps
        lost = {n: 100 - 100 * s[field] / s["true_steps"] if field == "found" else 100 * s[field] / s["true_steps"]
                for n, s in have.items()}  # fmt: skip
        name, worst = _worst(lost)
        shown = 100 - worst if field == "found" else worst
        out.append(
            Figure(
                key, title, goal, f"{share:.2f} %", f"{name}, {shown:.1f} %" if worst else "none",
                share >= limit if field == "found" else share <= limit,
                f"{count} of {true_steps}, {len(have)} traces",
                {"percent": share, "worst": shown, "count": count, "true_steps": true_steps},
            )
        )  # fmt: skip
    return out


def not_running(scores: Scores) -> Figure:
    key, title, goal = "not_running", "steps in traces without running", "0"
    have = _having(scores, "not_running")
    if not have:
        return _missing(key, title, goal)
    counts = {n: s["not_running"]["steps"] for n, s in have.items()}
    total = sum(counts.values())
    minutes = sum(s["not_running"]["seconds"] for s in have.values()) / 60
    name, worst = _worst({n: float(c) for n, c in counts.items()})
    return Figure(
        key, title, goal, f"{total}", f"{name}, {worst:.0f}" if worst else "none", total == 0,
        f"{len(have)} traces, {minutes:.0f} min: walking, stairs, sitting, bending, car, stumbles, jumps, hand-moved",
        {"steps": total, "worst": worst},
    )  # fmt: skip


def contact_spread(scores: Scores) -> Figure:
    key, title, goal = "initial_contact", "initial contact, spread around a constant offset", "SD ≤ 12 ms"
    have = _having(scores, "contact_spread_ms")
    if not have:
        return _missing(key, title, goal)
    pooled = _rms(s["contact_spread_ms"] for s in have.values())
    name, worst = _worst({n: s["contact_spread_ms"] for n, s in have.items()})
    offsets = np.array([s["contact_offset_ms"] for s in have.values()])
    return Figure(
        key, title, goal, f"{pooled:.1f} ms", f"{name}, {worst:.1f} ms", pooled <= 12,
        f"pooled over {len(have)} traces; the offset itself is {offsets.mean():+.1f} ms, SD {offsets.std():.1f} ms "
        "between traces",
        {"pooled_ms": pooled, "worst_ms": worst, "offset_ms": float(offsets.mean()),
         "offset_sd_ms": float(offsets.std())},
    )  # fmt: skip


def estimate(score: Score, field: str, held_out: dict[str, float] | None, name: str) -> float:
    """Mean of a trace, as predicted by a fit that never saw its runner where there is such a prediction."""
    for key in (name, name.rpartition("/")[2]):
        if held_out and key in held_out:
            return float(held_out[key])
    return float(score[field]["ours"])


def _by(have: Scores, field: str, held: dict[str, Any] | None) -> str:
    known = (held or {}).get(field, {})
    n = sum(name in known or name.rpartition("/")[2] in known for name in have)
    return f", {n} of them by fits that never saw the runner" if n else ""


def _trace_errors(have: Scores, field: str, held: dict[str, Any] | None = None) -> dict[str, float]:
    """Mean error of each trace; where there is a prediction by a model that never saw this runner, of that."""
    known = (held or {}).get(field)
    return {n: estimate(s, field, known, n) - s[field]["truth"] for n, s in have.items()}


def per_trace(
    scores: Scores, field: str, key: str, title: str, goal: str, unit: str, limit: float, digits: int,
    worst_limit: float | None = None, held: dict[str, Any] | None = None,
) -> Figure:  # fmt: skip
    """RMSE over traces of the mean error of each."""
    have = _having(scores, field)
    if not have:
        return _missing(key, title, goal)
    errors = _trace_errors(have, field, held)
    rmse = _rms(errors.values())
    name, worst = _worst(errors)
    bias, sd = float(np.mean(list(errors.values()))), float(np.std(list(errors.values())))
    step_rmse = math.sqrt(sum(s[field]["squares"] for s in have.values()) / sum(s[field]["n"] for s in have.values()))
    return Figure(
        key, title, goal, f"{rmse:.{digits}f} {unit}", f"{name}, {worst:+.{digits}f} {unit}",
        rmse <= limit and (worst_limit is None or abs(worst) <= worst_limit),
        f"{len(have)} traces, mean of each{_by(have, field, held)}; bias {bias:+.{digits}f}, SD {sd:.{digits}f}; "
        f"step by step RMSE "
        f"{step_rmse:.{digits}f} {unit}",
        {"rmse": rmse, "bias": bias, "sd": sd, "worst": worst, "rmse_steps": step_rmse, "traces": len(have)},
    )  # fmt: skip


def per_step(
    scores: Scores, field: str, key: str, title: str, goal: str, unit: str, limit: float, digits: int, scale: float = 1
) -> Figure:
    """RMSE over all steps (or strides) of all traces."""
    have = _having(scores, field)
    if not have:
        return _missing(key, title, goal)
    n = sum(s[field]["n"] for s in have.values())
    rmse = scale * math.sqrt(sum(s[field]["squares"] for s in have.values()) / n)
    name, worst = _worst({k: scale * s[field]["rmse_steps"] for k, s in have.items()})
    means = {k: scale * v for k, v in _trace_errors(have, field).items()}
    return Figure(
        key, title, goal, f"{rmse:.{digits}f} {unit}", f"{name}, {worst:.{digits}f} {unit}", rmse <= limit,
        f"{n} steps of {len(have)} traces; mean of each trace RMSE {_rms(means.values()):.{digits}f} {unit}",
        {"rmse": rmse, "worst": worst, "rmse_traces": _rms(means.values()), "steps": n},
    )  # fmt: skip


def side(scores: Scores) -> Figure:
    key, title, goal = "side", "side (left or right)", "≥ 95 % of steps"
    have = _having(scores, "side")
    if not have:
        return _missing(key, title, goal)
    right, n = sum(s["side"]["right"] for s in have.values()), sum(s["side"]["n"] for s in have.values())
    shares = {k: 100 * s["side"]["right"] / max(1, s["side"]["n"]) for k, s in have.items()}
    name = min(shares, key=lambda k: (shares[k], k))
    share = 100 * right / n if n else math.nan
    return Figure(
        key, title, goal, f"{share:.1f} %", f"{name}, {shares[name]:.0f} %", share >= 95,
        f"{right} of {n} found steps; a step without a side counts as wrong",
        {"percent": share, "worst": shares[name], "steps": n},
    )  # fmt: skip


def braking(scores: Scores, held_out: dict[str, float] | None, how: str) -> Figure:
    """Between runners at one speed, each trace one point."""
    key, title = "braking", "braking Δv between runners at one speed"
    goal = "r ≥ 0.9, RMSE ≤ 0.02 m/s"
    have = _having(scores, "braking_mps")
    if not have:
        return _missing(key, title, goal, "no trace has both a true and a measured braking")
    parts, rs, rmses, values = [], [], [], {}
    for speed in sorted({s["of_speed_mps"] for s in have.values() if "of_speed_mps" in s}):
        points = [
            (estimate(s, "braking_mps", held_out, n), s["braking_mps"]["truth"])
            for n, s in have.items() if s.get("of_speed_mps") == speed
        ]  # fmt: skip
        if len(points) < 3:
            continue
        ours, truth = np.array(points).T
        flat = float(np.std(ours)) == 0 or float(np.std(truth)) == 0
        r = 0.0 if flat else float(np.corrcoef(ours, truth)[0, 1])
        rmse = _rms(ours - truth)
        rs.append(r)
        rmses.append(rmse)
        values[f"{speed:g}"] = {"r": r, "rmse": rmse, "runners": len(points)}
        parts.append(f"{speed:g} m/s: r {r:.2f}, {rmse:.3f}")
    if not rs:
        return _missing(key, title, goal, "fewer than three runners at one speed")
    worst = min(values, key=lambda k: values[k]["r"])
    return Figure(
        key, title, goal, "; ".join(parts), f"{worst} m/s, r {values[worst]['r']:.2f}",
        min(rs) >= 0.9 and max(rmses) <= 0.02, how, values,
    )  # fmt: skip


def speed(scores: Scores, held_out: dict[str, float] | None, how: str) -> Figure:
    key, title, goal = "speed", "speed without GPS", "RMSE ≤ 6 %"
    have = _having(scores, "speed_mps", lambda s: s["speed_mps"]["truth"] > 0)
    if not have:
        return _missing(key, title, goal, "no trace has both a true and a measured speed")
    errors = {}
    for name, s in have.items():
        errors[name] = 100 * (estimate(s, "speed_mps", held_out, name) / s["speed_mps"]["truth"] - 1)
    rmse = _rms(errors.values())
    name, worst = _worst(errors)
    return Figure(
        key, title, goal, f"{rmse:.1f} %", f"{name}, {worst:+.1f} %", rmse <= 6, how,
        {"rmse_pct": rmse, "worst_pct": worst, "traces": len(errors)},
    )  # fmt: skip


def up(scores: Scores) -> Figure:
    key, title, goal = "up", "up direction, sensor moved by hand", "RMSE ≤ 1°"
    have = _having(scores, "up")
    if not have:
        return _missing(key, title, goal)
    total = sum(s["up"]["n"] for s in have.values())
    rmse = math.sqrt(sum(s["up"]["rms_deg"] ** 2 * s["up"]["n"] for s in have.values()) / total)
    name, worst = _worst({n: s["up"]["rms_deg"] for n, s in have.items()})
    return Figure(
        key, title, goal, f"{rmse:.2f}°", f"{name}, {worst:.2f}°", rmse <= 1, f"{len(have)} traces, while moving",
        {"rms_deg": rmse, "worst_deg": worst},
    )  # fmt: skip


def heel_ahead(scores: Scores, held: dict[str, Any]) -> Figure:
    figure = per_trace(scores, "heel_ahead_cm", "heel_ahead", "heel ahead of the sacrum", "–", "cm", 99, 1, held=held)
    return replace(figure, met=None)


def simulated(result: dict[str, Any] | None) -> list[Figure]:
    """The figures from simulated runs."""
    goals = (
        ("cue_latency", "fault held → cue", "sustain + ≤ 1 s"),
        ("faults_cued", "8 s faults cued", "≥ 95 %"),
        ("false_cues", "false cues", "≤ 1 in 30 min"),
        ("drift", "tilt drift over 2 h, gyroscope warming up", "≤ 0.5°/h"),
    )
    if result is None:
        return [_missing(key, title, goal, "simulated runs were left out") for key, title, goal in goals]
    r = result
    cued, n = r["cued"], r["faults"]
    latency = r["late_s"]
    share = 100 * cued / n if n else math.nan
    per_30 = r["false_cues"] / (r["minutes"] / 30)
    how = f"{r['runs']} simulated runs, {r['minutes']:.0f} min, {n} faults of 8 s"
    rows = [
        Figure(
            *goals[0], f"sustain {max(latency):+.2f} s at the most, {np.mean(latency):+.2f} s in the mean"
            if latency else "–", r["latest"], bool(latency) and max(latency) <= 1, how,
            {"worst_s": max(latency) if latency else None, "mean_s": float(np.mean(latency)) if latency else None},
        ),
        Figure(*goals[1], f"{share:.1f} %", r["missed"], share >= 95, f"{cued} of {n}", {"percent": share}),
        Figure(
            *goals[2], f"{per_30:.2f} in 30 min", r["false_where"], per_30 <= 1,
            f"{r['false_cues']} in {r['minutes']:.0f} min", {"per_30_min": per_30},
        ),
    ]  # fmt: skip
    d = r.get("drift")
    if d is None:
        rows.append(_missing(*goals[3]))
    else:
        rows.append(
            Figure(
                *goals[3], f"{d['slope_deg_per_h']:+.2f}°/h", f"largest 10-minute mean error {d['worst_deg']:+.2f}°",
                abs(d["slope_deg_per_h"]) <= 0.5, d["how"], d,
            )
        )  # fmt: skip
    return rows


def all_figures(
    scores: Scores, simulated_result: dict[str, Any] | None, held_out: dict[str, Any] | None
) -> list[Figure]:
    """The rows of DESIGN's table, in its order, and a few more."""
    held = held_out or {}
    how = held.get("how", "the product's own coefficients, which were fitted with these runners in")
    own = {"rbds"}
    foreign = all(s["set"] not in own for s in scores.values())
    if foreign and not held_out:
        how = "the product's own coefficients; these runners were not in the fit"
    return [
        cadence(scores),
        cadence_10s(scores),
        agreement(scores),
        *steps(scores),
        not_running(scores),
        contact_spread(scores),
        per_trace(scores, "contact_ms", "contact_time", "contact time, mean per trace", "RMSE ≤ 12 ms", "ms", 12, 1,
                  held=held),
        per_step(scores, "vo_cm", "oscillation", "vertical oscillation", "RMSE ≤ 4 mm", "mm", 4, 1, 10),
        per_trace(
            scores, "tilt_deg", "tilt", "tilt minus standing", "RMSE ≤ 0.5°, worst ≤ 1.5°", "°", 0.5, 2, 1.5
        ),
        per_step(scores, "tilt_range_deg", "tilt_range", "tilt range in a stride", "RMSE ≤ 1°", "°", 1, 2),
        per_step(scores, "drop_range_deg", "drop_range", "drop range in a stride", "RMSE ≤ 1°", "°", 1, 2),
        per_step(scores, "rotation_range_deg", "rotation_range", "rotation range in a stride", "RMSE ≤ 1°", "°", 1, 2),
        up(scores),
        side(scores),
        braking(scores, held.get("braking_mps"), how),
        speed(scores, held.get("speed_mps"), how),
        heel_ahead(scores, held),
        *simulated(simulated_result),
    ]  # fmt: skip
