"""From a scenario to a trace, in memory or chunk by chunk into a file."""

from __future__ import annotations

import lzma
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import from_os_error
from formclip.lab.simulate.motion import STANDING_HEIGHT_M, Pose, pose_at
from formclip.lab.simulate.plan import Plan, make_plan
from formclip.lab.simulate.scenario import Scenario, ScenarioError, from_mapping, preset
from formclip.lab.simulate.sensor import Sensor
from formclip.lab.simulate.truth import POSE_HZ, Truth, to_json

Floats = NDArray[np.float64]
Request = Scenario | str | Mapping[str, Any]

_CHUNK_KNOTS = 96  # some 30 s of running
_HEADER = "t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps,gyr_y_dps,gyr_z_dps\n"
_ROW = "%.5f,%.5f,%.5f,%.5f,%.4f,%.4f,%.4f\n"


@dataclass
class Simulated:
    """A simulated trace in memory.

    rate_hz   samples a second
    t_s       (n,) s; acc_g (n, 3), gravity in it, and gyr_dps (n, 3): sensor axes. Lost samples are not in them
    truth     what stands in the truth file (docs/lab/trace-format.md): each step, the pose, the episodes
    pose      {name: (n,)}: the true motion at every sample, where it was asked for
    """

    rate_hz: float
    t_s: Floats
    acc_g: Floats  # (n, 3), sensor axes
    gyr_dps: Floats
    truth: dict[str, Any]
    pose: dict[str, Floats] | None = None

    def __repr__(self) -> str:
        steps = len(self.truth["steps"])
        return f"Simulated({len(self.t_s) / self.rate_hz:.0f} s at {self.rate_hz:g} Hz, {steps} true steps)"

    @property
    def blocks(self) -> Floats:
        """(6, n): rows ax ay az [g] gx gy gz [dps], as the signal chain takes them; gaps are not marked in it."""
        return np.concatenate([self.acc_g.T, self.gyr_dps.T])

    def save(self, name: str | Path) -> Path:
        """NAME.imu.csv.xz and NAME.truth.json, as `formclip simulate` writes them; the path of the first."""
        with _Files(name) as files:
            files.add(self.t_s, self.acc_g, self.gyr_dps)
            files.finish(self.truth)
        return files.trace_path


@dataclass
class _Chunk:
    t_s: Floats
    acc_g: Floats
    gyr_dps: Floats
    pose: Pose
    up: Floats
    kept: NDArray[np.bool_]


class _Files:
    """NAME.imu.csv.xz and NAME.truth.json, which appear under their names only when both are whole."""

    def __init__(self, name: str | Path) -> None:
        name = Path(name)
        self.trace_path = name.parent / (name.name + ".imu.csv.xz")
        self.truth_path = name.parent / (name.name + ".truth.json")
        self._parts = [path.with_name(path.name + ".part") for path in (self.trace_path, self.truth_path)]
        self._at = name.parent

    def __enter__(self) -> _Files:
        try:
            self._at.mkdir(parents=True, exist_ok=True)
            self._at = self.trace_path
            self._file = lzma.open(self._parts[0], "wb", preset=1)
            self._file.write(_HEADER.encode())
        except OSError as error:
            raise from_os_error(error, self._at, "write") from None
        return self

    def add(self, t_s: Floats, acc_g: Floats, gyr_dps: Floats) -> None:
        rows = np.column_stack([t_s, acc_g, gyr_dps])
        self._file.write(((_ROW * len(rows)) % tuple(rows.ravel().tolist())).encode())

    def finish(self, truth: dict[str, Any]) -> None:
        self._file.close()
        self._at = self.truth_path
        self._parts[1].write_text(to_json(truth), encoding="utf-8")
        os.replace(self._parts[0], self.trace_path)
        os.replace(self._parts[1], self.truth_path)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with suppress(OSError):
            self._file.close()
        for part in self._parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise from_os_error(error, self._at, "write") from None


def as_scenario(request: Request) -> Scenario:
    if isinstance(request, Scenario):
        return request
    if isinstance(request, str):
        return preset(request)
    return from_mapping(request)


def _seeds(seed: int) -> list[np.random.Generator]:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ScenarioError(f"seed is {seed!r}", "give a whole number from 0")
    return [np.random.default_rng([seed, part]) for part in range(3)]


def _lost(scenario: Scenario, n: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Half-open ranges of samples that never arrive, in order."""
    ranges = [(round(gap.at_s * scenario.rate_hz), gap.samples) for gap in scenario.gaps]
    if scenario.gaps_per_hour:
        count = int(rng.poisson(scenario.gaps_per_hour * scenario.minutes / 60))
        starts = rng.integers(round(scenario.stand_s * scenario.rate_hz), max(n, 1), count).tolist()
        ranges += list(zip(starts, rng.integers(1, 61, count).tolist()))
    out: list[tuple[int, int]] = []
    for start, length in sorted(ranges):
        end = min(start + length, n)
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif end > start:
            out.append((start, end))
    return out


def _chunks(scenario: Scenario, plan: Plan, sensor: Sensor, truth: Truth, rng: np.random.Generator) -> Iterator[_Chunk]:
    rate = scenario.rate_hz
    n = round(plan.length_s * rate)
    lost = _lost(scenario, n, rng)
    truth.gaps = [{"at_s": round(a / rate, 5), "samples": b - a} for a, b in lost]

    def first_sample(time_s: float, hz: float, most: int) -> int:
        return min(int(np.ceil(time_s * hz - 1e-7)), most)

    track_n = int(np.floor((n - 1) / rate * POSE_HZ + 1e-6)) + 1
    knots = len(plan.on_s)
    for k in range(0, knots, _CHUNK_KNOTS):
        end_s = plan.on_s[k + _CHUNK_KNOTS] if k + _CHUNK_KNOTS < knots else np.inf
        edges = [
            (first_sample(s, hz, most) if np.isfinite(s) else most)
            for hz, most in ((rate, n), (float(POSE_HZ), track_n))
            for s in (plan.on_s[k], end_s)
        ]
        begin, end, track_begin, track_end = edges
        if end <= begin:
            break
        index = np.arange(begin, end)
        pose = pose_at(plan, index / rate)
        truth.add(pose)
        if track_end > track_begin:
            truth.add_track(pose_at(plan, np.arange(track_begin, track_end) / POSE_HZ))
        read = sensor.read(pose)
        kept = np.ones(len(index), dtype=bool)
        for a, b in lost:
            if a < end and b > begin:
                kept[max(a - begin, 0) : b - begin] = False
        truth.samples += int(kept.sum())
        truth.saturated += int((read.saturated & kept).sum())
        yield _Chunk(index / rate, read.acc_g, read.gyr_dps, pose, read.up, kept)


def _begin(request: Request, seed: int) -> tuple[Scenario, Plan, Truth, Iterator[_Chunk]]:
    scenario = as_scenario(request)
    natural, noise, gaps = _seeds(seed)
    plan = make_plan(scenario, natural)
    truth = Truth(scenario, plan, seed)
    return scenario, plan, truth, _chunks(scenario, plan, Sensor(scenario, plan, noise), truth, gaps)


def simulate(request: Request, seed: int = 0, keep_pose: bool = False) -> Simulated:
    """The whole trace in memory. `request` is a Scenario, the name of a preset, or a mapping as in a JSON file."""
    scenario, _, truth, chunks = _begin(request, seed)
    times, accs, gyrs, poses = [], [], [], []
    for c in chunks:
        times.append(c.t_s[c.kept])
        accs.append(c.acc_g[c.kept])
        gyrs.append(c.gyr_dps[c.kept])
        if keep_pose:
            poses.append(np.concatenate([_pose_rows(c.pose), c.up.T])[:, c.kept])
    pose = dict(zip(POSE_ROWS, np.concatenate(poses, axis=1))) if keep_pose else None
    return Simulated(
        scenario.rate_hz, np.concatenate(times), np.concatenate(accs), np.concatenate(gyrs), truth.finish(), pose
    )


POSE_ROWS = (
    "tilt_deg", "drop_deg", "rotation_deg", "heading_deg", "height_m",
    "ahead_mps2", "up_mps2", "right_mps2", "speed_mps", "up_x", "up_y", "up_z",
)  # fmt: skip


def _pose_rows(pose: Pose) -> Floats:
    angles = [np.degrees(jet[0]) for jet in (pose.tilt, pose.drop, pose.rotation, pose.heading)]
    return np.stack([*angles, STANDING_HEIGHT_M + pose.up[0], *pose.acceleration(), pose.speed_mps])


def write(
    name: str | Path,
    request: Request,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> tuple[Path, Path, dict[str, Any]]:
    """NAME.imu.csv.xz and NAME.truth.json, made chunk by chunk in bounded memory.

    `progress` is called with the seconds of the trace written so far. Files appear under their names only when whole.
    """
    scenario, _, truth, chunks = _begin(request, seed)
    with _Files(name) as files:
        for c in chunks:
            files.add(c.t_s[c.kept], c.acc_g[c.kept], c.gyr_dps[c.kept])
            if progress is not None:
                progress(float(c.t_s[-1]) + 1 / scenario.rate_hz)
        known = truth.finish()
        files.finish(known)
    return files.trace_path, files.truth_path, known
