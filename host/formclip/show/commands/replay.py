"""`formclip replay`: the clip's own code over a trace or a log, or over a whole folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from formclip.ground import log as logfile
from formclip.ground.errors import TraceError
from formclip.ground.progress import count_progress
from formclip.ground.settingsfile import read_settings
from formclip.ground.text import clock
from formclip.ground.trace import Given
from formclip.lab.replay import describe, replay_to_folder
from formclip.show.options import given_options
from formclip.show.tell import tell, tell_json


@click.command("replay", short_help="Run the clip's own code over a recorded trace.")
@click.argument("trace", type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--settings", "-s", "settings_file", type=click.Path(path_type=Path), help="Settings (TOML or JSON).")
@click.option("--raw", is_flag=True, help="Replay a log's raw samples, not its steps.")
@click.option("--fix", is_flag=True, help="Correct what a check finds wrong and knows how to.")
@given_options
@click.option("--files", is_flag=True, help="Of many: the files of a single replay as well.")
@click.option("--processes", type=click.IntRange(1, 1024), help="Of many: how many at once; default: each core.")
@click.option("--scheduler", default="", metavar="tcp://..", help="Of many: on the workers of Dask's scheduler.")
@click.option("--by-path", is_flag=True, help="With --scheduler: the workers read the files themselves.")
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
    **many: Any,
) -> None:
    """Run the clip's own code over a recorded trace.

    TRACE is a CSV file of the sensor (plain, .xz or .gz), a clip's own log, or
    what another app has exported, as it is; MORE are further files of the
    same recording. `formclip import --look` shows what they are taken for.
    Writes steps.csv, cadence.csv, cues.csv, up.csv, summary.json and the
    clip's log, session.fclog, to the folder given by --out.

    A folder of many recordings: each is replayed, as Parquet. Stopped, it goes
    on where it was; what can't be read is listed in failures.csv.
    """
    changed = read_settings(settings_file) if settings_file else None
    if (trace / logfile.LOG_NAME).is_file():
        trace = trace / logfile.LOG_NAME
    elif trace.is_dir() and not raw:
        from formclip.lab.cohort.find import is_one_recording

        if not is_one_recording(trace):
            _many((trace, *more), out, changed, given, fix, as_json, many)
            return
    if any(many.values()):
        raise click.UsageError("--files, --processes, --scheduler and --by-path are for a folder of many recordings")
    replayed = replay_to_folder(trace, out, changed, raw=raw, given=given, beside=more, fix=fix)
    summary = replayed.summary()
    if as_json:
        tell_json(summary, indent=1)
        return
    for line in describe(summary):
        tell(line)
    tell(f"written to {out}")


def _many(
    paths: tuple[Path, ...],
    out: Path,
    changed: dict[str, Any] | None,
    given: Given,
    fix: bool,
    as_json: bool,
    many: dict[str, Any],
) -> None:
    from formclip.lab.cohort import recordings_in, replay_many
    from formclip.lab.cohort.cohort import FAILURES

    found = recordings_in(paths, out)
    with count_progress("recordings", len(found)) as on_done:
        cohort = replay_many(found, out, changed, given=given, fix=fix, on_done=on_done, **many)
    if as_json:
        shown = {"recordings": cohort.summaries, "failures": cohort.failures, "kept": cohort.kept}
        tell_json(shown, indent=1)
    elif cohort.summaries:
        told = [f"{len(cohort.summaries)} of {len(found)} recordings, {clock(3600 * cohort.hours)} in all"]
        told += [f"{cohort.kept} of them from before"] if cohort.kept else []
        tell("; ".join(told))
        running = sum(summary["steps"] > 0 for summary in cohort.summaries.values())
        doubted = sum(bool(summary["doubts"]) for summary in cohort.summaries.values())
        tell(f"{running} with running in them, {doubted} with doubts")
        tell(f"written to {out}")
    if cohort.failures:
        name, why = next(iter(cohort.failures.items()))
        raise TraceError(
            f"{len(cohort.failures)} of {len(found)} recordings could not be read, such as {name}: {why}",
            f"{out / FAILURES} lists them",
        )
