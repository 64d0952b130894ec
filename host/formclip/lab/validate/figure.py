"""A row of the table of figures, and what all rows are made with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Score = dict[str, Any]
Scores = dict[str, Score]


@dataclass(frozen=True)
class Figure:
    """One row. `met` is None where it can't be judged; `values` are numbers for programs."""

    key: str
    title: str
    goal: str
    ours: str
    worst: str
    met: bool | None
    note: str
    values: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def rms(values: Iterable[float]) -> float:
    array = np.array(list(values), dtype=np.float64)
    return float(np.sqrt(np.mean(array**2))) if len(array) else math.nan


def having(scores: Scores, key: str, only: Callable[[Score], bool] | None = None) -> Scores:
    return {name: s for name, s in scores.items() if s.get(key) is not None and (only is None or only(s))}


def nothing(key: str, title: str, goal: str, note: str = "no trace here has this truth") -> Figure:
    return Figure(key, title, goal, "–", "–", None, note, {})


def worst_of(values: dict[str, float]) -> tuple[str, float]:
    name = max(values, key=lambda n: (abs(values[n]), n))
    return name, values[name]
