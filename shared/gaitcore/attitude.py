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
LEVEL_X, LEVEL_Y, VERT, UP_X, UP_Y, UP_Z, HEAD_X, HEAD_Y = 0, 1, 2, 3, 4, 5, 6, 7
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
        # orientation is carried from node to node, one in the middle of each pair of samples and used for both
        nodes = self._nodes = (n + 1) // 2
        self._list = [[0.0] * nodes for _ in range(4)]
        self._q = np.zeros((6, nodes), dtype=FLOAT)  # w, then z x y z x
        self._f = np.zeros((4, n), dtype=FLOAT)  # specific force: x y z x
        self._out = np.zeros((ROWS, n), dtype=FLOAT)
        # views made once: of the quaternion, and of the first and second samples of the pairs
        q, f, out = self._q, self._f, self._out
        self._parts = (q[0], q[1], q[2], q[3], q[4:6], q[1:3], q[1:4], q[2:5], q[3:6])
        self._pairs = [
            (f[:3, k::2], f[1:4, k::2], out[:3, k::2], out[1:3, k::2], out[0, k::2], out[3:6, k::2], out[6:8, k::2])
            for k in range(min(2, n))
        ]
        self._turns = np.zeros((5, nodes), dtype=FLOAT)  # up x y z, heading x y at the nodes
        self._upper = self._turns[:3], self._turns[3:5]
        self._bias = np.zeros((3, 1), dtype=FLOAT)
        self._rest = np.zeros((3, nodes), dtype=FLOAT)  # first column: half the turn since the last node
        self.reset()

    def reset(self):
        self._w, self._x, self._y, self._z = 1.0, 0.0, 0.0, 0.0
        self._rest[:, :] = 0.0
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
        x, y, z = up
        w = sqrt(0.5 * (1.0 + abs(z)))
        if z >= 0.0:
            self._w, self._x, self._y, self._z = w, 0.5 * y / w, -0.5 * x / w, 0.0
        else:
            # half a turn about x first
            self._w, self._x, self._y, self._z = 0.5 * y / w, w, 0.0, 0.5 * x / w
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
        f = self._f
        f[:3] = block[:3]
        if not self.has_gyro:
            u, lx, ly, ref = self.up, self.level_x, self.level_y, self.reference
            for row, axis in ((LEVEL_X, lx), (LEVEL_Y, ly), (VERT, u)):
                out[row] = f[0] * axis[0] + f[1] * axis[1] + f[2] * axis[2]
            for k in range(3):
                out[UP_X + k] = u[k]
            out[HEAD_X] = dot(lx, ref)
            out[HEAD_Y] = dot(ly, ref)
            return
        f[3] = f[0]
        for k in range(3):
            self._bias[k, 0] = self.bias_dps[k]
        n, nodes = self._n, self._nodes
        half = (block[3:6] - self._bias) * (0.5 * RAD / self.rate_hz)
        # half the turn from node to node: the second of one pair and the first of the next
        turn = half[:, 0::2] + self._rest
        turn[:, 1:] += half[:, 1 : 2 * nodes - 2 : 2]
        self._rest[:, :1] = half[:, n - 1 :]
        if n % 2:
            # the last pair is a single sample, the node in its middle
            self._rest[:, :1] = half[:, n - 1 :] * 0.5
            turn[:, nodes - 1 :] -= half[:, n - 1 :] * 0.5
        ax, ay, az = turn.tolist()
        lw, lx, ly, lz = self._list
        w, x, y, z = self._w, self._x, self._y, self._z
        for node in range(nodes):
            a = ax[node]
            b = ay[node]
            c = az[node]
            d = 1.0 - 0.5 * (a * a + b * b + c * c)
            e = w * d - x * a - y * b - z * c
            g = w * a + x * d + y * c - z * b
            h = w * b - x * c + y * d + z * a
            z = w * c + x * b - y * a + z * d
            w = e
            x = g
            y = h
            lw[node] = w
            lx[node] = x
            ly[node] = y
            lz[node] = z
        s = 1.0 / sqrt(w * w + x * x + y * y + z * z)
        self._w, self._x, self._y, self._z = w * s, x * s, y * s, z * s
        self._axes()
        self._rotate(out)

    def _rotate(self, out):
        """The matrix at each node, applied to the two samples about it."""
        lw, lx, ly, lz = self._list
        w, q1, q2, q3, again, zx, zxy, xyz, yzx = self._parts
        w[:] = np.array(lw, dtype=FLOAT)
        q1[:] = np.array(lz, dtype=FLOAT)
        q2[:] = np.array(lx, dtype=FLOAT)
        q3[:] = np.array(ly, dtype=FLOAT)
        again[:, :] = zx
        w2, xyz2 = w * 2.0, xyz * 2.0
        turn = zxy * w2  # wz wx wy
        plus = xyz2 * yzx  # xy yz zx
        minus = plus - turn
        plus += turn
        diag = xyz2 * xyz
        diag += w2 * w - 1.0
        # rows of the matrix: (diag0 minus0 plus2) level x, (plus0 diag1 minus1) level y, (minus2 plus1 diag2) up
        turns = self._turns
        d0, d1, p0, p2, m0, m1 = diag[0], diag[1], plus[0], plus[2], minus[0], minus[1]
        turns[0] = minus[2]
        turns[1] = plus[1]
        turns[2] = diag[2]
        r0, r1, r2 = self.reference
        turns[3] = d0 * r0 + m0 * r1 + p2 * r2
        turns[4] = p0 * r0 + d1 * r1 + m1 * r2
        up, head = self._upper
        full = True
        for f03, f14, force, force12, force0, ups, heads in self._pairs:
            if full or not self._n % 2:
                force[:, :] = diag * f03
                force += minus * f14
                part = plus * f03  # level y, up, level x
                ups[:, :] = up
                heads[:, :] = head
            else:
                # the last pair is a single sample
                m = self._nodes - 1
                force[:, :] = diag[:, :m] * f03
                force += minus[:, :m] * f14
                part = plus[:, :m] * f03
                ups[:, :] = up[:, :m]
                heads[:, :] = head[:, :m]
            force12 += part[:2]
            force0 += part[2]
            full = False
        out[:, :] = self._out

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
