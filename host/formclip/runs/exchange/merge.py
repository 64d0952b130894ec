"""A run of the record and a watch's file of the same run, put together; neither is changed.

The match is align.py's. The index keeps what was found (distance, minutes of speed, slope and heart rate, the second
opinion on every cue); the watch's file lies in the store byte for byte, so that all of it can be found again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fitdecode
import numpy as np
from gaitcore.settings import Settings

from formclip.ground.columns import own_clock, to_columns, to_run
from formclip.ground.errors import FileError, FormclipError
from formclip.ground.log import read_log
from formclip.ground.run import Run, mean
from formclip.runs.exchange.align import Match, match
from formclip.runs.exchange.into_watch import into_watch
from formclip.runs.exchange.paces import KEY as PACES
from formclip.runs.exchange.paces import OwnSpeed, own_speed, paces
from formclip.runs.exchange.pieces import WatchError, messages, native, pieces
from formclip.runs.exchange.view import View, covered, distance_of_run, minutes, running_seconds
from formclip.runs.exchange.watchfile import FIT_EPOCH_S, Activity, activities, read_file
from formclip.runs.insight.slope import Opinion, opinions
from formclip.runs.store.about import say
from formclip.runs.store.brief import Row, rows
from formclip.runs.store.dates import local_zone
from formclip.runs.store.store import Store
from formclip.runs.store.watch import FOLDER, Watched, file_of, forget_watched, keep_file, keep_watched, watched
from formclip.runs.store.watch import drop_unused as drop_unused_files

_CLIP_KNOWS_S = (
    600.0  # how far a clip's date may be off: a sync ties it to a second, a clock set wrong by minutes is seen
)
_PERSON_KNOWS_S = 14 * 3600.0  # who says a day alone means its noon
_SAME_DAY_S = 36 * 3600.0


class NoMatch(FormclipError):
    """A watch's file that is not of this run, or not surely."""

    exit_code = 21


@dataclass(frozen=True)
class Found:
    """One run and one activity that belong together."""

    activity: Activity
    match: Match

    @property
    def score(self) -> float:
        return self.match.agreement * self.match.stands_out


@dataclass(frozen=True)
class Merged:
    """What a merge has found. dated: the run had no date and has the watch's now."""

    row: Row
    found: Found
    watched: Watched
    opinions: tuple[Opinion, ...]
    dated: bool


def run_of(row: Row) -> Run:
    """The steps of a run of the store.

    Errors    LogError
    """
    return to_run(read_log(row.stored.path), own_clock, row.stored.label)


def _of_nobody(row: Row) -> Run:
    """The run with the speed that the clip estimates of somebody of whom nothing is known."""
    return Run(row.stored.label, to_columns(read_log(row.stored.path), own_clock, Settings()))


def find(row: Row, run: Run, among: list[Activity], path: Path | None = None) -> Found:
    """The activity that is this run.

    Errors    NoMatch
    """
    about_s = row.started.timestamp() if row.started is not None else None
    within_s = _CLIP_KNOWS_S if row.about.began_unix_s is None else _PERSON_KNOWS_S
    label = row.stored.label
    if len(run) < 2:
        raise NoMatch(f"{label} holds no step", "formclip sessions lists the runs")
    tried = []
    for activity in among:
        found = match(run.on_s, activity, about_s, within_s)
        if found is not None:
            tried.append(Found(activity, found))
    good = [one for one in tried if not one.match.refused()]
    if good:
        return max(good, key=lambda one: one.score)
    if tried:
        best = max(tried, key=lambda one: one.score)
        raise NoMatch(f"not surely the run {label}: {best.match.refused()}", _NEXT, path=path)
    raise NoMatch(f"not the run {label}: {_apart(row, run, among)}", _NEXT, path=path)


_NEXT = "take the file of that run; --watch-folder DIR looks for it"


def _apart(row: Row, run: Run, among: list[Activity]) -> str:
    if all(np.isfinite(one.columns["cadence_spm"]).sum() < 60 for one in among):
        return "the watch recorded no cadence, by which they could be matched"
    if row.started is not None:
        about_s = row.started.timestamp()
        spans = " and ".join(f"{_when(one.began_s)} to {_when(one.ended_s)[-5:]}" for one in among[:3])
        if all(one.ended_s < about_s or one.began_s > about_s + run.on_s[-1] for one in among):
            return f"the watch recorded {spans}, the run began {_when(about_s)} (UTC)"
    return "too little running in common"


def _when(unix_s: float) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M}"


def merge(store: Store, row: Row, data: bytes, path: Path | None = None) -> Merged:
    """Put a run and a watch's file together; what an earlier merge of the run had found is replaced.

    Errors    WatchError for no watch's file, NoMatch, LogError, those of the store; then nothing is changed
    """
    run = run_of(row)
    return _keep(store, row, run, find(row, run, activities(data, path), path), data)


def _keep(store: Store, row: Row, run: Run, found: Found, data: bytes) -> Merged:
    """Into the store: the watch's file first, then what was found."""
    view = View(found.activity, found.match)
    seconds = running_seconds(run)
    second = opinions(run.cues, seconds, view.slope_pct(seconds))
    distance_m = distance_of_run(run, view)
    offset_s = found.match.began_s - row.started.timestamp() if row.started is not None else 0.0
    more = {
        "piece": found.activity.piece,
        "activity": found.activity.number,
        "watch": found.activity.maker,
        "wrong": found.activity.wrong,
        "match": {name: round(float(value), 6) for name, value in asdict(found.match).items()},
        "covered": round(covered(run, view), 4),
        "heart_rate_bpm": _known(mean(view.heart_rate_bpm(seconds)), 1),
        "rough_m": _known(view.rough_m, 3),
        "estimate_m": _known(run.distance_m(), 1),
        PACES: paces(_of_nobody(row), view),
        "cues": [asdict(one) | {"places": [list(place) for place in one.places]} for one in second],
    }
    with store.syncing(FOLDER):
        file, sha256 = keep_file(store, data)
        watched = Watched(
            file,
            sha256,
            round(time.time()),
            round(offset_s, 3),
            round(found.match.drift_ppm, 2),
            round(found.match.agreement, 4),
            None if distance_m is None else round(distance_m, 1),
            minutes(run, view),
            more,
        )
        keep_watched(store, row.stored, watched)
    dated = row.started is None
    if dated:
        say(store, row.stored, began_unix_s=found.match.began_s, zone=local_zone())
    return Merged(row, found, watched, tuple(second), dated)


def _known(value: float | None, digits: int) -> float | None:
    return None if value is None or value != value else round(float(value), digits)


def own_speed_of(store: Store, clip: str) -> OwnSpeed | None:
    """What the merged runs of a clip tell of the runner's own speed; None where none does."""
    of_watch = watched(store)
    merged = [row for row in rows(store, clip) if row.stored.key in of_watch and not row.about.hidden]
    merged.sort(key=lambda row: row.started.timestamp() if row.started is not None else 0.0)
    return own_speed([(row.stored.label, of_watch[row.stored.key]) for row in merged])


def undo(store: Store, row: Row) -> None:
    """The run stands alone again; the watch's file goes from the store when no other run has it."""
    forget_watched(store, row.stored)
    drop_unused_files(store)


def activity_of(store: Store, watched: Watched) -> Found:
    """The activity and the match of a merge that was kept.

    Errors    FileError, StoreError, WatchError
    """
    among = activities(file_of(store, watched), store.folder / watched.file)
    for one in among:
        if (one.piece, one.number) == (watched.more.get("piece"), watched.more.get("activity")):
            return Found(one, Match(**watched.more["match"]))
    raise WatchError("the activity of this run is not in it", "merge again", path=store.folder / watched.file)


def with_watch(store: Store, run: Run, watched: Watched) -> bytes:
    """The watch's own FIT file with the run's figures added.

    Errors    those of `activity_of`; CantExport
    """
    found = activity_of(store, watched)
    return into_watch(pieces(file_of(store, watched))[found.activity.piece], run, found.match)


# -- a folder of watches' files ----------------------------------------------------------------------------------------


class WatchFolder:
    """The FIT files in a folder and those below it; each is read only when a run may be in it.

    unreadable   (path, why) of those that were looked at and are no activity

    Errors    FileError where there is no such folder
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FileError("no such folder", "name the one with the watch's files", path=folder)
        self._files = sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".fit" and p.is_file())
        self._begins: dict[Path, list[float]] = {}
        self.unreadable: list[tuple[Path, str]] = []
        self.folder = folder

    def __len__(self) -> int:
        return len(self._files)

    def near(self, row: Row) -> Iterator[tuple[Path, bytes]]:
        """The files in which something begins within a day and a half of the run."""
        about_s = row.started.timestamp() if row.started is not None else None
        for path in self._files:
            begins = self._looked_at(path)
            if about_s is None or any(abs(begin - about_s) <= _SAME_DAY_S for begin in begins):
                if begins:
                    yield path, read_file(path)

    def _looked_at(self, path: Path) -> list[float]:
        if path not in self._begins:
            self._begins[path] = []
            try:
                self._begins[path] = [at for piece in pieces(read_file(path)) for at in _first_time(piece)]
            except FormclipError as error:
                self.unreadable.append((path, error.what))
        return self._begins[path]


def _first_time(piece: Any) -> list[float]:
    """When the first message that has a time was written."""
    for message in messages(piece):
        if isinstance(message, fitdecode.FitDataMessage):
            stamp = native(message, "timestamp", "start_time", "time_created")
            if stamp is not None:
                return [stamp + FIT_EPOCH_S]
    return []


def merge_from(store: Store, row: Row, folder: WatchFolder, on_file: Callable[[Path], None] | None = None) -> Merged:
    """Find the run's file in a folder and merge with it: of several that fit, that which fits best.

    Errors    NoMatch where none fits; those of `merge`
    """
    run = run_of(row)
    best: tuple[Found, bytes] | None = None
    why = ""
    for path, data in folder.near(row):
        if on_file is not None:
            on_file(path)
        try:
            found = find(row, run, activities(data, path), path)
        except (NoMatch, WatchError) as error:
            why = f"; {path.name}: {error.what}"
            continue
        if best is None or found.score > best[0].score:
            best = found, data
    if best is None:
        many = f"none of {len(folder)} files in {folder.folder}" if len(folder) else f"no FIT file in {folder.folder}"
        raise NoMatch(f"{many} is of the run {row.stored.label}{why}", "copy the watch's files there, then try again")
    return _keep(store, row, run, best[0], best[1])
