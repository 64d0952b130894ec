"""`formclip report`: a session's log as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.runs.insight.load import how_far
from formclip.runs.store.store import Store
from formclip.runs.store.which import which_or_file
from formclip.show.report.write import write_report
from formclip.show.tell import tell, tell_json


@click.command("report")
@click.argument("source", metavar="SESSION|LOG|DIR", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="FILE.html", type=click.Path(path_type=Path), help="Default: beside the log.")
@click.option("--store", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where SESSION is looked up.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found and where the page is as JSON.")
def report_command(source: Path, output: Path | None, folder: Path | None, as_json: bool) -> None:
    """Draw a run as one self-contained HTML page.

    SESSION is one that was synced, CLIP/NUMBER as `formclip sessions` lists it,
    its name, its day or `last`; LOG is a clip's own file (.fclog); DIR is a
    folder that `formclip replay --out` wrote. The page opens offline, on a
    phone too, in light and dark.
    """
    found = which_or_file(source.as_posix(), folder)
    row, path = (None, found) if isinstance(found, Path) else (found, found.stored.path)
    distance = how_far(Store(folder), row) if row is not None else None
    written, told = write_report(path, output, row, distance)
    if as_json:
        tell_json(told)
        return
    tell(f"report: {written} ({told['bytes'] / 1000:,.0f} kB)")
