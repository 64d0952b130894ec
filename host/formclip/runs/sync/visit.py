"""One visit to a clip over a link: greet, set its clock, and take over its sessions, each exactly once.

A session is deleted on the clip only after the store holds it, checked, on the disk. What a person has thrown away
here is not fetched again, and deleted there too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gaitcore.session import PAUSED, RUNNING
from gaitcore.settings import TABLE, SettingError, Settings, index_of

from formclip.ground.errors import FileError, FormclipError
from formclip.runs.insight.carry import Carried, taken, to_carry
from formclip.runs.store.index import StoreError
from formclip.runs.store.store import Store, Stored, trouble
from formclip.runs.sync.client import ClipClient, Listed, Progress, recording
from formclip.runs.sync.errors import Recording, Refused


@dataclass
class Visit:
    """What one visit did."""

    clip: str = ""
    fetched: list[Stored] = field(default_factory=list)
    known: list[Stored] = field(default_factory=list)
    binned: list[Stored] = field(default_factory=list)  # the clip still had them, and a person has thrown them away
    deleted: list[int] = field(default_factory=list)
    bytes_fetched: int = 0
    seconds: float = 0.0
    skipped: list[tuple[int, str]] = field(default_factory=list)
    given: dict[str, int] = field(default_factory=dict)  # settings that waited for it, and that it has now
    carried: list[Carried] = field(default_factory=list)  # settings that the runs gave it
    refused: dict[str, str] = field(default_factory=dict)  # settings that it did not take, and why


def _quiet(done_b: int, size_b: int) -> None:
    """No progress to show."""


async def visit(
    client: ClipClient,
    store: Store,
    address: str = "",
    keep: bool = False,
    progress: Callable[[Listed], Progress] | None = None,
    unasked: bool = False,
) -> Visit:
    """Take over every session of the clip; with `keep`, leave them on the clip.

    To be asked for its sessions ends one that the press for it has just begun. `unasked`: nobody pressed for this
    visit, and a session that is under way is left to it.

    Errors  RadioError as ClipClient; StoreError and FileError when the disk says no. Whatever is raised, all bytes that
            came are kept for the next visit and nothing is deleted that the store does not hold
    """
    began = time.monotonic()
    greeting = await client.greet()
    done = Visit(greeting.name)
    if unasked and (await client.status()).state in (RUNNING, PAUSED):
        raise recording()
    with store.syncing(greeting.name):
        store.know_clip(greeting.name, address, greeting.firmware)
        store.add_anchor(greeting.name, await client.set_time())
        listed = await client.sessions()  # it is at rest from here on
        await _give_what_waits(client, store, done)
        await _take_over(client, store, listed, keep, progress, done)
        await _carry(client, store, done)
    done.seconds = time.monotonic() - began
    return done


async def _give_what_waits(client: ClipClient, store: Store, done: Visit) -> None:
    """The settings that were set while this clip was out of reach; one that it refuses waits on and is told."""
    waiting = store.wanted(done.clip)
    for name in await _give(client, waiting, done):
        store.given(done.clip, name, waiting[name])
        done.given[name] = waiting[name]


async def _carry(client: ClipClient, store: Store, done: Visit) -> None:
    """What the runs tell the clip: baselines, and settings that are lent to it for a time."""
    settings = await client.settings()
    current = {row[0]: int(getattr(settings, row[0])) for row in TABLE}
    carried = to_carry(store, done.clip, current)
    new = {one.name: one.value for one in carried if current[one.name] != one.value}
    has = await _give(client, new, done)
    for one in carried:
        if one.name in has:
            done.carried.append(one)
        if one.name in has or one.name not in new:
            taken(store, done.clip, one)


async def _give(client: ClipClient, values: dict[str, int], done: Visit) -> list[str]:
    """Set them, and read them back: what the clip tells is in its flash. Those that it has; the others are told."""
    sent = []
    for name, value in values.items():
        try:
            Settings().set(name, value)  # one that waits may have been kept by another version
            await client.set(index_of(name), value)
            sent.append(name)
        except SettingError as error:
            done.refused[name] = str(error)
        except Refused as error:
            done.refused[name] = error.what
    told = await client.settings() if sent else None
    done.refused |= {
        name: f"the clip says {getattr(told, name)}" for name in sent if getattr(told, name) != values[name]
    }
    return [name for name in sent if name not in done.refused]


async def _take_over(
    client: ClipClient,
    store: Store,
    sessions: list[Listed],
    keep: bool,
    progress: Callable[[Listed], Progress] | None,
    done: Visit,
) -> None:
    failed: FormclipError | None = None
    for listed in sessions:
        try:
            await _take_one(client, store, listed, keep, progress, done)
        except (StoreError, FileError) as error:  # one place of the disk: the other runs can be had all the same
            failed = failed or error
    if failed is not None:
        raise failed


async def _take_one(
    client: ClipClient,
    store: Store,
    listed: Listed,
    keep: bool,
    progress: Callable[[Listed], Progress] | None,
    done: Visit,
) -> None:
    try:
        size_b, crc32, flags = await client.opened(listed.number)
    except Recording:
        raise  # a run has begun meanwhile: the others would be refused too
    except Refused as error:
        done.skipped.append((listed.number, error.what))
        return
    stored = store.thrown_away(done.clip, listed.number, crc32)
    if stored is not None:
        done.binned.append(stored)
        wrong = "" if stored.gone else trouble(stored)
        if wrong:
            done.skipped.append((listed.number, f"it is in the bin, and {wrong}"))
            return
    elif (stored := store.find(done.clip, listed.number, crc32)) is not None:
        done.known.append(stored)
    else:
        arriving = store.arriving(done.clip, listed.number, crc32, size_b, listed.boot, flags)
        had_b = arriving.have_b
        try:
            shown = progress(listed) if progress else _quiet
            await client.fetch(listed.number, size_b, crc32, arriving, shown)
            done.bytes_fetched += size_b - had_b
            stored = arriving.finish()
        finally:
            arriving.close()
        done.fetched.append(stored)
    if not keep:
        try:
            await client.delete(stored)
        except Refused as error:
            done.skipped.append((listed.number, error.what))
            return
        store.mark_deleted(stored)
        done.deleted.append(listed.number)
