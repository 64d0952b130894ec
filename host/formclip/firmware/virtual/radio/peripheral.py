"""The clip's side of the virtual air: `_bleio`'s backend on a Bumble host, in a thread with an event loop of its own.

All state of the stack is changed on that loop's thread; the firmware's thread asks and waits, never longer than
`WAIT_S`. What the firmware sees (connections, what arrived) are plain lists that the loop's thread appends to.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from bumble import hci
from bumble.att import ATT_Error, Attribute
from bumble.core import UUID
from bumble.device import Connection, Device
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
    Characteristic,
    CharacteristicValue,
    Service,
)
from bumble.keys import JsonKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from formclip.firmware.virtual.radio.address import address_of

WAIT_S = 10.0
# Above this the SoftDevice's bond area is full, and CircuitPython erases all of it.
_MOST_BONDS = 5
_TOO_LONG = 0x0D  # ATT: invalid attribute value length

T = TypeVar("T")


class AirBackend:
    """What `_bleio` is given as its air.

    Settings  bleio: the stand-in module; bonds: file that outlives the board's resets; address: of the air, HOST:PORT;
              linked: told how many centrals are connected, on the radio's thread
    Errors    OSError from the start when there is no air at the address
    """

    def __init__(
        self, bleio: ModuleType, bonds: Path, address: str | None = None, linked: Callable[[int], None] | None = None
    ) -> None:
        self.started = False
        self._bleio = bleio
        self._bonds = bonds
        self._address = address
        self._linked = linked or (lambda _: None)
        self._device: Any = None
        self._transport: Any = None
        self._theirs: dict[int, Characteristic[bytes]] = {}
        self._connections: dict[int, tuple[Connection, Any]] = {}
        self._flying: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._pending: dict[tuple[int, int], bytearray] = {}
        self._stop_timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="radio", daemon=True)
        self._thread.start()
        try:
            self._run(self._open())
        except BaseException:
            self.close()
            raise

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    # -- what _bleio asks ---------------------------------------------------------------------------------------------

    def advertise(self, data: bytes, scan_response: bytes, interval_s: float, timeout_s: float) -> None:
        self._run(self._advertise(data, scan_response, interval_s, timeout_s))

    def stop(self) -> None:
        if self.started:
            self._run(self._stop())

    def notify(self, characteristic: Any, value: bytes) -> None:
        if self.started:
            self._run(self._notify(characteristic, value))

    def send(self, characteristic: Any, packet: bytes, room_b: int, connection: Any) -> int:
        return self._run(self._send(characteristic, packet, room_b, connection))

    def wall_us(self) -> int:
        return time.monotonic_ns() // 1000

    def drop(self, connection: Any) -> None:
        self._run(self._drop(connection))

    def forget_bonds(self) -> None:
        if self.started:
            self._run(self._device.keystore.delete_all())

    def close(self) -> None:
        """The board is off: its radio falls silent at once."""
        if self._transport is not None:
            self._run(self._transport.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)

    # -- on the loop's thread -----------------------------------------------------------------------------------------

    async def _open(self) -> None:
        host, port = address_of(self._address)
        self._transport = await open_transport(f"tcp-client:{host}:{port}")

    async def _start(self) -> None:
        adapter = self._bleio.adapter
        own = hci.Address(bytes(adapter.address.address_bytes), hci.Address.RANDOM_DEVICE_ADDRESS)
        device = Device.with_hci(adapter.name, own, self._transport.source, self._transport.sink)
        device.keystore = JsonKeyStore("clip", str(self._bonds))
        keys = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        delegate = PairingDelegate(local_initiator_key_distribution=keys, local_responder_key_distribution=keys)
        device.pairing_config_factory = lambda _: PairingConfig(sc=False, mitm=False, bonding=True, delegate=delegate)
        device.host.long_term_key_provider = self._long_term_key
        for service in adapter._services:
            characteristics = [self._made(characteristic) for characteristic in service.characteristics]
            device.add_service(Service(_uuid(service.uuid), characteristics))
            for ours, theirs in zip(service.characteristics, characteristics, strict=True):
                theirs.on(theirs.EVENT_SUBSCRIPTION, self._subscriber(ours))
                if ours.read_perm == self._bleio.Attribute.ENCRYPT_NO_MITM:
                    # As on the board: subscribing needs what reading needs.
                    for attribute in device.gatt_server.attributes:
                        inside = theirs.handle < attribute.handle <= theirs.end_group_handle
                        if inside and attribute.type == GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR:
                            attribute.permissions |= Attribute.WRITE_REQUIRES_ENCRYPTION
        device.on(device.EVENT_CONNECTION, self._connected)
        await device.power_on()
        self._device = device
        self.started = True

    async def _long_term_key(self, handle: int, rand: bytes, ediv: int) -> bytes | None:
        connection = self._device.lookup_connection(handle)
        fresh = self._device.smp_manager.get_long_term_key(connection, rand, ediv)
        if fresh is not None:
            return bytes(fresh)
        # Bumble's own takes the peer's key; a legacy bond is re-encrypted with the one that the peripheral gave out.
        kept = await self._device.keystore.get(str(connection.peer_address))
        return bytes(kept.ltk_central.value) if kept is not None and kept.ltk_central is not None else None

    def _subscriber(self, ours: Any) -> Callable[[Any, bool, bool], None]:
        def subscribed(connection: Any, notify: bool, indicate: bool) -> None:
            found = self._connections.get(connection.handle)
            if found is not None:
                ours._subscribed(found[1], notify or indicate)

        return subscribed

    def _made(self, ours: Any) -> Characteristic[bytes]:
        attribute = self._bleio.Attribute
        permissions = Attribute.Permissions(0)
        for perm, open_, encrypted in (
            (ours.read_perm, Attribute.READABLE, Attribute.READ_REQUIRES_ENCRYPTION),
            (ours.write_perm, Attribute.WRITEABLE, Attribute.WRITE_REQUIRES_ENCRYPTION),
        ):
            if perm != attribute.NO_ACCESS:
                permissions |= open_
            if perm == attribute.ENCRYPT_NO_MITM:
                permissions |= encrypted
        if not ours.properties & self._bleio.Characteristic.READ:
            permissions &= ~(Attribute.READABLE | Attribute.READ_REQUIRES_ENCRYPTION)

        def write(connection: Any, value: bytes) -> None:
            if len(value) > ours.max_length:
                raise ATT_Error(_TOO_LONG)
            found = self._connections.get(connection.handle) if connection is not None else None
            ours._written(found[1] if found else None, bytes(value))

        made: Characteristic[bytes] = Characteristic(
            _uuid(ours.uuid),
            Characteristic.Properties(ours.properties),
            permissions,
            CharacteristicValue(read=lambda _: bytes(ours._value), write=write),
        )
        self._theirs[id(ours)] = made
        return made

    async def _advertise(self, data: bytes, scan_response: bytes, interval_s: float, timeout_s: float) -> None:
        if not self.started:
            await self._start()
        await self._device.start_advertising(
            own_address_type=hci.OwnAddressType.RANDOM,
            auto_restart=False,
            advertising_data=data,
            scan_response_data=scan_response,
            advertising_interval_min=interval_s * 1000,
            advertising_interval_max=interval_s * 1000,
        )
        self._cancel_timer()
        if timeout_s:
            self._stop_timer = self._loop.call_later(timeout_s, self._timed_out)

    def _cancel_timer(self) -> None:
        if self._stop_timer is not None:
            self._stop_timer.cancel()
            self._stop_timer = None

    def _timed_out(self) -> None:
        self._bleio.adapter.advertising = False
        self._loop.create_task(self._stop())

    async def _stop(self) -> None:
        self._cancel_timer()
        await self._device.stop_advertising()

    def _connected(self, connection: Connection) -> None:
        # Advertising stops at every connection, on the board too.
        self._cancel_timer()
        ours = self._bleio.Connection(connection.handle)
        self._connections[connection.handle] = connection, ours
        self._linked(len(self._connections))
        self._bleio.adapter.advertising = False
        self._bleio.adapter._connections.append(ours)

        def gone(_: int) -> None:
            ours.connected = False
            self._connections.pop(connection.handle, None)
            if ours in self._bleio.adapter._connections:
                self._bleio.adapter._connections.remove(ours)
            for key in [key for key in self._pending if key[0] == connection.handle]:
                del self._pending[key]
            self._linked(len(self._connections))

        def encrypted() -> None:
            ours.paired = bool(connection.is_encrypted)

        def mtu_changed() -> None:
            ours.max_packet_length = connection.att_mtu - 3

        def bonded(_: Any) -> None:
            self._loop.create_task(self._bound_bonds())

        connection.on(connection.EVENT_DISCONNECTION, gone)
        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, encrypted)
        connection.on(connection.EVENT_CONNECTION_ATT_MTU_UPDATE, mtu_changed)
        connection.on(connection.EVENT_PAIRING, bonded)

    async def _bound_bonds(self) -> None:
        store = self._device.keystore
        if len(await store.get_all()) > _MOST_BONDS:
            await store.delete_all()

    async def _notify(self, ours: Any, value: bytes) -> None:
        for connection, _ in list(self._connections.values()):
            await self._device.notify_subscriber(connection, self._theirs[id(ours)], value)

    async def _send(self, ours: Any, packet: bytes, room_b: int, to: Any) -> int:
        """PacketBuffer.write: at once, appended to the pending packet, or when there is room."""
        key = to._handle, id(ours)
        waited_s = 0.0
        while to._handle in self._connections:
            pending = self._pending.setdefault(key, bytearray())
            if len(pending) + len(packet) <= room_b:
                pending += packet
                if key not in self._flying:
                    self._flying[key] = self._loop.create_task(self._fly(ours, key))
                return len(packet)
            if waited_s > WAIT_S / 2:
                return 0
            await asyncio.sleep(0.002)
            waited_s += 0.002
        return 0

    async def _fly(self, ours: Any, key: tuple[int, int]) -> None:
        """Send the pending packet; the next may go when the controller says that this one is gone."""
        try:
            while (pending := self._pending.get(key)) and key[0] in self._connections:
                packet = bytes(pending)
                pending.clear()
                connection = self._connections[key[0]][0]
                await self._device.notify_subscriber(connection, self._theirs[id(ours)], packet)
                queue = self._device.host.get_data_packet_queue(connection.handle)
                if queue is not None:
                    await queue.drain(connection.handle)
        finally:
            self._flying.pop(key, None)

    async def _drop(self, ours: Any) -> None:
        found = self._connections.get(ours._handle)
        if found is not None:
            await found[0].disconnect()


def _uuid(ours: Any) -> UUID:
    return UUID.from_bytes(bytes(ours._bytes))


class BoardRadio:
    """The radio of a virtual board over its resets: the runner's, for a board with `air` in its config.

    Settings  address of the air; bonds: a file; world: the board's
    In        attach(bleio) at each boot, close(); visited(idle_s)
    Out       visited: somebody connected, and nobody is there since idle_s
    """

    def __init__(self, address: str, bonds: Path, world: Any) -> None:
        self._address, self._bonds, self._world = address, bonds, world
        self._backend: AirBackend | None = None
        self._left_s: float | None = None

    def attach(self, bleio: ModuleType) -> None:
        self.close()
        self._backend = AirBackend(bleio, self._bonds, self._address, self._linked)
        bleio.connect_air(self._backend)

    def _linked(self, centrals: int) -> None:
        self._world.linked = centrals > 0
        self._left_s = None if centrals else time.monotonic()

    def visited(self, idle_s: float) -> bool:
        return self._left_s is not None and time.monotonic() - self._left_s > idle_s

    def forget_visits(self) -> None:
        self._left_s = None

    def close(self) -> None:
        if self._backend is not None:
            backend, self._backend = self._backend, None
            backend.close()
            self._world.linked = False
