"""Inclination: gyroscope propagation, corrected by the specific force summed over whole strides.

Theory of operation. An orientation is carried by the gyroscope alone. In that frame the specific force of a
stride sums to gravity times its duration plus the change of velocity. A runner's velocity hardly changes from stride to
stride, so the level part of the running sum `v` should stay near zero; what it gathers is tilt error. A Kalman filter
of three states per level axis (velocity error, tilt error, gyroscope bias) reads the tilt and the bias from it. Both
axes have the same covariance, so it is kept once. A start, a stop or a knock shows as an innovation too large for the
model: it is taken as a change of velocity and leaves the tilt alone.
"""

from math import atan2, cos, pi, sin, sqrt

from gaitcore.compat import FLOAT, cells, np, one, put, scale, sosfilt
from gaitcore.frames import cross, dot, least_aligned, unit
from gaitcore.units import RAD

# Rows that propagate() fills.
LEVEL_X, LEVEL_Y, VERT, UP_X, UP_Y, UP_Z, HEAD = 0, 1, 2, 3, 4, 5, 6
ROWS = 7

_MOST_VELOCITY = 0.6  # g s, 6 m/s: no runner changes speed by more
_FAR = 0.4  # rad within a piece: beyond that the series are cut in two
_SETTLE = 0.25  # of a hop: the offset of the heading follows within a second

# y[k] = x[0] + ... + x[k-1] + x[k] / 2: what a rate has turned by the middle of sample k (trapezoid rule)
_TO_MIDDLE = np.array([[0.5, 0.5, 0.0, 1.0, -1.0, 0.0]], dtype=FLOAT)
_FROM_ZERO = np.zeros((1, 2), dtype=FLOAT)
_ONE, _HALF, _MINUS = one(1.0), one(0.5), one(-1.0)
_SIXTH, _24TH = one(-1.0 / 6.0), one(1.0 / 24.0)


class _Piece:
    """Rate w, rotation s and force f of n samples in a row, and the views that products take, made once."""

    def __init__(self, n):
        self.n = n
        # rows x y z of the rate, then x y z x y of the force: the first six are what a sensor gives
        self.rows = np.zeros((8, n), dtype=FLOAT)
        w, f = self.rows[:3], self.rows[3:]
        self.w = w, w.reshape((3 * n,)), w[0], w[1], w[2]
        # with rows 1:4 and 2:5 of two vectors x y z x y a cross product is two products
        s = np.zeros((5, n), dtype=FLOAT)
        self.s = s, s[:3], s[1:4], s[2:5], s[3:], s[:2]
        self.f = f[:3], f[1:4], f[2:5], f[3:], f[:2]
        self.xyz = s[0], s[1], s[2]
        self.q, self.last = s[:4], s[3]
        self.product = np.zeros((3, n), dtype=FLOAT)  # one after the other is worked out in it


class Attitude:
    """Orientation of the sensor against a level frame whose heading is free.

    Within a hop the rotation since its start is a vector, the integral of the rate; at its end half its cross product
    with the rate, summed, is added (Bortz's equation to second order): what does not go on to the next hop is left
    without, 0.2 deg in running. What the vector does to another is Rodrigues' formula, sine and cosine as series (to
    the fourth power: 1e-4 off at the most). So no loop over samples is needed. Where a hop turns by more than the
    series take, it is halved.

    Settings  rate_hz int; hop_samples; has_gyro
    In        force, rate: (3, n) FLOAT, g and dps of one hop, to be filled; propagate makes rates less the bias, in rad
              a sample, of the latter. sensor (6, n): both, the rate first
              propagate(out): out (7, n) is filled: specific force along two level axes and along up [g], up in sensor
              axes, and how far the sensor has turned about up [rad]
              correct(ex, ey, seconds, sigma): mean level specific force over a window [g], sigma of velocity [g s]
    Out       up, level_x, level_y: the axes in sensor axes at the end of the last block; p_tt rad^2, variance of tilt;
              heading(mean of a HEAD row): direction of the sensor axis `reference` in the level frame, cosine and sine
    Latency   none. State: quaternion, bias, 2 velocities, 6 covariances
    Source    Bortz, IEEE Trans Aerosp Electron Syst 1971, AES-7:61, eq 8 and Savage, J Guid Control Dyn 1998, 21:19 for
              the propagation; Mahony, Hamel, Pflimlin, IEEE Trans Autom Control 2008, 53:1203 is the usual
              correction; the sum over strides is our own
    Differs   Bortz's term of third order is left out: below 0.1 deg in a hop of running
    """

    def __init__(self, rate_hz, hop_samples, has_gyro=True):
        self.rate_hz = rate_hz
        self.has_gyro = has_gyro
        self._hop = hop = _Piece(hop_samples)
        self.sensor, self.rate, self.force = hop.rows[:6], hop.w[0], hop.f[0]
        # what a hop's products take beside the hop: a column, the axes as rows, a matrix of up
        self._numbers, cells_ = cells(1, 24)
        flat = cells_[0]
        self._column = flat[:3].reshape((3, 1))
        self._rows, self._row = flat[3:12].reshape((3, 3)), flat[9:12].reshape((1, 3))
        self._matrix = flat[12:].reshape((3, 4))
        self._rad = k = RAD / rate_hz  # per sample, of a rate in dps
        self._k = one(k)
        self._part = None  # for hops that turn too far
        self.reset()

    def tune(self, rate_hz):
        """Samples come at this rate, which is a little off the nominal."""
        self._rad = self._k[0] = RAD / rate_hz

    def reset(self):
        self._w, self._x, self._y, self._z = 1.0, 0.0, 0.0, 0.0
        self._turned = np.zeros((1, 2), dtype=FLOAT)
        self._offset = 0.0  # heading of `reference` less what HEAD says, smoothed
        self._fresh = True
        self.bias_dps = [0.0, 0.0, 0.0]
        self.reference = [1.0, 0.0, 0.0]
        self.vx = self.vy = 0.0
        self._axes()
        self.forget(0.35, 3.0 * RAD if self.has_gyro else 0.0)

    def forget(self, tilt_rad, bias_rad):
        """Start the covariance anew: what is known of tilt and bias now, and nothing of the velocity."""
        self.p_vv, self.p_vt, self.p_vb = 1.0, 0.0, 0.0
        self.p_tt, self.p_tb, self.p_bb = tilt_rad * tilt_rad, 0.0, bias_rad * bias_rad
        self.vx = self.vy = self._excess = 0.0

    def forget_velocity(self, sigma):
        """The velocity may have changed by sigma [g s], or was not seen: keep tilt and bias."""
        self.p_vv += sigma * sigma

    def loosen(self, tilt_rad):
        """The orientation may have moved unseen by so much, as over lost samples."""
        self.p_tt += tilt_rad * tilt_rad

    def align(self, up, keep_heading=False):
        """Take up, in sensor axes, as vertical; keep_heading: by the least turn from the present frame."""
        up = unit(up)
        if keep_heading and dot(up, self.up) > 0.5:
            x, y = dot(up, self.level_x), dot(up, self.level_y)
            z = dot(up, self.up)
            self._tilt(2.0 * y / (1.0 + z), -2.0 * x / (1.0 + z))
            return
        # shortest rotation from up to (0, 0, 1)
        x, y, z = up
        w = sqrt(0.5 * (1.0 + abs(z)))
        if z >= 0.0:
            self._w, self._x, self._y, self._z = w, 0.5 * y / w, -0.5 * x / w, 0.0
        else:
            # half a turn about x first
            self._w, self._x, self._y, self._z = 0.5 * y / w, w, 0.0, 0.5 * x / w
        self.reference = least_aligned(up)
        self._fresh = True
        self._axes()

    def _axes(self):
        w, x = self._w, self._x
        y, z = self._y, self._z
        self.level_x = [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)]
        self.up = [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)]
        self.level_y = cross(self.up, self.level_x)

    def _tilt(self, rx, ry):
        """Turn the frame by the small rotation (rx, ry, 0), level axes, radians."""
        s = 1.0 / sqrt(1.0 + 0.25 * (rx * rx + ry * ry))
        hx, hy = 0.5 * rx * s, 0.5 * ry * s
        w, x = self._w, self._x
        y, z = self._y, self._z
        self._w = s * w - hx * x - hy * y
        self._x = s * x + hx * w + hy * z
        self._y = s * y + hy * w - hx * z
        self._z = s * z + hx * y - hy * x
        self._axes()

    def settle_heading(self):
        """The hop just propagated was one of standing still: what the gyroscope shows about the vertical is bias."""
        u, b = self.up, self.bias_dps
        rate = np.mean(self.rate, axis=1).tolist()
        d = 0.06 * dot(rate, u) / self._rad
        for k in range(3):
            b[k] += d * u[k]

    def heading(self, mean_head):
        angle = mean_head + self._offset
        return cos(angle), sin(angle)

    def propagate(self, out):
        if not self.has_gyro:
            acc, u, ref = self.force, self.up, self.reference
            for row, axis in ((LEVEL_X, self.level_x), (LEVEL_Y, self.level_y), (VERT, u)):
                out[row] = acc[0] * axis[0] + acc[1] * axis[1] + acc[2] * axis[2]
            for k in range(3):
                out[UP_X + k] = u[k]
            out[HEAD] = 0.0
            self._offset = atan2(dot(self.level_y, ref), dot(self.level_x, ref))
            return
        rate, numbers = self.rate, self._numbers
        numbers[0], numbers[1] = self.bias_dps[0], self.bias_dps[1]
        numbers[2] = self.bias_dps[2]
        rate -= self._column
        scale(rate, self._k)
        last = self._turn(self._hop, out)
        # the heading of one axis also swings with the pelvis's lean; on average over a stride it turns as the body
        ref = self.reference
        offset = atan2(dot(self.level_y, ref), dot(self.level_x, ref)) - last - self._offset
        offset -= 2.0 * pi * int(offset / (2.0 * pi) + (0.5 if offset > 0.0 else -0.5))
        self._offset += offset if self._fresh else _SETTLE * offset
        self._fresh = False

    def _turn(self, piece, out):
        """One piece of n samples, their rates less the bias in piece.w [rad a sample]; the last of the HEAD row."""
        n, dot, numbers = piece.n, np.dot, self._numbers
        w3, flat, wx, wy, wz = piece.w
        # one call of the filter for the three rows; what a row has gathered is taken off the next
        px, py, pz = np.sum(w3, axis=1).tolist()
        y, _ = sosfilt(_TO_MIDDLE, flat, zi=_FROM_ZERO)
        y = y.reshape((3, n))
        numbers[0] = 0.0
        numbers[1] = px
        numbers[2] = px + py
        y -= self._column
        s, s3, sa, sb, again, two = piece.s
        s -= s  # as compat.put does, less the call
        s3 += y
        again += two
        sx, sy, sz = piece.xyz
        cx = dot(sy, wz) - dot(sz, wy)
        cy = dot(sz, wx) - dot(sx, wz)
        cz = dot(sx, wy) - dot(sy, wx)
        # sine over angle, less half the cosine's part, cosine
        y *= y  # y is s3, and is not needed any more
        t = np.sum(y, axis=0)
        if n > 1 and np.max(t) > _FAR * _FAR:
            return self._halves(piece, out)
        a = t * _SIXTH
        a += _ONE
        b = t * _24TH
        b -= _HALF
        t *= b
        t += _ONE
        # specific force, turned to where the piece began and from there to level
        f3, fa, fb, again, two = piece.f
        again -= again
        again += two
        product = piece.product
        product -= product
        product += s3
        product *= f3
        d = np.sum(product, axis=0)
        d *= b
        x = sa * fb
        product -= product
        product += sb
        product *= fa
        x -= product
        x *= a
        product -= product
        product += s3
        product *= d
        x -= product
        product -= product
        product += f3
        product *= t
        x += product
        self._write_axes(numbers)
        out -= out
        rows = out[:3]
        rows += dot(self._rows, x)
        # up, turned the other way: its part along the rotation, its cross product with it, and along itself
        d = dot(self._row, s3)
        d *= b
        product -= product
        product += s3
        product *= d
        scale(s3, a)
        last = piece.last
        last -= last
        last += t
        x, y, z = self.up
        numbers[13], numbers[14] = -z, y  # rows 0 -z y x, z 0 -x y, -y x 0 z
        numbers[15] = numbers[21] = x
        numbers[16], numbers[18] = z, -x
        numbers[19], numbers[20] = y, -y
        numbers[23] = z
        up = dot(self._matrix, piece.q)
        up -= product
        rows = out[3:6]
        rows += up
        up *= w3
        d = np.sum(up, axis=0)
        y, self._turned = sosfilt(_TO_MIDDLE, d, zi=self._turned)
        rows = out[HEAD]
        rows += y
        self._carry(px + 0.5 * cx, py + 0.5 * cy, pz + 0.5 * cz)
        return float(y[n - 1])

    def _write_axes(self, into):
        """The axes as rows, from the fourth number on."""
        x, y, z = self.level_x
        into[3], into[4] = x, y
        into[5] = z
        x, y, z = self.level_y
        into[6], into[7] = x, y
        into[8] = z
        x, y, z = self.up
        into[9], into[10] = x, y
        into[11] = z

    def _halves(self, piece, out):
        n = piece.n
        for a, b in ((0, n // 2), (n // 2, n)):
            part = self._part
            if part is None or part.n != b - a:
                part = self._part = _Piece(b - a)
            put(part.w[0], piece.w[0][:, a:b])
            put(part.f[0], piece.f[0][:, a:b])
            last = self._turn(part, out[:, a:b])
        return last

    def _carry(self, a, b, c):
        """The orientation after a rotation by this vector."""
        d = 0.5 * sqrt(a * a + b * b + c * c)
        e = 0.5 * sin(d) / d if d > 1e-4 else 0.5
        a *= e
        b *= e
        c *= e
        d = cos(d)
        w, x = self._w, self._x  # two at a time: more build a tuple on the board
        y, z = self._y, self._z
        e = w * d - x * a - y * b - z * c
        f = w * a + x * d + y * c - z * b
        g = w * b - x * c + y * d + z * a
        h = w * c + x * b - y * a + z * d
        s = 1.0 / sqrt(e * e + f * f + g * g + h * h)
        self._w, self._x = e * s, f * s
        self._y, self._z = g * s, h * s
        self._axes()

    def correct(self, ex, ey, seconds, sigma, q_v, q_tilt=0.0, gate=4.0):
        """One window: mean level force (ex, ey) over `seconds`; returns the tilt taken out (ex, ey) in rad."""
        t = seconds
        self.vx += ex * t
        self.vy += ey * t
        # predict: v += tilt * t + bias * t^2 / 2, tilt += bias * t
        vv, vt = self.p_vv, self.p_vt
        vb, tt = self.p_vb, self.p_tt
        tb, bb = self.p_tb, self.p_bb
        h = 0.5 * t * t
        vv += 2.0 * (t * vt + h * vb) + t * t * tt + 2.0 * t * h * tb + h * h * bb + q_v * q_v * t
        vt += t * vb + t * tt + t * t * tb + h * tb + h * t * bb
        vb += t * tb + h * bb
        tt += 2.0 * t * tb + t * t * bb + q_tilt * q_tilt * t
        tb += t * bb
        bb += self.q_bias * self.q_bias * t
        r = sigma * sigma
        s = vv + r
        y2 = self.vx * self.vx + self.vy * self.vy
        if y2 > gate * gate * s:
            # too much for the model: the velocity changed, so far as is left of `gate` sigmas
            vv += y2 / (gate * gate) - s
            s = y2 / (gate * gate)
            self._excess += sqrt(y2)
            if self._excess > _MOST_VELOCITY:
                self.forget(0.5, sqrt(bb) + 1.0 * RAD)
                return 0.0, 0.0
        else:
            self._excess *= 0.7
        kv, kt = vv / s, vt / s
        kb = vb / s
        dx, dy = kt * self.vx, kt * self.vy
        cx, cy = kb * self.vx, kb * self.vy
        self.vx -= kv * self.vx
        self.vy -= kv * self.vy
        self.p_bb, self.p_tb = bb - kb * vb, tb - kt * vb
        self.p_tt, self.p_vb = tt - kt * vt, vb - kv * vb
        self.p_vt, self.p_vv = vt - kv * vt, vv - kv * vv
        self._tilt(dy, -dx)
        if self.has_gyro:
            # the rotation (cy, -cx, 0) rad/s is still missing: the bias was too large by it
            lx, ly, b = self.level_x, self.level_y, self.bias_dps
            for k in range(3):
                b[k] -= (cy * lx[k] - cx * ly[k]) / RAD
        return dx, dy

    q_bias = 0.0002  # rad/s per sqrt(s), 0.012 dps: a gyroscope that warms up
