"""`formclip live`: the last minute of a run in the terminal, or its steps as JSON lines."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click

from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.live import Minute, follow
from formclip.runs.sync.reach import with_one
from formclip.show.options import json_option, radio_options
from formclip.show.tell import tell, tell_json

_SIDES = {0: "L", 1: "R"}


@click.command("live", short_help="Watch a run as it happens.")
@radio_options
@click.option("--for", "for_s", type=float, help="Stop after so many seconds.")
@json_option
def live_command(clip: str | None, seconds: float, pair: bool, for_s: float | None, as_json: bool) -> None:
    """Watch a run as it happens: cadence, tilt and cues of the last minute."""

    async def watch(client: ClipClient) -> None:
        await client.live(True)
        await _show(client, for_s, as_json)

    asyncio.run(with_one(clip, seconds, pair, watch))


async def _show(client: ClipClient, for_s: float | None, as_json: bool) -> None:
    """Show until the time is up or the clip goes away."""
    minute = Minute()
    screen = _Screen(sys.stdout.isatty() and not as_json)

    def on_step(on_ms: int, step: Any) -> None:
        minute.add(on_ms, step)
        if as_json:
            tell_json(_step_told(on_ms, step))

    def on_event(name: str, values: dict[str, Any]) -> None:
        minute.hear(name, values)
        if as_json:
            tell_json({"event": name, **_jsonable(values)})

    with screen:
        await follow(client, for_s, on_step, on_event, lambda: screen.update(minute))
    if not as_json and not screen.shown:
        for line in minute.lines():
            tell(line)


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
