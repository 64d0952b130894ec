"""What a run's watch adds: its distance, and minute by minute speed, slope and heart rate.

The store keeps what was found when the two were merged, and the watch's file byte for byte in STORE/watch/, named by
its SHA-256. The file is on the disk before the index names it, so a process that dies leaves either no merge or a whole
one. `merge` writes this; trends, load and exports read it.
"""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from formclip.ground.errors import from_os_error
from formclip.ground.files import write_whole
from formclip.ground.run import Floats
from formclip.runs.store.errors import InUse, disk_error
from formclip.runs.store.index import StoreError, private
from formclip.runs.store.store import Key, Store, Stored

FOLDER = "watch"
MINUTES = ("t_s", "speed_mps", "slope_pct", "heart_rate_bpm")


@dataclass(frozen=True)
class Watched:
    """One watch's activity beside one run.

    file, sha256   of the watch's file; its place in the store's folder
    offset_s, drift_ppm   the watch's clock less the run's at the run's beginning, and how it drifts
    agreement      how well the two cadences fit, 1 at best
    minutes        columns of equal length, by MINUTES: t_s where a minute of the run's own clock begins, as in the
                   digest; means in it, NaN where the watch does not know
    more           whatever else was found, ready for JSON
    """

    file: str
    sha256: str
    merged_unix_s: int
    offset_s: float
    drift_ppm: float
    agreement: float
    distance_m: float | None = None
    minutes: dict[str, Floats] = field(default_factory=dict, compare=False)
    more: dict[str, Any] = field(default_factory=dict)

    def at(self, name: str, t_s: Floats) -> Floats:
        """A minute's column at the run's minutes that begin at `t_s`; NaN where it has none."""
        out = np.full(len(t_s), math.nan)
        known = self.minutes.get("t_s", np.zeros(0))
        if len(known) and name in self.minutes:
            place = np.clip(np.searchsorted(known, t_s), 0, len(known) - 1)
            found = known[place] == t_s
            out[found] = self.minutes[name][place[found]]
        return out


def watched(store: Store) -> dict[Key, Watched]:
    """Of every run that has been merged with a watch's file."""
    with store.index() as index:
        rows = index.execute(
            "SELECT clip, number, crc32, file, sha256, merged_unix_s, offset_s, drift_ppm, agreement, distance_m, told "
            "FROM watch"
        ).fetchall()
    return {(clip, number, crc32): _unpacked(rest) for clip, number, crc32, *rest in rows}


def keep_file(store: Store, data: bytes) -> tuple[str, str]:
    """A watch's file into the store; (file, sha256) for `Watched`. The same bytes are kept once.

    While `store.syncing(FOLDER)` is held, `drop_unused` lets it lie until a run names it.
    Errors    FileError, StoreError; nothing is left half written
    """
    sha256 = hashlib.sha256(data).hexdigest()
    file = f"{FOLDER}/{sha256[:16]}.fit"
    path = store.folder / file
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        private(path.parent)
        if not (path.is_file() and fits(path.read_bytes(), sha256)):
            write_whole(path, data)
        private(path)
        if not fits(path.read_bytes(), sha256):
            raise StoreError("the watch's file reads back damaged", "check the disk, then merge again", path=path)
    except OSError as error:
        raise disk_error(error, path) from None
    return file, sha256


def fits(data: bytes, sha256: str) -> bool:
    """The bytes are those that were kept."""
    return hashlib.sha256(data).hexdigest() == sha256


def file_of(store: Store, found: Watched) -> bytes:
    """The watch's file, byte for byte.

    Errors    FileError where it is gone, StoreError where it is not what it was
    """
    path = store.folder / found.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    if not fits(data, found.sha256):
        raise StoreError("the watch's file is not what it was", "merge the run with it again", path=path)
    return data


def drop_unused(store: Store) -> None:
    """Delete the files that no run is merged with any more; while another process merges, none."""
    folder = store.folder / FOLDER
    if not folder.is_dir():
        return
    with suppress(InUse), store.syncing(FOLDER):
        used = {found.file for found in watched(store).values()}
        for path in folder.glob("*.fit"):
            if f"{FOLDER}/{path.name}" not in used:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise disk_error(error, path) from None


def keep_watched(store: Store, stored: Stored, found: Watched) -> None:
    """Keep what was found; what another merge of this run had found is replaced."""
    minutes = {name: [_rounded(v) for v in column.tolist()] for name, column in found.minutes.items()}
    told = json.dumps({"minutes": minutes, "more": found.more})
    with store.index() as index:
        index.execute(
            "INSERT OR REPLACE INTO watch (clip, number, crc32, file, sha256, merged_unix_s, offset_s, drift_ppm, "
            "agreement, distance_m, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *stored.key,
                found.file,
                found.sha256,
                found.merged_unix_s,
                found.offset_s,
                found.drift_ppm,
                found.agreement,
                found.distance_m,
                told,
            ),
        )


def forget_watched(store: Store, stored: Stored) -> None:
    """The run is no longer merged with a watch's file; `drop_unused` deletes the file."""
    with store.index() as index:
        index.execute("DELETE FROM watch WHERE clip = ? AND number = ? AND crc32 = ?", stored.key)


def _rounded(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _unpacked(row: list[Any]) -> Watched:
    file, sha256, merged_unix_s, offset_s, drift_ppm, agreement, distance_m, text = row
    told = json.loads(text)
    minutes = {
        name: np.array([math.nan if v is None else v for v in column], dtype=np.float64)
        for name, column in told.get("minutes", {}).items()
    }
    return Watched(
        file, sha256, merged_unix_s, offset_s, drift_ppm, agreement, distance_m, minutes, told.get("more", {})
    )
