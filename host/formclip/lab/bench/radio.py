"""How long a run takes to come over: a prepared hour on a virtual board, through the real stacks, paced as on the air.

    python -m formclip.lab.bench.radio --minutes 60 --interval-ms 30

The air moves one packet of the firmware (two link-layer packets) a connection event; the board reads it from its own
log file, the companion stores it on the disk. Everything else is as fast as this computer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from formclip.firmware.virtual import radio
from formclip.firmware.virtual.image import make_drive
from formclip.firmware.virtual.radio import prepared, process
from formclip.runs.store.store import Store
from formclip.runs.sync import link
from formclip.runs.sync.reach import introduced
from formclip.runs.sync.visit import Visit, visit


def measure(folder: Path, minutes: float, interval_ms: float, packets: int) -> tuple[Visit, bool]:
    """One visit to a board with a run of so many minutes; whether what came is what the drive holds."""
    os.environ["FORMCLIP_VIRTUAL_BONDS"] = str(folder / "bonds.json")
    image = folder / "clip" / "drive.img"
    image.parent.mkdir(parents=True)
    make_drive(image, "xiao")
    written = prepared.put_session(image, minutes)
    with process.air(interval_ms=interval_ms, packets=packets) as air:
        radio.use(air.address)
        with process.Board(folder / "clip", air.address) as board:
            board.press("double", 1.5)

            async def go() -> Visit:
                (seen,) = await link.scan(20, enough=1)
                await asyncio.sleep(2.5)
                async with introduced(seen, True) as client:
                    return await visit(client, Store(folder / "store"))

            done = asyncio.run(go())
    return done, [stored.path.read_bytes() for stored in done.fetched] == [written]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--interval-ms", type=float, default=30.0)
    parser.add_argument("--packets", type=int, default=2, help="link-layer packets a side and connection event")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done, same = measure(Path(folder), given.minutes, given.interval_ms, given.packets)
    rate = done.bytes_fetched / done.seconds
    print(
        f"{given.minutes:g} min of running, {done.bytes_fetched} B, in {done.seconds:.1f} s, {rate:.0f} B/s, "
        f"at a connection interval of {given.interval_ms:g} ms: {'byte for byte the drive' if same else 'DIFFERENT'}"
    )


if __name__ == "__main__":
    main()
