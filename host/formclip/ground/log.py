"""A clip's own file on the desktop: from bytes to entries, by gaitcore's own records.

Beside a log that was made from a recording may stand NAME.told.json: what was found doubtful about the recording, which
its log cannot say. Whoever reads the log has it as `told`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, TypeVar

from gaitcore import pages, records, recover
from gaitcore.settings import Settings

from formclip.ground.errors import LogError, from_os_error

LOG_NAME = "session.fclog"
SUMMARY_NAME = "summary.json"
_TOLD_ENDS = ".told.json"
_MOST_TOLD_B = 1 << 16
_MOST_B = 1 << 28
_HALF_TICKS = 1 << 31

Entry = tuple[int, int, Any]
P = TypeVar("P", bound=PurePath)


@dataclass
class Log:
    """One session as the log holds it.

    told      what stands beside it of the recording that it was made from: doubts, left_empty, notes
    """

    path: Path
    entries: list[Entry]
    problems: list[str] = field(default_factory=list)
    closed: bool = True
    raw: list[tuple[int, bytes]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    def events(self, tag: int) -> list[tuple[int, dict[str, Any]]]:
        """(t_ms, values by name) of one kind of event."""
        return [(t_ms, recover.values_of(tag, values)[1]) for found, t_ms, values in self.entries if found == tag]

    @property
    def start(self) -> dict[str, Any]:
        found = self.events(records.START)
        return found[0][1] if found else {}

    def clock(self) -> list[tuple[int, float, float]]:
        """(sample, ms of the session, true rate in Hz): the sensor's clock against the clip's; none in old logs."""
        found = [values for _, values in self.events(records.CLOCK)]
        if not found:
            return []
        zero_ms = found[0]["ticks_ms"] - 1e5 * found[0]["index"] / found[0]["rate_chz"]
        for t_ms, anchor in self.events(records.ANCHOR)[:1]:
            zero_ms = anchor["ticks_ms"] - t_ms
        return [
            (v["index"], (v["ticks_ms"] - zero_ms + _HALF_TICKS) % (2 * _HALF_TICKS) - _HALF_TICKS, v["rate_chz"] / 100)
            for v in found
        ]

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
    if not logs and not data.startswith(pages.MAGIC):
        replayed = "`formclip replay TRACE --out DIR` first, then name DIR"
        raise LogError("not a clip's log", f"is it a trace? {replayed}", path=path, place="byte 0")
    if not logs:
        offset, what, remedy = found.problems[0] if found.problems else (0, "no page of a log in it", "")
        raise LogError(what, remedy or "check that this is a clip's log file", path=path, place=f"byte {offset}")
    logs[0].problems = problems
    if len(logs) == 1:
        logs[0].told = told_beside(path)
    return logs


def read_log(path: Path) -> Log:
    """The session of a log file (the last one where there are several)."""
    return read_logs(path)[-1]


def told_path(log: P) -> P:
    """Where what a log's recording was doubted for stands."""
    return log.with_suffix(_TOLD_ENDS)


def told_beside(log: Path) -> dict[str, Any]:
    """What stands beside a log, empty where nothing does; what is not of its form is left out."""
    try:
        with told_path(log).open("rb") as file:
            return told_of(file.read(_MOST_TOLD_B))
    except OSError:
        return {}


def told_by_replay(folder: Path) -> dict[str, Any]:
    """The same of a folder that `replay --out` made; empty where nothing was doubtful."""
    try:
        found = told_of((folder / SUMMARY_NAME).read_bytes())
    except OSError:
        return {}
    return found if "doubts" in found else {}


def told_of(data: bytes) -> dict[str, Any]:
    """The bytes of NAME.told.json as doubts (words and remedy), left_empty (column: check) and notes."""
    try:
        found = json.loads(data)
        doubts = [{"words": str(one["words"]), "remedy": str(one["remedy"])} for one in found.get("doubts", ())]
        empty = {str(column): str(check) for column, check in found.get("left_empty", {}).items()}
        notes = [str(note) for note in found.get("notes", ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    held = {"doubts": doubts, "left_empty": empty, "notes": notes}
    return {key: value for key, value in held.items() if value}


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
