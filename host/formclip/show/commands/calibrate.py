"""`formclip calibrate`: zero the clip while it is worn."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import click

from formclip.runs.sync import live
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import Vanished
from formclip.runs.sync.reach import with_one
from formclip.show.options import json_option, radio_options

_CALIBRATE_S = 45.0


@click.command("calibrate", short_help="Zero the clip while you stand.")
@radio_options
@click.option("--squeeze", is_flag=True, help="Then squeeze the glutes for 5 s: your neutral posture.")
@json_option
def calibrate_command(clip: str | None, seconds: float, pair: bool, squeeze: bool, as_json: bool) -> None:
    """Zero the clip: stand tall and still for 10 s, as you usually stand."""
    last = "neutral" if squeeze else "calibrated"

    async def calibrate(client: ClipClient) -> tuple[str, dict[str, Any]]:
        await client.live(True)
        await client.calibrate(squeeze)
        if not as_json:
            click.echo("stand tall and still ...")
        deadline = time.monotonic() + _CALIBRATE_S
        while (left := deadline - time.monotonic()) > 0:
            _, events = await client.next_live(left)
            for event in events:
                name, values = live.event_of(event)
                if name in (last, "refused"):
                    return name, values
                if name == "calibrated" and not as_json:
                    click.echo("now squeeze the glutes and hold ...")
        raise Vanished("the clip has not said how the calibration went", "look at the clip's pattern, and try again")

    name, values = asyncio.run(with_one(clip, seconds, pair, calibrate))
    if as_json:
        click.echo(json.dumps({"outcome": name, **values}))
    elif name == "neutral":
        click.echo(
            f"calibrated; standing, your back is arched {values['arch_cdeg'] / 100:.1f} deg more than in neutral"
        )
    elif name == "calibrated":
        click.echo(f"calibrated, quality {values['quality']} of 100")
    else:
        click.echo("not calibrated: you moved; stand still and run this again")
    if name != last:
        raise click.exceptions.Exit(14)
