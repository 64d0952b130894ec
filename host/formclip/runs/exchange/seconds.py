"""A run second by second, as watches and training programs hold one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formclip.ground.metrics import METRIC
from formclip.ground.run import Floats, Run

# A figure of a second is the mean of the steps of so long before it: two strides at the slowest cadence.
_WINDOW_S = 2.0
# Where the log names no pause, a break this long in the steps is one: the same as the clip's own setting by default.
_PAUSE_S = 10.0


@dataclass(frozen=True)
class Seconds:
    """Seconds of the run in which it was not paused.

    t_s       (n,) whole seconds of the run's clock, increasing
    columns   metric -> (n,), NaN where not measured in that second
    balance   (n,) share of the left foot in ground contact, percent; NaN where a side is missing
    pauses    (from_s, to_s) between which nothing was recorded
    """

    t_s: Floats
    columns: dict[str, Floats]
    balance: Floats
    pauses: tuple[tuple[float, float], ...]


def pauses_of(run: Run) -> tuple[tuple[float, float], ...]:
    """What the log says of pauses; else breaks of more than 10 s between two steps."""
    told: list[tuple[float, float]] = []
    begun: float | None = None
    for t_s, text in run.events:
        if text.startswith("pause"):
            begun = t_s if begun is None else begun
        elif text.startswith("resume") and begun is not None:
            told.append((begun, t_s))
            begun = None
    if told:
        return tuple(told)
    on_s = run.on_s
    breaks = np.flatnonzero(np.diff(on_s) > _PAUSE_S)
    return tuple((float(on_s[i]), float(on_s[i + 1])) for i in breaks)


def per_second(run: Run) -> Seconds:
    """Means of the steps of the last 2 s, for each whole second from the first step to the last, pauses left out."""
    on_s = run.on_s
    pauses = pauses_of(run)
    if not len(run):
        return Seconds(np.zeros(0), {}, np.zeros(0), pauses)
    t_s = np.arange(np.ceil(on_s[0]), np.floor(on_s[-1]) + 1)
    for begin, end in pauses:
        t_s = t_s[(t_s <= begin) | (t_s >= end)]
    pauses = _within(pauses, t_s)
    columns, balance = means_at(run, t_s)
    return Seconds(t_s, columns, balance, pauses)


def means_at(run: Run, t_s: Floats) -> tuple[dict[str, Floats], Floats]:
    """Means of the steps of the 2 s before each time, by metric, and the balance of `Seconds`; NaN where none is."""
    first = np.searchsorted(run.on_s, t_s - _WINDOW_S, "right")
    last = np.searchsorted(run.on_s, t_s, "right")
    columns = {key: _means(run.trusted(key), first, last) for key in METRIC if METRIC[key].what and key in run.columns}
    side, contact = run.column("side"), run.column("contact_ms")
    left, right = (_means(np.where(side == which, contact, np.nan), first, last) for which in (0, 1))
    return columns, 100 * left / (left + right)


def _within(pauses: tuple[tuple[float, float], ...], t_s: Floats) -> tuple[tuple[float, float], ...]:
    """Pauses between the first and the last of these seconds, those that meet made one."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(pauses):
        if not len(t_s) or begin >= t_s[-1] or end <= t_s[0]:
            continue
        begin, end = max(begin, float(t_s[0])), min(end, float(t_s[-1]))
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def _means(values: Floats, first: np.ndarray, last: np.ndarray) -> Floats:
    """Mean of values[first:last] for each pair, of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    n = counts[last] - counts[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Floats = np.where(n > 0, (sums[last] - sums[first]) / n, np.nan)
    return out
