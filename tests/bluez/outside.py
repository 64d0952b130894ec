"""What is outside the guest: the air, and a clip with its sessions in memory, on an event loop of their own."""

import asyncio
import contextlib
import secrets
import threading

from bumble import hci
from bumble.att import Attribute
from bumble.core import UUID, AdvertisingData
from bumble.device import Device
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
    Characteristic,
    CharacteristicValue,
    Service,
)
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from formclip.firmware.virtual.radio.air import Air
from formclip.runs.sync import link
from gaitcore import records, sync

CALL_S = 30.0


class Outside:
    """The event loop's thread and the air; `call` runs a coroutine there and waits for it."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.air = self.call(self._open())

    async def _open(self):
        air = Air()
        await air.open("127.0.0.1", 0)
        return air

    def call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_S)

    def do(self, function, *given):
        """A plain function, on the loop's thread."""

        async def done():
            return function(*given)

        return self.call(done())

    def close(self):
        self.call(self.air.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)


class Clip:
    """A clip without firmware: `gaitcore.sync.ClipEnd` behind the service of docs/design/protocol.md.

    Settings  port: as sync.ClipEnd wants it; packet_ms: pause after each data packet, 0 floods the computer
    Out       connections and packets_sent so far; lost_after: set by a test to cut the link after so many more packets
    """

    def __init__(self, outside, port, number=1):
        self.port = port
        self.end = sync.ClipEnd(port)
        self.packet_ms = 0.0
        self.connections = self.packets_sent = 0
        self.lost_after = None
        self._outside = outside
        self._address = hci.Address(f"C1:02:03:04:05:{number:02X}", hci.Address.RANDOM_DEVICE_ADDRESS)
        self._keys = MemoryKeyStore()
        self._connection = None
        self._silent = False
        self._pump = asyncio.Event()
        self._task = None
        outside.call(self._start())

    async def _start(self):
        self._transport = await open_transport("tcp-client:" + self._outside.air.address)
        device = self._device = Device.with_hci(
            self.port.name, self._address, self._transport.source, self._transport.sink
        )
        device.keystore = self._keys
        keys = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        device.pairing_config_factory = lambda _: PairingConfig(
            sc=False,
            mitm=False,
            bonding=True,
            delegate=PairingDelegate(local_initiator_key_distribution=keys, local_responder_key_distribution=keys),
        )
        device.host.long_term_key_provider = self._long_term_key
        properties = Characteristic.Properties
        self._control = Characteristic(
            link.CONTROL,
            properties.WRITE | properties.NOTIFY,
            Attribute.WRITEABLE | Attribute.WRITE_REQUIRES_ENCRYPTION,
            CharacteristicValue(write=self._written),
        )
        self._data = Characteristic(link.DATA, properties.NOTIFY, Attribute.Permissions(0))
        device.add_service(Service(link.SERVICE, [self._control, self._data]))
        for characteristic in (self._control, self._data):
            for descriptor in characteristic.descriptors:
                if descriptor.type == GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR:
                    descriptor.permissions |= Attribute.WRITE_REQUIRES_ENCRYPTION
        device.on(device.EVENT_CONNECTION, self._connected)
        await device.power_on()
        await self.advertise()
        self._task = asyncio.ensure_future(self._send())

    async def advertise(self):
        service = bytes(UUID(link.SERVICE))
        flags = (AdvertisingData.FLAGS, b"\x06")
        await self._device.start_advertising(
            auto_restart=False,
            advertising_interval_min=100,
            advertising_interval_max=100,
            advertising_data=bytes(
                AdvertisingData([flags, (AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, service)])
            ),
            scan_response_data=bytes(AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, self.port.name.encode())])),
        )

    async def _long_term_key(self, handle, rand, ediv):
        connection = self._device.lookup_connection(handle)
        fresh = self._device.smp_manager.get_long_term_key(connection, rand, ediv)
        if fresh is not None:
            return fresh
        kept = await self._keys.get(str(connection.peer_address))
        return kept.ltk_central.value if kept is not None and kept.ltk_central is not None else None

    def _connected(self, connection):
        self.connections += 1
        self._connection = connection
        self.end.reset(secrets.randbits(32) | 1)
        connection.on(connection.EVENT_DISCONNECTION, self._gone)

    def _gone(self, _):
        self._connection = None
        self.end.lost()
        if not self._silent:
            asyncio.ensure_future(self.advertise())

    def _written(self, _, packet):
        self.end.receive(packet)
        self._pump.set()

    async def _send(self):
        buf = bytearray(sync.CONTROL_B + 4096)
        while True:
            await self._pump.wait()
            self._pump.clear()
            while (connection := self._connection) is not None:
                room = memoryview(buf)[: connection.att_mtu - 3]
                if n := self.end.send_control_into(room):
                    await self._device.notify_subscriber(connection, self._control, bytes(room[:n]))
                elif n := self.end.send_data_into(room):
                    await self._device.notify_subscriber(connection, self._data, bytes(room[:n]))
                    await asyncio.sleep(self.packet_ms / 1000)
                else:
                    break
                self.packets_sent += 1
                if self.lost_after is not None:
                    self.lost_after -= 1
                    if self.lost_after <= 0:
                        self.lost_after = None
                        self._outside.air.cut()

    def wait_sent(self, packets):
        """Until so many packets more have been sent."""

        async def sent():
            end = self.packets_sent + packets
            while self.packets_sent < end:
                await asyncio.sleep(0.01)

        self._outside.call(sent())

    @contextlib.contextmanager
    def running(self):
        """While the block lasts a step is recorded every 0.35 s, at 171.2 steps/min; gives their records."""
        fields = [0] * records.N_FIELDS
        fields[records.CADENCE] = 1712
        record = bytearray(records.STEP_B)
        records.pack_step(fields, record, 0)
        steps = []

        async def run():
            while True:
                steps.append(bytes(record))
                self.end.step(350 * len(steps), steps[-1])
                self._pump.set()
                await asyncio.sleep(0.35)

        task = self._outside.do(lambda: asyncio.ensure_future(run()))
        yield steps
        self._outside.do(task.cancel)

    def forget(self):
        """The clip loses its bonds, as when its bond area is full."""
        self._keys = self._device.keystore = MemoryKeyStore()

    def away(self):
        """Out of reach: the link is lost, and nothing is heard of the clip until it is back."""

        self._silent = True
        self._outside.do(self._outside.air.cut)

    def back(self):
        self._silent = False
        self._outside.call(self.advertise())

    async def _close(self):
        if not self._task.done():
            self._task.cancel()
            await self._transport.close()

    def close(self):
        """Switched off."""
        self._outside.call(self._close())
