"""`formclip add`: a run that no clip brought."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.settingsfile import read_settings
from formclip.ground.trace import Given
from formclip.lab.adding import add
from formclip.runs.store.dates import at_zone, said_past
from formclip.runs.store.store import Store
from formclip.runs.store.taken import Taken
from formclip.show.options import given_options, json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("add", short_help="Take a recording or a log into the record.")
@click.argument("source", metavar="TRACE|LOG", type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@click.option("--at", metavar="DATE", help="When it began: 2026-11-03T07:15, today, yesterday. A log may know it.")
@click.option("--settings", "-s", "settings_file", type=click.Path(path_type=Path), help="Settings (TOML or JSON).")
@click.option("--fix", is_flag=True, help="Correct what a check finds wrong and knows how to correct.")
@given_options
@store_option
@json_option
def add_command(
    source: Path,
    more: tuple[Path, ...],
    at: str | None,
    settings_file: Path | None,
    fix: bool,
    given: Given,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Take a recording or a log into the record, as if a clip had brought it.

    TRACE is a recording as `formclip replay` takes it: it goes through the
    clip's own code, in silent mode, for nobody was cued in it. LOG is a clip's
    own file, or a copy of its drive's. What is there already is not taken
    twice. What is doubtful about a recording is kept with its run, and what
    that makes worthless stays empty there.
    """
    began = said_past(at) if at is not None else None
    changed = read_settings(settings_file) if settings_file else None
    taken = add(Store(folder), source, began, changed, given, more, not as_json, fix)
    if as_json:
        tell_json([{"session": t.stored.label, "new": t.new, "file": str(t.stored.path)} for t in taken])
        return
    for one in taken:
        dated = "" if one.new or began is None else f"; it began {at_zone(*began):%Y-%m-%d %H:%M}, as you say now"
        tell(f"{printable(one.stored.label)}: {_said(one)}{dated}")
    tell(f"next: formclip show {printable(taken[-1].stored.label)}")


def _said(one: Taken) -> str:
    if one.new:
        return f"{one.stored.size_b / 1000:,.1f} kB  ->  {one.stored.path}"
    return "was in the bin, and is out of it" if one.back else "is there already"
