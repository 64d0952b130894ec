"""The models of gaitcore.models: the candidates of each, how one is fitted, and the coefficients for the clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gaitcore import shape
from numpy.typing import NDArray

from formclip.lab.fitting.nested import Kind, Predict, Recipe, choose, left_out
from formclip.lab.fitting.points import Points
from formclip.lab.fitting.regress import Known, Line, fit_line

Floats = NDArray[np.float64]

SPM = 170.0  # the cadence at which the push is the speed
OWN, SHRINK = 3.0, 10.0  # of the speed: see docs/lab/models.md
_EXTRA = "alcantara"  # one runner in many conditions: counts like the four traces of another


def _weights(p: Points) -> Floats:
    extra = np.array(p.sets) == _EXTRA
    return np.where(extra, 4.0 / max(4, int(extra.sum())), 1.0)


def harmonics(signal: str, which: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"{signal}{h}{part}" for h in which for part in "cs")


TILT, DROP, SIDE = harmonics("tilt", shape.EVEN), harmonics("drop", shape.ODD), harmonics("side", shape.ODD)

# -- contact time and how late the force rises ------------------------------------------------------------------------

CONTACT_RECIPES = (
    Recipe("width of the force above 1 g", ("ln width_ms",)),
    Recipe("width, forward force", ("ln fwd_g", "ln width_ms")),
    Recipe("width, forward force, period", ("ln fwd_g", "ln width_ms", "ln period_ms")),
    Recipe("width, forward force, period, oscillation", ("ln fwd_g", "ln width_ms", "ln period_ms", "ln vo_cm")),
    Recipe(
        "width, forward force, period, oscillation, place of the peak",
        ("ln fwd_g", "ln width_ms", "ln period_ms", "ln vo_cm", "peak_ms"),
    ),
)
CONTACT_USED = CONTACT_RECIPES[4]
CONTACT_VERT = Recipe("without forward", CONTACT_USED.inputs[1:])
RISE_RECIPES = (
    Recipe("the same for all", ()),
    Recipe("forward force", ("ln fwd_g",)),
    Recipe("forward force, peak", ("ln fwd_g", "ln peak_g")),
    Recipe("forward force, peak, period", ("ln fwd_g", "ln peak_g", "ln period_ms")),
)
RISE_USED = RISE_RECIPES[3]
# What the chain has while RISE itself is fitted. Where a contact lies moves the windows of its step by a sample, and so
# in the fourth digit what RISE is fitted on: with the shipped one in the chain each fit would give another.
UNFITTED: dict[str, object] = {"RISE": (22.0, 0.0, 0.0, 0.0), "RISE_VERT": 22.0}


def fit_contact(recipe: Recipe, p: Points) -> Predict:
    line = fit_line(p.matrix(recipe.inputs), p["ln true contact_ms"], p.runners, weights=_weights(p))
    return lambda q: line(q.matrix(recipe.inputs))


CONTACT = Kind("contact time", "true_contact_ms", CONTACT_RECIPES, fit_contact, ("rbds", "hamner"), also=(_EXTRA,))

# -- speed ------------------------------------------------------------------------------------------------------------

SPEED_RECIPES = (
    Recipe("forward force", ("ln fwd_g",)),
    Recipe("forward force and tilt", ("ln fwd_g", *TILT)),
    Recipe("forward force, tilt, drop", ("ln fwd_g", *TILT, *DROP)),
    Recipe("forward force, tilt, force to the side", ("ln fwd_g", *TILT, *SIDE)),
    Recipe("forward force, tilt, drop, force to the side", ("ln fwd_g", *TILT, *DROP, *SIDE)),
    Recipe(
        "the same and rotation", ("ln fwd_g", *TILT, *DROP, *SIDE, *harmonics("turn", (1, 3)))
    ),
    Recipe(
        "the same, rotation, vertical and forward harmonics",
        ("ln fwd_g", *TILT, *DROP, *SIDE, *harmonics("turn", (1, 3)), *harmonics("vert", (2, 4, 6)),
         *harmonics("fore", (2, 4))),
    ),
)  # fmt: skip
SPEED_USED = SPEED_RECIPES[4]


@dataclass(frozen=True)
class SpeedFit:
    """Push and speed as gaitcore.models makes them."""

    inputs: tuple[str, ...]
    constant: float
    slopes: Floats  # of the inputs
    pace: float  # exponent of the cadence
    curve: float
    middle: float

    def push(self, p: Points) -> Floats:
        return np.asarray(self.constant + p.matrix(self.inputs) @ self.slopes, dtype=np.float64)

    def plain(self, p: Points) -> Floats:
        return self.push(p) + self.pace * quicker(p)

    def bent(self, plain: Floats) -> Floats:
        off = plain - self.middle
        return np.asarray(plain + self.curve * off * off, dtype=np.float64)

    def straight(self, bent: Floats) -> Floats:
        """The opposite of `bent`."""
        off = bent - self.middle
        root = np.sqrt(np.maximum(1 + 4 * self.curve * off, 0.05))
        return np.asarray(self.middle + 2 * off / (1 + root), dtype=np.float64)

    def __call__(self, p: Points) -> Floats:
        return self.bent(self.plain(p))


def quicker(p: Points) -> Floats:
    return np.asarray(p["ln rec_cadence_spm"] - np.log(SPM), dtype=np.float64)


MIDDLE_MPS = 3.3


def fit_speed_of(recipe: Recipe, p: Points) -> SpeedFit:
    """Froude's numbers: speed and times over the root of the height, so that long and short legs are one kind.

    Where no height is known the mean stands for it, here and in use.
    """
    x = np.column_stack([p.matrix(recipe.inputs), quicker(p) + p["froude"]])
    y = p["ln true speed_mps"] - p["froude"]
    line = fit_line(x, y, p.runners, own=OWN, shrink=SHRINK)
    # What is left bends the same way in each runner: faster runners shake their pelvis ever more.
    middle = float(np.log(MIDDLE_MPS))
    off = line(x) - middle
    bend = fit_line((off * off)[:, None], y - line(x), p.runners, own=OWN)
    return SpeedFit(
        recipe.inputs,
        line.constant + bend.constant,
        line.slopes[:-1],
        float(line.slopes[-1]),
        float(bend.slopes[0]),
        middle + bend.constant,
    )


SPEED = Kind("speed", "speed_mps", SPEED_RECIPES, fit_speed_of, ("rbds", "hamner"), relative=True, personal=True)

# -- braking and heel ahead -------------------------------------------------------------------------------------------

BRAKE_RECIPES = (
    Recipe("push, cadence", ("push", "quicker")),
    Recipe("push, cadence, contact time", ("push", "quicker", "ln contact")),
    Recipe("push, cadence, impact peak", ("push", "quicker", "ln rec_impact_g")),
    Recipe("push, cadence, drop range", ("push", "quicker", "ln rec_drop_range_deg")),
)
HEEL_RECIPES = (
    Recipe("push, cadence", ("push", "quicker")),
    Recipe("push, cadence, drop range", ("push", "quicker", "ln rec_drop_range_deg")),
    Recipe("push, cadence, contact time", ("push", "quicker", "ln contact")),
    Recipe("push, cadence, drop range, contact time", ("push", "quicker", "ln rec_drop_range_deg", "ln contact")),
)
BRAKE_USED, HEEL_USED, HEEL_NO_GYRO = BRAKE_RECIPES[0], HEEL_RECIPES[1], HEEL_RECIPES[0]
_BRAKE_KNOWN, _HEEL_KNOWN = 0.1, 3.0  # of a trace: braking keeps r 0.9 over the speeds of each runner with no more


@dataclass(frozen=True)
class Longer:
    """What longer steps at one speed and slope do, each as d ln / d ln period, in the runner who was told to take them.

    The only runner of whom it is known; force plate and accelerometer, `alcantara`.
    """

    fwd_g: float
    true_contact: float
    contact: float  # as estimated


def longer_steps(bare: Points, contact: Predict) -> Longer:
    p = bare.of(_EXTRA)
    conditions = [f"{v} {s}" for v, s in zip(p["speed_mps"], p["slope_deg"], strict=True)]

    def response(y: Floats) -> float:
        own = np.array(conditions)
        x = p["ln period_ms"].copy()
        y = y.copy()
        for c in sorted(set(conditions)):
            x[own == c] -= x[own == c].mean()
            y[own == c] -= y[own == c].mean()
        return float(x @ y / (x @ x))

    return Longer(response(p["ln fwd_g"]), response(p["ln true contact_ms"]), response(contact(p)))


def way_exponent(p: Points) -> float:
    """How the heel's place grows with the way of the body over the foot, speed times contact time."""
    way = (p["ln true speed_mps"] + p["ln true contact_ms"])[:, None]
    return float(fit_line(way, p["ln true heel"], p.runners).slopes[0])


def known_of(recipe: Recipe, truth: str, response: float, longer: Longer, push_per_fwd: float) -> Known:
    weight = _HEEL_KNOWN if truth == "ln true heel" else _BRAKE_KNOWN
    moves = {"push": push_per_fwd * longer.fwd_g, "quicker": -1.0, "ln contact": longer.contact}
    return Known(np.array([moves.get(name, 0.0) for name in recipe.inputs]), response, weight)


class Stacked:
    """Fits on what the clip would say: push and contact time of runners left out, so that their error is seen as it is.

    Their inputs, too, are chosen among the runners of the fold.
    """

    def __init__(self, truth: str, longer: Longer, stages: dict[tuple[str, ...], Stage] | None = None) -> None:
        self._truth = truth
        self._longer = longer
        self._stages = {} if stages is None else stages

    def response(self, p: Points) -> float:
        """By how much, in ln, when the period grows by a factor e at one speed.

        Braking: the force under the foot points to the body, so speed lost is as its mean lever, speed times contact
        time, times the impulse that carries the body over a step, its weight times the period. Heel: as the way.
        """
        grows = self._longer.true_contact
        return way_exponent(p) * grows if self._truth == "ln true heel" else 1.0 + grows

    def fit(self, recipe: Recipe, p: Points) -> Predict:
        first = self._stage(p)
        known = known_of(recipe, self._truth, self.response(p), self._longer, float(first.speed.slopes[0]))
        line = fit_line(first.seen.matrix(recipe.inputs), p[self._truth], p.runners, shrink=1.0, known=known)
        return lambda q: line(with_estimates(q, first.speed.push(q), first.contact(q)).matrix(recipe.inputs))

    def _stage(self, p: Points) -> Stage:
        """The same points come again with each recipe and each fold."""
        key = tuple(p.names)
        if key not in self._stages:
            self._stages[key] = stage(p)
        return self._stages[key]


@dataclass(frozen=True)
class Stage:
    """Push and contact time fitted on points, and the points with what fits without each one's runner say."""

    speed: SpeedFit
    contact: Predict
    seen: Points


def stage(p: Points) -> Stage:
    speed, contact = choose(SPEED, p).recipe, choose(CONTACT, p).recipe
    who = np.array(p.runners)
    push = np.full(len(p), np.nan)
    for runner in sorted(set(p.runners)):
        push[who == runner] = fit_speed_of(speed, p.without(runner)).push(p.runner(runner))
    seen = with_estimates(p, push, left_out(CONTACT, contact, p))
    return Stage(fit_speed_of(speed, p), fit_contact(contact, p), seen)


def with_estimates(p: Points, push: Floats, ln_contact: Floats) -> Points:
    table = {**p.table, "push": push, "ln contact": ln_contact, "quicker": quicker(p)}
    return Points(p.names, p.runners, p.sets, table)


def stacked_kinds(longer: Longer) -> tuple[Kind, Kind]:
    """Braking and heel ahead."""
    stages: dict[tuple[str, ...], Stage] = {}
    brake, heel = Stacked("ln true brake", longer, stages), Stacked("ln true heel", longer, stages)
    return (
        Kind("braking", "true_brake", BRAKE_RECIPES, brake.fit, ("rbds", "hamner")),
        Kind("heel ahead", "true_heel", HEEL_RECIPES, heel.fit, ("rbds", "hamner")),
    )


# -- what the clip is given -------------------------------------------------------------------------------------------


def _row(*values: float) -> tuple[float, ...]:
    return tuple(float(f"{v:.4g}") for v in values)


def _line(line: Line) -> tuple[float, ...]:
    return _row(line.constant, *line.slopes)


def rise_coefficients(both: Points) -> dict[str, object]:
    """How late the force rises; both: of a chain that has UNFITTED."""
    weights = _weights(both)
    line = fit_line(both.matrix(RISE_USED.inputs), both["rise_ms"], both.runners, weights=weights)
    return {"RISE": _line(line), "RISE_VERT": float(f"{np.average(both['rise_ms'], weights=weights):.4g}")}


def coefficients(run: Points, bare: Points) -> dict[str, object]:
    """The others that gaitcore.models holds; run: with a gyroscope, bare: the same without and alcantara."""
    both = joined(run, bare)
    out: dict[str, object] = {}
    weights = _weights(both)
    for name, recipe in (("CONTACT", CONTACT_USED), ("CONTACT_VERT", CONTACT_VERT)):
        line = fit_line(both.matrix(recipe.inputs), both["ln true contact_ms"], both.runners, weights=weights)
        out[name] = _line(line)
    speed = fit_speed_of(SPEED_USED, run)
    out["PUSH"] = _row(speed.constant, speed.slopes[0])
    out["PUSH_NO_GYRO"] = _line(bare_push(bare.of(*SPEED.scored), speed))
    cuts = np.cumsum([1, len(TILT), len(DROP), len(SIDE)])
    out["SHAPE"] = tuple(_row(*speed.slopes[a:b]) for a, b in zip(cuts[:-1], cuts[1:], strict=True))
    out["PACE"] = float(f"{speed.pace:.4g}")
    out["CURVE"] = _row(speed.middle, speed.curve)
    # speed is as the root of the length, the period in it too, and the speed falls with it by `pace`
    out["HEIGHT"] = float(f"{0.5 * (1 + speed.pace):.4g}")
    longer = longer_steps(bare, fit_contact(CONTACT_USED, both))
    seen = stage(run).seen
    for name, truth, recipe in (
        ("BRAKE", "ln true brake", BRAKE_USED),
        ("HEEL", "ln true heel", HEEL_USED),
        ("HEEL_NO_GYRO", "ln true heel", HEEL_NO_GYRO),
    ):
        known = known_of(recipe, truth, Stacked(truth, longer).response(run), longer, float(speed.slopes[0]))
        out[name] = _line(fit_line(seen.matrix(recipe.inputs), run[truth], run.runners, shrink=1.0, known=known))
    return out


def inputs() -> list[str]:
    """Every column that a recipe may ask for."""
    recipes = (*CONTACT_RECIPES, *SPEED_RECIPES, *RISE_RECIPES, *BRAKE_RECIPES, *HEEL_RECIPES)
    return sorted({name for recipe in recipes for name in recipe.inputs})


def joined(run: Points, bare: Points) -> Points:
    """The runners with a gyroscope, and the one who had none."""
    extra = bare.of(_EXTRA)
    table = {k: np.concatenate([run[k], extra.table.get(k, np.full(len(extra), np.nan))]) for k in run.table}
    return Points(run.names + extra.names, run.runners + extra.runners, run.sets + extra.sets, table)


def bare_push(bare: Points, speed: SpeedFit) -> Line:
    """The push from forward force alone, cadence and curve being those with a gyroscope."""
    target = speed.straight(bare["ln true speed_mps"] - bare["froude"]) - speed.pace * (quicker(bare) + bare["froude"])
    return fit_line(bare.matrix(("ln fwd_g",)), target, bare.runners, own=OWN)
