"""`formclip name`: what a run is called, and what else you know of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from formclip.ground.errors import printable
from formclip.runs.store.about import KINDS, SURFACES, say
from formclip.runs.store.dates import said_past
from formclip.runs.store.store import Store
from formclip.runs.store.which import which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("name", short_help="Give a run a name, and say what you know of it.")
@click.argument("run")
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(KINDS), help="What kind of run it was.")
@click.option("--surface", type=click.Choice(SURFACES), help="What it was run on.")
@click.option("--shoes", metavar="TEXT", help="The shoes.")
@click.option("--distance", "distance_km", type=float, metavar="KM", help="How far it truly was, as a track tells.")
@click.option("--at", metavar="DATE", help="When it began, as 2026-11-03T07:15: above what the clip's clock tells.")
@store_option
@json_option
def name_command(
    run: str,
    name: str | None,
    kind: str | None,
    surface: str | None,
    shoes: str | None,
    distance_km: float | None,
    at: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Give a run a name, and say what you know of it.

    RUN is CLIP/NUMBER, a number, a name, a day or `last`. What you do not
    mention stays as it is; an empty name takes the name away.
    """
    store = Store(folder)
    row = which(store, run)
    changes = {"name": name, "kind": kind, "surface": surface, "shoes": shoes}
    said: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
    if distance_km is not None:
        said["distance_m"] = 1000 * distance_km
    if at is not None:
        said["began_unix_s"], said["zone"] = said_past(at)
    if not said:
        raise click.UsageError("nothing to say: give a name, or one of the options")
    about = say(store, row.stored, **said)
    if as_json:
        tell_json({"session": row.stored.label, **asdict(about)})
        return
    parts = [about.name and f"“{about.name}”", about.kind, about.surface, about.shoes]
    if about.distance_m is not None:
        parts.append(f"{about.distance_m / 1000:g} km")
    tell(f"{printable(row.stored.label)}: {printable(' · '.join(part for part in parts if part)) or 'no name'}")
