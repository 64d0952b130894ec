"""A recorded run taken apart, so that it can be changed as a body would change it and sensed again.

World: x along the run, y up, z right. A Motion holds what an ideal sensor on that body would read, and how it stood in
the world at each sample (from the truth's pose), so that turns, stops, other speeds and other places of the clip can be
put in with the acceleration and the rotation that belong together. Nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import uniform_filter1d
from scipy.spatial.transform import Rotation

from formclip.ground.trace.recording import Recording, plan_for

Floats = NDArray[np.float64]
Truth = dict[str, Any]

_G_MPS2 = 9.80665
ACC_LSB_G = 0.000488
GYR_LSB_DPS = 0.035
ANGLES = ("tilt_deg", "drop_deg", "rotation_deg")
_POSE_EVERY = 8


def read_rows(path: Path) -> tuple[Floats, Floats]:
    """Times (n,) and values (n, 2 | 3 | 6) of a whole trace."""
    source = Recording(path, plan_for(path))
    chunks = list(source.chunks())
    return np.concatenate([c.t_s for c in chunks]), np.concatenate([c.values for c in chunks])


@dataclass(frozen=True)
class Motion:
    """What an ideal sensor reads (acc_g, gyr_dps: (n, 3), its own axes), and its orientation sensor to world.

    `angles` (n, 3) are the true tilt, drop and rotation of the pelvis; `steps` and `rest` make up the truth.
    """

    rate_hz: float
    acc_g: Floats
    gyr_dps: Floats
    turned: Rotation
    angles: Floats
    steps: tuple[dict[str, Any], ...]
    rest: Truth
    run_from_s: float
    seams_s: tuple[float, ...] = ()  # where the run can be cut and begun again

    @property
    def samples(self) -> int:
        return len(self.acc_g)

    @property
    def t_s(self) -> Floats:
        return np.arange(self.samples) / self.rate_hz

    def up(self) -> Floats:
        """Up in sensor axes (n, 3)."""
        return np.asarray(self.turned.inv().apply(np.array([0.0, 1.0, 0.0])))

    def pushed(self, world_mps2: Floats) -> Motion:
        """With an acceleration (n, 3) of the whole body added."""
        return replace(self, acc_g=self.acc_g + self.turned.inv().apply(world_mps2) / _G_MPS2)

    def yawed(self, heading_rad: Floats, speed_mps: Floats) -> Motion:
        """Along a path whose heading (n,), to the left, and speed (n,) are given: turns, starts and stops."""
        step_s = 1.0 / self.rate_hz
        velocity = np.stack((speed_mps * np.cos(heading_rad), 0 * heading_rad, -speed_mps * np.sin(heading_rad)), 1)
        about_up = np.zeros((self.samples, 3))
        about_up[:, 1] = heading_rad
        turn = Rotation.from_rotvec(about_up)
        gyr_dps = self.gyr_dps + np.degrees(np.gradient(heading_rad, step_s))[:, None] * self.up()
        return replace(self, gyr_dps=gyr_dps, turned=turn * self.turned).pushed(np.gradient(velocity, step_s, axis=0))

    def leaned(self, axis_world: Sequence[float], angle_rad: Floats) -> Motion:
        """The whole body turned by angle (n,) about a fixed level axis of the world."""
        rotvec = angle_rad[:, None] * np.array(axis_world)
        lean = Rotation.from_rotvec(rotvec)
        rate_world = np.gradient(rotvec, 1.0 / self.rate_hz, axis=0)
        turned = lean * self.turned
        linear = self.turned.apply(self.acc_g)
        linear[:, 1] -= 1.0
        linear = lean.apply(linear)
        linear[:, 1] += 1.0
        back = turned.inv()
        gyr_dps = self.gyr_dps + np.degrees(back.apply(rate_world))
        return replace(self, acc_g=back.apply(linear), gyr_dps=gyr_dps, turned=turned)

    def mounted(self, turn: Rotation, arm_m: Sequence[float] = (0.0, 0.0, 0.0)) -> Motion:
        """The clip turned on the body by `turn` (old to new sensor axes), `arm_m` away (old sensor axes)."""
        arm = np.array(arm_m)
        acc_g = self.acc_g
        if np.any(arm):
            rate = np.radians(self.gyr_dps)
            smooth = uniform_filter1d(rate, int(round(self.rate_hz * 0.02)) | 1, axis=0, mode="nearest")
            gained = np.cross(np.gradient(smooth, 1.0 / self.rate_hz, axis=0), arm)
            gained += np.cross(smooth, np.cross(smooth, arm))
            acc_g = acc_g + gained / _G_MPS2
        return replace(self, acc_g=turn.apply(acc_g), gyr_dps=turn.apply(self.gyr_dps), turned=self.turned * turn.inv())

    def body_axes(self) -> Rotation:
        """Sensor to body, from the truth."""
        return Rotation.from_matrix(np.array(self.rest["sensor_to_body"]))

    def scaled_bounce(self, share: float) -> Motion:
        """The same motion with all its accelerations scaled: a flatter or a springier run."""
        up = self.up()
        steps = tuple({**s, **({"vo_cm": share * s["vo_cm"]} if s.get("vo_cm") else {})} for s in self.steps)
        return replace(self, acc_g=up + share * (self.acc_g - up), steps=steps)

    def quickened(self, factor: float) -> Motion:
        """Played faster with the same forces: times / factor, lengths / factor squared, speeds / factor."""
        steps = []
        for s in self.steps:
            step = {**s, "on_s": s["on_s"] / factor, "off_s": s["off_s"] / factor}
            for key, power in (("vo_cm", 2), ("brake_dv_mps", 1), ("heel_ahead_cm", 2)):
                if step.get(key) is not None:
                    step[key] = step[key] / factor**power
            steps.append(step)
        n = int(self.samples / factor)
        at = np.minimum(np.arange(n) * factor, self.samples - 1.0)
        old = np.arange(self.samples, dtype=np.float64)
        rest = {**self.rest, "speed_mps": self.rest["speed_mps"] / factor}
        key = Rotation.from_quat(self.turned[np.rint(at).astype(int)].as_quat())
        return replace(
            self,
            acc_g=CubicSpline(old, self.acc_g)(at),
            gyr_dps=factor * CubicSpline(old, self.gyr_dps)(at),
            turned=key,
            angles=CubicSpline(old, self.angles)(at),
            steps=tuple(steps),
            rest=rest,
            run_from_s=self.run_from_s / factor,
            seams_s=tuple(t / factor for t in self.seams_s),
        )

    def pieces(self, parts: Sequence[tuple[float, float] | Motion]) -> Motion:
        """Parts of this motion one after the other; (from_s, to_s) runs backwards where to is before from.

        A motion run backwards has the same accelerations and the opposite rates.
        """
        acc, gyr, turned, angles = [], [], [], []
        steps: list[dict[str, Any]] = []
        at_s = 0.0
        for part in parts:
            if isinstance(part, Motion):
                acc.append(part.acc_g)
                gyr.append(part.gyr_dps)
                turned.append(part.turned.as_quat())
                angles.append(part.angles)
            else:
                a, b = (int(round(t * self.rate_hz)) for t in part)
                back = b < a
                pick = np.arange(min(a, b), max(a, b))[:: -1 if back else 1]
                acc.append(self.acc_g[pick])
                gyr.append((-1.0 if back else 1.0) * self.gyr_dps[pick])
                turned.append(self.turned[pick].as_quat())
                angles.append(self.angles[pick])
                shift = at_s - a / self.rate_hz
                if not back:
                    from_s, to_s = a / self.rate_hz - 1e-6, b / self.rate_hz + 0.5 / self.rate_hz
                    for s in self.steps:
                        if from_s <= s["on_s"] <= to_s:
                            step = {**s, "on_s": s["on_s"] + shift, "off_s": s["off_s"] + shift}
                            if s["on_s"] > to_s - 0.3:  # what comes after it is not what was measured
                                step = {"on_s": step["on_s"], "side": s.get("side")}
                            steps.append(step)
            at_s += len(acc[-1]) / self.rate_hz
        return replace(
            self,
            acc_g=np.concatenate(acc),
            gyr_dps=np.concatenate(gyr),
            turned=Rotation.from_quat(np.concatenate(turned)),
            angles=np.concatenate(angles),
            steps=tuple(steps),
        )

    def truth(self) -> Truth:
        """As the truth file of such a trace."""
        pose: dict[str, Any] = {"rate_hz": self.rate_hz / _POSE_EVERY, "t0_s": 0.0}
        for k, name in enumerate(ANGLES):
            pose[name] = self.angles[::_POSE_EVERY, k].tolist()
        return {**self.rest, "steps": list(self.steps), "pose": pose}


def sensed(
    motion: Motion, bias_dps: Floats | float = 0.0, bias_g: Floats | float = 0.0, full_g: float = 16.0
) -> Floats:
    """(n, 6) as the sensor would put it out: biased, clipped, in whole counts."""
    acc = np.clip(motion.acc_g + bias_g, -full_g, full_g - ACC_LSB_G)
    gyr = np.clip(motion.gyr_dps + bias_dps, -1000.0, 1000.0)
    return np.hstack((np.round(acc / ACC_LSB_G) * ACC_LSB_G, np.round(gyr / GYR_LSB_DPS) * GYR_LSB_DPS))


def _seams(motion: Motion) -> tuple[float, ...]:
    """Two contacts, of the same foot as the first, at which the body stands most nearly as it did at that one."""
    same = [float(s["on_s"]) for s in motion.steps[2::2]]
    here = np.array(same)
    rows = np.hstack((motion.angles, 20.0 * motion.acc_g, 0.1 * motion.gyr_dps))

    def around(t_s: float) -> Floats:
        i = int(round(t_s * motion.rate_hz))
        return np.asarray(rows[i : i + int(0.1 * motion.rate_hz)])

    first = around(motion.run_from_s)
    length_s = here[-1] - motion.run_from_s
    out = []
    for share in (0.25, 0.5):
        near = [t for t in same if abs(t - motion.run_from_s - share * length_s) < 0.1 * length_s]
        out.append(min(near, key=lambda t: float(np.sum((around(t) - first) ** 2))))
    return tuple(out)


def take_apart(path: Path, truth: Truth) -> Motion:
    """A Motion from a trace with pose, mounting and biases in its truth."""
    t_s, rows = read_rows(path)
    pose = truth["pose"]
    at_s = float(pose["t0_s"]) + np.arange(len(pose["tilt_deg"])) / float(pose["rate_hz"])
    angles = np.stack([CubicSpline(at_s, np.array(pose[name], dtype=np.float64))(t_s) for name in ANGLES], axis=1)
    tilt, drop, rotation = np.radians(angles.T)
    pelvis = Rotation.from_euler("YZX", np.stack((rotation, -tilt, -drop), axis=1))
    steps = tuple(truth["steps"])
    motion = Motion(
        float(truth["rate_hz"]),
        rows[:, :3] - np.array(truth["acc_bias_g"]),
        rows[:, 3:] - np.array(truth["gyro_bias_dps"]),
        pelvis * Rotation.from_matrix(np.array(truth["sensor_to_body"])),
        angles,
        steps,
        {key: value for key, value in truth.items() if key not in ("steps", "pose")},
        float(steps[0]["on_s"]),
    )
    return replace(motion, seams_s=_seams(motion))
