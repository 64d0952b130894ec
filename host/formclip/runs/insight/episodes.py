"""Faults in a run, each from its own beginning, whether it was cued or not: what the effect of cues is read from.

The clip's own engine goes over the log again and is watched: when it holds a fault long enough to cue it, and what it
does then. In a run in silent mode, in the part of a faded course without cues, or when six cues in ten minutes are
over, it holds faults just as long and cues none: these are what cued ones are compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gaitcore import records
from gaitcore.cue import ARCH, OVERSTRIDE, CueEngine, faded_share_pct
from gaitcore.settings import Settings

from formclip.ground.log import Log
from formclip.ground.run import BOUT_GAP_S, Floats, Run, mean
from formclip.ground.words import CUE_KINDS

CUED = "cued"
# Why a fault that was held long enough was not cued.
SILENT, FADED, LIMIT, MUTED, GAP, WARM_UP, METRONOME, OTHER, UNSTEADY = (
    "silent",
    "faded",
    "limit",
    "muted",
    "gap",
    "warm-up",
    "metronome",
    "other cue",
    "unsteady",
)
WHY = {
    SILENT: "in silent runs",
    FADED: "in the part of a faded course without cues",
    LIMIT: "after as many cues as the limit allows",
    MUTED: "while cues were muted",
    GAP: "in the gap after another cue",
    WARM_UP: "in the warm-up",
    METRONOME: "with the metronome",
    OTHER: "where another cue came",
    UNSTEADY: "where the running was not steady",
}
FIGURES = ("cadence_spm", "tilt_deg", "braking_mps", "vo_cm", "contact_ms", "impact_g")
BALANCE = "balance_pct"
AFTER_S = (2.0, 17.0)  # of the moment: a step is felt and answered from its second stride on
_LATE_S = 1.5  # a cue that comes later than this after the fault was held long enough is none of that moment
_FEWEST_STEPS = 8
_FADED_CYCLE_MS = 600_000


@dataclass(frozen=True)
class Episode:
    """One fault that was held long enough to be cued.

    kind      as in words.CUE_KINDS
    began_s   of the session's clock; held_s: when it had been held long enough; back_s: when it was clearly back, None
              where the run or the bout ended before
    why       CUED, or why it was not
    error_pct how far beyond its limit it was then, 100 at the limit
    change    by figure: mean of AFTER_S less the mean of the fault up to `held_s`
    """

    kind: str
    began_s: float
    held_s: float
    back_s: float | None
    why: str
    error_pct: int
    change: dict[str, float]


@dataclass
class _Open:
    since_ms: int
    held_ms: int | None = None
    why: str = ""
    error_pct: int = 0
    other_ms: list[int] = field(default_factory=list)


class _Watched(CueEngine):
    """The clip's engine, which says of each step which faults are held long enough."""

    def __init__(self, settings: Any) -> None:
        CueEngine.__init__(self, settings)
        self.due: dict[int, int] = {}
        for kind in (OVERSTRIDE, ARCH):
            self._faults[kind].judge = self._watch(kind, self._faults[kind].judge)

    def _watch(self, kind: int, judge: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*values: Any) -> Any:
            found = judge(*values)
            if found:
                self.due[kind] = found[0]
            return found

        return watched

    def since_ms(self, kind: int) -> int:
        return int(self._faults[kind].since_ms)

    def why_not(self, t_ms: int) -> str:
        """What keeps it from cueing now, the first that does."""
        s, times = self._settings, self._cue_times
        since_ms = t_ms - self._first_ms
        asked = (
            (s.mode == 1, SILENT),
            (s.mode == 2, METRONOME),
            (self.muted or self.paused, MUTED),
            (since_ms < s.warmup_s * 1000, WARM_UP),
            (bool(self._pending) or (times and t_ms - times[-1] < s.cue_gap_s * 1000 + 500), GAP),
            (len(times) >= s.cue_max, LIMIT),
            (
                s.faded and since_ms % _FADED_CYCLE_MS >= faded_share_pct(s.faded_session) * _FADED_CYCLE_MS // 100,
                FADED,
            ),
        )
        return next((why for is_so, why in asked if is_so), UNSTEADY)


def episodes(log: Log, run: Run) -> list[Episode]:
    """All of a session, in the order in which they were held long enough."""
    settings = Settings()
    watched = _Watched(settings)
    engine: Any = watched
    opened: dict[int, _Open] = {}
    out: list[Episode] = []
    last_ms = 0

    def close(kind: int, back_ms: int | None) -> None:
        one = opened.pop(kind, None)
        if one is not None and one.held_ms is not None:
            out.append(_episode(kind, one, back_ms, run))

    for tag, t_ms, values in log.entries:
        if tag == records.SETTINGS:
            settings.load_bytes(values[0])
        elif tag == records.SETTING:
            settings.set_number(values[0], values[1])
        elif tag != records.STEP:
            engine.event(tag, t_ms, values)
        else:
            watched.due.clear()
            engine.update(values, t_ms)
            cued = [note[1][0] for note in engine.notes if note[0] == records.CUE]
            broken = t_ms - last_ms > 1000 * BOUT_GAP_S
            last_ms = t_ms
            for kind in (OVERSTRIDE, ARCH):
                since_ms = watched.since_ms(kind)
                if kind in opened and opened[kind].since_ms != since_ms:
                    close(kind, t_ms if since_ms < 0 and not broken else None)
                if since_ms >= 0:
                    _follow(opened.setdefault(kind, _Open(since_ms)), watched, kind, cued, t_ms)
    for kind in list(opened):
        close(kind, None)
    return sorted(out, key=lambda one: one.held_s)


def _follow(one: _Open, engine: _Watched, kind: int, cued: list[int], t_ms: int) -> None:
    one.other_ms += [t_ms for other in cued if other in (OVERSTRIDE, ARCH) and other != kind]
    if kind in engine.due and one.held_ms is None:
        one.held_ms, one.error_pct = t_ms, engine.due[kind]
        one.why = CUED if kind in cued else OTHER if one.other_ms else engine.why_not(t_ms)
    elif kind in cued and one.held_ms is not None and one.why != CUED:
        late = t_ms - one.held_ms > 1000 * _LATE_S
        one.why = GAP if late else CUED  # what waited for its turn is neither


def _episode(kind: int, one: _Open, back_ms: int | None, run: Run) -> Episode:
    assert one.held_ms is not None
    began_s, held_s = one.since_ms / 1000, one.held_ms / 1000
    back_s = None if back_ms is None else back_ms / 1000
    return Episode(CUE_KINDS[kind], began_s, held_s, back_s, one.why, one.error_pct, _changes(run, began_s, held_s))


def _changes(run: Run, began_s: float, held_s: float) -> dict[str, float]:
    """Of each figure that is known before and after, within one bout."""
    on_s = run.on_s
    first, at = np.searchsorted(on_s, (began_s, held_s), "left").tolist()
    begin, end = np.searchsorted(on_s, (held_s + AFTER_S[0], held_s + AFTER_S[1])).tolist()
    holes = np.flatnonzero(np.diff(on_s[at:end]) > BOUT_GAP_S)
    end = at + int(holes[0]) + 1 if len(holes) else end
    out: dict[str, float] = {}
    for key in FIGURES:
        values = run.trusted(key)
        before, after = values[first : at + 1], values[begin:end]
        if min(np.isfinite(before).sum(), np.isfinite(after).sum()) >= _FEWEST_STEPS:
            out[key] = round(mean(after) - mean(before), 4)
    shares = [_share(run, slice(first, at + 1)), _share(run, slice(begin, end))]
    if None not in shares:
        out[BALANCE] = round((shares[1] or 0.0) - (shares[0] or 0.0), 3)
    return out


def _share(run: Run, part: slice) -> float | None:
    """The left foot's share of contact; None with fewer than four steps of a side."""
    contact, side = run.column("contact_ms")[part], run.column("side")[part]
    sides: list[Floats] = [contact[(side == one) & np.isfinite(contact)] for one in (0, 1)]
    if min(map(len, sides)) < _FEWEST_STEPS // 2:
        return None
    left, right = (float(one.mean()) for one in sides)
    return 100 * left / (left + right)
