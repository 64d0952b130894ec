"""Tilt of the pelvis, and how far it tilts, drops and rotates within a stride."""

from math import atan2, sqrt

from gaitcore.compat import FLOAT, np
from gaitcore.frames import dot, mounting, unit
from gaitcore.units import DEG

_BEND = 0.14  # rad in a stride: a bend, and no longer the pelvis's own wandering


def mean_up(ring, row, start, end):
    """Mean of the up vector over [start, end), sensor axes, length 1."""
    return unit(np.mean(ring.rows(row, row + 3, start, end), axis=1).tolist())


def tilt_deg(up, forward, upright):
    """Forward tilt of the pelvis in degrees against `upright`, given the mean up; all in sensor axes."""
    forward, upright, _ = mounting(forward, upright)
    return DEG * atan2(-dot(up, forward), dot(up, upright))


def heading_lean(reference, course, up, forward, right, below):
    """Vector v such that heading of the pelvis = heading of `reference` + up(t) . v, for small turns.

    The heading of an axis that is not level also takes part in turns about the level axis below it. The pelvis's own
    forward axis lies `below` (tangent) the horizon; `reference` lies where it was mounted.
    """
    high = dot(reference, up)
    high = high / sqrt(max(0.1, 1.0 - high * high))
    c, s = course
    a, b = -(below + c * high), s * high
    return [a * right[k] + b * forward[k] for k in range(3)]


def sway(ring, up_row, head_row, start, end, forward, right, lean):
    """Three rows over [start, end), radians: up along forward (less is more tilt), along right (drop), heading.

    Over a whole stride; what the heading gains in it, when more than a straight run's, is the way's and is taken out.
    """
    up = ring.rows(up_row, up_row + 3, start, end)
    rows = np.dot(np.array([forward, right, lean], dtype=FLOAT), up)
    x = ring.view(head_row, start, end)
    y = ring.view(head_row + 1, start, end)
    mx, my = float(np.mean(x)), float(np.mean(y))
    n = 1.0 / sqrt(mx * mx + my * my)
    turn = rows[2]
    turn += y * (mx * n)
    turn -= x * (my * n)
    gain = float(turn[len(turn) - 1] - turn[0])
    if abs(gain) > _BEND:
        turn -= np.linspace(0.0, gain, len(turn))
    return rows[0], rows[1], turn


def range_deg(row):
    """Maximum minus minimum of a row of radians."""
    return DEG * float(np.max(row) - np.min(row))
