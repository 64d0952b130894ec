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


def rotation_range_deg(ring, row, start, end):
    """Range in degrees of the heading, the change over the window (a turn) taken out."""
    x = ring.view(row, start, end)
    y = ring.view(row + 1, start, end)
    mx, my = float(np.mean(x)), float(np.mean(y))
    n = 1.0 / sqrt(mx * mx + my * my)
    s = y * (mx * n) - x * (my * n)
    return DEG * float(np.max(s) - np.min(s))
