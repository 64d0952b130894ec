"""`formclip replay`: the clip's own code over a trace or a log."""

from __future__ import annotations

import json
from pathlib import Path

import click

from formclip.ground import log as logfile
from formclip.ground.settingsfile import read_settings
from formclip.ground.trace import Given
from formclip.lab.replay import describe, replay_to_folder
from formclip.show.options import given_options
from formclip.show.tell import tell


@click.command("replay", short_help="Run the clip's own code over a recorded trace.")
@click.argument("trace", type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--settings", "-s", "settings_file", type=click.Path(path_type=Path), help="Settings (TOML or JSON).")
@click.option("--raw", is_flag=True, help="Replay a log's raw samples, not its steps.")
@click.option("--fix", is_flag=True, help="Correct what a check finds wrong and knows how to.")
@given_options
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def replay_command(
    trace: Path,
    more: tuple[Path, ...],
    out: Path,
    settings_file: Path | None,
    raw: bool,
    fix: bool,
    given: Given,
    as_json: bool,
) -> None:
    """Run the clip's own code over a recorded trace.

    TRACE is a CSV file of the sensor (plain, .xz or .gz), a clip's own log, or
    what another app has exported, as it is; MORE are further files of the
    same recording. `formclip import --look` shows what they are taken for.
    Writes steps.csv, cadence.csv, cues.csv, up.csv, summary.json and the
    clip's log, session.fclog, to the folder given by --out.
    """
    changed = read_settings(settings_file) if settings_file else None
    if (trace / logfile.LOG_NAME).is_file():
        trace = trace / logfile.LOG_NAME
    replayed = replay_to_folder(trace, out, changed, raw=raw, given=given, beside=more, fix=fix)
    summary = replayed.summary()
    if as_json:
        tell(json.dumps(summary, indent=1))
        return
    for line in describe(summary):
        tell(line)
    tell(f"written to {out}")
