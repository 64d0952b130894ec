"""The radio's services and advertisement, made once at the start; then this code is let go (hw/link.py)."""

from _bleio import UUID, Attribute, Characteristic, PacketBuffer, Service, adapter
from gaitcore import sync

_UUID = "6f9d000%d-0c1b-4f5e-9a7c-2f6f726d636c"
_READ = Characteristic.READ
_NOTIFY = Characteristic.NOTIFY


def make(name, firmware, control_b, data_b):
    """Control and data, with packets of so many bytes; RSC measurement, battery level; advertisement, scan response."""
    service = Service(UUID(_UUID % 1))  # docs/design/protocol.md
    control = _add_packets(service, 2, Characteristic.WRITE | _NOTIFY, control_b, 4)
    data = _add_packets(service, 3, _NOTIFY, data_b, 1)
    closed = Attribute.ENCRYPT_NO_MITM
    service = Service(UUID(0x1814))  # Running Speed and Cadence: once a second
    speed = _add(service, 0x2A53, _NOTIFY, bytes(6), False, closed)
    _add(service, 0x2A54, _READ, b"\x05\x00", True, closed)  # stride length, walking or running
    _add(service, 0x2A5D, _READ, b"\x03", True, closed)  # hip
    service = Service(UUID(0x180F))
    level = _add(service, 0x2A19, _READ | _NOTIFY, bytes(1))
    service = Service(UUID(0x180A))
    told = ("clip", name, firmware, "nRF52840", str(sync.VERSION), "formclip")  # 2A24 model ... 2A29 maker
    for k in range(6):
        _add(service, 0x2A24 + k, _READ, told[k].encode())
    adapter.enabled = True
    adapter.name = name
    uuid = bytes([int((_UUID % 1).replace("-", "")[k : k + 2], 16) for k in range(30, -2, -2)])
    # flags, all 16-bit and all 128-bit services; the name comes with the scan response
    advertisement = _field(0x01, b"\x06") + _field(0x03, b"\x14\x18") + _field(0x07, uuid)
    return control, data, speed, level, advertisement, _field(0x09, name.encode())


def _add(service, uuid, properties, value, fixed=True, read=Attribute.OPEN, write=Attribute.NO_ACCESS, most_b=0):
    """A characteristic of the service made last."""
    return Characteristic.add_to_service(
        service,
        UUID(uuid),
        properties=properties,
        read_perm=read,
        write_perm=write,
        max_length=most_b or len(value),
        fixed_length=fixed,
        initial_value=value,
    )


def _add_packets(service, number, properties, most_b, packets):
    """A characteristic that only an encrypted link may use, as packets."""
    closed = Attribute.ENCRYPT_NO_MITM
    made = _add(service, _UUID % number, properties, b"", False, closed, closed, most_b)
    return PacketBuffer(made, buffer_size=packets)


def _field(kind, data):
    """One field of an advertisement."""
    return bytes((len(data) + 1, kind)) + data
