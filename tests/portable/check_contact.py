"""A stance by formula: the same contact, braking and score of the stride on every interpreter."""

from math import cos, pi, sin

from gaitcore import models
from gaitcore.compat import FLOAT, np
from gaitcore.contact import Contact
from gaitcore.shape import Shape
from portable import near

RATE = 104
PERIOD = 36.4
ONSET = 15.3
WIDTH = 26.0


def vert(i):
    x = (i - ONSET) / WIDTH
    return 2.2 * sin(pi * x) if 0.0 < x < 1.0 else 0.0


def fwd(i):
    return -0.6 * sin(2.0 * pi * (i - ONSET) / PERIOD)


n = int(1.7 * PERIOD)
contact = Contact(RATE)
assert contact.measure(
    np.array([vert(i) for i in range(n)], dtype=FLOAT), np.array([fwd(i) for i in range(n)], dtype=FLOAT), ONSET, PERIOD
)
near(contact.rise, 19.277, 0.02)
near(contact.width_ms, 173.52, 0.5)
near(contact.peak_ms, 64.65, 0.5)
near(contact.fwd_g, 0.4223, 2e-3)
near(contact.impact_g, 2.165, 5e-3)
near(contact.period_ms, 350.0, 0.01)
assert contact.on < contact.rise
near(contact.pelvis_loss_mps, 0.6454, 5e-3)
told = models.contact_ms(350.0, contact.width_ms, contact.peak_ms, contact.fwd_g, 9.0)
near(contact.contact_ms(9.0), told, 1e-3)
assert contact.contact_ms(None) is None
assert not contact.measure(np.ones(n, dtype=FLOAT), None, ONSET, PERIOD)

shape = Shape(RATE, ((1.0, 0.0, 0.0, 2.0), (0.5, 1.0), (0.0, 0.25)))
shape.aim(100.0, PERIOD)
m = shape.end - shape.start
assert m == 73 and shape.start == 80
at = [2.0 * pi * (i + shape.start - 100.0) / m for i in range(m)]
tilt = np.array([0.1 * cos(2 * a) + 0.05 * sin(4 * a) for a in at], dtype=FLOAT)
drop = np.array([0.08 * cos(a) + 0.02 * sin(a) for a in at], dtype=FLOAT)
turn = np.array([0.1 * sin(a) for a in at], dtype=FLOAT)
# a force to the right of 0.2 sin(a), with forward along (0.6, 0.8) of the level axes
x = np.array([0.2 * 0.8 * sin(a) for a in at], dtype=FLOAT)
y = np.array([-0.2 * 0.6 * sin(a) for a in at], dtype=FLOAT)
shape.measure(-tilt, drop, turn, x, y, 0.6, 0.8)
near(shape.even, 0.1 + 2.0 * 0.05, 1e-3)
near(shape.odd, 0.5 * 0.08 + 0.02 + 0.25 * 0.2, 1e-3)
near(shape.side, 35.0 * 0.08 - 27.5 * 0.1, 1e-2)

pushed = models.push(0.5, 0.3, 0.05)
near(models.feature(pushed, 1) - models.feature((pushed[0], -0.05), -1), 0.0, 1e-4)
near(models.feature(pushed, 1) - models.feature(pushed, -1), 10.0, 1e-2)
print("ok")
