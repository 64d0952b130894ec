"""What the runner intends at each moment, and how one runner differs from another: before any step is laid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.lab.simulate.harmonics import DETAIL, RUN_HARMONICS, TERM_OF, TERMS, even_sided
from formclip.lab.simulate.scenario import ARCH, OVERSTRIDE, RUNNING, STANDING, WALKING, Scenario, Segment

Floats = NDArray[np.float64]

STAND, WALK, RUN = 0, 1, 2
CODE = {STANDING: STAND, WALKING: WALK, RUNNING: RUN}
GRID_S = 0.05
TICK_S = 0.4
_LIMP_GROWS_S = 10.0
LEAD_S = 1.0  # from the end of standing to the first contact


def smooth(x: Any) -> Floats:
    """0 to 1 with two continuous derivatives."""
    x = np.clip(np.asarray(x, dtype=np.float64), 0.0, 1.0)
    out: Floats = x * x * x * (10 + x * (6 * x - 15))
    return out


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
    t = scenario.stand_s + LEAD_S if scenario.stand_s else 0.0
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


class Style:
    """How somebody differs from the average runner; person 0 is average and even, with a detail of its own."""

    def __init__(self, person: int) -> None:
        rng = np.random.default_rng([person, 0x5E7])
        own = 1.0 if person else 0.0

        def about_one(spread: float) -> float:
            return 1.0 + spread * own * float(np.clip(rng.standard_normal(), -2, 2))

        n = len(RUN_HARMONICS)
        harmonic = np.array([h[1] for h in RUN_HARMONICS])
        # What the ground force shapes is more alike between people than how the pelvis turns.
        loose = np.array([1.0 if h[0] in ("tilt", "drop", "rotation", "right") else 0.5 for h in RUN_HARMONICS])
        self.amplitude: Floats = np.exp(0.28 * own * loose * rng.standard_normal(n))
        self.shift: Floats = 0.022 * own * loose * rng.standard_normal(n) / np.sqrt(harmonic)
        self.contact = about_one(0.08)
        self.braking = about_one(0.10)
        self.cadence = about_one(0.04)
        # Right minus left, half of it, as a share: nobody is even.
        self.uneven_period = about_one(0.035) - 1
        self.uneven_contact = about_one(0.012) - 1
        self.uneven_braking = about_one(0.05) - 1
        self.detail = np.zeros(2 * len(TERMS))
        for channel, m, size in DETAIL:
            angle, much = rng.uniform(0, 2 * np.pi), size * np.exp(0.3 * rng.standard_normal())
            if person or even_sided(channel, m):
                j = TERM_OF[channel, m]
                self.detail[2 * j : 2 * j + 2] += much * np.array([np.cos(angle), np.sin(angle)])


class Schedule:
    """What the runner intends at each moment, on a grid of GRID_S."""

    def __init__(self, scenario: Scenario, style: Style, length_s: float) -> None:
        self.spans = _spans(scenario, length_s)
        n = int((length_s + 6) / GRID_S) + 2
        t: Floats = np.arange(n, dtype=np.float64) * GRID_S
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
            self.activity[inside] = CODE[activity]
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
                self.speed += (speed - before) * smooth((t - begin) / takes)
            if slope != slope_before:
                self.slope += (slope - slope_before) * smooth((t - start) / 4.0)
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
        limp_s = scenario.limp.start_s
        self.limp = smooth((t - limp_s) / _LIMP_GROWS_S) if limp_s else ones
        for e in scenario.episodes:
            held = smooth((t - e.start_s) / e.ramp_s) - smooth((t - e.end_s) / e.ramp_s)
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

    def _cadence(self, scenario: Scenario, style: Style) -> Floats:
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
        result: Floats = np.where(self.activity == STAND, 60.0 / TICK_S, np.clip(out, 60.0, 260.0))
        return result

    def at(self, name: str, t: Floats) -> Floats:
        out: Floats = np.interp(t, self.t, getattr(self, name))
        return out
