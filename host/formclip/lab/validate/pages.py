"""What `formclip validate --out` writes: the tables, the same as JSON, and plots.

The JSON holds all scores, so that tables and plots are made anew of it alone where only their words or goals changed:
`python -m formclip.lab.docs.figures` does.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from formclip.ground.files import write_whole
from formclip.lab.validate.figures import all_figures
from formclip.lab.validate.plots import draw_agreement
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


def read_back(path: Path) -> Validation:
    """The validation that a JSON file holds, its figures computed anew from the scores in it."""
    told = json.loads(path.read_text(encoding="utf-8"))
    given = {field.name: told.get(field.name) for field in fields(Validation) if field.name != "figures"}
    scored = {name: score for name, score in told["traces"].items() if "error" not in score}
    made = [part for name, part in given.items() if name != "traces"]
    return Validation(tuple(all_figures(scored, *made)), **given)
