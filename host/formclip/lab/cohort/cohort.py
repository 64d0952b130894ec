"""Many recordings replayed: each result a file of its own, so that a run that is stopped goes on where it was.

OUT/steps/NAME.parquet   the steps; in its metadata the summary, the cues, and the mark by which it is known again
OUT/logs/NAME.fclog      the clip's own log, for `report` and `sweep`
OUT/files/NAME/          with files=True: what `formclip replay` writes of one recording
OUT/recordings.parquet   a row for each recording, made anew at the end from all that is there
OUT/failures.csv         what could not be read, with the reason and the next step; tried again the next time
"""

from __future__ import annotations

import csv
import io
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.errors import from_os_error
from formclip.ground.files import make_folder, write_whole
from formclip.ground.metrics import COLUMNS, METRIC
from formclip.ground.run import Floats
from formclip.ground.trace import Given
from formclip.ground.version import VERSION
from formclip.ground.words import CUE_KINDS
from formclip.lab.cohort.cluster import run_there
from formclip.lab.cohort.find import Recording, recordings_in
from formclip.lab.cohort.local import processes_here, run_here
from formclip.lab.cohort.work import Outcome, Task, mark_of
from formclip.runs.exchange.tables import pyarrow

STEPS, LOGS, FILES = "steps", "logs", "files"
TABLE, FAILURES = "recordings.parquet", "failures.csv"


@dataclass
class Cohort:
    """What came of many recordings.

    folder      where the results lie
    summaries   {name: what stands in summary.json}, of all that are there
    failures    {name: why}
    kept        how many were there from before
    """

    folder: Path
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    kept: int = 0
    busy_s: float = 0.0
    _until: Any = field(default=None, repr=False)  # a temporary folder goes when this does

    def steps(self, name: str) -> dict[str, Floats]:
        """The columns of steps.csv of one recording: NaN where nothing was measured, `side` 0 left and 1 right."""
        _, parquet = pyarrow()
        path = part_path(self.folder, name)
        try:
            table = parquet.read_table(path)
        except OSError as error:
            raise from_os_error(error, path, "read") from None
        return {column: _numbers(column, table[column].to_pylist()) for column in table.column_names}

    @property
    def hours(self) -> float:
        """Of recordings."""
        return sum(float(summary["seconds"]) for summary in self.summaries.values()) / 3600


def replay_many(
    recordings: Sequence[Recording | Path],
    folder: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    given: Given | None = None,
    fix: bool = False,
    files: bool = False,
    processes: int | None = None,
    scheduler: str = "",
    by_path: bool = False,
    on_done: Callable[[int], None] | None = None,
) -> Cohort:
    """Replay many recordings into a folder; those that are there, of the same files and settings, are kept.

    recordings      found ones, or files and folders to look in
    folder          of the results; None: a temporary one, which goes with the Cohort
    processes       of this computer; scheduler: tcp://HOST:PORT of Dask in their place
    on_done         is called with the number of recordings that are done
    Errors          FileError, NotInstalled, SchedulerError; what is wrong with a recording stands in `failures`
    """
    pyarrow()
    until = tempfile.TemporaryDirectory(prefix="formclip-") if folder is None else None
    folder = Path(until.name) if until is not None else folder
    assert folder is not None
    found = [one for one in recordings if isinstance(one, Recording)]
    paths = [one for one in recordings if isinstance(one, Path)]
    if paths:
        found += recordings_in(paths, folder)
    make_folder(folder)
    cohort = Cohort(folder, _until=until)
    said = given or Given()
    tasks: list[Task] = []
    for one in found:
        try:
            mark = mark_of(one, dict(settings or {}), said, fix, VERSION)
        except OSError as error:
            cohort.failures[one.name] = str(from_os_error(error, one.paths[0], "read"))
            continue
        held = _held(folder, one.name, mark, files)
        if held is None:
            paths_of = tuple(str(path.resolve()) for path in one.paths)
            tasks.append(Task(one.name, paths_of, mark, dict(settings or {}), said, fix, files))
        else:
            cohort.kept += 1
            cohort.summaries[one.name] = held
    _carry_out(cohort, tasks, processes or processes_here(), scheduler, by_path, on_done)
    write_whole(folder / TABLE, _table(cohort.summaries))
    return cohort


def _numbers(column: str, values: list[Any]) -> Floats:
    if column == "side":
        values = [METRIC["side"].letters.index(value) if value else None for value in values]
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _carry_out(
    cohort: Cohort,
    tasks: list[Task],
    processes: int,
    scheduler: str,
    by_path: bool,
    on_done: Callable[[int], None] | None,
) -> None:
    files_of = {task.name: task.paths[0] for task in tasks}
    if not tasks:
        outcomes: Iterator[Outcome] = iter(())
    elif scheduler:
        outcomes = run_there(tasks, scheduler, by_path)
    else:
        outcomes = run_here(tasks, max(1, min(processes, len(tasks))))
    path = cohort.folder / FAILURES
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise from_os_error(error, path, "write") from None
    with file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("recording", "file", "why", "next"))
        for done, outcome in enumerate(outcomes, cohort.kept + 1):
            cohort.busy_s += outcome.busy_s
            if outcome.failed:
                cohort.failures[outcome.name] = outcome.failed
                writer.writerow((outcome.name, files_of[outcome.name], outcome.failed, outcome.next_step))
                file.flush()
            else:
                _keep(cohort.folder, outcome)
                cohort.summaries[outcome.name] = outcome.summary
            if on_done is not None:
                on_done(done)


def part_path(folder: Path, name: str) -> Path:
    """Where the steps of a recording lie; they are written last, so the rest is there when they are."""
    return folder / STEPS / f"{name}.parquet"


def _keep(folder: Path, outcome: Outcome) -> None:
    for name, data in outcome.files:
        write_whole(folder / FILES / outcome.name / name, data)
    write_whole(folder / LOGS / f"{outcome.name}.fclog", outcome.log)
    write_whole(part_path(folder, outcome.name), outcome.parquet)


def _held(folder: Path, name: str, mark: str, files: bool) -> dict[str, Any] | None:
    """The summary of a result that is there, of these very files and settings."""
    path = part_path(folder, name)
    if not path.is_file() or (files and not (folder / FILES / name).is_dir()):
        return None
    _, parquet = pyarrow()
    try:
        about = parquet.read_schema(path).metadata or {}
        if about.get(b"mark", b"").decode() != mark:
            return None
        held = json.loads(about[b"summary"])
    except (OSError, ValueError, KeyError):  # pyarrow's own errors are ValueErrors
        return None
    return held if isinstance(held, dict) else None


def _table(summaries: dict[str, dict[str, Any]]) -> bytes:
    """One row a recording."""
    pa, parquet = pyarrow()
    names = sorted(summaries)
    rows = [summaries[name] for name in names]
    held: dict[str, Any] = {"recording": pa.array(names, pa.string())}

    def column(name: str, kind: Any, values: list[Any]) -> None:
        held[name] = pa.array(values, kind)

    column("trace", pa.string(), [row["trace"] for row in rows])
    column("source", pa.string(), [row.get("source") for row in rows])
    for name in ("rate_hz", "lost_samples", "steps", "bouts", "left_steps", "right_steps", "slipped_steps"):
        column(name, pa.int64(), [row.get(name) for row in rows])
    for name in ("seconds", "running_s", "distance_m"):
        column(name, pa.float64(), [row.get(name) for row in rows])
    column("has_gyro", pa.bool_(), [row["has_gyro"] for row in rows])
    for name in COLUMNS:
        if METRIC[name].what:
            column(f"mean_{name}", pa.float64(), [row["mean"].get(name) for row in rows])
    for kind in CUE_KINDS.values():
        column(f"cues_{kind}", pa.int64(), [row["cues"].get(kind, 0) for row in rows])
    column("doubts", pa.list_(pa.string()), [[d["words"] for d in row["doubts"]] for row in rows])
    column("left_empty", pa.list_(pa.string()), [list(row["left_empty"]) for row in rows])
    column("notes", pa.list_(pa.string()), [row["notes"] for row in rows])
    for name in ("no_running", "no_cue"):
        column(name, pa.string(), [row.get(name) for row in rows])
    buffer = io.BytesIO()
    parquet.write_table(pa.table(held), buffer, compression="zstd")
    return buffer.getvalue()
