"""Validation as one call: every trace that has a truth replayed and scored, and the figures with their goals."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formclip.ground.errors import TraceError
from formclip.lab.validate.figure import Figure
from formclip.lab.validate.figures import all_figures
from formclip.lab.validate.joined import find_changes, score_changes
from formclip.lab.validate.run import load_held_out, score_all
from formclip.lab.validate.score import Score
from formclip.lab.validate.truthfile import load_truth, truth_path

Bar = Callable[[str, int], contextlib.AbstractContextManager[Callable[[int], None] | None]]


@dataclass(frozen=True)
class Validation:
    """What replay is worth on traces whose truth is known.

    figures     one for each row of docs/lab/validity.md: key, title, goal, ours, worst, met (None where it can't be
                judged), note, values (numbers by name)
    traces      {FOLDER/NAME: scores}, or {FOLDER/NAME: {"error": why it was not read}}
    simulated   figures of the simulated runs, None where they were left out
    held_out    predictions of the fitted models for people that they were not fitted on, None where there are none
    joined      changes of form in one recorded runner, one each; None where simulated runs were left out
    """

    figures: tuple[Figure, ...]
    traces: dict[str, Score]
    simulated: dict[str, Any] | None = None
    held_out: dict[str, Any] | None = None
    joined: list[dict[str, Any]] | None = None

    @property
    def scored(self) -> dict[str, Score]:
        """The traces that were read."""
        return {name: score for name, score in self.traces.items() if "error" not in score}

    @property
    def unread(self) -> dict[str, str]:
        """Those that were not, and why."""
        return {name: str(score["error"]) for name, score in self.traces.items() if "error" in score}

    @property
    def missed(self) -> list[str]:
        """Titles of the figures that miss their goal."""
        return [figure.title for figure in self.figures if figure.met is False]

    def to_dict(self) -> dict[str, Any]:
        """All of it for JSON, in six digits: plenty, and the same on every machine."""
        figures = [figure.to_json() for figure in self.figures]
        whole = {
            "figures": figures,
            "traces": self.traces,
            "simulated": self.simulated,
            "held_out": self.held_out,
            "joined": self.joined,
        }
        rounded: dict[str, Any] = six_digits(whole)
        return rounded


def six_digits(value: Any) -> Any:
    """The same with its numbers in six digits, and None for those that are none."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if value == value else None
    if isinstance(value, dict):
        return {key: six_digits(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [six_digits(item) for item in value]
    return value


def broken_truths(paths: list[Path]) -> dict[Path, TraceError]:
    """The traces whose truth file can't be used, and why."""
    found = {}
    for path in paths:
        try:
            load_truth(truth_path(path))
        except TraceError as error:
            found[path] = error
    return found


def _no_bar(title: str, total: int) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def validate(paths: list[Path], with_simulated: bool = True, bar: Bar = _no_bar) -> Validation:
    """Replay and score each trace, in two processes; with the runs that are made for it, which take some minutes, too.

    Those are the simulated ones, and the recordings of one runner joined to changes of form.

    bar(title, total) is a context that gives a function, to be told how many are done
    """
    with bar("traces", len(paths)) as on_done:
        scores = six_digits(score_all(paths, on_done))
    simulated = changed = None
    if with_simulated:
        from formclip.lab.validate.simulated import TASKS, score_simulated

        with bar("simulated runs", len(TASKS)) as on_done:
            simulated = six_digits(score_simulated(on_done))
        changes = find_changes(paths)
        with bar("changes of one runner", len(changes)) as on_done:
            changed = six_digits(score_changes(changes, on_done))
    held_out = six_digits(load_held_out())
    good = {name: score for name, score in scores.items() if "error" not in score}
    figures = all_figures(good, simulated, held_out, changed)
    return Validation(tuple(figures), scores, simulated, held_out, changed)
