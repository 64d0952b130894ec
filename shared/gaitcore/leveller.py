"""Chooses the windows over which specific force is summed, and what the sum may be trusted for."""

from math import sqrt

from gaitcore import attitude as att
from gaitcore.compat import FLOAT, np

# velocity scatter [g s] and its drift [g s per sqrt(s)] by what the wearer does
_STILL = (0.002, 0.001)
_STRIDE = (0.008, 0.005)
_OTHER = (0.1, 0.02)
_SPEED = 0.3  # g s: about 3 m/s, until turns have told
_SPEED_SIGMA = 0.12
_TURN = 0.06  # rad: smaller changes of heading are the pelvis's own
_END = 3  # samples, 58 ms


class Leveller:
    """Keeps an Attitude level from the ring of its own output.

    Theory of operation. Standing still each hop is a window, running each whole stride, otherwise each second. In a
    turn the velocity vector of a runner turns with the body: the change that the speed and the turn of the heading
    predict is taken out of the sum first. The speed for that is learned from the turns themselves.

    Settings  ring, attitude, rate_hz, hop_samples
    In        update(mode, period): STILL, STRIDE or OTHER, samples per step; blind(): the newest hop is not to be
              trusted restart(): what is in the ring before its end is not to be used course: cosine and sine of the
              angle from the heading reference to forward, None while not known
    Out       nothing; attitude and the ring's newest samples are turned
    Latency   one stride
    """

    STILL, STRIDE, OTHER = 0, 1, 2

    def __init__(self, ring, attitude, rate_hz, hop_samples):
        self._ring = ring
        self._attitude = attitude
        self._rate = self._hz = rate_hz
        self._hop = hop_samples
        self.reset()

    def tune(self, rate_hz):
        self._hz = rate_hz

    def reset(self):
        self._from = 0
        self._mode = self.OTHER
        self._head = None
        self.course = None
        self.speed = _SPEED
        self._speed_var = _SPEED_SIGMA * _SPEED_SIGMA
        self.turn_floor = 0.2  # rad/s: slower turns are not told from the gyroscope's bias
        self._straight = 0.0

    def restart(self):
        self._from = self._ring.end
        self._head = None

    def shift(self, n):
        """The ring counts anew."""
        self._from -= n

    def blind(self):
        self._from = self._ring.end
        self._head = None
        self._attitude.forget_velocity(0.1)

    def update(self, mode, period):
        ring = self._ring
        if mode != self._mode:
            # what waits belongs to the old mode or to the change
            if ring.end - self._from >= self._hop:
                self._window(ring.end - self._from, _OTHER, False)
            self._attitude.forget_velocity(0.02 if mode == self.STILL else 0.3)
            self._mode = mode
            self._head = None
            return
        if mode == self.STILL:
            n, trust = self._hop, _STILL
        elif mode == self.STRIDE:
            n, trust = int(2.0 * period + 0.5), _STRIDE
        else:
            n, trust = self._rate, _OTHER
        while ring.end - self._from >= n:
            self._window(n, trust, mode == self.STRIDE)

    def _window(self, n, trust, turns):
        ring, a = self._ring, self._attitude
        p = max(self._from, ring.start)
        end = p + n
        if end > ring.end:
            end = ring.end
            n = end - p
        t = n / self._hz
        buf, o = ring.buf, ring.base
        ex, ey = np.mean(buf[:2, p - o : end - o], axis=1).tolist()  # LEVEL_X and LEVEL_Y
        sigma, drift = trust
        if turns:
            self._turn(end, t, ex * t, ey * t, sigma)
        dx, dy = a.correct(ex, ey, t, sigma, drift, 0.0 if a.has_gyro else 0.02)
        self._from = end
        if end < ring.end:
            p, end = end - o, ring.end - o
            rows = buf[:2, p:end]
            rows -= np.dot(np.array(((dx,), (dy,)), dtype=FLOAT), buf[att.VERT : att.UP_X, p:end])

    def _turn(self, end, seconds, gained_x, gained_y, sigma):
        """Take the velocity's own turn out of the running sum, and learn the speed from what is left."""
        ring, a = self._ring, self._attitude
        # the heading where the window ends: one stride later the pelvis is at the same place of its own rotation
        head = np.mean(ring.view(att.HEAD, end - _END, end))
        hx, hy = a.heading(head)
        old = self._head
        self._straight += seconds
        if old is None or self.course is None:
            self._head = (hx, hy)
            self._straight = 0.0
            return
        dx, dy = hx - old[0], hy - old[1]
        d2 = dx * dx + dy * dy
        if d2 < _TURN * _TURN and self._straight < 6.0:
            return
        self._head = (hx, hy)
        slow = d2 < (self.turn_floor * self._straight) ** 2
        self._straight = 0.0
        if slow:
            return
        # forward lies at this angle from the heading reference
        c, s = self.course
        dx, dy = dx * c - dy * s, dy * c + dx * s
        a.vx -= self.speed * dx
        a.vy -= self.speed * dy
        var = self._speed_var
        gain = var / (var * d2 + a.p_vv + sigma * sigma)
        more = gain * ((a.vx + gained_x) * dx + (a.vy + gained_y) * dy)
        more = max(-0.1, min(0.1, more))
        a.vx -= more * dx
        a.vy -= more * dy
        self.speed = max(0.1, min(0.7, self.speed + more))
        var *= 1.0 - gain * d2
        a.p_vv += (var + (0.3 * self.speed) ** 2) * d2  # the path is never quite the heading
        self._speed_var = var + 0.00002
        a.loosen(0.01 * sqrt(d2))
