"""A run's figures in short, kept in the index: what a line over weeks needs of each of a thousand runs.

Made from the log alone, and made again by another version or when it is thrown away.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from gaitcore import records
from gaitcore.records import SLIPPED

from formclip.ground.columns import own_clock, to_run
from formclip.ground.errors import FormclipError, printable
from formclip.ground.log import Log, read_log
from formclip.ground.metrics import METRICS, Metric
from formclip.ground.run import BOUT_GAP_S, Floats, Run, mean
from formclip.ground.version import VERSION
from formclip.runs.insight.compare import balance_percent, sides, standard_error, thirds
from formclip.runs.insight.episodes import Episode, episodes
from formclip.runs.store.store import Key, Store, Stored

MADE_BY = f"{VERSION}/3"  # the last figure: of what is kept

# Of both feet's contact times, so it has no column of its own.
BALANCE = Metric(
    "balance_pct",
    "Balance",
    "% left",
    1,
    1,
    estimate=True,
    what="The left foot's share of ground contact.",
    standing="From the contact times, an estimate; the difference of the sides holds better than either.",
)
FIGURES: tuple[Metric, ...] = (*METRICS, BALANCE)
FIGURE: dict[str, Metric] = {metric.key: metric for metric in FIGURES}
_HEAD = ("t_s", "running_s", "steps", "cues")  # of a minute, before its means
_FEWEST_OF_A_SIDE = 8

STOOD, KEPT, NONE = "stood", "kept", "none"  # calibration: the runner stood still for it, one of before, none


@dataclass(frozen=True)
class Digest:
    """A run in figures. `problem`: why nothing is known of it; else empty.

    means     by metric: mean and standard error, over steps, of what can be trusted
    widths    by metric: half width of the estimate's 90 % interval, where there is one
    thirds, sides   by metric: first and last third, left and right, and -1, 0, 1 as `compare.Change.trend`
    episodes  faults that were held long enough to be cued, as `faults` gives them
    minutes   columns of equal length, one entry a minute with steps: t_s where it begins, running_s in it, steps,
              cues of a fault, and the mean of each figure; NaN where it is not known
    """

    firmware: str = ""
    has_gyro: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
    calibration: str = NONE
    quality: int | None = None
    slipped_pct: float = 0.0
    baseline: dict[str, Any] = field(default_factory=dict)
    steps: int = 0
    running_s: float = 0.0
    lasted_s: float = 0.0
    distance_m: float | None = None
    distance_90_m: float | None = None
    means: dict[str, list[float]] = field(default_factory=dict)
    widths: dict[str, float] = field(default_factory=dict)
    thirds: dict[str, list[float]] = field(default_factory=dict)
    sides: dict[str, list[float]] = field(default_factory=dict)
    cues: dict[str, int] = field(default_factory=dict)
    battery_pct: int | None = None  # the last that the clip told
    episodes: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    problem: str = ""
    minutes: dict[str, Floats] = field(default_factory=dict, compare=False)

    def faults(self) -> list[Episode]:
        """The faults that were held long enough to be cued, cued or not."""
        return [Episode(**one) for one in self.episodes]


def digest_of(stored: Stored) -> Digest:
    """From the log itself."""
    try:
        log = read_log(stored.path)
        return make_digest(log, to_run(log, own_clock))
    except FormclipError as error:
        return Digest(problem=error.what)
    except Exception as error:  # one session that nothing here was made for must not hide the others
        return Digest(problem=printable(f"can't be read ({type(error).__name__}: {error})"))


def make_digest(log: Log, run: Run) -> Digest:
    calibrated = log.events(records.CALIBRATED)
    flags = run.column("flags") if len(run) else np.zeros(0)
    slipped = np.mean(flags.astype(int) & SLIPPED != 0) if len(run) and "flags" in run.columns else 0.0
    baselines = log.events(records.BASELINE)
    minutes = minutes_of(run)
    faults = [cue for cue in run.cues if cue.kind != "ok"]
    distance_m = run.distance_m() if len(run) else None
    speed, width = mean(run.column("speed_mps")), mean(run.column("speed_mps_90"))
    return Digest(
        firmware=_text(log.start.get("firmware", b"")),
        has_gyro=bool(log.start.get("has_gyro", 1)),
        settings=log.settings().to_dict(),
        calibration=(KEPT if calibrated[-1][1]["source"] else STOOD) if calibrated else NONE,
        quality=calibrated[-1][1]["quality"] if calibrated else None,
        slipped_pct=round(100 * float(slipped), 1),
        baseline=dict(baselines[-1][1]) if baselines else {},
        steps=len(run),
        running_s=round(run.running_s(), 1) if len(run) else 0.0,
        lasted_s=round(float(run.on_s[-1] - run.on_s[0]), 1) if len(run) else 0.0,
        distance_m=None if distance_m is None else round(distance_m, 1),
        distance_90_m=round(distance_m * width / speed, 1) if distance_m and math.isfinite(width / speed) else None,
        means=_means(run, minutes),
        widths={
            metric.key: round(mean(run.column(metric.key + "_90")), 5)
            for metric in METRICS
            if math.isfinite(mean(run.column(metric.key + "_90")))
        },
        thirds=_changes(run, thirds),
        sides=_changes(run, sides),
        cues={kind: sum(cue.kind == kind for cue in faults) for kind in sorted({cue.kind for cue in faults})},
        battery_pct=log.events(records.BATTERY)[-1][1]["percent"] if log.events(records.BATTERY) else None,
        episodes=[asdict(one) for one in episodes(log, run)] if len(run) else [],
        problems=log.problems,
        minutes=minutes,
    )


def _text(data: object) -> str:
    return printable(data.decode(errors="replace") if isinstance(data, bytes) else str(data))


def _means(run: Run, minutes: dict[str, Floats]) -> dict[str, list[float]]:
    found = {}
    for metric in METRICS:
        values = run.trusted(metric.key)
        values = values[np.isfinite(values)]
        if len(values) > 1:
            found[metric.key] = [round(float(values.mean()), 5), round(standard_error(values), 6)]
    share = balance_percent(run) if len(run) else None
    if share is not None:
        known = minutes[BALANCE.key][np.isfinite(minutes[BALANCE.key])]
        error = float(known.std(ddof=1) / math.sqrt(len(known))) if len(known) > 2 else math.nan
        if math.isfinite(error):
            found[BALANCE.key] = [round(share, 4), round(error, 5)]
    return found


def _changes(run: Run, compare: Callable[[Run, str], Any]) -> dict[str, list[float]]:
    found = ((metric.key, compare(run, metric.key)) for metric in METRICS)
    return {key: [round(c.before, 5), round(c.after, 5), c.trend] for key, c in found if c is not None}


def minutes_of(run: Run) -> dict[str, Floats]:
    """Means of each minute of the session's clock that has steps."""
    on_s = run.on_s
    minute = (on_s // 60).astype(int)
    if not len(on_s):
        return {key: np.zeros(0) for key in (*_HEAD, *FIGURE)}
    numbers, place = np.unique(minute, return_inverse=True)
    n = len(numbers)
    gaps = np.append(np.diff(on_s), 0.0)
    gaps[gaps > BOUT_GAP_S] = 0.0
    out = {
        "t_s": numbers * 60.0,
        "running_s": np.bincount(place, gaps, n),
        "steps": np.bincount(place, minlength=n).astype(float),
        "cues": np.zeros(n),
    }
    for cue in run.cues:
        if cue.kind != "ok":
            out["cues"][min(n - 1, int(np.searchsorted(numbers, int(cue.t_s // 60))))] += 1
    for metric in METRICS:
        out[metric.key] = _mean_by(place, run.trusted(metric.key), n)
    side, contact = run.column("side"), run.column("contact_ms")
    left = _mean_by(place, np.where(side == 0, contact, math.nan), n, _FEWEST_OF_A_SIDE)
    right = _mean_by(place, np.where(side == 1, contact, math.nan), n, _FEWEST_OF_A_SIDE)
    out[BALANCE.key] = 100 * left / (left + right)
    return out


def _mean_by(place: Any, values: Floats, n: int, fewest: int = 1) -> Floats:
    known = np.isfinite(values)
    count = np.bincount(place[known], minlength=n)
    total = np.bincount(place[known], values[known], n)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= fewest, total / count, math.nan)


# -- kept in the index -------------------------------------------------------------------------------------------------


def digests(store: Store, sessions: list[Stored], on_done: Callable[[int], None] | None = None) -> dict[Key, Digest]:
    """The digest of each session; those that the index has not are made and kept.

    on_done   is given how many logs have been read, of those that are not in the index yet
    """
    with store.index() as index:
        rows = index.execute(
            "SELECT clip, number, crc32, told, minutes FROM digest WHERE made_by = ?", (MADE_BY,)
        ).fetchall()
    kept = {(clip, number, crc32): (told, minutes) for clip, number, crc32, told, minutes in rows}
    out: dict[Key, Digest] = {}
    fresh: list[tuple[Any, ...]] = []
    made = 0
    for stored in sessions:
        found = _unpacked(*kept[stored.key]) if stored.key in kept else None
        if found is None:
            found = digest_of(stored)
            made += 1
            if not found.problem:
                fresh.append((*stored.key, MADE_BY, *_packed(found)))
            if on_done is not None:
                on_done(made)
            if len(fresh) >= 50:
                _keep(store, fresh)
                fresh = []
        out[stored.key] = found
    _keep(store, fresh)
    return out


def _keep(store: Store, fresh: list[tuple[Any, ...]]) -> None:
    if fresh:
        with store.index() as index:
            index.execute("BEGIN")
            index.executemany("INSERT OR REPLACE INTO digest VALUES (?, ?, ?, ?, ?, ?)", fresh)
            index.execute("COMMIT")


def _packed(digest: Digest) -> tuple[str, bytes]:
    """As text, and the minutes as 32-bit floats column by column."""
    told = {name: value for name, value in asdict(digest).items() if name != "minutes"}
    told["columns"] = list(digest.minutes)
    data = np.array([digest.minutes[key] for key in digest.minutes], dtype="<f4").tobytes()
    return json.dumps(told), data


def _unpacked(told: str, data: bytes) -> Digest | None:
    try:
        found = json.loads(told)
        columns = found.pop("columns")
        table = np.frombuffer(data, dtype="<f4").reshape(len(columns), -1).astype(np.float64)
        return Digest(**found, minutes=dict(zip(columns, table, strict=True)))
    except (ValueError, TypeError, KeyError):
        return None
