"""Fitted models: contact time, speed, braking, how far ahead the foot lands. All coefficients stand in this file.

All are linear, most in logarithms: the mean over steps is about the model of the means. Each answers None where an
input that it needs was not measured, and is clamped to what runners can do.

`rise_ms`, `contact_ms` and the speed (which goes into the record's last byte) see what the chain sees; the three
functions for a Step see only what its record holds. Height, mass and sex are taken by those three and not used: with
the runners there are, height and mass lowered no error on a runner not seen before, and all were men
(docs/lab/models.md).

Data      rbds: 16 runners at 2.5, 3.5, 4.5 m/s on a level force treadmill; alcantara: 1 runner, slopes, no gyroscope
How       `python -m formclip.lab.fitting`: each trace one point, its mean over steps; ordinary least squares, the speed
          by partial least squares with 5 components, the rows without gyroscope with both sets of the same weight
Errors    whole runners left out: initial contact 6 ms, contact time 8 ms, 14 ms without a gyroscope, speed 5 %,
          braking 0.021 m/s (r 0.3 to 0.7 between runners at one speed), heel 2 cm; docs/lab/models.md has all of them
"""

from math import exp, log

# -- fitted: written by `python -m formclip.lab.fitting --write`, not by hand
RISE = (-25.99, -31.75, 27.16)
RISE_NO_GYRO = (-40.89, -32.63, 36.01)
RISE_VERT = 13.61
CONTACT = (0.2424, 0.539, 0.287, -0.4066, 0.1438)
CONTACT_NO_GYRO = (0.5002, 0.6523, 0.2422, -0.2795, -0.3138)
CONTACT_VERT = (-3.416, 0.761, 0.844)
SPEED = (7.355, -1.062, 0.2554)
SPEED_ROUGH = (5.002, -0.5833, 0.6024)
SHAPE = (
    (-4.651, 3.273, -1.46, -1.534),
    (2.008, -1.215, -2.79, 2.541, -1.415, -15.29),
    (-0.4912, -0.2568, 1.586, -2.771, 5.07, -2.641),
)
BRAKE = (4.712, 0.7886, -1.335, -0.3572)
HEEL = (-4.651, 1.215, 1.168)
# -- end of fitted

_FEATURE_AT_1_MPS = 20  # the feature byte is 100 ln(speed in m/s) + 20: 0.82 to 10.3 m/s in steps of 1 %
_ROUGH = 0.35  # the shape may move the speed so far, in ln, from what cadence and force alone say


def _clamp(x, low, high):
    return low if x < low else high if x > high else x


def _sum(c, x1, x2, x3=0.0):
    return c[0] + c[1] * x1 + c[2] * x2 + (c[3] * x3 if len(c) > 3 else 0.0)


def rise_ms(fwd_g, peak_g, has_gyro=True):
    """How long after the contact the vertical force rises through 1 g, ms.

    In        fwd_g rms of the forward force in g or None, peak_g of the smoothed vertical force
    """
    if fwd_g is None or fwd_g < 0.05:
        return RISE_VERT
    return _clamp(_sum(RISE if has_gyro else RISE_NO_GYRO, log(fwd_g), log(peak_g)), -10.0, 80.0)


def contact_ms(period_ms, width_ms, fwd_g, peak_g, drop_range_deg):
    """Contact time, ms, 80..500.

    In        period_ms of a step; width_ms of the vertical force, 1 g upwards to 0.75 g downwards; fwd_g rms of the
              forward force or None; peak_g of the smoothed vertical force; drop_range_deg of the stride or None
    """
    w, t = log(width_ms), log(period_ms)
    if fwd_g is None or fwd_g < 0.05:
        x = _sum(CONTACT_VERT, t, w)
    elif drop_range_deg is None or drop_range_deg < 0.5:
        x = _sum(CONTACT_NO_GYRO, t, w, log(fwd_g)) + CONTACT_NO_GYRO[4] * log(peak_g)
    else:
        x = _sum(CONTACT, t, w, log(fwd_g)) + CONTACT[4] * log(drop_range_deg)
    return _clamp(exp(x), 80.0, 500.0)


def speed_score(period_ms, fwd_g, even, odd):
    """What `speed_feature` needs once the side is known: ln speed rough and fine, odd part; or None."""
    if fwd_g is None or fwd_g < 0.05:
        return None
    t, f = log(period_ms), log(fwd_g)
    return _sum(SPEED_ROUGH, t, f), _sum(SPEED, t, f) + even, odd


def speed_feature(score, side):
    """The record's feature byte. In: what speed_score gave, side +1 right, -1 left."""
    rough, fine, odd = score
    x = _clamp(fine + odd if side > 0 else fine - odd, rough - _ROUGH, rough + _ROUGH)
    return _clamp(100.0 * x + _FEATURE_AT_1_MPS, 0.0, 254.0)


def _log_speed(step):
    return 0.01 * (step.feature - _FEATURE_AT_1_MPS)


def speed_mps(step, height_cm=None, mass_kg=None, sex=None):
    """Running speed, m/s, from a Step restored from its record."""
    if step.feature is None:
        return None
    return _clamp(exp(_log_speed(step)), 1.0, 9.0)


def braking_mps(step, height_cm=None, mass_kg=None, sex=None):
    """Forward speed lost in each contact, m/s, positive, from a Step restored from its record."""
    if step.feature is None or not step.cadence_spm or not step.impact_g:
        return None
    return _clamp(exp(_sum(BRAKE, _log_speed(step), log(step.cadence_spm), log(step.impact_g))), 0.05, 0.6)


def heel_ahead_cm(step, height_cm=None, mass_kg=None, sex=None):
    """Heel ahead of the sacrum at contact, cm, from a Step restored from its record."""
    if step.feature is None or not step.contact_ms:
        return None
    return _clamp(exp(_sum(HEEL, _log_speed(step), log(step.contact_ms))), 5.0, 60.0)
