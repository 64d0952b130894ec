"""Up and down: the centre of mass between the ground's push and free fall, and the pelvis above it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from formclip.lab.simulate.harmonics import TERM_OF, TERMS
from formclip.lab.simulate.scenario import Scenario, ScenarioError

Floats = NDArray[np.float64]

G_MPS2 = 9.80665
# Push-off is this share stronger than the landing: the runner takes off higher than the foot comes down.
_FLIGHT_SKEW = 0.07
_FLATTER = 0.03  # third harmonic of the ground force, as a share of its mean in contact


def vertical(
    on_s: Floats, running: NDArray[np.bool_], contact_s: Floats, height_m: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Vertical speed at each knot, what carries the weight at both ends of contact, and the force between.

    In flight the centre of mass falls freely. The two free amplitudes of the force in contact are what brings the
    centre of mass from its state at this contact to the one that the next contact needs: so gravity is balanced over
    every step exactly, and height never drifts.
    """
    n = len(on_s)
    period = np.diff(on_s, append=on_s[-1] + (on_s[-1] - on_s[-2]))
    flight = np.where(running, period - contact_s, 0.0)
    run_before = np.concatenate(([False], running[:-1]))
    flight_before = np.concatenate(([0.0], flight[:-1]))
    rise = np.where(run_before, -0.5 * G_MPS2 * flight_before * (1 + _FLIGHT_SKEW), 0.0)
    hold_from = np.where(run_before, 0.0, 1.0)
    hold_to = np.where(running, 0.0, 1.0)
    next_rise = np.append(rise[1:], 0.0)
    next_height = np.append(height_m[1:], 0.0)
    off_rise = next_rise + G_MPS2 * flight
    off_height = next_height - off_rise * flight + 0.5 * G_MPS2 * flight**2
    third = np.where(running & run_before, _FLATTER * G_MPS2 * period / contact_s, 0.0)
    mean_hold = 0.5 * (hold_from + hold_to)
    double_hold = 0.5 * hold_from + (hold_to - hold_from) / 7.0
    first = (
        (off_rise - rise) / contact_s + G_MPS2 * (1 - mean_hold) - third * 2 / (3 * np.pi)
    ) * (np.pi / 2)  # fmt: skip
    second = (
        (off_height - height_m - rise * contact_s) / contact_s**2
        + G_MPS2 * (0.5 - double_hold)
        - first / np.pi
        - third / (3 * np.pi)
    ) * (2 * np.pi)
    force = np.stack([first, second, third], axis=1)
    assert force.shape == (n, 3)
    return rise, hold_from, hold_to, force


def eased(on_s: Floats, running: NDArray[np.bool_], contact_s: Floats) -> Floats:
    """Heights at contact that let a runner with unlike sides push most evenly: the difference of the two, per knot.

    A short step after a long one, or a short stance, needs more push at one end of the contact than at the other when
    both feet land at one height. Landing lower with the one and higher with the other takes most of it away: the least
    sum of squares of the two pushes' second harmonics.
    """
    force = vertical(on_s, running, contact_s, np.zeros(len(on_s)))[3]
    need = force[:, 1] / (2 * np.pi)
    stiff = 1.0 / contact_s**2
    other_need, other_stiff = np.append(need[1:], need[-1:]), np.append(stiff[1:], stiff[-1:])
    apart = (need * stiff - other_need * other_stiff) / (stiff**2 + other_stiff**2)
    return np.where(running & np.append(running[1:], False), 0.25 * apart, 0.0)


def contact_motion(x: Floats, contact: Any, hold_from: Any, hold_to: Any, force: Any) -> tuple[Floats, Floats]:
    """Speed and height gained since contact by the force alone, at share x of contact; force (..., 3)."""
    a, b, c = force[..., 0], force[..., 1], force[..., 2]
    pi = np.pi
    s1, c1 = np.sin(pi * x), np.cos(pi * x)
    s2, c2 = 2 * s1 * c1, 1 - 2 * s1 * s1
    s3, c3 = s1 * (3 - 4 * s1 * s1), c1 * (4 * c1 * c1 - 3)
    step = hold_to - hold_from
    x2 = x * x
    x4 = x2 * x2
    speed = G_MPS2 * ((hold_from - 1) * x + step * x4 * (2.5 - 3 * x + x2))
    speed = speed + a * (1 - c1) / pi + b * (1 - c2) / (2 * pi) + c * (1 - c3) / (3 * pi)
    height = G_MPS2 * ((hold_from - 1) * x2 / 2 + step * x4 * x * (0.5 - 0.5 * x + x2 / 7))
    height = height + a * (x - s1 / pi) / pi + b * (x - s2 / (2 * pi)) / (2 * pi) + c * (x - s3 / (3 * pi)) / (3 * pi)
    return contact * speed, contact * contact * height


def contact_push(x: Floats, hold_from: Any, hold_to: Any, force: Any) -> Floats:
    """Vertical acceleration in contact, m/s2, gravity included."""
    s1 = np.sin(np.pi * x)
    c1 = np.cos(np.pi * x)
    base = hold_from + (hold_to - hold_from) * (x * x * x * (10 + x * (6 * x - 15)))
    push = force[..., 0] * s1 + force[..., 1] * 2 * s1 * c1 + force[..., 2] * s1 * (3 - 4 * s1 * s1)
    out: Floats = push + G_MPS2 * (base - 1)
    return out


def _bounce(terms: Floats, period_s: float, contact_s: float) -> tuple[Floats, Floats]:
    """One steady step: height of the centre of mass and, on the same instants, of the pelvis relative to it, cm."""
    n = 5
    on: Floats = np.arange(n, dtype=np.float64) * period_s
    running = np.ones(n, dtype=bool)
    contact = np.full(n, contact_s)
    rise, hold_from, hold_to, force = vertical(on, running, contact, np.zeros(n))
    dt = np.linspace(0.0, period_s, 128, endpoint=False)
    x = np.minimum(dt / contact_s, 1.0)
    k = 2
    speed_gain, height = contact_motion(x, contact[k], hold_from[k], hold_to[k], force[k])
    after = dt - contact_s
    top = height + rise[k] * np.minimum(dt, contact_s)
    off = rise[k] + speed_gain[-1]
    top = np.where(after > 0, top[-1] + off * after - 0.5 * G_MPS2 * after**2, top)
    wave = np.zeros_like(dt)
    for j, (name, m) in enumerate(TERMS):
        if name == "up" and m % 2 == 0:
            angle = np.pi * m * dt / period_s
            wave += terms[2 * j] * np.cos(angle) + terms[2 * j + 1] * np.sin(angle)
    return top * 100, wave


def fit_oscillation(scenario: Scenario, terms: Floats, period_s: float, contact_s: float) -> float:
    """Change of the amplitude of the pelvis against the centre of mass, cm, that gives the oscillation asked for."""
    wanted = scenario.oscillation_cm
    if wanted is None:
        return 0.0
    centre, relative = _bounce(terms, period_s, contact_s)
    j = TERM_OF["up", 2]
    size = float(np.hypot(terms[2 * j], terms[2 * j + 1]))
    angle = 2 * np.pi * np.arange(len(centre)) / len(centre)
    unit = (terms[2 * j] * np.cos(angle) + terms[2 * j + 1] * np.sin(angle)) / size
    steps = np.linspace(-8.0, 8.0, 161)
    spans = np.array([np.ptp(centre + relative + d * unit) for d in steps])
    low = int(np.argmin(spans))
    if not spans[low] <= wanted <= spans[-1]:
        raise ScenarioError(
            f"oscillation_cm {wanted:g} can't be reached with this cadence and contact time",
            f"give {spans[low]:.1f} to {spans[-1]:.1f}, or a lower cadence for more and a longer contact for less",
        )
    if wanted == spans[low]:
        return float(steps[low])
    return float(brentq(lambda d: np.ptp(centre + relative + d * unit) - wanted, steps[low], steps[-1], xtol=1e-4))
