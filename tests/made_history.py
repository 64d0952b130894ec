"""Runs for the tests of what runs say: a history made of figures, without logs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from formclip.runs.insight.digest import FIGURE, STOOD, Digest
from formclip.runs.insight.history import Entry, History
from formclip.runs.store.about import About
from formclip.runs.store.store import Stored
from formclip.runs.store.watch import Watched
from gaitcore.settings import Settings

MONDAY = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)
USUAL = {
    "cadence_spm": 170.0,
    "tilt_deg": 6.0,
    "drop_range_deg": 5.0,
    "rotation_range_deg": 10.0,
    "vo_cm": 9.0,
    "contact_ms": 240.0,
    "balance_pct": 50.0,
    "speed_mps": 3.0,
}
SPREAD = {"balance_pct": 0.2, "speed_mps": 0.1, "cadence_spm": 1.5, "contact_ms": 4.0}  # from minute to minute


def made(
    day=0.0,
    rng=None,
    minutes=20,
    watch_mps=None,
    slope=None,
    distance_m=3600.0,
    speed_effect=None,
    thirds=None,
    about=None,
    clip="clip",
    number=None,
    **figures,
):
    """One run. figures: what differs from USUAL; speed_effect: by key, what 1 m/s does to it within the run."""
    rng = rng or np.random.default_rng(round(day * 10))
    means = {**USUAL, **{key: value for key, value in figures.items() if key in FIGURE}}
    rest = {key: value for key, value in figures.items() if key not in FIGURE}
    speed = (watch_mps or means["speed_mps"]) + 0.25 * rng.standard_normal(minutes)
    columns = {
        "t_s": 60.0 * np.arange(minutes),
        "running_s": np.full(minutes, 60.0),
        "steps": np.full(minutes, 170.0),
        "cues": np.zeros(minutes),
    }
    for key in FIGURE:
        if key in means:
            spread = SPREAD.get(key, 0.04 * abs(means[key]))
            columns[key] = means[key] + spread * rng.standard_normal(minutes)
            columns[key] += (speed_effect or {}).get(key, 0.0) * (speed - 3.0)
        else:
            columns[key] = np.full(minutes, np.nan)
    if watch_mps is None:
        columns["speed_mps"] = speed
    watched = None
    if watch_mps is not None:
        slopes = np.zeros(minutes) if slope is None else np.broadcast_to(np.asarray(slope, float), (minutes,)).copy()
        columns_of = {"t_s": columns["t_s"], "speed_mps": speed, "slope_pct": slopes, "heart_rate_bpm": 150 + slopes}
        watched = Watched("w.fit", "00", 0, 0.0, 0.0, 0.99, 60.0 * float(speed.sum()), columns_of)
    told = {
        "firmware": "0.1.0",
        "settings": Settings().to_dict(),
        "calibration": STOOD,
        "steps": 170 * minutes,
        "running_s": 60.0 * minutes,
        "lasted_s": 60.0 * minutes,
        "distance_m": distance_m,
        "distance_90_m": 0.15 * distance_m if distance_m else None,
        "means": {key: [float(columns[key].mean()), 0.05 * SPREAD.get(key, 1.0)] for key in means},
        "thirds": thirds or {key: [means[key], means[key], 0] for key in means if key != "balance_pct"},
        "minutes": columns,
    }
    started = MONDAY + timedelta(days=day)
    n = number if number is not None else round(day * 100) + 1
    stored = Stored(clip, n, n, 1000, 1, 0, Path(f"{n}.fclog"), True)
    return Entry(stored, started, about or About(), Digest(**{**told, **rest}), watched)


def history_of(entries):
    return History(sorted(entries, key=lambda entry: entry.started))
