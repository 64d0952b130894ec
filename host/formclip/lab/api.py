"""What `import formclip as fc` gives: the functions behind the commands, for notebooks and scripts.

docs/lab/api.md is made of the docstrings of these names, by `python -m formclip.lab.docs.api`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from formclip.ground import log as logfile
from formclip.ground.errors import FormclipError, NotInstalled, with_extra
from formclip.ground.run import Cue, Floats
from formclip.ground.run import Run as _Run
from formclip.ground.settingsfile import check
from formclip.ground.trace import Capture, Given, Trace, TraceWriter, open_trace
from formclip.lab.cohort import Cohort
from formclip.lab.cohort import replay_many as _replay_many
from formclip.lab.replay import Replayed, open_capture, replay_checked, replay_log
from formclip.lab.simulate import Scenario, Simulated, from_mapping, preset
from formclip.lab.simulate import simulate as _simulate
from formclip.lab.validate.run import find_traces
from formclip.lab.validate.validation import Validation
from formclip.lab.validate.validation import validate as _validate
from formclip.runs.store.store import Store, Stored

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped, unused-ignore]

Place = str | os.PathLike[str]

# docs/lab/api.md shows them in this order.
__all__ = [
    "read",
    "replay",
    "replay_many",
    "simulate",
    "validate",
    "open_store",
    "write_trace",
    "Run",
    "Cue",
    "Trace",
    "Capture",
    "Simulated",
    "Scenario",
    "Validation",
    "Cohort",
    "Store",
    "Stored",
    "Given",
    "FormclipError",
]


@dataclass(frozen=True, repr=False)
class Run(_Run):
    """One session: its steps, cues and events, from a trace or from a clip's log.

    name         of the trace or log
    columns      {name: (n,) float64}, one value a step: names, units and signs are those of steps.csv
                 (docs/lab/replay.md). NaN where it can't be measured. `on_s` increases; `side` is 0 left, 1 right
    cues         (Cue, ...), in order
    events       ((t_s, text), ...): calibrations, slips, battery and the like, in words
    summary      what stands in summary.json: means, the 90 % intervals of estimates, counts, baseline, notes
    cadence_t_s  (m,) s, every whole second
    cadence_spm  (m,) steps/min over the last 4 s, NaN when not running: with the times, cadence.csv
    up_t_s, up   (k,) s and (k, 3): up in the sensor's axes, up.csv; both empty for a log and without a gyroscope
    log          the clip's own log, bytes as they lie on the clip: write them to NAME.fclog to replay or report them

    `len(run)` is the number of steps. Times are those of the trace; for a log, seconds since its first sample.
    """

    cadence_t_s: Floats = field(default_factory=lambda: np.zeros(0))
    cadence_spm: Floats = field(default_factory=lambda: np.zeros(0))
    up_t_s: Floats = field(default_factory=lambda: np.zeros(0))
    up: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    log: bytes = field(default=b"", repr=False)

    def __repr__(self) -> str:
        return f"Run({self.name}, {len(self)} steps, {self.running_s():.0f} s of running, {len(self.cues)} cues)"

    def to_frame(self) -> pandas.DataFrame:
        """The columns as a pandas DataFrame, one row a step.

        Errors    NotInstalled where pandas is not: the extra formclip[lab] brings it
        """
        try:
            import pandas
        except ImportError:
            raise NotInstalled("to_frame() needs pandas, which is not installed", with_extra("lab")) from None
        return pandas.DataFrame(self.columns)


def read(path: Place, given: Given | None = None, beside: Sequence[Place] = ()) -> Trace | Capture:
    """Open a recording of the sensor, and look at its first rows.

    In        path: a trace in formclip's own form (docs/lab/trace-format.md), a recording of another app
              (docs/lab/import.md), or a clip's log that holds raw samples. given: what you know of another app's
              columns and units. beside: further files of the same recording
    Out       Trace; Capture for a log. Its samples are read when they are asked for
    Errors    TraceError: what is wrong, where in the file, and what to do. LogError: a log without raw samples.
              FileError
    """
    place = Path(path)
    if not place.is_dir() and logfile.is_log(place):
        return open_capture(place)
    return open_trace(place, given, [Path(one) for one in beside])


def replay(source: Trace | Capture | Simulated | Place, settings: Mapping[str, Any] | None = None) -> Run:
    """Run the clip's own code over a trace; or take from a clip's log what the clip itself recorded.

    In        source: what `read` or `simulate` gave, or the path of a trace or log.
              settings: {name: value} where they differ from the defaults (docs/laptop/settings.md); with a log, the
              cues are decided again with them
    Out       Run
    Errors    TraceError, LogError, FileError; SettingsError for a name that is none or a value that is out of range
    """
    changed = dict(settings or {})
    check(changed)
    if isinstance(source, Trace | Capture):
        return _over(source, changed)
    if isinstance(source, Simulated):
        with tempfile.TemporaryDirectory() as folder:
            return _over(open_trace(source.save(Path(folder) / "simulated")), changed)
    path = Path(source)
    if any(path.glob("*.fclog")) if path.is_dir() else logfile.is_log(path):
        log_path = logfile.find_log(path)
        return _run(replay_log(log_path, changed), log_path.read_bytes())
    return _over(open_trace(path), changed)


def replay_many(
    paths: Sequence[Place] | Place,
    out: Place | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    processes: int | None = None,
    scheduler: str = "",
    on_done: Callable[[int], None] | None = None,
) -> Cohort:
    """Replay every recording in some files and folders, in processes of this computer or on many machines.

    In        paths: files and folders, searched at any depth. out: where the results are kept as Parquet
              (docs/lab/cohort.md); called again with it, what is there of the same files and settings is not done
              again. None: a temporary folder. processes: as many as there are cores when not given. scheduler:
              tcp://HOST:PORT of Dask. on_done: called with the number done. A script needs
              `if __name__ == "__main__":` around its call
    Out       Cohort. A recording that can't be read is told in its `failures` and stops nothing
    Errors    FileError where there is no recording; NotInstalled without the extra formclip[cohort]; SettingsError
    """
    changed = dict(settings or {})
    check(changed)
    places = [paths] if isinstance(paths, str | os.PathLike) else paths
    return _replay_many(
        [Path(place) for place in places],
        Path(out) if out is not None else None,
        changed,
        processes=processes,
        scheduler=scheduler,
        on_done=on_done,
    )


def simulate(scenario: Scenario | Mapping[str, Any] | str | None = None, seed: int = 0, **fields: Any) -> Simulated:
    """Make a synthetic run of which everything is known.

    In        scenario: a Scenario, a mapping of its fields, or the name of a preset; the average runner when not
              given. fields: single fields of it, as in simulate(minutes=2, speed_mps=3.5); docs/lab/simulate.md has
              all of them. The same scenario and seed give the same samples
    Out       Simulated: samples and truth in memory; its `save(name)` writes both as files
    Errors    ScenarioError, a SettingsError: which field, and its range
    """
    if isinstance(scenario, str):
        # A preset puts its faults where they fit its length.
        base = preset(scenario, fields.get("minutes"))
    elif isinstance(scenario, Scenario):
        base = scenario
    else:
        return _simulate(from_mapping({**(scenario or {}), **fields}), seed)
    unknown = set(fields) - set(Scenario.__dataclass_fields__)
    if unknown:
        from_mapping(dict.fromkeys(unknown))  # which says so in its own words
    return _simulate(base.with_(**fields), seed)


def validate(folder: Place, simulated: bool = False) -> Validation:
    """Score `replay` on every trace of a folder that has a truth file beside it (docs/lab/trace-format.md).

    In        folder: NAME.imu.csv[.xz|.gz] with NAME.truth.json, at any depth. simulated: also score the runs
              that are made for it, for the figures of cues, drift and changes of form; they take some minutes. Two
              processes are used: a script needs `if __name__ == "__main__":` around its call
    Out       Validation: figures with their goals, and all scores by trace
    Errors    FileError where there is no such trace. A trace that can't be read is told in its scores
    """
    return _validate(find_traces(Path(folder)), simulated)


def open_store(folder: Place | None = None) -> Store:
    """The runs that were synced to this computer.

    In        folder: None for the one that `formclip sync` fills
    Out       Store; store.sessions() lists what it holds, and replay(stored.path) gives one as a Run
    Errors    StoreError
    """
    return Store(Path(folder) if folder is not None else None)


def write_trace(path: Place, t_s: Any, acc_g: Any, gyr_dps: Any = None) -> Path:
    """Write your own samples as a trace, for `read`, `replay` and the commands.

    In        path: its ending says how it is packed, .csv, .csv.gz or .csv.xz. t_s (n,): time in s, increasing;
              evenly or not. acc_g (n, 3): acceleration with gravity in g. gyr_dps (n, 3): turning in deg/s; None
              where there was no gyroscope. Axes are the sensor's own, however it was mounted
    Out       the path
    Errors    ValueError for other shapes; FileError. Units are checked when it is read
    """
    times, acc = np.asarray(t_s, dtype=np.float64), np.asarray(acc_g, dtype=np.float64)
    parts = [acc] if gyr_dps is None else [acc, np.asarray(gyr_dps, dtype=np.float64)]
    if times.ndim != 1 or any(part.shape != (len(times), 3) for part in parts):
        shapes = ", ".join(str(part.shape) for part in (times, *parts))
        raise ValueError(f"t_s must be (n,), acc_g and gyr_dps (n, 3), not {shapes}")
    with TraceWriter(Path(path), gyr_dps is not None) as writer:
        writer.write(times, np.concatenate(parts, axis=1).T)
    return Path(path)


def _over(trace: Trace | Capture, changed: dict[str, Any]) -> Run:
    up = _Up()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / logfile.LOG_NAME
        replayed = replay_checked(trace, path, changed, up)
        log = path.read_bytes()
    return _run(replayed, log, np.concatenate([np.zeros(0), *up.t_s]), np.concatenate([np.zeros((0, 3)), *up.up]))


class _Up:
    """Up, kept in memory."""

    def __init__(self) -> None:
        self.t_s: list[Floats] = []
        self.up: list[Floats] = []

    def __call__(self, t_s: Floats, up: Floats) -> None:
        self.t_s.append(t_s)
        self.up.append(up)

    def again(self) -> None:
        self.t_s.clear()
        self.up.clear()


def _run(replayed: Replayed, log: bytes, up_t_s: Floats | None = None, up: Floats | None = None) -> Run:
    summary = replayed.summary()
    return Run(
        str(summary["trace"]),
        replayed.columns,
        replayed.cues,
        replayed.events,
        summary,
        replayed.cadence_t_s,
        replayed.cadence_spm,
        np.zeros(0) if up_t_s is None else up_t_s,
        np.zeros((0, 3)) if up is None else up,
        log,
    )
