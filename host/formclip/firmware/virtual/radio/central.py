"""bleak's scanner and client on a Bumble host: the companion's radio in the virtual air.

Each object has a controller of its own, as a process that was started anew would. Bonds and the host's address live in
a file (FORMCLIP_VIRTUAL_BONDS, else beside the store), so that pairing lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError, BleakGATTProtocolError
from bumble import att, core, hci
from bumble.device import Advertisement, Connection, Device
from bumble.gatt import Characteristic
from bumble.gatt_client import CharacteristicProxy
from bumble.keys import JsonKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from formclip.firmware.virtual.radio.address import NoAir

AIR: tuple[str, int] = ("127.0.0.1", 47321)
_MTU = 512
# Share of notifications that are lost, and that come twice, and that change places with the next one: what BlueZ was
# seen to do when flooded. FORMCLIP_VIRTUAL_LOSS for the processes that a test starts.
LOSS = float(os.environ.get("FORMCLIP_VIRTUAL_LOSS", "0"))
_PROPERTIES = {
    Characteristic.Properties.READ: "read",
    Characteristic.Properties.WRITE: "write",
    Characteristic.Properties.WRITE_WITHOUT_RESPONSE: "write-without-response",
    Characteristic.Properties.NOTIFY: "notify",
    Characteristic.Properties.INDICATE: "indicate",
}


def bonds_file() -> Path:
    given = os.environ.get("FORMCLIP_VIRTUAL_BONDS")
    return (
        Path(given) if given else Path(platformdirs.user_data_dir("formclip", appauthor=False)) / "virtual-bonds.json"
    )


def _host_address(path: Path) -> str:
    """A static random address of this computer, made once: the clip knows its bond by it."""
    kept = path.with_suffix(".address")
    if not kept.is_file():
        octets = [0xC0 | secrets.randbelow(64), *secrets.token_bytes(5)]
        path.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(":".join(f"{octet:02X}" for octet in octets))
    return kept.read_text().strip()


class _Radio:
    """A Bumble host with a controller in the air."""

    def __init__(self) -> None:
        self.device: Any = None
        self._transport: Any = None

    async def open(self) -> Device:
        path = bonds_file()
        try:
            self._transport = await open_transport(f"tcp-client:{AIR[0]}:{AIR[1]}")
        except OSError as error:
            raise NoAir(
                f"no virtual air at {AIR[0]}:{AIR[1]}", "start one first: formclip virtual-clip --radio"
            ) from error
        device = Device.with_hci(
            "formclip host",
            hci.Address(_host_address(path), hci.Address.RANDOM_DEVICE_ADDRESS),
            self._transport.source,
            self._transport.sink,
        )
        device.keystore = JsonKeyStore("host", str(path))
        # Just Works with a bond, legacy pairing: all that the clip's radio can do.
        # No identity key either: the clip knows this host by its static address.
        keys = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        delegate = PairingDelegate(local_initiator_key_distribution=keys, local_responder_key_distribution=keys)
        device.pairing_config_factory = lambda _: PairingConfig(sc=False, mitm=False, bonding=True, delegate=delegate)
        await device.power_on()
        self.device = device
        return device

    async def close(self) -> None:
        if self.device is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.device.power_off(), 2)
            self.device = None
        if self._transport is not None:
            await self._transport.close()
            self._transport = None


class VirtualScanner(BaseBleakScanner):
    """As bleak's own scanners, over the virtual air."""

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str = "active", **_: Any) -> None:
        super().__init__(detection_callback, service_uuids)
        self._radio = _Radio()

    async def start(self) -> None:
        self.seen_devices = {}
        device = await self._radio.open()
        device.on(device.EVENT_ADVERTISEMENT, self._heard)
        await device.start_scanning(filter_duplicates=False)

    async def stop(self) -> None:
        await self._radio.close()

    def _heard(self, heard: Advertisement) -> None:
        uuids: list[str] = []
        for kind in (
            core.AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
            core.AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
            core.AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
            core.AdvertisingData.Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        ):
            for listed in heard.data.get_all(kind):
                uuids += [_uuid_text(uuid) for uuid in listed]
        name = heard.data.get(core.AdvertisingData.Type.COMPLETE_LOCAL_NAME) or heard.data.get(
            core.AdvertisingData.Type.SHORTENED_LOCAL_NAME
        )
        address = heard.address.to_string(with_type_qualifier=False)
        known = self.seen_devices.get(address)
        # Advertisement and scan response come one by one; a platform's scanner shows them together.
        if known is not None:
            name = name or known[1].local_name
            uuids = uuids or known[1].service_uuids
        advertised = AdvertisementData(name, {}, {}, uuids, None, heard.rssi, ())
        found = self.create_or_update_device(address, address, name, heard.address, advertised)
        if self.is_allowed_uuid(uuids):
            self.call_detection_callbacks(found, advertised)


def _uuid_text(uuid: core.UUID) -> str:
    text = uuid.to_hex_str("-").lower()
    return text if len(uuid.uuid_bytes) == 16 else f"0000{text}-0000-1000-8000-00805f9b34fb"


class _Hearing:
    """Notifications as a bad host hands them on."""

    def __init__(self, callback: Callable[[bytearray], None]) -> None:
        self._callback = callback
        self._late: bytearray | None = None

    def __call__(self, data: bytearray) -> None:
        draw = random.random()
        if draw < LOSS:
            return
        if draw > 1 - LOSS and self._late is None:
            self._late = data
            return
        self._callback(data)
        if draw < 2 * LOSS:
            self._callback(data)
        if self._late is not None:
            late, self._late = self._late, None
            self._callback(late)


class VirtualClient(BaseBleakClient):
    """As bleak's own clients, over the virtual air."""

    def __init__(self, address_or_ble_device: BLEDevice | str, **settings: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=settings.get("disconnected_callback"),
            timeout=settings.get("timeout", 10.0),
        )
        details = getattr(address_or_ble_device, "details", None)
        self._peer = details if isinstance(details, hci.Address) else hci.Address(self.address)
        self._name = getattr(address_or_ble_device, "name", None) or self.address
        self._radio = _Radio()
        self._connection: Connection | None = None
        self._gatt: Any = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def mtu_size(self) -> int:
        return self._gatt.mtu if self._gatt is not None else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_: Any) -> None:
        device = await self._radio.open()
        try:
            self._connection = await device.connect(self._peer, timeout=self._timeout)
            connection: Any = self._connection
            connection.on(connection.EVENT_DISCONNECTION, self._gone)
            if device.keystore and await device.keystore.get(str(connection.peer_address)) is not None:
                with contextlib.suppress(hci.HCI_Error, core.BaseBumbleError):
                    await asyncio.wait_for(connection.encrypt(), self._timeout)
            elif pair:
                await self.pair()
            from bumble.device import Peer

            self._gatt = Peer(connection)
            await self._gatt.request_mtu(_MTU)
            await self._gatt.discover_all()
            self.services = self._found()
        except (core.BaseBumbleError, hci.HCI_Error) as error:
            await self._close()
            raise BleakError(f"connecting: {error}") from error
        except asyncio.CancelledError:
            # Bumble cancels what waits for a link that is lost.
            lost = self._connection is None
            await self._close()
            if lost:
                raise BleakError("disconnected while connecting") from None
            raise
        except BaseException:
            await self._close()
            raise

    def _gone(self, _: int) -> None:
        unsolicited, self._connection = self._connection is not None, None
        if unsolicited and self._disconnected_callback is not None:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.disconnect(), 2)
        await self._close()

    async def _close(self) -> None:
        self._connection = None
        await self._radio.close()

    def _linked(self) -> Connection:
        if self._connection is None:
            raise BleakError("not connected")
        return self._connection

    async def pair(self, *_: Any, **__: Any) -> None:
        try:
            await asyncio.wait_for(self._linked().pair(), self._timeout)
        except (core.BaseBumbleError, hci.HCI_Error, asyncio.CancelledError) as error:
            raise BleakError(f"pairing failed: {error}") from error

    async def unpair(self) -> None:
        path = bonds_file()
        if path.is_file():
            bonds = json.loads(path.read_text())
            for keys in bonds.values():
                keys.pop(str(self._peer), None)
            path.write_text(json.dumps(bonds))
        await self.disconnect()

    def _found(self) -> BleakGATTServiceCollection:
        services = BleakGATTServiceCollection()
        for service in self._gatt.services:
            found = BleakGATTService(service, service.handle, _uuid_text(service.uuid))
            services.add_service(found)
            for characteristic in service.characteristics:
                properties: Any = [text for bit, text in _PROPERTIES.items() if characteristic.properties & bit]
                wrapped = BleakGATTCharacteristic(
                    characteristic,
                    characteristic.handle,
                    _uuid_text(characteristic.uuid),
                    properties,
                    self._room,
                    found,
                )
                services.add_characteristic(wrapped)
                for descriptor in characteristic.descriptors:
                    services.add_descriptor(
                        BleakGATTDescriptor(descriptor, descriptor.handle, _uuid_text(descriptor.type), wrapped)
                    )
        return services

    def _room(self) -> int:
        return self.mtu_size - 3

    async def _att(self, request: Any) -> Any:
        if self._connection is None:
            request.close()
        self._linked()
        try:
            return await request
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except (core.BaseBumbleError, hci.HCI_Error) as error:
            raise BleakError(str(error)) from error
        except (asyncio.CancelledError, TimeoutError):
            if self._connection is None:
                raise BleakError("disconnected") from None
            raise

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        return bytearray(await self._att(self._proxy(characteristic).read_value()))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_: Any) -> bytearray:
        return bytearray(await self._att(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
        await self._att(self._proxy(characteristic).write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        await self._att(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **_: Any
    ) -> None:
        hear = _Hearing(callback) if LOSS else callback
        await self._att(self._proxy(characteristic).subscribe(lambda data: hear(bytearray(data))))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._att(self._proxy(characteristic).unsubscribe())

    @staticmethod
    def _proxy(characteristic: BleakGATTCharacteristic) -> CharacteristicProxy[bytes]:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        return proxy
