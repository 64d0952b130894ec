"""`formclip sessions`: the runs in the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from formclip.ground.columns import own_clock, to_run
from formclip.ground.errors import FormclipError
from formclip.ground.log import read_log
from formclip.runs.store.dates import started_at
from formclip.runs.store.store import Store, Stored
from formclip.show.options import json_option, store_option


@click.command("sessions", short_help="List the runs in the store.")
@store_option
@click.option("--clip", metavar="NAME", help="Of this clip only.")
@json_option
def sessions_command(folder: Path | None, clip: str | None, as_json: bool) -> None:
    """The runs in the store, with date, length and steps."""
    store = Store(folder)
    told = [_session_told(store, stored) for stored in store.sessions(clip)]
    if as_json:
        click.echo(json.dumps(told))
        return
    if not told:
        click.echo("no session yet; next: formclip sync")
    for row in told:
        if row["problem"]:
            click.echo(f"{row['session']:24} {row['problem']}")
            continue
        date = row["started"][:16].replace("T", " ") if row["started"] else "date unknown    "
        minutes = row["running_s"] / 60
        click.echo(f"{row['session']:24} {date}  {minutes:6.1f} min  {row['steps']:6} steps  {row['cues']:3} cues")


def _session_told(store: Store, stored: Stored) -> dict[str, Any]:
    told: dict[str, Any] = {"session": stored.label, "file": str(stored.path), "bytes": stored.size_b, "problem": ""}
    try:
        log = read_log(stored.path)
    except FormclipError as error:
        return {**told, "problem": error.what}
    run = to_run(log, own_clock)
    started = started_at(log, stored.boot, store.anchors(stored.clip))
    told["started"] = started.isoformat(timespec="seconds") if started else None
    told["steps"] = len(run)
    told["running_s"] = round(run.running_s(), 1) if len(run) else 0.0
    told["cues"] = sum(cue.kind != "ok" for cue in run.cues)
    return told
