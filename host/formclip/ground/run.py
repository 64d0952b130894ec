"""A run as columns: what the report, the exports and the trends are computed from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gaitcore.records import GAP, SETTLING, SLIPPED
from gaitcore.slip import LATE_STEPS
from gaitcore.steps import step_time
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Steps further apart than this are not one bout: a stop or a walking break lies between them.
BOUT_GAP_S = 1.5
# Cadence is that of the last seconds, of at least so many steps; where one is missing, of those after the hole.
CADENCE_S = 4.0
_LEAST_STEPS = 6
_HOLE = 1.6  # of a step's time


@dataclass(frozen=True)
class Cue:
    """One cue as felt: time in seconds of the trace, kind (overstride, arch, ok), and why."""

    t_s: float
    kind: str
    reason: str


@dataclass(frozen=True)
class Run:
    """The steps of one session as columns of equal length, NaN where not measured.

    columns  keyed as in steps.csv; `on_s` increases; `side` is 0 left, 1 right, NaN unknown.
    """

    name: str
    columns: dict[str, Floats]
    cues: tuple[Cue, ...] = ()
    events: tuple[tuple[float, str], ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def on_s(self) -> Floats:
        return self.columns["on_s"]

    def __len__(self) -> int:
        return len(self.on_s)

    def column(self, key: str) -> Floats:
        """The values of a metric, all NaN where the log has none."""
        found = self.columns.get(key)
        return found if found is not None else np.full(len(self), math.nan)

    def trusted(self, key: str) -> Floats:
        """The metric for means: NaN where tilt is not to be believed, settling or after a slip."""
        values = self.column(key)
        if key != "tilt_deg" or "flags" not in self.columns:
            return values
        flags = self.columns["flags"].astype(int)
        slipped = (flags & SLIPPED) != 0
        doubtful = slipped | ((flags & SETTLING) != 0)
        for first in np.flatnonzero(np.diff(slipped.astype(int)) > 0).tolist():
            doubtful[max(0, first + 1 - LATE_STEPS) : first + 1] = True
        return np.where(doubtful, math.nan, values)

    def running_s(self) -> float:
        """Seconds spent running: the sum of step intervals within bouts."""
        gaps = np.diff(self.on_s)
        return float(gaps[gaps <= BOUT_GAP_S].sum())

    def distance_m(self) -> float | None:
        """Distance by the speed estimate, None where there is none."""
        speed = self.column("speed_mps")[:-1]
        gaps = np.diff(self.on_s)
        known = (gaps <= BOUT_GAP_S) & np.isfinite(speed)
        return float((speed[known] * gaps[known]).sum()) if known.any() else None


def mean(values: Floats) -> float:
    """Mean of the measured values, NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def cadence_each_second(t_s: Floats, on_s: Floats, flags: Floats | None = None) -> Floats:
    """Steps/min at each time, of the steps in the last 4 s; NaN where it is no running.

    The same for a trace and for a clip's log: both are read off the log's own steps. A step at whose contact samples
    were lost (in its flags) is counted, but its time is no end of a count.
    """
    out = np.full(len(t_s), math.nan)
    sure = np.ones(len(on_s), dtype=bool) if flags is None else flags.astype(int) & GAP == 0
    starts, ends = (np.searchsorted(on_s, t, "right").tolist() for t in (t_s - CADENCE_S, t_s))
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if end - start < _LEAST_STEPS:
            continue
        last_s = on_s[end - 1]
        apart = np.diff(on_s[start:end])
        hole = np.flatnonzero(apart > _HOLE * apart.mean())
        first = start + int(hole[-1]) + 1 if len(hole) else start
        known = first + np.flatnonzero(sure[first:end])
        if len(known) < _LEAST_STEPS:
            continue
        step_s = step_time(on_s[known[0] : known[-1] + 1].tolist())
        goes_on = end < len(on_s) and on_s[end] - last_s <= BOUT_GAP_S
        if goes_on or t_s[i] - last_s <= 2.0 * step_s:  # the last contact is measured when the step is over
            out[i] = 60.0 / step_s
    return out
