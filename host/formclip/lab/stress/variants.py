"""The ways in which a recorded run is made harder: each a function from Motion to what a trace of it would hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import resample_poly
from scipy.spatial.transform import Rotation

from formclip.ground.errors import FileError
from formclip.ground.trace.sources.ours import ACC, GYR
from formclip.lab.stress.daily import as_part
from formclip.lab.stress.motion import Floats, Motion, Truth, sensed

Random = np.random.Generator


@dataclass(frozen=True)
class Made:
    """Rows of a trace (n, 6), their stamps and the truth."""

    t_s: Floats
    rows: Floats
    truth: Truth
    write: Callable[[Floats, Floats], bytes] | None = None


@dataclass(frozen=True)
class Variant:
    """One way; `leave_out`: keys of figures that it makes meaningless."""

    name: str
    group: str
    make: Callable[..., Made]  # Motion, Random and, where the function asks for them, recorded walks
    leave_out: tuple[str, ...] = ()

    def __call__(self, motion: Motion, rng: Random, walks: Sequence[Path] = ()) -> Made:
        if self.make in (walking_break, walk_first):
            return self.make(motion, rng, walks)
        return self.make(motion, rng)


def to_csv(t_s: Floats, rows: Floats) -> bytes:
    table = np.column_stack((t_s, rows))
    text = ("%.5f,%.5f,%.5f,%.5f,%.4f,%.4f,%.4f\n" * len(table)) % tuple(table.ravel().tolist())
    return (",".join(("t_s", *ACC, *GYR)) + "\n" + text).encode()


def _made(motion: Motion, bias_dps: Floats | float | None = None, bias_g: Floats | float | None = None) -> Made:
    bias = np.array(motion.rest["gyro_bias_dps"]) if bias_dps is None else bias_dps
    offset = np.array(motion.rest["acc_bias_g"]) if bias_g is None else bias_g
    return Made(motion.t_s, sensed(motion, bias, offset), motion.truth())


# -- the sensor -------------------------------------------------------------------------------------------------------


def as_recorded(motion: Motion, rng: Random) -> Made:
    return _made(motion)


def bias_5(motion: Motion, rng: Random) -> Made:
    return _made(motion, rng.choice((-5.0, 5.0), 3))


def warm_up(motion: Motion, rng: Random) -> Made:
    """1 deg/s over ten minutes, as a clip that comes from a warm room."""
    drift = rng.choice((-1.0, 1.0), 3) * motion.t_s[:, None] / 600.0
    return _made(motion, np.array(motion.rest["gyro_bias_dps"]) + drift)


def warm_up_fast(motion: Motion, rng: Random) -> Made:
    drift = rng.choice((-1.0, 1.0), 3) * motion.t_s[:, None] / motion.t_s[-1]
    return _made(motion, np.array(motion.rest["gyro_bias_dps"]) + drift)


def scale(motion: Motion, rng: Random) -> Made:
    acc = motion.acc_g * (1 + 0.01 * rng.choice((-1.0, 1.0), 3))
    gyr = motion.gyr_dps * (1 + 0.01 * rng.choice((-1.0, 1.0), 3))
    return _made(replace(motion, acc_g=acc, gyr_dps=gyr), None, 0.03 * rng.choice((-1.0, 1.0), 3))


def noise(motion: Motion, rng: Random) -> Made:
    """Three times the noise of the traces (2 mg, 0.07 deg/s)."""
    acc = motion.acc_g + rng.normal(0, 0.0057, motion.acc_g.shape)
    gyr = motion.gyr_dps + rng.normal(0, 0.2, motion.gyr_dps.shape)
    return _made(replace(motion, acc_g=acc, gyr_dps=gyr))


# -- where it is worn -------------------------------------------------------------------------------------------------


def tilted_15(motion: Motion, rng: Random) -> Made:
    axis = rng.normal(size=3)
    return _biased(motion.mounted(Rotation.from_rotvec(np.radians(15) * axis / np.linalg.norm(axis))), rng)


def _biased(motion: Motion, rng: Random) -> Made:
    return _made(motion, rng.uniform(-3, 3, 3), rng.uniform(-0.01, 0.01, 3))


def side_of_waist(motion: Motion, rng: Random) -> Made:
    """On the hip: 15 cm to the right and 8 cm ahead of the small of the back, looking to the right."""
    body = motion.body_axes()
    arm = body.inv().apply([0.08, 0.0, 0.15])
    turn = body.inv() * Rotation.from_rotvec([0.0, np.radians(90), 0.0]) * body
    return _biased(motion.mounted(turn, arm.tolist()), rng)


def upside_down(motion: Motion, rng: Random) -> Made:
    body = motion.body_axes()
    return _biased(motion.mounted(body.inv() * Rotation.from_rotvec([np.pi, 0.0, 0.0]) * body), rng)


def any_way(motion: Motion, rng: Random) -> Made:
    return _biased(motion.mounted(Rotation.random(random_state=int(rng.integers(2**31)))), rng)


def _ringing(motion: Motion, rng: Random, delay_s: float, freq_hz: float, decay_s: float, size_g: float) -> Floats:
    """After each landing the second derivative (g) of a place that swings and comes to rest where it was.

    Begun softly, so that its largest acceleration is about `size_g`; speed and place gain nothing by it.
    """
    place = np.zeros(motion.samples + 2)
    t_s = np.arange(-1, motion.samples + 1) / motion.rate_hz
    w = 2 * np.pi * freq_hz
    for step in motion.steps:
        s = t_s - step["on_s"] - delay_s * rng.uniform(0.7, 1.3)
        on = (s >= 0) & (s < 8 * decay_s)
        soft = 1 - np.exp(-s[on] * w)
        place[on] += size_g * rng.uniform(0.7, 1.3) * soft**3 * np.exp(-s[on] / decay_s) * np.sin(w * s[on]) / w**2
    return np.asarray(np.diff(place, 2) * motion.rate_hz**2)


def _direction(rng: Random) -> Floats:
    axis = rng.normal(size=3)
    return np.asarray(axis / np.linalg.norm(axis))


def _wobbled(motion: Motion, rng: Random, size_g: float) -> Motion:
    """The belt shakes after each landing, 5 to 9 Hz, dying out within the step, with the turning that goes with it."""
    freq_hz = float(rng.uniform(5, 9))
    axis = _direction(rng)
    about = np.cross(axis, _direction(rng))
    acc = _ringing(motion, rng, 0.02, freq_hz, 0.07, size_g)
    # the turning follows the swing: a belt gives by about 2 deg for each g that pulls at it
    swing_deg = -2.0 * acc
    rate = np.gradient(swing_deg, 1 / motion.rate_hz)
    acc_g, gyr_dps = motion.acc_g + acc[:, None] * axis, motion.gyr_dps + rate[:, None] * about
    give = Rotation.from_rotvec(np.radians(swing_deg)[:, None] * about)
    return replace(motion, acc_g=give.inv().apply(acc_g), gyr_dps=give.inv().apply(gyr_dps))


def wobble_light(motion: Motion, rng: Random) -> Made:
    return _made(_wobbled(motion, rng, 0.5))


def wobble_heavy(motion: Motion, rng: Random) -> Made:
    return _made(_wobbled(motion, rng, 1.0))


def _struck(motion: Motion, rng: Random) -> Motion:
    """Landings that are felt: a burst of 20 to 40 Hz, 3 to 8 g, along up and a little aft."""
    size_g, freq_hz = float(rng.uniform(3, 8)), float(rng.uniform(20, 40))
    burst = _ringing(motion, rng, 0.01, freq_hz, 1.0 / freq_hz, size_g)
    return replace(motion, acc_g=motion.acc_g + burst[:, None] * motion.turned.inv().apply([-0.2, 1.0, 0.0]))


def impacts(motion: Motion, rng: Random) -> Made:
    return _made(_struck(motion, rng))


def impacts_clipped(motion: Motion, rng: Random) -> Made:
    """The same in a sensor that ends at 8 g."""
    struck = _struck(motion, rng)
    return replace(_made(struck), rows=sensed(struck, np.array(motion.rest["gyro_bias_dps"]), 0.0, 8.0))


# -- rates and files --------------------------------------------------------------------------------------------------


def _resampled(rate_hz: int) -> Callable[[Motion, Random], Made]:
    def make(motion: Motion, rng: Random) -> Made:
        made = _made(motion)
        common = gcd(rate_hz, int(motion.rate_hz))
        up, down = rate_hz // common, int(motion.rate_hz) // common
        rows = np.asarray(resample_poly(made.rows, up, down, axis=0, padtype="line"))
        return replace(made, t_s=np.arange(len(rows)) / rate_hz, rows=rows)

    return make


def bare_104(motion: Motion, rng: Random) -> Made:
    """Every other sample of a sensor with impacts: nothing filtered before."""
    made = impacts(motion, rng)
    return replace(made, t_s=made.t_s[::2], rows=made.rows[::2])


def jitter(motion: Motion, rng: Random) -> Made:
    """Read when the reader had time: stamps and values 1.2 ms (SD) off the even clock."""
    made = _made(motion)
    late = made.t_s + np.clip(rng.normal(0, 0.0012, len(made.t_s)), -0.0022, 0.0022)
    return replace(made, t_s=late, rows=CubicSpline(made.t_s, made.rows)(late))


def milliseconds(motion: Motion, rng: Random) -> Made:
    made = _made(motion)
    return replace(made, t_s=np.round(made.t_s, 3))


def off_rate(motion: Motion, rng: Random) -> Made:
    """A sensor's own oscillator: 211.3 Hz where 208 stands on the box."""
    made = _made(motion)
    t_s = np.arange(0, made.t_s[-1], 1 / 211.3)
    return replace(made, t_s=t_s, rows=CubicSpline(made.t_s, made.rows)(t_s))


def odd_file(motion: Motion, rng: Random) -> Made:
    """Other order, further columns, Windows line ends, exponents, a clock that counts from 1970."""

    def write(t_s: Floats, rows: Floats) -> bytes:
        names = ("gyr_z_dps", "note", "acc_x_g", "t_s", "acc_z_g", "gyr_x_dps", "temp_c", "acc_y_g", "gyr_y_dps")
        lines = [
            f"{r[5]:.4e},ok,{r[0]:.6f},{t:.4f},{r[2]:.6f},{r[3]:.5g},31.5,{r[1]:.6f},{r[4]:.5g}"
            for t, r in zip(t_s.tolist(), rows.tolist(), strict=True)
        ]
        return "\r\n".join([",".join(names), *lines, ""]).encode()

    return _later(replace(_made(motion), write=write), 1.76e9)


def before_zero(motion: Motion, rng: Random) -> Made:
    return _later(_made(motion), -30.0)


def _later(made: Made, shift_s: float) -> Made:
    steps = [{**s, "on_s": s["on_s"] + shift_s, "off_s": s["off_s"] + shift_s} for s in made.truth["steps"]]
    pose = {**made.truth["pose"], "t0_s": made.truth["pose"]["t0_s"] + shift_s}
    return replace(made, t_s=made.t_s + shift_s, truth={**made.truth, "steps": steps, "pose": pose})


def holes(motion: Motion, rng: Random) -> Made:
    """Four gaps of 20 to 150 ms, one of 2 s, 20 rows of NaN, 20 rows twice."""
    made = _made(motion)
    keep = np.ones(len(made.t_s), dtype=bool)
    for length_s in (0.02, 0.05, 0.1, 0.15):
        at = int(rng.uniform(25, 100) * motion.rate_hz)
        keep[at : at + int(length_s * motion.rate_hz)] = False
    at = int(60 * motion.rate_hz)
    keep[at : at + int(2 * motion.rate_hz)] = False
    rows = made.rows.copy()
    rows[rng.integers(len(rows), size=20)] = np.nan
    index = np.sort(np.concatenate((np.flatnonzero(keep), rng.choice(np.flatnonzero(keep), 20))))
    steps = [s for s in made.truth["steps"] if not 59.65 < s["on_s"] < 62.02]
    return replace(made, t_s=made.t_s[index], rows=rows[index], truth={**made.truth, "steps": steps})


# -- standing ---------------------------------------------------------------------------------------------------------


def _stood(seconds: float) -> Callable[[Motion, Random], Made]:
    def make(motion: Motion, rng: Random) -> Made:
        made = _made(motion)
        cut = int((10.0 - seconds) * motion.rate_hz) if seconds else int(motion.run_from_s * motion.rate_hz)
        shorter = _later(made, -cut / motion.rate_hz)
        return replace(shorter, t_s=shorter.t_s[cut:], rows=shorter.rows[cut:])

    return make


def sway(motion: Motion, rng: Random) -> Made:
    """Standing as people do: to and fro by 0.7 deg at 0.3 Hz, sideways by 0.4 at 0.2 Hz."""
    t_s = motion.t_s
    part = np.clip(np.minimum(t_s, 10.0 - t_s), 0, 1)
    part = 0.5 - 0.5 * np.cos(np.pi * part)
    body = motion.leaned((0.0, 0.0, 1.0), np.radians(0.7) * part * np.sin(2 * np.pi * 0.3 * t_s))
    return _made(body.leaned((1.0, 0.0, 0.0), np.radians(0.4) * part * np.sin(2 * np.pi * 0.2 * t_s + 1)))


# -- the way ----------------------------------------------------------------------------------------------------------


def _eased(t_s: Floats, from_s: float, for_s: float) -> Floats:
    """0 to 1, smooth to the second derivative."""
    x = np.clip((t_s - from_s) / for_s, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x * x)


def start(motion: Motion, rng: Random) -> Made:
    """From standing to full speed in 4 s, over ground."""
    speed = motion.rest["speed_mps"] * _eased(motion.t_s, motion.run_from_s - 1.0, 4.0)
    return _made(motion.yawed(0 * speed, speed))


def pace_changes(motion: Motion, rng: Random) -> Made:
    """A start, then 0.8 m/s faster and slower by turns, each change within 3 s, every 12 s."""
    t_s = motion.t_s
    speed = motion.rest["speed_mps"] * _eased(t_s, motion.run_from_s - 1.0, 4.0)
    sign = 1.0
    for at_s in np.arange(motion.run_from_s + 10, t_s[-1] - 5, 12.0):
        speed = speed + sign * 0.8 * _eased(t_s, at_s, 3.0)
        sign = -sign
    return _made(motion.yawed(0 * speed, speed))


def turns(motion: Motion, rng: Random) -> Made:
    """A start, then corners and U-turns: 90 to 180 deg in 3 to 10 s, at most 0.35 g, left and right, 6 s apart."""
    t_s, v = motion.t_s, motion.rest["speed_mps"]
    speed = v * _eased(t_s, motion.run_from_s - 1.0, 4.0)
    heading = np.zeros(len(t_s))
    at_s = motion.run_from_s + 8
    while at_s < t_s[-1] - 12:
        angle = np.radians(rng.uniform(90, 180))
        for_s = max(rng.uniform(3, 10), 1.875 * v * angle / 3.4)
        heading += rng.choice((-1, 1)) * angle * _eased(t_s, at_s, for_s)
        at_s += for_s + 6
    return _made(motion.yawed(heading, speed))


def turning_treadmill(motion: Motion, rng: Random) -> Made:
    """The heading turns, but nothing pulls sideways: a runner on a turntable, or a gyroscope that is wrong."""
    heading = np.zeros(motion.samples)
    at_s = motion.run_from_s + 8
    while at_s < motion.t_s[-1] - 12:
        heading += rng.choice((-1, 1)) * np.radians(rng.uniform(90, 180)) * _eased(motion.t_s, at_s, 5.0)
        at_s += 11
    return _made(motion.yawed(heading, 0 * heading))


def track(motion: Motion, rng: Random) -> Made:
    """A 400 m track, anticlockwise, half of the bank that balances the bend."""
    t_s, v = motion.t_s, motion.rest["speed_mps"]
    speed = v * _eased(t_s, motion.run_from_s - 1.0, 4.0)
    way_m = np.cumsum(speed) / motion.rate_hz
    bend = ((way_m % 200.0) > 85.0).astype(float)
    n = int(2.0 * motion.rate_hz) | 1
    bend = np.convolve(bend, np.hanning(n) / np.hanning(n).sum(), "same")
    rate = bend * np.pi / 115.0 * speed
    heading = np.cumsum(rate) / motion.rate_hz
    bank = motion.leaned((1.0, 0.0, 0.0), -0.5 * np.arctan(speed * rate / 9.81))
    return _made(bank.yawed(heading, speed))


def _stopping(motion: Motion, rng: Random, cuts_s: list[float], stand_s: float, moving: bool) -> Made:
    """Run, slow down, stand, run again: the trace's own change from standing to running, backwards and forwards."""
    from_s = motion.run_from_s
    parts: list[tuple[float, float] | Motion] = []
    at_s, stops = 0.0, []
    begin_s = 0.0
    for cut in cuts_s:
        end_s = cut
        parts += [(begin_s, end_s), (from_s, 10.0), (9.5, 9.5 - min(9.0, stand_s))]
        at_s += end_s - begin_s + from_s - 10.0
        left_s = stand_s - min(9.0, stand_s)
        while left_s > 0.01:
            more_s = min(9.0, left_s)
            parts += [(0.5, 0.5 + more_s), (9.5, 9.5)] if len(parts) % 2 else [(0.5, 0.5 + more_s)]
            left_s -= more_s
        stops.append(at_s)
        at_s += stand_s
        begin_s = 10.0
    parts.append((10.0, motion.t_s[-1]))
    joined = motion.pieces(parts)
    if not moving:
        return _made(joined)
    t_s, v = joined.t_s, motion.rest["speed_mps"]
    speed = v * _eased(t_s, from_s - 1.0, 3.0)
    for stop_s in stops:
        speed = speed - v * _eased(t_s, stop_s - 2.0, 2.5) + v * _eased(t_s, stop_s + stand_s + 0.5, 3.0)
    return _made(joined.yawed(0 * speed, speed))


def _walk(rng: Random, walks: Sequence[Path]) -> Path:
    if not walks:
        raise FileError("no recorded walk beside the runs", "leave this variant out, or name the folder above")
    return walks[int(rng.integers(len(walks)))]


def walking_break(motion: Motion, rng: Random, walks: Sequence[Path]) -> Made:
    """Running, 1 s of standing, half a minute of somebody's recorded walk, 1 s of standing, running."""
    walk = as_part(motion, _walk(rng, walks), 30.0, True)
    run_s, cut_s = motion.run_from_s, motion.seams_s[0]
    end_s = motion.t_s[-1]
    return _made(motion.pieces([(0.0, cut_s), (run_s, 9.5), walk, (9.5, end_s)]))


def walk_first(motion: Motion, rng: Random, walks: Sequence[Path]) -> Made:
    """Half a minute of walking about, then the standing, then the run."""
    walk = as_part(motion, _walk(rng, walks), 30.0, False)
    return _made(motion.pieces([walk, (0.0, motion.t_s[-1])]))


def stop_20(motion: Motion, rng: Random) -> Made:
    return _stopping(motion, rng, [motion.seams_s[1]], 20.0, True)


def stops(motion: Motion, rng: Random) -> Made:
    """Three runs of half a minute with 8 s of standing between them."""
    return _stopping(motion, rng, [motion.seams_s[0]] * 2, 8.0, True)


# -- the runner -------------------------------------------------------------------------------------------------------


def _cadence(spm: float) -> Callable[[Motion, Random], Made]:
    def make(motion: Motion, rng: Random) -> Made:
        return _made(motion.quickened(spm / motion.rest["cadence_spm"]))

    return make


def _flat(share: float) -> Callable[[Motion, Random], Made]:
    def make(motion: Motion, rng: Random) -> Made:
        return _made(motion.scaled_bounce(share))

    return make


_FIT = ("contact_time", "speed", "braking", "heel_ahead")  # fitted to people: not for bodies that do not exist

VARIANTS = (
    Variant("as recorded", "sensor", as_recorded),
    Variant("gyroscope bias ±5 °/s on each axis", "sensor", bias_5),
    Variant("bias drifts by 1 °/s in 10 min", "sensor", warm_up),
    Variant("bias drifts by 1 °/s in the trace", "sensor", warm_up_fast),
    Variant("scale errors 1 %, offset 30 mg", "sensor", scale),
    Variant("noise × 3", "sensor", noise),
    Variant("clip tilted by 15°", "place", tilted_15),
    Variant("side of the waist", "place", side_of_waist, ("oscillation",)),
    Variant("upside down", "place", upside_down),
    Variant("any way round", "place", any_way),
    Variant("belt wobbles, 0.5 g", "place", wobble_light),
    Variant("belt wobbles, 1 g", "place", wobble_heavy, _FIT),
    Variant("impacts of 3 to 8 g", "place", impacts),
    Variant("impacts, sensor ends at 8 g", "place", impacts_clipped),
    Variant("104 Hz", "file", _resampled(104)),
    Variant("104 Hz with impacts, unfiltered", "file", bare_104, _FIT),
    Variant("100 Hz", "file", _resampled(100)),
    Variant("119 Hz", "file", _resampled(119)),
    Variant("416 Hz", "file", _resampled(416)),
    Variant("211.3 Hz", "file", off_rate),
    Variant("jittering stamps", "file", jitter),
    Variant("stamps in whole ms", "file", milliseconds),
    Variant("other columns, CRLF, Unix time", "file", odd_file),
    Variant("time from -30 s", "file", before_zero),
    Variant("gaps, NaN and double rows", "file", holes),
    Variant("6 s of standing", "standing", _stood(6.0)),
    Variant("4 s of standing", "standing", _stood(4.0)),
    Variant("no standing", "standing", _stood(0.0), ("tilt",)),
    Variant("sways while standing", "standing", sway),
    Variant("start over ground", "way", start),
    Variant("pace changes by 0.8 m/s", "way", pace_changes),
    Variant("corners and U-turns", "way", turns),
    Variant("turns without a pull", "way", turning_treadmill),
    Variant("400 m track", "way", track, ("drop_range",)),
    Variant("20 s stop", "way", stop_20),
    Variant("three runs, 8 s stops", "way", stops),
    Variant("walking break", "way", walking_break),
    Variant("walks before it stands", "way", walk_first),
    Variant("cadence 130", "runner", _cadence(130.0), _FIT),
    Variant("cadence 150", "runner", _cadence(150.0), _FIT),
    Variant("cadence 210", "runner", _cadence(210.0), _FIT),
    Variant("cadence 235", "runner", _cadence(235.0), _FIT),
    Variant("shuffle: 0.6 of the bounce", "runner", _flat(0.6), (*_FIT, "initial_contact")),
    Variant("shuffle: 0.45 of the bounce", "runner", _flat(0.45), (*_FIT, "initial_contact")),
)
