"""The clip's own files on the desktop: from pages to columns, cues and events, by gaitcore's own records.

Everything that replay, report and the exports show of a session comes through here, whether a clip or `replay` wrote
the log: so both show the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gaitcore import cue as cue_engine
from gaitcore import models, pages, records, recover
from gaitcore.pipeline import OTHER, RUNNING, STILL, WALKING, Step
from gaitcore.rerun import replay_cues
from gaitcore.settings import SettingError, Settings

from formclip.ground.errors import LogError, from_os_error
from formclip.ground.run import Cue, Floats, Run

LOG_NAME = "session.fclog"
SUMMARY_NAME = "summary.json"
STEP_TAG = 128

# Columns of steps.csv, in the order of the contract, then ours. `flags` are the bits of gaitcore.pipeline.
CONTRACT = (
    "on_s",
    "contact_ms",
    "flight_ms",
    "side",
    "cadence_spm",
    "tilt_deg",
    "tilt_range_deg",
    "drop_range_deg",
    "rotation_range_deg",
    "vo_cm",
    "braking_mps",
    "speed_mps",
)
COLUMNS = (*CONTRACT, "heel_ahead_cm", "impact_g", "flags")

CUE_KINDS = {cue_engine.OVERSTRIDE: "overstride", cue_engine.ARCH: "arch", cue_engine.OK: "ok"}
_ACTIVITIES = {STILL: "still", WALKING: "walking", RUNNING: "running", OTHER: "other"}
_BY = {
    records.BY_RUNNER: "by the runner",
    records.BY_ITSELF: "by itself",
    records.BY_BATTERY: "battery low",
    records.BY_END: "the data ended",
}
_SEX = {"female": "F", "male": "M"}
_MOST_B = 1 << 28
_FLIGHT_PERIODS = 1.5  # the next contact is that of the next step, not of one after a missed one

Entry = tuple[int, int, Any]


@dataclass
class Log:
    """One session as the log holds it."""

    path: Path
    entries: list[Entry]
    problems: list[str] = field(default_factory=list)
    closed: bool = True
    raw: list[tuple[int, bytes]] = field(default_factory=list)

    def events(self, tag: int) -> list[tuple[int, dict[str, Any]]]:
        """(t_ms, values by name) of one kind of event."""
        return [(t_ms, recover.values_of(tag, values)[1]) for found, t_ms, values in self.entries if found == tag]

    @property
    def start(self) -> dict[str, Any]:
        found = self.events(records.START)
        return found[0][1] if found else {}

    def settings(self, changed: dict[str, Any] | None = None) -> Settings:
        """The settings at the session's start, with changes put on top."""
        settings = Settings()
        for tag, _, values in self.entries:
            if tag == records.SETTINGS:
                settings.load_bytes(values[0])
                break
        if changed:
            settings.load(changed)
        return settings


def is_log(path: Path) -> bool:
    """Whether a file begins as the clip's own files do."""
    try:
        with path.open("rb") as file:
            return file.read(len(pages.MAGIC)) == pages.MAGIC
    except OSError as error:
        raise from_os_error(error, path, "read") from None


def read_logs(path: Path) -> list[Log]:
    """All sessions of a log file; LogError where there is none in it."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_B + 1)
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    if len(data) > _MOST_B:
        raise LogError("more than 256 MB: not a clip's log", "name the right file", path=path, place="byte 0")
    if not data:
        raise LogError("the file is empty", "sync the session again", path=path, place="byte 0")
    found = recover.recover(data)
    problems = [f"byte {offset}: {what}; {remedy}" for offset, what, remedy in found.problems]
    logs = [Log(path, s.entries, [], s.closed, s.raw) for s in found.sessions if s.entries or s.raw]
    if not logs:
        offset, what, remedy = found.problems[0] if found.problems else (0, "no page of a log in it", "")
        raise LogError(what, remedy or "check that this is a clip's log file", path=path, place=f"byte {offset}")
    logs[0].problems = problems
    return logs


def read_log(path: Path) -> Log:
    """The session of a log file (the last one where there are several)."""
    return read_logs(path)[-1]


def find_log(path: Path) -> Path:
    """The log itself, where PATH is it or the folder that `replay --out` made."""
    if not path.is_dir():
        return path
    if (path / LOG_NAME).is_file():
        return path / LOG_NAME
    logs = sorted(path.glob("*.fclog"))
    if len(logs) == 1:
        return logs[0]
    if logs:
        raise LogError(f"{len(logs)} logs in this folder", "name one of them", path=path)
    raise LogError("no log in this folder", "name a folder that `formclip replay --out` wrote, or a log", path=path)


def own_clock(t_ms: Floats) -> Floats:
    """The clip's own time: seconds since its first sample."""
    return t_ms / 1000.0


def to_columns(log: Log, time_of: Callable[[Floats], Floats], settings: Settings) -> dict[str, Floats]:
    """The steps as columns of steps.csv, NaN where not measured; side 0 left, 1 right.

    braking_mps has the truth's sign: the change of forward velocity in the contact, so negative where speed is lost.
    """
    step = Step()
    values = settings.to_dict()
    person = (values["height_cm"] or None, values["mass_kg"] or None, _SEX.get(values["sex"]))
    nan = math.nan
    rows: list[tuple[float | None, ...]] = []
    times: list[int] = []
    for tag, at_ms, fields in log.entries:
        if tag != STEP_TAG:
            continue
        records.restore(fields, at_ms, step)
        braking = models.braking_mps(step, *person)
        rows.append(
            (
                step.contact_ms,
                float(step.side) if step.side < 2 else None,
                step.cadence_spm,
                step.tilt_deg,
                step.tilt_range_deg,
                step.drop_range_deg,
                step.rotation_range_deg,
                step.vo_cm,
                -braking if braking is not None else None,
                models.speed_mps(step, *person),
                models.heel_ahead_cm(step, *person),
                step.impact_g,
                float(step.flags),
            )
        )
        times.append(at_ms)
    t_ms = np.array(times, dtype=np.float64)
    table = np.array([[nan if v is None else v for v in row] for row in rows], dtype=np.float64).reshape(-1, 13)
    names = ("contact_ms", "side", *CONTRACT[4:], "heel_ahead_cm", "impact_g", "flags")
    columns = {"on_s": time_of(t_ms), **dict(zip(names, table.T, strict=True))}
    flight = np.full(len(t_ms), nan)
    if len(t_ms) > 1:
        apart = np.diff(t_ms)
        flight[:-1] = apart - columns["contact_ms"][:-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            next_is_next = apart < _FLIGHT_PERIODS * 60000.0 / columns["cadence_spm"][:-1]
            flight[:-1][~next_is_next | (flight[:-1] < 0)] = nan
    columns["flight_ms"] = flight
    return {name: columns[name] for name in COLUMNS}


def cue_reason(values: dict[str, Any], about: int) -> str:
    """Why the clip buzzed, in words, from the numbers that it decided on; `about` is the fault, also of an OK."""
    reason = values["reason"]
    if about == cue_engine.ARCH:
        value, own, limit = (values[key] / 100 for key in ("value", "baseline", "limit"))
        what, unit, digits = "tilt", "deg", 1
    else:
        value, own, limit = (values[key] / 10 for key in ("value", "baseline", "limit"))
        what, unit, digits = "cadence", "steps/min", 1
    numbers = f"{what} {value:.{digits}f} {unit}, own {own:.{digits}f}, limit {limit:.{digits}f}"
    if reason == cue_engine.BELOW_OWN:
        return f"{numbers}; braking {values['brake_pct']:+d} % of own trend"
    if reason == cue_engine.BELOW_TARGET:
        return numbers.replace("own", "target", 1)
    if reason == cue_engine.FAR_BELOW_OWN:
        return f"{numbers}; braking not measured"
    if reason == cue_engine.BACK:
        return f"back in range: {numbers}"
    return numbers


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


def cues_again(log: Log, changed: dict[str, Any] | None = None) -> list[tuple[int, dict[str, Any]]]:
    """What the cue engine decides on the log's own numbers: (t_ms of the step, values of the cue)."""
    entries = log.entries
    settings = None
    if changed:
        settings = log.settings(changed)
        entries = [entry for entry in entries if entry[0] not in (records.SETTINGS, records.SETTING)]
    try:
        again = replay_cues(entries, settings)
    except (SettingError, IndexError, TypeError, ValueError) as error:
        raise LogError(f"the cues can't be decided again ({error})", "sync the session again", path=log.path) from None
    return [(t_ms, recover.values_of(records.CUE, values)[1]) for t_ms, values in again]


def same_cues(log: Log) -> bool:
    """Whether the engine, run again, decides exactly the cues that the log holds."""
    return [values for _, values in cues_again(log)] == [values for _, values in log.events(records.CUE)]


def event_text(tag: int, values: Any) -> str | None:
    """An event in words; None for those that only carry numbers (minutes, settings, times)."""
    name: str
    name, by_name = recover.values_of(tag, values)
    if name in ("minute", "settings", "time", "cue", "answer", "anchor", "activity"):
        return None
    if name in ("start", "stop", "pause", "resume"):
        return f"{name} ({_BY.get(by_name['by'], 'unknown')})"
    if name == "calibrated":
        return f"calibrated (quality {by_name['quality']})"
    if name == "baseline":
        return f"own baseline known: cadence {by_name['cadence_dspm'] / 10:.1f} steps/min"
    if name == "slip":
        return f"the clip slipped by {by_name['angle_deg']} deg"
    if name == "lost":
        return f"{by_name['samples']} samples lost"
    if name == "quiet":
        return f"no more {CUE_KINDS.get(by_name['kind'], 'such')} cues: {by_name['unanswered']} unanswered"
    if name == "battery":
        return f"battery {by_name['percent']} %"
    return name + "".join(f" {key} {value}" for key, value in by_name.items())


def baseline_of(log: Log) -> dict[str, float]:
    """The runner's own baseline as the log has it last."""
    found = log.events(records.BASELINE)
    if not found:
        return {}
    values = found[-1][1]
    own = {"cadence_spm": values["cadence_dspm"] / 10}
    if values["tilt_cdeg"] != records.NO_TILT:
        own["tilt_deg"] = values["tilt_cdeg"] / 100
    return own


def to_run(log: Log, time_of: Callable[[Floats], Floats] = own_clock, name: str = "") -> Run:
    """The session for the report and the exports. There, braking_mps counts what is lost: positive."""
    columns = to_columns(log, time_of, log.settings())
    columns["braking_mps"] = -columns["braking_mps"]
    events: list[tuple[float, str]] = []
    for tag, t_ms, values in log.entries:
        if tag == STEP_TAG:
            continue
        text = event_text(tag, values)
        if text is not None:
            events.append((float(time_of(np.array([t_ms], dtype=np.float64))[0]), text))
    summary = {"baseline": baseline_of(log), "closed": log.closed, "problems": log.problems}
    return Run(name or log.path.stem, columns, to_cues(log, time_of), tuple(events), summary)


def load_run(path: Path) -> Run:
    """A log, or the folder that `replay --out` made (then in the trace's own time), as a Run."""
    log_path = find_log(path)
    if not path.is_dir():
        return to_run(read_log(log_path))
    start_s = 0.0
    try:
        start_s = float(json.loads((path / SUMMARY_NAME).read_text(encoding="utf-8"))["start_s"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a folder with a log alone: the clip's own clock
    return to_run(read_log(log_path), lambda t_ms: start_s + t_ms / 1000.0, path.name)
