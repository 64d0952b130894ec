"""The last minute of a run in the terminal, or its steps as JSON lines."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from gaitcore import records, recover
from gaitcore.pipeline import Step

from formclip.ground.log import CUE_KINDS

if TYPE_CHECKING:
    from formclip.runs.sync.fetch import ClipClient

_SHOWN_S = 60.0
_WIDTH = 48
_LEVELS = "▁▂▃▄▅▆▇█"
_SIDES = {0: "L", 1: "R"}
_CUE_WORDS = {"overstride": "quick feet", "arch": "tuck", "ok": "back in range"}


def step_of(record: bytes, on_ms: int) -> Any:
    """The Step of a 14-byte record."""
    fields = [0] * records.N_FIELDS
    records.unpack_step(record, 0, fields)
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


async def show(client: ClipClient, for_s: float | None, as_json: bool) -> None:
    """Show until the time is up or the clip goes away."""
    ends = time.monotonic() + for_s if for_s is not None else math.inf
    minute = Minute()
    screen = _Screen(sys.stdout.isatty() and not as_json)
    with screen:
        while (left := ends - time.monotonic()) > 0:
            steps, events = await client.next_live(min(left, 1.0))
            for on_ms, record in steps:
                step = step_of(record, on_ms)
                minute.add(on_ms, step)
                if as_json:
                    click.echo(json.dumps(_step_told(on_ms, step)))
            for event in events:
                name, values = event_of(event)
                if name == "cue":
                    kind = CUE_KINDS.get(values["kind"], "cue")
                    minute.last_cue = _CUE_WORDS.get(kind, kind)
                if as_json:
                    click.echo(json.dumps({"event": name, **_jsonable(values)}))
            screen.update(minute)
    if not as_json and not screen.shown:
        for line in minute.lines():
            click.echo(line)


def _step_told(on_ms: int, step: Any) -> dict[str, Any]:
    return {
        "on_s": on_ms / 1000,
        "side": _SIDES.get(step.side),
        "cadence_spm": step.cadence_spm,
        "tilt_deg": step.tilt_deg,
        "contact_ms": step.contact_ms,
        "vo_cm": step.vo_cm,
        "impact_g": step.impact_g,
    }


def _jsonable(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in values.items()}


class _Screen:
    """A view that is drawn over, where stdout is a terminal; else nothing until the end."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self._live: Any = None

    def __enter__(self) -> _Screen:
        if self.shown:
            from rich.live import Live

            self._live = Live("waiting for steps ...", refresh_per_second=4, transient=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, minute: Minute) -> None:
        if self._live is not None:
            self._live.update("\n".join(minute.lines()))
