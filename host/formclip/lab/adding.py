"""A recording or a log into the runner's record: a recording goes through the clip's own code first.

Nobody was cued in it, so it is replayed in silent mode unless the settings say otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from formclip.ground.errors import TraceError
from formclip.ground.log import LOG_NAME, find_log, is_log
from formclip.ground.trace import Given, open_trace
from formclip.lab.replay import replay_trace
from formclip.runs.store.store import Store
from formclip.runs.store.taken import NoDate, Taken, take_in


def add(
    store: Store,
    path: Path,
    at: tuple[float, str] | None = None,
    changed: dict[str, Any] | None = None,
    given: Given | None = None,
    beside: Sequence[Path] = (),
    on_progress: Callable[[float], None] | None = None,
) -> list[Taken]:
    """Take a trace, a log or a folder of `replay --out` into the store.

    at        when the recording began (unix seconds, zone); a log may tell it itself
    changed   settings for the replay of a trace
    Errors    those of reading it; NoDate; TraceError where nobody runs in it
    """
    if path.is_dir():
        path = find_log(path)
    if is_log(path):
        return take_in(store, path, at)
    if at is None:
        raise NoDate("a recording does not say when the run was", "say it with --at 2026-11-03T07:15", path=path)
    with tempfile.TemporaryDirectory(prefix="formclip-") as name:
        log = Path(name) / LOG_NAME
        settings = {"mode": "silent", **(changed or {})}
        replayed = replay_trace(open_trace(path, given, beside), log, settings, None, on_progress)
        if not len(replayed.columns["on_s"]):
            raise TraceError("nobody runs in it", "formclip replay shows what it holds", path=path)
        return take_in(store, log, at)
