"""Syncs that break off, again and again: in the end the store holds exactly the log, each session once.

    python -m formclip.lab.bench.soak --syncs 200

Each visit is cut after a random number of bytes, loses, doubles and swaps notifications, and every few times it is a
process of its own that is killed. The clip is filled anew whenever it is empty. Before a session leaves the clip, the
store must hold it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from formclip.firmware.virtual import radio
from formclip.firmware.virtual.image import make_drive
from formclip.firmware.virtual.radio import central, prepared, process
from formclip.runs.store.store import Store
from formclip.runs.sync import link
from formclip.runs.sync.errors import RadioError
from formclip.runs.sync.reach import introduced
from formclip.runs.sync.visit import visit


@dataclass
class Soaked:
    """What came of it: sessions in the store that are the log's, in order; what was wrong; what was done to it."""

    held: list[bytes] = field(default_factory=list)
    doubled: int = 0
    lost: int = 0
    syncs: int = 0
    cuts: int = 0
    kills: int = 0


async def _one(store: Store) -> None:
    found = await link.scan(20, enough=1)
    if found:
        async with introduced(found[0], False) as client:
            await visit(client, store)


def _killed(air: process.Air, store: Store, after_s: float) -> None:
    argv = [sys.executable, "-c", "from formclip.show.cli import main; main()", "sync", "--virtual", air.address]
    argv += ["--clip", "formclip-0001"]
    with subprocess.Popen(
        [*argv, "--store", str(store.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(after_s)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)


def soak(
    air: process.Air, store: Store, written: list[bytes], syncs: int, loss: float, kill_every: int, seed: int
) -> Soaked:
    """Sync a paired clip again and again, then once in peace."""
    draw = random.Random(seed)
    random.seed(seed)
    done = Soaked()
    total_b = sum(map(len, written))
    try:
        for number in range(syncs):
            done.syncs += 1
            central.LOSS = loss
            if number % kill_every == kill_every - 1:
                done.kills += 1
                _killed(air, store, draw.uniform(0.8, 3.0))
                continue
            air.tell(f"cut-after {draw.randrange(500, max(2000, total_b // 8))}")
            try:
                asyncio.run(_one(store))
            except RadioError:
                done.cuts += 1
    finally:
        central.LOSS = 0.0
    air.tell("cut-after 1000000000")
    for _ in range(5):
        try:
            asyncio.run(_one(store))
            break
        except RadioError:
            time.sleep(1)
    sessions = store.sessions()
    done.held = [s.path.read_bytes() for s in sessions]
    done.doubled = len(sessions) - len({s.number for s in sessions})
    done.lost = len([w for w in written if w not in done.held])
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--syncs", type=int, default=200)
    parser.add_argument("--loss", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    syncs = cuts = kills = rounds = sessions = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FORMCLIP_VIRTUAL_BONDS"] = str(folder / "bonds.json")
        os.environ["FORMCLIP_VIRTUAL_LOSS"] = str(given.loss)
        blank = folder / "blank.img"
        make_drive(blank, "xiao")
        with process.air() as air:
            radio.use(air.address)
            while syncs < given.syncs:
                rounds += 1
                out = folder / f"clip{rounds}"
                out.mkdir()
                (out / "drive.img").write_bytes(blank.read_bytes())
                written = [
                    prepared.put_session(out / "drive.img", minutes, seed=given.seed + rounds + n)
                    for n, minutes in enumerate((9, 4, 12))
                ]
                store = Store(folder / f"store{rounds}")
                with process.Board(out, air.address) as board:
                    board.press("double", 1.5)
                    asyncio.run(_introduce())
                    each = min(20, given.syncs - syncs)
                    done = soak(air, store, written, each, given.loss, 5, given.seed + rounds)
                if done.held != written or done.doubled or done.lost:
                    print(f"round {rounds}: {done.lost} lost, {done.doubled} doubled", file=sys.stderr)
                    sys.exit(1)
                syncs, cuts, kills = syncs + done.syncs, cuts + done.cuts, kills + done.kills
                sessions += len(written)
                print(f"{syncs} syncs", file=sys.stderr, flush=True)
    print(
        f"{syncs} syncs of {rounds} clips, {cuts} broken off, {kills} killed, {given.loss:.0%} of notifications each "
        f"lost, doubled and swapped: {sessions} of {sessions} sessions in the store, each once, byte for byte; "
        f"{time.monotonic() - began:.0f} s"
    )


async def _introduce() -> None:
    (seen,) = await link.scan(20, enough=1)
    await asyncio.sleep(2.5)
    async with introduced(seen, True) as client:
        await client.greet()


if __name__ == "__main__":
    main()
