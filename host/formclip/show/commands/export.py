"""`formclip export`: runs for other programs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from formclip.ground.errors import FormclipError, NotInstalled
from formclip.ground.progress import count_progress
from formclip.runs.exchange.source import Source, file_name, find, of_row
from formclip.runs.store.brief import Row, rows
from formclip.runs.store.store import Store
from formclip.show.options import DAY, TIME, json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("export", short_help="Write runs for other programs: FIT, CSV, Parquet.")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--fit", is_flag=True, help="A FIT activity, for training programs.")
@click.option("--csv", is_flag=True, help="Steps, minutes and cues as CSV, with a dictionary of columns.")
@click.option("--parquet", is_flag=True, help="The steps as Parquet (the extra parquet).")
@click.option(
    "--out", "-o", default=Path("."), type=click.Path(path_type=Path), help="Folder to write to. [default: here]"
)
@click.option("--since", type=DAY, help="All runs of the store since this day.")
@click.option("--all", "every", is_flag=True, help="All runs of the store.")
@click.option("--at", type=TIME, help="When a run without a date was.")
@click.option("--estimate", is_flag=True, help="FIT: with the clip's own estimate of speed and distance.")
@store_option
@json_option
def export_command(
    runs: tuple[str, ...],
    fit: bool,
    csv: bool,
    parquet: bool,
    out: Path,
    since: datetime | None,
    every: bool,
    at: datetime | None,
    estimate: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Write runs for other programs: FIT, CSV, Parquet.

    RUN is named as for `formclip show`, or is a clip's own log, or a folder
    that `formclip replay` made. A FIT file has speed, distance and a lap a
    kilometre where the run was made with your own speed scale; else none,
    unless --estimate asks for them: a program would take an estimate for the
    truth. Of a run that is merged with its watch's file, it
    is that file with the clip's figures added. --all and --since leave out
    what is hidden.
    """
    kinds = [kind for kind, asked in (("fit", fit), ("csv", csv), ("parquet", parquet)) if asked]
    if not kinds:
        raise click.UsageError("name one of --fit, --csv, --parquet")
    if not runs and not every and since is None:
        raise click.UsageError("name a run, or --all, or --since DATE")
    if estimate and not fit:
        raise click.UsageError("--estimate goes with --fit")
    store = Store(folder)
    sources: list[Source | Row] = [find(name, store) for name in runs]
    if every or since is not None:
        sources += _of_store(store, since)
    written: list[Path] = []
    left_out: dict[str, FormclipError] = {}
    with count_progress("runs written", len(sources), not as_json) as on_done:
        for number, source in enumerate(sources, 1):
            try:
                read = of_row(source) if isinstance(source, Row) else source
                for kind in kinds:
                    written += _write(read, kind, out, at, estimate, store)
            except FormclipError as error:
                if len(sources) == 1 or isinstance(error, NotInstalled):
                    raise
                left_out[source.name if isinstance(source, Source) else file_name(source.stored)] = error
            if on_done is not None:
                on_done(number)
    written = list(dict.fromkeys(written))
    if as_json:
        left = {name: str(error) for name, error in left_out.items()}
        tell_json({"written": [str(path) for path in written], "left_out": left}, indent=1)
    else:
        for path in written:
            tell(path)
        for name, why in left_out.items():
            tell(f"left out: {name}: {why}")
        if not sources:
            tell("no run to write; next: formclip sync, or other days")
    if left_out and not written:
        click.get_current_context().exit(next(iter(left_out.values())).exit_code)


def _of_store(store: Store, since: datetime | None) -> list[Row]:
    """Those that are not hidden: a hidden one may be somebody else's."""
    shown = [row for row in rows(store) if not row.about.hidden]
    return [row for row in shown if since is None or (row.started is not None and row.started.date() >= since.date())]


def _write(source: Source, kind: str, out: Path, at: datetime | None, estimate: bool, store: Store) -> list[Path]:
    from formclip.ground.files import write_whole
    from formclip.runs.exchange import tables
    from formclip.runs.exchange.outgoing import NoDate, fit_of

    if kind == "csv":
        return tables.write_csv(source, out)
    if kind == "parquet":
        return [tables.write_parquet(source, out / f"{source.name}.parquet")]
    path = out / f"{source.name}.fit"
    try:
        data = fit_of(store, source, at.astimezone() if at is not None else None, estimate)
    except NoDate as error:
        raise NoDate(error.what, "say it: --at '2026-07-01 07:00'") from None
    write_whole(path, data)
    return [path]
