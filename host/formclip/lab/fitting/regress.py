"""Regressions with whole runners left out. numpy alone, no random numbers: the same data give the same table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Line:
    """y = constant + x @ slopes."""

    constant: float
    slopes: Floats

    def __call__(self, x: Floats) -> Floats:
        return np.asarray(self.constant + x @ self.slopes, dtype=np.float64)


@dataclass(frozen=True)
class Known:
    """What is known of the slopes without this data: x changing by `change` moves y by `response`.

    It counts like `weight` points whose inputs differ by that change.
    """

    change: Floats
    response: float
    weight: float


def fit_line(
    x: Floats, y: Floats, who: Sequence[str], own: float = 0.0, shrink: float = 0.0,
    weights: Floats | None = None, known: Known | None = None,
) -> Line:  # fmt: skip
    """Least squares with a constant of each runner's own, and slopes drawn towards zero.

    own     variance between runners of their constants over that of the rest: 0 is ordinary least squares; large, and
            only what changes within a runner counts. Generalised least squares by taking part of each runner's mean out
            (Fuller, Battese, J Econometrics 1974, 2:67)
    shrink  ridge, in units of standardised inputs: as if so many points said that a slope is zero
    """
    n, k = x.shape
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    a = np.column_stack([np.ones(n), (x - centre) / scale, y])
    if own:
        number = {runner: i for i, runner in enumerate(dict.fromkeys(who))}
        of = np.array([number[runner] for runner in who])
        mine = (of[:, None] == np.arange(len(number))).astype(np.float64)
        count = mine.sum(axis=0)
        part = 1.0 - 1.0 / np.sqrt(1.0 + count * own)
        a -= mine @ ((part / count)[:, None] * (mine.T @ a))
    if weights is not None:
        a *= np.sqrt(weights)[:, None]
    gram = a.T @ a
    if known is not None:
        row = np.concatenate([[0.0], known.change / scale, [known.response]])
        gram += known.weight * np.outer(row, row)
    left = gram[: k + 1, : k + 1] + np.diag([0.0] + [shrink] * k)
    b = np.linalg.solve(left + 1e-10 * np.eye(k + 1), gram[: k + 1, k + 1])
    slopes = b[1:] / scale
    return Line(float(b[0] - centre @ slopes), slopes)


def rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def conformal(errors: Floats, who: Sequence[str], share: float = 0.9) -> float:
    """The half width that holds `share` of a new runner's errors, from errors of runners who were left out.

    Runners count alike, however many traces each has, and one more stands for the new one, as split conformal
    prediction has it (Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005).
    """
    names = np.array(who)
    weight = np.array([1.0 / np.sum(names == w) for w in who])
    order = np.argsort(np.abs(errors))
    held = np.cumsum(weight[order])
    n = float(held[-1])
    at = int(np.searchsorted(held, share * (n + 1.0) - 1e-9))
    return float(np.abs(errors)[order[min(at, len(order) - 1)]])
