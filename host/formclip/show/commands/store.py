"""`formclip store`: the folder that holds the runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.progress import count_progress
from formclip.runs.store.check import check
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option


@click.group("store", short_help="Look after the folder that holds the runs.")
def store_command() -> None:
    """Look after the folder that holds the runs."""


@store_command.command("path")
@store_option
def store_path(folder: Path | None) -> None:
    """Where the runs are."""
    click.echo(Store(folder).folder)


@store_command.command("check")
@store_option
@json_option
@click.pass_context
def store_check(ctx: click.Context, folder: Path | None, as_json: bool) -> None:
    """Read every run and compare it with what its clip told of it.

    Ends with exit code 6 when a file is not what it was. A run that its clip
    still has is fetched anew by the next sync.
    """
    store = Store(folder)
    checked = []
    with count_progress("runs checked", len(store.sessions()), not as_json) as on_done:
        for one in check(store):
            checked.append(one)
            if on_done is not None:
                on_done(len(checked))
    wrong = [one for one in checked if one.wrong]
    if as_json:
        told = [
            {
                "session": one.stored.label,
                "file": str(one.stored.path),
                "wrong": one.wrong,
                "next_step": one.next_step,
                "pages": list(one.pages),
            }
            for one in checked
        ]
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        for one in checked:
            label = printable(one.stored.label)
            if one.wrong:
                click.echo(f"{label}: {one.wrong}; {one.next_step}")
            for problem in one.pages:
                click.echo(f"{label}: as the clip had it, {problem}")
        said = "all are what their clips had" if not wrong else f"{len(wrong)} are not what their clips had"
        click.echo(f"{len(checked)} runs checked: {said}" if checked else "no run yet; next: formclip sync")
    if wrong:
        ctx.exit(6)
