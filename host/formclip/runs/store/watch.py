"""What a run's watch adds: its distance, and minute by minute speed, slope and heart rate.

The store keeps what was found when the two were merged; the watch's file itself lies where `file` says and is never
changed. `merge` writes this; trends, load and exports read it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from formclip.ground.run import Floats
from formclip.runs.store.store import Key, Store, Stored

MINUTES = ("t_s", "speed_mps", "slope_pct", "heart_rate_bpm")


@dataclass(frozen=True)
class Watched:
    """One watch's activity beside one run.

    file, sha256   of the watch's file
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
    """The run is no longer merged with a watch's file."""
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
