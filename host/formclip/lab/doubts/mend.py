"""A trace with its samples corrected, or without its gyroscope: a trace to whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from formclip.ground.trace import Block, Piece, Trace
from formclip.ground.trace.reader import Samples
from formclip.lab.doubts.table import Correction


class Mended:
    """A trace as it would be with a correction, or without a gyroscope.

    In        pieces(), as Trace
    Out       as Trace; a shift in time of the gyroscope loses what it has no readings for at the ends of a stretch
    """

    def __init__(self, trace: Trace, correction: Correction | None = None, has_gyro: bool = True) -> None:
        self.trace = trace
        self.path = trace.path
        self.rate_hz = trace.rate_hz
        self.planar = trace.planar
        self.has_gyro = trace.has_gyro and has_gyro
        self.size_b = trace.size_b
        self._correction = correction or Correction()
        self._shift = round(self._correction.shift_s * trace.rate_hz)

    @staticmethod
    def without_gyro(trace: Trace | Mended) -> Mended:
        """The same without its gyroscope."""
        return (
            Mended(trace.trace, trace._correction, False) if isinstance(trace, Mended) else Mended(trace, None, False)
        )

    @property
    def samples(self) -> int:
        return self.trace.samples

    @property
    def source_rate_hz(self) -> float:
        return self.trace.source_rate_hz

    @property
    def lost_samples(self) -> int:
        return self.trace.lost_samples

    @property
    def notes(self) -> list[str]:
        return self.trace.notes

    def t_s(self, index: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
        return self.trace.t_s(index)

    def pieces(self, on_progress: Callable[[float], None] | None = None) -> Iterator[Piece]:
        correction = self._correction
        matrix = correction.matrix.astype(np.float32)
        for piece in self._shifted(on_progress) if self._shift else self.trace.pieces(on_progress):
            if not isinstance(piece, Block):
                yield piece
                continue
            samples = piece.samples.copy()
            samples[:3] *= np.float32(correction.acc_scale)
            samples[3:] = matrix @ samples[3:] if self.has_gyro else 0.0
            yield Block(piece.index, np.ascontiguousarray(samples))

    def _shifted(self, on_progress: Callable[[float], None] | None) -> Iterator[Piece]:
        """The gyroscope's rows moved by `shift` samples within each stretch; its ends hold the nearest reading."""
        acc, gyr = _empty(), _empty()
        drop = index = 0
        fresh = True
        for piece in self.trace.pieces(on_progress):
            if not isinstance(piece, Block):
                yield from _rest(index, acc, gyr)
                acc, gyr, fresh = _empty(), _empty(), True
                yield piece
                continue
            own = piece.samples[3:]
            if fresh:
                index, fresh = piece.index, False
                drop = max(0, -self._shift)
                gyr = np.repeat(own[:, :1], max(0, self._shift), axis=1)
            acc = np.concatenate((acc, piece.samples[:3]), axis=1)
            gyr = np.concatenate((gyr, own[:, drop:]), axis=1)
            drop = max(0, drop - own.shape[1])
            ready = min(acc.shape[1], gyr.shape[1])
            if ready:
                yield Block(index, np.concatenate((acc[:, :ready], gyr[:, :ready])))
                acc, gyr, index = acc[:, ready:], gyr[:, ready:], index + ready
        yield from _rest(index, acc, gyr)


def _empty() -> Samples:
    return np.zeros((3, 0), dtype=np.float32)


def _rest(index: int, acc: Samples, gyr: Samples) -> Iterator[Piece]:
    """What is left of a stretch, the gyroscope's last reading held to its end."""
    missing = acc.shape[1] - gyr.shape[1]
    if missing > 0:
        last = gyr[:, -1:] if gyr.shape[1] else np.zeros((3, 1), dtype=np.float32)
        gyr = np.concatenate((gyr, np.repeat(last, missing, axis=1)), axis=1)
    if acc.shape[1]:
        yield Block(index, np.concatenate((acc, gyr[:, : acc.shape[1]])))
