"""How often what runs say over weeks is wrong, on series made of chance alone: `python -m formclip.lab.chance`.

Series of runs are drawn in which nothing happens, with neighbours that resemble each other as little or as much as
those of runners may, and it is asked what `formclip.runs.insight.evidence` says of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from formclip.ground.run import Floats
from formclip.runs.insight.evidence import LEVEL, centre, line, relation
from formclip.runs.insight.shifts import shifts

SERIES = 400
LIKENESS = (0.0, 0.3, 0.6)  # correlation of neighbours
RUNS = (12, 24, 60)


def series(rng: np.random.Generator, n: int, likeness: float) -> Floats:
    """n runs around zero, of standard deviation 1, each like the one before it by so much."""
    out = rng.standard_normal(n)
    for i in range(1, n):
        out[i] = likeness * out[i - 1] + np.sqrt(1 - likeness**2) * out[i]
    return out


def _names_a_line(values: Floats, _: np.random.Generator) -> bool:
    found = line(np.arange(len(values)) / 3, values)
    return found is not None and found.p < LEVEL


def _interval_misses(values: Floats, rng: np.random.Generator) -> bool:
    """A true slope of 0.1 a week is outside the 95 % interval."""
    weeks = np.arange(len(values)) / 3
    found = line(weeks, values + 0.1 * weeks)
    return found is not None and not found.low <= 0.1 <= found.high


def _mean_misses(values: Floats, _: np.random.Generator) -> bool:
    found = centre(values)
    return found is not None and not found[1] <= 0 <= found[2]


def _names_a_shift(values: Floats, _: np.random.Generator) -> bool:
    return bool(shifts(values))


def _shift_on_a_line(values: Floats, _: np.random.Generator) -> bool:
    """A steady rise of three standard deviations is taken for a step."""
    return bool(shifts(values + 3 * np.arange(len(values)) / len(values)))


def _misses_a_fade(values: Floats, _: np.random.Generator) -> bool:
    """Over the middle third of the runs it goes to a level eight standard deviations away."""
    n = len(values)
    return not shifts(values + 8 * np.clip((np.arange(n) - n // 3 + 1) / (n // 3), 0, 1))


def _names_a_relation(values: Floats, rng: np.random.Generator) -> bool:
    """Between a figure and spells of pain that have nothing to do with it: a spell comes and goes, 0 without it."""
    pain: Floats = np.rint(np.maximum(0.0, 4 * series(rng, len(values), 0.8) - 2))
    found = relation(values, pain)
    return found is not None and found.p < LEVEL


def _difference_misses(values: Floats, rng: np.random.Generator) -> bool:
    """The 95 % interval of the difference in pain, between runs with more and with less of a figure, misses zero."""
    found = relation(values, 4 * series(rng, len(values), 0.8))
    return found is not None and not found.low <= 0 <= found.high


ASKED: dict[str, Callable[[Floats, np.random.Generator], bool]] = {
    "a line is named where there is none": _names_a_line,
    "a line's 95 % interval misses the true slope": _interval_misses,
    "a mean's 95 % interval misses the true mean": _mean_misses,
    "a change of level is named where there is none": _names_a_shift,
    "a steady rise is taken for a change of level": _shift_on_a_line,
    "a change of eight standard deviations over a third of the runs is missed": _misses_a_fade,
    "pain in spells is found to go with a figure that it does not go with": _names_a_relation,
    "the 95 % interval of the difference in pain misses zero": _difference_misses,
}


def rates(n: int, likeness: float, count: int = SERIES, seed: int = 1, asked: str = "") -> dict[str, float]:
    """How often each of ASKED errs, in percent; of those alone whose name has `asked` in it."""
    rng = np.random.default_rng(seed)
    drawn = [series(rng, n, likeness) for _ in range(count)]
    wanted = {name: ask for name, ask in ASKED.items() if asked in name}
    return {name: 100 * float(np.mean([ask(one, rng) for one in drawn])) for name, ask in wanted.items()}


def table() -> str:
    """All of it as a table in Markdown; single questions, before `holm` guards them together."""
    columns = [(n, likeness) for n in RUNS for likeness in LIKENESS]
    found = [rates(n, likeness) for n, likeness in columns]
    heads = " | ".join(f"{n} runs, {likeness:g}" for n, likeness in columns)
    rows = [f"| of 100 series; neighbours alike by | {heads} |", "| --- |" + " --- |" * len(columns)]
    rows += [f"| {name} | " + " | ".join(f"{one[name]:.1f}" for one in found) + " |" for name in ASKED]
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
