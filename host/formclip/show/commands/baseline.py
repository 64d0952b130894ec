"""`formclip baseline`: the runner's own baselines over runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.runs.insight.baseline import baseline, reset, since_of
from formclip.runs.insight.history import history
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.group("baseline", short_help="Show what is usual for you, and carry it to the clip.")
def baseline_command() -> None:
    """Show what is usual for you, and carry it to the clip.

    Cadence, tilt and braking of your last five quiet runs; the clip is given
    them at each sync.
    """


@baseline_command.command("show")
@store_option
@json_option
def baseline_show(folder: Path | None, as_json: bool) -> None:
    """Your own cadence, tilt and braking, and how steady they are."""
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        found = baseline(history(store, on_done), since_of(store))
    if as_json:
        tell_json(plain(found))
        return
    for one in found.own:
        tell(f"{one.title:32} {one.said}")
    for said in found.said:
        tell(said)
    if found.since:
        tell(f"It counts runs since {found.since}.")
    if found.labels:
        tell(f"The runs: {printable(', '.join(found.labels))}.")
    if found.settings:
        tell("Given to the clip at its next sync: " + ", ".join(f"{k} {v}" for k, v in found.settings.items()))


@baseline_command.command("reset")
@store_option
@json_option
def baseline_reset(folder: Path | None, as_json: bool) -> None:
    """Begin anew: runs up to now no longer count.

    After an injury, a long break, or when the clip is worn elsewhere. The runs
    themselves stay.
    """
    reset(Store(folder), time.time())
    said = "runs up to now no longer count for your baseline; the clip is told at its next sync"
    if as_json:
        tell_json({"reset": True})
    else:
        tell(said)
