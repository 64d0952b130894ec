"""`formclip hide`: a run that stays, and is counted nowhere."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.runs.store.about import say
from formclip.runs.store.store import Store
from formclip.runs.store.which import which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("hide", short_help="Leave a run out of lists and lines.")
@click.argument("run")
@click.option("--undo", is_flag=True, help="Show it again.")
@store_option
@json_option
def hide_command(run: str, undo: bool, folder: Path | None, as_json: bool) -> None:
    """Leave a run out of lists and lines, as one that somebody else ran.

    RUN is CLIP/NUMBER, a number, a name, a day or `last`. The run stays in the
    store; `formclip sessions --all` lists it.
    """
    store = Store(folder)
    row = which(store, run)
    say(store, row.stored, hidden=not undo)
    if as_json:
        tell_json({"session": row.stored.label, "hidden": not undo})
        return
    label = printable(row.stored.label)
    tell(f"{label} is shown again" if undo else f"{label} is hidden; formclip hide {label} --undo shows it again")
