"""What an hour of running costs on this machine: `formclip replay`, reading and writing included, beside VQF."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from formclip.ground.trace import Block, open_trace
from formclip.lab.replay import replay_to_folder
from formclip.lab.simulate import Scenario, write

RATE_HZ = 208
GOAL_S = 4.0


def hour(seconds: float = 3600.0, rate_hz: int = RATE_HZ) -> dict[str, float | None]:
    """Processor seconds, for a run that is simulated first.

    Out       replay_s: from the packed CSV to all files; vqf_s: orientation alone, of samples in memory, by VQF in
              C++ (None where it is not installed); seconds, rate_hz
    """
    with tempfile.TemporaryDirectory() as folder:
        path, _, _ = write(Path(folder) / "hour", Scenario(minutes=seconds / 60, rate_hz=rate_hz), 1)
        replay_to_folder(path, Path(folder) / "first", bar=False)  # imports are no part of it
        start = time.process_time()
        replay_to_folder(path, Path(folder) / "out", bar=False)
        replay_s = time.process_time() - start
        vqf_s = _vqf_s(path)
    return {"replay_s": replay_s, "vqf_s": vqf_s, "seconds": seconds, "rate_hz": float(rate_hz)}


def _vqf_s(path: Path) -> float | None:
    try:
        from vqf import VQF  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    trace = open_trace(path)
    rows = np.concatenate([piece.samples for piece in trace.pieces() if isinstance(piece, Block)], axis=1).T
    gyr = np.ascontiguousarray(np.radians(rows[:, 3:]), dtype=np.float64)
    acc = np.ascontiguousarray(9.80665 * rows[:, :3], dtype=np.float64)
    start = time.process_time()
    VQF(1 / trace.rate_hz).updateBatch(gyr, acc)
    return time.process_time() - start


def hour_lines(found: dict[str, float | None]) -> list[str]:
    """For the bench's table."""
    replay_s, vqf_s, seconds = found["replay_s"], found["vqf_s"], found["seconds"]
    assert replay_s is not None and seconds is not None
    verdict = "reached" if replay_s <= GOAL_S * seconds / 3600 else "missed"
    vqf = "not installed (requirements/compare.txt)" if vqf_s is None else f"{vqf_s:.2f} s"
    return [
        "",
        f"{seconds / 60:.0f} minutes at {found['rate_hz']:.0f} Hz on this machine, processor time",
        f"  replay, reading and writing in it  {replay_s:8.2f} s, {seconds / replay_s:.0f} times real time; "
        f"goal {GOAL_S * seconds / 3600:.2f}: {verdict}",
        f"  VQF in C++, orientation alone      {vqf:>10}",
    ]
