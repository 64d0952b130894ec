"""Every step of the run, before any sample of it: when each foot lands, for how long, how hard, and in what posture.

The run is cut at its *knots*. A knot is an initial contact, of running or of walking; in standing, knots go on as a
quiet tick. Everything that a runner changes from step to step is one number a knot; between knots the motion is a
smooth function of time (motion.py). Two hours are about 22,000 knots, so this part may be held in memory whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.signal import lfilter

from formclip.simulate.scenario import ARCH, OVERSTRIDE, RUNNING, STANDING, WALKING, Scenario, ScenarioError, Segment

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

G_MPS2 = 9.80665
STAND, WALK, RUN = 0, 1, 2
_CODE = {STANDING: STAND, WALKING: WALK, RUNNING: RUN}
RIGHT_FIRST = 1.0  # even knots are right contacts

# The pelvis against the phase of the stride, as cosine harmonics: channel, harmonic of the stride, amplitude at
# 2.5 m/s and its change to 4.5 m/s (degrees or cm), place of its peak in the stride from the right contact, and the
# change of that place. tilt + anterior, drop + right side up, rotation + to the left; up, ahead and right in cm,
# relative to the centre of mass. Even harmonics repeat every step, odd ones are the two sides' difference.
# The sizes are those of Novacheck 1998 (Gait Posture 7:77, figs 5-7) and Schache 1999 (Gait Posture 10:30) and agree
# with the means over the 16 runners of Fukuchi 2017 (PeerJ 5:e3298), rounded: they are no particular runner's.
RUN_HARMONICS: tuple[tuple[str, int, float, float, float, float], ...] = (
    ("tilt", 1, 0.2, 0.0, 0.35, 0.0),
    ("tilt", 2, 2.9, 0.1, 0.39, -0.035),
    ("tilt", 4, 0.45, 0.60, 0.175, -0.035),
    ("drop", 1, 1.45, 1.10, 1.00, -0.030),
    ("drop", 2, 0.3, 0.0, 0.16, 0.0),
    ("drop", 3, 1.10, 0.65, 0.166, -0.022),
    ("rotation", 1, 3.8, 3.5, 0.60, -0.040),
    ("rotation", 3, 0.60, 1.40, 0.337, -0.033),
    ("rotation", 5, 0.30, 0.0, 0.18, 0.0),
    ("up", 2, 1.70, -0.85, 0.365, -0.012),
    ("up", 4, 0.26, 0.04, 0.225, -0.025),
    ("up", 6, 0.05, -0.02, 0.183, 0.0),
    ("ahead", 2, 1.40, 0.40, 0.436, -0.040),
    ("ahead", 4, 0.14, 0.23, 0.312, -0.004),
    ("ahead", 6, 0.035, 0.0, 0.243, 0.0),
    ("right", 1, 0.30, 1.30, 0.565, 0.0),
    ("right", 3, 0.12, 0.26, 0.300, 0.0),
)
# Walking at 1.4 m/s: the same channels; lowest in double support, highest in mid-stance.
WALK_HARMONICS: tuple[tuple[str, int, float, float], ...] = (
    ("tilt", 2, 1.2, 0.42),
    ("drop", 1, 3.2, 0.12),
    ("drop", 3, 0.7, 0.20),
    ("rotation", 1, 4.5, 0.98),
    ("up", 2, 1.8, 0.31),
    ("up", 4, 0.20, 0.04),
    ("ahead", 2, 0.9, 0.14),
    ("ahead", 4, 0.12, 0.06),
    ("right", 1, 2.2, 0.30),
)
ANGLES = ("tilt", "drop", "rotation")
CHANNELS = (*ANGLES, "up", "ahead", "right")
TERMS: tuple[tuple[str, int], ...] = tuple(
    dict.fromkeys([(h[0], h[1]) for h in RUN_HARMONICS] + [(h[0], h[1]) for h in WALK_HARMONICS])
)
_TERM_OF = {term: i for i, term in enumerate(TERMS)}
# Columns of Plan.params: the mean of each angle, the speed, then cosine and sine part of each term (radians, metres).
MEANS = {"tilt": 0, "drop": 1, "rotation": 2}
SPEED = 3
FIRST_TERM = 4

# Push-off is this share stronger than the landing: the runner takes off higher than the foot comes down.
_FLIGHT_SKEW = 0.15
_FLATTER = 0.18  # third harmonic of the ground force, as a share of its mean in contact
_GRID_S = 0.05
_TICK_S = 0.4
_LEAD_S = 1.0  # from the end of standing to the first contact


@dataclass
class Plan:
    """Arrays with one entry a knot, and the parts of the motion that are functions of time."""

    on_s: Floats
    activity: Ints  # STAND, WALK, RUN of the interval that begins here
    right: NDArray[np.bool_]
    contact_s: Floats  # the whole interval where the foot does not leave the ground
    height_m: Floats  # centre of mass at the knot, relative to standing
    rise_mps: Floats  # its vertical speed there
    hold_from: Floats  # share of body weight carried at the knot and at the end of contact
    hold_to: Floats
    force: Floats  # (n, 3) vertical force in contact beyond that, m/s2: sizes of sin(pi x), sin(2 pi x), sin(3 pi x)
    brake_mps: Floats  # loss of forward speed in contact that the profile has, positive
    impact_mps2: Floats
    params: Floats  # (n, FIRST_TERM + 2 len(TERMS))
    phase: CubicSpline  # knot number as a smooth function of time
    sway: dict[str, Floats]  # (3, 3): amplitude, angular frequency, phase of slow sways
    turns: list[tuple[float, float, float]]  # start_s, for_s, angle in radians
    heel_cm: Floats
    over: Floats  # 0..1 how far into an overstriding episode
    arch: Floats
    spans: list[tuple[float, float, str]]  # activity as planned
    length_s: float


def _smooth(x: Any) -> Floats:
    """0 to 1 with two continuous derivatives."""
    x = np.clip(np.asarray(x, dtype=np.float64), 0.0, 1.0)
    out: Floats = x * x * x * (10 + x * (6 * x - 15))
    return out


def _correlated(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """First-order autoregressive noise of unit spread."""
    white = rng.standard_normal(n) * np.sqrt(1 - memory * memory)
    start = rng.standard_normal() * memory
    out: Floats = lfilter([1.0], [1.0, -memory], white, zi=np.array([start]))[0]
    return np.clip(out, -3.0, 3.0)


def natural_cadence_spm(speed_mps: Any) -> Any:
    """About 8 steps/min more for each m/s."""
    return 145.0 + 8.0 * np.maximum(speed_mps, 1.8)


def natural_contact_s(speed_mps: Any) -> Any:
    return 0.262 * (2.5 / np.maximum(speed_mps, 1.5)) ** 0.53


def natural_braking_mps(speed_mps: Any) -> Any:
    return 0.178 * (np.maximum(speed_mps, 1.5) / 2.5) ** 0.54


def _spans(scenario: Scenario, length_s: float) -> list[tuple[float, float, str, Segment | None]]:
    """The whole trace as consecutive spans of one activity."""
    out: list[tuple[float, float, str, Segment | None]] = []
    t = scenario.stand_s + _LEAD_S if scenario.stand_s else 0.0
    if t:
        out.append((0.0, t, STANDING, None))
    for segment in sorted(scenario.segments, key=lambda s: s.start_s):
        start, end = max(segment.start_s, t), segment.end_s
        if end <= start:
            continue
        if start > t:
            out.append((t, start, RUNNING, None))
        out.append((start, end, segment.activity, segment))
        t = end
    if t < length_s:
        out.append((t, length_s + 5, RUNNING, None))
    else:
        last = out.pop()
        out.append((last[0], length_s + 5, last[2], last[3]))
    return out


class _Style:
    """How somebody differs from the average runner; person 0 does not."""

    def __init__(self, person: int) -> None:
        rng = np.random.default_rng([person, 0x5E7])
        own = 1.0 if person else 0.0

        def about_one(spread: float) -> float:
            return 1.0 + spread * own * float(np.clip(rng.standard_normal(), -2, 2))

        n = len(RUN_HARMONICS)
        harmonic = np.array([h[1] for h in RUN_HARMONICS])
        self.amplitude: Floats = np.exp(0.28 * own * rng.standard_normal(n))
        self.shift: Floats = 0.022 * own * rng.standard_normal(n) / np.sqrt(harmonic)
        self.contact = about_one(0.05)
        self.braking = about_one(0.10)
        self.cadence = about_one(0.04)


class _Schedule:
    """What the runner intends at each moment, on a grid of _GRID_S."""

    def __init__(self, scenario: Scenario, style: _Style, length_s: float) -> None:
        self.spans = _spans(scenario, length_s)
        n = int((length_s + 6) / _GRID_S) + 2
        t: Floats = np.arange(n, dtype=np.float64) * _GRID_S
        self.t = t
        self.speed = np.zeros(n)
        self.slope = np.full(n, scenario.slope_deg)
        self.activity = np.full(n, RUN)
        self.cadence_set = np.full(n, np.nan)
        runs = [s for s in self.spans if s[2] == RUNNING]
        first, last = (runs[0][0], min(runs[-1][1], length_s)) if runs else (0.0, length_s)
        self.progress = np.clip((t - first) / max(last - first, 1.0), 0.0, 1.0)
        before: float | None = None
        slope_before = scenario.slope_deg
        for start, end, activity, segment in self.spans:
            inside = (t >= start) & (t < end)
            self.activity[inside] = _CODE[activity]
            speed = {STANDING: 0.0, WALKING: scenario.walk_speed_mps, RUNNING: scenario.speed_mps}[activity]
            if segment is not None:
                if segment.speed_mps is not None and activity != STANDING:
                    speed = segment.speed_mps
                if segment.cadence_spm is not None:
                    self.cadence_set[inside] = segment.cadence_spm
            slope = scenario.slope_deg if segment is None or segment.slope_deg is None else segment.slope_deg
            if before is None:
                self.speed[:] = speed
            elif speed != before:
                # Gathers speed after the change, loses it before; about 1 m/s2, milder for small changes.
                takes = min(max(1.2, abs(speed - before) * 1.2), max(end - start, 1.0))
                begin = start if speed > before else start - takes
                self.speed += (speed - before) * _smooth((t - begin) / takes)
            if slope != slope_before:
                self.slope += (slope - slope_before) * _smooth((t - start) / 4.0)
            before, slope_before = speed, slope
        fatigue = scenario.fatigue
        self.speed *= 1 + fatigue.speed_pct / 100 * self.progress
        ones = np.ones(n)
        self.cadence_factor = ones * (1 + fatigue.cadence_pct / 100 * self.progress)
        self.contact_factor = ones * (1 + fatigue.contact_pct / 100 * self.progress)
        self.braking_factor = ones * (1 + fatigue.braking_pct / 100 * self.progress)
        self.drop_factor = ones * (1 + fatigue.drop_range_pct / 100 * self.progress)
        self.spread_factor = ones * (1 + fatigue.variability_pct / 100 * self.progress)
        self.impact_factor = ones.copy()
        self.tilt = fatigue.tilt_deg * self.progress
        self.heel_cm = np.zeros(n)
        self.over = np.zeros(n)
        self.arch = np.zeros(n)
        for e in scenario.episodes:
            held = _smooth((t - e.start_s) / e.ramp_s) - _smooth((t - e.end_s) / e.ramp_s)
            if e.kind == OVERSTRIDE:
                self.cadence_factor *= 1 + e.cadence_pct / 100 * held
                self.contact_factor *= 1 + e.contact_pct / 100 * held
                self.braking_factor *= 1 + e.braking_pct / 100 * held
                self.impact_factor *= 1 + e.impact_pct / 100 * held
                self.heel_cm += e.heel_cm * held
                self.over += held
            elif e.kind == ARCH:
                self.tilt += e.tilt_deg * held
                self.arch += held
        self.cadence = self._cadence(scenario, style)

    def _cadence(self, scenario: Scenario, style: _Style) -> Floats:
        speed = np.maximum(self.speed, 0.6 * scenario.speed_mps)
        own = scenario.cadence_spm
        if own is None:
            run = natural_cadence_spm(speed) * style.cadence
        else:
            run = own + 8.0 * (speed - scenario.speed_mps)
        run = run * (1 + 0.003 * self.slope)
        walk = scenario.walk_cadence_spm * np.sqrt(
            np.maximum(self.speed, 0.5 * scenario.walk_speed_mps) / scenario.walk_speed_mps
        )
        out = np.where(self.activity == WALK, walk, np.where(np.isnan(self.cadence_set), run, self.cadence_set))
        out = np.where((self.activity == WALK) & ~np.isnan(self.cadence_set), self.cadence_set, out)
        out = out * np.where(self.activity == RUN, self.cadence_factor, 1.0)
        result: Floats = np.where(self.activity == STAND, 60.0 / _TICK_S, np.clip(out, 60.0, 260.0))
        return result

    def at(self, name: str, t: Floats) -> Floats:
        out: Floats = np.interp(t, self.t, getattr(self, name))
        return out


def _knots(schedule: _Schedule, noise: Floats, spread: float, asymmetry: float, length_s: float) -> tuple[Floats, Ints]:
    """The time of each knot and what follows it."""
    cadence = schedule.cadence.tolist()
    wider = (schedule.spread_factor * spread).tolist()
    noise_list = noise.tolist()
    on: list[float] = []
    kinds: list[int] = []
    t, k, stop = 0.0, 0, length_s + 3.0
    bounds = [(end, _CODE[activity]) for _, end, activity, _ in schedule.spans]
    span = 0
    while t < stop:
        while span < len(bounds) - 1 and t > bounds[span][0] - 0.02:
            span += 1
        end, kind = bounds[span]
        i = int(t / _GRID_S)
        if kind == STAND:
            left = end - t
            ticks = max(1, round(left / _TICK_S))
            takes = left / ticks
        else:
            side = 1.0 if k % 2 == 0 else -1.0
            takes = 60.0 / cadence[i] * (1 + noise_list[k] * wider[i] + side * asymmetry / 4)
        on.append(t)
        kinds.append(kind)
        t += takes
        k += 1
    return np.array(on), np.array(kinds, dtype=np.int64)


def _vertical(
    on_s: Floats, running: NDArray[np.bool_], contact_s: Floats, height_m: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Vertical speed at each knot, what carries the weight at both ends of contact, and the force between.

    In flight the centre of mass falls freely. The two free amplitudes of the force in contact are what brings the
    centre of mass from its state at this contact to the one that the next contact needs: so gravity is balanced over
    every step exactly, and height never drifts.
    """
    n = len(on_s)
    period = np.diff(on_s, append=on_s[-1] + (on_s[-1] - on_s[-2]))
    flight = np.where(running, period - contact_s, 0.0)
    run_before = np.concatenate(([False], running[:-1]))
    flight_before = np.concatenate(([0.0], flight[:-1]))
    rise = np.where(run_before, -0.5 * G_MPS2 * flight_before * (1 + _FLIGHT_SKEW), 0.0)
    hold_from = np.where(run_before, 0.0, 1.0)
    hold_to = np.where(running, 0.0, 1.0)
    next_rise = np.append(rise[1:], 0.0)
    next_height = np.append(height_m[1:], 0.0)
    off_rise = next_rise + G_MPS2 * flight
    off_height = next_height - off_rise * flight + 0.5 * G_MPS2 * flight**2
    third = np.where(running & run_before, _FLATTER * G_MPS2 * period / contact_s, 0.0)
    mean_hold = 0.5 * (hold_from + hold_to)
    double_hold = 0.5 * hold_from + (hold_to - hold_from) / 7.0
    first = (
        (off_rise - rise) / contact_s + G_MPS2 * (1 - mean_hold) - third * 2 / (3 * np.pi)
    ) * (np.pi / 2)  # fmt: skip
    second = (
        (off_height - height_m - rise * contact_s) / contact_s**2
        + G_MPS2 * (0.5 - double_hold)
        - first / np.pi
        - third / (3 * np.pi)
    ) * (2 * np.pi)
    force = np.stack([first, second, third], axis=1)
    assert force.shape == (n, 3)
    return rise, hold_from, hold_to, force


def _run_terms(speed: Floats, amplitude: Floats, shift: Floats) -> Floats:
    """(n, 2 len(TERMS)) cosine and sine parts in degrees and cm, for running at each speed."""
    out = np.zeros((len(speed), 2 * len(TERMS)))
    x = np.clip((speed - 2.5) / 2.0, -0.4, 1.8)
    for i, (channel, m, size, more, place, later) in enumerate(RUN_HARMONICS):
        amp = np.maximum(size + more * x, 0.25 * size) * amplitude[i]
        angle = 2 * np.pi * m * (place + later * x + shift[i])
        j = _TERM_OF[channel, m]
        out[:, 2 * j] = amp * np.cos(angle)
        out[:, 2 * j + 1] = amp * np.sin(angle)
    return out


def _walk_terms(speed: Floats) -> Floats:
    out = np.zeros((len(speed), 2 * len(TERMS)))
    x = np.clip(speed / 1.4, 0.2, 1.7) ** 0.7
    for channel, m, size, place in WALK_HARMONICS:
        j = _TERM_OF[channel, m]
        out[:, 2 * j] = size * x * np.cos(2 * np.pi * m * place)
        out[:, 2 * j + 1] = size * x * np.sin(2 * np.pi * m * place)
    return out


def _range_of(terms: Floats, channel: str) -> float:
    """Peak to peak of one channel over a stride."""
    phase = np.linspace(0.0, 2 * np.pi, 256, endpoint=False)
    wave = np.zeros_like(phase)
    for j, (name, m) in enumerate(TERMS):
        if name == channel:
            wave += terms[2 * j] * np.cos(m * phase) + terms[2 * j + 1] * np.sin(m * phase)
    return float(np.ptp(wave))


def _bounce(terms: Floats, period_s: float, contact_s: float) -> tuple[Floats, Floats]:
    """One steady step: height of the centre of mass and, on the same instants, of the pelvis relative to it, cm."""
    n = 5
    on: Floats = np.arange(n, dtype=np.float64) * period_s
    running = np.ones(n, dtype=bool)
    contact = np.full(n, contact_s)
    rise, hold_from, hold_to, force = _vertical(on, running, contact, np.zeros(n))
    dt = np.linspace(0.0, period_s, 128, endpoint=False)
    x = np.minimum(dt / contact_s, 1.0)
    k = 2
    speed_gain, height = contact_motion(x, contact[k], hold_from[k], hold_to[k], force[k])
    after = dt - contact_s
    top = height + rise[k] * np.minimum(dt, contact_s)
    off = rise[k] + speed_gain[-1]
    top = np.where(after > 0, top[-1] + off * after - 0.5 * G_MPS2 * after**2, top)
    wave = np.zeros_like(dt)
    for j, (name, m) in enumerate(TERMS):
        if name == "up":
            angle = np.pi * m * dt / period_s
            wave += terms[2 * j] * np.cos(angle) + terms[2 * j + 1] * np.sin(angle)
    return top * 100, wave


def contact_motion(x: Floats, contact: Any, hold_from: Any, hold_to: Any, force: Any) -> tuple[Floats, Floats]:
    """Speed and height gained since contact by the force alone, at share x of contact; force (..., 3)."""
    a, b, c = force[..., 0], force[..., 1], force[..., 2]
    pi = np.pi
    s1, c1 = np.sin(pi * x), np.cos(pi * x)
    s2, c2 = 2 * s1 * c1, 1 - 2 * s1 * s1
    s3, c3 = s1 * (3 - 4 * s1 * s1), c1 * (4 * c1 * c1 - 3)
    step = hold_to - hold_from
    x2 = x * x
    x4 = x2 * x2
    speed = G_MPS2 * ((hold_from - 1) * x + step * x4 * (2.5 - 3 * x + x2))
    speed = speed + a * (1 - c1) / pi + b * (1 - c2) / (2 * pi) + c * (1 - c3) / (3 * pi)
    height = G_MPS2 * ((hold_from - 1) * x2 / 2 + step * x4 * x * (0.5 - 0.5 * x + x2 / 7))
    height = height + a * (x - s1 / pi) / pi + b * (x - s2 / (2 * pi)) / (2 * pi) + c * (x - s3 / (3 * pi)) / (3 * pi)
    return contact * speed, contact * contact * height


def contact_push(x: Floats, hold_from: Any, hold_to: Any, force: Any) -> Floats:
    """Vertical acceleration in contact, m/s2, gravity included."""
    s1 = np.sin(np.pi * x)
    c1 = np.cos(np.pi * x)
    base = hold_from + (hold_to - hold_from) * (x * x * x * (10 + x * (6 * x - 15)))
    push = force[..., 0] * s1 + force[..., 1] * 2 * s1 * c1 + force[..., 2] * s1 * (3 - 4 * s1 * s1)
    out: Floats = push + G_MPS2 * (base - 1)
    return out


def _fit_oscillation(scenario: Scenario, terms: Floats, period_s: float, contact_s: float) -> float:
    """Change of the amplitude of the pelvis against the centre of mass, cm, that gives the oscillation asked for."""
    wanted = scenario.oscillation_cm
    if wanted is None:
        return 0.0
    centre, relative = _bounce(terms, period_s, contact_s)
    j = _TERM_OF["up", 2]
    size = float(np.hypot(terms[2 * j], terms[2 * j + 1]))
    angle = 2 * np.pi * np.arange(len(centre)) / len(centre)
    unit = (terms[2 * j] * np.cos(angle) + terms[2 * j + 1] * np.sin(angle)) / size
    steps = np.linspace(-8.0, 8.0, 161)
    spans = np.array([np.ptp(centre + relative + d * unit) for d in steps])
    low = int(np.argmin(spans))
    if not spans[low] <= wanted <= spans[-1]:
        raise ScenarioError(
            f"oscillation_cm {wanted:g} can't be reached with this cadence and contact time",
            f"give {spans[low]:.1f} to {spans[-1]:.1f}, or a lower cadence for more and a longer contact for less",
        )
    if wanted == spans[low]:
        return float(steps[low])
    return float(brentq(lambda d: np.ptp(centre + relative + d * unit) - wanted, steps[low], steps[-1], xtol=1e-4))


def make_plan(scenario: Scenario, rng: np.random.Generator) -> Plan:
    """Lay out the whole run. Takes from `rng` what is natural variability."""
    length_s = scenario.minutes * 60
    style = _Style(scenario.person)
    schedule = _Schedule(scenario, style, length_s)
    most = int((length_s + 6) * 4.6) + 60
    noise = {
        name: _correlated(rng, most, memory)
        for name, memory in (
            ("period", 0.5), ("contact", 0.4), ("brake", 0.4), ("height", 0.3), ("impact", 0.2), ("speed", 0.97),
            ("tilt", 0.93), ("drop", 0.9), ("heading", 0.95), *((f"gain {c}", 0.6) for c in CHANNELS),
        )
    }  # fmt: skip
    spread = scenario.variability_pct / 100
    on_s, activity = _knots(schedule, noise["period"], spread, scenario.asymmetry_pct / 100, length_s)
    n = len(on_s)
    noise = {name: values[:n] for name, values in noise.items()}
    at = {
        name: schedule.at(name, on_s)
        for name in (
            "speed", "slope", "cadence", "contact_factor", "braking_factor", "impact_factor", "drop_factor",
            "spread_factor", "tilt", "heel_cm", "over", "arch",
        )
    }  # fmt: skip
    vary = spread * at["spread_factor"]
    running = activity == RUN
    walking = activity == WALK
    right = np.arange(n) % 2 == 0
    sign = np.where(right, 1.0, -1.0)
    period = np.diff(on_s, append=on_s[-1] + (on_s[-1] - on_s[-2]))
    effort = np.maximum(at["speed"], 0.5 * scenario.speed_mps)  # form in running hardly follows below half speed

    base_cadence = scenario.cadence_spm or float(natural_cadence_spm(scenario.speed_mps)) * style.cadence
    contact_own, braking_own = style.contact, style.braking

    # contact and braking: from the speed, then against the cadence that goes with that speed
    slower = natural_cadence_spm(effort) / at["cadence"]
    base_slower = float(natural_cadence_spm(scenario.speed_mps)) / base_cadence
    contact = natural_contact_s(effort) * contact_own * slower**0.6
    if scenario.contact_ms is not None:
        contact = contact * (
            scenario.contact_ms / 1000
            / (float(natural_contact_s(scenario.speed_mps)) * contact_own * base_slower**0.6)
        )  # fmt: skip
    contact *= at["contact_factor"] * (1 + 0.004 * at["slope"])
    contact *= (1 + 1.5 * vary * noise["contact"]) * (1 + sign * scenario.asymmetry_pct / 200)
    contact = np.clip(contact, 0.3 * period, np.minimum(0.96 * period, period - 0.012))
    contact = np.where(running, contact, period)

    brake = natural_braking_mps(effort) * braking_own * slower**1.3
    if scenario.braking_mps is not None:
        natural = float(natural_braking_mps(scenario.speed_mps)) * braking_own * base_slower**1.3
        brake = brake * scenario.braking_mps / natural
    brake *= at["braking_factor"] * np.clip(1 - 0.055 * at["slope"], 0.3, 2.0)
    braked = brake / np.maximum(natural_braking_mps(effort), 1e-6)
    brake *= 1 + 4.0 * vary * noise["brake"]
    brake = np.where(running, brake, 0.0)

    impact = scenario.impact_g * G_MPS2 * (effort / 3.0) ** 0.7 * at["impact_factor"]
    impact *= np.clip(1 - 0.05 * at["slope"], 0.4, 1.8) * np.exp(6.0 * vary * noise["impact"])
    impact = np.where(running, impact, np.where(walking, 0.25 * scenario.impact_g * G_MPS2, 0.0))

    run_before = np.concatenate(([False], running[:-1]))
    height = np.where(running & run_before, 0.0023 * (vary / 0.013) * noise["height"], 0.0)
    rise, hold_from, hold_to, force = _vertical(on_s, running, contact, height)

    # posture and the pelvis against the centre of mass
    terms = _run_terms(effort, style.amplitude, style.shift)
    base_terms = _run_terms(np.array([scenario.speed_mps]), style.amplitude, style.shift)[0]
    gain = {c: 1 + 2.5 * vary * noise[f"gain {c}"] for c in CHANNELS}
    gain["drop"] = gain["drop"] * at["drop_factor"]
    gain["ahead"] = gain["ahead"] * np.sqrt(np.clip(braked, 0.3, 3.0))
    for channel, wanted in (
        ("tilt", scenario.tilt_range_deg), ("drop", scenario.drop_range_deg), ("rotation", scenario.rotation_range_deg)
    ):  # fmt: skip
        if wanted is not None:
            gain[channel] = gain[channel] * wanted / _range_of(base_terms, channel)
    if scenario.contact_ms is not None:
        low, high = 0.3 * 60000 / base_cadence, 0.96 * 60000 / base_cadence
        if not low <= scenario.contact_ms <= high:
            raise ScenarioError(
                f"contact_ms {scenario.contact_ms:g} does not go with {base_cadence:.0f} steps/min",
                f"give {low:.0f} to {high:.0f}, or another cadence_spm",
            )
    steady_contact = (
        natural_contact_s(scenario.speed_mps) * contact_own * base_slower**0.6
        if scenario.contact_ms is None
        else scenario.contact_ms / 1000
    )
    steady_contact = float(np.clip(steady_contact, 0.3 * 60 / base_cadence, 0.96 * 60 / base_cadence))
    more_cm = _fit_oscillation(scenario, base_terms, 60.0 / base_cadence, steady_contact)
    j = _TERM_OF["up", 2]
    size = np.hypot(terms[:, 2 * j], terms[:, 2 * j + 1])
    terms[:, 2 * j : 2 * j + 2] *= ((size + more_cm) / size)[:, None]
    walk_terms = _walk_terms(at["speed"])
    terms = np.where(running[:, None], terms, np.where(walking[:, None], walk_terms, 0.0))
    for j, (channel, m) in enumerate(TERMS):
        unit = np.pi / 180 if channel in ANGLES else 0.01
        own_gain = gain[channel] if channel != "drop" or m != 2 else gain[channel] + scenario.asymmetry_pct / 5
        if channel in ("tilt", "up", "ahead") and m == 1:
            own_gain = own_gain + abs(scenario.asymmetry_pct) / 5
        terms[:, 2 * j : 2 * j + 2] *= (unit * own_gain)[:, None]

    params = np.zeros((n, FIRST_TERM + 2 * len(TERMS)))
    lean = np.where(running, scenario.tilt_deg, np.where(walking, 0.3 * scenario.tilt_deg, 0.0))
    tilt = scenario.standing_tilt_deg + lean + np.where(running, at["tilt"] + 0.2 * at["slope"], 0.0)
    tilt += np.where(activity == STAND, 0.0, 25.0 * vary * noise["tilt"])
    params[:, MEANS["tilt"]] = np.radians(tilt)
    still = activity == STAND
    params[:, MEANS["drop"]] = np.radians(np.where(still, 0.0, 20.0 * vary * noise["drop"]))
    params[:, MEANS["rotation"]] = np.radians(np.where(still, 0.0, 60.0 * vary * noise["heading"]))
    params[:, SPEED] = at["speed"] * np.where(still, 1.0, 1 + 0.6 * vary * noise["speed"])
    params[:, SPEED] += 0.5 * brake * contact / period  # this is the speed at contact; the mean of a step is lower
    params[:, FIRST_TERM:] = terms

    sway = {}
    sizes = {"tilt": 0.0020, "drop": 0.0014, "rotation": 0.0012, "up": 0.0, "ahead": 0.0012, "right": 0.0012}
    for channel, amount in sizes.items():
        rate = 2 * np.pi * rng.uniform([0.06, 0.15, 0.3], [0.12, 0.3, 0.5])
        sway[channel] = np.stack([amount * np.array([1.0, 0.7, 0.4]), rate, rng.uniform(0, 2 * np.pi, 3)])

    heel = 0.58 * effort * contact / 2 * 100 + at["heel_cm"]
    return Plan(
        on_s=on_s,
        activity=activity,
        right=right,
        contact_s=contact,
        height_m=height,
        rise_mps=rise,
        hold_from=hold_from,
        hold_to=hold_to,
        force=force,
        brake_mps=brake,
        impact_mps2=impact,
        params=params,
        phase=CubicSpline(on_s, np.arange(n, dtype=np.float64), bc_type="natural"),
        sway=sway,
        turns=[(t.start_s, t.for_s, np.radians(t.angle_deg)) for t in scenario.turns],
        heel_cm=heel,
        over=at["over"],
        arch=at["arch"],
        spans=[(start, min(end, length_s), activity) for start, end, activity, _ in schedule.spans if start < length_s],
        length_s=length_s,
    )
