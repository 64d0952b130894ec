"""Real changes of form inside one runner: short recordings of one person, looped over whole strides and joined.

`alcantara` holds 5 s each of one runner: at one speed with cadences that differ by up to a sixth, at other speeds, and
on slopes. Each recording is looped over its whole strides, for four minutes one, then forty seconds another, then the
first again. Where speed and slope stay and the cadence falls, that is an overstride and is to be cued; everything
else is none. An accelerometer alone, so there is no tilt.
"""

from __future__ import annotations

import json
import lzma
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.ground.trace import open_trace
from formclip.lab.replay import replay_trace
from formclip.lab.validate.figure import Figure, nothing
from formclip.lab.validate.run import PROCESSES, in_processes

Floats = NDArray[np.float64]

BEFORE_S, HELD_S, AFTER_S = 240.0, 40.0, 60.0
MUST_PCT = 6.0  # so much less cadence at one speed and slope is an overstride that must be cued
MAY_PCT = 2.0  # and so much less may be
_GROUP = 4  # 500 Hz to 125
_SPEED_MPS = 3.33

# A third less forward force at the same speed and slope than all others: the sensor had been put on anew.
_PUT_ON_ANEW = ("27", "28", "29")

FEWER, SAME, MORE, SLOPE, SPEED = "fewer steps", "nearly the same", "more steps", "slope", "speed"


@dataclass(frozen=True)
class Condition:
    """One recording over its whole strides."""

    name: str
    speed_mps: float
    slope_deg: float
    cadence_spm: float
    rate_hz: float
    rows: Floats  # (n, 2) vertical and forward, g

    @property
    def put_on_anew(self) -> bool:
        return self.name in _PUT_ON_ANEW


@dataclass(frozen=True)
class Change:
    """One joined run: what changes in it."""

    first: Condition
    then: Condition
    kind: str

    @property
    def name(self) -> str:
        return f"{self.first.name} to {self.then.name}"

    @property
    def cadence_pct(self) -> float:
        return 100 * (self.then.cadence_spm / self.first.cadence_spm - 1)

    @property
    def one_place(self) -> bool:
        """The sensor sat alike in both recordings."""
        return self.first.put_on_anew == self.then.put_on_anew


def condition(path: Path) -> Condition:
    """The samples from the first contact to the last of the same foot."""
    truth = json.loads(path.with_name(path.name.split(".")[0] + ".truth.json").read_text(encoding="utf-8"))
    with lzma.open(path, "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    on_s = [step["on_s"] for step in truth["steps"]]
    on_s = on_s[: len(on_s) - (len(on_s) + 1) % 2]
    rate_hz = float(truth["rate_hz"])
    first, last = (round(s * rate_hz) for s in (on_s[0], on_s[-1]))
    return Condition(
        path.name.split(".")[0].removeprefix("alcantara_"),
        float(truth["speed_mps"]),
        float(truth["slope_deg"]),
        60.0 * (len(on_s) - 1) / (on_s[-1] - on_s[0]),
        rate_hz,
        table[first:last, 1:3],
    )


def changes(conditions: list[Condition]) -> list[Change]:
    """All pairs of one slope at one speed; changes of slope, and of speed, from and to what is run at 3.33 m/s.

    Of slope and speed only where the cadence is the runner's own, or nearly: from and to the one in the middle.
    """
    out = []
    at = [c for c in conditions if c.speed_mps == _SPEED_MPS]
    middle = {}
    for slope in sorted({c.slope_deg for c in at}):
        alike = sorted((c for c in at if c.slope_deg == slope), key=lambda c: c.cadence_spm)
        worn_alike = [c for c in alike if not c.put_on_anew]
        middle[slope] = worn_alike[len(worn_alike) // 2]
        for first in alike:
            for then in alike:
                if first is not then:
                    pct = 100 * (then.cadence_spm / first.cadence_spm - 1)
                    kind = FEWER if pct <= -MUST_PCT else SAME if pct < MAY_PCT else MORE
                    out.append(Change(first, then, kind))
    for slope, first in middle.items():
        out += [Change(first, then, SLOPE) for other, then in middle.items() if other != slope]
        for then in conditions:
            if then.slope_deg == slope and then.speed_mps != _SPEED_MPS and not then.put_on_anew:
                out += [Change(first, then, SPEED), Change(then, first, SPEED)]
    return out


def _looped(c: Condition, seconds: float) -> Floats:
    strides = int(np.ceil(seconds * c.rate_hz / len(c.rows)))
    return np.tile(c.rows, (strides, 1))


def score_change(change: Change) -> dict[str, Any]:
    """When an overstride was cued after the change, what else was, and what became of braking and the heel."""
    parts = [_looped(change.first, BEFORE_S), _looped(change.then, HELD_S), _looped(change.first, AFTER_S)]
    rate_hz = change.first.rate_hz
    begin_s, end_s = len(parts[0]) / rate_hz, (len(parts[0]) + len(parts[1])) / rate_hz
    rows = np.concatenate(parts)
    rows = rows[: len(rows) // _GROUP * _GROUP].reshape(-1, _GROUP, 2).mean(axis=1)
    t_s = np.arange(len(rows)) * _GROUP / rate_hz
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joined.imu.csv"
        with path.open("w", encoding="ascii") as file:
            file.write("t_s,acc_v_g,acc_ap_g\n")
            np.savetxt(file, np.column_stack([t_s, rows]), fmt="%.5f", delimiter=",")
        replayed = replay_trace(open_trace(path), Path(folder) / "session.fclog")
    cues = [cue.t_s for cue in replayed.cues if cue.kind == "overstride"]
    inside = [t for t in cues if begin_s <= t < end_s + 1]
    on_s = replayed.columns["on_s"]
    before = (on_s > begin_s - 30) & (on_s < begin_s)
    held = (on_s > begin_s + 5) & (on_s < end_s)
    rise = {}
    for key in ("braking_mps", "heel_ahead_cm"):
        values = np.abs(replayed.columns[key])
        rise[key] = float(np.nanmean(values[held]) / np.nanmean(values[before]) - 1)
    return {
        "name": change.name,
        "kind": change.kind,
        "cadence_pct": change.cadence_pct,
        "one_place": change.one_place,
        "slopes": [change.first.slope_deg, change.then.slope_deg],
        "speeds": [change.first.speed_mps, change.then.speed_mps],
        "after_s": inside[0] - begin_s if inside else None,
        "elsewhere": len(cues) - len(inside),
        **rise,
    }


def find_changes(paths: list[Path]) -> list[Change]:
    """All changes that the recordings among these traces allow."""
    return changes([condition(path) for path in paths if path.parent.name == "alcantara"])


def score_changes(
    made: list[Change], on_done: Callable[[int], None] | None = None, processes: int = PROCESSES
) -> list[dict[str, Any]]:
    return list(in_processes(score_change, made, on_done, processes))


def joined_rows(results: list[dict[str, Any]] | None) -> list[Figure]:
    """The figures of real changes: overstrides cued, what else was, and whether braking and heel ahead rose."""
    goals = (
        ("real_cued", "real changes of one runner: fewer steps at one speed, cued", "≥ 95 %"),
        ("real_false", "the same: cues in all that is no overstride", "0"),
        ("real_rise", "overstride at one speed: braking and heel ahead both rise", "≥ 95 %"),
        ("real_slower", "slower at one slope: neither rises", "≥ 95 %"),
    )
    if not results:
        return [nothing(*goal, "no recording of one runner at one speed here") for goal in goals]
    fewer = [r for r in results if r["kind"] == FEWER]
    rest = [r for r in results if r["kind"] in (MORE, SLOPE, SPEED)]
    slower = [r for r in results if r["kind"] == SPEED and r["speeds"][1] < r["speeds"][0]]
    cued = [r for r in fewer if r["after_s"] is not None]
    missed = [f"{r['name']}, {r['cadence_pct']:+.0f} %" for r in fewer if r["after_s"] is None]
    cues = [r["name"] for r in rest if r["after_s"] is not None]
    cues += [r["name"] for r in results for _ in range(r["elsewhere"])]
    rose = [r for r in fewer if r["braking_mps"] > 0 and r["heel_ahead_cm"] > 0]
    fell = [r for r in slower if r["braking_mps"] <= 0 and r["heel_ahead_cm"] <= 0]

    def share(some: list[dict[str, Any]], of: list[dict[str, Any]]) -> float:
        return 100 * len(some) / max(1, len(of))

    after = [r["after_s"] for r in cued]
    alike = [r for r in fewer if r["one_place"]]
    when = f", {min(after):.1f} to {max(after):.1f} s after the change" if after else ""
    kinds = [f"{sum(r['kind'] == kind for r in rest)} {kind}" for kind in (MORE, SLOPE, SPEED)]
    kinds = [kind for kind in kinds if not kind.startswith("0 ")]

    def one_place(some: list[dict[str, Any]]) -> str:
        return f"{sum(r['one_place'] for r in some)} of {len(alike)} where the sensor sat alike in both"

    by = [f"{100 * np.mean([r[key] for r in fewer]):+.1f} %" for key in ("braking_mps", "heel_ahead_cm")]
    return [
        Figure(
            *goals[0], f"{len(cued)} of {len(fewer)}", "; ".join(missed) or "none missed",
            share(cued, fewer) >= 95, f"alcantara, cadence {MUST_PCT:.0f} % or more down for {HELD_S:.0f} s{when}; "
            + one_place(cued),
            {"cued": len(cued), "of": len(fewer)},
        ),
        Figure(
            *goals[1], f"{len(cues)}", "; ".join(cues) or "none", not cues,
            f"{len(rest)} changes ({', '.join(kinds)}) and the minutes before and after each", {"cues": len(cues)},
        ),
        Figure(
            *goals[2], f"{len(rose)} of {len(fewer)}", "; ".join(r["name"] for r in fewer if r not in rose) or "none",
            share(rose, fewer) >= 95, f"in the mean {by[0]} and {by[1]}; " + one_place(rose),
            {"rose": len(rose), "of": len(fewer)},
        ),
        Figure(
            *goals[3], f"{len(fell)} of {len(slower)}", "; ".join(r["name"] for r in slower if r not in fell) or "none",
            share(fell, slower) >= 95, "3.33 from 4.17 and 2.5 from 3.33 m/s", {"fell": len(fell), "of": len(slower)},
        ),
    ]  # fmt: skip
