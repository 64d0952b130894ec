"""Requests to a clip over a link, one at a time, repeated until answered.

The protocol itself is `gaitcore.receiver`; here are the waiting and the repeating.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gaitcore import sync
from gaitcore.receiver import Download, HostEnd, sessions_of
from gaitcore.settings import RETIRED, TABLE, Settings

from formclip.ground.errors import printable
from formclip.runs.store.dates import local_zone
from formclip.runs.store.store import Anchor, Arriving, Stored
from formclip.runs.sync.errors import (
    Busy,
    Faulty,
    NotPaired,
    RadioError,
    Recording,
    Refused,
    Vanished,
    WrongClock,
    WrongVersion,
)

_REPLY_S = 2.0
_REPEATS = 5
# A stream that is silent for this long has lost its end or its credit: it is started anew.
_SILENCE_S = 1.0
_SILENCES = 10
# One that brings nothing new for this long does not go on, whatever else comes.
_STILL_S = 20.0
_BUSY_S = 0.2
_ALIVE_S = 0.7
_BUSIES = 300
# No clip holds more: its log has some 500 pages of 4 KB, a session takes one at the least.
_MOST_SESSIONS = 2000
_MOST_B = 1 << 25
_MOST_NAME_B = 40
_TIMES_S = (0, 1 << 32)  # what the clip's u32 can hold: 1970 to 2106

Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True)
class Greeting:
    """What the clip says of itself."""

    name: str
    firmware: str
    boot: int
    uptime_ms: int


@dataclass(frozen=True)
class Listed:
    """A session as the clip lists it."""

    number: int
    boot: int
    size_b: int
    flags: int


@dataclass(frozen=True)
class Status:
    """The clip's state as it tells it; see docs/design/protocol.md."""

    state: int
    mode: int
    battery_mv: int
    battery_percent: int
    charging: int
    free_b: int
    steps: int
    errors: int
    overruns: int
    uptime_ms: int
    activity: int
    cadence_dspm: int


class Wire(Protocol):
    """What carries packets to a clip and from it: link.Link, or one in memory."""

    async def write(self, packet: bytes) -> None: ...

    async def receive(self, timeout_s: float) -> bytes | None:
        """The next packet; None when none came in time."""


class ClipClient:
    """Requests to a clip over a link, one at a time, repeated until answered.

    now     this computer's clock, unix seconds: what the clip is told, and its sessions are dated by
    Errors  Vanished when the link is gone or the clip stays silent; Refused, Busy, NotPaired, WrongVersion, Faulty
            for what it answers
    """

    def __init__(self, link: Wire, key: bytes = bytes(16), now: Callable[[], float] = time.time) -> None:
        self._link = link
        self._now = now
        self._key = key
        self.name = ""  # as the clip greeted
        self.end: Any = HostEnd()
        self._heard_us_s = 0.0

    async def ask(self, kind: int, *values: int | bytes) -> tuple[Any, ...]:
        end = self.end
        packet = end.request(kind, *values)
        for _ in range(_REPEATS):
            await self._link.write(packet)
            deadline = time.monotonic() + _REPLY_S
            while (left := deadline - time.monotonic()) > 0:
                came = await self._link.receive(left)
                if came is not None:
                    self._take(came)
                if end.reply is not None:
                    return tuple(end.reply)
            packet = end.repeat()
        raise Vanished("the clip does not answer", "bring it near and run this again")

    def _take(self, packet: bytes) -> None:
        try:
            self.end.receive(packet)
        except sync.SyncError as error:
            raise _refusal(*error.args) from None

    async def greet(self) -> Greeting:
        _, _, boot, uptime_ms, _, names = await self.ask(sync.HELLO, sync.VERSION, self._key)
        name, _, firmware = names.partition(b"\0")
        self.name = _text(name)
        return Greeting(self.name, _text(firmware), boot, uptime_ms)

    async def pair(self) -> None:
        """Make this computer's key known to the clip; NotPaired unless its button was pressed within 60 s."""
        await self.ask(sync.PAIR, self._key)

    async def set_time(self) -> Anchor:
        """Give the clip the time; the anchor between its clock and ours."""
        now = self._now()
        if not _TIMES_S[0] <= round(now) < _TIMES_S[1]:
            raise WrongClock("this computer's clock is outside 1970 to 2106", "set its date and time, then sync again")
        zone_min = round((time.localtime(now).tm_gmtoff or 0) / 60)
        boot, uptime_ms = await self.ask(sync.SET_TIME, round(now), zone_min)
        return Anchor(boot, uptime_ms, round(now), zone_min, local_zone())

    async def sessions(self) -> list[Listed]:
        found: list[Listed] = []
        more = 1
        while more:
            more, entries = await self.ask(sync.LIST, found[-1].number if found else 0)
            page = [Listed(*entry) for entry in sessions_of(entries)]
            numbers = [listed.number for listed in (*found[-1:], *page)]
            if numbers != sorted(set(numbers)) or (more and not page):
                raise Faulty("the clip's list of sessions is not in order", "restart the clip and sync again")
            found += page
            if len(found) > _MOST_SESSIONS:
                raise Faulty(
                    f"the clip lists more than {_MOST_SESSIONS} sessions, which none can hold",
                    "restart the clip and sync again; if it stays, formclip deploy",
                )
        return found

    async def opened(self, number: int) -> tuple[int, int, int]:
        """(size_b, crc32, flags); waits while the clip takes the CRC."""
        for _ in range(_BUSIES):
            try:
                session, size_b, crc32, flags = await self.ask(sync.OPEN, number)
            except Busy:
                await asyncio.sleep(_BUSY_S)
                continue
            if size_b > _MOST_B:
                raise Faulty(
                    f"the clip says session {number} has {size_b:,} bytes, which none can hold",
                    "restart the clip and sync again; if it stays, formclip deploy",
                )
            if session == number:
                return size_b, crc32, flags
            raise Faulty(f"the clip answered session {session} for {number}", "restart the clip and sync again")
        raise Busy(f"the clip is still reading session {number}", "run this again in a minute")

    async def fetch(self, number: int, size_b: int, crc32: int, arriving: Arriving, progress: Progress) -> None:
        """Bytes from where `arriving` stands until size and CRC32 fit."""
        download = Download(number, size_b, crc32, arriving.have_b, arriving.have_crc)
        end = self.end
        silences = 0
        moved_s = time.monotonic()
        progress(download.at, size_b)
        if not download.done:
            await self.ask(sync.READ, *download.start())
        while not download.done:
            came = await self._link.receive(_SILENCE_S) if not end.pieces else b""
            if came:
                self._take(came)
            before = download.at
            pieces, end.pieces = end.pieces, []
            end.steps.clear()  # nobody watches live meanwhile
            end.events.clear()
            for piece in pieces:
                arriving.append(download.push(piece))
            if download.at > before:
                silences = 0
                moved_s = time.monotonic()
                progress(download.at, size_b)
            else:
                silences += came is None
                if silences > _SILENCES or time.monotonic() - moved_s > _STILL_S:
                    raise Vanished("the clip stopped sending", "run this again: it goes on where it was")
            if download.done:
                break
            credit = download.credit()
            if credit is not None:
                await self._link.write(end.credit(*credit))
            elif download.gap or came is None:
                await self.ask(sync.READ, *download.start())

    async def delete(self, stored: Stored) -> None:
        await self.ask(sync.DELETE, stored.number, stored.size_b, stored.crc32)

    async def settings(self) -> Any:
        """The clip's settings, a gaitcore Settings. What the clip tells is in its flash by then."""
        data = b""
        while len(data) < 2 * len(TABLE):
            first, piece = await self.ask(sync.GET, len(data) // 2)
            if first != len(data) // 2 or not piece:
                break
            data += piece
        settings = Settings()
        settings.load_bytes(data)
        return settings

    async def set(self, number: int, value: int) -> int:
        _, kept = await self.ask(sync.SET, number, value)
        return int(kept)

    async def status(self) -> Status:
        return Status(*await self.ask(sync.STATUS))

    async def live(self, on: bool) -> None:
        await self.ask(sync.LIVE, int(on))

    async def calibrate(self, squeeze: bool = False) -> None:
        await self.ask(sync.CALIBRATE, int(squeeze))

    async def marker(self) -> None:
        await self.ask(sync.MARKER)

    async def next_live(self, timeout_s: float) -> tuple[list[tuple[int, bytes]], list[bytes]]:
        """Steps (on_ms, record) and event records that came, waiting up to timeout_s for the first.

        While a run records, the clip sends no more than fits its buffers until it hears of us: so it is asked for its
        status now and then.
        """
        if time.monotonic() - self._heard_us_s >= _ALIVE_S:
            self._heard_us_s = time.monotonic()
            await self.status()
        if not (self.end.steps or self.end.events):
            came = await self._link.receive(min(timeout_s, _ALIVE_S))
            if came is not None:
                self._take(came)
        steps, self.end.steps = self.end.steps, []
        events, self.end.events = self.end.events, []
        return steps, events


def _text(data: bytes) -> str:
    """A name that a clip gives itself: no more than fits a line, and nothing that a terminal would obey."""
    return printable(data[:_MOST_NAME_B].decode(errors="replace"))


def recording() -> Recording:
    return Recording("the clip is recording", "press its button to stop, then sync again")


def _refusal(kind: int, code: int, detail: bytes) -> RadioError:
    """The clip's ERROR in our words."""
    if code == sync.BAD_VERSION:
        theirs = detail[0] if detail else "?"
        return WrongVersion(
            f"the clip speaks protocol {theirs}, this formclip {sync.VERSION}", "update the older one: formclip deploy"
        )
    if code == sync.BUSY:
        return Busy("the clip is reading its log", "run this again in a minute")
    if code == sync.NOT_PAIRED:
        if kind == sync.PAIR:
            return NotPaired(
                "the clip is not open for pairing", "press its button, then within 60 s: formclip sync --pair"
            )
        return NotPaired("the clip does not know this computer", "press its button, then: formclip sync --pair")
    if code == sync.REFUSED and len(detail) == 7:
        number, low, high, kept = struct.unpack("<Bhhh", detail)
        name = TABLE[number][0] if number < len(TABLE) else f"number {number}"
        if number < len(TABLE) and TABLE[number][4] == RETIRED:
            return Refused(f"setting {name} is not used any more", "formclip config ranges lists those that are")
        return Refused(f"setting {name} refused", f"give {low} to {high}; {kept} is kept")
    if code == sync.RECORDING:
        return recording()
    texts = {
        sync.NO_SESSION: ("the clip has no such session", "formclip sync lists what it has"),
        sync.BAD_VALUE: (
            "the clip did not take this computer's time",
            "set this computer's clock and zone, then sync again",
        ),
        sync.MISMATCH: ("the clip's session differs from ours; nothing was deleted", "sync again"),
        sync.NOT_NOW: ("the clip can't do that now", "stop the run or start one, as it needs, and try again"),
        sync.REFUSED: ("the clip refused", "formclip config --ranges shows what it takes"),
    }
    if code in texts:
        return Refused(*texts[code])
    if code == sync.STORAGE:
        return Faulty("the clip's drive did not answer", "restart the clip; its sessions stay")
    if code == sync.SMALL_MTU:
        return Faulty("this Bluetooth link takes only short packets", "update the computer's Bluetooth driver")
    return Faulty(f"the clip did not take the request (kind {kind}, code {code})", "restart the clip and try again")
