"""Zeroing a clip that is worn: the runner stands still, then squeezes the glutes where the neutral is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from formclip.runs.sync import live
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import Vanished

_LONGEST_S = 45.0


@dataclass(frozen=True)
class Zeroed:
    """How it went. values: of the clip's event, by name."""

    outcome: str  # calibrated, neutral, refused
    values: dict[str, int]
    done: bool

    @property
    def said(self) -> str:
        if self.outcome == "neutral":
            arch_deg = self.values["arch_cdeg"] / 100
            return f"calibrated; standing, your back is arched {arch_deg:.1f} deg more than in neutral"
        if self.outcome == "calibrated":
            return f"calibrated, quality {self.values['quality']} of 100"
        return "not calibrated: you moved; stand still and run this again"


async def zero(client: ClipClient, squeeze: bool, say: Callable[[str], None]) -> Zeroed:
    """Ask the clip to calibrate, and wait until it says how it went.

    Errors    Vanished where it does not
    """
    last = "neutral" if squeeze else "calibrated"
    await client.live(True)
    await client.calibrate(squeeze)
    say("stand tall and still ...")
    deadline = time.monotonic() + _LONGEST_S
    while (left := deadline - time.monotonic()) > 0:
        _, events = await client.next_live(left)
        for event in events:
            name, values = live.event_of(event)
            if name in (last, "refused"):
                return Zeroed(name, values, name == last)
            if name == "calibrated":
                say("now squeeze the glutes and hold ...")
    raise Vanished("the clip has not said how the calibration went", "look at the clip's pattern, and try again")
