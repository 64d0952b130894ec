"""`formclip sessions`: the runs in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from formclip.ground.errors import printable
from formclip.ground.progress import count_progress
from formclip.runs.store.brief import Row, rows
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("sessions", short_help="List the runs in the store.")
@store_option
@click.option("--clip", metavar="NAME", help="Of this clip only.")
@click.option("--all", "with_hidden", is_flag=True, help="Hidden ones too.")
@json_option
def sessions_command(folder: Path | None, clip: str | None, with_hidden: bool, as_json: bool) -> None:
    """The runs in the store, with date, length and steps."""
    store = Store(folder)
    with count_progress("reading logs", len(store.sessions(clip)), not as_json) as on_done:
        found = [row for row in rows(store, clip, on_done) if with_hidden or not row.about.hidden]
    if as_json:
        tell_json([_told(row) for row in found])
        return
    if not found:
        tell("no session yet; next: formclip sync")
    for row in found:
        label = printable(row.stored.label)
        if row.brief.problem:
            tell(f"{label:24} {row.brief.problem}")
            continue
        date = f"{row.started:%Y-%m-%d %H:%M}" if row.started else "date unknown    "
        minutes = row.brief.running_s / 60
        tell(f"{label:24} {date}  {minutes:6.1f} min  {row.brief.steps:6} steps  {row.brief.cues:3} cues{_name(row)}")


def _name(row: Row) -> str:
    hidden = "  (hidden)" if row.about.hidden else ""
    return f"  {printable(row.about.name)}{hidden}" if row.about.name else hidden


def _told(row: Row) -> dict[str, Any]:
    stored, brief = row.stored, row.brief
    told: dict[str, Any] = {"session": stored.label, "file": str(stored.path), "bytes": stored.size_b}
    told |= {"problem": brief.problem, "name": row.about.name, "hidden": row.about.hidden}
    if not brief.problem:
        told["started"] = row.started.isoformat(timespec="seconds") if row.started else None
        told["steps"] = brief.steps
        told["running_s"] = brief.running_s
        told["cues"] = brief.cues
    return told
