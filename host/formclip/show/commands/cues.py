"""`formclip cues`: what cues did, against faults that were held as long and not cued."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.ground.text import number
from formclip.runs.insight.cued import CHANGED, FEW, HELPED, WORSE, Effect, OfKind, what_cues_did
from formclip.runs.insight.episodes import WHY
from formclip.runs.insight.history import history
from formclip.runs.store.store import Store
from formclip.show.options import DAY, json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("cues", short_help="Show what cues did, against faults not cued.")
@click.option("--since", type=DAY, help="From this day on.")
@store_option
@json_option
def cues_command(since: datetime | None, folder: Path | None, as_json: bool) -> None:
    """Show what cues did, against faults not cued.

    From each fault's own beginning, by kind and over weeks; and what a cue
    costs elsewhere.
    """
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        found = what_cues_did(history(store, on_done), since.date() if since else None)
    if as_json:
        tell_json(plain(found))
        return
    if not found.runs:
        tell("no run yet in these days; next: formclip sync")
        return
    for one in found.kinds:
        for line in _lines(one):
            tell(line)
    for line in found.said:
        tell(line)


def _lines(one: OfKind) -> list[str]:
    out = [one.said]
    if one.why_not:
        out.append("  Not cued: " + ", ".join(f"{count} {WHY[why]}" for why, count in one.why_not.items()) + ".")
    if not one.cued and not one.compared:
        return [*out, ""]
    effects = (*one.about, one.back)
    if all(effect.verdict == FEW for effect in effects):
        out.append(f"  {one.back.said}")
    else:
        out += [_line(effect) for effect in effects]
    costs = [effect for effect in one.costs if effect.verdict != FEW]
    if costs:
        out += ["  What it cost elsewhere:", *(_line(effect) for effect in costs)]
    if len(one.over_weeks) > 1:
        out.append("  Over the weeks:")
        for span in one.over_weeks:
            told = "" if span.effect.verdict == FEW else f" {span.effect.said}"
            out.append(f"    {span.since} to {span.until}: held {number(span.an_hour, 1)} times an hour.{told}")
    return [*out, ""]


def _line(one: Effect) -> str:
    mark = "*" if one.verdict in (HELPED, WORSE, CHANGED) else " "
    return f"{mark} {one.title}: {one.said}"
