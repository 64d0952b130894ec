"""What the clip's sensor reads on a moving pelvis: the belt, the mounting, and the sensor's own faults.

The chain, all with derivatives so that specific force and angular rate belong to one motion: pelvis -> place on the
waist (lever) -> belt (a damped spring that lets the clip swing, driven by the acceleration of the place; and a short
rattle after each landing) -> slip -> mounting -> bias, noise, range, resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from formclip.lab.simulate.bounce import G_MPS2
from formclip.lab.simulate.motion import Pose
from formclip.lab.simulate.plan import Plan
from formclip.lab.simulate.scenario import Scenario

Floats = NDArray[np.float64]

# Rows forward, up, right of the body; columns x, y, z of the sensor: y up, z away from the body.
_PLACES: dict[str, tuple[Floats, Floats]] = {
    "back": (np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]), np.array([0.0, 0.0, 0.0])),
    "right": (np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([0.10, 0.0, 0.16])),
    "left": (np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]]), np.array([0.10, 0.0, -0.16])),
}
_ACC_STEPS = 16 / 0.000488  # LSM6DS at +-16 g: 0.488 mg a step, at +-1000 dps: 35 mdps
_GYR_STEPS = 1000 / 0.035
_SPRING_DAMPING = 0.25
_SPRING_SHARE = 0.3  # share of the clip's acceleration that a wholly loose belt passes to the spring
_SPRING_ARM_M = 0.03  # how far the clip's weight stands from the belt's grip: swinging turns it
_RATTLE_S = 0.010
_RATTLE_HZ = (27.0, 18.0, 34.0)  # forward, up, right
_RATTLE_SIZE = (-0.4, 1.0, 0.4)
_RATTLE_DELAY_S = 0.020  # from the foot to the waist
_RATTLE_ARM_M = 0.10
_KNOCK_HZ = 38.0
_KNOCK_ARM_M = 0.05


def sensor_to_body(scenario: Scenario) -> Floats:
    """v_body = M @ v_sensor, body forward, up, right; before any slip."""
    error = Rotation.from_rotvec(scenario.mounting_deg, degrees=True).as_matrix()
    out: Floats = error @ _PLACES[scenario.placement][0]
    return out


def lever_m(scenario: Scenario) -> Floats:
    """From the small of the back to the clip, body axes."""
    return _PLACES[scenario.placement][1]


def _turn_axes(vector: Floats, i: int, j: int, angle: Floats) -> None:
    """Into a frame turned by `angle` from axis i towards axis j, in place; vector (3, n)."""
    c, s = np.cos(angle), np.sin(angle)
    a, b = vector[i], vector[j]
    vector[i], vector[j] = c * a + s * b, c * b - s * a


def _add_turn(rate: Floats, change: Floats, axis: int, angle: Floats) -> None:
    """Angular velocity and acceleration (3, n), in the frame's own axes, after one more turn; angle a jet."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    _turn_axes(rate, i, j, angle[0])
    _turn_axes(change, i, j, angle[0])
    change[i] += angle[1] * rate[j]
    change[j] -= angle[1] * rate[i]
    change[axis] += angle[2]
    rate[axis] += angle[1]


def _cross(a: Floats, b: Floats) -> Floats:
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


@dataclass
class _Spring:
    """A damped oscillator, x'' + 2 z w x' + w^2 x = -drive, by the trapezoid rule, carried from chunk to chunk."""

    rate_hz: float
    own_hz: float
    _state: list[Floats] = field(default_factory=lambda: [np.zeros(2), np.zeros(2)])

    def push(self, drive: Floats) -> Floats:
        """Jet (3, n) of x."""
        w, two = 2 * np.pi * self.own_hz, 2 * self.rate_hz
        damp = 2 * _SPRING_DAMPING * w
        a = [two * two + damp * two + w * w, 2 * (w * w - two * two), two * two - damp * two + w * w]
        x, self._state[0] = lfilter([-1.0, -2.0, -1.0], a, drive, zi=self._state[0])
        v, self._state[1] = lfilter([-two, 0.0, two], a, drive, zi=self._state[1])
        return np.stack([x, v, -drive - damp * v - w * w * x])


@dataclass
class Readings:
    """What comes out of the sensor, row by row."""

    acc_g: Floats  # (n, 3)
    gyr_dps: Floats
    saturated: NDArray[np.bool_]
    up: Floats  # (n, 3) where up truly is, sensor axes


class Sensor:
    """Reads poses in order, chunk by chunk: the belt's swing, the bias and the noise go on from one to the next."""

    def __init__(self, scenario: Scenario, plan: Plan, rng: np.random.Generator) -> None:
        self.scenario = scenario
        self.mount = sensor_to_body(scenario)
        self._plan = plan
        self._rng = rng
        self._lever = lever_m(scenario)
        self._springs = [_Spring(scenario.rate_hz, scenario.wobble_hz) for _ in range(4)]
        self._wander = np.zeros(3)
        self._rattle_unit = [self._rattle_peak(hz) for hz in _RATTLE_HZ]
        self._knock_unit = self._rattle_peak(_KNOCK_HZ)
        self._slips = [
            (slip.at_s, slip.for_s, np.radians(np.array(slip.rotation_deg)))
            for slip in sorted(scenario.slips, key=lambda slip: slip.at_s)
        ]

    def read(self, pose: Pose) -> Readings:
        force, rate, up = self._true(pose)
        return self._imperfect(pose.t_s, force, rate, up)

    # -- the true motion of the sensor ----------------------------------------------------------------------------
    def _true(self, pose: Pose) -> tuple[Floats, Floats, Floats]:
        """Specific force (m/s2), angular rate (rad/s) and up in sensor axes, (3, n)."""
        n = len(pose.t_s)
        ahead, up, right = pose.acceleration()
        force = np.stack([ahead, up + G_MPS2, right])
        vertical = np.stack([np.zeros(n), np.ones(n), np.zeros(n)])
        _turn_axes(force, 2, 0, pose.rotation[0])
        for vector in (force, vertical):
            _turn_axes(vector, 0, 1, -pose.tilt[0])
            _turn_axes(vector, 1, 2, -pose.drop[0])
        rate, change = np.zeros((3, n)), np.zeros((3, n))
        yaw = pose.rotation + pose.heading
        _add_turn(rate, change, 1, yaw)
        _add_turn(rate, change, 2, -pose.tilt)
        _add_turn(rate, change, 0, -pose.drop)

        arm = np.broadcast_to(self._lever[:, None], (3, n))
        force += _cross(change, arm) + _cross(rate, _cross(rate, arm))
        offset, swing = self._belt(pose, force)
        if offset is not None and swing is not None:
            force += _cross(change, offset[0]) + _cross(rate, _cross(rate, offset[0]))
            force += 2 * _cross(rate, offset[1]) + offset[2]
            for axis, angle in ((2, swing[0]), (0, swing[1])):
                _add_turn(rate, change, axis, angle)
                for vector in (force, vertical):
                    _turn_axes(vector, (axis + 1) % 3, (axis + 2) % 3, angle[0])
        for start, takes, turn in self._slips:
            if pose.t_s[-1] > start:
                force, rate, vertical = _slip(force, rate, vertical, pose.t_s, start, takes, turn)
        return self.mount.T @ force, self.mount.T @ rate, self.mount.T @ vertical

    def _belt(self, pose: Pose, force: Floats) -> tuple[Floats | None, tuple[Floats, Floats] | None]:
        """Displacement of the clip (3 derivatives, 3 axes, n) and its swing about right and forward."""
        n = len(pose.t_s)
        loose, impact = self.scenario.wobble, self.scenario.impact_g
        knocks = [k for k in self.scenario.knocks if pose.t_s[0] - 0.2 < k.at_s < pose.t_s[-1]]
        if loose == 0 and impact == 0 and not self.scenario.knocks:
            return None, None
        offset = np.zeros((3, 3, n))
        about_right, about_forward = np.zeros((3, n)), np.zeros((3, n))
        if loose:
            ahead, up, right = loose * _SPRING_SHARE * (force - np.array([[0.0], [G_MPS2], [0.0]]))
            offset[:, 0] += self._springs[0].push(ahead)
            offset[:, 1] += self._springs[1].push(up)
            about_right += self._springs[2].push((ahead + 0.3 * up) / _SPRING_ARM_M)
            about_forward += self._springs[3].push(0.5 * right / _SPRING_ARM_M)
        if impact:
            rattle = self._rattle(pose)
            offset += rattle
            about_right += rattle[:, 0] / _RATTLE_ARM_M
        for knock in knocks:
            since = pose.t_s - knock.at_s
            hit = (since > 0) & (since < 0.2)
            jet = _ring(since[hit], _KNOCK_HZ) * (knock.size_g * G_MPS2 / self._knock_unit)
            offset[:, 0, hit] += jet
            offset[:, 1, hit] += 0.5 * jet
            about_right[:, hit] += jet / _KNOCK_ARM_M
        return offset, (about_right, about_forward)

    def _rattle_peak(self, hz: float) -> float:
        s = np.arange(0, 0.15, 0.0005)
        return float(np.abs(_ring(s, hz)[2]).max())

    def _rattle(self, pose: Pose) -> Floats:
        out = np.zeros((3, 3, len(pose.t_s)))
        plan = self._plan
        for back in (0, 1):
            knot = pose.knot - back
            valid = knot >= 0
            knot = np.maximum(knot, 0)
            since = pose.t_s - plan.on_s[knot] - _RATTLE_DELAY_S
            heard = valid & (since > 0) & (since < 0.2)
            if not heard.any():
                continue
            which = knot[heard]
            size = plan.impact_mps2[which]
            side = np.where(plan.right[which], 1.0, -1.0)
            for axis in range(3):
                jet = _ring(since[heard], _RATTLE_HZ[axis]) * (size * _RATTLE_SIZE[axis] / self._rattle_unit[axis])
                out[:, axis, heard] += jet * side if axis == 2 else jet
        return out

    # -- the sensor itself ----------------------------------------------------------------------------------------
    def _imperfect(self, t: Floats, force: Floats, rate: Floats, up: Floats) -> Readings:
        s = self.scenario
        n = len(t)
        acc = force.T / G_MPS2 + np.array(s.acc_bias_g)
        gyr = np.degrees(rate.T) + np.array(s.gyro_bias_dps)
        if any(s.gyro_warmup_dps):
            gyr += np.array(s.gyro_warmup_dps) * (1 - np.exp(-t / s.warmup_s))[:, None]
        if s.gyro_wander_dps:
            steps = self._rng.standard_normal((n, 3)) * s.gyro_wander_dps / np.sqrt(3600 * s.rate_hz)
            wander = self._wander + np.cumsum(steps, axis=0)
            self._wander = wander[-1]
            gyr += wander
        if s.acc_noise_g:
            acc += s.acc_noise_g * self._rng.standard_normal((n, 3))
        if s.gyro_noise_dps:
            gyr += s.gyro_noise_dps * self._rng.standard_normal((n, 3))
        beyond_acc, beyond_gyr = np.abs(acc) >= s.acc_range_g, np.abs(gyr) >= s.gyr_range_dps
        saturated = beyond_acc.any(axis=1) | beyond_gyr.any(axis=1)
        np.clip(acc, -s.acc_range_g, s.acc_range_g, out=acc)
        np.clip(gyr, -s.gyr_range_dps, s.gyr_range_dps, out=gyr)
        if s.quantised:
            acc_step, gyr_step = s.acc_range_g / _ACC_STEPS, s.gyr_range_dps / _GYR_STEPS
            acc = np.round(acc / acc_step) * acc_step
            gyr = np.round(gyr / gyr_step) * gyr_step
        return Readings(acc, gyr, saturated, up.T)


def _ring(since: Floats, hz: float) -> Floats:
    """Jet of a short ring that begins and ends smoothly: u^3 exp(-u) sin(w t)."""
    u = since / _RATTLE_S
    w = 2 * np.pi * hz
    fade = np.exp(-u)
    s, c = np.sin(w * since), np.cos(w * since)
    e0 = u**3 * fade
    e1 = (3 * u**2 - u**3) * fade / _RATTLE_S
    e2 = (6 * u - 6 * u**2 + u**3) * fade / _RATTLE_S**2
    out: Floats = np.stack([e0 * s, e1 * s + w * e0 * c, e2 * s + 2 * w * e1 * c - w * w * e0 * s])
    return out


def _slip(
    force: Floats, rate: Floats, up: Floats, t: Floats, start: float, takes: float, vector: Floats
) -> tuple[Floats, Floats, Floats]:
    """The clip turns by `vector` (radians, body axes): force, rate and up in its new axes."""
    size = float(np.linalg.norm(vector))
    if size == 0:
        return force, rate, up
    axis: Floats = vector / size
    x = np.clip((t - start) / takes, 0.0, 1.0)
    angle = size * x**3 * (10 + x * (6 * x - 15))
    speed = size / takes * 30 * (x * (1 - x)) ** 2
    c, s = np.cos(angle), np.sin(angle)

    def into(v: Floats) -> Floats:
        along = axis @ v
        out: Floats = c * v - s * _cross(np.broadcast_to(axis[:, None], v.shape), v) + np.outer(axis, along * (1 - c))
        return out

    return into(force), into(rate) + axis[:, None] * speed, into(up)
