"""Figures in README and in the pages, made of the last JSON of the commands that print them.

    python -m formclip.lab.docs.figures     # README, compare.md, bench.md and the first table of validity.md

A row of a table that ends with a comment, as `<!-- validity: tilt drop -->`, has the goal and the value of these
figures; `rbds/tilt` is the figure of that set alone. Goals stand once, with the code that scores them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from formclip.ground.files import write_whole
from formclip.lab.bench.figures import GOAL_PERCENT
from formclip.lab.peers.compare import to_markdown as compare_page
from formclip.lab.validate.pages import read_back, read_scores
from formclip.lab.validate.table import figures_by_set, figures_table

Told = dict[str, tuple[str, str]]  # goal and value in words, by the figure's key

VALIDITY, COMPARE, BENCH = Path("docs/lab/validity.md"), Path("docs/lab/compare.md"), Path("docs/design/bench.json")
_ROW = re.compile(r"^(\| [^|]+ \|)([^|\n]*)\|([^|\n]*)\|([^\n]*<!-- (\w+): ([\w/ ]+?) --> \|)$", re.M)


def _of(path: Path) -> Any:
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def _judged(value: str, met: bool) -> str:
    return value if met else f"{value} (**missed**)"


def validity(repo: Path) -> Told:
    """The figures over all traces by their keys, those of each set by SET/KEY."""
    path = (repo / VALIDITY).with_suffix(".json")
    told = {f.key: f for f in read_back(path)}
    for name, found in figures_by_set(*read_scores(path)).items():
        told |= {f"{name}/{f.key}": f for f in found}
    return {key: (f.goal, _judged(f.ours, f.met is not False)) for key, f in told.items()}


def validity_page(repo: Path) -> str:
    """docs/lab/validity.md with the table of its JSON."""
    page = (repo / VALIDITY).read_text(encoding="utf-8")
    head, title, rest = page.partition("## The figures\n\n")
    table = figures_table(read_back((repo / VALIDITY).with_suffix(".json")), True)
    return head + title + "\n".join(table) + "\n\n" + rest.partition("\n\n")[2]


def compare(repo: Path) -> Told:
    rows = _of(repo / COMPARE)["inclination"]
    return {name.split(",")[0]: ("", f"{row['tilt_rmse_deg']:.2f}°") for name, row in reversed(rows.items())}


def bench(repo: Path) -> Told:
    told = _of(repo / BENCH)
    percent, live, stretches = told["estimate"]["mean_percent"], told["live"], told["stretches"]
    live_kb = live["kinds"]["frozen"]["live_kb"]
    return {
        "time": (f"≤ {GOAL_PERCENT:g} % of real time", _judged(f"{percent:.1f} %", percent <= GOAL_PERCENT)),
        "live": (
            f"≤ {live['goal_kb']:g} KB",
            _judged(f"{live_kb:.1f} KB of {live['heap_kb']:g}", live_kb <= live["goal_kb"]),
        ),
        "stretch": (
            f"≤ {stretches['goal_ms']:g} ms",
            _judged(f"{stretches['worst_ms']:.0f} ms", stretches["worst_ms"] <= stretches["goal_ms"]),
        ),
    }


SOURCES: dict[str, Callable[[Path], Told]] = {"validity": validity, "compare": compare, "bench": bench}


def with_figures(page: str, told: dict[str, Told]) -> str:
    """The page with goals and values of today in its marked rows."""

    def filled(row: re.Match[str]) -> str:
        head, _, _, rest, source, keys = row.groups()
        found = [told[source][key] for key in keys.split()]
        goals = dict.fromkeys(goal for goal, _ in found if goal)
        cells = ["; ".join(goals), "; ".join(value for _, value in found)]
        return head + "".join(f" {cell} |" if cell else " |" for cell in cells) + rest

    return _ROW.sub(filled, page)


def pages(repo: Path) -> dict[Path, str]:
    """Every page that quotes a JSON file, as it should be."""
    marked = (repo / "README.md", (repo / BENCH).with_suffix(".md"))
    told = {name: source(repo) for name, source in SOURCES.items()}
    return {
        repo / VALIDITY: validity_page(repo),
        repo / COMPARE: compare_page(_of(repo / COMPARE)),
        **{path: with_figures(path.read_text(encoding="utf-8"), told) for path in marked},
    }


if __name__ == "__main__":
    for path, text in pages(Path.cwd()).items():
        write_whole(path, text)
