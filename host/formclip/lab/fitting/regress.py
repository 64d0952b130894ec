"""Small regressions with whole runners left out. numpy alone, no random numbers: the same data give the same table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Fit = Callable[[Floats, Floats], "tuple[float, Floats]"]


def least_squares(x: Floats, y: Floats) -> tuple[float, Floats]:
    """Intercept and coefficients."""
    return weighted_least_squares(x, y, np.ones(len(y)))


def weighted_least_squares(x: Floats, y: Floats, weights: Floats) -> tuple[float, Floats]:
    root = np.sqrt(weights)
    a = np.column_stack([np.ones(len(x)), x]) * root[:, None]
    b, *_ = np.linalg.lstsq(a, y * root, rcond=None)
    return float(b[0]), b[1:]


def partial_least_squares(components: int) -> Fit:
    """PLS1 on standardised columns (NIPALS; Wold, Sjöström, Eriksson, Chemom Intell Lab Syst 2001, 58:109)."""

    def fit(x: Floats, y: Floats) -> tuple[float, Floats]:
        mean, scale = x.mean(axis=0), x.std(axis=0, ddof=1)
        scale = np.where(scale > 0, scale, 1.0)
        e, f = (x - mean) / scale, y - y.mean()
        w_all, p_all, q_all = [], [], []
        for _ in range(components):
            w = e.T @ f
            w /= np.linalg.norm(w)
            t = e @ w
            tt = float(t @ t)
            p, q = e.T @ t / tt, float(f @ t) / tt
            e, f = e - np.outer(t, p), f - q * t
            w_all.append(w)
            p_all.append(p)
            q_all.append(q)
        w_, p_ = np.array(w_all).T, np.array(p_all).T
        b = w_ @ np.linalg.solve(p_.T @ w_, np.array(q_all)) / scale
        return float(y.mean() - mean @ b), b

    return fit


def predict(model: tuple[float, Floats], x: Floats) -> Floats:
    return np.asarray(model[0] + x @ model[1], dtype=np.float64)


def left_out(fit: Fit, x: Floats, y: Floats, runners: Sequence[str]) -> Floats:
    """Each runner predicted by a fit that never saw that runner."""
    who = np.array(runners)
    out = np.full(len(y), np.nan)
    for runner in sorted(set(runners)):
        out[who == runner] = predict(fit(x[who != runner], y[who != runner]), x[who == runner])
    return out


def rmse(ours: Floats, truth: Floats) -> float:
    return float(np.sqrt(np.mean((ours - truth) ** 2)))


def within(ours: Floats, truth: Floats, groups: Floats) -> list[float]:
    """Correlation in each group, in order of the groups' values."""
    return [float(np.corrcoef(ours[groups == g], truth[groups == g])[0, 1]) for g in np.unique(groups)]
