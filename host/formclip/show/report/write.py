"""A run's page, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from formclip.ground.columns import load_run
from formclip.ground.files import write_whole
from formclip.show.report.page import findings, render


def write_report(source: Path, output: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """Write the page for a log or a replay's folder; where it is, and what it says in short."""
    run = load_run(source)
    page = render(run).encode()
    target = output or (source / "report.html" if source.is_dir() else source.with_suffix(".html"))
    write_whole(target, page)
    said = [{"fault": f.fault.key, "why": f.why} for f in findings(run)] if len(run) else []
    return target, {"report": str(target), "bytes": len(page), "steps": len(run), "findings": said}
