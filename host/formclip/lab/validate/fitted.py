"""The rows of fitted estimates: by whom they were predicted, what their intervals hold, what a known distance gives.

Where a trace is among those that the models were fitted on, its estimate is that of a fit and of a choice of inputs
that never saw its runner (`formclip.lab.fitting`); of a runner who was not in the fit it is the product's own. Each row
says of how many traces which is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from formclip.lab.validate.figure import Figure, Score, Scores, having, nothing, rms, worst_of
from formclip.runs.insight.own_speed import line_of

Held = dict[str, Any]

FOREFOOT = 0.285  # of the way over the foot: who lands the heel less far ahead, at 3 m/s or more, lands on the forefoot
_FROM_MPS = 3.0
_NEAR = 1 / 3
_LEAST, _MOST = 85.0, 95.0
RELATIVE = {"speed_mps"}


def key_of(name: str, known: dict[str, float]) -> str | None:
    """The trace's name among the predictions, with its folder or without."""
    return next((key for key in (name, name.rpartition("/")[2]) if key in known), None)


def estimate(score: Score, field: str, held: Held | None, name: str) -> tuple[float, float]:
    """Mean of a trace and the half width of its interval."""
    known = (held or {}).get(field, {})
    key = key_of(name, known)
    if key is not None:
        return float(known[key]), float((held or {}).get(field + "_90", {}).get(key, math.nan))
    half = score[field].get("half")
    return float(score[field]["ours"]), math.nan if half is None else float(half)


def by_whom(have: Scores, field: str, held: Held | None) -> str:
    """How many traces were predicted without their runner, by the product who never saw them, and by one who did."""
    known, seen = (held or {}).get(field, {}), set((held or {}).get("runners", {}).get(field, []))
    out = sum(key_of(name, known) is not None for name in have)
    rest = [s for name, s in have.items() if key_of(name, known) is None]
    fitted = sum(s["subject"] in seen for s in rest)
    parts = [
        f"{out} by fits and choices that never saw the runner" if out else "",
        f"{len(rest) - fitted} of runners who were not in the fit" if len(rest) > fitted else "",
        f"{fitted} by the product's own coefficients, in whose fit the runner was" if fitted else "",
    ]
    return ", ".join(part for part in parts if part)


def strikes(scores: Scores) -> dict[str, str]:
    """Forefoot or rearfoot, by trace, from where the true heel lands in the way over the foot."""
    shares: dict[str, list[float]] = {}
    for s in scores.values():
        if s.get("heel_ahead_cm") and s.get("contact_ms") and s.get("of_speed_mps", 0) >= _FROM_MPS:
            way_cm = s["of_speed_mps"] * s["contact_ms"]["truth"] / 10
            shares.setdefault(s["subject"], []).append(s["heel_ahead_cm"]["truth"] / way_cm)
    of = {runner: "forefoot" if np.mean(v) < FOREFOOT else "rearfoot" for runner, v in shares.items()}
    return {name: of[s["subject"]] for name, s in scores.items() if s["subject"] in of}


def _errors(have: Scores, field: str, held: Held | None) -> dict[str, float]:
    out = {}
    for name, s in have.items():
        ours, truth = estimate(s, field, held, name)[0], s[field]["truth"]
        out[name] = 100 * (ours / truth - 1) if field in RELATIVE else ours - truth
    return out


def error_row(
    scores: Scores, held: Held | None, field: str, key: str, title: str, goal: str, unit: str, limit: float | None,
    digits: int, how: str = "",
) -> Figure:  # fmt: skip
    """RMSE over traces, mean of each."""
    have = having(scores, field)
    errors = {n: e for n, e in _errors(have, field, held).items() if math.isfinite(e)}
    if not errors:
        return nothing(key, title, goal)
    size = rms(errors.values())
    name, worst = worst_of(errors)
    values = np.array(list(errors.values()))
    note = how or by_whom(have, field, held)
    return Figure(
        key, title, goal, f"{size:.{digits}f} {unit}", f"{name}, {worst:+.{digits}f} {unit}",
        None if limit is None else size <= limit,
        f"{len(errors)} traces, mean of each: {note}; bias {values.mean():+.{digits}f}, SD {values.std():.{digits}f}",
        {"rmse": size, "worst": worst, "bias": float(values.mean()), "traces": len(errors)},
    )  # fmt: skip


def interval_row(scores: Scores, held: Held | None, field: str, key: str, title: str, how: str = "") -> Figure:
    """Share of traces whose truth lies within the 90 % interval."""
    goal = f"{_LEAST:.0f}–{_MOST:.0f} % of traces"
    inside, widths = {}, []
    for name, s in having(scores, field).items():
        ours, half = estimate(s, field, held, name)
        if math.isfinite(half):
            inside[name] = abs(abs(s[field]["truth"]) - abs(ours)) <= half
            widths.append(half)
    if not inside:
        return nothing(key, title, goal, "no trace here has both a truth and an interval")
    share = 100 * sum(inside.values()) / len(inside)
    outside = [name for name, ok in inside.items() if not ok]
    named = ", ".join(outside[:3]) + (" …" if len(outside) > 3 else "")
    note = how or by_whom(having(scores, field), field, held)
    return Figure(
        key, title, goal, f"{share:.1f} %", named or "none outside",
        _LEAST <= share <= _MOST, f"{len(inside)} traces: {note}; half width {np.mean(widths):.3g} in the mean",
        {"percent": share, "traces": len(inside), "half_width": float(np.mean(widths))},
    )  # fmt: skip


def only(scores: Scores, keep: Callable[[str, Score], bool]) -> Scores:
    return {name: s for name, s in scores.items() if keep(name, s)}


def within_row(scores: Scores, held: Held | None) -> Figure:
    """Braking over the speeds of one runner."""
    key, title, goal = "braking_within", "braking index within one runner, over speeds", "r ≥ 0.9"
    runners: dict[str, list[tuple[float, float]]] = {}
    have = having(scores, "braking_mps", lambda s: bool(s["subject"]))
    for name, s in have.items():
        runners.setdefault(s["subject"], []).append(
            (estimate(s, "braking_mps", held, name)[0], s["braking_mps"]["truth"])
        )
    found = {w: float(np.corrcoef(np.array(v).T)[0, 1]) for w, v in runners.items() if len(v) > 2}
    if not found:
        return nothing(key, title, goal, "no runner here has three speeds")
    low = min(found, key=lambda w: found[w])
    mean = float(np.mean(list(found.values())))
    return Figure(
        key, title, goal, f"r {mean:.2f}", f"{low}, r {found[low]:.2f}", mean >= 0.9,
        f"mean of {len(found)} runners: {by_whom(have, 'braking_mps', held)}",
        {"r": mean, "lowest": found[low], "runners": len(found)},
    )  # fmt: skip


def _by_runner(scores: Scores, held: Held | None) -> dict[str, list[tuple[str, float, float, Score]]]:
    """Traces of each runner by speed: name, ln estimate, ln truth, score."""
    out: dict[str, list[tuple[str, float, float, Score]]] = {}
    for name, s in having(scores, "speed_mps", lambda s: bool(s["subject"])).items():
        ours, truth = estimate(s, "speed_mps", held, name)[0], s["speed_mps"]["truth"]
        if ours > 0 and truth > 0:
            out.setdefault(s["subject"], []).append((name, math.log(ours), math.log(truth), s))
    return {runner: sorted(rows, key=lambda r: r[2]) for runner, rows in out.items()}


def personal_rows(scores: Scores, held: Held | None) -> list[Figure]:
    """The speed once a distance is known: at that pace (the run's other half), at others, and from several paces."""
    same, other, over = {}, {}, {}
    have = having(scores, "speed_mps")
    for rows in _by_runner(scores, held).values():
        for name, ours, truth, s in rows:
            if s.get("speed_halves"):
                first, second = s["speed_halves"]
                same[name] = 100 * (second / first - 1)
            for other_name, other_ours, other_truth, _ in rows:
                if other_name != name and abs(math.expm1(other_truth - truth)) <= _NEAR + 1e-9:
                    error = 100 * math.expm1(other_ours - ours - other_truth + truth)
                    other[f"{other_name} from {name.rpartition('/')[2]}"] = error
        if len(rows) > 2:
            x, y = np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
            slope, constant = line_of(x, y)
            for (name, *_), left in zip(rows, 100 * np.expm1(constant + slope * x - y), strict=True):
                over[name] = float(left)
    out = []
    for key, title, goal, limit, errors in (
        ("speed_same_pace", "speed after one run of known distance, that pace", "RMSE ≤ 3 %", 3.0, same),
        ("speed_other_pace", "the same, paces up to a third away", "RMSE ≤ 6 %", 6.0, other),
        ("speed_several", "speed after several known paces, over them", "RMSE ≤ 3 %", 3.0, over),
    ):
        if not errors:
            out.append(nothing(key, title, goal, "no runner here has that many paces"))
            continue
        size = rms(errors.values())
        name, worst = worst_of(errors)
        out.append(
            Figure(
                key, title, goal, f"{size:.1f} %", f"{name}, {worst:+.1f} %", size <= limit,
                f"{len(errors)} tests: {by_whom(have, 'speed_mps', held)}", {"rmse_pct": size, "worst_pct": worst},
            )
        )  # fmt: skip
    return out


def fitted_rows(scores: Scores, held: Held | None) -> list[Figure]:
    """All of them, in the order of the table."""
    strike = strikes(scores)
    across = (held or {}).get("across")
    how = (across or {}).get("how", "")
    contact = "contact time, mean per trace"
    rows = [error_row(scores, held, "contact_ms", "contact_time", contact, "RMSE ≤ 12 ms", "ms", 12, 1)]
    if len(set(strike.values())) > 1:
        for kind in ("rearfoot", "forefoot"):
            some = only(scores, lambda n, s, kind=kind: strike.get(n) == kind)  # type: ignore[misc]
            rows.append(
                error_row(some, held, "contact_ms", f"contact_{kind}", f"the same, {kind}", "RMSE ≤ 12 ms", "ms", 12, 1)
            )
    if across:
        known = only(scores, lambda n, s: key_of(n, across.get("contact_ms", {})) is not None)
        rows.append(
            error_row(
                known, across, "contact_ms", "contact_across", "the same, group left out", "–", "ms", None, 1, how
            )
        )
    rows.append(interval_row(scores, held, "contact_ms", "contact_90", "its 90 % interval holds"))
    if across:
        rows.append(interval_row(known, across, "contact_ms", "contact_90_across", "the same, group left out", how))
    whole, bare = (only(scores, lambda n, s, gyro=gyro: s["gyro"] == gyro) for gyro in (True, False))  # type: ignore[misc]
    rows.append(error_row(whole, held, "speed_mps", "speed", "speed without GPS", "RMSE ≤ 10 %", "%", 10, 1))
    if across:
        known = only(scores, lambda n, s: key_of(n, across.get("speed_mps", {})) is not None)
        rows.append(
            error_row(known, across, "speed_mps", "speed_across", "the same, group left out", "–", "%", None, 1, how)
        )
    rows.append(interval_row(whole, held, "speed_mps", "speed_90", "its 90 % interval holds"))
    if across:
        rows.append(interval_row(known, across, "speed_mps", "speed_90_across", "the same, group left out", how))
    if having(bare, "speed_mps"):
        what = "speed without GPS and without a gyroscope, on slopes too"
        rows.append(error_row(bare, held, "speed_mps", "speed_bare", what, "–", "%", None, 1))
        rows.append(interval_row(bare, held, "speed_mps", "speed_bare_90", "its 90 % interval holds"))
    rows += personal_rows(whole, held)
    rows.append(error_row(scores, held, "heel_ahead_cm", "heel_ahead", "heel ahead of the sacrum", "–", "cm", None, 1))
    rows.append(interval_row(scores, held, "heel_ahead_cm", "heel_90", "its 90 % interval holds"))
    rows.append(error_row(scores, held, "braking_mps", "braking", "braking per contact, an index", "–", "m/s", None, 3))
    rows.append(interval_row(scores, held, "braking_mps", "braking_90", "its 90 % interval holds"))
    rows.append(within_row(scores, held))
    return rows
