"""A run's page, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from formclip.ground.columns import load_run
from formclip.ground.files import write_whole
from formclip.ground.log import find_log, read_log
from formclip.runs.insight.distance import Distance
from formclip.runs.insight.findings import findings
from formclip.runs.store.brief import Row
from formclip.runs.store.dates import started_at
from formclip.show.report.page import render
from formclip.show.report.story import Label, date_text, label_of


def write_report(
    source: Path, output: Path | None = None, row: Row | None = None, distance: Distance | None = None
) -> tuple[Path, dict[str, Any]]:
    """Write the page for a log or a replay's folder; where it is, and what it says in short.

    row       of the store, where the log is one of its runs: its name and date
    distance  as the record has it
    """
    run = load_run(source)
    page = render(run, label_of(row, distance) if row is not None else _label(source)).encode()
    target = output or (source / "report.html" if source.is_dir() else source.with_suffix(".html"))
    write_whole(target, page)
    said = [{"fault": f.fault.key, "why": f.why} for f in findings(run)] if len(run) else []
    return target, {"report": str(target), "bytes": len(page), "steps": len(run), "findings": said}


def _label(source: Path) -> Label:
    """Of a log outside the store: its file's name, and its date where it knows it."""
    started = started_at(read_log(find_log(source)), 0, [])
    name = source.name if source.is_dir() else source.stem
    return Label(name, [date_text(started)] if started else [])
