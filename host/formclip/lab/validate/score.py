"""Score one replayed trace against its truth.

The rules, which docs/lab/validity.md repeats in words:

  window     from 10 s after the first true step to the last; all of it where the running lasts less than 20 s
  matching   truth and ours, one to one in order, within half a step of each other once a constant offset (the
             median) is taken out; what stays unmatched is missed or invented
  cadence    every value of cadence.csv whose 4 s lie within true steps (or begin up to one step before them) and hold
             no stop, against the true steps in those 4 s
  agreement  every value of cadence.csv against our own steps in those 4 s, in any trace
  strides    range of tilt, drop and rotation in the true pose from each contact to the next of the same foot
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from gaitcore.steps import step_time
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from formclip.ground.run import CADENCE_S
from formclip.lab.validate.truthfile import window_cadence_spm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Score = dict[str, Any]

SETTLE_S = 10.0
AGREE_SPM = 3.0  # cadence against our own steps
_LMU_JOG_S = (495.0, 655.0)  # "about 510-640 s", with room
# Stairs that are run up at 163 to 177 steps a minute with a runner's bounce, five seconds twice: running by the gate's
# rule, but the recording has no label. They count neither way.
_LMU_STAIRS_S = {"033": (178.0, 196.0)}
FAST_DPS = 300.0  # up turns so fast in a sensor that is whirled
_NEAR_S = 1e-3
_STOP_S = 1.0  # between steps of one run there is less: four seconds with a stop in them have no cadence


@dataclass(frozen=True)
class Ours:
    """What replay gave: steps as columns (NaN where not measured; side 0 left, 1 right), cadence, up."""

    columns: dict[str, Floats]
    cadence_t_s: Floats
    cadence_spm: Floats
    up_t_s: Floats
    up: Floats
    duration_s: float


def _column(steps: list[dict[str, Any]], key: str) -> Floats:
    return np.array([s[key] if s.get(key) is not None else math.nan for s in steps], dtype=np.float64)


def match(truth_s: Floats, ours_s: Floats, half_s: float) -> tuple[Ints, Ints, float]:
    """Indices of matched pairs, in order, and the constant offset (ours - truth, median)."""
    none = np.zeros(0, dtype=np.int64)
    if not len(truth_s) or not len(ours_s):
        return none, none, 0.0
    offset_s = 0.0
    for _ in range(4):
        nearest = ours_s[_nearest(ours_s, truth_s + offset_s)] - truth_s - offset_s
        close = np.abs(nearest) < half_s
        if not close.any():
            return none, none, offset_s
        offset_s += float(np.median(nearest[close]))
    # One to one: the closest pair first, then what is left.
    pairs = _nearest(ours_s, truth_s + offset_s)
    apart = np.abs(ours_s[pairs] - truth_s - offset_s)
    chosen: dict[int, int] = {}
    for i in np.argsort(apart, kind="stable").tolist():
        j = int(pairs[i])
        if apart[i] < half_s and j not in chosen:
            chosen[j] = i
    ours_i = np.array(sorted(chosen), dtype=np.int64)
    return np.array([chosen[int(j)] for j in ours_i], dtype=np.int64), ours_i, offset_s


def _nearest(sorted_s: Floats, at_s: Floats) -> Ints:
    right = np.clip(np.searchsorted(sorted_s, at_s), 1, max(1, len(sorted_s) - 1))
    right = np.minimum(right, len(sorted_s) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(np.abs(sorted_s[left] - at_s) <= np.abs(sorted_s[right] - at_s), left, right)


def _inside(contacts_s: Floats, end_s: float, length_s: float) -> Floats:
    return contacts_s[(contacts_s > end_s - length_s) & (contacts_s <= end_s)]


def window_cadence(contacts_s: Floats, end_s: float, length_s: float) -> float:
    """Steps/min from the true contacts in (end - length, end], both feet alike; NaN with fewer than three."""
    inside = _inside(contacts_s, end_s, length_s)
    return 60.0 / step_time(inside.tolist()) if len(inside) > 2 else math.nan


def _from_steps(spm: float, contacts_s: Floats, end_s: float) -> float:
    """How far a cadence is from these steps of the last 4 s, counted plainly or as whole strides; NaN without any."""
    inside = _inside(contacts_s, end_s, CADENCE_S)
    if len(inside) < 3:
        return math.nan
    plain, strides = np.diff(inside), 0.5 * (inside[2:] - inside[:-2])
    return min(abs(spm - 60.0 / float(np.mean(apart))) for apart in (plain, strides))


def score_agreement(ours: Ours) -> Score | None:
    """Seconds in which the cadence told is not that of the steps told. Needs no truth."""
    told = np.isfinite(ours.cadence_spm)
    if not told.any():
        return None
    worst, worst_at, apart = 0.0, math.nan, 0
    for t_s, spm in zip(ours.cadence_t_s[told].tolist(), ours.cadence_spm[told].tolist(), strict=True):
        off = _from_steps(spm, ours.columns["on_s"], t_s)
        apart += not off <= AGREE_SPM
        if not off <= worst:
            worst, worst_at = off, t_s
    return {"seconds": int(told.sum()), "apart": apart, "worst": worst, "worst_at_s": worst_at}


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _rms(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else None


def _errors(ours: Floats, truth: Floats) -> Score | None:
    """Mean (of what both have), RMSE per step, sums for pooling."""
    error = ours - truth
    known = np.isfinite(error)
    if not known.any():
        return None
    error = error[known]
    return {
        "ours": float(ours[known].mean()),
        "truth": float(truth[known].mean()),
        "bias": float(error.mean()),
        "rmse_steps": float(np.sqrt(np.mean(error**2))),
        "squares": float(np.sum(error**2)),
        "n": int(known.sum()),
        "worst_step": float(error[np.argmax(np.abs(error))]),
    }


def _estimate(column: dict[str, Floats], key: str, truth: Floats) -> Score | None:
    """As `_errors`, with the half width of the interval of the mean."""
    out = _errors(column[key], truth)
    if out is not None:
        out["half"] = _mean(column.get(key + "_90", np.zeros(0)))
    return out


def score_steps(truth: dict[str, Any], ours: Ours) -> Score:
    """Everything that needs true contacts."""
    steps = [s for s in truth["steps"] if isinstance(s.get("on_s"), int | float)]
    true_s = _column(steps, "on_s")
    if len(true_s) < 3:
        return {}
    first_s = float(true_s[0])
    if true_s[-1] - first_s > 2 * SETTLE_S:
        first_s += SETTLE_S
    period_s = float(np.median(np.diff(true_s)))
    used = true_s >= first_s - _NEAR_S
    steps = [s for s, keep in zip(steps, used.tolist(), strict=True) if keep]
    all_true_s, true_s = true_s, true_s[used]
    ours_s = ours.columns["on_s"]
    # Where to look for invented steps: half a step beyond the first and last true ones.
    _, _, offset_s = match(true_s, ours_s, period_s / 2)
    inside = (ours_s > true_s[0] + offset_s - period_s / 2) & (ours_s < true_s[-1] + offset_s + period_s / 2)
    found, matched, offset_s = match(true_s, ours_s[inside], period_s / 2)
    column = {key: values[inside][matched] for key, values in ours.columns.items()}
    score: Score = {
        "from_s": round(first_s, 3),
        "to_s": round(float(true_s[-1]), 3),
        "true_steps": len(true_s),
        "found": len(found),
        "invented": int(inside.sum()) - len(matched),
    }
    if len(found) > 2:
        spread = column["on_s"] - true_s[found]
        score["contact_offset_ms"] = 1000 * float(np.mean(spread))
        score["contact_spread_ms"] = 1000 * float(np.std(spread))
    score["cadence"] = _score_cadence(all_true_s, first_s, ours)

    def of(key: str) -> Floats:
        return _column(steps, key)[found]

    contact_ms = 1000 * (_column(steps, "off_s")[found] - true_s[found])
    score["contact_ms"] = _estimate(column, "contact_ms", contact_ms)
    score["vo_cm"] = _errors(column["vo_cm"], of("vo_cm"))
    if "standing_tilt_deg" in truth:
        score["tilt_deg"] = _errors(column["tilt_deg"], of("tilt_deg") - float(truth["standing_tilt_deg"]))
    score["braking_mps"] = _estimate(column, "braking_mps", of("brake_dv_mps"))
    if "heel_ahead_cm" in column:
        score["heel_ahead_cm"] = _estimate(column, "heel_ahead_cm", of("heel_ahead_cm"))
    if isinstance(truth.get("speed_mps"), int | float):
        score["speed_mps"] = _estimate(column, "speed_mps", np.full(len(found), float(truth["speed_mps"])))
        halves = [_mean(column["speed_mps"][part]) for part in np.array_split(np.arange(len(found)), 2)]
        score["speed_halves"] = halves if None not in halves else None
    sides = [s.get("side") for s in steps]
    if any(side in ("L", "R") for side in sides):
        true_side = np.array([{"L": 0.0, "R": 1.0}.get(str(side), math.nan) for side in sides])[found]
        known = np.isfinite(true_side)
        score["side"] = {"right": int(np.sum(column["side"][known] == true_side[known])), "n": int(known.sum())}
    if isinstance(truth.get("pose"), dict):
        score.update(_score_ranges(truth["pose"], true_s, found, column))
    return score


def _score_cadence(true_s: Floats, first_s: float, ours: Ours) -> Score | None:
    errors, missing, worst_at = [], 0, math.nan
    period_s = float(np.median(np.diff(true_s)))
    for t_s, spm in zip(ours.cadence_t_s.tolist(), ours.cadence_spm.tolist(), strict=True):
        if t_s - CADENCE_S < first_s - period_s or t_s > true_s[-1] + _NEAR_S:
            continue
        truth_spm = window_cadence(true_s, t_s, CADENCE_S)
        first, last = np.searchsorted(true_s, (t_s - CADENCE_S, t_s), "right")
        held = np.diff(true_s[max(0, first - 1) : last + 1])
        if math.isnan(truth_spm) or np.max(held) > _STOP_S:
            continue
        if math.isnan(spm):
            missing += 1
            continue
        errors.append(spm - truth_spm)
        if abs(errors[-1]) >= max(map(abs, errors)):
            worst_at = t_s
    if not errors and not missing:
        return None
    size = np.abs(np.array(errors)) if errors else np.zeros(0)
    return {
        "windows": len(errors),
        "missing": missing,
        "mean_error": float(size.mean()) if errors else None,
        "worst": float(size.max()) if errors else None,
        "worst_at_s": worst_at if errors else None,
        "bias": float(np.mean(errors)) if errors else None,
    }


def _score_ranges(pose: dict[str, Any], true_s: Floats, found: Ints, column: dict[str, Floats]) -> Score:
    rate_hz, start_s = float(pose["rate_hz"]), float(pose.get("t0_s", 0.0))
    out: Score = {}
    for key in ("tilt", "drop", "rotation"):
        values = np.array(pose[f"{key}_deg"], dtype=np.float64)
        t_s = start_s + np.arange(len(values)) / rate_hz
        good = np.isfinite(values)
        if good.sum() < 8:
            continue
        spline = CubicSpline(t_s[good], values[good])
        truth = np.full(len(true_s), math.nan)
        for i in range(len(true_s) - 2):
            truth[i] = float(np.ptp(spline(np.linspace(true_s[i], true_s[i + 2], 64))))
        out[f"{key}_range_deg"] = _errors(column[f"{key}_range_deg"], truth[found])
    return out


def score_windows(truth: dict[str, Any], ours: Ours) -> Score | None:
    """Cadence where truth is a figure per window of 10 s."""
    errors, missing, worst_at = [], 0, math.nan
    for window in truth["cadence_windows"]:
        truth_spm = window_cadence_spm(window)
        if truth_spm is None:
            continue
        inside = (ours.cadence_t_s >= window["from_s"] + CADENCE_S) & (ours.cadence_t_s <= window["to_s"])
        mine = ours.cadence_spm[inside]
        mine = mine[np.isfinite(mine)]
        if not len(mine):
            missing += 1
            continue
        errors.append(float(mine.mean()) - truth_spm)
        if abs(errors[-1]) >= max(map(abs, errors)):
            worst_at = float(window["from_s"])
    if not errors and not missing:
        return None
    size = np.abs(np.array(errors)) if errors else np.zeros(0)
    return {
        "windows": len(errors),
        "missing": missing,
        "mean_error": float(size.mean()) if errors else None,
        "worst": float(size.max()) if errors else None,
        "worst_at_s": worst_at if errors else None,
    }


def score_not_running(truth: dict[str, Any], ours: Ours) -> Score:
    """Steps where nobody ran."""
    on_s = ours.columns["on_s"]
    if truth.get("set") == "lmu":
        outside = (on_s < _LMU_JOG_S[0]) | (on_s > _LMU_JOG_S[1])
        from_s, to_s = _LMU_STAIRS_S.get(str(truth.get("subject")), (0.0, 0.0))
        outside &= (on_s < from_s) | (on_s > to_s)
        return {"steps": int(outside.sum()), "seconds": ours.duration_s - (_LMU_JOG_S[1] - _LMU_JOG_S[0])}
    return {"steps": len(on_s), "seconds": ours.duration_s}


def score_up(truth: dict[str, Any], ours: Ours) -> Score | None:
    """Angle between our up and the true one, where the sensor moves."""
    known = [[math.nan if x is None else x for x in v] for v in truth["up_in_sensor"]["vectors"]]
    vectors = np.array(known, dtype=np.float64).reshape(-1, 3)
    t_s = np.arange(len(vectors)) * truth["up_in_sensor"]["every_samples"] / float(truth["rate_hz"])
    moving = np.array(truth["moving"], dtype=bool)[: len(vectors)]
    if not len(ours.up_t_s):
        return None
    mine = np.stack([np.interp(t_s, ours.up_t_s, ours.up[:, k]) for k in range(3)], axis=1)
    good = moving & np.all(np.isfinite(vectors), axis=1) & (t_s <= ours.up_t_s[-1])
    if not good.any():
        return None
    a = mine[good] / np.linalg.norm(mine[good], axis=1, keepdims=True)
    b = vectors[good] / np.linalg.norm(vectors[good], axis=1, keepdims=True)
    angle = np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), np.sum(a * b, axis=1)))
    # How fast up turns in the sensor, and by how much time the error is like it: what the sensor tells late.
    turning = np.gradient(vectors, t_s, axis=0)[good]
    known_turn = np.all(np.isfinite(turning), axis=1)
    v, off = turning[known_turn], (a - b)[known_turn]
    late_s = -float(np.sum(off * v) / max(float(np.sum(v * v)), 1e-12))
    fast = np.degrees(np.linalg.norm(v, axis=1)) >= FAST_DPS
    return {
        "rms_deg": _rms(angle),
        "worst_deg": float(angle.max()),
        "n": int(good.sum()),
        "late_ms": 1000 * late_s,
        "rms_not_late_deg": _rms(np.degrees(np.linalg.norm(off + late_s * v, axis=1))),
        "fast_deg": _rms(np.degrees(np.linalg.norm(off[fast], axis=1))) if fast.any() else None,
        "fast_not_late_deg": _rms(np.degrees(np.linalg.norm((off + late_s * v)[fast], axis=1))) if fast.any() else None,
        "fast_n": int(fast.sum()),
    }


def score_trace(truth: dict[str, Any], ours: Ours) -> Score:
    """All that this truth can judge."""
    score: Score = {"set": str(truth.get("set", "other")), "subject": str(truth.get("subject", ""))}
    for key in ("activity", "slope_deg", "speed_mps"):
        if key in truth:
            score[f"of_{key}"] = truth[key]
    score["seconds"] = round(ours.duration_s, 2)
    score["steps_given"] = len(ours.columns["on_s"])
    score["gyro"] = bool(np.isfinite(ours.columns["tilt_range_deg"]).any())
    score["agreement"] = score_agreement(ours)
    if isinstance(truth.get("steps"), list):
        score.update(score_steps(truth, ours))
    if isinstance(truth.get("cadence_windows"), list):
        score["cadence_10s"] = score_windows(truth, ours)
    if truth.get("running") is False or truth.get("set") == "lmu":
        score["not_running"] = score_not_running(truth, ours)
    if "up_in_sensor" in truth:
        score["up"] = score_up(truth, ours)
        score["not_running"] = score_not_running(truth, ours)
    return score
