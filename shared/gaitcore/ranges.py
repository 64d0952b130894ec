"""How far the pelvis tilts, drops and rotates within a stride."""

from gaitcore.compat import FLOAT, np
from gaitcore.units import DEG

# Tangent of 15 deg: so far below the horizon lies the forward axis of the pelvis in running (Schache 1999: 15..20 deg).
_PELVIS_BELOW = 0.268
_BEND = 0.14  # rad in a stride: a bend, and no longer the pelvis's own wandering


def sway(up, head, forward, right):
    """Three rows (n,), radians: up along forward (less is more tilt), along right (drop), heading of the pelvis.

    In        up (3, n) in sensor axes, head (n,) turn about up, over a stride
    Differs   the heading is that of the pelvis's own forward axis: an axis below the horizon also shows turns about the
              level axis below it, so a part of the drop. What it gains in a stride, when more than a straight
              run's, is the way's and is taken out
    """
    x, y, z = right
    below = (-_PELVIS_BELOW * x, -_PELVIS_BELOW * y, -_PELVIS_BELOW * z)
    turned = np.dot(np.array([forward, right, below], dtype=FLOAT), up)
    turn = turned[2]
    turn += head
    n = len(turn)
    gain = float(turn[n - 1] - turn[0])
    if abs(gain) > _BEND:
        turn -= np.linspace(0.0, gain, n)
    return turned[0], turned[1], turn


def range_deg(row):
    """Maximum minus minimum of a row of radians."""
    return DEG * (np.max(row) - np.min(row))
