"""Fitted models: contact time, speed, braking, how far ahead the foot lands. All coefficients stand in this file.

All are linear in logarithms, of few inputs. Each answers None where an input that it needs was not measured, and is
clamped to what runners can do. `rise_ms`, `contact_ms` and `push` see what the chain sees; the other functions are for
a Step and see only what its record holds: contact time, cadence, ranges and the push.

The push stands in the record's last byte: the speed that the pelvis's forward force and the shape of its stride mean
at 170 steps/min. It holds no period, so it tells a runner who slows down (less push) from one who overstrides (the same
push, fewer steps). Speed, braking and heel ahead are made of it and of the cadence.

Data      rbds: 21 runners at 2.5, 3.5, 4.5 m/s, and hamner: 6 runners at 2 to 5 m/s, on level force treadmills;
          alcantara: 1 runner, slopes, cadences apart from speed, no gyroscope
How       `python -m formclip.lab.fitting`: each trace one point, its mean over steps; inputs chosen inside folds of
          whole runners
Errors    docs/lab/models.md: of runners, and of whole groups, that had no part in any choice
"""

from math import exp, log

# -- fitted: written by `python -m formclip.lab.fitting --write`, not by hand
RISE = (-166.0, -25.89, 29.07, 24.16)
RISE_VERT = 21.54
CONTACT = (-2.248, -0.2632, 0.5226, 0.8985, -0.167, -0.0009367)
CONTACT_VERT = (-7.332, 0.5834, 1.828, -0.3708, -0.001738)
PUSH = (1.152, 0.304)
PUSH_NO_GYRO = (1.672, 0.6714)
SHAPE = (
    (-3.996, 0.05379, -1.898, -1.436),
    (1.538, -1.81),
    (0.7855, 0.8634),
)
PACE = 1.263
CURVE = (1.212, -0.2613)
HEIGHT = 1.132
BRAKE = (-2.505, 0.7418, -0.6745)
HEEL = (1.935, 0.4588, -0.6622, 0.3259)
HEEL_NO_GYRO = (2.292, 0.7238, -0.6582)
# -- end of fitted

AT_1_MPS = 20  # the feature byte is 100 times the push + 20: 0.82 to 10.3 m/s in steps of 1 %
LN_SPM = log(170.0)  # the cadence at which the push is the speed
MIDDLE_MPS = 3.0  # the speed at which a personal slope changes nothing
_LN_3 = log(MIDDLE_MPS)
_LN_CM = log(176.0)  # the mean height of the runners of the fit
_LEAST_G = 0.05  # a forward force below this is none
NOBODY = (0.0, 1.0)  # what `own` gives where nothing is known of the runner


def _clamp(x, low, high):
    return low if x < low else high if x > high else x


def rise_ms(period_ms, fwd_g, peak_g):
    """How long after the contact the vertical force rises through 1 g, ms.

    In        period_ms of a step, fwd_g rms of the forward force in g or None, peak_g of the smoothed vertical force
    """
    if fwd_g is None or fwd_g < _LEAST_G:
        return RISE_VERT
    c = RISE
    return _clamp(c[0] + c[1] * log(fwd_g) + c[2] * log(peak_g) + c[3] * log(period_ms), -10.0, 80.0)


def contact_ms(period_ms, width_ms, peak_ms, fwd_g, vo_cm):
    """Contact time, ms, 80..500, or None.

    In        period_ms of a step; width_ms of the vertical force above 1 g, peak_ms from there to its peak; fwd_g rms
              of the forward force or None; vo_cm vertical oscillation or None
    """
    if not vo_cm or vo_cm < 0.5:
        return None
    w, t, v = log(width_ms), log(period_ms), log(vo_cm)
    if fwd_g is None or fwd_g < _LEAST_G:
        c = CONTACT_VERT
        x = c[0] + c[1] * w + c[2] * t + c[3] * v + c[4] * peak_ms
    else:
        c = CONTACT
        x = c[0] + c[1] * log(fwd_g) + c[2] * w + c[3] * t + c[4] * v + c[5] * peak_ms
    return _clamp(exp(x), 80.0, 500.0)


def push(fwd_g, even, odd):
    """What `feature` needs once the side is known: (push without the odd part, odd part), or None.

    In        fwd_g rms of the forward force; even, odd of the shape, None for both without a gyroscope
    """
    if fwd_g is None or fwd_g < _LEAST_G:
        return None
    if even is None:
        return PUSH_NO_GYRO[0] + PUSH_NO_GYRO[1] * log(fwd_g), 0.0
    return PUSH[0] + PUSH[1] * log(fwd_g) + even, odd


def feature(pushed, side):
    """The record's last byte. In: what `push` gave, side +1 right, -1 left, 0 unknown."""
    return _clamp(100.0 * (pushed[0] + side * pushed[1]) + AT_1_MPS, 0.0, 254.0)


def own(height_cm=0, scale_permille=1000, slope_permille=1000):
    """What is known of the runner, for the models of a Step: a known distance, or else the height.

    In        height_cm 0 where unknown; speed_scale_permille and speed_slope_permille of the settings
    Source    height: speeds of alike runners are as the square roots of their lengths, times too (Froude); no more
              was fitted than the exponents of the times
    """
    if scale_permille != 1000 or slope_permille != 1000:
        return log(scale_permille / 1000), slope_permille / 1000
    if height_cm:
        return HEIGHT * (log(height_cm) - _LN_CM), 1.0
    return NOBODY


def _log_speed(step, known):
    """ln of the speed, and of the push, both as this runner's."""
    pushed = 0.01 * (step.feature - AT_1_MPS)
    plain = pushed + PACE * (log(step.cadence_spm) - LN_SPM)
    off = plain - CURVE[0]
    plain += CURVE[1] * off * off
    speed = known[0] + _LN_3 + known[1] * (plain - _LN_3)
    return speed, pushed + speed - plain


def speed_mps(step, known=NOBODY):
    """Running speed, m/s, from a Step restored from its record; known: what `own` gives."""
    if step.feature is None or not step.cadence_spm:
        return None
    return _clamp(exp(_log_speed(step, known)[0]), 0.5, 12.0)


def braking_mps(step, known=NOBODY):
    """Forward speed lost in each contact, m/s, positive, from a Step restored from its record: an index."""
    if step.feature is None or not step.cadence_spm:
        return None
    c = BRAKE
    x = c[0] + c[1] * _log_speed(step, known)[1] + c[2] * (log(step.cadence_spm) - LN_SPM)
    return _clamp(exp(x), 0.03, 0.8)


def heel_ahead_cm(step, known=NOBODY):
    """Heel ahead of the sacrum at contact, cm, from a Step restored from its record."""
    if step.feature is None or not step.cadence_spm:
        return None
    pushed, slower = _log_speed(step, known)[1], log(step.cadence_spm) - LN_SPM
    drop = step.drop_range_deg
    if drop:
        c = HEEL
        x = c[0] + c[1] * pushed + c[2] * slower + c[3] * log(drop)
    else:
        c = HEEL_NO_GYRO
        x = c[0] + c[1] * pushed + c[2] * slower
    return _clamp(exp(x), 4.0, 80.0)
