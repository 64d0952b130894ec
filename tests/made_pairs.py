"""Pairs of a clip's contacts and a watch's file of the same run, with all that is known of how they belong together.

The cadence wanders as that of runners whose watch files were looked at: after a minute's mean is taken off, a standard
deviation of about 1.5 steps/min that is alike over some 5 s.
"""

from dataclasses import dataclass

import numpy as np
from formclip.lab.simulate.watch import Course

BEGAN = 1_790_000_000.37


@dataclass(frozen=True)
class Runner:
    """wander_spm: of the cadence around its minute's mean; stops: (from_s, for_s) standing; hard: (from_s, to_s)."""

    minutes: float = 45.0
    cadence_spm: float = 168.0
    wander_spm: float = 1.5
    stops: tuple = ()
    hard: tuple = ()
    seed: int = 1


def course_of(runner):
    """Contacts and what a watch can know, by the clip's clock; running begins after 20 s."""
    rng = np.random.default_rng([runner.seed, 5])
    n = int(runner.minutes * 60) + 60
    t = np.arange(n, dtype=float)
    spm = runner.cadence_spm + _alike(rng, n, 5.0, runner.wander_spm) + _alike(rng, n, 240.0, 1.5)
    speed = 3.0 + _alike(rng, n, 120.0, 0.12)
    for begin, end in runner.hard:
        ramp = np.clip((t - begin) / 4, 0, 1) * np.clip((end - t) / 6, 0, 1)
        spm, speed = spm + 12 * ramp, speed + 1.0 * ramp
    times, at = [], 20.0
    stops = list(runner.stops)
    while at < n - 25:
        if stops and at >= stops[0][0]:
            at += stops.pop(0)[1]
        times.append(at)
        at += 60 / np.interp(at, t, spm) * (1 + 0.012 * rng.standard_normal())
    on_s = np.array(times)
    running = np.zeros(n, dtype=bool)
    running[np.unique(on_s.astype(int))] = True
    altitude = 200 + 12 * np.sin(t / 130) + 5 * np.sin(t / 41)
    heart = 150 + _alike(rng, n, 60.0, 4.0)
    return Course(on_s, t, np.where(running, speed, 0.0), altitude, heart)


def _alike(rng, n, over_s, sd):
    """Noise that is alike over so many seconds."""
    keep = np.exp(-1 / over_s)
    shocks = rng.standard_normal(n) * np.sqrt(1 - keep * keep)
    out = np.empty(n)
    value = rng.standard_normal()
    for i in range(n):
        value = keep * value + shocks[i]
        out[i] = value
    return sd * out
