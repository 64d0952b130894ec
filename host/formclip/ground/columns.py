"""A log as columns, cues and events: what replay, report and exports show of a session, whoever wrote the log."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore import cue as cue_engine
from gaitcore import models, records
from gaitcore.pipeline import Step
from gaitcore.settings import Settings

from formclip.ground import estimates
from formclip.ground.log import SUMMARY_NAME, Log, baseline_of, find_log, read_log
from formclip.ground.metrics import COLUMNS, COMPUTED, METRIC, MODEL, TABLE, csv_cells
from formclip.ground.run import Cue, Floats, Run
from formclip.ground.why import why_no_cue, why_no_running
from formclip.ground.words import CUE_KINDS, cue_reason, event_text

# What a replay knows of a recording beyond its log, and the report tells.
_OF_REPLAY = ("doubts", "left_empty", "notes", "no_running", "no_cue")
_FLIGHT_PERIODS = 1.5  # the next contact is that of the next step, not of one after a missed one


def own_clock(t_ms: Floats) -> Floats:
    """The clip's own time: seconds since its first sample."""
    return t_ms / 1000.0


def to_columns(log: Log, time_of: Callable[[Floats], Floats], settings: Settings) -> dict[str, Floats]:
    """The steps as columns of steps.csv (ground/metrics.py), NaN where not measured; side 0 left, 1 right.

    Signs are the truth's: braking_mps is the change of forward velocity in the contact, negative where speed is lost.
    """
    step = Step()
    values = settings.to_dict()
    known = models.own(values["height_cm"], values["speed_scale_permille"], values["speed_slope_permille"])
    start = log.start
    old = start.get("version", records.VERSION) < records.PUSH_VERSION
    kept = [metric for metric in TABLE if metric.of != COMPUTED]
    read = attrgetter(*(metric.key for metric in kept if metric.of != MODEL))
    models_of = [getattr(models, metric.key) for metric in kept if metric.of == MODEL]
    in_order = [metric for metric in kept if metric.of != MODEL] + [metric for metric in kept if metric.of == MODEL]
    rows: list[tuple[float | None, ...]] = []
    times: list[int] = []
    for tag, at_ms, fields in log.entries:
        if tag != records.STEP:
            continue
        records.restore(fields, at_ms, step)
        if old:
            step.feature = estimates.push_of_speed(step.feature, step.cadence_spm)
        rows.append((*read(step), *(model(step, known) for model in models_of)))
        times.append(at_ms)
    t_ms = np.array(times, dtype=np.float64)
    table = np.array(rows, dtype=np.float64).reshape(-1, len(kept))  # None is NaN to it
    columns = {"on_s": time_of(t_ms)}
    columns |= {metric.key: metric.sign * column for metric, column in zip(in_order, table.T, strict=True)}
    columns["side"][columns["side"] > 1] = math.nan
    flight = np.full(len(t_ms), math.nan)
    if len(t_ms) > 1:
        apart = np.diff(t_ms)
        flight[:-1] = apart - columns["contact_ms"][:-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            next_is_next = apart < _FLIGHT_PERIODS * 60000.0 / columns["cadence_spm"][:-1]
            flight[:-1][~next_is_next | (flight[:-1] < 0)] = math.nan
    columns["flight_ms"] = flight
    columns |= estimates.widths(columns, values, bool(start.get("has_gyro", 1)), old)
    leave_empty(columns, log.told.get("left_empty", {}))
    return {name: columns[name] for name in COLUMNS}


def to_cues(log: Log, time_of: Callable[[Floats], Floats]) -> tuple[Cue, ...]:
    """The cues as the log has them."""
    found = log.events(records.CUE)
    times = time_of(np.array([t_ms for t_ms, _ in found], dtype=np.float64))
    return name_cues(times, [values for _, values in found])


def name_cues(times_s: Floats, values: list[dict[str, Any]]) -> tuple[Cue, ...]:
    """CUE events in words."""
    cues, about = [], cue_engine.OVERSTRIDE
    for t_s, one in zip(times_s.tolist(), values, strict=True):
        kind = one["kind"]
        about = about if kind == cue_engine.OK else kind
        cues.append(Cue(t_s, CUE_KINDS.get(kind, f"kind {kind}"), cue_reason(one, about)))
    return tuple(cues)


def to_events(log: Log, time_of: Callable[[Floats], Floats]) -> tuple[tuple[float, str], ...]:
    """What else the log tells, in words: (t_s, text)."""
    told = [(t_ms, event_text(tag, values)) for tag, t_ms, values in log.entries if tag != records.STEP]
    kept = [(t_ms, text) for t_ms, text in told if text is not None]
    times = time_of(np.array([t_ms for t_ms, _ in kept], dtype=np.float64))
    return tuple(zip(times.tolist(), (text for _, text in kept), strict=True))


def to_run(log: Log, time_of: Callable[[Floats], Floats] = own_clock, name: str = "") -> Run:
    """The session for the report and the exports. There, what is lost in braking is positive."""
    columns = to_columns(log, time_of, log.settings())
    for metric in TABLE:
        if metric.sign < 0:
            columns[metric.key] = -columns[metric.key]
    summary = {"baseline": baseline_of(log), "closed": log.closed, "problems": log.problems, **log.told}
    summary |= (
        {"no_cue": why_no_cue(log, log.settings())} if columns["on_s"].size else {"no_running": why_no_running(log)}
    )
    return Run(name or log.path.stem, columns, to_cues(log, time_of), to_events(log, time_of), summary)


def load_run(path: Path) -> Run:
    """A log, or the folder that `replay --out` made (then in the trace's own time), as a Run."""
    log_path = find_log(path)
    if not path.is_dir():
        return to_run(read_log(log_path))
    start_s, told = 0.0, {}
    try:
        summary = json.loads((path / SUMMARY_NAME).read_text(encoding="utf-8"))
        start_s = float(summary["start_s"])
        told = {key: summary[key] for key in _OF_REPLAY if summary.get(key)}
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a folder with a log alone: the clip's own clock
    run = to_run(read_log(log_path), lambda t_ms: start_s + t_ms / 1000.0, path.name)
    run.summary.update(told)
    leave_empty(run.columns, told.get("left_empty", {}))
    return run


def leave_empty(columns: dict[str, Floats], keys: Iterable[str]) -> None:
    """What a doubt makes worthless is not told, nor the interval around it."""
    for key in keys:
        for name in (key, estimates.width_name(key)):
            if name in columns:
                columns[name] = np.full(len(columns[name]), math.nan)


# -- CSV files ---------------------------------------------------------------------------------------------------------


def table(header: str, columns: list[list[str]]) -> str:
    """Lines of cells under a header."""
    return "\n".join([header, *(",".join(row) for row in zip(*columns, strict=True))]) + "\n"


def steps_csv(columns: dict[str, Floats]) -> str:
    """steps.csv of the contract, further columns after its own."""
    return table(",".join(COLUMNS), [csv_cells(METRIC[name], columns[name].tolist()) for name in COLUMNS])


def cadence_csv(t_s: Floats, spm: Floats) -> str:
    """cadence.csv: once a second, empty when not running."""
    cells = ["" if v != v else "%.2f" % v for v in spm.tolist()]
    return table("t_s,cadence_spm", [["%.0f" % t for t in t_s.tolist()], cells])


def cues_csv(cues: tuple[Cue, ...]) -> str:
    """cues.csv: when, which kind, and why."""
    reasons = [f'"{cue.reason}"' for cue in cues]
    return table("t_s,kind,reason", [[f"{cue.t_s:.3f}" for cue in cues], [cue.kind for cue in cues], reasons])
