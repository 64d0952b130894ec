"""`formclip calibrate`: zero the clip while it is worn."""

from __future__ import annotations

import asyncio

import click

from formclip.runs.sync.reach import with_one
from formclip.runs.sync.zero import zero
from formclip.show.options import json_option, radio_options
from formclip.show.tell import tell, tell_json


@click.command("calibrate", short_help="Zero the clip while you stand.")
@radio_options
@click.option("--squeeze", is_flag=True, help="Then squeeze the glutes for 5 s: your neutral posture.")
@json_option
def calibrate_command(clip: str | None, seconds: float, pair: bool, squeeze: bool, as_json: bool) -> None:
    """Zero the clip: stand tall and still for 10 s, as you usually stand."""
    say = (lambda text: None) if as_json else tell
    zeroed = asyncio.run(with_one(clip, seconds, pair, lambda client: zero(client, squeeze, say)))
    if as_json:
        tell_json({"outcome": zeroed.outcome, **zeroed.values})
    else:
        tell(zeroed.said)
    if not zeroed.done:
        raise click.exceptions.Exit(14)
