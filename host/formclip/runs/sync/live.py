"""A run as it happens: steps and events from the clip, and what the last minute of them looks like."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gaitcore import records, recover
from gaitcore.pipeline import Step

from formclip.ground.words import CUE_KINDS

if TYPE_CHECKING:
    from formclip.runs.sync.client import ClipClient

_SHOWN_S = 60.0
_WIDTH = 48
_LEVELS = "▁▂▃▄▅▆▇█"
_CUE_WORDS = {"overstride": "quick feet", "arch": "tuck", "ok": "back in range"}


def step_of(record: bytes, on_ms: int) -> Any:
    """The Step of a record, of the version that has as many bytes."""
    fields = [0] * records.N_FIELDS
    records.unpack_step(record, 0, fields, records.SIZES_B.index(len(record)))
    return records.restore(fields, on_ms, Step())


def event_of(record: bytes) -> tuple[str, dict[str, Any]]:
    """(name, values) of an event's record."""
    try:
        tag, _, values, _ = records.unpack_event(record, 0, len(record))
    except (records.RecordError, IndexError):
        return "unreadable", {}
    name, named = recover.values_of(tag, values)
    return str(name), dict(named)


@dataclass
class Minute:
    """What is shown: cadence and tilt by second, and the last cue."""

    cadence: deque[tuple[float, float]] = field(default_factory=deque)
    tilt: deque[tuple[float, float]] = field(default_factory=deque)
    last_cue: str = "none yet"
    steps: int = 0

    def add(self, on_ms: int, step: Any) -> None:
        at_s = on_ms / 1000
        self.steps += 1
        if step.cadence_spm:
            self.cadence.append((at_s, step.cadence_spm))
        if step.tilt_deg is not None:
            self.tilt.append((at_s, step.tilt_deg))
        for kept in (self.cadence, self.tilt):
            while kept and kept[0][0] < at_s - _SHOWN_S:
                kept.popleft()

    def hear(self, name: str, values: dict[str, Any]) -> None:
        """An event: a cue is kept in words."""
        if name == "cue":
            kind = CUE_KINDS.get(values["kind"], "cue")
            self.last_cue = _CUE_WORDS.get(kind, kind)

    def lines(self) -> list[str]:
        return [
            _line("cadence", self.cadence, "steps/min", 0),
            _line("tilt", self.tilt, "deg", 1),
            f"last cue  {self.last_cue}    {self.steps} steps seen",
        ]


def _line(name: str, kept: deque[tuple[float, float]], unit: str, digits: int) -> str:
    if not kept:
        return f"{name:8}  not running"
    return f"{name:8} {kept[-1][1]:6.{digits}f} {unit:9} {sparkline(kept)}"


def sparkline(kept: deque[tuple[float, float]]) -> str:
    """The last minute as one line of blocks, scaled to its own range."""
    end = kept[-1][0]
    columns: list[list[float]] = [[] for _ in range(_WIDTH)]
    for at_s, value in kept:
        columns[min(_WIDTH - 1, max(0, math.floor((at_s - end + _SHOWN_S) / _SHOWN_S * _WIDTH)))].append(value)
    low = min(value for _, value in kept)
    span = max(value for _, value in kept) - low or 1.0
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round((sum(c) / len(c) - low) / span * top)] if c else " " for c in columns)


async def follow(
    client: ClipClient,
    for_s: float | None,
    on_step: Callable[[int, Any], None],
    on_event: Callable[[str, dict[str, Any]], None],
    on_turn: Callable[[], None],
) -> None:
    """Take the clip's live data until the time is up or the clip goes away.

    on_step   milliseconds of the clip's clock and the Step
    on_event  an event's name and values
    on_turn   after each look at the link, once a second at least
    """
    ends = time.monotonic() + for_s if for_s is not None else math.inf
    while (left := ends - time.monotonic()) > 0:
        steps, events = await client.next_live(min(left, 1.0))
        for on_ms, record in steps:
            on_step(on_ms, step_of(record, on_ms))
        for event in events:
            on_event(*event_of(event))
        on_turn()
