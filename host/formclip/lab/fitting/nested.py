"""Errors that hold on the next person: every choice made again without the runner, or the group, that is predicted.

inner    each runner predicted by a fit without that runner, by the recipe that is best on all: what a fit looks like
         from inside, and what recipes are chosen by
outer    each runner predicted by a fit and by a choice of recipe that never saw that runner
across   each group of runners (a laboratory) predicted by a fit and a choice made on the other groups
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.lab.fitting.points import Points
from formclip.lab.fitting.regress import conformal

Floats = NDArray[np.float64]
Predict = Callable[[Points], Floats]


@dataclass(frozen=True)
class Recipe:
    """One candidate: its name in the tables and its inputs, columns of Points."""

    what: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One quantity to be estimated.

    truth   column of Points with the truth; recipes the candidates, from simple to rich
    fit     from a recipe and points to a function that predicts the logarithm
    scored  sets whose errors count in a choice; also: sets that are predicted too, and help the fit
    """

    name: str
    truth: str
    recipes: tuple[Recipe, ...]
    fit: Callable[[Recipe, Points], Predict]
    scored: tuple[str, ...]
    relative: bool = False
    also: tuple[str, ...] = ()
    personal: bool = False  # what is left after one run of known distance counts as well

    def error(self, ln_ours: Floats, p: Points) -> Floats:
        """In the truth's unit, or in per cent."""
        truth = p[self.truth]
        return 100 * (np.exp(ln_ours) / truth - 1) if self.relative else np.exp(ln_ours) - truth

    def counts(self, p: Points) -> NDArray[np.bool_]:
        return np.isin(np.array(p.sets), self.scored)

    def told(self, p: Points) -> NDArray[np.bool_]:
        return np.isin(np.array(p.sets), self.scored + self.also)


def off(ln_ours: Floats, truth: Floats) -> Floats:
    """How far the truth lies from the estimate, as a share of the estimate: what an interval is to hold."""
    return np.asarray(truth / np.exp(ln_ours) - 1, dtype=np.float64)


def by_group(errors: Floats, sets: list[str]) -> float:
    """RMSE of each group, and their mean: a laboratory counts once, however many runners it has."""
    group = np.array(sets)
    return float(np.mean([np.sqrt(np.mean(errors[group == g] ** 2)) for g in sorted(set(sets))]))


def paces(p: Points, near: float = 1 / 3) -> list[tuple[int, int]]:
    """Pairs of traces of one runner whose speeds differ by no more than this share of the first's."""
    speed = p["speed_mps"]
    return [
        (i, j)
        for i in range(len(p))
        for j in range(len(p))
        if i != j and p.runners[i] == p.runners[j] and abs(speed[j] / speed[i] - 1) <= near + 1e-9
    ]


def after_one_run(ln_ours: Floats, p: Points) -> tuple[Floats, list[str]]:
    """Errors of the speed in per cent at another pace, after the scale was set at one; the set of each."""
    pairs = paces(p)
    truth = np.log(p["speed_mps"])
    i, j = np.array(pairs).T
    return 100 * np.expm1(ln_ours[j] - truth[j] - ln_ours[i] + truth[i]), [p.sets[k] for k in j.tolist()]


def left_out(kind: Kind, recipe: Recipe, p: Points) -> Floats:
    """ln of the estimate of each runner by a fit on the others."""
    who = np.array(p.runners)
    out = np.full(len(p), np.nan)
    for runner in sorted(set(p.runners)):
        out[who == runner] = kind.fit(recipe, p.without(runner))(p.runner(runner))
    return out


@dataclass
class Choice:
    recipe: Recipe
    errors: Floats  # of runners left out, with this recipe
    off: Floats  # truth over estimate less one, of the same
    runners: list[str]


def choose(kind: Kind, p: Points) -> Choice:
    """The recipe that is best on runners left out; a simpler one where both are the same to a hundredth.

    None with more inputs than there are runners: so few can't tell them apart.
    """
    best: Choice | None = None
    least = np.inf
    count = kind.counts(p)
    runners = [r for r, k in zip(p.runners, count.tolist(), strict=True) if k]
    sets = [r for r, k in zip(p.sets, count.tolist(), strict=True) if k]
    for recipe in kind.recipes:
        if best is not None and len(recipe.inputs) > len(set(p.runners)):
            continue
        ours = left_out(kind, recipe, p)
        errors = kind.error(ours, p)[count]
        size = by_group(errors, sets)
        if kind.personal:
            size += by_group(*after_one_run(ours, p))
        if size < 0.99 * least:
            best, least = Choice(recipe, errors, off(ours, p[kind.truth])[count], runners), size
    assert best is not None
    return best


@dataclass
class Outcome:
    """ln estimates, and the half widths of their 90 % intervals as shares of them; NaN where the set is not scored."""

    kind: Kind
    points: Points
    inner: Choice
    outer: Floats
    outer_width: Floats
    across: Floats
    across_width: Floats
    chosen: Counter[str] = field(default_factory=Counter)
    chosen_across: dict[str, str] = field(default_factory=dict)

    def errors(self, which: str, only: str | None = None) -> Floats:
        ours: Floats = getattr(self, which)
        return self.kind.error(ours, self.points)[self._some(only)]

    def covered(self, which: str, only: str | None = None) -> float:
        """Share of traces, in per cent, whose truth lies in the interval."""
        ours, width = getattr(self, which), getattr(self, which + "_width")
        inside = np.abs(off(ours, self.points[self.kind.truth])) <= width
        return 100 * float(np.mean(inside[self._some(only)]))

    def _some(self, only: str | None) -> NDArray[np.bool_]:
        sets = np.array(self.points.sets)
        return self.kind.told(self.points) if only is None else sets == only

    def named(self, which: str) -> dict[str, float]:
        """The estimates themselves, by trace."""
        values: Floats = getattr(self, which)
        some = self._some(None)
        return {n: float(np.exp(v)) for n, v, k in zip(self.points.names, values, some.tolist(), strict=True) if k}


def evaluate(kind: Kind, p: Points, **more: Any) -> Outcome:
    """All three kinds of error of one quantity."""
    sets, who = np.array(p.sets), np.array(p.runners)
    empty = np.full(len(p), np.nan)
    out = Outcome(kind, p, choose(kind, p), empty.copy(), empty.copy(), empty.copy(), empty.copy())
    for runner in sorted(set(np.array(p.runners)[kind.told(p)].tolist())):
        rest, mine = p.without(runner), who == runner
        choice = choose(kind, rest)
        out.outer[mine] = kind.fit(choice.recipe, rest)(p.runner(runner))
        out.outer_width[mine] = conformal(choice.off, choice.runners)
        out.chosen[choice.recipe.what] += 1
    for group in kind.scored + kind.also:
        rest, mine = p.only(sets != group), sets == group
        if len(set(rest.runners)) < 3:
            continue
        choice = choose(kind, rest)
        out.across[mine] = kind.fit(choice.recipe, rest)(p.only(mine))
        out.across_width[mine] = conformal(choice.off, choice.runners)
        out.chosen_across[group] = choice.recipe.what
    return out
