"""`formclip clips`: the clips in the store."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.text import counted
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("clips", short_help="List the clips that have been synced.")
@store_option
@json_option
def clips_command(folder: Path | None, as_json: bool) -> None:
    """The clips that have been synced."""
    rows = Store(folder).clips()
    if as_json:
        names = ("name", "address", "firmware", "sessions")
        tell_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    if not rows:
        tell("no clip yet; next: formclip sync")
    for name, address, firmware, sessions in rows:
        tell(f"{name:20} {counted(sessions, 'session'):>13}   firmware {firmware or '?'}   {address}")
