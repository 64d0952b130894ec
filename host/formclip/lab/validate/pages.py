"""What `formclip validate --out` writes: the tables, the same as JSON, and plots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from formclip.ground.files import write_whole
from formclip.lab.validate.figure import Figure
from formclip.lab.validate.plots import draw_agreement
from formclip.lab.validate.score import Score
from formclip.lab.validate.table import to_markdown
from formclip.lab.validate.validation import Validation


def pages_of(done: Validation, out: Path) -> dict[Path, str]:
    """Text by place: `out`, the JSON beside it, the plots in a folder of its name."""
    plots = {f"{out.stem}/{name}": svg for name, svg in draw_agreement(done.scored, done.held_out).items()}
    table = to_markdown(done.traces, list(done.figures), done.held_out, tuple(plots))
    whole = json.dumps(done.to_dict(), indent=1, ensure_ascii=False) + "\n"
    return {out: table, out.with_suffix(".json"): whole} | {out.parent / name: svg for name, svg in plots.items()}


def write_pages(done: Validation, out: Path) -> None:
    for path, text in pages_of(done, out).items():
        write_whole(path, text)


def read_back(path: Path) -> list[Figure]:
    """The figures that a JSON file holds."""
    return [Figure(**figure) for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]]


def read_scores(path: Path) -> tuple[dict[str, Score], dict[str, Any] | None]:
    """The traces that it holds the scores of, and the predictions for left-out people."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {name: score for name, score in told["traces"].items() if "error" not in score}, told["held_out"]
