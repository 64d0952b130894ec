"""Streams of steps with the variation of real runs, to measure the cue engine on.

`python -m tests.cue_streams` prints the figures of docs/wear/cues.md. What varies, with what size:

cadence     own wander SD 0.8 % over 20 s; speed changes SD 0.25 m/s every few minutes (7.8 steps/min per m/s);
            slopes of up to 5 degrees, ramped over 8 s: 0.4 % per degree; 2 % an hour of fatigue;
            single steps SD 6 ms, left and right 1.5 % apart
tilt        single steps SD 0.7 deg, wander SD 0.8 deg over 15 s, 0.25 deg per degree of slope, 1.5 deg an hour
braking     single steps SD 25 %, left and right 15 % apart, with speed to the power 1.5, 8 % per degree downhill
contact     single steps SD 8 ms, 16 % longer per m/s slower, 1.3 % per degree uphill; feature: single steps SD 6, 21
            less per m/s slower
chain       0.3 % of steps missed, 0.2 % invented
overstride  cadence 6 to 10 % down, braking 20 to 40 % up, contact longer by 0.7 of the cadence, within two steps
arch        tilt 7.5 to 11 deg up, within two steps
"""

import random

from gaitcore import records
from gaitcore.baseline import Baseline
from gaitcore.cue import ARCH, OVERSTRIDE, CueEngine
from gaitcore.pipeline import Step
from gaitcore.settings import Settings


def run_steps(seed, minutes, faults=(), cadence_spm=172.0, natural=1.0):
    """Steps of a run; faults: list of (start_s, end_s, kind), sizes drawn as above; natural scales all variation."""
    rng = random.Random(seed)
    sizes = [(rng.uniform(0.06, 0.10), rng.uniform(1.2, 1.4), rng.uniform(7.5, 11.0)) for _ in faults]
    t_s = 12.0
    wander = tilt_wander = slope = slope_to = speed = speed_to = 0.0
    change_s = 60.0
    brake_mps = rng.uniform(0.15, 0.3)
    tilt_deg = rng.uniform(0.0, 12.0)
    side = 0
    while t_s < minutes * 60:
        dt_s = 60.0 / cadence_spm
        if t_s > change_s:
            change_s = t_s + rng.uniform(60, 240)
            slope_to = natural * rng.choice((0, 0, 0, rng.uniform(-5, 5)))
            speed_to = natural * rng.gauss(0, 0.25)
        slope += max(-0.6 * dt_s, min(0.6 * dt_s, slope_to - slope))
        speed += max(-0.1 * dt_s, min(0.1 * dt_s, speed_to - speed))
        k = dt_s / 20
        wander += -k * wander + natural * 0.008 * (2 * k) ** 0.5 * rng.gauss(0, 1)
        k = dt_s / 15
        tilt_wander += -k * tilt_wander + natural * 0.8 * (2 * k) ** 0.5 * rng.gauss(0, 1)
        hours = t_s / 3600
        cadence = cadence_spm * (1 + wander + 0.004 * slope - 0.02 * hours) + 7.8 * speed
        tilt = tilt_deg + tilt_wander + 0.25 * slope + 1.5 * hours
        brake = brake_mps * (1 + speed / 3.2) ** 1.5 * (1 - 0.08 * slope)
        contact_ms = 240 * (1 - 0.16 * speed + 0.013 * slope)
        for (start_s, end_s, kind), (less, more, arch) in zip(faults, sizes):
            depth = max(0.0, min(1.0, (t_s - start_s) / 0.7, (end_s - t_s) / 0.7))
            if kind == OVERSTRIDE:
                cadence *= 1 - less * depth
                brake *= 1 + (more - 1) * depth
                contact_ms *= 1 + 0.7 * less * depth
            else:
                tilt += arch * depth
        t_s += 60 / cadence * (1 + (0.0075 if side else -0.0075))
        side = 1 - side
        chance = rng.random()
        if chance < 0.003:
            continue
        step = Step()
        step.on_ms = int(1000 * (t_s + rng.gauss(0, 0.006)))
        step.side = side
        step.cadence_spm = cadence
        step.contact_ms = rng.gauss(contact_ms, 8)
        step.feature = rng.gauss(125 + 21 * speed, 6)
        step.vo_cm = rng.gauss(8.5, 0.5)
        step.tilt_deg = tilt + rng.gauss(0, 0.7)
        step.pelvis_loss_mps = max(0.0, brake * (1.075 if side else 0.925) * rng.gauss(1, 0.25))
        step.impact_g = rng.gauss(3, 0.4)
        yield step
        if chance > 0.998:
            step.on_ms += int(1000 * 0.5 * dt_s)
            yield step


def cues_of(steps, settings=None, own=None):
    """[(t_s, kind)] of the engine on steps quantised as in the log; the baseline learned as in a session."""
    settings = settings or Settings()
    engine, baseline = CueEngine(settings), Baseline(settings)
    fields = [0] * records.N_FIELDS
    if own:
        engine.event(records.BASELINE, 0, (1,) + own)
    last_ms, out = 0, []
    for step in steps:
        dt_ms = step.on_ms - last_ms
        records.quantise(step, dt_ms if 0 <= dt_ms <= records.MAX_DT_MS else 0, fields)
        last_ms = step.on_ms
        if baseline.update(fields, last_ms) & Baseline.OWN and not own:
            engine.event(records.BASELINE, last_ms, (0,) + tuple(baseline.own))
        kind = engine.update(fields, last_ms)
        if kind:
            out.append((last_ms / 1000, kind))
    return out


def hits(seeds, held_s=8.0, spacing_s=75, minutes=40):
    """{kind: (faults, cued, [s from start of the fault to the step of its cue])} over runs with faults well apart."""
    out = {OVERSTRIDE: [0, 0, []], ARCH: [0, 0, []]}
    for seed in seeds:
        faults = []
        for i in range(int((minutes * 60 - 300) / spacing_s)):
            start_s = 240 + i * spacing_s + (i * 7919 + seed * 104729) % 1000 / 100
            faults.append((start_s, start_s + held_s, (OVERSTRIDE, ARCH)[(i + seed) % 2]))
        # six in ten minutes is a limit of its own: here the question is whether the fault is seen
        cues = cues_of(run_steps(seed, minutes, faults), Settings({"cue_max": 60}))
        for start_s, end_s, kind in faults:
            delays = [t - start_s for t, k in cues if k == kind and start_s <= t <= end_s + 2]
            out[kind][0] += 1
            out[kind][1] += bool(delays)
            out[kind][2] += delays[:1]
    return out


def false_cues(seeds, minutes=40, **kwargs):
    """(cues, minutes watched) over runs without a fault, after the warm-up."""
    cues = [k for seed in seeds for _, k in cues_of(run_steps(seed, minutes, **kwargs))]
    return {k: cues.count(k) for k in (OVERSTRIDE, ARCH)}, len(seeds) * (minutes - 3)


_NAMES = {OVERSTRIDE: "overstride", ARCH: "arch"}


def table(n=20):
    lines = ["| what | figure |", "| --- | --- |"]
    for held_s in (8.0, 6.5):
        for kind, (total, cued, delays) in hits(range(n), held_s).items():
            delays.sort()
            low, mid, high = (delays[len(delays) * k // 100] for k in (5, 50, 95))
            after = f"its step {mid:.1f} s after the start (5 to 95 %: {low:.1f} to {high:.1f})"
            lines.append(
                f"| {_NAMES[kind]} held {held_s:g} s: cued | {cued} of {total} ({100 * cued / total:.1f} %), {after} |"
            )
    for kind, (total, cued, _) in hits(range(n), 4.0).items():
        lines.append(f"| {_NAMES[kind]} held 4 s, too short: cued | {cued} of {total} |")
    for natural in (1.0, 1.5):
        counts, minutes = false_cues(range(100, 100 + n), natural=natural)
        what = f"no fault, natural variation × {natural:g}, {minutes} min: false cues"
        rate = (counts[OVERSTRIDE] + counts[ARCH]) * 30 / minutes
        lines.append(f"| {what} | {counts[OVERSTRIDE]} overstride, {counts[ARCH]} arch: {rate:.2f} in 30 min |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
