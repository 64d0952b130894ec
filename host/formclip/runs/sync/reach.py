"""Finding a clip, and getting to know it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from formclip.ground.errors import FormclipError
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import NoClip
from formclip.runs.sync.key import computer_key
from formclip.runs.sync.link import Seen, connect, scan

_QUIET_S = 2.0  # a clip advertises once a second at least

T = TypeVar("T")


class SeveralClips(FormclipError):
    """One clip is meant, and several are in reach."""

    exit_code = 2


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
        raise SeveralClips(f"{len(found)} clips in reach: {names}", "name one with --clip")
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
