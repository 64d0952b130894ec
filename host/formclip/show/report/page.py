"""Puts a run's figures, words and charts into one HTML page that stands alone."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from importlib import resources
from typing import Any

import jinja2

from formclip.ground.run import Run
from formclip.ground.text import with_unit
from formclip.runs.knowledge import (
    ARTICLES,
    BALANCE_GOOD,
    BALANCE_LOOK,
    CANNOT_SEE,
    CAUTIONS,
    WARM_UP,
    WHEN_TO_STOP,
)
from formclip.show.report.draw import draw
from formclip.show.report.story import Label, tell

MOST_BYTES = 400_000
KNOWLEDGE: dict[str, Any] = {
    "stop": WHEN_TO_STOP,
    "calm": [text for text in CAUTIONS if text not in WHEN_TO_STOP],
    "cannot_see": CANNOT_SEE,
    "articles": ARTICLES,
    "warm_up": WARM_UP,
    "balance_good": BALANCE_GOOD,
    "balance_look": BALANCE_LOOK,
}
_UNIT_OF_X = {"minutes since the recording began": (1, " min"), "steps from the cue": (0, " steps")}


def templates(*more: jinja2.BaseLoader) -> jinja2.Environment:
    """The report's templates, with those of others before them; everything is escaped."""
    loader = jinja2.ChoiceLoader([*more, jinja2.PackageLoader("formclip.show.report")])
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {"know": KNOWLEDGE, "reads": reads, "with_unit": with_unit}
    # The page says what names a command in its own words; a report is read where commands are.
    environment.filters |= {"here": str, "sentence": begun}
    return environment


def begun(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def reads(chart: dict[str, Any]) -> str:
    """What charts.js needs to read a value off, as JSON."""
    digits, unit = _UNIT_OF_X.get(chart["x_title"], (1, ""))
    told: dict[str, Any] = {"x": chart["x"], "m": chart["middle"], "d": chart["digits"], "u": chart["unit"]}
    told |= {"r": chart["x_domain"], "a": digits, "s": unit}
    if chart["low"]:
        told |= {"l": chart["low"], "h": chart["high"]}
    if chart["x_names"]:
        told["n"] = chart["x_names"]
    if chart["ticks"]:
        told["t"] = [[tick["x"], tick["label"]] for tick in chart["ticks"]]
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=2)
def static(name: str) -> str:
    """A file that goes with the page: style.css, charts.js."""
    return resources.files("formclip.show.report").joinpath("static", name).read_text(encoding="utf-8")


def render(run: Run, label: Label | None = None) -> str:
    """The whole page. A run with no step gives a page that says so."""
    story = tell(run, label or Label(run.name))
    svgs = dict(zip((c["key"] for c in story["charts"]), draw(story["charts"]), strict=True))
    style, script = static("style.css"), static("charts.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash_of(style)}'; script-src '{_hash_of(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = templates().get_template("report.html")
    return page.render(story=story, svg_of=svgs.get, waits=lambda charts: "", style=style, script=script, policy=policy)


def _hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
