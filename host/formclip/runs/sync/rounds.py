"""A round: every clip in reach is visited, and again where a link broke."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from formclip.runs.store.store import Store
from formclip.runs.sync.client import Listed, Progress
from formclip.runs.sync.errors import RadioError, Vanished
from formclip.runs.sync.link import Seen, scan
from formclip.runs.sync.reach import find_clips, introduced
from formclip.runs.sync.visit import Visit, visit

_TRIES = 3
_AGAIN_S = 8.0


async def visit_again(
    seen: Seen,
    store: Store,
    pair: bool,
    keep: bool,
    progress: Callable[[Listed], Progress] | None = None,
    unasked: bool = False,
) -> Visit:
    """A visit, begun again when the link breaks: each goes on where the last one was."""
    for attempt in range(1, _TRIES + 1):
        try:
            async with introduced(seen, pair and attempt == 1) as client:
                return await visit(client, store, seen.address, keep, progress, unasked)
        except Vanished:
            if attempt == _TRIES:
                raise
            await asyncio.sleep(0.5 * attempt)
            # Looked for anew: the system may have forgotten it, and an adapter that is gone or off is told as such.
            found = await scan(_AGAIN_S, seen.address)
            if not found:
                raise
            seen = found[0]
    raise AssertionError("unreachable")


async def go_round(
    store: Store,
    clip: str | None,
    seconds: float,
    pair: bool,
    keep: bool,
    on_visit: Callable[[Visit], None],
    on_error: Callable[[Seen, RadioError], None],
    progress: Callable[[Listed], Progress] | None = None,
) -> RadioError | None:
    """Visit every clip in reach, or the one named. What went wrong with the last that failed; None where none did.

    Errors    NoClip where there is none
    """
    failed: RadioError | None = None
    for seen in await find_clips(clip, seconds):
        try:
            on_visit(await visit_again(seen, store, pair, keep, progress))
        except RadioError as error:
            failed = error
            on_error(seen, error)
    return failed
