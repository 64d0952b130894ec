"""How the pelvis moves and turns through a stride, as a few cosines of the stride's phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The pelvis against the phase of the stride, as cosine harmonics: channel, harmonic of the stride, amplitude at
# 2.5 m/s and its change to 4.5 m/s (degrees or cm), place of its peak in the stride from the right contact, and the
# change of that place. tilt + anterior, drop + right side up, rotation + to the left; up, ahead and right in cm,
# relative to the centre of mass. Alike on both sides are the even harmonics of tilt, up and ahead and the odd ones of
# drop, rotation and right; the others are the difference of the two sides.
# Sizes and places are rounded means over 16 runners of Fukuchi 2017 (PeerJ 5:e3298), no particular runner's; the tilt
# within a stride is of the size that Schache 1999 (Gait Posture 10:30) reports, 5-8 degrees.
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
    ("up", 2, 1.70, -0.85, 0.370, -0.010),
    ("up", 4, 0.26, 0.04, 0.230, -0.020),
    ("up", 6, 0.05, -0.02, 0.183, 0.0),
    ("ahead", 2, 1.40, 0.40, 0.432, -0.042),
    ("ahead", 4, 0.14, 0.23, 0.306, -0.004),
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
# What makes a stride somebody's own: channel, harmonic, usual size at 3.5 m/s (degrees or cm); the phase is drawn by
# person. The sizes give the 8-20 Hz content that recorded runners have; the mean over people has hardly any of it.
DETAIL: tuple[tuple[str, int, float], ...] = (
    ("tilt", 3, 0.20),
    ("tilt", 6, 0.25),
    ("tilt", 8, 0.12),
    ("tilt", 10, 0.06),
    ("drop", 4, 0.14),
    ("drop", 5, 0.22),
    ("drop", 7, 0.16),
    ("drop", 9, 0.08),
    ("rotation", 2, 0.45),
    ("rotation", 4, 0.25),
    ("rotation", 7, 0.18),
    ("rotation", 9, 0.09),
    ("up", 1, 0.25),
    ("up", 8, 0.025),
    ("up", 10, 0.014),
    ("ahead", 1, 0.30),
    ("ahead", 8, 0.025),
    ("ahead", 10, 0.012),
    ("right", 2, 0.15),
    ("right", 5, 0.09),
    ("right", 7, 0.045),
    ("right", 9, 0.022),
)
ANGLES = ("tilt", "drop", "rotation")
CHANNELS = (*ANGLES, "up", "ahead", "right")
TERMS: tuple[tuple[str, int], ...] = tuple(
    dict.fromkeys([h[:2] for h in RUN_HARMONICS] + [h[:2] for h in WALK_HARMONICS] + [h[:2] for h in DETAIL])
)
TERM_OF = {term: i for i, term in enumerate(TERMS)}


def even_sided(channel: str, m: int) -> bool:
    """The same on both sides."""
    return (m % 2 == 0) == (channel in ("tilt", "up", "ahead"))


def run_terms(speed: Floats, amplitude: Floats, shift: Floats, detail: Floats) -> Floats:
    """(n, 2 len(TERMS)) cosine and sine parts in degrees and cm, for running at each speed."""
    out = np.outer(np.clip(speed / 3.5, 0.5, 1.6), detail)
    x = np.clip((speed - 2.5) / 2.0, -0.4, 1.8)
    for i, (channel, m, size, more, place, later) in enumerate(RUN_HARMONICS):
        amp = np.maximum(size + more * x, 0.25 * size) * amplitude[i]
        angle = 2 * np.pi * m * (place + later * x + shift[i])
        j = TERM_OF[channel, m]
        out[:, 2 * j] += amp * np.cos(angle)
        out[:, 2 * j + 1] += amp * np.sin(angle)
    return out


def walk_terms(speed: Floats) -> Floats:
    out = np.zeros((len(speed), 2 * len(TERMS)))
    x = np.clip(speed / 1.4, 0.2, 1.7) ** 0.7
    for channel, m, size, place in WALK_HARMONICS:
        j = TERM_OF[channel, m]
        out[:, 2 * j] = size * x * np.cos(2 * np.pi * m * place)
        out[:, 2 * j + 1] = size * x * np.sin(2 * np.pi * m * place)
    return out


def range_of(terms: Floats, channel: str) -> float:
    """Peak to peak of one channel over a stride."""
    phase = np.linspace(0.0, 2 * np.pi, 256, endpoint=False)
    wave = np.zeros_like(phase)
    for j, (name, m) in enumerate(TERMS):
        if name == channel:
            wave += terms[2 * j] * np.cos(m * phase) + terms[2 * j + 1] * np.sin(m * phase)
    return float(np.ptp(wave))
