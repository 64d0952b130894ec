"""What a watch recorded: its activities, each as columns over time.

Records of the same second are one, the later one fills what the earlier one lacks. Seconds between two records are
theirs where they are at most 10 s apart (smart recording); longer holes, and what lies between a stop of the timer and
its next start, are pauses: nothing is known of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fitdecode
import numpy as np

from formclip.ground.errors import from_os_error
from formclip.ground.run import Floats
from formclip.runs.exchange.pieces import Piece, WatchError, messages, native, pieces, word

FIT_EPOCH_S = 631065600  # 1989-12-31 00:00 UTC
SMART_S = 10.0  # of smart recording: records are up to 9 s apart
_LARGEST_B = 100_000_000
_EARLIEST_S = 0x10000000  # below it FIT counts from switching on, and no date is known
_STEPS_NOT_STRIDES = 125.0  # no runner takes so many strides in a minute, and none so few steps
_MOST_SPM = 300.0
_FIELDS = {
    "cadence": ("cadence256", "cadence"),
    "fraction": ("fractional_cadence",),
    "speed_mps": ("enhanced_speed", "speed"),
    "distance_m": ("distance",),
    "altitude_m": ("enhanced_altitude", "altitude"),
    "heart_rate_bpm": ("heart_rate",),
}
COLUMNS = ("cadence_spm", "speed_mps", "distance_m", "altitude_m", "heart_rate_bpm")


@dataclass(frozen=True)
class Activity:
    """One activity of a watch.

    t_s       (n,) unix seconds by the watch's clock, increasing, each once
    columns   by COLUMNS, (n,) each, NaN where not recorded; cadence in steps a minute, distance since the beginning
    pauses    (from_s, to_s), apart and in order: the timer stood, or nothing was recorded
    sport     as the watch calls it; empty where it does not
    piece, number   which of the chained files, which activity in it
    wrong     what is not as it should be with the file
    """

    t_s: Floats
    columns: dict[str, Floats]
    pauses: tuple[tuple[float, float], ...]
    sport: str
    maker: str
    piece: int
    number: int
    wrong: str = ""

    @property
    def began_s(self) -> float:
        return float(self.t_s[0])

    @property
    def ended_s(self) -> float:
        return float(self.t_s[-1])

    def at(self, name: str, t_s: Floats) -> Floats:
        """A column at other times: between two records theirs; NaN in pauses and outside."""
        values = self.columns[name]
        known = np.isfinite(values)
        if known.sum() < 2:
            return np.full(len(t_s), np.nan)
        times = self.t_s[known]
        out = np.interp(t_s, times, values[known], np.nan, np.nan)
        after = np.clip(np.searchsorted(times, t_s, "left"), 1, len(times) - 1)
        out[(times[after] - times[after - 1] > SMART_S) & (t_s != times[after]) & (t_s != times[after - 1])] = np.nan
        out[self.paused(t_s)] = np.nan
        return out

    def paused(self, t_s: Floats) -> np.ndarray:
        """Which of these times lie within a pause; its ends do not."""
        inside = np.zeros(len(t_s), dtype=bool)
        for begin, end in self.pauses:
            inside |= (t_s > begin) & (t_s < end)
        return inside

    def moving_s(self) -> float:
        """Seconds without the pauses."""
        return self.ended_s - self.began_s - sum(end - begin for begin, end in self.pauses)


def read_file(path: Path) -> bytes:
    """A watch's file, byte for byte.

    Errors    FileError, WatchError
    """
    try:
        if path.stat().st_size > _LARGEST_B:
            raise WatchError("too large for a watch's file", "name a .fit file", path=path)
        return path.read_bytes()
    except OSError as error:
        raise from_os_error(error, path, "read") from None


def activities(data: bytes, path: Path | None = None) -> list[Activity]:
    """Every activity in a FIT file that has records with a time.

    Errors    WatchError where there is none
    """
    try:
        found = [one for i, piece in enumerate(pieces(data)) for one in _of_piece(piece, i)]
    except WatchError as error:
        raise WatchError(error.what, error.next_step, path=path) from None
    if not found:
        raise WatchError("no activity with times in it", "name the file of a run, not one of settings", path=path)
    return found


@dataclass
class _Told:
    """What the messages of one file say. sessions: (begin_s, end_s, sport)."""

    rows: list[tuple[float, dict[str, float]]]
    timer: list[tuple[float, bool]]
    sessions: list[tuple[float, float, str]]
    sport: str
    maker: str


def _of_piece(piece: Piece, number: int) -> list[Activity]:
    told = _listen(piece)
    if len(told.rows) < 2:
        return []
    rows = sorted(told.rows, key=lambda row: row[0])
    t_s, columns = _columns(rows)
    spans = sorted(told.sessions) if len(told.sessions) > 1 else [(t_s[0], t_s[-1], told.sport)]
    if len(told.sessions) == 1:
        spans = [(t_s[0], t_s[-1], told.sessions[0][2] or told.sport)]
    out: list[Activity] = []
    for i, (begin, _, sport) in enumerate(spans):
        # Of several activities each ends where the next begins: their ends are summed up before, between or after.
        until = spans[i + 1][0] if i + 1 < len(spans) else np.inf
        since = begin if i else -np.inf
        inside = (t_s >= since) & (t_s < until)
        if inside.sum() < 2:
            continue
        times = t_s[inside]
        of_this = {name: values[inside] for name, values in columns.items()}
        pauses = _pauses(times, told.timer)
        out.append(Activity(times, of_this, pauses, sport, told.maker, number, len(out), piece.wrong))
    return out


def _listen(piece: Piece) -> _Told:
    told = _Told([], [], [], "", "")
    for message in messages(piece):
        if not isinstance(message, fitdecode.FitDataMessage):
            continue
        name = message.name
        if name == "file_id":
            told.maker = told.maker or " ".join(
                part for part in (word(message, "manufacturer"), word(message, "garmin_product")) if part
            )
        elif name == "sport":
            told.sport = word(message, "sport")
        elif name in ("record", "event", "session"):
            stamp = native(message, "start_time" if name == "session" else "timestamp")
            if stamp is None or stamp < _EARLIEST_S:
                continue
            at_s = stamp + FIT_EPOCH_S
            if name == "session":
                lasted = native(message, "total_elapsed_time")
                told.sessions.append((at_s, at_s + (lasted or 0.0), word(message, "sport")))
            elif name == "event":
                kind = word(message, "event_type")
                if word(message, "event") == "timer" and (kind == "start" or kind.startswith("stop")):
                    told.timer.append((at_s, kind == "start"))
            else:
                at_s += native(message, "fractional_timestamp") or 0.0
                values = {column: native(message, *names) for column, names in _FIELDS.items()}
                told.rows.append((at_s, {column: v for column, v in values.items() if v is not None}))
    return told


def _columns(rows: Sequence[tuple[float, dict[str, float]]]) -> tuple[Floats, dict[str, Floats]]:
    """Rows of one time made one, as columns."""
    merged: list[tuple[float, dict[str, float]]] = []
    for at_s, values in rows:
        if merged and merged[-1][0] == at_s:
            merged[-1][1].update(values)
        else:
            merged.append((at_s, dict(values)))
    t_s = np.array([at_s for at_s, _ in merged])
    table = {name: np.array([values.get(name, np.nan) for _, values in merged]) for name in _FIELDS}
    cadence = table.pop("cadence") + np.nan_to_num(table.pop("fraction"))
    moving = cadence[cadence > 30]
    spm = cadence * (1 if len(moving) and np.median(moving) >= _STEPS_NOT_STRIDES else 2)
    columns = {"cadence_spm": np.where(spm <= _MOST_SPM, spm, np.nan), **table}
    for name in ("speed_mps", "distance_m", "heart_rate_bpm"):
        columns[name] = np.where(columns[name] >= 0, columns[name], np.nan)
    columns["distance_m"] = _distance(t_s, columns["distance_m"], columns["speed_mps"])
    return t_s, columns


def _distance(t_s: Floats, distance_m: Floats, speed_mps: Floats) -> Floats:
    """Distance as recorded; where a watch recorded speed alone, its sum."""
    known = np.isfinite(distance_m)
    if known.sum() >= 2:
        out = distance_m.copy()
        out[known] = np.maximum.accumulate(distance_m[known])
        return out
    if np.isfinite(speed_mps).sum() < 2:
        return distance_m
    steps = np.minimum(np.diff(t_s, prepend=t_s[:1]), SMART_S)
    return np.cumsum(np.nan_to_num(speed_mps) * steps)


def _pauses(t_s: Floats, timer: list[tuple[float, bool]]) -> tuple[tuple[float, float], ...]:
    """Where the timer stood between the first and the last record, and holes."""
    found = [(float(a), float(b)) for a, b in zip(t_s[:-1], t_s[1:]) if b - a > SMART_S]
    stopped: float | None = None
    for at_s, starts in sorted(timer, key=lambda event: event[0]):
        if not starts:
            stopped = at_s if stopped is None else stopped
        elif stopped is not None:
            found.append((stopped, at_s))
            stopped = None
    out: list[tuple[float, float]] = []
    for begin, end in sorted(found):
        begin, end = max(begin, float(t_s[0])), min(end, float(t_s[-1]))
        if begin >= end:
            continue
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return tuple(out)
