"""The file through which a run goes to another interpreter: a head, then blocks of six rows of float32."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAD = "<4I"  # rate, gyroscope there, samples in a block, blocks


def write(path: Path, rate_hz: int, rows: NDArray[Any], has_gyro: bool = True) -> int:
    """Write whole hops of rows (6, n); returns how many."""
    m = rate_hz // 4
    count = int(rows.shape[1]) // m
    with open(path, "wb") as stream:
        stream.write(struct.pack(HEAD, rate_hz, int(has_gyro), m, count))
        for k in range(count):
            block = np.ascontiguousarray(rows[:, k * m : (k + 1) * m], dtype="<f4")
            stream.write(block.tobytes())
    return count
