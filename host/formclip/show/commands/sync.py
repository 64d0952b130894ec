"""`formclip sync`: fetch the runs of the clips in reach."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click

from formclip.ground.plain import plain
from formclip.runs.store.bin import empty_bin
from formclip.runs.store.store import Store
from formclip.runs.sync.client import Listed, Progress
from formclip.runs.sync.errors import RadioError, Recording
from formclip.runs.sync.link import scan
from formclip.runs.sync.rounds import go_round, visit_again
from formclip.runs.sync.visit import Visit
from formclip.show.options import json_option, radio_options, store_option
from formclip.show.tell import tell, tell_json

_WATCH_PAUSE_S = 5.0
_WATCH_AGAIN_S = 600.0


class _Bars:
    """Bytes, rate and time left on stderr, where it is a terminal."""

    def __init__(self, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}"),
            BarColumn(20),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self.bars = Bars(*columns, console=Console(stderr=True), transient=True, disable=not shown)

    def of(self, listed: Listed) -> Progress:
        task = self.bars.add_task(f"session {listed.number}", total=listed.size_b)

        def to(done_b: int, size_b: int) -> None:
            self.bars.update(task, completed=done_b, total=size_b)

        return to


def _told(done: Visit) -> dict[str, Any]:
    return {
        "clip": done.clip,
        "fetched": [{"session": s.label, "bytes": s.size_b, "file": str(s.path)} for s in done.fetched],
        "known": [s.label for s in done.known],
        "in_bin": [s.label for s in done.binned],
        "deleted_on_clip": done.deleted,
        "settings_given": done.given,
        "settings_carried": [plain(one) for one in done.carried],
        "settings_refused": done.refused,
        "skipped": [{"session": number, "why": why} for number, why in done.skipped],
        "bytes": done.bytes_fetched,
        "seconds": round(done.seconds, 2),
    }


def _say_visit(done: Visit, as_json: bool) -> None:
    if as_json:
        tell_json(_told(done))
        return
    if not done.fetched:
        tell(f"{done.clip}: nothing new ({len(done.known)} known)")
    for stored in done.fetched:
        tell(f"{stored.label}: {stored.size_b / 1000:,.1f} kB  ->  {stored.path}")
    if done.bytes_fetched and done.seconds > 0:
        rate = done.bytes_fetched / done.seconds / 1000
        tell(f"{done.clip}: {done.bytes_fetched / 1000:,.1f} kB in {done.seconds:.1f} s ({rate:.1f} kB/s)")
    for name, value in done.given.items():
        tell(f"{done.clip}: {name} is now {value}, as was set while it was out of reach")
    for one in done.carried:
        tell(f"{done.clip} has now {one.plainly}: {one.said}")
    for name, why in done.refused.items():
        tell(f"{done.clip}: {name} was not taken, and waits on: {why}")
    for stored in done.binned:
        tell(f"{stored.label} was thrown away here, and is not fetched again")
    for number, why in done.skipped:
        tell(f"{done.clip}/{number} left on the clip: {why}")
    if done.fetched:
        tell(f"next: formclip report {done.fetched[-1].label}")


@click.command("sync", short_help="Fetch the runs from the clips in reach.")
@radio_options
@store_option
@click.option("--keep", is_flag=True, help="Leave the sessions on the clip too.")
@click.option("--watch", is_flag=True, help="Stay, and sync every clip whenever it comes near. Stop with Ctrl-C.")
@json_option
def sync_command(
    clip: str | None, seconds: float, pair: bool, folder: Path | None, keep: bool, watch: bool, as_json: bool
) -> None:
    """Fetch the runs from the clips in reach.

    Each run is stored once, checked, and only then deleted on the clip. A
    sync that breaks off goes on where it was.
    """
    store = Store(folder)
    empty_bin(store)
    shown = sys.stderr.isatty() and not as_json
    if watch:
        asyncio.run(_watch(store, clip, seconds, pair, keep, shown, as_json))
        return
    failed: RadioError | None = None

    async def all_of_them() -> None:
        nonlocal failed
        bars = _Bars(shown)
        with bars.bars:
            failed = await go_round(
                store,
                clip,
                seconds,
                pair,
                keep,
                lambda done: _say_visit(done, as_json),
                lambda seen, error: tell(f"formclip: {seen.name}: {error}", err=True),
                bars.of,
            )

    asyncio.run(all_of_them())
    if failed is not None:
        raise click.exceptions.Exit(failed.exit_code)


async def _watch(
    store: Store, clip: str | None, seconds: float, pair: bool, keep: bool, shown: bool, as_json: bool
) -> None:
    synced: dict[str, float] = {}
    recording: set[str] = set()
    if not as_json:
        tell("waiting for clips; stop with Ctrl-C")
    while True:
        for seen in await scan(seconds, clip, enough=1):
            if time.monotonic() - synced.get(seen.address, -_WATCH_AGAIN_S) < _WATCH_AGAIN_S:
                continue
            bars = _Bars(shown)
            try:
                with bars.bars:
                    done = await visit_again(seen, store, pair, keep, bars.of, unasked=True)
                recording.discard(seen.address)
                synced[seen.address] = time.monotonic()
                _say_visit(done, as_json)
            except Recording as error:
                if seen.address not in recording:  # told once a run
                    recording.add(seen.address)
                    tell(f"formclip: {seen.name}: {error}", err=True)
            except RadioError as error:
                tell(f"formclip: {seen.name}: {error}", err=True)
        await asyncio.sleep(_WATCH_PAUSE_S)
