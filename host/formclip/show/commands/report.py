"""`formclip report`: a session's log as one HTML page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from formclip.runs.store.brief import Row
from formclip.runs.store.store import Store, default_folder
from formclip.runs.store.which import NoRun, which
from formclip.show.report.write import write_report


@click.command("report")
@click.argument("source", metavar="SESSION|LOG|DIR", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="FILE.html", type=click.Path(path_type=Path), help="Default: beside the log.")
@click.option("--store", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where SESSION is looked up.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found and where the page is as JSON.")
def report_command(source: Path, output: Path | None, folder: Path | None, as_json: bool) -> None:
    """Draw a run as one self-contained HTML page.

    SESSION is one that was synced, CLIP/NUMBER as `formclip sessions` lists it;
    LOG is a clip's own file (.fclog); DIR is a folder that `formclip replay
    --out` wrote. The page opens offline, on a phone too, in light and dark.
    """
    row = None if source.exists() else _of_store(source, folder)
    written, told = write_report(row.stored.path if row is not None else source, output, row)
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"report: {written} ({told['bytes'] / 1000:,.0f} kB)")


def _of_store(label: Path, folder: Path | None) -> Row | None:
    """The run of the store that is meant; None where there is none, for the error to name the path."""
    if folder is None and not default_folder().is_dir():
        return None
    try:
        return which(Store(folder), label.as_posix())
    except NoRun:
        return None
