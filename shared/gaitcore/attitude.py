"""Inclination: gyroscope propagation, corrected by the specific force summed over whole strides.

Theory of operation. An orientation is carried by the gyroscope alone. In that frame the specific force of a
stride sums to gravity times its duration plus the change of velocity. A runner's velocity hardly changes from stride to
stride, so the level part of the running sum `v` should stay near zero; what it gathers is tilt error. A Kalman filter
of three states per level axis (velocity error, tilt error, gyroscope bias) reads the tilt and the bias from it. Both
axes have the same covariance, so it is kept once. A start, a stop or a knock shows as an innovation too large for the
model: it is taken as a change of velocity and leaves the tilt alone.
"""

from math import sqrt

from gaitcore.compat import FLOAT, np
from gaitcore.frames import cross, dot, least_aligned, unit
from gaitcore.units import RAD

# Rows that propagate() fills.
VERT, LEVEL_X, LEVEL_Y, UP_X, UP_Y, UP_Z, HEAD_X, HEAD_Y = 0, 1, 2, 3, 4, 5, 6, 7
ROWS = 8

_MOST_VELOCITY = 0.6  # g s, 6 m/s: no runner changes speed by more


class Attitude:
    """Orientation of the sensor against a level frame whose heading is free.

    Settings  rate_hz int; has_gyro
    In        propagate(block, out): block (6, n) FLOAT in g and dps; out (8, n) is filled: specific force along
              up and along two level axes [g], up in sensor axes, heading of the sensor axis `reference` as
              a level vector of about length 1
              correct(ex, ey, seconds, sigma): mean level specific force over a window [g], sigma of velocity [g s]
    Out       up, level_x, level_y: the axes in sensor axes at the end of the last block; tilt_sigma rad
    Latency   none. State: quaternion, bias, 2 velocities, 6 covariances
    Source    Mahony, Hamel, Pflimlin, IEEE Trans Autom Control 2008, 53:1203 is the usual alternative; the sum over
              strides is our own. Savage, J Guid Control Dyn 1998, 21:19 for the propagation
    """

    def __init__(self, rate_hz, hop_samples, has_gyro=True):
        self.rate_hz = rate_hz
        self.has_gyro = has_gyro
        n = self._n = hop_samples
        nodes = (n + 1) // 2 + 1
        # orientation is carried from node to node, two samples apart, and interpolated to the samples
        self._node_at = np.array([min(2 * i, n) for i in range(nodes)], dtype=FLOAT)
        self._sample_at = np.array([i + 0.5 for i in range(n)], dtype=FLOAT)
        self._q = np.zeros((4, nodes), dtype=FLOAT)
        self._tmp = np.zeros(n, dtype=FLOAT)
        self.reset()

    def reset(self):
        self._w, self._x, self._y, self._z = 1.0, 0.0, 0.0, 0.0
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

    @property
    def tilt_sigma(self):
        return sqrt(self.p_tt)

    def align(self, up, keep_heading=False):
        """Take up, in sensor axes, as vertical; keep_heading: by the least turn from the present frame."""
        up = unit(up)
        if keep_heading and dot(up, self.up) > 0.5:
            x, y = dot(up, self.level_x), dot(up, self.level_y)
            z = dot(up, self.up)
            self._tilt(2.0 * y / (1.0 + z), -2.0 * x / (1.0 + z))
            return
        # shortest rotation from up to (0, 0, 1)
        c = up[2]
        if c < -0.9999:
            self._w, self._x, self._y, self._z = 0.0, 1.0, 0.0, 0.0
        else:
            w = sqrt((1.0 + c) * 0.5)
            self._w, self._x, self._y, self._z = w, up[1] * 0.5 / w, -up[0] * 0.5 / w, 0.0
        self.reference = least_aligned(up)
        self._axes()

    def _axes(self):
        w, x, y, z = self._w, self._x, self._y, self._z
        self.level_x = [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)]
        self.up = [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)]
        self.level_y = cross(self.up, self.level_x)

    def _tilt(self, rx, ry):
        """Turn the frame by the small rotation (rx, ry, 0), level axes, radians."""
        s = 1.0 / sqrt(1.0 + 0.25 * (rx * rx + ry * ry))
        hx, hy = 0.5 * rx * s, 0.5 * ry * s
        w, x, y, z = self._w, self._x, self._y, self._z
        self._w = s * w - hx * x - hy * y
        self._x = s * x + hx * w + hy * z
        self._y = s * y + hy * w - hx * z
        self._z = s * z + hx * y - hy * x
        self._axes()

    def settle_heading(self, block):
        """Standing still, what the gyroscope shows about the vertical is bias."""
        u, b = self.up, self.bias_dps
        rate = [float(np.mean(block[3 + k])) - b[k] for k in range(3)]
        d = 0.03 * dot(rate, u)
        for k in range(3):
            b[k] += d * u[k]

    def propagate(self, block, out):
        q = self._q
        w, x, y, z = self._w, self._x, self._y, self._z
        n = self._n
        if self.has_gyro:
            half = 0.5 * RAD / self.rate_hz
            bx, by, bz = self.bias_dps
            gx, gy, gz = (block[3] - bx) * half, (block[4] - by) * half, (block[5] - bz) * half
            gx, gy, gz = gx.tolist(), gy.tolist(), gz.tolist()
            qw, qx, qy, qz = q[0], q[1], q[2], q[3]
            qw[0], qx[0], qy[0], qz[0] = w, x, y, z
            node = 0
            last = n - 1
            for i in range(0, n, 2):
                if i < last:
                    a, b, c = gx[i] + gx[i + 1], gy[i] + gy[i + 1], gz[i] + gz[i + 1]
                else:
                    a, b, c = gx[i], gy[i], gz[i]
                s = a * a + b * b + c * c
                d = 1.0 - 0.5 * s
                s = 1.0 - s * 0.16666667
                a, b, c = a * s, b * s, c * s
                w, x, y, z = (
                    w * d - x * a - y * b - z * c,
                    w * a + x * d + y * c - z * b,
                    w * b - x * c + y * d + z * a,
                    w * c + x * b - y * a + z * d,
                )
                node += 1
                qw[node], qx[node], qy[node], qz[node] = w, x, y, z
            s = 1.0 / sqrt(w * w + x * x + y * y + z * z)
            self._w, self._x, self._y, self._z = w * s, x * s, y * s, z * s
            self._axes()
            self._rotate(block, out, qw, qx, qy, qz)
        else:
            f, u, lx, ly, ref = block, self.up, self.level_x, self.level_y, self.reference
            out[VERT] = f[0] * u[0] + f[1] * u[1] + f[2] * u[2]
            out[LEVEL_X] = f[0] * lx[0] + f[1] * lx[1] + f[2] * lx[2]
            out[LEVEL_Y] = f[0] * ly[0] + f[1] * ly[1] + f[2] * ly[2]
            for k in range(3):
                out[UP_X + k] = u[k]
            out[HEAD_X] = lx[0] * ref[0] + lx[1] * ref[1] + lx[2] * ref[2]
            out[HEAD_Y] = ly[0] * ref[0] + ly[1] * ref[1] + ly[2] * ref[2]

    def _rotate(self, block, out, w, x, y, z):
        """Rows of the rotation at the nodes, interpolated to the samples, applied to the specific force."""
        at, nodes, interp, t = self._sample_at, self._node_at, np.interp, self._tmp
        fx, fy, fz = block[0], block[1], block[2]
        x2, y2, z2 = x + x, y + y, z + z
        xx, yy, zz = x * x2, y * y2, z * z2
        xy, xz, yz = x * y2, x * z2, y * z2
        wx, wy, wz = w * x2, w * y2, w * z2
        r0, r1, r2 = self.reference
        for level, head, a, b, c in (
            (LEVEL_X, HEAD_X, 1.0 - yy - zz, xy - wz, xz + wy),
            (LEVEL_Y, HEAD_Y, xy + wz, 1.0 - xx - zz, yz - wx),
            (VERT, -1, xz - wy, yz + wx, 1.0 - xx - yy),
        ):
            if head >= 0:
                out[head] = interp(at, nodes, a * r0 + b * r1 + c * r2)
                t[:] = interp(at, nodes, a)
                t *= fx
                out[level] = t
                t[:] = interp(at, nodes, b)
                t *= fy
                out[level] += t
                t[:] = interp(at, nodes, c)
                t *= fz
                out[level] += t
            else:
                out[UP_X] = interp(at, nodes, a)
                out[UP_Y] = interp(at, nodes, b)
                out[UP_Z] = interp(at, nodes, c)
                out[VERT] = out[UP_X] * fx + out[UP_Y] * fy + out[UP_Z] * fz

    def correct(self, ex, ey, seconds, sigma, q_v, q_tilt=0.0, gate=4.0):
        """One window: mean level force (ex, ey) over `seconds`; returns the tilt taken out (ex, ey) in rad."""
        t = seconds
        self.vx += ex * t
        self.vy += ey * t
        # predict: v += tilt * t + bias * t^2 / 2, tilt += bias * t
        vv, vt, vb, tt, tb, bb = self.p_vv, self.p_vt, self.p_vb, self.p_tt, self.p_tb, self.p_bb
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
        kv, kt, kb = vv / s, vt / s, vb / s
        dx, dy = kt * self.vx, kt * self.vy
        cx, cy = kb * self.vx, kb * self.vy
        self.vx -= kv * self.vx
        self.vy -= kv * self.vy
        self.p_bb, self.p_tb, self.p_tt = bb - kb * vb, tb - kt * vb, tt - kt * vt
        self.p_vb, self.p_vt, self.p_vv = vb - kv * vb, vt - kv * vt, vv - kv * vv
        self._tilt(dy, -dx)
        if self.has_gyro:
            # the rotation (cy, -cx, 0) rad/s is still missing: the bias was too large by it
            lx, ly, b = self.level_x, self.level_y, self.bias_dps
            for k in range(3):
                b[k] -= (cy * lx[k] - cx * ly[k]) / RAD
        return dx, dy

    q_bias = 0.0002  # rad/s per sqrt(s), 0.012 dps: a gyroscope that warms up
