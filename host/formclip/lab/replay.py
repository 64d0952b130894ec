"""`formclip replay`: the clip's own code over a trace or a log, its results as files.

A trace goes block by block through gaitcore.session, which writes the clip's own log; everything else (steps, cues) is
read back from that log, so a log of a real clip gives the same files. What a log can't tell, `up.csv`, needs a trace.
docs/lab/replay.md has each file, column by column.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from gaitcore import records
from gaitcore.pages import PAGE_B
from gaitcore.records import SLIPPED
from gaitcore.session import READY, Session
from gaitcore.settings import Settings
from numpy.typing import NDArray

from formclip.ground import estimates, why
from formclip.ground import log as logfile
from formclip.ground.again import cues_again, same_cues
from formclip.ground.columns import (
    cadence_csv,
    cues_csv,
    leave_empty,
    name_cues,
    own_clock,
    steps_csv,
    to_columns,
    to_cues,
    to_events,
)
from formclip.ground.errors import FileError, TraceError, from_os_error
from formclip.ground.files import make_folder, write_whole
from formclip.ground.fixed import fixed_lines
from formclip.ground.metrics import METRIC, METRICS, Metric
from formclip.ground.progress import file_progress
from formclip.ground.run import BOUT_GAP_S, Cue, Floats, Run, cadence_each_second, mean
from formclip.ground.text import clock, counted
from formclip.ground.trace import Capture, Given, Lost, Trace, open_trace
from formclip.ground.version import VERSION
from formclip.ground.words import CUE_KINDS
from formclip.lab.doubts import Doubt, Mended, Survey, correction_of, doubts_of, why_no_running

FILES = ("steps.csv", "cadence.csv", "cues.csv", "up.csv", logfile.SUMMARY_NAME)
_PROGRESS_B = 1_500_000
_FULL_SHARE = 0.997  # of the largest reading, where many stand there: the sensor's range ends
_MOST_TIMES = 8  # of a kind of cue, in the terminal
_MOST_S = 24 * 86400  # a session counts its ms in 32 bits, with a sign where times are compared
_UP_HEAD = b"t_s,x,y,z\n"
_UP_DECIMALS = (4, 5, 5, 5)
_UP_ROWS = 4096


@dataclass
class Replayed:
    """What a replay gives: steps, cues and cadence from the log, length from the run through the chain."""

    log: logfile.Log
    columns: dict[str, Floats]
    cues: tuple[Cue, ...]
    events: tuple[tuple[float, str], ...]
    cadence_t_s: Floats
    cadence_spm: Floats
    start_s: float
    seconds: float
    settings: Settings
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    no_running: str = ""

    @cached_property
    def _same_cues(self) -> bool:
        return same_cues(self.log)

    @property
    def left_empty(self) -> dict[str, str]:
        """Columns that a doubt makes worthless, and which doubt."""
        return {column: doubt.check for doubt in self.doubts for column in doubt.empties}

    def summary(self) -> dict[str, Any]:
        """The session in figures; no dates, nothing that differs from run to run."""
        columns, on_s = self.columns, self.columns["on_s"]
        run = Run(self.log.path.stem, columns)
        means = {}
        for name, metric in METRIC.items():
            if metric.what:
                value = mean(run.trusted(name))
                means[name] = round(value, metric.decimals + 1) if math.isfinite(value) else None
        intervals, said = {}, []
        if len(on_s):
            for name in estimates.ESTIMATES:
                half = mean(run.trusted(estimates.width_name(name)))
                ends = estimates.interval(means[name], half)
                digits = METRIC[name].decimals + 1
                intervals[name] = [round(end, digits) for end in ends] if ends else None
            said = estimates.outside(means)
        kinds = [cue.kind for cue in self.cues]
        distance_m = run.distance_m()
        return {
            **self.facts,
            "start_s": round(self.start_s, 5),
            "seconds": round(self.seconds, 3),
            "steps": len(on_s),
            "running_s": round(run.running_s(), 1),
            "bouts": int(np.sum(np.diff(on_s) > BOUT_GAP_S)) + 1 if len(on_s) else 0,
            "distance_m": round(distance_m) if distance_m is not None else None,
            "left_steps": int(np.sum(columns["side"] == 0)),
            "right_steps": int(np.sum(columns["side"] == 1)),
            "slipped_steps": int(np.sum(columns["flags"].astype(int) & SLIPPED != 0)),
            "mean": means,
            "interval_90": intervals,
            "outside": said,
            "cues": {kind: kinds.count(kind) for kind in CUE_KINDS.values()},
            "cue_t_s": {kind: [round(c.t_s, 3) for c in self.cues if c.kind == kind] for kind in dict.fromkeys(kinds)},
            "cues_same_when_decided_again": self._same_cues,
            "baseline": logfile.baseline_of(self.log),
            "calibration_quality": [values["quality"] for _, values in self.log.events(records.CALIBRATED)][:1] or None,
            "settings_changed": {
                name: value for name, value in self.settings.to_dict().items() if value != Settings().to_dict()[name]
            },
            **({} if len(on_s) else {"no_running": self.no_running or why.why_no_running(self.log)}),
            "no_cue": None if any(kinds) else why.why_no_cue(self.log, self.settings),
            "doubts": [doubt.to_dict() for doubt in self.doubts],
            "left_empty": self.left_empty,
            "notes": self.notes + said + self.log.problems,
            "formclip": VERSION,
        }


class UpTap:
    """Up in sensor axes, sample by sample, as the chain leaves it in its ring: read out after each push.

    It is told on some thousand at a time: their times and their text cost little more than those of one hop.
    """

    def __init__(
        self, session: Session, time_of_index: Callable[[Floats], Floats], sink: Callable[[Floats, Floats], None]
    ) -> None:
        self._pipeline = session.pipeline
        self._time_of_index = time_of_index
        self._sink = sink
        self._read_to = 0  # raw samples: the ring counts anew now and then
        self._waiting: list[tuple[int, NDArray[np.float32]]] = []  # raw sample behind the last, and ups
        self._waits = 0

    def take(self) -> None:
        up, end = self._pipeline.ups(self._read_to)
        if up.shape[1]:
            self._waiting.append((end, up.copy()))
            self._waits += up.shape[1]
            self._read_to = end
            if self._waits >= _UP_ROWS:
                self.tell()

    def tell(self) -> None:
        """What waits goes to the sink."""
        if not self._waiting:
            return
        group = self._pipeline.group
        back = [np.arange(up.shape[1], 0, -1) for _, up in self._waiting]
        ends = np.repeat([end for end, _ in self._waiting], [len(part) for part in back])
        middle = ends - np.concatenate(back) * group + (group - 1) / 2
        up = np.concatenate([up for _, up in self._waiting], axis=1)
        self._sink(self._time_of_index(middle), up.T.astype(np.float64))
        self._waiting.clear()
        self._waits = 0


class _Pages:
    """The log file: whole pages at their places."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("wb")
        except OSError as error:
            raise from_os_error(error, path, "write") from None

    def __call__(self, number: int, page: memoryview, complete: bool) -> bool:
        # The clip stages a page that is not complete against power cuts; here the complete one follows for certain.
        if complete:
            try:
                self._file.seek(number * PAGE_B)
                self._file.write(page)
            except OSError as error:
                raise from_os_error(error, self._path, "write") from None
        return True

    def close(self) -> None:
        self._file.close()


def replay_trace(
    trace: Trace | Capture | Mended,
    log_path: Path,
    changed: dict[str, Any] | None = None,
    up_sink: Callable[[Floats, Floats], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
    survey: Survey | None = None,
) -> Replayed:
    """Run the clip's code over a trace, writing its log to `log_path`; `survey` gathers what is doubtful about it."""
    settings = Settings(changed)
    rate_hz = trace.rate_hz
    store = _Pages(log_path)
    session = Session(rate_hz, settings, trace.has_gyro, info=f"formclip {VERSION} replay", sink=store, session=1)
    tap = UpTap(session, trace.t_s, up_sink) if up_sink is not None and trace.has_gyro else None
    start_s: float | None = None
    pairs: list[tuple[int, int]] = []
    if isinstance(trace, Capture):
        pairs += trace.pairs
        session.time.know(trace.true_hz)
        session.pipeline.tune()
    end_s, period_s = 0.0, 1.0 / session.time.rate_hz
    pipeline = session.pipeline
    if settings.to_dict()["auto_start"] not in (1, "on", True):
        session.start()
    try:
        for piece in trace.pieces(on_progress):
            if survey is not None:
                survey.take(piece)
                ends = survey.ends
                if ends is not None:
                    pipeline.intake.ends_at(_FULL_SHARE * ends[0], _FULL_SHARE * ends[1])
            if isinstance(piece, Lost):
                session.lost(piece.n)
                continue
            at, m = 0, piece.samples.shape[1]
            if (piece.index + m) * period_s > _MOST_S:
                raise TraceError(
                    f"longer than {_MOST_S // 86400} days, which no session's clock can count",
                    "split the recording",
                    path=trace.path,
                )
            base_s = float(trace.t_s(np.array([piece.index], dtype=np.int64))[0])
            start_s = base_s if start_s is None else start_s
            end_s = base_s + m * period_s
            while at < m:
                n = min(m - at, pipeline.intake.room)  # hop by hop, to look at the chain in between
                session.push(piece.samples[:, at : at + n])
                at += n
                while pairs and pairs[0][0] <= session.index:
                    session.pair(*pairs.pop(0))
                if tap is not None:
                    tap.take()
        if session.state == READY:
            session.start(records.BY_ITSELF)  # nothing was recorded: a log that says so
        session.flush()
        if tap is not None:
            tap.take()
            tap.tell()
    finally:
        store.close()
    log = logfile.read_log(log_path)

    def time_of(t_ms: Floats) -> Floats:
        if session.time.paired:
            return np.asarray(t_ms + session.time.zero_ms, dtype=np.float64) / 1000.0
        return trace.t_s(t_ms * (session.time.rate_hz / 1000.0))

    columns = to_columns(log, time_of, settings)
    start_s = 0.0 if start_s is None else start_s
    seconds = np.arange(math.ceil(start_s - 1e-3), math.floor(end_s) + 1, dtype=np.float64)
    return Replayed(
        log,
        columns,
        to_cues(log, time_of),
        to_events(log, time_of),
        seconds,
        cadence_each_second(seconds, columns["on_s"], columns["flags"]),
        start_s,
        trace.samples * period_s,
        settings,
        list(trace.notes),
        {
            "trace": trace.path.name,
            **({"source": trace.plan.source} if isinstance(trace, Trace) and not trace.is_ours else {}),
            "rate_hz": rate_hz,
            "source_rate_hz": round(trace.source_rate_hz, 4),
            "has_gyro": trace.has_gyro,
            "lost_samples": trace.lost_samples,
        },
        *_doubts(survey, bool(len(columns["on_s"]))),
    )


def _doubts(survey: Survey | None, ran: bool) -> tuple[list[Doubt], str]:
    """What is doubtful, and why there is no running where there is none."""
    if survey is None:
        return [], ""
    doubts = doubts_of(survey)
    return doubts, "" if ran else why_no_running(survey, doubts)


def replay_log(path: Path, changed: dict[str, Any] | None = None) -> Replayed:
    """Read a clip's log; with changed settings, the cues that it would have given with them."""
    logs = logfile.read_logs(path)
    log = logs[-1]
    settings = log.settings(changed)
    columns = to_columns(log, own_clock, settings)
    notes = ["a log holds no samples: up.csv is empty"]
    if len(logs) > 1:
        notes.append(f"{len(logs)} sessions in this file: this is the last")
    if not log.closed:
        notes.append("the log was not closed: the clip lost power or is still recording")
    if changed:
        again = cues_again(log, changed)
        cues = name_cues(np.array([t / 1000 for t, _ in again]), [values for _, values in again])
        notes.append("cues decided again with the settings given")
    else:
        cues = to_cues(log, own_clock)
    last_s = max((t_ms for _, t_ms, _ in log.entries), default=0) / 1000
    seconds = np.arange(0.0, math.floor(last_s) + 1)
    cadence = cadence_each_second(seconds, columns["on_s"], columns["flags"])
    facts = {
        "trace": path.name,
        "rate_hz": log.start.get("rate_hz"),
        "has_gyro": bool(log.start.get("has_gyro", 1)),
        "lost_samples": sum(values["samples"] for _, values in log.events(records.LOST)),
    }
    return Replayed(
        log, columns, cues, to_events(log, own_clock), seconds, cadence, 0.0, last_s, settings, notes, facts
    )


# -- files ------------------------------------------------------------------------------------------------------------


def write_results(replayed: Replayed, folder: Path) -> dict[str, Any]:
    """steps.csv, cadence.csv, cues.csv and summary.json; gives the summary."""
    write_whole(folder / "steps.csv", steps_csv(replayed.columns))
    write_whole(folder / "cadence.csv", cadence_csv(replayed.cadence_t_s, replayed.cadence_spm))
    write_whole(folder / "cues.csv", cues_csv(replayed.cues))
    summary = replayed.summary()
    write_whole(folder / logfile.SUMMARY_NAME, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


class _UpFile:
    """up.csv, written as it comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("wb")
            self._file.write(_UP_HEAD)
        except OSError as error:
            raise from_os_error(error, path, "write") from None

    def __call__(self, t_s: Floats, up: Floats) -> None:
        try:
            self._file.write(fixed_lines(np.column_stack((t_s, up)), _UP_DECIMALS))
        except OSError as error:
            raise from_os_error(error, self._path, "write") from None

    def again(self) -> None:
        self._file.seek(len(_UP_HEAD))
        self._file.truncate()

    def close(self) -> None:
        self._file.close()


@contextmanager
def up_file(path: Path) -> Iterator[_UpFile]:
    """up.csv to write into."""
    file = _UpFile(path)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A place for the results, moved into `folder` when all are whole; after an error nothing of them is there."""
    made = not folder.exists()
    make_folder(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".formclip-", dir=folder) as name:
            yield Path(name)
            for path in sorted(Path(name).iterdir()):
                try:
                    path.replace(folder / path.name)
                except OSError as error:
                    raise from_os_error(error, folder / path.name, "write") from None
    except OSError as error:
        raise from_os_error(error, folder, "write") from None
    finally:
        if made:
            with suppress(OSError):  # it holds something: that is to stay
                folder.rmdir()


def replay_to_folder(
    path: Path,
    folder: Path,
    changed: dict[str, Any] | None = None,
    bar: bool = True,
    raw: bool = False,
    given: Given | None = None,
    beside: Sequence[Path] = (),
    fix: bool = False,
) -> Replayed:
    """What the command does: a trace, a log or (`raw`) a log's raw samples in, the files of the contract out.

    given   what a person says about a recording of another source; beside: further files of the same recording;
    fix     correct what a check has found wrong and knows how to correct
    """
    target = folder / logfile.LOG_NAME
    if not path.is_dir() and logfile.is_log(path) and not raw:
        replayed = replay_log(path, changed)
        with _staged(folder) as stage:
            if path.resolve() != target.resolve():
                try:
                    (stage / logfile.LOG_NAME).write_bytes(path.read_bytes())
                except OSError as error:
                    raise from_os_error(error, target, "write") from None
            with up_file(stage / "up.csv"):
                pass  # a log holds no samples
            write_results(replayed, stage)
        return replayed
    trace = open_capture(path) if raw else open_trace(path, given, beside)
    if path.resolve() == target.resolve():
        raise FileError("is the log that would be overwritten", "name another folder with --out", path=path)
    with _staged(folder) as stage, up_file(stage / "up.csv") as up:
        replayed = replay_checked(trace, stage / logfile.LOG_NAME, changed, up, bar, fix)
        write_results(replayed, stage)
    return replayed


class UpSink(Protocol):
    """Takes up as it comes; `again` when all is told anew."""

    def __call__(self, t_s: Floats, up: Floats) -> None: ...
    def again(self) -> None: ...


def replay_checked(
    trace: Trace | Capture,
    log_path: Path,
    changed: dict[str, Any] | None = None,
    up_sink: UpSink | None = None,
    bar: bool = False,
    fix: bool = False,
) -> Replayed:
    """Replay with every doubt about the recording told, and what a doubt makes worthless left empty.

    fix     correct what a check has found wrong and knows how to correct
    """
    said: list[str] = []
    source: Trace | Capture | Mended = trace
    if fix and isinstance(trace, Trace):
        source, said = mended(trace)
    replayed = _replay_surveyed(source, log_path, changed, up_sink, bar)
    doubted = [doubt for doubt in replayed.doubts if doubt.gyro]
    if doubted and not isinstance(source, Capture):
        doubts = replayed.doubts
        if up_sink is not None:
            up_sink.again()
        replayed = _replay_surveyed(Mended.without_gyro(source), log_path, changed, up_sink, bar)
        replayed.doubts = doubts
        said.append(f"the gyroscope is left out, so tilt and what follows from it are empty: {doubted[0].words}")
    replayed.notes = said + replayed.notes
    leave_empty(replayed.columns, replayed.left_empty)
    if "cadence_spm" in replayed.left_empty:
        replayed.cadence_spm = np.full(len(replayed.cadence_spm), math.nan)
    return replayed


def mended(trace: Trace) -> tuple[Mended, list[str]]:
    """The trace with all corrected that a check knows a correction for, and what was done, in words."""
    survey = Survey(trace.rate_hz, trace.has_gyro, trace.planar)
    for piece in trace.pieces():
        survey.take(piece)
    doubts = [doubt for doubt in doubts_of(survey) if doubt.correction is not None]
    return Mended(trace, correction_of(doubts)), [f"corrected, as asked: {doubt.words}" for doubt in doubts]


def _replay_surveyed(
    trace: Trace | Capture | Mended, log_path: Path, changed: dict[str, Any] | None, up_sink: UpSink | None, bar: bool
) -> Replayed:
    survey = Survey(trace.rate_hz, trace.has_gyro, not isinstance(trace, Capture) and trace.planar)
    with file_progress("replay", trace.size_b, bar and trace.size_b > _PROGRESS_B) as on_progress:
        return replay_trace(trace, log_path, changed, up_sink, on_progress, survey)


def open_capture(path: Path) -> Capture:
    """The raw samples in a clip's log."""
    log = logfile.read_log(path)
    return Capture(path, log.raw, int(log.start.get("rate_hz", 0)), log.clock())


def _told(metric: Metric, value: float | None, ends: list[float] | None) -> str:
    """A mean in words, an estimate with the half width of its interval."""
    if value is None:
        return ""
    around = f" ± {(ends[1] - ends[0]) / 2:.{metric.digits}f}" if ends else ""
    return f"{metric.short} {value:.{metric.digits}f}{around} {metric.unit}"


def describe(summary: dict[str, Any]) -> list[str]:
    """The summary in a few lines for a terminal."""
    means = summary["mean"]
    rate = f"{summary['rate_hz']} Hz" if summary["rate_hz"] else "rate unknown"
    lines = [f"{summary['trace']}: {clock(summary['seconds'])} at {rate}"]
    if not summary["steps"]:
        lines.append(f"no running in it: {summary.get('no_running', 'no steps')}")
    else:
        sides = f" ({summary['left_steps']} left, {summary['right_steps']} right)" if summary["left_steps"] else ""
        bouts = counted(summary["bouts"], "bout")
        lines.append(f"{summary['steps']} steps{sides} in {bouts}, {clock(summary['running_s'])} of running")
        have = [_told(m, means[m.key], summary["interval_90"].get(m.key)) for m in METRICS if m.short]
        have = [text for text in have if text]
        lines += [", ".join(have[i : i + 3]) for i in range(0, len(have), 3)]
        cued = {kind: count for kind, count in summary["cues"].items() if count}
        if cued:
            lines.append(f"cues: {', '.join(f'{count} {kind}' for kind, count in cued.items())}; in the recording:")
            lines += [f"  {kind} at {_times(summary['cue_t_s'][kind])}" for kind in cued]
        else:
            lines.append(f"cues: {_no_cue(summary.get('no_cue'))}")
    for doubt in summary.get("doubts", []):
        lines.append(f"doubt: {doubt['words']}; {doubt['remedy']}")
    if summary.get("left_empty"):
        lines.append(f"left empty for it: {', '.join(summary['left_empty'])}")
    lines += [f"note: {note}" for note in summary["notes"]]
    return lines


def _times(t_s: list[float]) -> str:
    shown = ", ".join(clock(t) for t in t_s[:_MOST_TIMES])
    return shown + (f" and {len(t_s) - _MOST_TIMES} more in cues.csv" if len(t_s) > _MOST_TIMES else "")


def _no_cue(why_none: str | None) -> str:
    if why_none is None:
        return "none needed"
    return f"none; {why_none}" if why_none.startswith("only") else f"none could come: {why_none}"
