"""From scores of single traces to the table of figures: goal, ours, worst trace, met or missed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from formclip.lab.validate.figure import Figure, Scores, having, nothing, rms, worst_of
from formclip.lab.validate.fitted import fitted_rows
from formclip.lab.validate.joined import joined_rows
from formclip.lab.validate.score import FAST_DPS

_MISSING_SHARE = (
    0.01  # windows of running without a cadence are errors too: more than this share, and the goal is missed
)


def cadence(scores: Scores, only: str | None = None) -> Figure:
    goal = "mean ≤ 0.5, worst ≤ 2 steps/min"
    key, title = "cadence", "cadence, 4 s windows"
    have = having(scores, "cadence", lambda s: only is None or s["set"] == only)
    rated = {n: s["cadence"] for n, s in have.items() if s["cadence"]["windows"]}
    if not rated:
        return nothing(key, title, goal)
    windows = sum(c["windows"] for c in rated.values())
    missing = sum(s["cadence"]["missing"] for s in have.values())
    mean = sum(c["mean_error"] * c["windows"] for c in rated.values()) / windows
    name, worst = worst_of({n: c["worst"] for n, c in rated.items()})
    met = mean <= 0.5 and worst <= 2 and missing <= _MISSING_SHARE * (windows + missing)
    return Figure(
        key, title, goal, f"mean {mean:.2f}, worst {worst:.2f}", f"{name} at {rated[name]['worst_at_s']:.0f} s", met,
        f"{windows} windows of {len(rated)} traces; {missing} more without a value",
        {"mean": mean, "worst": worst, "windows": windows, "missing": missing},
    )  # fmt: skip


def cadence_10s(scores: Scores) -> Figure:
    goal = "–"
    key, title = "cadence_10s", "cadence against other methods, 10 s windows (not independent truth)"
    have = having(scores, "cadence_10s")
    rated = {n: s["cadence_10s"] for n, s in have.items() if s["cadence_10s"]["windows"]}
    if not rated:
        return nothing(key, title, goal)
    windows = sum(c["windows"] for c in rated.values())
    missing = sum(s["cadence_10s"]["missing"] for s in have.values())
    mean = sum(c["mean_error"] * c["windows"] for c in rated.values()) / windows
    name, worst = worst_of({n: c["worst"] for n, c in rated.items()})
    return Figure(
        key, title, goal, f"mean {mean:.2f}, worst {worst:.2f} steps/min",
        f"{name} from {rated[name]['worst_at_s']:.0f} s", None,
        f"{windows} windows of {len(rated)} traces; {missing} more without a value",
        {"mean": mean, "worst": worst, "windows": windows, "missing": missing},
    )  # fmt: skip


def agreement(scores: Scores) -> Figure:
    key, title, goal = "agreement", "seconds in which cadence and our own steps differ by > 3 steps/min", "0"
    have = having(scores, "agreement")
    if not have:
        return nothing(key, title, goal, "no running in these traces")
    apart = sum(s["agreement"]["apart"] for s in have.values())
    seconds = sum(s["agreement"]["seconds"] for s in have.values())
    name, worst = worst_of({n: s["agreement"]["worst"] for n, s in have.items()})
    return Figure(
        key, title, goal, f"{apart}", f"{name} at {have[name]['agreement']['worst_at_s']:.0f} s, {worst:.1f}",
        apart == 0, f"of {seconds} s of {len(have)} traces, recorded and with or without a truth",
        {"apart": apart, "seconds": seconds, "worst": worst},
    )  # fmt: skip


def steps(scores: Scores) -> list[Figure]:
    have = having(scores, "true_steps")
    out = []
    for key, title, goal, field, limit in (
        ("steps_found", "steps found", "≥ 99.5 %", "found", 99.5),
        ("steps_invented", "steps invented", "≤ 0.5 %", "invented", 0.5),
    ):
        if not have:
            out.append(nothing(key, title, goal))
            continue
        true_steps = sum(s["true_steps"] for s in have.values())
        count = sum(s[field] for s in have.values())
        share = 100 * count / true_steps
        lost = {n: 100 - 100 * s[field] / s["true_steps"] if field == "found" else 100 * s[field] / s["true_steps"]
                for n, s in have.items()}  # fmt: skip
        name, worst = worst_of(lost)
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
    have = having(scores, "not_running")
    if not have:
        return nothing(key, title, goal)
    counts = {n: s["not_running"]["steps"] for n, s in have.items()}
    total = sum(counts.values())
    minutes = sum(s["not_running"]["seconds"] for s in have.values()) / 60
    name, worst = worst_of({n: float(c) for n, c in counts.items()})
    return Figure(
        key, title, goal, f"{total}", f"{name}, {worst:.0f}" if worst else "none", total == 0,
        f"{len(have)} traces, {minutes:.0f} min: walking, stairs, sitting, bending, car, stumbles, jumps, hand-moved",
        {"steps": total, "worst": worst},
    )  # fmt: skip


def contact_spread(scores: Scores) -> Figure:
    key, title, goal = "initial_contact", "initial contact, spread around a constant offset", "SD ≤ 4 ms"
    have = having(scores, "contact_spread_ms")
    if not have:
        return nothing(key, title, goal)
    pooled = rms(s["contact_spread_ms"] for s in have.values())
    name, worst = worst_of({n: s["contact_spread_ms"] for n, s in have.items()})
    offsets = np.array([s["contact_offset_ms"] for s in have.values()])
    return Figure(
        key, title, goal, f"{pooled:.1f} ms", f"{name}, {worst:.1f} ms", pooled <= 4,
        f"pooled over {len(have)} traces; the offset itself is {offsets.mean():+.1f} ms, SD {offsets.std():.1f} ms "
        "between traces",
        {"pooled_ms": pooled, "worst_ms": worst, "offset_ms": float(offsets.mean()),
         "offset_sd_ms": float(offsets.std())},
    )  # fmt: skip


def _trace_errors(have: Scores, field: str) -> dict[str, float]:
    """Mean error of each trace."""
    return {n: s[field]["ours"] - s[field]["truth"] for n, s in have.items()}


def per_trace(
    scores: Scores, field: str, key: str, title: str, goal: str, unit: str, limit: float, digits: int,
    worst_limit: float | None = None,
) -> Figure:  # fmt: skip
    """RMSE over traces of the mean error of each."""
    have = having(scores, field)
    if not have:
        return nothing(key, title, goal)
    errors = _trace_errors(have, field)
    rmse = rms(errors.values())
    name, worst = worst_of(errors)
    bias, sd = float(np.mean(list(errors.values()))), float(np.std(list(errors.values())))
    step_rmse = math.sqrt(sum(s[field]["squares"] for s in have.values()) / sum(s[field]["n"] for s in have.values()))
    return Figure(
        key, title, goal, f"{rmse:.{digits}f} {unit}", f"{name}, {worst:+.{digits}f} {unit}",
        rmse <= limit and (worst_limit is None or abs(worst) <= worst_limit),
        f"{len(have)} traces, mean of each; bias {bias:+.{digits}f}, SD {sd:.{digits}f}; "
        f"step by step RMSE "
        f"{step_rmse:.{digits}f} {unit}",
        {"rmse": rmse, "bias": bias, "sd": sd, "worst": worst, "rmse_steps": step_rmse, "traces": len(have)},
    )  # fmt: skip


def per_step(
    scores: Scores, field: str, key: str, title: str, goal: str, unit: str, limit: float, digits: int, scale: float = 1
) -> Figure:
    """RMSE over all steps (or strides) of all traces."""
    have = having(scores, field)
    if not have:
        return nothing(key, title, goal)
    n = sum(s[field]["n"] for s in have.values())
    rmse = scale * math.sqrt(sum(s[field]["squares"] for s in have.values()) / n)
    name, worst = worst_of({k: scale * s[field]["rmse_steps"] for k, s in have.items()})
    means = {k: scale * v for k, v in _trace_errors(have, field).items()}
    return Figure(
        key, title, goal, f"{rmse:.{digits}f} {unit}", f"{name}, {worst:.{digits}f} {unit}", rmse <= limit,
        f"{n} steps of {len(have)} traces; mean of each trace RMSE {rms(means.values()):.{digits}f} {unit}",
        {"rmse": rmse, "worst": worst, "rmse_traces": rms(means.values()), "steps": n},
    )  # fmt: skip


def side(scores: Scores) -> Figure:
    key, title, goal = "side", "side (left or right)", "≥ 99 % of steps"
    have = having(scores, "side")
    if not have:
        return nothing(key, title, goal)
    right, n = sum(s["side"]["right"] for s in have.values()), sum(s["side"]["n"] for s in have.values())
    shares = {k: 100 * s["side"]["right"] / max(1, s["side"]["n"]) for k, s in have.items()}
    name = min(shares, key=lambda k: (shares[k], k))
    share = 100 * right / n if n else math.nan
    return Figure(
        key, title, goal, f"{share:.1f} %", f"{name}, {shares[name]:.0f} %", share >= 99,
        f"{right} of {n} found steps; a step without a side counts as wrong",
        {"percent": share, "worst": shares[name], "steps": n},
    )  # fmt: skip


def rotation_against_own(scores: Scores) -> Figure:
    """Rotation range less the runner's own mean: what the frame of the markers adds for each runner is out of it."""
    key, title, goal = "rotation_own", "rotation range against the runner's own mean", "RMSE ≤ 1°"
    runners: dict[str, list[str]] = {}
    have = having(scores, "rotation_range_deg", lambda s: bool(s["subject"]))
    for name, s in have.items():
        runners.setdefault(s["subject"], []).append(name)
    errors: dict[str, float] = {}
    for names in runners.values():
        if len(names) > 1:
            off = {n: have[n]["rotation_range_deg"]["bias"] for n in names}
            own = float(np.mean(list(off.values())))
            errors |= {n: v - own for n, v in off.items()}
    if not errors:
        return nothing(key, title, goal, "no runner here has two traces with this truth")
    size = rms(errors.values())
    name, worst = worst_of(errors)
    return Figure(
        key, title, goal, f"{size:.2f} °", f"{name}, {worst:+.2f} °", size <= 1,
        f"{len(errors)} traces, mean of each less the mean of that runner's; absolute: the row above",
        {"rmse": size, "worst": worst},
    )  # fmt: skip


def up(scores: Scores) -> Figure:
    key, title, goal = "up", "up direction, sensor moved by hand", "RMSE ≤ 1°"
    have = having(scores, "up")
    if not have:
        return nothing(key, title, goal)
    total = sum(s["up"]["n"] for s in have.values())
    rmse = math.sqrt(sum(s["up"]["rms_deg"] ** 2 * s["up"]["n"] for s in have.values()) / total)
    name, worst = worst_of({n: s["up"]["rms_deg"] for n, s in have.items()})
    return Figure(
        key, title, goal, f"{rmse:.2f}°", f"{name}, {worst:.2f}°", rmse <= 1,
        f"{len(have)} traces, while moving{_whirled(have)}", {"rms_deg": rmse, "worst_deg": worst},
    )  # fmt: skip


def _whirled(have: Scores) -> str:
    """What is left where up turns fast, and how much of it is that the sensor itself is late."""
    fast = [s["up"] for s in have.values() if s["up"]["fast_n"]]
    if not fast:
        return ""
    n = sum(u["fast_n"] for u in fast)
    all_of_it, rest = (
        math.sqrt(sum(u[key] ** 2 * u["fast_n"] for u in fast) / n) for key in ("fast_deg", "fast_not_late_deg")
    )
    late = ", ".join(f"{s['up']['late_ms']:.1f}" for s in have.values())
    return (
        f"; where up turns by {FAST_DPS:.0f} °/s or more {all_of_it:.1f}°, or {rest:.1f}° less the {late} ms by which "
        "the recordings' sensor follows the cameras"
    )


def simulated(result: dict[str, Any] | None) -> list[Figure]:
    """The figures from simulated runs."""
    goals = (
        ("cue_latency", "fault held → cue", "sustain + ≤ 1 s"),
        ("faults_cued", "8 s faults cued", "≥ 95 %"),
        ("false_cues", "false cues", "≤ 1 in 30 min"),
        ("drift", "tilt drift over 2 h, gyroscope warming up", "≤ 0.5°/h"),
        ("rise", "overstride at one speed, simulated: braking and heel ahead both rise", "≥ 95 %"),
        ("slower", "slower for a minute, simulated: neither rises", "≥ 95 %"),
    )
    if result is None:
        return [nothing(key, title, goal, "simulated runs were left out") for key, title, goal in goals]
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
        rows.append(nothing(*goals[3]))
    else:
        rows.append(
            Figure(
                *goals[3], f"{d['slope_deg_per_h']:+.2f}°/h", f"largest 10-minute mean error {d['worst_deg']:+.2f}°",
                abs(d["slope_deg_per_h"]) <= 0.5, d["how"], d,
            )
        )  # fmt: skip
    for goal, pairs, sign in ((goals[4], r.get("rise", []), 1), (goals[5], r.get("slower", []), -1)):
        good = sum(sign * brake > 0 and sign * heel > 0 for brake, heel in pairs)
        if not pairs:
            rows.append(nothing(*goal))
            continue
        share = 100 * good / len(pairs)
        by = [f"{100 * v:+.0f} %" for v in np.mean(pairs, axis=0)]
        low = [f"{100 * v:+.0f} %" for v in (np.min if sign > 0 else np.max)(pairs, axis=0)]
        rows.append(
            Figure(
                *goal, f"{good} of {len(pairs)}", f"{low[0]}, {low[1]}", share >= 95,
                f"in the mean {by[0]} and {by[1]}", {"good": good, "of": len(pairs)},
            )
        )  # fmt: skip
    return rows


def all_figures(
    scores: Scores,
    simulated_result: dict[str, Any] | None,
    held_out: dict[str, Any] | None,
    joined_result: list[dict[str, Any]] | None = None,
) -> list[Figure]:
    """The rows of DESIGN's table, in its order, and a few more."""
    return [
        cadence(scores),
        cadence_10s(scores),
        agreement(scores),
        *steps(scores),
        not_running(scores),
        contact_spread(scores),
        per_step(scores, "vo_cm", "oscillation", "vertical oscillation", "RMSE ≤ 4 mm", "mm", 4, 1, 10),
        per_trace(scores, "tilt_deg", "tilt", "tilt minus standing", "RMSE ≤ 0.3°, worst ≤ 1°", "°", 0.3, 2, 1.0),
        per_step(scores, "tilt_range_deg", "tilt_range", "tilt range in a stride", "RMSE ≤ 1°", "°", 1, 2),
        per_step(scores, "drop_range_deg", "drop_range", "drop range in a stride", "RMSE ≤ 1°", "°", 1, 2),
        per_step(scores, "rotation_range_deg", "rotation_range", "rotation range in a stride", "RMSE ≤ 1°", "°", 1, 2),
        rotation_against_own(scores),
        up(scores),
        side(scores),
        *fitted_rows(scores, held_out),
        *simulated(simulated_result),
        *joined_rows(joined_result),
    ]  # fmt: skip
