"""One recording replayed, anywhere: a Task goes in, an Outcome comes back, both plain data that travels.

The files of the recording travel as paths, or as bytes where the process that works may not see them; what comes back
is always bytes.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from formclip.ground import log as logfile
from formclip.ground.errors import FormclipError
from formclip.ground.trace import Given, open_trace
from formclip.lab.cohort.find import Recording
from formclip.lab.replay import Replayed, replay_checked, replay_log, up_file, write_results
from formclip.runs.exchange.tables import parquet_bytes


@dataclass(frozen=True)
class Task:
    """What is asked: `mark` says what of it the outcome depends on, to know it again."""

    name: str
    paths: tuple[str, ...]
    mark: str
    settings: dict[str, Any] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    fix: bool = False
    files: bool = False  # the files of `formclip replay` as well
    data: tuple[bytes, ...] = ()  # of the paths; empty: they are read where the work is done


@dataclass(frozen=True)
class Outcome:
    """What came of it: steps as Parquet, the log, further files; or why not."""

    name: str
    parquet: bytes = b""
    log: bytes = b""
    files: tuple[tuple[str, bytes], ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    failed: str = ""
    next_step: str = ""
    busy_s: float = 0.0


def with_data(task: Task) -> Task | Outcome:
    """The task with the bytes of its files; an outcome where they can't be read."""
    try:
        data = tuple(Path(path).read_bytes() for path in task.paths)
    except OSError as error:
        return Outcome(task.name, failed=f"can't be read: {error.strerror}", next_step="check the file")
    return Task(**{**vars(task), "data": data})


def work(task: Task) -> Outcome:
    """Replay one recording; never raises, whatever the recording is."""
    began = time.process_time()
    try:
        with tempfile.TemporaryDirectory(prefix="formclip-") as name:
            done = _work(task, Path(name))
    except FormclipError as error:
        where = f"{error.place}: " if error.place else ""
        done = Outcome(task.name, failed=where + error.what, next_step=error.next_step)
    except MemoryError:
        done = Outcome(task.name, failed="more memory is needed than there is", next_step="split the recording")
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        step = "replay it alone with --debug and report it"
        done = Outcome(task.name, failed=f"a fault in formclip itself: {told}", next_step=step)
    return Outcome(**{**vars(done), "busy_s": time.process_time() - began})


def _work(task: Task, folder: Path) -> Outcome:
    paths = [Path(path) for path in task.paths]
    if task.data:
        paths = [folder / "in" / str(i) / path.name for i, path in enumerate(paths)]
        for path, data in zip(paths, task.data, strict=True):
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
    out = folder / "out"
    out.mkdir()
    log_path = out / logfile.LOG_NAME
    replayed: Replayed
    if len(paths) == 1 and logfile.is_log(paths[0]):
        replayed = replay_log(paths[0], task.settings)
        log_path.write_bytes(paths[0].read_bytes())
    elif task.files:
        with up_file(out / "up.csv") as up:
            trace = open_trace(paths[0], task.given, paths[1:])
            replayed = replay_checked(trace, log_path, task.settings, up, fix=task.fix)
    else:
        replayed = replay_checked(open_trace(paths[0], task.given, paths[1:]), log_path, task.settings, fix=task.fix)
    files: tuple[tuple[str, bytes], ...] = ()
    if task.files:
        write_results(replayed, out)
        files = tuple((path.name, path.read_bytes()) for path in sorted(out.iterdir()))
    summary = replayed.summary()
    cues = [[round(cue.t_s, 3), cue.kind, cue.reason] for cue in replayed.cues]
    about = {
        "run": task.name,
        "mark": task.mark,
        "summary": json.dumps(summary, ensure_ascii=False),
        "cues": json.dumps(cues, ensure_ascii=False),
    }
    return Outcome(task.name, parquet_bytes(replayed.columns, about), log_path.read_bytes(), files, summary)


def mark_of(recording: Recording, settings: dict[str, Any], given: Given, fix: bool, version: str) -> str:
    """What a result depends on: the files as they stand, what was asked, and the version that did it."""
    stats = [path.stat() for path in recording.paths]
    return json.dumps(
        {
            "files": [[path.name, s.st_size, s.st_mtime_ns] for path, s in zip(recording.paths, stats, strict=True)],
            "settings": settings,
            "given": vars(given),
            "fix": fix,
            "formclip": version,
        },
        sort_keys=True,
        default=str,
    )
