"""A clip in memory: the core of the firmware records runs, and answers a sync, over a link that loses nothing.

What device/app.py does around the core is done here in the same order: settings are kept between sessions, a session
begins with an anchor and the battery, nothing is deleted without size and checksum. The board, its flash and the radio
are left out; `formclip virtual-clip` has them.
"""

from __future__ import annotations

import asyncio
import binascii
from typing import Any

from gaitcore import sync
from gaitcore.pages import PAGE_B
from gaitcore.session import READY, Session
from gaitcore.settings import Settings

from formclip.ground.run import Floats

RATE_HZ = 208
_PACKET_B = 244
_TICKS = 1 << 32
KEY = bytes(16)


class MemoryClip:
    """Sessions in memory; what `gaitcore.sync.ClipEnd` asks of a clip.

    now_s     unix seconds by the calendar; the clip knows them only as far as it was told
    """

    def __init__(self, name: str, firmware: str, now_s: float) -> None:
        self.name, self.firmware = name, firmware
        self.boot = 0
        self.settings = Settings()
        self.now_s = now_s
        self._booted_s = now_s
        self._told: tuple[int, int, int] | None = None  # unix_s, at which uptime_ms, zone_min
        self._logs: dict[int, tuple[int, bytes]] = {}  # number -> boot, bytes
        self._next = 1
        self.restart()

    def restart(self) -> None:
        """Its battery was charged: the clock begins anew, and knows no time until the next sync."""
        self.boot += 1
        self._booted_s = self.now_s
        self._told = None

    def record(self, samples: Floats) -> None:
        """A run: (6, n) as Session.push takes them, beginning now; afterwards it is later by its length."""
        log = bytearray()

        def sink(number: int, page: Any, complete: bool) -> bool:
            if complete:
                log[number * PAGE_B :] = page
            return True

        began_ms = self.uptime_ms()
        session = Session(
            RATE_HZ, self.settings, True, info=self.firmware, sink=sink, session=self._next, boot=self.boot,
            unix_s=self._unix_now(),
        )  # fmt: skip
        session.start()
        at, told = 0, False
        while at < samples.shape[1]:
            n = min(samples.shape[1] - at, session.pipeline.intake.room)
            session.push(samples[:, at : at + n])
            at += n
            if not told and session.state != READY:
                session.anchor(
                    (began_ms + session.now_ms) % _TICKS, self._unix_now(), self._told[2] if self._told else 0
                )
                session.battery(3900, 80)
                told = True
        session.flush()
        self.now_s += samples.shape[1] / RATE_HZ
        self._logs[self._next] = (self.boot, bytes(log))
        self._next += 1

    def _unix_now(self) -> int:
        if self._told is None:
            return 0
        unix_s, at_ms, _ = self._told
        return unix_s + ((self.uptime_ms() - at_ms) % _TICKS) // 1000

    # -- what the protocol asks ------------------------------------------------------------------------------------

    def knows(self, key: bytes) -> bool:
        return key == KEY

    def pair(self, key: bytes) -> None:
        raise sync.SyncError(0, sync.NOT_PAIRED)

    def uptime_ms(self) -> int:
        return round(1000 * (self.now_s - self._booted_s)) % _TICKS

    def next_session(self, after: int) -> tuple[int, int, int, int] | None:
        later = [number for number in sorted(self._logs) if number > after]
        if not later:
            return None
        boot, data = self._logs[later[0]]
        return later[0], boot, len(data), 0

    def opened(self, number: int) -> tuple[int, int, int]:
        data = self._log(number)
        return len(data), binascii.crc32(data), 0

    def _log(self, number: int) -> bytes:
        if number not in self._logs:
            raise sync.SyncError(0, sync.NO_SESSION)
        return self._logs[number][1]

    def read_into(self, number: int, offset: int, view: Any) -> int:
        piece = self._log(number)[offset : offset + len(view)]
        view[: len(piece)] = piece
        return len(piece)

    def delete(self, number: int, size_b: int, crc32: int) -> None:
        data = self._log(number)
        if (size_b, crc32) != (len(data), binascii.crc32(data)):
            raise sync.SyncError(0, sync.MISMATCH)
        del self._logs[number]

    def set_time(self, unix_s: int, zone_min: int) -> int:
        self._told = (unix_s, self.uptime_ms(), zone_min)
        return self._told[1]

    def status(self) -> tuple[int, ...]:
        return READY, self.settings.to_dict()["mode"], 3900, 80, 0, 1_900_000, 0, 0, 0, self.uptime_ms(), 0, 0

    def set(self, name: int, value: int) -> Any:
        return self.settings.set(name, value)

    def keep(self) -> None:
        """Settings that were set are in its flash: here memory lasts."""

    def calibrate(self, squeeze: int) -> None:
        raise sync.SyncError(0, sync.NOT_NOW)

    def marker(self) -> None:
        raise sync.SyncError(0, sync.NOT_NOW)


class MemoryWire:
    """Packets between a client and a clip in memory."""

    def __init__(self, clip: MemoryClip) -> None:
        self._end = sync.ClipEnd(clip)
        self._end.reset(clip.boot)

    async def write(self, packet: bytes) -> None:
        self._end.receive(packet)

    async def receive(self, timeout_s: float) -> bytes | None:
        await asyncio.sleep(0)
        packet = bytearray(_PACKET_B)
        n = self._end.send_control_into(packet) or self._end.send_data_into(packet)
        return bytes(packet[:n]) if n else None
