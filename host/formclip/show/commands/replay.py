"""`formclip replay`: the clip's own code over a trace or a log."""

from __future__ import annotations

import json
from pathlib import Path

import click

from formclip.ground import log as logfile
from formclip.ground.errors import FileError
from formclip.ground.settingsfile import read_settings
from formclip.lab.replay import describe, replay_to_folder


@click.command("replay", short_help="Run the clip's own code over a recorded trace.")
@click.argument("trace", type=click.Path(path_type=Path))
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--settings", "-s", "settings_file", type=click.Path(path_type=Path), help="Settings (TOML or JSON).")
@click.option("--raw", is_flag=True, help="Replay a log's raw samples, not its steps.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def replay_command(trace: Path, out: Path, settings_file: Path | None, raw: bool, as_json: bool) -> None:
    """Run the clip's own code over a recorded trace.

    TRACE is a CSV file of the sensor (plain, .xz or .gz) or a clip's own log.
    Writes steps.csv, cadence.csv, cues.csv, up.csv, summary.json and the
    clip's log, session.fclog, to the folder given by --out.
    """
    changed = read_settings(settings_file) if settings_file else None
    if trace.is_dir():
        if not (trace / logfile.LOG_NAME).is_file():
            raise FileError("is a folder, a trace is needed", "name one file in it", path=trace)
        trace = trace / logfile.LOG_NAME
    replayed = replay_to_folder(trace, out, changed, raw=raw)
    summary = replayed.summary()
    if as_json:
        click.echo(json.dumps(summary, indent=1, ensure_ascii=False))
        return
    for line in describe(summary):
        click.echo(line)
    click.echo(f"written to {out}")
