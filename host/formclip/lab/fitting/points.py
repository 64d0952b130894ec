"""The table that the models are fitted on: each trace one point, the mean over its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.ground.run import mean
from formclip.lab.fitting.gather import Trial

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HEIGHT_CM = 176.0  # the mean of those who are known: stands for the others
TRUTHS = ("contact_ms", "speed_mps", "brake", "heel")


@dataclass
class Points:
    """`ln x` is the mean over steps of the logarithm."""

    names: list[str]
    runners: list[str]
    sets: list[str]
    table: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.table[name]

    def __len__(self) -> int:
        return len(self.names)

    def matrix(self, names: tuple[str, ...] | list[str]) -> Floats:
        return np.column_stack([self.table[n] for n in names]) if names else np.zeros((len(self), 0))

    def only(self, keep: Flags) -> Points:
        def pick(values: list[str]) -> list[str]:
            return [v for v, k in zip(values, keep.tolist(), strict=True) if k]

        at = np.flatnonzero(keep)
        table = {k: v[at] for k, v in self.table.items()}
        return Points(pick(self.names), pick(self.runners), pick(self.sets), table)

    def of(self, *sets: str) -> Points:
        return self.only(np.isin(np.array(self.sets), sets))

    def without(self, runner: str) -> Points:
        return self.only(np.array(self.runners) != runner)

    def runner(self, runner: str) -> Points:
        return self.only(np.array(self.runners) == runner)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def points(trials: list[Trial]) -> Points:
    table: dict[str, list[float]] = {}
    names = sorted({k for t in trials for k in t.columns})
    for t in trials:
        row = {k: t.columns.get(k, np.zeros(0)) for k in names}
        for k in names:
            table.setdefault(k, []).append(mean(row[k]))
            positive = row[k][row[k] > 0]
            table.setdefault("ln " + k, []).append(mean(np.log(positive)) if len(positive) else float("nan"))
        for k in ("speed_mps", "height_cm", "slope_deg"):
            table.setdefault(k, []).append(_number(t.truth.get(k)))
    arrays = {k: np.array(v) for k, v in table.items()}
    for k in TRUTHS:
        source = "speed_mps" if k == "speed_mps" else "true_" + k
        with np.errstate(invalid="ignore"):
            arrays["ln true " + k] = np.log(arrays[source])
    # Half the logarithm of the length: speeds and times of alike runners differ by so much (Froude).
    arrays["froude"] = 0.5 * np.nan_to_num(np.log(arrays["height_cm"] / HEIGHT_CM))
    return Points([t.name for t in trials], [t.runner for t in trials], [t.set for t in trials], arrays)
