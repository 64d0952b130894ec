"""One step measured from the ring: everything but when it is given out."""

from gaitcore import models
from gaitcore.attitude import HEAD, UP_X, VERT
from gaitcore.compat import cells, np
from gaitcore.contact import Contact
from gaitcore.frames import cross, dot, level
from gaitcore.oscillation import Oscillation
from gaitcore.ranges import range_deg, sway
from gaitcore.shape import Shape

LEFT, RIGHT, UNKNOWN = 0, 1, 2

_SURE = 30  # steps after which every third serves to know forward; an odd number, so that both feet do
_ELSEWHERE = 0.12  # of a period: what is so far from where the contacts before it lay is the rise of something else
_STRANGE = 3  # so many in a row are no accident
LATEST = 0.72  # of a stride: so long after the contact its window ends, for the sake of timely cues


class Step:
    """One step in physical units; None where it could not be measured.

    on_ms int (initial contact, ms of the sample clock), contact_ms, cadence_spm, tilt_deg (relative
    to standing, positive = arched), tilt_range_deg, drop_range_deg, rotation_range_deg, vo_cm,
    pelvis_loss_mps, impact_g, sway_cm (from side to side in a stride; one step in four), feature 0..255 floats,
    side LEFT RIGHT UNKNOWN, flags bits.
    """

    # the class holds what was not measured: a step of the board sets only what was
    on_ms = 0
    contact_ms = cadence_spm = tilt_deg = None  # type: float
    tilt_range_deg = drop_range_deg = rotation_range_deg = None  # type: float
    vo_cm = pelvis_loss_mps = impact_g = sway_cm = feature = None  # type: float
    push = None  # type: tuple
    side = UNKNOWN
    flags = 0


class StepMeter:
    """Measures a step around its approximate contact, and learns which way is forward.

    Settings  ring and attitude that fill it, rate_hz
    In        measure(t, period, stride, follows, side): approximate contact (ring index), samples of this step
              and of a stride, whether another step follows it, SideVote that is given the scores
    Out       Step or None when the ring does not hold it; on: contact (float ring index); up, step_up: means of up
              over the stride and over this step alone; whole: the stride was there; forward in sensor axes and
              course (see Leveller), None while not known
    Differs   forward: the level force is summed against the vertical velocity. It points aft while the body sinks
              and fore while it rises, in every running gait; what goes sideways changes sign from step to step and
              cancels
    """

    def __init__(self, ring, attitude, rate_hz):
        self._ring = ring
        self._attitude = attitude
        self._contact = Contact(rate_hz)
        self._oscillation = Oscillation(rate_hz)
        self._shape = Shape(rate_hz, models.SHAPE)
        self._way, self._way_row = cells(1, 2)
        self.reset()

    def tune(self, rate_hz):
        self._contact.tune(rate_hz)
        self._oscillation.tune(rate_hz)

    def reset(self):
        self._shape.reset()
        self._contact.reset()
        self.forward = self.course = self.up = None
        self._vo_cm = None  # of the last step that had one: the last of a bout has none
        self.last = 0
        self.on = 0.0
        self._lead = None  # the contact lies so many samples before the approximate one
        self._strange = 0
        self._sum = [0.0, 0.0, 0.0]
        self._steps = 0

    def measure(self, t, period, stride, follows, side):
        ring, contact = self._ring, self._contact
        start = max(ring.start, int(t - 0.4 * period) - 1)
        end = min(ring.end, int(t + 1.25 * period) + 2)
        # the stride from a little before this contact on; the one around it where there was no other after it
        after = LATEST * stride if follows else 0.5 * stride
        s0 = max(ring.start, int(t + after - stride + 0.5))
        s1 = min(ring.end, s0 + int(stride + 0.5))
        if end - t < 0.45 * period or s1 - s0 < period:
            return None
        self.last = s1
        step = Step()
        attitude, buf, o = self._attitude, ring.buf, ring.base
        # means over a stride: up, its length within 0.3 % of one, and the heading
        x, y, z, mean_head = np.mean(buf[UP_X:, s0 - o : s1 - o], axis=1).tolist()
        up = self.up = [x, y, z]
        hx, hy = attitude.heading(mean_head)
        # oscillation over this step alone, so that left and right may differ
        on = t - (self._lead or 0.0)
        i, j = max(s0, int(on + 0.5)), min(s1, int(on + period + 0.5))
        if j - i > 0.95 * period - 1.0:
            step.vo_cm = self._oscillation.measure(buf[VERT, s0 - o : s1 - o], i - s0, j - s0, stride)
        self.step_up = np.mean(buf[UP_X:HEAD, i - o : j - o], axis=1).tolist()
        n = self._steps = self._steps + 1
        if step.vo_cm is not None and (n < _SURE or n % 3 == 0):
            self._learn_forward(buf[:2, s0 - o : s1 - o], up, hx, hy)
        f = self.forward
        fwd = None
        if f:
            c, s = self.course
            fx, fy = hx * c - hy * s, hy * c + hx * s
            way = self._way
            way[0] = fx
            way[1] = fy
            fwd = np.dot(self._way_row, buf[:2, start - o : end - o])[0]
        self.on = on
        good = contact.measure(buf[VERT, start - o : end - o], fwd, t - start, period)
        if good:
            lead = t - start - contact.on
            if self._lead is None or self._strange > _STRANGE:
                self._lead = lead
            more = lead - self._lead
            self._lead += 0.1 * more
            good = abs(more) < _ELSEWHERE * period
            self._strange = 0 if good else self._strange + 1
        if good:
            self.on = t - lead
            step.impact_g = contact.impact_g
            step.pelvis_loss_mps = contact.pelvis_loss_mps
        self.whole = s1 - s0 > 0.95 * stride
        if f and attitude.has_gyro and self.whole and n & 3 == 1:
            # one step in four: it is a stride's, and a run has some thousand of them
            way[0] = -fy
            way[1] = fx
            across = np.dot(self._way_row, buf[:2, s0 - o : s1 - o])[0]
            step.sway_cm = self._oscillation.measure(across, 0, s1 - s0, stride)
        if f and attitude.has_gyro and self.whole:
            f = level(f, up)
            shape = self._shape
            shape.aim(start + contact.rise if good else t, period)
            b, e = shape.start, shape.end
            fits = b >= ring.start and e <= ring.end
            if not fits:
                b, e = s0, s1
            b -= o
            e -= o
            tilt, drop, turn = sway(buf[UP_X:HEAD, b:e], buf[HEAD, b:e], f, cross(f, up))
            step.tilt_range_deg = range_deg(tilt)
            step.drop_range_deg = range_deg(drop)
            step.rotation_range_deg = range_deg(turn)
            if fits:
                shape.measure(tilt, drop, turn, buf[0, b:e], buf[1, b:e], fx, fy)
                side.score(shape.side)
                if good:
                    step.push = models.push(contact.fwd_g, shape.even, shape.odd)
        elif good and not attitude.has_gyro:
            step.push = models.push(contact.fwd_g, None, None)
        if good:
            if step.vo_cm is not None:
                self._vo_cm = step.vo_cm
            step.contact_ms = contact.contact_ms(self._vo_cm)
        return step

    def _learn_forward(self, level_xy, up, hx, hy):
        v = self._oscillation.velocity()
        cx = np.dot(level_xy[0], v)
        cy = np.dot(level_xy[1], v)
        ref = level(self._attitude.reference, up)
        left = cross(up, ref)
        p, q = cx * hx + cy * hy, cy * hx - cx * hy
        s = self._sum
        for k in range(3):
            s[k] = 0.97 * s[k] + p * ref[k] + q * left[k]
        if self._steps > 1:
            f = self.forward = level(s, up)
            self.course = (dot(f, ref), dot(f, left))
