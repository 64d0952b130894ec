"""What every command that needs a clip takes, and how it finds one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from formclip.runs.sync.errors import NoClip
from formclip.runs.sync.fetch import ClipClient
from formclip.runs.sync.key import computer_key
from formclip.runs.sync.link import Seen, connect, scan

_QUIET_S = 2.0  # a clip advertises once a second at least

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def _use_virtual(_: click.Context, __: click.Parameter, address: str | None) -> str | None:
    if address is not None:
        from formclip.firmware.virtual.radio import use

        use(address)
    return address


def radio_options(function: F) -> F:
    """What every command that needs a clip takes."""
    for option in (
        click.option("--clip", metavar="NAME", help="The clip's name or address; without it, any in reach."),
        click.option("--seconds", default=8.0, show_default=True, help="How long to look for clips."),
        click.option("--pair", is_flag=True, help="Pair first: within 60 s of a press of the clip's button."),
        click.option(
            "--virtual",
            metavar="HOST:PORT",
            is_flag=False,
            flag_value="",
            default=None,
            expose_value=False,
            callback=_use_virtual,
            help="Use the virtual radio of `formclip virtual-clip`.",
        ),
    ):
        function = option(function)
    return function


store_option = click.option(
    "--store", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Default: the data folder of your system."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


async def find_clips(clip: str | None, seconds: float) -> list[Seen]:
    found = await scan(seconds, clip, quiet_s=_QUIET_S)
    if not found:
        what = f"no clip named {clip} in reach" if clip else "no clip in reach"
        raise NoClip(what, "press the clip's button to wake it, hold it near, and run this again")
    return found


async def with_one(clip: str | None, seconds: float, pair: bool, action: Callable[[ClipClient], Awaitable[T]]) -> T:
    """Find the one clip meant, connect, greet, act."""
    found = await find_clips(clip, seconds)
    if len(found) > 1:
        names = ", ".join(seen.name for seen in found)
        raise click.UsageError(f"{len(found)} clips in reach ({names}): name one with --clip")
    async with introduced(found[0], pair) as client:
        await client.greet()
        return await action(client)


@contextlib.asynccontextmanager
async def introduced(clip: Seen, pair: bool) -> AsyncIterator[ClipClient]:
    """A link to a clip that knows this computer, or with `pair` comes to know it."""
    async with connect(clip, pair) as link:
        client = ClipClient(link, computer_key())
        if pair:
            await client.pair()
        yield client
