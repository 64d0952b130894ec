"""The virtual air: every TCP connection to it is the HCI of a Bluetooth controller of its own.

    python -m formclip.firmware.virtual.radio.air --address 127.0.0.1:47321 --interval-ms 30

On its standard input it takes `cut`, `cut-after BYTES` and `interval-ms N`; it ends with it.

Bumble's controllers know no time; here data moves at connection events, `interval_ms` apart and `packets` link-layer
packets a side each, and a sender hears that a packet is gone when it is: so buffers fill as they do on the air.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sys
from collections import deque
from typing import Any

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink
from bumble.transport.common import PacketParser

from formclip.firmware.virtual.radio.address import address_of

# Reason of a supervision timeout (Bluetooth Core 5.4, vol 1 part F, 2.8).
LINK_LOST = 0x08
_ACL_B = 251
_ACL_BUFFERS = 4


class AirController(Controller):
    """A controller whose data leaves at connection events."""

    def __init__(self, name: str, air: Air, host_sink: Any, public_address: hci.Address) -> None:
        super().__init__(name, host_sink=host_sink, link=air, public_address=public_address)
        self._air = air
        self._waiting: dict[int, deque[hci.HCI_AclDataPacket]] = {}
        self._ticking: set[int] = set()
        self.le_acl_data_packet_length = _ACL_B
        self.total_num_le_acl_data_packets = _ACL_BUFFERS
        # It offers these but does not send the events that go with them.
        self.le_features &= ~(hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        # Bumble's own repeats the advertisement as the scan response.
        if self.le_scan_enable:
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            for kind, data in ((kinds.ADV_IND, pdu.data), (kinds.SCAN_RSP, self._air.scan_response(pdu))):
                report = hci.HCI_LE_Advertising_Report_Event.Report(
                    event_type=kind,
                    address_type=pdu.advertiser_address.address_type,
                    address=pdu.advertiser_address,
                    data=data,
                    rssi=-50,
                )
                self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        if not self._air.interval_s:
            super().on_hci_acl_data_packet(packet)
            return
        handle = packet.connection_handle
        self._waiting.setdefault(handle, deque()).append(packet)
        if handle not in self._ticking:
            self._ticking.add(handle)
            self._air.loop.call_later(self._air.interval_s, self._connection_event, handle)

    def _connection_event(self, handle: int) -> None:
        waiting = self._waiting.get(handle)
        if self.find_connection_by_handle(handle) is None:
            self._waiting.pop(handle, None)
            self._ticking.discard(handle)
            return
        for _ in range(min(self._air.packets, len(waiting or ()))):
            super().on_hci_acl_data_packet(waiting.popleft())  # type: ignore[union-attr]
        if waiting:
            self._air.loop.call_later(self._air.interval_s, self._connection_event, handle)
        else:
            self._ticking.discard(handle)

    def on_hci_reset_command(self, command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        # Bumble's own lets links, scanning and advertising go on.
        self.fall_silent()
        return super().on_hci_reset_command(command)

    def fall_silent(self) -> None:
        """As when its power goes: the others see the links lost."""
        self.le_legacy_advertiser.stop()
        self.le_scan_enable = False
        self.pending_le_connection = None
        links, self.le_connections = list(self.le_connections.values()), {}
        for connection in links:
            peer = self._air.find_le_controller(connection.peer_address)
            if peer is not None and connection.self_address in peer.le_connections:
                peer.lose(peer.le_connections[connection.self_address])  # type: ignore[attr-defined]

    def lose(self, connection: Connection) -> None:
        if connection.peer_address in self.le_connections:
            self._waiting.pop(connection.handle, None)
            self.on_le_disconnected(connection, LINK_LOST)


class Air(LocalLink):
    """The medium between controllers.

    Settings  interval_ms between connection events, 0: no pacing; packets a side and event
    In        cut(): every link is lost, both sides see reason 0x08
    """

    def __init__(self, interval_ms: float = 0.0, packets: int = 2) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.interval_s = interval_ms / 1000
        self.packets = packets
        self.loop = asyncio.get_running_loop()
        self.address = ""
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._cut_after_b: int | None = None

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: PhysicalTransport, data: bytes
    ) -> None:
        # Bumble's own shows the sender's random address always; a central may have connected from its public one.
        destination = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if destination is None or connection is None:
            return
        source = connection.self_address
        self.loop.call_soon(lambda: destination.on_link_acl_data(source, transport, data))
        if self._cut_after_b is not None:
            self._cut_after_b -= len(data)
            if self._cut_after_b <= 0:
                self._cut_after_b = None
                self.loop.call_soon(self.cut)

    def scan_response(self, pdu: ll.AdvInd | ll.AdvExtInd) -> bytes:
        for controller in self.controllers:
            if controller.le_legacy_advertiser.address == pdu.advertiser_address:
                return controller.le_legacy_advertiser.scan_response_data
        return b""

    def cut(self) -> None:
        for controller in list(self.controllers):
            for connection in list(controller.le_connections.values()):
                controller.lose(connection)  # type: ignore[attr-defined]

    def cut_after(self, bytes_: int) -> None:
        """Cut every link once so many bytes more have passed."""
        self._cut_after_b = bytes_

    async def open(self, host: str, port: int) -> None:
        """Serve controllers; port 0: a free one, told in `address`."""
        self._server = await asyncio.start_server(self._serve, host, port)
        bound = self._server.sockets[0].getsockname()
        self.address = f"{bound[0]}:{bound[1]}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(self._numbers)
        public = hci.Address(
            f"F0:F1:F2:00:{number >> 8 & 255:02X}:{number & 255:02X}", hci.Address.PUBLIC_DEVICE_ADDRESS
        )
        sink = _Sink(writer)
        controller = AirController(f"C{number}", self, sink, public)
        parser = PacketParser(controller)
        try:
            while data := await reader.read(1 << 16):
                parser.feed_data(data)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            sink.open = False
            controller.fall_silent()
            self.remove_controller(controller)
            with contextlib.suppress(ConnectionError):
                writer.close()


class _Sink:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.open = True

    def on_packet(self, packet: bytes) -> None:
        if self.open:
            self._writer.write(packet)


async def serve(address: str | None, interval_ms: float, packets: int) -> None:
    air = Air(interval_ms, packets)
    await air.open(*address_of(address))
    print(f"air {air.address}", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, _, number = line.strip().partition(" ")
        if what == "cut":
            air.cut()
        elif what == "cut-after":
            air.cut_after(int(number))
        elif what == "interval-ms":
            air.interval_s = float(number) / 1000
        print(what, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--address", help="HOST:PORT, port 0 for a free one")
    parser.add_argument("--interval-ms", type=float, default=0.0, help="connection interval; 0: as fast as it goes")
    parser.add_argument("--packets", type=int, default=2, help="link-layer packets a side and connection event")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.address, given.interval_ms, given.packets))


if __name__ == "__main__":
    main()
