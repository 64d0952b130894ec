"""Find the traces with a truth, replay and score each, in two processes."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import multiprocessing.context
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.errors import FileError, FormclipError
from formclip.ground.trace import Trace, open_trace
from formclip.lab.replay import replay_trace
from formclip.lab.validate.score import Ours, Score, score_trace
from formclip.lab.validate.truthfile import load_truth, truth_path

PROCESSES = 2
_PATTERNS = ("*.csv", "*.csv.xz", "*.csv.gz")


def find_traces(folder: Path) -> list[Path]:
    """All traces below `folder` that have a truth file beside them, by name."""
    if not folder.exists():
        raise FileError("no such file or folder", "check the path", path=folder)
    found = {path for pattern in _PATTERNS for path in folder.rglob(pattern) if truth_path(path).is_file()}
    if not found:
        raise FileError("no trace with a truth in it", "put NAME.truth.json beside NAME.imu.csv.xz", path=folder)
    return sorted(found)


def trace_name(path: Path) -> str:
    """FOLDER/NAME: short, and the same wherever the traces lie."""
    name = path.name
    for suffix in (".xz", ".gz", ".csv", ".imu"):
        name = name.removesuffix(suffix)
    return f"{path.resolve().parent.name}/{name}"


def replay_for_score(source: Path | Trace, changed: dict[str, Any] | None = None, with_up: bool = False) -> Ours:
    """Replay in this process, its log in a temporary folder."""
    up_t: list[Any] = []
    up: list[Any] = []

    def sink(t_s: Any, vectors: Any) -> None:
        up_t.append(t_s)
        up.append(vectors)

    trace = source if isinstance(source, Trace) else open_trace(source)
    with tempfile.TemporaryDirectory() as folder:
        replayed = replay_trace(trace, Path(folder) / "session.fclog", changed, sink if with_up else None)
    return Ours(
        replayed.columns,
        replayed.cadence_t_s,
        replayed.cadence_spm,
        np.concatenate(up_t) if up_t else np.zeros(0),
        np.concatenate(up) if up else np.zeros((0, 3)),
        replayed.seconds,
    )


def score_file(path: Path) -> Score:
    """The score of one trace, or {"error": why} where it can't be read."""
    try:
        truth = load_truth(truth_path(path))
        return score_trace(truth, replay_for_score(path, with_up="up_in_sensor" in truth))
    except FormclipError as error:
        return {"set": path.parent.name, "subject": "", "error": str(error).replace(str(path.parent), "").lstrip("/")}


def score_all(
    paths: list[Path], on_done: Callable[[int], None] | None = None, processes: int = PROCESSES
) -> dict[str, Score]:
    names = [trace_name(path) for path in paths]
    return dict(zip(names, in_processes(score_file, paths, on_done, processes), strict=True))


def in_processes(
    work: Callable[[Any], Any],
    items: list[Any],
    on_done: Callable[[int], None] | None = None,
    processes: int = PROCESSES,
) -> Iterable[Any]:
    """Results in the order of the items. On every version of Python the processes are those of 3.14: new ones, not
    forks of a process that may have threads."""
    if processes < 2 or len(items) < 2:
        return _counted(map(work, items), on_done)
    with ProcessPoolExecutor(processes, _context(work.__module__)) as pool:
        return _counted(pool.map(work, items), on_done)


def _context(module: str) -> multiprocessing.context.BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])  # what it imports is imported once for all processes
    return context


def _counted(results: Iterable[Any], on_done: Callable[[int], None] | None) -> list[Any]:
    out = []
    for result in results:
        out.append(result)
        if on_done is not None:
            on_done(len(out))
    return out


def load_held_out() -> dict[str, Any] | None:
    """Predictions for runners that were left out of the fit, from the module that fits, where it is installed.

    `formclip.lab.fitting.held_out_predictions()` gives {"how": text, FIELD: {TRACE: mean of that trace}}, FIELD being
    contact_ms, braking_mps, speed_mps or heel_ahead_cm as in steps.csv, TRACE as `trace_name` writes it.
    """
    if importlib.util.find_spec("formclip.lab.fitting") is None:
        return None
    module = importlib.import_module("formclip.lab.fitting")
    give = getattr(module, "held_out_predictions", None)
    found = give() if give is not None else None
    return found if isinstance(found, dict) else None
