"""The whole chain without hardware: a trace, the virtual board with the real firmware, the virtual radio, a store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from formclip.firmware.virtual import radio
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.radio import process
from formclip.runs.store.store import Store
from formclip.runs.sync import link
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import NoClip, NotPaired
from formclip.runs.sync.key import KEY_B
from formclip.runs.sync.visit import Visit, visit

_BOOT_S = 120.0
_PAIR_S = 20.0
_ASK_S = 0.5
_GONE_S = 0.5


@dataclass(frozen=True)
class Chained:
    """What came through the chain, and whether it is what the drive holds."""

    visit: Visit
    run: clip.ClipRun
    same: bool


@contextlib.contextmanager
def _own_radio(folder: Path, address: str) -> Iterator[None]:
    """The companion's virtual radio with bonds of its own, while the block lasts."""
    before, backends = os.environ.get("FORMCLIP_VIRTUAL_BONDS"), (link.BACKENDS.scanner, link.BACKENDS.client)
    os.environ["FORMCLIP_VIRTUAL_BONDS"] = str(folder / "bonds.json")
    radio.use(address)
    try:
        yield
    finally:
        link.BACKENDS.scanner, link.BACKENDS.client = backends
        if before is None:
            del os.environ["FORMCLIP_VIRTUAL_BONDS"]
        else:
            os.environ["FORMCLIP_VIRTUAL_BONDS"] = before


async def _pair_and_visit(store: Store, alive: Callable[[], bool]) -> Visit:
    """Wait until the clip is in the air and its button was pressed, pair, fetch all and leave it on the clip."""
    began = time.monotonic()
    found: list[link.Seen] = []
    while not found:
        if not alive() or time.monotonic() - began > _BOOT_S:
            raise NoClip("the virtual clip was not heard", "look at record.tsv in its folder")
        found = await link.scan(1.0, enough=1)
    async with link.connect(found[0], pair=True) as linked:
        client = ClipClient(linked, secrets.token_bytes(KEY_B))
        pressed_by = time.monotonic() + _PAIR_S
        while True:
            try:
                await client.pair()
                break
            except NotPaired:
                if time.monotonic() > pressed_by:
                    raise
                await asyncio.sleep(_ASK_S)
        return await visit(client, store, found[0].address, keep=True)


def through_the_air(
    trace: Path, folder: Path, on_second: Callable[[int], None] | None = None, interval_ms: float = 30.0
) -> Chained:
    """Run a clip over a trace, switch it off and on, press its button, pair with it and fetch what it recorded.

    folder gets the clip's own folder (clip) and the store (store); both are made anew
    Errors  NotInstalled without bumble; whatever the board or the sync meets
    """
    process.need_bumble()
    for name in ("clip", "store"):
        shutil.rmtree(folder / name, ignore_errors=True)
    out = folder / "clip"
    out.mkdir(parents=True)
    rows, _ = clip.sensor_rows(trace, out / "trace.bin")
    ran: list[clip.ClipRun] = []
    failed: list[BaseException] = []
    with process.air(interval_ms=interval_ms) as air, _own_radio(out, air.address):
        plan = process.reachable(rows / clip.RATE_HZ + 2.5, _BOOT_S)
        plan |= process.config(air.address, out / "clip-bonds.json", until_visited=_GONE_S)  # one visit is all there is

        def run() -> None:
            try:
                ran.append(clip.run_clip(out, out / "trace.bin", on_second=on_second, **plan))
            except BaseException as error:
                failed.append(error)

        board = threading.Thread(target=run, name="board", daemon=True)
        board.start()
        # The trace is over when the clock on the wall begins to count.
        while board.is_alive() and "\tpace\t" not in _end_of(out / "record.tsv"):
            time.sleep(0.2)
        try:
            done = asyncio.run(_pair_and_visit(Store(folder / "store"), board.is_alive))
        except NoClip:
            if failed:
                raise failed[0] from None
            raise
        finally:
            board.join(_BOOT_S)
    if failed:
        raise failed[0]
    held = [path.read_bytes() for path in ran[0].sessions]
    return Chained(done, ran[0], [stored.path.read_bytes() for stored in done.fetched] == held)


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4000))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
