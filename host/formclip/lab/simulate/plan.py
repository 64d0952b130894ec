"""Every step of the run, before any sample of it: when each foot lands, for how long, how hard, and in what posture.

The run is cut at its *knots*. A knot is an initial contact, of running or of walking; in standing, knots go on as a
quiet tick. Everything that a runner changes from step to step is one number a knot; between knots the motion is a
smooth function of time (motion.py). Two hours are about 22,000 knots, so this part may be held in memory whole.

The spreads from step to step and their memory, and the differences of left and right, are of the size found in force
plate and marker data of 16 runners (Fukuchi 2017): step time 1.4 %, hardly correlated from one step to the next but
slowly drifting; contact 1.8 %; braking 8 %; mean tilt 0.7 deg; ranges 7-10 %. All scale with `variability_pct`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import lfilter

from formclip.lab.simulate.bounce import G_MPS2, eased, fit_oscillation, vertical
from formclip.lab.simulate.harmonics import ANGLES, CHANNELS, TERM_OF, TERMS, range_of, run_terms, walk_terms
from formclip.lab.simulate.scenario import Scenario, ScenarioError
from formclip.lab.simulate.schedule import (
    CODE,
    GRID_S,
    RUN,
    STAND,
    TICK_S,
    WALK,
    Schedule,
    Style,
    natural_braking_mps,
    natural_cadence_spm,
    natural_contact_s,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
# Columns of Plan.params: the mean of each angle, the speed, then cosine and sine part of each term (radians, metres).
MEANS = {"tilt": 0, "drop": 1, "rotation": 2}
SPEED = 3
FIRST_TERM = 4
# The pelvis sinks in the stance of one side: ((1 + cos)/2)^2 about the middle of it, less its mean: harmonic, share.
_SINKS = ((1, 0.5), (2, 0.125))
_MIDSTANCE = 0.3  # of a step after the contact


@dataclass
class Plan:
    """Arrays with one entry a knot, and the parts of the motion that are functions of time."""

    on_s: Floats
    activity: Ints  # STAND, WALK, RUN of the interval that begins here
    right: Flags
    contact_s: Floats  # the whole interval where the foot does not leave the ground
    height_m: Floats  # centre of mass at the knot, relative to standing
    rise_mps: Floats  # its vertical speed there
    hold_from: Floats  # share of body weight carried at the knot and at the end of contact
    hold_to: Floats
    force: Floats  # (n, 3) vertical force in contact beyond that, m/s2: sizes of sin(pi x), sin(2 pi x), sin(3 pi x)
    brake_mps: Floats  # loss of forward speed in contact that the profile has, positive
    impact_mps2: Floats
    params: Floats  # (n, FIRST_TERM + 2 len(TERMS))
    phase: CubicSpline  # knot number as a smooth function of time, a few ms before or after the contact itself
    sway: dict[str, Floats]  # (3, 3): amplitude, angular frequency, phase of slow sways
    turns: list[tuple[float, float, float]]  # start_s, for_s, angle in radians
    heel_cm: Floats
    over: Floats  # 0..1 how far into an overstriding episode
    arch: Floats
    spans: list[tuple[float, float, str]]  # activity as planned
    length_s: float


def _correlated(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """First-order autoregressive noise of unit spread."""
    white = rng.standard_normal(n) * np.sqrt(1 - memory * memory)
    start = rng.standard_normal() * memory
    out: Floats = lfilter([1.0], [1.0, -memory], white, zi=np.array([start]))[0]
    return np.clip(out, -3.0, 3.0)


def _knots(
    schedule: Schedule, noise: Floats, spread: float, asymmetry: float, limp: float, length_s: float
) -> tuple[Floats, Ints]:
    """The time of each knot and what follows it; `limp` is the right step's excess over the mean, in running."""
    cadence = schedule.cadence.tolist()
    wider = (schedule.spread_factor * spread).tolist()
    limps = schedule.limp.tolist()
    noise_list = noise.tolist()
    on: list[float] = []
    kinds: list[int] = []
    t, k, stop = 0.0, 0, length_s + 3.0
    bounds = [(end, CODE[activity]) for _, end, activity, _ in schedule.spans]
    span = 0
    while t < stop:
        while span < len(bounds) - 1 and t > bounds[span][0] - 0.02:
            span += 1
        end, kind = bounds[span]
        i = int(t / GRID_S)
        if kind == STAND:
            left = end - t
            ticks = max(1, round(left / TICK_S))
            takes = left / ticks
        else:
            side = 1.0 if k % 2 == 0 else -1.0
            uneven = asymmetry / 4 + (limp * limps[i] if kind == RUN else 0.0)
            takes = 60.0 / cadence[i] * (1 + noise_list[k] * wider[i] + side * uneven)
        on.append(t)
        kinds.append(kind)
        t += takes
        k += 1
    return np.array(on), np.array(kinds, dtype=np.int64)


class _Noise:
    """Correlated noise of unit spread, one value a knot, by name; drawn in the order of asking."""

    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self._rng = rng
        self._n = n

    def quick(self, memory: float = 0.0) -> Floats:
        return _correlated(self._rng, self._n, memory)

    def both(self, quick_share: float, quick_memory: float, slow_memory: float = 0.97) -> Floats:
        """Some of it new at each step, the rest a slow drift; quick_share is of the variance."""
        quick, slow = self.quick(quick_memory), self.quick(slow_memory)
        out: Floats = np.sqrt(quick_share) * quick + np.sqrt(1 - quick_share) * slow
        return out


@dataclass
class _Rhythm:
    """When each foot lands, and what the schedule says there."""

    on_s: Floats
    activity: Ints
    period_s: Floats
    period_noise: Floats
    right: Flags
    spares: Floats  # how much the limp is there, positive where the right side is spared
    vary: Floats  # spread of step time, as a share
    effort_mps: Floats  # the speed that form follows: in slow starts and stops it keeps to half speed
    at: dict[str, Floats]

    @property
    def running(self) -> Flags:
        out: Flags = self.activity == RUN
        return out

    @property
    def sign(self) -> Floats:
        return np.where(self.right, 1.0, -1.0)

    @property
    def spared(self) -> Floats:
        """How far each step is one of the spared side, 1 to -1; 0 without a limp."""
        return self.sign * self.spares


@dataclass
class _Ground:
    """How the foot meets the ground."""

    contact_s: Floats
    brake_mps: Floats
    impact_mps2: Floats
    height_m: Floats
    heel_cm: Floats
    braked: Floats  # braking against what is natural at that speed
    steady_contact_s: float


def _rhythm(scenario: Scenario, style: Style, schedule: Schedule, noise: _Noise) -> _Rhythm:
    period_noise = noise.both(0.8, -0.35)
    uneven = scenario.asymmetry_pct / 100 + 2 * style.uneven_period
    spread = scenario.variability_pct / 100
    limp = (1.0 if scenario.limp.side == "right" else -1.0) * scenario.limp.step_time_pct / 100
    on_s, activity = _knots(schedule, period_noise, spread, uneven, limp, scenario.minutes * 60)
    n = len(on_s)
    names = (
        "speed", "slope", "cadence", "contact_factor", "braking_factor", "impact_factor", "drop_factor",
        "spread_factor", "tilt", "heel_cm", "over", "arch", "limp",
    )  # fmt: skip
    at = {name: schedule.at(name, on_s) for name in names}
    return _Rhythm(
        on_s=on_s,
        activity=activity,
        period_s=np.diff(on_s, append=on_s[-1] + (on_s[-1] - on_s[-2])),
        period_noise=period_noise[:n],
        right=np.arange(n) % 2 == 0,
        spares=(1.0 if scenario.limp.side == "right" else -1.0) * at["limp"],
        vary=spread * at["spread_factor"],
        effort_mps=np.maximum(at["speed"], 0.5 * scenario.speed_mps),
        at=at,
    )


def _base_cadence(scenario: Scenario, style: Style) -> float:
    if scenario.cadence_spm is not None:
        return scenario.cadence_spm
    return float(natural_cadence_spm(scenario.speed_mps)) * style.cadence


def _ground(scenario: Scenario, style: Style, r: _Rhythm, noise: _Noise) -> _Ground:
    """Contact and braking from the speed, then against the cadence that goes with that speed."""
    n, at, vary, period = len(r.on_s), r.at, r.vary, r.period_s
    base_cadence = _base_cadence(scenario, style)
    shortest, longest = 0.3 * 60 / base_cadence, 0.96 * 60 / base_cadence
    if scenario.contact_ms is not None and not shortest <= scenario.contact_ms / 1000 <= longest:
        raise ScenarioError(
            f"contact_ms {scenario.contact_ms:g} does not go with {base_cadence:.0f} steps/min",
            f"give {shortest * 1000:.0f} to {longest * 1000:.0f}, or another cadence_spm",
        )
    slower = natural_cadence_spm(r.effort_mps) / at["cadence"]
    base_slower = float(natural_cadence_spm(scenario.speed_mps)) / base_cadence
    natural_steady = float(natural_contact_s(scenario.speed_mps)) * style.contact * base_slower**0.6
    steady = natural_steady if scenario.contact_ms is None else scenario.contact_ms / 1000
    contact = natural_contact_s(r.effort_mps) * style.contact * slower**0.6 * (steady / natural_steady)
    contact *= at["contact_factor"] * (1 + 0.004 * at["slope"])
    contact *= 1 + vary * (1.3 * noise.quick(0.25)[:n] + 0.5 * r.period_noise)
    contact *= 1 + r.sign * (scenario.asymmetry_pct / 200 + style.uneven_contact)
    contact *= 1 + r.spared * scenario.limp.contact_pct / 100
    contact = np.clip(contact, 0.3 * period, np.minimum(0.96 * period, period - 0.012))

    brake = natural_braking_mps(r.effort_mps) * style.braking * slower**1.3
    if scenario.braking_mps is not None:
        natural = float(natural_braking_mps(scenario.speed_mps)) * style.braking * base_slower**1.3
        brake *= scenario.braking_mps / natural
    brake *= at["braking_factor"] * np.clip(1 - 0.055 * at["slope"], 0.3, 2.0)
    braked = brake / natural_braking_mps(r.effort_mps)
    brake *= np.maximum(1 + 6.0 * vary * noise.quick()[:n] + r.sign * style.uneven_braking, 0.1)

    impact = scenario.impact_g * G_MPS2 * (r.effort_mps / 3.0) ** 0.7 * at["impact_factor"]
    impact *= np.clip(1 - 0.05 * at["slope"], 0.4, 1.8) * np.exp(6.0 * vary * noise.quick(0.2)[:n])
    walked = 0.25 * scenario.impact_g * G_MPS2
    run_before = np.concatenate(([False], r.running[:-1]))
    height = 0.18 * vary * noise.quick(0.3)[:n] + r.spared * scenario.limp.height_cm / 200
    heel = 0.58 * r.effort_mps * contact / 2 * 100 * (1 + 2.5 * vary * noise.quick()[:n]) + at["heel_cm"]
    return _Ground(
        contact_s=np.where(r.running, contact, period),
        brake_mps=np.where(r.running, brake, 0.0),
        impact_mps2=np.where(r.running, impact, np.where(r.activity == WALK, walked, 0.0)),
        height_m=np.where(r.running & run_before, height, 0.0),
        heel_cm=heel,
        braked=braked,
        steady_contact_s=float(np.clip(steady, shortest, longest)),
    )


def _terms(scenario: Scenario, style: Style, r: _Rhythm, ground: _Ground, noise: _Noise) -> Floats:
    """(n, 2 len(TERMS)), radians and metres: how the pelvis moves through the stride that begins at each knot."""
    n, vary = len(r.on_s), r.vary
    terms = run_terms(r.effort_mps, style.amplitude, style.shift, style.detail)
    steady = run_terms(np.array([scenario.speed_mps]), style.amplitude, style.shift, style.detail)[0]
    more_cm = fit_oscillation(scenario, steady, 60.0 / _base_cadence(scenario, style), ground.steady_contact_s)
    j = TERM_OF["up", 2]
    size = np.hypot(terms[:, 2 * j], terms[:, 2 * j + 1])
    terms[:, 2 * j : 2 * j + 2] *= ((size + more_cm) / size)[:, None]

    gain = {c: 1 + 4.0 * vary * noise.both(0.5, 0.2)[:n] for c in CHANNELS}
    gain["up"] = 1 + 2.0 * vary * noise.quick(0.2)[:n]
    gain["drop"] *= r.at["drop_factor"]
    gain["ahead"] *= np.sqrt(np.clip(ground.braked, 0.3, 3.0))
    wanted = (scenario.tilt_range_deg, scenario.drop_range_deg, scenario.rotation_range_deg)
    for channel, degrees in zip(ANGLES, wanted):
        if degrees is not None:
            gain[channel] *= degrees / range_of(steady, channel)
    terms = np.where(r.running[:, None], terms, 0.0)
    walking = r.activity == WALK
    terms[walking] = walk_terms(r.at["speed"][walking])
    uneven = abs(scenario.asymmetry_pct) / 5  # what differs between the two sides grows with the asymmetry
    for j, (channel, m) in enumerate(TERMS):
        unit = np.pi / 180 if channel in ANGLES else 0.01
        own = gain[channel] + 4.0 * vary * noise.quick(0.2)[:n]
        if (channel, m) in (("tilt", 1), ("drop", 2)):
            own = own + uneven
        terms[:, 2 * j : 2 * j + 2] *= (unit * own)[:, None]
    _limp(terms, scenario, r)
    return terms


def _limp(terms: Floats, scenario: Scenario, r: _Rhythm) -> None:
    """What a limp adds: the pelvis sinks in one stance, and is ahead of the path at one side's contacts."""
    spares = r.spares * r.running
    lefts = scenario.limp.side == "left"
    sinks = np.radians(scenario.limp.drop_deg) * spares
    for m, share in _SINKS:
        j = TERM_OF["drop", m]
        angle = np.pi * m * (_MIDSTANCE + lefts)
        terms[:, 2 * j] += sinks * share * np.cos(angle)
        terms[:, 2 * j + 1] += sinks * share * np.sin(angle)
    # A step that covers more ground begins as far behind as it ends ahead.
    behind = 0.5 * scenario.limp.length_pct / 100 * r.effort_mps * 60.0 / r.at["cadence"]
    terms[:, 2 * TERM_OF["ahead", 1]] -= behind * spares


def _posture(scenario: Scenario, r: _Rhythm, ground: _Ground, noise: _Noise) -> Floats:
    """(n, FIRST_TERM): mean tilt, drop and rotation in radians, and the speed at contact."""
    n, at, vary = len(r.on_s), r.at, r.vary
    moving = r.activity != STAND
    lean = np.where(r.running, scenario.tilt_deg + at["tilt"] + 0.2 * at["slope"], 0.3 * scenario.tilt_deg)
    out = np.zeros((n, FIRST_TERM))
    out[:, MEANS["tilt"]] = scenario.standing_tilt_deg + moving * (lean + 45 * vary * noise.both(0.6, 0.3)[:n])
    out[:, MEANS["drop"]] = moving * 25 * vary * noise.both(0.3, 0.3)[:n]
    out[:, MEANS["rotation"]] = moving * 70 * vary * noise.both(0.3, 0.3)[:n]
    out = np.radians(out)
    # The speed at contact: over the step it is lower by half the braking.
    speed = at["speed"] * (1 + 0.6 * moving * vary * noise.quick(0.97)[:n])
    out[:, SPEED] = speed + 0.5 * ground.brake_mps * ground.contact_s / r.period_s
    return out


def _sway(rng: np.random.Generator) -> dict[str, Floats]:
    """Nobody stands like a statue: three slow sines a channel."""
    sizes = {"tilt": 0.0020, "drop": 0.0014, "rotation": 0.0012, "up": 0.0, "ahead": 0.0012, "right": 0.0012}
    out = {}
    for channel, size in sizes.items():
        rate = 2 * np.pi * rng.uniform([0.06, 0.15, 0.3], [0.12, 0.3, 0.5])
        out[channel] = np.stack([size * np.array([1.0, 0.7, 0.4]), rate, rng.uniform(0, 2 * np.pi, 3)])
    return out


def make_plan(scenario: Scenario, rng: np.random.Generator) -> Plan:
    """Lay out the whole run. Takes from `rng` what is natural variability."""
    length_s = scenario.minutes * 60
    style = Style(scenario.person)
    schedule = Schedule(scenario, style, length_s)
    noise = _Noise(rng, int((length_s + 6) * 4.6) + 60)
    rhythm = _rhythm(scenario, style, schedule, noise)
    ground = _ground(scenario, style, rhythm, noise)
    if scenario.limp.step_time_pct or scenario.limp.contact_pct:
        ground.height_m += np.abs(rhythm.spares) * eased(rhythm.on_s, rhythm.running, ground.contact_s)
    rise, hold_from, hold_to, force = vertical(rhythm.on_s, rhythm.running, ground.contact_s, ground.height_m)
    terms = _terms(scenario, style, rhythm, ground, noise)
    posture = _posture(scenario, rhythm, ground, noise)
    n = len(rhythm.on_s)
    late_s = 0.5 * rhythm.vary * rhythm.period_s * noise.quick()[:n] * (rhythm.activity != STAND)
    late_s[[0, -1]] = 0.0
    return Plan(
        on_s=rhythm.on_s,
        activity=rhythm.activity,
        right=rhythm.right,
        contact_s=ground.contact_s,
        height_m=ground.height_m,
        rise_mps=rise,
        hold_from=hold_from,
        hold_to=hold_to,
        force=force,
        brake_mps=ground.brake_mps,
        impact_mps2=ground.impact_mps2,
        params=np.concatenate([posture, terms], axis=1),
        phase=CubicSpline(rhythm.on_s + late_s, np.arange(n, dtype=np.float64), bc_type="natural"),
        sway=_sway(rng),
        turns=[(t.start_s, t.for_s, np.radians(t.angle_deg)) for t in scenario.turns],
        heel_cm=ground.heel_cm,
        over=rhythm.at["over"],
        arch=rhythm.at["arch"],
        spans=[(start, min(end, length_s), activity) for start, end, activity, _ in schedule.spans if start < length_s],
        length_s=length_s,
    )
