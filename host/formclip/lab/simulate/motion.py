"""Where the pelvis is and how it is turned at any time, with first and second derivatives, all in closed form.

Frames. World: ahead (along the path at its start), up, right. Body: forward, up, right, fixed to the pelvis; its origin
is the small of the back at belt height, where the clip sits. The pelvis is turned from the world by heading plus
rotation about up, then tilt about right, then drop about forward: tilt + front down, drop + right side up,
rotation + to the left.

A quantity with its derivatives is an array of three rows: value, first, second derivative by time ("jet").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formclip.lab.simulate.bounce import G_MPS2, contact_motion, contact_push
from formclip.lab.simulate.harmonics import ANGLES, TERMS
from formclip.lab.simulate.plan import FIRST_TERM, MEANS, SPEED, Plan

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STANDING_HEIGHT_M = 1.0
_LEAN_SHARE = 0.8  # how much of the lean into a bend the pelvis takes

# Uniform cubic B-spline: rows are powers of the share of the interval, columns the four neighbouring knots.
_SPLINE = np.array([[1, 4, 1, 0], [-3, 0, 3, 0], [3, -6, 3, 0], [-1, 3, -3, 1]]) / 6.0


@dataclass
class Pose:
    """Jets (3, n) of the pelvis at times t_s; angles in radians, metres."""

    t_s: Floats
    knot: Ints
    tilt: Floats
    drop: Floats
    rotation: Floats
    heading: Floats
    up: Floats
    path_mps2: Floats  # (2, n) acceleration ahead and to the right along the curved path, the runner's speed included
    ahead: Floats
    right: Floats
    speed_mps: Floats

    def acceleration(self) -> tuple[Floats, Floats, Floats]:
        """In axes turned with the heading: ahead, up, right, m/s2."""
        turn, turn_rate = self.heading[1], self.heading[2]
        x, z = self.ahead, self.right
        # Turning about up by `turn`: the offset (x, 0, z) is seen from the world.
        ahead = self.path_mps2[0] + x[2] + 2 * turn * z[1] + turn_rate * z[0] - turn * turn * x[0]
        right = self.path_mps2[1] + z[2] - 2 * turn * x[1] - turn_rate * x[0] - turn * turn * z[0]
        return ahead, self.up[2], right


def _params(plan: Plan, knot: Ints, share: Floats, rate: Floats, rate_change: Floats) -> Floats:
    """(3, columns, n): the step-to-step parameters as jets."""
    low, high = int(knot[0]), int(knot[-1]) + 1
    rows = np.clip(np.arange(low - 1, high + 3), 0, len(plan.params) - 1)
    values = plan.params[rows]
    n = high - low
    coefs = np.stack([sum(_SPLINE[p, j] * values[j : j + n] for j in range(4)) for p in range(4)])  # (4, n, columns)
    which = knot - low
    c0, c1, c2, c3 = (np.ascontiguousarray(coefs[p].T)[:, which] for p in range(4))
    out = np.empty((3, c0.shape[0], len(knot)))
    out[0] = c0 + share * (c1 + share * (c2 + share * c3))
    slope = c1 + share * (2 * c2 + share * (3 * c3))
    out[1] = slope * rate
    out[2] = (2 * c2 + share * (6 * c3)) * (rate * rate) + slope * rate_change
    return out


def _sway(coefs: Floats, t: Floats) -> Floats:
    out = np.zeros((3, len(t)))
    for size, rate, phase in coefs.T:
        if size:
            s, c = np.sin(rate * t + phase), np.cos(rate * t + phase)
            out += np.stack([size * s, size * rate * c, -size * rate * rate * s])
    return out


def _heading(plan: Plan, t: Floats) -> Floats:
    """(4, n): heading and three derivatives."""
    out = np.zeros((4, len(t)))
    for start, takes, angle in plan.turns:
        x = (t - start) / takes
        if x[-1] <= 0:
            continue
        if x[0] >= 1:
            out[0] += angle
            continue
        x = np.clip(x, 0.0, 1.0)
        y = x * (1 - x)
        out[0] += angle * x**4 * (35 + x * (-84 + x * (70 - 20 * x)))
        out[1] += angle / takes * 140 * y**3
        out[2] += angle / takes**2 * 420 * y**2 * (1 - 2 * x)
        out[3] += angle / takes**3 * 840 * y * ((1 - 2 * x) ** 2 - y)
    return out


def pose_at(plan: Plan, t_s: Floats) -> Pose:
    """The pelvis at increasing times (they should span some tens of steps at most, for the sake of memory)."""
    t = t_s
    knot = np.clip(np.searchsorted(plan.on_s, t, side="right") - 1, 0, len(plan.on_s) - 2)
    number = plan.phase(t)
    rate, rate_change = plan.phase(t, 1), plan.phase(t, 2)
    stride_knot = np.clip(np.floor(number).astype(np.int64), 0, len(plan.on_s) - 2)
    p = _params(plan, stride_knot, number - stride_knot, rate, rate_change)

    jets = {c: _sway(plan.sway[c], t) for c in ("tilt", "drop", "rotation", "up", "ahead", "right")}
    for name in ANGLES:
        jets[name] += p[:, MEANS[name]]
    waves: dict[int, tuple[Floats, Floats]] = {}
    for j, (channel, m) in enumerate(TERMS):
        if m not in waves:
            angle = np.pi * m * np.remainder(number, 2.0)
            waves[m] = np.cos(angle), np.sin(angle)
        c, s = waves[m]
        w, w_change = np.pi * m * rate, np.pi * m * rate_change
        a, b = p[:, FIRST_TERM + 2 * j], p[:, FIRST_TERM + 2 * j + 1]
        here = a[0] * c + b[0] * s
        quarter = b[0] * c - a[0] * s
        jet = jets[channel]
        jet[0] += here
        jet[1] += a[1] * c + b[1] * s + w * quarter
        jet[2] += a[2] * c + b[2] * s + 2 * w * (b[1] * c - a[1] * s) + w_change * quarter - w * w * here

    # the centre of mass: force in contact, free fall after
    dt = t - plan.on_s[knot]
    contact = plan.contact_s[knot]
    x = np.minimum(dt / contact, 1.0)
    hold_from, hold_to, force = plan.hold_from[knot], plan.hold_to[knot], plan.force[knot]
    gained_speed, gained_height = contact_motion(x, contact, hold_from, hold_to, force)
    after = np.maximum(dt - contact, 0.0)
    rise = plan.rise_mps[knot]
    up = jets["up"]
    up[0] += plan.height_m[knot] + rise * np.minimum(dt, contact) + gained_height
    up[0] += (rise + gained_speed) * after - 0.5 * G_MPS2 * after * after
    up[1] += rise + gained_speed - G_MPS2 * after
    in_contact = dt < contact
    up[2] += np.where(in_contact, contact_push(x, hold_from, hold_to, force), -G_MPS2)

    # speed along the path: lost in early contact, regained in late contact
    brake = plan.brake_mps[knot]
    speed = p[0, SPEED] - 0.5 * brake * (1 - np.cos(2 * np.pi * x))
    pull = p[1, SPEED] - np.where(in_contact, np.pi * brake / contact * np.sin(2 * np.pi * x), 0.0)
    heading = _heading(plan, t)
    path = np.stack([pull, -speed * heading[1]])
    if heading[1].any():
        # the runner leans into the bend, smoothly: with the mean speed of the path, not its dips
        v = p[:, SPEED]
        q0 = v[0] * heading[1] / G_MPS2
        q1 = (v[1] * heading[1] + v[0] * heading[2]) / G_MPS2
        q2 = (v[2] * heading[1] + 2 * v[1] * heading[2] + v[0] * heading[3]) / G_MPS2
        k = 1 + q0 * q0
        jets["drop"] += _LEAN_SHARE * np.stack([np.arctan(q0), q1 / k, q2 / k - 2 * q0 * q1 * q1 / (k * k)])
    return Pose(
        t_s=t,
        knot=knot,
        tilt=jets["tilt"],
        drop=jets["drop"],
        rotation=jets["rotation"],
        heading=heading[:3],
        up=up,
        path_mps2=path,
        ahead=jets["ahead"],
        right=jets["right"],
        speed_mps=speed,
    )


def forward_pull(plan: Plan, knots: Ints, shares: int = 64) -> Floats:
    """(len(knots), shares): forward acceleration in contact, m/s2, as the force on the ground gives it."""
    x = (np.arange(shares) + 0.5) / shares
    brake, contact = plan.brake_mps[knots], plan.contact_s[knots]
    out: Floats = -(np.pi * brake / contact)[:, None] * np.sin(2 * np.pi * x)[None, :]
    period = np.diff(plan.on_s)[np.minimum(knots, len(plan.on_s) - 2)]
    after = np.minimum(knots + 1, len(plan.on_s) - 1)
    gathered = (plan.params[after, SPEED] - plan.params[np.maximum(knots - 1, 0), SPEED]) / (2 * period)
    out += gathered[:, None]
    return out
