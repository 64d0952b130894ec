"""The radio's services and advertisement, made once at the start; then this code is let go, adafruit_ble with it.

Services, characteristics and the fields of the advertisement are adafruit_ble's. What stays is what they made:
`_bleio`'s characteristics, two PacketBuffers, which adafruit_ble does not know, and bytes. Kept for good, its classes
would cost 9 KB of heap; and its BLERadio makes a list and a tuple each time that it is asked who is connected.
"""

from _bleio import PacketBuffer, adapter
from adafruit_ble.advertising import encode_data
from adafruit_ble.attributes import Attribute
from adafruit_ble.characteristics import Characteristic, ComplexCharacteristic
from adafruit_ble.services import Service
from adafruit_ble.services.standard import BatteryService
from adafruit_ble.services.standard.device_info import DeviceInfoService
from adafruit_ble.uuid import StandardUUID, VendorUUID
from gaitcore import sync

_UUID = "6f9d000%d-0c1b-4f5e-9a7c-2f6f726d636c"
_CLOSED = Attribute.ENCRYPT_NO_MITM  # the strongest that this board can meet


class Packets(ComplexCharacteristic):
    """A characteristic that only an encrypted link may use, as packets."""

    def __init__(self, number, properties, packets):
        self._packets = packets
        super().__init__(
            uuid=VendorUUID(_UUID % number),
            properties=properties,
            read_perm=_CLOSED,
            write_perm=_CLOSED,
            initial_value=b"",
        )

    def bind(self, service):
        return PacketBuffer(super().bind(service), buffer_size=self._packets)


class Transfer(Service):  # docs/design/protocol.md
    uuid = VendorUUID(_UUID % 1)
    control = Packets(2, Characteristic.WRITE | Characteristic.NOTIFY, 4)
    data = Packets(3, Characteristic.NOTIFY, 1)


def _fixed(number, value):
    """A characteristic of the standard that is only read, and never changes."""
    return Characteristic(
        uuid=StandardUUID(number),
        properties=Characteristic.READ,
        read_perm=_CLOSED,
        write_perm=Attribute.NO_ACCESS,
        fixed_length=True,
        initial_value=value,
    )


class RunningSpeedAndCadence(Service):
    uuid = StandardUUID(0x1814)
    measurement = Characteristic(  # once a second
        uuid=StandardUUID(0x2A53),
        properties=Characteristic.NOTIFY,
        read_perm=_CLOSED,
        write_perm=Attribute.NO_ACCESS,
        initial_value=bytes(6),
    )
    feature = _fixed(0x2A54, b"\x05\x00")  # stride length, walking or running
    location = _fixed(0x2A5D, b"\x03")  # hip


def make(name, firmware, control_b, data_b):
    """Control and data, with packets of so many bytes; RSC measurement, battery level; advertisement, scan response."""
    Transfer.control.max_length, Transfer.data.max_length = control_b, data_b
    transfer = Transfer()
    running = RunningSpeedAndCadence()
    battery = BatteryService()
    DeviceInfoService(
        model_number="clip",
        serial_number=name,
        firmware_revision=firmware,
        hardware_revision="nRF52840",
        software_revision=str(sync.VERSION),
        manufacturer="formclip",
    )
    adapter.enabled = True
    adapter.name = name
    uuids = {0x03: bytearray(2), 0x07: bytearray(16)}  # all of 16 bits, all of 128
    running.uuid.pack_into(uuids[0x03])
    transfer.uuid.pack_into(uuids[0x07])
    # flags first; the name comes with the scan response
    advertisement = encode_data({0x01: b"\x06"}) + encode_data({0x03: uuids[0x03]}) + encode_data({0x07: uuids[0x07]})
    return (
        transfer.control,
        transfer.data,
        running.bleio_characteristics["measurement"],
        battery.bleio_characteristics["level"],
        advertisement,
        encode_data({0x09: name.encode()}),
    )
