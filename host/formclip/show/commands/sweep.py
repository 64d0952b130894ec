"""`formclip sweep`: what cues other settings would have given."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import LogError
from formclip.ground.files import write_whole
from formclip.ground.progress import count_progress
from formclip.show.options import json_option
from formclip.show.tell import tell, tell_json


@click.command("sweep", short_help="Ask runs what cues other settings had given.")
@click.argument("place", metavar="[STORE|DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--set", "spans", metavar="NAME=4..8", multiple=True, required=True, help="4..8, 4..8:2 or 4,6,8.")
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Write sweep.csv and sweep.svg into this folder.")
@click.option("--processes", type=click.IntRange(1, 1024), help="How many at once; default: each core.")
@json_option
def sweep_command(
    place: Path | None, spans: tuple[str, ...], out: Path | None, processes: int | None, as_json: bool
) -> None:
    """Ask runs what cues other settings had given.

    The clip's own code decides anew on the logs of a store, or of a folder such
    as `formclip replay DIR --out OUT` leaves, once for each value; several --set
    give every combination. The steps stay those that were run.
    """
    from formclip.lab.cohort.sweep import logs_in, range_of, sweep

    ranges = dict(range_of(text) for text in spans)
    logs = logs_in(place)
    with count_progress("runs", len(logs)) as on_done:
        found = sweep(logs, ranges, processes, on_done)
    if out is not None:
        write_whole(out / "sweep.csv", found.to_csv())
        write_whole(out / "sweep.svg", found.to_svg())
    if as_json:
        shown = {"rows": found.rows, "runs": found.runs, "before": found.before, "failures": found.failures}
        tell_json({**shown, "hours": round(found.hours, 4)}, indent=1)
    else:
        for line in found.lines():
            tell(line)
        if out is not None:
            tell(f"written to {out}")
    if found.failures:
        name, why = next(iter(found.failures.items()))
        raise LogError(f"{len(found.failures)} of {len(logs)} logs could not be read, such as {name}: {why}")
