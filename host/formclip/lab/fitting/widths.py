"""The 90 % intervals that the product tells, and the ranges in which it was measured, for ground/estimates.py."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from formclip.lab.fitting.fit import CONTACT_USED, SPEED_USED, bare_push, fit_contact, fit_speed_of, quicker
from formclip.lab.fitting.gather import Trial
from formclip.lab.fitting.nested import Outcome, off
from formclip.lab.fitting.personal import personal
from formclip.lab.fitting.points import Points
from formclip.lab.fitting.regress import conformal

Floats = NDArray[np.float64]

GROUPS = ("rbds", "hamner")


def _width(ln_ours: Floats, truth: Floats, runners: list[str]) -> float:
    """As a share of the estimate."""
    return _three(conformal(off(ln_ours, truth), runners))


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def with_gyro(contact: Outcome, speed: Outcome, brake: Outcome, heel: Outcome) -> dict[str, float]:
    known = personal(speed.outer, speed.points)
    both = np.isin(np.array(contact.points.sets), GROUPS)
    return {
        "contact_ms": _outer(contact, both),
        "speed_mps": _outer(speed),
        "known_scale": _three(known.one_run_width),
        "known_slope": _three(known.between_width),
        "braking_mps": _outer(brake),
        "heel_ahead_cm": _outer(heel),
    }


def _outer(o: Outcome, some: NDArray[np.bool_] | None = None) -> float:
    some = np.ones(len(o.points), dtype=bool) if some is None else some
    truth = o.points[o.kind.truth]
    return _width(o.outer[some], truth[some], np.array(o.points.runners)[some].tolist())


def without_gyro(bare: Points, both: Points, run: Points) -> tuple[Floats, Floats]:
    """ln of contact time and speed as told without a gyroscope, runners left out, inputs as in use; of GROUPS."""
    scored = bare.of(*GROUPS)
    who = np.array(scored.runners)
    contact, speed = np.full(len(scored), np.nan), np.full(len(scored), np.nan)
    for runner in sorted(set(scored.runners)):
        mine, one = who == runner, scored.runner(runner)
        contact[mine] = fit_contact(CONTACT_USED, both.without(runner))(one)
        full = fit_speed_of(SPEED_USED, run.without(runner))
        push = bare_push(scored.without(runner), full)(one.matrix(("ln fwd_g",)))
        speed[mine] = full.bent(push + full.pace * quicker(one))
    return contact, speed


def bare_widths(contact: Floats, speed: Floats, bare: Points, widths: dict[str, float]) -> dict[str, float]:
    """What rests on the speed is taken to be wider by as much as the speed is."""
    scored = bare.of(*GROUPS)
    own = {
        "contact_ms": _width(contact, scored["true_contact_ms"], scored.runners),
        "speed_mps": _width(speed, scored["speed_mps"], scored.runners),
    }
    wider = max(1.0, own["speed_mps"] / widths["speed_mps"])
    return {key: own.get(key, _three(wider * value)) for key, value in widths.items()}


def measured(trials: list[Trial]) -> dict[str, tuple[float, float]]:
    """The runners' speeds, and between which values nearly every step lay."""
    speeds = [float(t.truth["speed_mps"]) for t in trials]
    out = {"speed_mps": (min(speeds), max(speeds))}
    for key in ("cadence_spm", "contact_ms"):
        low, high = np.nanpercentile(np.concatenate([t.columns["rec_" + key] for t in trials]), (0.5, 99.5))
        out[key] = (float(round(low)), float(round(high)))
    return out
