"""`formclip delete`: a run into the bin, and out of it."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.runs.store.bin import KEPT_DAYS, days_left, empty_bin, take_back, throw_away
from formclip.runs.store.store import Store, Stored
from formclip.runs.store.which import NoRun, which
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("delete", short_help="Throw a run away; the bin keeps it for 30 days.")
@click.argument("run", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--undo", is_flag=True, help="Take the run out of the bin.")
@click.option("--bin", "show_bin", is_flag=True, help="List what is in the bin.")
@store_option
@json_option
def delete_command(run: str | None, yes: bool, undo: bool, show_bin: bool, folder: Path | None, as_json: bool) -> None:
    """Throw a run away; the bin keeps it for 30 days.

    RUN is CLIP/NUMBER, a number, a name, a day or `last`; with --undo,
    CLIP/NUMBER or a number. A clip that still has the run does not bring it
    again, and deletes its copy at the next sync.
    """
    store = Store(folder)
    empty_bin(store)
    if show_bin:
        _list(store, as_json)
        return
    if run is None:
        raise click.UsageError("missing RUN: which one is to go")
    if undo:
        stored = _in_bin(store, run)
        take_back(store, stored)
        _say(stored, False, as_json)
        return
    row = which(store, run)
    if not yes:
        if as_json:
            raise click.UsageError("--json does not ask: give --yes too")
        when = f" of {row.started:%Y-%m-%d %H:%M}" if row.started else ""
        minutes = row.brief.running_s / 60
        click.confirm(f"throw {printable(row.stored.label)}{when}, {minutes:.0f} min, into the bin?", abort=True)
    throw_away(store, row.stored)
    _say(row.stored, True, as_json)


def _in_bin(store: Store, text: str) -> Stored:
    found = [s for s in store.binned() if text in (s.label, str(s.number))]
    if len({stored.label for stored in found}) != 1:
        what = f"no run '{text}' in the bin" if not found else f"'{text}' means several runs in the bin"
        raise NoRun(what, "formclip delete --bin lists it")
    return found[-1]


def _say(stored: Stored, binned: bool, as_json: bool) -> None:
    if as_json:
        tell_json({"session": stored.label, "in_bin": binned})
        return
    label = printable(stored.label)
    if binned:
        tell(f"{label} is in the bin for {KEPT_DAYS} days; formclip delete {label} --undo takes it out")
    else:
        tell(f"{label} is back")


def _list(store: Store, as_json: bool) -> None:
    found = [stored for stored in store.binned() if not stored.gone]
    if as_json:
        tell_json([{"session": s.label, "days_left": days_left(s)} for s in found])
        return
    if not found:
        tell("the bin is empty")
    for stored in found:
        tell(f"{printable(stored.label):24} {days_left(stored):3} days left")
