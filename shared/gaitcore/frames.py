"""Axes of the body and small vectors: the only place where mounting becomes body axes.

        up                 Body axes: forward, up, right (right = forward x up).
        |  forward         Sensor axes: x y z, however the clip is worn.
        | /                tilt_deg      front of the pelvis down, back arched: positive
        |/____ right       drop_deg      right side up: positive
                           rotation_deg  about up, left forward... only its range is used

Vectors are lists of three floats, in sensor axes: the mounting is forward, up and right in them.
"""

from math import sqrt


def dot(a, b):
    x, y, z = a
    d, e, f = b
    return x * d + y * e + z * f


def cross(a, b):
    x, y, z = a
    d, e, f = b
    return [y * f - z * e, z * d - x * f, x * e - y * d]


def unit(a):
    """a at length 1; up along y when a has no length."""
    x, y, z = a
    n = sqrt(x * x + y * y + z * z)
    return [x / n, y / n, z / n] if n > 1e-6 else [0.0, 1.0, 0.0]


def level(a, up):
    """The part of a that is level where up is up, at length 1."""
    x, y, z = up
    a, b, c = a
    d = a * x + b * y + c * z
    return unit([a - d * x, b - d * y, c - d * z])


def least_aligned(up):
    """The sensor axis nearest to level, as a heading reference while forward is not known."""
    k = 0
    for i in (1, 2):
        if abs(up[i]) < abs(up[k]):
            k = i
    a = [0.0, 0.0, 0.0]
    a[k] = 1.0
    return level(a, up)
