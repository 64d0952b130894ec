"""Tilt of the pelvis, and how far it tilts, drops and rotates within a stride."""

from math import atan2, sqrt

from gaitcore.compat import np
from gaitcore.frames import dot, mounting, unit
from gaitcore.units import DEG


def mean_up(ring, row, start, end):
    """Mean of the up vector over [start, end), sensor axes, length 1."""
    return unit([float(np.mean(ring.view(row + k, start, end))) for k in range(3)])


def tilt_deg(up, forward, upright):
    """Forward tilt of the pelvis in degrees against `upright`, given the mean up; all in sensor axes."""
    forward, upright, _ = mounting(forward, upright)
    return DEG * atan2(-dot(up, forward), dot(up, upright))


def range_along(ring, row, start, end, axis):
    """Range in degrees of the angle between up and `axis`, which is about level."""
    s = ring.view(row, start, end) * axis[0]
    s += ring.view(row + 1, start, end) * axis[1]
    s += ring.view(row + 2, start, end) * axis[2]
    return DEG * float(np.max(s) - np.min(s))


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


def rotation_range_deg(ring, head_row, up_row, start, end, lean):
    """Range in degrees of the heading of the pelvis."""
    x = ring.view(head_row, start, end)
    y = ring.view(head_row + 1, start, end)
    mx, my = float(np.mean(x)), float(np.mean(y))
    n = 1.0 / sqrt(mx * mx + my * my)
    s = y * (mx * n) - x * (my * n)
    for k in range(3):
        s += ring.view(up_row + k, start, end) * lean[k]
    return DEG * float(np.max(s) - np.min(s))
