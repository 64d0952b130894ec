"""What cues other settings would have given: decided again on logs, for every value of a range, over many runs.

The cue engine sees only what the log holds, so a log can be asked about everything that the engine decides by
(DECIDED_BY). What a sensor or the chain would have measured with another setting, a log does not know: replay the
recording for that. The steps are those that were run: a runner who had felt another cue might have run otherwise.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaitcore import records
from gaitcore.settings import TABLE

from formclip.ground import log as logfile
from formclip.ground.again import cues_again
from formclip.ground.errors import FileError, FormclipError, SettingsError, printable
from formclip.ground.settingsfile import check
from formclip.ground.words import CUE_KINDS
from formclip.lab.cohort.local import processes_here, run_here
from formclip.lab.cohort.work import Outcome, Task
from formclip.runs.store import index
from formclip.runs.store.store import Store

# Settings that the cue engine reads.
DECIDED_BY = frozenset(
    "mode warmup_s sustain_s cue_gap_s cue_max cue_window_s unanswered_max answer_s tilt_amber_deg tilt_cue_deg "
    "overstride_rule overstride_cadence_pct overstride_brake_pct cadence_target_pct retrain_tolerance_pct "
    "cue_overstride cue_arch cue_ok overstride_pulse_ms arch_pulse_ms ok_pulse_ms pulse_growth_pct faded faded_session "
    "resume_min".split()
)
_MOST_ROWS = 500
_MOST_VALUES = 200
_BOUT_GAP_MS = 2000
_FEW = 3
_VEGA_LITE = "6.4"
_KINDS = tuple(CUE_KINDS.values())


def range_of(text: str) -> tuple[str, list[Any]]:
    """(name, values) of NAME=4..8, NAME=4..8:2, NAME=4,6,8 or NAME=guard,retrain.

    Errors    SettingsError: a name that is none, one that a log can't be asked about, a value out of its range
    """
    name, sign, span = (part.strip() for part in text.partition("="))
    known = {row[0]: row for row in TABLE}
    if not sign or not span:
        raise SettingsError(f"'{printable(text)}' is not NAME=VALUES", "as in --set tilt_cue_deg=4..8")
    if name in known and name not in DECIDED_BY:
        raise SettingsError(
            f"a log can't be asked about {name}, which is not of the cues",
            "replay the recordings with it: formclip replay DIR --settings FILE",
        )
    values: list[Any] = []
    for part in span.split(","):
        low, dots, high = part.strip().partition("..")
        if not dots:
            values.append(low if name in known and known[name][4] and not _is_whole(low) else _whole(low, name))
            continue
        high, _, step = high.partition(":")
        first, last, by = _whole(low, name), _whole(high, name), _whole(step or "1", name)
        if by < 1 or last < first or (last - first) // by >= _MOST_VALUES:
            raise SettingsError(f"{name}={printable(part)} has no values, or too many", "as in 4..8 or 4..8:2")
        values += range(first, last + 1, by)
    for value in values:
        check({name: value})
    return name, list(dict.fromkeys(values))


def _is_whole(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _whole(text: str, name: str) -> int:
    if not _is_whole(text):
        raise SettingsError(f"{printable(name)}: '{printable(text)}' is not a whole number", "as in 4..8 or 4,6,8")
    return int(text)


@dataclass
class Sweep:
    """Cues of each run with each combination of values.

    names       of the settings
    rows        one for each combination: the values, then over all runs: cues of each kind, runs with a cue, an hour
    runs        {name: [{kind: count}, of each combination]}
    before      cues that were given, by kind
    """

    names: list[str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[str, list[dict[str, int]]] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    hours: float = 0.0

    def lines(self) -> list[str]:
        """A table for a terminal."""
        heads = [*self.names, *_KINDS, "an hour", "runs with a cue"]
        table = [heads]
        for row in self.rows:
            table.append(
                [str(row[name]) for name in self.names]
                + [str(row[kind]) for kind in _KINDS]
                + [f"{row['an_hour']:.1f}", f"{row['runs_cued']} of {len(self.runs)}"]
            )
        wide = [max(len(row[i]) for row in table) for i in range(len(heads))]
        out = [f"{len(self.runs)} runs, {self.hours:.1f} h of running; the clips gave {_told(self.before)}"]
        out += ["  ".join(cell.rjust(width) for cell, width in zip(row, wide, strict=True)) for row in table]
        return out

    def to_csv(self) -> str:
        """One row for each run and combination."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("run", *self.names, *_KINDS))
        for name, counts in self.runs.items():
            for row, count in zip(self.rows, counts, strict=True):
                writer.writerow((name, *(row[key] for key in self.names), *(count[kind] for kind in _KINDS)))
        return text.getvalue()

    def to_svg(self) -> str:
        """Cues an hour over the first setting; of more than one setting, a line for each value of the others."""
        import vl_convert

        first, others = self.names[0], self.names[1:]
        points = []
        for row in self.rows:
            for kind in ("overstride", "arch"):
                at = {"x": row[first], "kind": kind, "an_hour": row[kind] / self.hours if self.hours else 0}
                points.append({**at, "with": ", ".join(f"{name} {row[name]}" for name in others)})
        encoding: dict[str, Any] = {
            "x": {"field": "x", "type": "ordinal", "title": first, "axis": {"labelAngle": 0}},
            "y": {"field": "an_hour", "type": "quantitative", "title": "cues an hour of running"},
            "color": {"field": "with" if others else "kind", "type": "nominal", "title": None},
        }
        if others:
            encoding["column"] = {"field": "kind", "type": "nominal", "title": None}
        spec = {
            "data": {"values": points},
            "title": f"{len(self.runs)} runs, {self.hours:.1f} h of running",
            "width": 360,
            "height": 240,
            "mark": {"type": "line", "point": True},
            "encoding": encoding,
        }
        return str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=_VEGA_LITE))


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "no cue"


def logs_in(path: Path | None) -> list[tuple[str, Path]]:
    """(name, path) of every log of a store (None: the usual one), of a folder at any depth, or the one named.

    Errors    FileError where there is none; StoreError
    """
    if path is None or (path.is_dir() and (path / index.NAME).is_file()):
        store = Store(path)
        found = [(stored.label, stored.path) for stored in store.sessions()]
        if not found:
            raise FileError("no run in the store", "formclip sync fetches them, or name a folder", path=store.folder)
        return found
    if path.is_file():
        return [(path.stem, path)]
    if not path.is_dir():
        raise FileError("no such file or folder", "check the path", path=path)
    logs = sorted(path.rglob("*.fclog"))
    if not logs:
        raise FileError("no log in it", "formclip replay DIR --out OUT leaves them in OUT/logs", path=path)
    return [(_name(log, path), log) for log in logs]


def _name(log: Path, root: Path) -> str:
    inside = log.relative_to(root)
    return (inside.parent if log.name == logfile.LOG_NAME else inside.with_suffix("")).as_posix()


def sweep(
    logs: Sequence[tuple[str, Path]],
    ranges: dict[str, list[Any]],
    processes: int | None = None,
    on_done: Callable[[int], None] | None = None,
) -> Sweep:
    """Decide the cues of every log again, with every combination of the values.

    Errors    SettingsError for too many combinations; a log that can't be read stands in `failures`
    """
    names = list(ranges)
    combinations = [dict(zip(names, values, strict=True)) for values in itertools.product(*ranges.values())]
    if len(combinations) > _MOST_ROWS:
        raise SettingsError(f"{len(combinations)} combinations of values", f"ask for {_MOST_ROWS} at most")
    for one in combinations:
        check(one)
    tasks = [Task(name, (str(path),), "", {"each": combinations}) for name, path in logs]
    outcomes: Iterable[Outcome] = (
        map(decide, tasks) if len(tasks) <= _FEW else run_here(tasks, processes or processes_here(), decide)
    )
    out = Sweep(names, before=dict.fromkeys(_KINDS, 0))
    found: dict[str, dict[str, Any]] = {}
    for done, outcome in enumerate(outcomes, 1):
        if outcome.failed:
            out.failures[outcome.name] = outcome.failed
        elif outcome.summary["running_s"]:
            found[outcome.name] = outcome.summary
        if on_done is not None:
            on_done(done)
    for name, _ in logs:
        if name in found:
            out.runs[name] = found[name]["cues"]
            out.hours += found[name]["running_s"] / 3600
            for kind in _KINDS:
                out.before[kind] += found[name]["before"][kind]
    for i, values in enumerate(combinations):
        counts = {kind: sum(run[i][kind] for run in out.runs.values()) for kind in _KINDS}
        cued = sum(bool(run[i]["overstride"] + run[i]["arch"]) for run in out.runs.values())
        given = counts["overstride"] + counts["arch"]
        out.rows.append({**values, **counts, "runs_cued": cued, "an_hour": given / out.hours if out.hours else 0.0})
    return out


def decide(task: Task) -> Outcome:
    """The cues of one log with each combination; never raises."""
    try:
        log = logfile.read_log(Path(task.paths[0]))
        steps = [t_ms for tag, t_ms, _ in log.entries if tag == records.STEP]
        apart = [b - a for a, b in zip(steps, steps[1:])]
        cues = [_counts(values for _, values in cues_again(log, dict(one))) for one in task.settings["each"]]
        before = _counts(values for _, values in log.events(records.CUE))
    except FormclipError as error:
        return Outcome(task.name, failed=error.what, next_step=error.next_step)
    running_s = sum(gap for gap in apart if gap <= _BOUT_GAP_MS) / 1000
    return Outcome(task.name, summary={"running_s": running_s, "cues": cues, "before": before})


def _counts(cues: Iterable[dict[str, Any]]) -> dict[str, int]:
    out = dict.fromkeys(_KINDS, 0)
    for values in cues:
        out[CUE_KINDS[values["kind"]]] += 1
    return out
