"""The file through which a run goes to another interpreter: a head, then blocks of a FIFO's frames."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore.pipeline import Pipeline
from gaitcore.units import ACC_G_PER_LSB_16G, GYR_DPS_PER_LSB_1000
from numpy.typing import NDArray

HEAD = "<4I"  # rate, gyroscope there, samples in a block, blocks
LSB = np.array([GYR_DPS_PER_LSB_1000] * 3 + [ACC_G_PER_LSB_16G] * 3)


def samples(rate_hz: int) -> int:
    """In a block: a quarter of a second, in whole groups of gaitcore's inner rate."""
    group: int = Pipeline(rate_hz).group
    return rate_hz // 4 // group * group


def write(path: Path, rate_hz: int, rows: NDArray[Any], has_gyro: bool = True) -> int:
    """Write whole blocks of rows (6, n), ax ay az [g] gx gy gz [dps], as the sensor's words; returns how many."""
    m = samples(rate_hz)
    count = int(rows.shape[1]) // m
    words = np.clip(np.round(np.roll(rows.T, 3, axis=1) / LSB), -32768, 32767).astype("<i2")
    with open(path, "wb") as stream:
        stream.write(struct.pack(HEAD, rate_hz, int(has_gyro), m, count))
        stream.write(words[: m * count].tobytes())
    return count
