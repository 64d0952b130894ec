"""A recording or a log into the runner's record: a recording goes through the clip's own code first.

Nobody was cued in it, so it is replayed in silent mode unless the settings say otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from formclip.ground.errors import TraceError
from formclip.ground.log import LOG_NAME, find_log, is_log, told_beside, told_by_replay
from formclip.ground.trace import Given, open_trace
from formclip.lab.importing import recordings_of
from formclip.lab.replay import Replayed, replay_checked
from formclip.runs.store.store import Store
from formclip.runs.store.taken import NoDate, Taken, take_in


def add(
    store: Store,
    path: Path,
    at: tuple[float, str] | None = None,
    changed: dict[str, Any] | None = None,
    given: Given | None = None,
    beside: Sequence[Path] = (),
    bar: bool = False,
    fix: bool = False,
) -> list[Taken]:
    """Take a trace, a log or a folder of `replay --out` into the store.

    What is doubtful about a trace is kept beside its run, and what a doubt makes worthless is left empty there.

    at        when the recording began (unix seconds, zone); a log may tell it itself
    changed   settings for the replay of a trace
    beside    further files of the same recording, in any order
    fix       correct what a check has found wrong and knows how to correct
    Errors    those of reading it; NoDate; TraceError where nobody runs in it
    """
    told = {}
    if path.is_dir():
        folder, path = path, find_log(path)
        told = told_by_replay(folder)
    if is_log(path):
        return take_in(store, path, at, told or told_beside(path))
    if at is None:
        raise NoDate("a recording does not say when the run was", "say it with --at 2026-11-03T07:15", path=path)
    first, *more = _one_recording([path, *beside], given)
    with tempfile.TemporaryDirectory(prefix="formclip-") as name:
        log = Path(name) / LOG_NAME
        settings = {"mode": "silent", **(changed or {})}
        replayed = replay_checked(open_trace(first, given, more), log, settings, None, bar, fix)
        if not len(replayed.columns["on_s"]):
            raise TraceError(
                f"nobody runs in it: {replayed.no_running}", "formclip replay shows what it holds", path=path
            )
        return take_in(store, log, at, _told(replayed))


def _one_recording(paths: list[Path], given: Given | None) -> list[Path]:
    """The files in the order in which they are read: the one with the accelerometer first."""
    found = recordings_of(paths, given)
    if len(found) > 1:
        raise TraceError(f"{len(found)} recordings, not one", "take them in one after the other", path=paths[0])
    return found[0]


def _told(replayed: Replayed) -> dict[str, Any]:
    """What the log cannot say of its recording."""
    return {
        "doubts": [{"words": doubt.words, "remedy": doubt.remedy} for doubt in replayed.doubts],
        "left_empty": replayed.left_empty,
        "notes": replayed.notes,
    }
