"""The models of gaitcore.models: what they see, how they are fitted, and how they do on runners they never saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gaitcore import shape
from numpy.typing import NDArray

from formclip.lab.fitting.gather import HARMONIC_NAMES, Trial
from formclip.lab.fitting.regress import (
    Fit,
    least_squares,
    left_out,
    partial_least_squares,
    predict,
    rmse,
    weighted_least_squares,
    within,
)

Floats = NDArray[np.float64]

COMPONENTS = 5
Columns = tuple[str, ...]

SHAPE_COLUMNS: Columns = tuple(
    f"{signal}{h}{part}"
    for signal, harmonics in (("tilt", shape.EVEN), ("drop", shape.ODD), ("turn", shape.ODD))
    for h in harmonics
    for part in "cs"
)
SPEED_COLUMNS: Columns = ("ln period_ms", "ln fwd_g", *SHAPE_COLUMNS)
RISE_COLUMNS: Columns = ("ln fwd_g", "ln peak_g")
NO_GYRO_COLUMNS: Columns = ("ln period_ms", "ln width_ms", "ln fwd_g", "ln peak_g")
CONTACT_COLUMNS: Columns = ("ln period_ms", "ln width_ms", "ln fwd_g", "ln drop_range")


@dataclass
class Points:
    """Each trace one point: means over its steps; `ln x` is the mean of the logarithm."""

    names: list[str]
    runners: list[str]
    sets: list[str]
    table: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.table[name]

    def matrix(self, names: tuple[str, ...] | list[str]) -> Floats:
        return np.column_stack([self.table[n] for n in names]) if names else np.zeros((len(self.names), 0))

    def only(self, keep: NDArray[np.bool_]) -> Points:
        def pick(values: list[str]) -> list[str]:
            return [v for v, k in zip(values, keep.tolist(), strict=True) if k]

        table = {k: v[keep] for k, v in self.table.items()}
        return Points(pick(self.names), pick(self.runners), pick(self.sets), table)


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def points(trials: list[Trial]) -> Points:
    table: dict[str, list[float]] = {}
    names = sorted({k for t in trials for k in t.columns})
    for t in trials:
        row = {k: t.columns.get(k, np.zeros(0)) for k in names}
        for k in names:
            table.setdefault(k, []).append(_mean(row[k]))
            positive = row[k][row[k] > 0]
            table.setdefault("ln " + k, []).append(_mean(np.log(positive)) if len(positive) else float("nan"))
        for k in ("speed_mps", "height_cm", "mass_kg", "slope_deg"):
            table.setdefault(k, []).append(_number(t.truth.get(k)))
        peaks = np.array([s["peak_bw"] for s in t.truth["steps"] if s.get("peak_bw") is not None])
        table.setdefault("true_peak_bw", []).append(_mean(peaks))
    arrays = {k: np.array(v) for k, v in table.items()}
    for k in ("speed_mps", "height_cm", "mass_kg", "true_peak_bw", "true_contact_ms", "true_heel"):
        with np.errstate(invalid="ignore"):
            arrays["ln " + k] = np.log(arrays[k])
    return Points([t.name for t in trials], [t.runner for t in trials], [t.set for t in trials], arrays)


@dataclass
class Score:
    """Error on runners left out; r: correlation among runners at each speed, NaN where that says nothing."""

    what: str
    error: float
    worst: float
    r: list[float] = field(default_factory=list)


@dataclass
class Fitted:
    """Coefficients by name as models.py holds them, predictions for left-out runners, and scores to print."""

    coefficients: dict[str, object] = field(default_factory=dict)
    held_out: dict[str, dict[str, float]] = field(default_factory=dict)
    scores: dict[str, list[Score]] = field(default_factory=dict)


def ln_speed_left_out(p: Points, fit: Fit | None = None, columns: tuple[str, ...] = SPEED_COLUMNS) -> Floats:
    fit = fit or partial_least_squares(COMPONENTS)
    return left_out(fit, p.matrix(columns), np.log(p["speed_mps"]), p.runners)


def speed_with_inner_choice(p: Points) -> Floats:
    """ln speed of each runner by the configuration that did best on the others, each of them left out in turn."""
    columns = [SPEED_COLUMNS, tuple(c for c in SPEED_COLUMNS if c[-2] != "5"), (*SPEED_COLUMNS, "ln rec_vo_cm")]
    for signal in ("tilt6", "vert", "fore", "side"):
        columns.append((*SPEED_COLUMNS, *(n for n in HARMONIC_NAMES if n.startswith(signal))))
    choices = [(c, k) for c in columns for k in (2, 3, 4, 5, 6, 7)]
    who = np.array(p.runners)
    out = np.full(len(who), np.nan)
    for runner in sorted(set(p.runners)):
        rest, one = p.only(who != runner), p.only(who == runner)
        y = np.log(rest["speed_mps"])
        errors = [rmse(ln_speed_left_out(rest, partial_least_squares(k), c), y) for c, k in choices]
        c, k = choices[int(np.argmin(errors))]
        out[who == runner] = predict(partial_least_squares(k)(rest.matrix(c), y), one.matrix(c))
    return out


def stacked(p: Points, columns: list[str], y: Floats) -> Floats:
    """y from the speed that the clip would say and from other columns, the runner left out of both fits.

    Among the runners that are left in, the speed is again that of runners left out, so that its error shows.
    """
    who = np.array(p.runners)
    out = np.full(len(y), np.nan)
    for runner in sorted(set(p.runners)):
        rest = p.only(who != runner)
        one = p.only(who == runner)
        model = partial_least_squares(COMPONENTS)(rest.matrix(SPEED_COLUMNS), np.log(rest["speed_mps"]))
        x = np.column_stack([ln_speed_left_out(rest), rest.matrix(columns)])
        x_one = np.column_stack([predict(model, one.matrix(SPEED_COLUMNS)), one.matrix(columns)])
        out[who == runner] = predict(least_squares(x, y[who != runner]), x_one)
    return out


def _score(what: str, ours: Floats, truth: Floats, speed: Floats | None = None, relative: bool = False) -> Score:
    error = (ours / truth - 1) * 100 if relative else ours - truth
    r = within(ours, truth, speed) if speed is not None else []
    return Score(what, rmse(error, np.zeros(len(error))), float(np.max(np.abs(error))), r)


def _row(model: tuple[float, Floats]) -> tuple[float, ...]:
    return tuple(float(f"{v:.4g}") for v in (model[0], *model[1]))


def fit_contact(run: Points, out: Fitted) -> None:
    """Rise and contact time, with a gyroscope."""
    out.coefficients["RISE"] = _row(least_squares(run.matrix(RISE_COLUMNS), run["rise_ms"]))
    rows = []
    columns: Columns
    for what, columns in (
        ("rise through 1 g, less its mean", ()),
        ("corrected by forward force", RISE_COLUMNS[:1]),
        ("corrected by forward force and peak (used)", RISE_COLUMNS),
        ("the same and drop range", (*RISE_COLUMNS, "ln drop_range")),
        ("the same and height", (*RISE_COLUMNS, "ln height_cm")),
    ):
        ours = left_out(least_squares, run.matrix(columns), run["rise_ms"], run.runners)
        rows.append(_score(what, ours, run["rise_ms"]))
    out.scores["on"] = rows

    y, truth, speed = np.log(run["true_contact_ms"]), run["true_contact_ms"], run["speed_mps"]
    rows = []
    for what, columns in (
        ("cadence alone", ("ln period_ms",)),
        ("width of the vertical force", ("ln width_ms",)),
        ("cadence, width", CONTACT_COLUMNS[:2]),
        ("cadence, forward force", ("ln period_ms", "ln fwd_g")),
        ("cadence, width, forward force", CONTACT_COLUMNS[:3]),
        ("cadence, width, forward force, drop range (used)", CONTACT_COLUMNS),
        ("the same and peak", (*CONTACT_COLUMNS, "ln peak_g")),
        ("the same and oscillation", (*CONTACT_COLUMNS, "ln rec_vo_cm")),
        ("the same and height", (*CONTACT_COLUMNS, "ln height_cm")),
        ("the same and height, mass", (*CONTACT_COLUMNS, "ln height_cm", "ln mass_kg")),
    ):
        ours = np.exp(left_out(least_squares, run.matrix(columns), y, run.runners))
        rows.append(_score(what, ours, truth, speed))
        if columns == CONTACT_COLUMNS:
            out.held_out["contact_ms"] = dict(zip(run.names, ours.tolist(), strict=True))
    out.scores["contact"] = rows
    out.coefficients["CONTACT"] = _row(least_squares(run.matrix(CONTACT_COLUMNS), y))


def fit_contact_no_gyro(bare: Points, out: Fitted) -> None:
    """The same where there is no gyroscope: both sets, each with the same weight in all."""
    lone = np.array(bare.sets) == "alcantara"
    weights = np.where(lone, (~lone).sum() / max(1, lone.sum()), 1.0)
    y, truth = np.log(bare["true_contact_ms"]), bare["true_contact_ms"]
    who = np.array(bare.runners)
    rows = []
    for what, columns in (
        ("cadence, width", NO_GYRO_COLUMNS[:2]),
        ("cadence, width, forward force", NO_GYRO_COLUMNS[:3]),
        ("cadence, width, forward force, peak (used)", NO_GYRO_COLUMNS),
    ):
        x = bare.matrix(columns)
        ours = np.full(len(y), np.nan)
        for runner in sorted(set(bare.runners)):
            k = who == runner
            ours[k] = np.exp(predict(weighted_least_squares(x[~k], y[~k], weights[~k]), x[k]))
        rows.append(_score(what + ": rbds, runner left out", ours[~lone], truth[~lone]))
        if not lone.any():
            continue
        rows.append(_score(what + ": fitted on rbds, alcantara untouched", ours[lone], truth[lone]))
        there = np.exp(predict(least_squares(x[lone], y[lone]), x[~lone]))
        rows.append(_score(what + ": fitted on alcantara, rbds untouched", there, truth[~lone]))
        one = np.full(len(y), np.nan)
        for i in np.flatnonzero(lone).tolist():
            k = np.arange(len(y)) != i
            one[i] = np.exp(predict(weighted_least_squares(x[k], y[k], weights[k]), x[i : i + 1])[0])
        rows.append(_score(what + ": alcantara, one condition left out", one[lone], truth[lone]))
        if columns == NO_GYRO_COLUMNS:
            names = [n for n, k in zip(bare.names, lone.tolist(), strict=True) if k]
            out.held_out["contact_ms"].update(zip(names, ours[lone].tolist(), strict=True))
    out.scores["contact_no_gyro"] = rows
    rise = weighted_least_squares(bare.matrix(RISE_COLUMNS), bare["rise_ms"], weights)
    out.coefficients["RISE_NO_GYRO"] = _row(rise)
    out.coefficients["RISE_VERT"] = float(f"{np.average(bare['rise_ms'], weights=weights):.4g}")
    out.coefficients["CONTACT_NO_GYRO"] = _row(weighted_least_squares(bare.matrix(NO_GYRO_COLUMNS), y, weights))
    out.coefficients["CONTACT_VERT"] = _row(weighted_least_squares(bare.matrix(NO_GYRO_COLUMNS[:2]), y, weights))


def fit_speed(run: Points, out: Fitted) -> None:
    y = np.log(run["speed_mps"])
    model = partial_least_squares(COMPONENTS)(run.matrix(SPEED_COLUMNS), y)
    out.coefficients["SPEED"] = _row((model[0], model[1][:2]))
    out.coefficients["SPEED_ROUGH"] = _row(least_squares(run.matrix(SPEED_COLUMNS[:2]), y))
    cuts = np.cumsum([2, 2 * len(shape.EVEN), 2 * len(shape.ODD), 2 * len(shape.ODD)])
    out.coefficients["SHAPE"] = tuple(
        tuple(float(f"{v:.4g}") for v in model[1][a:b]) for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    )
    rows = []
    for what, columns in (
        ("cadence alone", ("ln period_ms",)),
        ("contact time alone", ("ln contact",)),
        ("cadence, forward force", SPEED_COLUMNS[:2]),
        ("cadence, forward force, oscillation", (*SPEED_COLUMNS[:2], "ln rec_vo_cm")),
        ("cadence, forward force, oscillation, height", (*SPEED_COLUMNS[:2], "ln rec_vo_cm", "ln height_cm")),
    ):
        ours = np.exp(left_out(least_squares, run.matrix(columns), y, run.runners))
        rows.append(_score(what, ours, run["speed_mps"], relative=True))
    for what, columns, k in (
        ("shape of the stride, cadence, forward force (used)", SPEED_COLUMNS, COMPONENTS),
        ("the same, 3 components", SPEED_COLUMNS, 3),
        ("the same, 4 components", SPEED_COLUMNS, 4),
        ("the same, 6 components", SPEED_COLUMNS, 6),
        ("the same and height", (*SPEED_COLUMNS, "ln height_cm"), COMPONENTS),
        ("the same and height, mass", (*SPEED_COLUMNS, "ln height_cm", "ln mass_kg"), COMPONENTS),
        ("without tilt", tuple(c for c in SPEED_COLUMNS if not c.startswith("tilt")), COMPONENTS),
        ("without drop", tuple(c for c in SPEED_COLUMNS if not c.startswith("drop")), COMPONENTS),
        ("without rotation", tuple(c for c in SPEED_COLUMNS if not c.startswith("turn")), COMPONENTS),
    ):
        ours = np.exp(ln_speed_left_out(run, partial_least_squares(k), columns))
        rows.append(_score(what, ours, run["speed_mps"], relative=True))
    chosen = np.exp(speed_with_inner_choice(run))
    rows.append(
        _score("components and harmonics, too, chosen without the runner", chosen, run["speed_mps"], relative=True)
    )
    out.scores["speed"] = rows
    ours = np.exp(ln_speed_left_out(run))
    out.held_out["speed_mps"] = dict(zip(run.names, ours.tolist(), strict=True))


def braking_with_inner_choice(run: Points, used: list[str], more: int) -> Floats:
    """ln braking with the harmonics that help most on the other runners, each of them left out in turn."""
    candidates = [n for n in HARMONIC_NAMES if n[-2] in "1234"]
    who, y, ln_speed = np.array(run.runners), np.log(run["true_brake"]), ln_speed_left_out(run)
    out = np.full(len(y), np.nan)
    for runner in sorted(set(run.runners)):
        rest = who != runner
        chosen: list[str] = []
        for _ in range(more):
            errors = {}
            for name in candidates:
                x = np.column_stack([ln_speed, run.matrix([*used, *chosen, name])])[rest]
                errors[name] = rmse(left_out(least_squares, x, y[rest], who[rest].tolist()), y[rest])
            chosen.append(min(errors, key=lambda n: errors[n]))
        x = np.column_stack([ln_speed, run.matrix([*used, *chosen])])
        out[~rest] = predict(least_squares(x[rest], y[rest]), x[~rest])
    return out


def fit_braking(run: Points, out: Fitted) -> None:
    truth, speed = run["true_brake"], run["speed_mps"]
    y = np.log(truth)
    rows = []
    cadence_known = np.full(len(y), np.nan)
    for v in np.unique(speed):
        k = speed == v
        at = run.only(k)
        cadence_known[k] = left_out(least_squares, at.matrix(["rec_cadence_spm"]), truth[k], at.runners)
    rows.append(_score("cadence alone, one line per true speed", cadence_known, truth, speed))
    used = ["ln rec_cadence_spm", "ln rec_impact_g"]
    for what, columns in (
        ("speed", []),
        ("speed, cadence", used[:1]),
        ("speed, cadence, impact (used)", used),
        ("the same and oscillation", [*used, "ln rec_vo_cm"]),
        ("the same and contact time", [*used, "ln contact"]),
        ("the same and raw braking of the pelvis", [*used, "rec_brake_raw_mps"]),
        ("the same and tilt range", [*used, "ln rec_tilt_range_deg"]),
        ("the same and drop range", [*used, "ln rec_drop_range_deg"]),
        ("the same and rotation range", [*used, "ln rec_rotation_range_deg"]),
        ("the same and height", [*used, "ln height_cm"]),
        ("the same and height, mass", [*used, "ln height_cm", "ln mass_kg"]),
        ("the same and two harmonics more (lateral force 1, tilt 4)", [*used, "side1c", "tilt4s"]),
    ):
        ours = np.exp(stacked(run, columns, y))
        rows.append(_score(what, ours, truth, speed))
        if columns == used:
            out.held_out["braking_mps"] = dict(zip(run.names, (-ours).tolist(), strict=True))
    chosen = np.exp(braking_with_inner_choice(run, used, 2))
    rows.append(_score("two harmonics more, chosen without the runner", chosen, truth, speed))
    for what, names in (
        ("told the true speed: cadence", ["ln rec_cadence_spm"]),
        ("told the true speed: cadence, impact", used),
        ("told true speed, contact time, peak force, heel ahead: cadence",
         ["ln rec_cadence_spm", "ln true_contact_ms", "ln true_peak_bw", "ln true_heel"]),
    ):  # fmt: skip
        x = np.column_stack([np.log(speed), run.matrix(names)])
        rows.append(_score(what, np.exp(left_out(least_squares, x, y, run.runners)), truth, speed))
    out.scores["braking"] = rows
    x = np.column_stack([ln_speed_left_out(run), run.matrix(used)])
    out.coefficients["BRAKE"] = _row(least_squares(x, y))
    fitted = np.exp(predict(least_squares(x, y), x))
    rows.append(_score("(used, on the runners that it was fitted on)", fitted, truth, speed))


def fit_heel(run: Points, out: Fitted) -> None:
    truth, speed = run["true_heel"], run["speed_mps"]
    y = np.log(truth)
    rows = [_score("cadence alone", np.exp(left_out(least_squares, run.matrix(["ln rec_cadence_spm"]), y, run.runners)),
                   truth, speed)]  # fmt: skip
    used = ["ln contact"]
    for what, columns in (
        ("speed", []),
        ("speed, cadence", ["ln rec_cadence_spm"]),
        ("speed, contact time (used)", used),
        ("the same and cadence", [*used, "ln rec_cadence_spm"]),
        ("the same and height", [*used, "ln height_cm"]),
        ("the same and height, mass", [*used, "ln height_cm", "ln mass_kg"]),
    ):
        ours = np.exp(stacked(run, columns, y))
        rows.append(_score(what, ours, truth, speed))
        if columns == used:
            out.held_out["heel_ahead_cm"] = dict(zip(run.names, ours.tolist(), strict=True))
    out.scores["heel"] = rows
    x = np.column_stack([ln_speed_left_out(run), run.matrix(used)])
    out.coefficients["HEEL"] = _row(least_squares(x, y))


def runners(trials: list[Trial]) -> Points:
    """The traces with a gyroscope, and `ln contact`: what the contact model says of each, its runner left out."""
    run = points(trials)
    y = np.log(run["true_contact_ms"])
    run.table["ln contact"] = left_out(least_squares, run.matrix(CONTACT_COLUMNS), y, run.runners)
    return run


def fit_all(run: Points, bare: Points) -> Fitted:
    """run: what `runners` gives; bare: both sets through the chain without a gyroscope."""
    out = Fitted()
    fit_contact(run, out)
    fit_contact_no_gyro(bare, out)
    fit_speed(run, out)
    fit_braking(run, out)
    fit_heel(run, out)
    return out


def learning_curve(p: Points) -> list[tuple[int, float, float, float, float]]:
    """Errors on a left-out runner by the number of runners that the fit saw: contact ms, speed %, braking m/s, heel cm.

    For each runner, as many others as it says, taken in order of name from the next one on.
    """
    order = sorted(set(p.runners))
    who = np.array(p.runners)
    out = []
    for n in (4, 6, 8, 10, 12, len(order) - 1):
        if n >= len(order):
            continue
        errors: list[list[float]] = [[], [], [], []]
        for i, runner in enumerate(order):
            some = {order[(i + 1 + k) % len(order)] for k in range(n)}
            rest, one = p.only(np.array([w in some for w in p.runners])), p.only(who == runner)
            m = least_squares(rest.matrix(CONTACT_COLUMNS), np.log(rest["true_contact_ms"]))
            errors[0] += (np.exp(predict(m, one.matrix(CONTACT_COLUMNS))) - one["true_contact_ms"]).tolist()
            fit = partial_least_squares(min(COMPONENTS, n - 1))
            m = fit(rest.matrix(SPEED_COLUMNS), np.log(rest["speed_mps"]))
            ln_one, ln_rest = predict(m, one.matrix(SPEED_COLUMNS)), ln_speed_left_out(rest, fit)
            errors[1] += (100 * (np.exp(ln_one) / one["speed_mps"] - 1)).tolist()
            for k, truth, names in (
                (2, "true_brake", ["ln rec_cadence_spm", "ln rec_impact_g"]),
                (3, "true_heel", ["ln contact"]),
            ):
                x = np.column_stack([ln_rest, rest.matrix(names)])
                x_one = np.column_stack([ln_one, one.matrix(names)])
                m = least_squares(x, np.log(rest[truth]))
                errors[k] += (np.exp(predict(m, x_one)) - one[truth]).tolist()
        a, b, c, d = (float(np.sqrt(np.mean(np.square(e)))) for e in errors)
        out.append((n, a, b, c, d))
    return out


def shaken_scores(run: Points, shaken: Points) -> list[tuple[str, float, float]]:
    """What wobble, rattle and noise do to models fitted without them: (figure, as recorded, shaken)."""
    who = np.array(run.runners)
    columns = {"contact time, ms": CONTACT_COLUMNS, "speed, %": SPEED_COLUMNS, "initial contact, ms": RISE_COLUMNS}
    truths = {
        "contact time, ms": (np.log(run["true_contact_ms"]), np.log(shaken["true_contact_ms"])),
        "speed, %": (np.log(run["speed_mps"]), np.log(run["speed_mps"])),
        "initial contact, ms": (run["rise_ms"], shaken["rise_ms"]),
    }
    out = []
    for what, names in columns.items():
        fit: Fit = partial_least_squares(COMPONENTS) if what.startswith("speed") else least_squares
        y, y_shaken = truths[what]
        both = []
        for p, truth in ((run, y), (shaken, y_shaken)):
            ours = np.full(len(y), np.nan)
            for runner in sorted(set(run.runners)):
                k = who == runner
                ours[k] = predict(fit(run.matrix(names)[~k], y[~k]), p.matrix(names)[k])
            if what.startswith("initial"):
                both.append(rmse(ours, truth))
            elif what.startswith("speed"):
                both.append(rmse(100 * np.exp(ours - truth), np.full(len(y), 100.0)))
            else:
                both.append(rmse(np.exp(ours), np.exp(truth)))
        out.append((what, both[0], both[1]))
    return out
