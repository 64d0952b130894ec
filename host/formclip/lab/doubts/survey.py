"""What the checks need to know of a trace, gathered as its pieces go by, in bounded memory.

The means of all axes at about 26 Hz, for 40 minutes at the most; a minute and a half of whole samples from where it is
lively; and counts: how often an axis stood at its largest, how alike two axes are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from formclip.ground.trace import Block, Piece

Floats = NDArray[np.float64]

INNER_HZ = 26.0
_COARSE_S = 2400.0
_FULL_S = 90.0
_PART_S = 2  # whether it is lively is asked of parts as long as this
_LIVELY_G = 0.3
_WINDOW_S = 2.0
_NEAR_FULL = 0.997
_FLAT, _FLAT_RUNS = 20, 0.3
_LEAST_FULL_G = 1.0
_LEAST_SPREAD = 1e-3
_LEAST_FULL_DPS = 40.0


@dataclass
class Axis:
    """One axis: how large it gets, and how often it stays there."""

    most: float = 0.0
    at_most: int = 0  # samples at the largest value, or within 0.3 % of it
    runs: int = 0  # of which the one before was there too
    least: float = np.inf
    at_zero: int = 0

    @property
    def is_flat(self) -> bool:
        """Whether so many readings stand at the largest, one after the other, that the range must end there."""
        return self.at_most >= _FLAT and self.runs >= _FLAT_RUNS * self.at_most


@dataclass
class Survey:
    """Pieces in, what the checks need out.

    In        take(piece)
    Out       coarse (6, n) at coarse_hz; full (6, m); axes; spread of each axis; unlike(i, j); windows
    """

    rate_hz: int
    has_gyro: bool
    planar: bool = False
    samples: int = 0
    lost: int = 0
    gaps: int = 0
    axes: list[Axis] = field(default_factory=lambda: [Axis() for _ in range(6)])
    _coarse: list[Floats] = field(default_factory=list)
    _coarse_n: int = 0
    _full: list[Floats] = field(default_factory=list)
    _full_n: int = 0
    _sums: Floats = field(default_factory=lambda: np.zeros(6))
    _products: Floats = field(default_factory=lambda: np.zeros((6, 6)))
    _still: list[float] = field(default_factory=list)

    @property
    def step(self) -> int:
        return max(1, int(self.rate_hz / INNER_HZ))

    @property
    def coarse_hz(self) -> float:
        return self.rate_hz / self.step

    def take(self, piece: Piece) -> None:
        if not isinstance(piece, Block):
            self.lost += piece.n
            self.gaps += 1
            return
        x = piece.samples.astype(np.float64)
        n = x.shape[1]
        self.samples += n
        self._sums += x.sum(axis=1)
        self._products += x @ x.T
        self._ends(x if self.has_gyro else x[:3])
        if self._coarse_n < _COARSE_S * self.coarse_hz:
            length = int(_PART_S * self.rate_hz)
            for start in range(0, n, length):
                self._keep(x[:, start : start + length])

    def _keep(self, x: Floats) -> None:
        """A part, at the coarse rate, and as it is where it is lively and not enough are kept."""
        n = x.shape[1]
        whole = n // self.step
        if whole:
            self._coarse.append(x[:, : whole * self.step].reshape(6, whole, self.step).mean(axis=2))
            self._coarse_n += whole
        if self._full_n < _FULL_S * self.rate_hz and float(x[:3].std(axis=1).max()) > _LIVELY_G:
            self._full.append(x)
            self._full_n += n

    def _ends(self, x: Floats) -> None:
        """All axes at once: how large each gets, and how often it stays there."""
        size = np.abs(x)
        zeros = np.count_nonzero(x == 0, axis=1)
        found = zip(self.axes, size.max(axis=1).tolist(), x.min(axis=1).tolist(), zeros.tolist(), strict=False)
        for axis, largest, lowest, at_zero in found:
            axis.least = min(axis.least, lowest)
            axis.at_zero += at_zero
            if largest > axis.most * (2 - _NEAR_FULL):
                axis.at_most = axis.runs = 0
            axis.most = max(axis.most, largest)
        there = size >= np.array([[_NEAR_FULL * axis.most] for axis in self.axes[: len(x)]])
        for i, count in enumerate(np.count_nonzero(there, axis=1).tolist()):
            axis = self.axes[i]
            if not count or axis.most < (_LEAST_FULL_G if i < 3 else _LEAST_FULL_DPS):
                continue
            axis.at_most += count
            if count > 1:
                together = there[i, 1:] & there[i, :-1]
                axis.runs += int(np.count_nonzero(together & (x[i, 1:] * x[i, :-1] > 0)))

    @property
    def ends(self) -> tuple[float, float] | None:
        """Where the ranges of acceleration (g) and turning (deg/s) end, where one of them does."""
        found = [max((a.most for a in self.axes[i : i + 3] if a.is_flat), default=math.inf) for i in (0, 3)]
        return (found[0], found[1]) if min(found) < math.inf else None

    @property
    def coarse(self) -> Floats:
        return np.concatenate(self._coarse, axis=1) if self._coarse else np.zeros((6, 0))

    @property
    def full(self) -> Floats:
        return np.concatenate(self._full, axis=1) if self._full else np.zeros((6, 0))

    @property
    def seconds(self) -> float:
        return self.samples / self.rate_hz

    @property
    def spread(self) -> Floats:
        """Standard deviation of each axis."""
        if not self.samples:
            return np.zeros(6)
        mean = self._sums / self.samples
        return np.sqrt(np.maximum(0.0, np.diag(self._products) / self.samples - mean * mean))

    def unlike(self, i: int, j: int) -> float:
        """How far two axes differ, sign apart: rms of the difference over that of their movement. 1.0 where one rests.

        Not their correlation: in a movement to and fro along one line any two axes correlate, and are no copies.
        """
        moves = self.spread[[i, j]]
        if not self.samples or min(moves) < _LEAST_SPREAD:
            return 1.0
        p = self._products
        differ = max(0.0, p[i, i] + p[j, j] - 2 * abs(p[i, j])) / self.samples
        return math.sqrt(differ / float(moves @ moves))

    def windows(self) -> tuple[Floats, Floats]:
        """Of windows of 2 s: the size of the mean vector, and the spread of the vector in it, both in g."""
        acc = self.coarse[:3]
        length = max(4, int(_WINDOW_S * self.coarse_hz))
        count = acc.shape[1] // length
        if not count:
            return np.zeros(0), np.zeros(0)
        pieces = acc[:, : count * length].reshape(3, count, length)
        return np.linalg.norm(pieces.mean(axis=2), axis=0), np.sqrt(pieces.var(axis=2).sum(axis=0))
