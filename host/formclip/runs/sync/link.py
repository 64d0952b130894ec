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
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from formclip.runs.sync.bluez import agreeing, left_connected
from formclip.runs.sync.errors import AdapterOff, Faulty, NoAdapter, NoClip, NotPaired, RadioError, Vanished

SERVICE = "6f9d0001-0c1b-4f5e-9a7c-2f6f726d636c"
CONTROL = "6f9d0002-0c1b-4f5e-9a7c-2f6f726d636c"
DATA = "6f9d0003-0c1b-4f5e-9a7c-2f6f726d636c"

CONNECT_S = 20.0
_LISTEN_S = 15.0
_WRITE_S = 10.0
_UNKNOWN_DBM = -127
# ATT errors that mean: this needs a bond that we do not have (Bluetooth Core 5.4, vol 3 part F, table 3.4).
_NEEDS_BOND = {0x05, 0x08, 0x0C, 0x0F}
# What BlueZ makes of a request that was under way when the link broke; the clip never says it.
_UNLIKELY = 0x0E
# In the texts of the platforms' errors, lower case: no bond; and D-Bus's names for a bluetoothd that is not there.
_NO_BOND = ("authentic", "encrypt", "not permitted", "notpermitted", "notauthorized", "pair")
_NO_SERVICE = ("serviceunknown", "namehasnoowner", "noreply", "disconnected", "spawn.")
_AGAIN_HELP = "bring the clip near and run it again; if that does not help: formclip sync --pair"
_PAIR_HELP = "press the clip's button once, then within 60 s: formclip sync --pair"


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
    """bleak's errors as ours: the concrete classes differ by platform, so only their common base is relied on."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        raise _not_available(error) from error
    except BleakDeviceNotFoundError as error:
        raise NoClip("the clip is out of reach", "bring it near, press its button and try again") from error
    except BleakGATTProtocolError as error:
        if error.args and int(error.args[0]) in _NEEDS_BOND:
            raise NotPaired("the clip does not know this computer", _PAIR_HELP) from error
        if error.args and int(error.args[0]) == _UNLIKELY:
            raise gone(f"the link broke while {doing}", _AGAIN_HELP) from error
        raise Faulty(
            f"the clip refused while {doing}: {error}", "run it again; if it stays, formclip doctor"
        ) from error
    except BleakError as error:
        text = str(error).lower()
        if any(word in text for word in _NO_BOND):
            raise NotPaired(f"the clip does not know this computer ({error})", _PAIR_HELP) from error
        if "notready" in text:
            raise AdapterOff("Bluetooth is switched off", "switch it on and run this again") from error
        if "adapter" in text or any(f"dbus.error.{name}" in text for name in _NO_SERVICE):
            raise NoAdapter(f"no Bluetooth to use: {error}", "plug in or enable a Bluetooth adapter") from error
        raise gone(f"the link broke while {doing}: {error}", "bring the clip near and run it again") from error
    except TimeoutError as error:
        raise gone(f"no answer while {doing}", _AGAIN_HELP) from error
    except EOFError as error:
        raise Vanished(f"the link broke while {doing}", "bring the clip near and run it again") from error
    except OSError as error:
        # No D-Bus on Linux, no WinRT radio: there is no Bluetooth to speak to.
        raise NoAdapter(f"no Bluetooth to use: {error.strerror or error}", "start Bluetooth, then try again") from error


def _not_available(error: BleakBluetoothNotAvailableError) -> RadioError:
    reason = error.reason
    if reason in (BleakBluetoothNotAvailableReason.NO_BLUETOOTH, BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE):
        return NoAdapter("this computer has no usable Bluetooth adapter", "plug one in that has Bluetooth 4.0 or later")
    if reason is BleakBluetoothNotAvailableReason.POWERED_OFF:
        return AdapterOff("Bluetooth is switched off", "switch it on and run this again")
    if reason is BleakBluetoothNotAvailableReason.UNKNOWN:
        return NoAdapter("Bluetooth can't be used", "switch it off and on, then try again")
    return AdapterOff("this program is not allowed to use Bluetooth", "allow it in the system's privacy settings")


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
        found = Seen(device, advertised.local_name or device.name or device.address, advertised.rssi)
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
            seen[address] = Seen(BLEDevice(address, called, details), called, _UNKNOWN_DBM)
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
            return NotPaired("the clip does not know this computer (no answer)", _PAIR_HELP)
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
        # What remains when the clip has lost its bonds: ours no longer fits, and a new one needs it gone.
        with contextlib.suppress(BleakError, TimeoutError, OSError, EOFError, NotImplementedError):
            await client.unpair()
        raise NotPaired("the clip did not take this computer's old bond, which is now removed", _PAIR_HELP) from error
    try:
        if pair:
            with _in_our_words("pairing", NotPaired):
                # macOS pairs by itself, at the first characteristic that needs it.
                with contextlib.suppress(NotImplementedError):
                    async with agreeing(clip.device):
                        await client.pair()
        with _in_our_words("opening the clip's service"):
            await link.listen()
        yield link
    finally:
        with contextlib.suppress(BleakError, TimeoutError, OSError, EOFError):
            await client.disconnect()
