"""`formclip note`: a few sentences beside a run."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.runs.store.about import add_note, say
from formclip.runs.store.store import Store
from formclip.runs.store.which import which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("note", short_help="Keep a note beside a run.")
@click.argument("run")
@click.argument("text", nargs=-1)
@click.option("--clear", is_flag=True, help="Take the notes of this run away.")
@store_option
@json_option
def note_command(run: str, text: tuple[str, ...], clear: bool, folder: Path | None, as_json: bool) -> None:
    """Keep a note beside a run; without TEXT, print what is there.

    RUN is CLIP/NUMBER, a number, a name, a day or `last`. A further note is
    added below those of before.
    """
    store = Store(folder)
    row = which(store, run)
    note, added = row.about.note, " ".join(text).strip()
    if clear:
        note = say(store, row.stored, note=added).note
    elif added:
        note = add_note(store, row.stored, added).note
    if as_json:
        tell_json({"session": row.stored.label, "note": note})
        return
    tell(f"{printable(row.stored.label)}: {'no note' if not note else ''}".rstrip())
    for line in note.splitlines():
        tell(f"  {printable(line)}")
