"""The companion's radio: the only file that knows bleak.

`BACKENDS` is the one injectable place: None for the platform's own radio; the virtual one puts its scanner and client
here. Everything above speaks in packets.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Protocol

from bleak import BleakClient, BleakScanner
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import BleakError

from formclip.ground.errors import printable
from formclip.runs.sync.bluez import agreeing, left_connected
from formclip.runs.sync.errors import NotPaired, RadioError, Vanished
from formclip.runs.sync.platforms import PAIR_HELP, in_our_words

SERVICE = "6f9d0001-0c1b-4f5e-9a7c-2f6f726d636c"
CONTROL = "6f9d0002-0c1b-4f5e-9a7c-2f6f726d636c"
DATA = "6f9d0003-0c1b-4f5e-9a7c-2f6f726d636c"

CONNECT_S = 20.0
_LISTEN_S = 15.0
_WRITE_S = 10.0
_UNKNOWN_DBM = -127
_MOST_NAME = 40


@dataclass
class Backends:
    """Which classes bleak uses underneath; None: the platform's own."""

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None


BACKENDS = Backends()


@dataclass(frozen=True)
class Seen:
    """A clip that was heard: what to connect to, its name, and how strong it was."""

    device: BLEDevice
    name: str
    rssi_dbm: int

    @property
    def address(self) -> str:
        return self.device.address


class Link(Protocol):
    """What carries packets to one clip and back, while it lasts."""

    async def write(self, packet: bytes) -> None: ...

    async def receive(self, timeout_s: float) -> bytes | None: ...


@contextlib.contextmanager
def _in_our_words(doing: str, gone: type[RadioError] = Vanished) -> Iterator[None]:
    """bleak's errors, and what the platforms let through it, as ours."""
    try:
        yield
    except RadioError:
        raise
    except (BleakError, TimeoutError, EOFError, OSError) as error:
        found = in_our_words(error, doing, gone)
        if found is None:
            raise
        raise found from error


async def scan(
    seconds: float, name: str | None = None, enough: int | None = None, quiet_s: float | None = None
) -> list[Seen]:
    """The clips in reach, strongest first.

    Ends early when the one named is heard, or `enough` with a name, or no new one for `quiet_s` after the first.

    Errors  NoAdapter, AdapterOff
    """
    seen: dict[str, Seen] = {}
    stop = asyncio.Event()
    last_new: list[asyncio.TimerHandle] = []

    def heard(device: BLEDevice, advertised: AdvertisementData) -> None:
        if SERVICE not in [uuid.lower() for uuid in advertised.service_uuids]:
            return
        called = printable(advertised.local_name or device.name or device.address)[:_MOST_NAME]
        found = Seen(device, called, advertised.rssi)
        if quiet_s is not None and name is None and (device.address not in seen or not last_new):
            for timer in last_new:
                timer.cancel()
            last_new[:] = [asyncio.get_running_loop().call_later(quiet_s, stop.set)]
        seen[device.address] = found
        named = sum(clip.name != clip.address for clip in seen.values())
        if name in (found.name, found.address) or (enough is not None and named >= enough):
            stop.set()

    with _in_our_words("scanning"):
        async with BleakScanner(heard, service_uuids=[SERVICE], backend=BACKENDS.scanner):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
    if not seen and BACKENDS.scanner is None:
        for address, called, details in await left_connected(SERVICE):
            seen[address] = Seen(BLEDevice(address, called, details), printable(called)[:_MOST_NAME], _UNKNOWN_DBM)
    clips = [clip for clip in seen.values() if name is None or name in (clip.name, clip.address)]
    return sorted(clips, key=lambda clip: -clip.rssi_dbm)


class BleakLink:
    """Packets over bleak. Notifications of both characteristics come out of one queue in the order they came."""

    def __init__(self, client: BleakClient) -> None:
        self._client = client
        self._packets: asyncio.Queue[bytes | None] = asyncio.Queue()

    def _notified(self, _: object, data: bytearray) -> None:
        self._packets.put_nowait(bytes(data))

    def gone(self, _: BleakClient) -> None:
        self._packets.put_nowait(None)

    async def listen(self) -> None:
        """Be told what the clip sends."""
        for uuid in (CONTROL, DATA):
            try:
                await asyncio.wait_for(self._client.start_notify(uuid, self._notified), _LISTEN_S)
            except TimeoutError as error:
                raise self._unheard() from error

    def _unheard(self) -> Exception:
        """No answer though the link lasts, longer than any supervision timeout: the system waits for a bond."""
        if self._client.is_connected:
            return NotPaired("the clip does not know this computer (no answer)", PAIR_HELP)
        return TimeoutError()

    async def write(self, packet: bytes) -> None:
        with _in_our_words("writing"):
            try:
                await asyncio.wait_for(self._client.write_gatt_char(CONTROL, packet, response=True), _WRITE_S)
            except TimeoutError as error:
                raise self._unheard() from error

    async def receive(self, timeout_s: float) -> bytes | None:
        """The next packet; None when none came in time. Vanished when the link is gone."""
        try:
            packet = await asyncio.wait_for(self._packets.get(), timeout_s)
        except TimeoutError:
            return None
        if packet is None:
            self._packets.put_nowait(None)
            raise Vanished("the clip went away", "bring it near and run this again: it goes on where it was")
        return packet


@contextlib.asynccontextmanager
async def connect(clip: Seen, pair: bool = False) -> AsyncIterator[BleakLink]:
    """A link to a clip that was seen; closed at the end, whatever happens.

    Errors  Vanished, NotPaired (pair within 60 s of a press of its button), NoAdapter, Faulty
    """
    link: BleakLink | None = None

    def gone(client: BleakClient) -> None:
        if link is not None:
            link.gone(client)

    client = BleakClient(clip.device, gone, timeout=CONNECT_S, backend=BACKENDS.client)
    link = BleakLink(client)
    try:
        with _in_our_words("connecting"):
            await client.connect()
    except Vanished as error:
        if not pair:
            raise
        await _without_the_old_bond(client, error)
    try:
        if pair:
            with _in_our_words("pairing", NotPaired):
                # macOS pairs by itself, at the first characteristic that needs it.
                with contextlib.suppress(NotImplementedError):
                    async with agreeing(clip.device):
                        await client.pair()
        try:
            with _in_our_words("opening the clip's service"):
                await link.listen()
        except Vanished as error:
            if not pair:
                raise
            await _without_the_old_bond(client, error)
        yield link
    finally:
        with contextlib.suppress(BleakError, TimeoutError, OSError, EOFError):
            await client.disconnect()


async def _without_the_old_bond(client: BleakClient, why: Exception) -> None:
    """What remains when the clip has lost its bonds: ours no longer fits, and a new one needs it gone.

    BlueZ then does not connect; Windows connects and "pairs", and the first notification is unreachable.
    """
    with contextlib.suppress(BleakError, TimeoutError, OSError, EOFError, NotImplementedError):
        await client.unpair()
    raise NotPaired("the clip did not take this computer's old bond, which is now removed", PAIR_HELP) from why
