"""What a clip measures of itself, asked over Bluetooth, and what the link carries: `formclip doctor --bench`."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gaitcore import sync

from formclip.ground.version import VERSION
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import Recording

NOMINAL_HZ = 208.0
BLOCK_MS = 250.0
CHIPS = {0x69: "LSM6DS33", 0x6A: "LSM6DS3TR-C", 0x6C: "LSM6DSOX"}


@dataclass(frozen=True)
class Bench:
    """One clip's figures; None where there is none now.

    busy_ms, worst_ms: of a block of 250 ms, from the turn's begin to the block's end, mean and most
    """

    firmware: str
    recording: bool
    chip: str | None
    rate_hz: float | None
    blocks: int
    busy_ms: float | None
    worst_ms: int | None
    heap_used_kb: float
    heap_free_kb: float
    write_ms: int | None
    interval_ms: float | None
    throughput_kb_s: float | None
    battery_mv: int
    formclip: str
    computer: str


class _Counted:
    """What arrives is counted and thrown away."""

    have_b = 0
    have_crc = 0

    def append(self, data: bytes) -> None:
        pass


async def _throughput_kb_s(client: ClipClient, progress: Callable[[float], None]) -> float | None:
    """KB a second of the clip's own nothing; None while a session records, when nothing is given out."""
    try:
        size_b, crc32, _ = await client.opened(sync.TEST_SESSION)
        began = time.monotonic()
        arriving: Any = _Counted()
        await client.fetch(sync.TEST_SESSION, size_b, crc32, arriving, lambda done, all_b: progress(done / all_b))
    except Recording:
        return None
    return size_b / 1024 / (time.monotonic() - began)


async def measure(
    client: ClipClient, seconds: float = 10.0, on_progress: Callable[[float], None] = lambda _: None
) -> Bench:
    """Ask a clip that has greeted: the link first, then `seconds` of its own work undisturbed."""
    greeting = await client.greet()
    throughput = await _throughput_kb_s(client, lambda share: on_progress(0.5 * share))
    status = await client.status()
    await client.ask(sync.MEASURE)  # what its blocks take is counted from here on
    steps = max(1, round(4 * seconds))
    for k in range(steps):
        await asyncio.sleep(seconds / steps)
        on_progress(0.5 + 0.5 * (k + 1) / steps)
    rate_mhz, blocks, busy_ms, worst_ms, used_b, free_b, write_ms, interval, battery_mv, chip = await client.ask(
        sync.MEASURE
    )
    recording = status.state in (1, 2)
    return Bench(
        greeting.firmware,
        recording,
        CHIPS.get(chip),
        rate_mhz / 1000 if rate_mhz else None,
        blocks,
        busy_ms / blocks if blocks else None,
        worst_ms if blocks else None,
        used_b / 1024,
        free_b / 1024,
        None if recording else write_ms,
        interval / 100 if interval else None,
        throughput,
        battery_mv,
        VERSION,
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"bleak {importlib.metadata.version('bleak')}",
    )


def _figure(value: float | None, form: str) -> str:
    return "not now" if value is None else form % value


def report(bench: Bench) -> str:
    """The figures as a table to paste into an issue, each beside what the estimate says."""
    off = None if bench.rate_hz is None else 100 * (bench.rate_hz / NOMINAL_HZ - 1)
    share = None if bench.busy_ms is None else 100 * bench.busy_ms / BLOCK_MS
    rows = [
        ("sensor", bench.chip or "none answers", ""),
        ("its true rate", f"{_figure(bench.rate_hz, '%.2f Hz')} ({_figure(off, '%+.2f %%')})", "208 Hz, up to 5 % off"),
        ("blocks counted", f"{bench.blocks}, {'recording' if bench.recording else 'not recording'}", ""),
        (
            "a block's work, mean",
            f"{_figure(bench.busy_ms, '%.1f ms')} ({_figure(share, '%.1f %% of real time')})",
            "running 25 ms, 10 %",
        ),
        ("the longest turn", _figure(bench.worst_ms, "%d ms"), "200 ms"),
        ("heap in use, after a collection", f"{bench.heap_used_kb:.1f} KB", "70 KB"),
        ("heap free", f"{bench.heap_free_kb:.1f} KB", ""),
        ("a page written", _figure(bench.write_ms, "%d ms"), "80 ms"),
        ("connection interval", _figure(bench.interval_ms, "%.2f ms"), "30 ms"),
        ("from clip to computer", _figure(bench.throughput_kb_s, "%.1f KB/s"), "15 to 30 KB/s"),
        ("battery", f"{bench.battery_mv / 1000:.2f} V", "a meter at the cell"),
    ]
    lines = ["| what | measured | estimate or goal |", "| --- | --- | --- |"]
    lines += [f"| {what} | {found} | {goal} |" for what, found, goal in rows]
    return "\n".join(
        [*lines, "", f"Clip: {bench.firmware}. Computer: formclip {bench.formclip}, {bench.computer}.", ""]
    )
