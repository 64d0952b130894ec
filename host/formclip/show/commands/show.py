"""`formclip show`: one run in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from formclip.ground.errors import printable
from formclip.ground.text import number, with_unit
from formclip.runs.insight.digest import FIGURE, digests
from formclip.runs.insight.load import how_far
from formclip.runs.insight.portrait import CALIBRATIONS, portrait
from formclip.runs.store.store import Store
from formclip.runs.store.watch import watched
from formclip.runs.store.which import LAST, which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json

_LEFT = 47  # columns of a figure and its mean: with the rest it makes 80
_ARROWS = {-1: "↓", 0: "→", 1: "↑"}


@click.command("show", short_help="Show one run in figures.")
@click.argument("run", default=LAST)
@store_option
@json_option
def show_command(run: str, folder: Path | None, as_json: bool) -> None:
    """Show one run in figures.

    RUN is CLIP/NUMBER as `formclip sessions` lists it, a number, the name that
    you gave it, its day (2026-11-03), or `last`, which is meant without RUN.
    """
    store = Store(folder)
    row = which(store, run)
    digest, of_watch = digests(store, [row.stored])[row.stored.key], watched(store).get(row.stored.key)
    told = portrait(row, digest, of_watch, how_far(store, row))
    if as_json:
        tell_json(told, indent=1)
        return
    for line in _lines(told):
        tell(line)


def _lines(told: dict[str, Any]) -> list[str]:
    when = told["started"][:16].replace("T", " ") if told["started"] else "date unknown"
    name = f"  “{printable(told['name'])}”" if told["name"] else ""
    out = [f"{printable(told['session'])}  {when}{name}"]
    said = [printable(told[key]) for key in ("kind", "surface", "shoes") if told[key]]
    if said:
        out.append(" · ".join(said))
    if told["problem"]:
        return [*out, told["problem"]]
    out.append(f"{told['running_s'] / 60:.1f} min of running, {told['steps']:,} steps{_distance(told['distance'])}")
    if told["note"]:
        out += [f"note: {printable(line)}" for line in told["note"].splitlines()]
    out += ["", f"{'mean':>{_LEFT}}  first → last third left | right"]
    out += [_figure(one) for one in told["figures"]]
    if any("half_width_90" in one for one in told["figures"]):
        out.append("± is the half width of an estimate's 90 % interval.")
    out.append("")
    cues = ", ".join(f"{count} {kind}" for kind, count in told["cues"].items())
    out.append(f"cues: {cues or 'none'} (mode {told['mode']})")
    if told["watch"] is not None:
        out += [f"  with the slope known: {said}" for said in told["watch"]["second_opinion"]]
    quality = f", quality {told['calibration_quality']}" if told["calibration_quality"] is not None else ""
    out.append(f"calibration: {CALIBRATIONS[told['calibration']]}{quality}")
    if told["slipped_pct"]:
        out.append(f"the clip had slipped in {told['slipped_pct']:g} % of the steps: their tilt is left out")
    out += [f"doubtful: {printable(doubt)}" for doubt in told["doubts"]]
    if told["left_empty"]:
        titles = [FIGURE[key].title.lower() for key in told["left_empty"] if key in FIGURE]
        out.append(f"left empty for it: {', '.join(titles)}")
    return out + [f"in the log: {problem}" for problem in told["problems"]]


def _distance(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    if found["source"] == "said":
        return f", {found['m'] / 1000:.2f} km as you said"
    if found["source"] == "watch":
        return f", {found['m'] / 1000:.2f} km by your watch"
    width = f" ± {found['half_width_90_m'] / 1000:.1f}" if found["half_width_90_m"] else ""
    return f", about {found['m'] / 1000:.1f}{width} km by the clip's estimate"


def _figure(one: dict[str, Any]) -> str:
    metric = FIGURE[one["key"]]
    digits = metric.digits
    width = f" ±{number(one['half_width_90'], digits)}" if "half_width_90" in one else ""
    mean = with_unit(f"{number(one['mean'], digits)}{width}", metric.unit)
    thirds = sides = ""
    if "thirds" in one:
        part = one["thirds"]
        thirds = f"{number(part['first'], digits)} → {number(part['last'], digits)} {_ARROWS[int(part['trend'])]}"
    if "sides" in one:
        part = one["sides"]
        mark = "*" if part["trend"] else ""
        sides = f"{number(part['left'], digits)} | {number(part['right'], digits)}{mark}"
    left = f"{metric.title} {mean:>{_LEFT - len(metric.title) - 1}}"
    return f"{left}  {thirds:15}  {sides}".rstrip()
