"""Signals with a known rhythm for the tests of cadence and gate: acceleration in g, (3, n), any sensor orientation."""

import numpy as np

G = 9.81


def turned(vertical_g, forward_g, sideways_g, seed):
    """Body axes (vertical first) into a sensor mounted at random."""
    random = np.random.default_rng(seed)
    q, _ = np.linalg.qr(random.normal(size=(3, 3)))
    if np.linalg.det(q) < 0:
        q[:, 0] = -q[:, 0]
    noise = random.normal(scale=0.01, size=(3, len(vertical_g)))
    return (q @ np.stack([vertical_g, forward_g, sideways_g]) + noise).astype(np.float32)


def phase(rate_hz, seconds, cadence_spm, jitter=0.0, seed=0):
    """Steps since the start at every sample; cadence may be a number or a function of seconds."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    spm = cadence_spm(t) if callable(cadence_spm) else np.full(len(t), float(cadence_spm))
    count = np.cumsum(spm) / 60.0 / rate_hz
    if jitter:
        steps = np.arange(int(count[-1]) + 4)
        moved = np.sort(steps - 1 + np.random.default_rng(seed).normal(scale=jitter, size=len(steps)))
        count = np.interp(count, moved, steps)
    return count


def runner(
    rate_hz,
    seconds,
    cadence_spm=165,
    vo_cm=8.0,
    asymmetry=0.0,
    wobble_g=0.0,
    impact_g=0.0,
    jitter=0.01,
    seed=0,
    forward_g=0.25,
    second=0.2,
):
    """Running: the vertical path of vo_cm, its second harmonic, braking, sway, and what clothing and landing add."""
    p = phase(rate_hz, seconds, cadence_spm, jitter, seed)
    f = np.maximum(np.gradient(p) * rate_hz, 0.5)
    amplitude = (2 * np.pi * f) ** 2 * vo_cm / 200.0 / G
    side = np.where(np.floor(p).astype(int) % 2, 1.0 + asymmetry, 1.0 - asymmetry)
    v = 1.0 - amplitude * np.cos(2 * np.pi * p) * side + second * amplitude * np.sin(4 * np.pi * p + 1.0)
    t_in_step = (p - np.floor(p)) / f
    v += wobble_g * np.exp(-t_in_step / 0.12) * np.sin(2 * np.pi * 7.0 * t_in_step)
    width_s = max(0.006, 0.6 / rate_hz)  # a slow sensor has filtered what is faster than itself
    v += impact_g * 0.006 / width_s * np.exp(-(((t_in_step - 0.03) / width_s) ** 2))
    forward = forward_g * np.sin(2 * np.pi * p)
    sway = 0.2 * np.sin(np.pi * p)
    return turned(v, forward, sway, seed)


def uneven(rate_hz, seconds, cadence_spm, sizes, phases=None, vo_cm=7.5, noise_g=0.03, seed=0):
    """Harmonics of the stride: the second of a path of vo_cm; the first, third, fourth and fifth as shares of it.

    Without phases these are drawn at random.
    """
    random = np.random.default_rng(seed)
    stride = 0.5 * phase(rate_hz, seconds, cadence_spm)
    f = np.mean(np.gradient(stride)) * 2 * rate_hz
    second = min(2.0, (2 * np.pi * f) ** 2 * vo_cm / 200.0 / G)
    if phases is None:
        phases = random.uniform(0, 2 * np.pi, 4)
    v = np.cos(4 * np.pi * stride)
    for k, size, p in zip((1, 3, 4, 5), sizes, phases, strict=True):
        v = v + size * np.cos(2 * np.pi * k * stride + p)
    flat = 0.3 * np.sin(4 * np.pi * stride + random.uniform(0, 6))
    noise = random.normal(scale=noise_g, size=len(stride))
    return turned(1.0 + second * v + noise, flat, 0.2 * np.sin(2 * np.pi * stride), seed)


def walker(rate_hz, seconds, cadence_spm=115, vo_cm=4.5, seed=0):
    """Walking: small path, strong braking and sway, heel-strike ripple."""
    p = phase(rate_hz, seconds, cadence_spm, 0.015, seed)
    a = (2 * np.pi * cadence_spm / 60) ** 2 * vo_cm / 200 / G
    v = 1 - a * np.cos(2 * np.pi * p) + 0.35 * a * np.sin(4 * np.pi * p) + 0.06 * np.sin(np.pi * p)
    v += 0.15 * np.maximum(0, np.sin(2 * np.pi * p)) ** 8
    forward = 0.9 * a * np.sin(2 * np.pi * p) + 0.1 * np.sin(4 * np.pi * p)
    return turned(v, forward, 0.2 * np.sin(np.pi * p), seed)


def cyclist(rate_hz, seconds, rpm=90, seed=0):
    """Cycling: small vertical at twice the crank, sway at the crank, road."""
    random = np.random.default_rng(seed)
    n = int(seconds * rate_hz)
    t = np.arange(n) / rate_hz
    w = 2 * np.pi * rpm / 60
    road = np.convolve(random.normal(scale=0.3, size=n), np.ones(5) / 5, "same")
    return turned(1 + 0.15 * np.sin(2 * w * t) + road, 0.1 * np.sin(2 * w * t + 1), 0.15 * np.sin(w * t), seed)


def shaken(rate_hz, seconds, hz=1.6, size_g=1.0, seed=0):
    """A sensor shaken by hand along a wandering direction."""
    random = np.random.default_rng(seed)
    n = int(seconds * rate_hz)
    t = np.arange(n) / rate_hz
    a = size_g * np.sin(2 * np.pi * hz * t + 0.6 * np.sin(2 * np.pi * 0.13 * t))
    tilt = 0.9 + 0.5 * np.sin(2 * np.pi * 0.05 * t + random.uniform(0, 6))
    return turned(1 + a * np.cos(tilt), a * np.sin(tilt), 0.3 * size_g * np.sin(2 * np.pi * 0.7 * hz * t), seed)


def jumper(rate_hz, seconds, period_s=0.9, contact_s=0.35, seed=0):
    """Jumps on the spot or on a trampoline: half-sine contacts, nothing in the air."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    u = t % period_s
    peak = np.pi / 2 * period_s / contact_s
    v = np.where(u < contact_s, peak * np.sin(np.pi * u / contact_s), 0.0)
    return turned(v, 0.05 * np.sin(2 * np.pi * t / period_s), 0.05 * np.sin(2 * np.pi * t / period_s + 1), seed)


def still(rate_hz, seconds, seed=0):
    n = int(seconds * rate_hz)
    return turned(np.ones(n), np.zeros(n), np.zeros(n), seed)


def driven(rate_hz, seconds, seed=0):
    """A car: broadband road, engine, slow turns."""
    random = np.random.default_rng(seed)
    n = int(seconds * rate_hz)
    t = np.arange(n) / rate_hz
    road = np.convolve(random.normal(scale=0.5, size=n), np.ones(9) / 9, "same")
    return turned(1 + road + 0.1 * np.sin(2 * np.pi * 1.4 * t), 0.1 * np.sin(0.5 * t), 0.2 * np.sin(0.3 * t), seed)
