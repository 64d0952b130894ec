"""A run's page, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from formclip.ground.errors import from_os_error
from formclip.ground.log import load_run
from formclip.show.report.page import findings, render


def write_report(source: Path, output: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """Write the page for a log or a replay's folder; where it is, and what it says in short."""
    run = load_run(source)
    page = render(run).encode()
    target = output or (source / "report.html" if source.is_dir() else source.with_suffix(".html"))
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(page)
        partial.replace(target)
    except OSError as error:
        raise from_os_error(error, target, "write") from None
    said = [{"fault": f.fault.key, "why": f.why} for f in findings(run)] if len(run) else []
    return target, {"report": str(target), "bytes": len(page), "steps": len(run), "findings": said}
