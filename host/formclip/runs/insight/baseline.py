"""The runner's own baselines over runs: cadence, tilt and braking as they are at the usual pace, from quiet runs.

Each session measures its own in its first quiet minutes. One session's is not steady: the clip sits a little
differently each day. So the last five count, the latest most.

Source    Ahamed 2018, 2019 (one lower-back IMU): 4 to 5 runs until a personal baseline is steady; the weights, and by
          how much limits are wider until then, are ours
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from gaitcore.baseline import NO_VALUE

from formclip.ground.metrics import METRIC
from formclip.ground.text import number, with_unit
from formclip.runs.insight.digest import NONE
from formclip.runs.insight.history import Entry, History
from formclip.runs.insight.pace import Pace
from formclip.runs.store.lent import fact, say_fact
from formclip.runs.store.store import ADDED, Store

OF = 5  # runs until it is steady
FEWEST = 2  # with one run, the session's own two minutes are as good
FRESHER = 0.8  # a run weighs so much of the one after it
NEAR_PACE = 0.12  # of the usual speed: runs further from it are not quiet
WIDER = {1: 2, 2: 2, 3: 1, 4: 1}  # degrees of tilt, percent of cadence, by the runs there are
WIDENED = ("tilt_cue_deg", "overstride_cadence_pct")
_LEARNED = (0, 2)  # sources of BASELINE: by the session itself, alone or beside one that was carried over
_HARD = ("tempo", "intervals", "race", "hills")
_RESET = "baseline_since"
_MEASURES = (
    ("cadence_spm", "cadence_dspm", "own_cadence_dspm", 10.0),
    ("tilt_deg", "tilt_cdeg", "own_tilt_cdeg", 100.0),
    ("pelvis_loss_mps", "pelvis_loss_mmps", "own_brake_mmps", 1000.0),
)


@dataclass(frozen=True)
class Own:
    """One baseline. value, in the metric's unit; spread: standard deviation between its `runs`, NaN with one."""

    key: str
    title: str
    unit: str
    value: float
    spread: float
    runs: int
    said: str


@dataclass(frozen=True)
class Baseline:
    """All of them, from the runs named.

    steady    OF quiet runs are there
    settings  what a clip is given at its next sync; empty with fewer than FEWEST runs
    wider     by so much the limits of WIDENED are wider for now
    """

    own: tuple[Own, ...]
    labels: tuple[str, ...]
    runs: int
    steady: bool
    settings: dict[str, int]
    wider: int
    since: date | None
    said: tuple[str, ...]


def baseline(runs: History, since_unix_s: float = 0.0) -> Baseline:
    """From the last five quiet runs since a moment."""
    quiet = _quiet(runs, since_unix_s)[-OF:]
    weights = np.array([FRESHER ** (len(quiet) - 1 - i) for i in range(len(quiet))])
    own: list[Own] = []
    settings: dict[str, int] = {}
    for key, told, setting, scale in _MEASURES:
        found = [entry.digest.baseline[told] for entry in quiet]
        known = np.array([counts(entry, told) for entry in quiet], dtype=bool)
        values, of = np.array(found, dtype=np.float64)[known] / scale, weights[known]
        if len(values):
            value = float(values @ of / of.sum())
            own.append(_own(key, value, float(values.std(ddof=1)) if len(values) > 1 else math.nan, len(values)))
            if len(values) >= FEWEST:
                settings[setting] = round(value * scale)
    complete = {"own_cadence_dspm", "own_tilt_cdeg"} <= settings.keys()
    n = len(quiet)
    wider = WIDER.get(max(n, 1) if since_unix_s else n, 0)
    return Baseline(
        tuple(own),
        tuple(entry.label for entry in quiet),
        n,
        n >= OF,
        settings if complete else {},
        wider,
        datetime.fromtimestamp(since_unix_s).date() if since_unix_s else None,
        tuple(_said(n, wider, complete)),
    )


def counts(entry: Entry, told: str) -> bool:
    """Whether a run's own figure can be believed."""
    value = entry.digest.baseline[told]
    return value != NO_VALUE and not (told == "tilt_cdeg" and entry.digest.calibration == NONE)


def reset(store: Store, now_unix_s: float) -> None:
    """Runs up to now no longer count."""
    say_fact(store, _RESET, str(now_unix_s))


def since_of(store: Store) -> float:
    """From when on runs count."""
    return float(fact(store, _RESET) or 0.0)


def _quiet(runs: History, since_unix_s: float) -> list[Entry]:
    """Runs of a clip at the usual pace, that learned a baseline with the clip where it was put."""
    pace = Pace(runs.entries)
    out = []
    for entry, speed_mps in zip(runs.entries, pace.speed_mps.tolist(), strict=True):
        digest = entry.digest
        far = math.isfinite(speed_mps) and abs(speed_mps - pace.usual_mps) > NEAR_PACE * pace.usual_mps
        learned = digest.baseline.get("source") in _LEARNED
        beaten = digest.settings["mode"] == "metronome"
        elsewhere = entry.stored.clip == ADDED or entry.started.timestamp() < since_unix_s
        if learned and not (far or beaten or elsewhere or digest.slipped_pct or entry.about.kind in _HARD):
            out.append(entry)
    return out


def _own(key: str, value: float, spread: float, runs: int) -> Own:
    metric = METRIC[key]
    digits = metric.digits + 1 if metric.digits < 3 else metric.digits
    between = f"; from run to run it differs by ±{number(spread, digits)} (SD)" if math.isfinite(spread) else ""
    return Own(
        key,
        metric.title,
        metric.unit,
        value,
        spread,
        runs,
        f"{with_unit(number(value, digits), metric.unit)}, run {runs} of {OF}{between}.",
    )


def _said(n: int, wider: int, complete: bool) -> list[str]:
    if n >= OF:
        said = ["Steady: five quiet runs."]
    else:
        said = [f"Run {n} of {OF}: not steady yet."]
    if wider:
        said.append(f"Until it is, the arch is cued {wider}° and overstriding {wider} % beyond what you have set.")
    if not complete:
        said.append(
            f"The clip learns its own in each session's first minutes: to carry one over needs {FEWEST} quiet runs."
        )
    said.append(
        "A quiet run is one of a clip at your usual pace that was no tempo, intervals, race or hills, not to the "
        "metronome, and in which the clip did not slip."
    )
    return said
