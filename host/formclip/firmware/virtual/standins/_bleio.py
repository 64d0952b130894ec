"""`_bleio` of CircuitPython on the nRF52840, peripheral role: what the firmware may do with its radio, strictly.

Objects and checks are here, in the device's subset of Python; the air is a backend that `connect_air` puts in. Without
one the radio works and nobody hears it, as in a forest. Scanning and connecting out are not there: a clip does neither.

The backend   started; advertise(data, scan_response, interval_s, timeout_s), stop(), notify(characteristic, data),
              send(characteristic, packet, room_b, connection): PacketBuffer's, blocks while one packet is in flight
              and one pending, 0 when nobody listens; drop(connection); forget_bonds(); wall_us(): the real clock.
              It moves what its comments say, and calls _written and _subscribed of a Characteristic
"""

import world as _world

_LARGEST = 512
_backend = None


class BluetoothError(Exception):
    pass


class RoleError(BluetoothError):
    pass


class SecurityError(BluetoothError):
    pass


def _asked(function, *arguments):
    """The backend's answer. As long as it took, so long the board was held up."""
    began_us = _backend.wall_us()
    answer = function(*arguments)
    if _world.world is not None and (_world.world.paced or _world.world.linked):
        _world.world.advance(_backend.wall_us() - began_us)
    return answer


def _bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


class UUID:
    def __init__(self, value):
        if isinstance(value, int):
            if not 0 <= value <= 0xFFFF:
                raise ValueError("UUID integer value must be 0-0xffff")
            self._bytes = bytes((value & 255, value >> 8))
        elif isinstance(value, str):
            text = value.replace("-", "")
            if len(text) != 32 or len(value) != 36:
                raise ValueError("UUID string not 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'")
            self._bytes = bytes([int(text[i : i + 2], 16) for i in range(30, -2, -2)])
        else:
            self._bytes = bytes(value)
            if len(self._bytes) != 16:
                raise ValueError("Byte buffer must be 16 bytes.")

    @property
    def size(self):
        return 8 * len(self._bytes)

    @property
    def uuid16(self):
        at = 0 if len(self._bytes) == 2 else 12
        return self._bytes[at] | self._bytes[at + 1] << 8

    @property
    def uuid128(self):
        if len(self._bytes) != 16:
            raise AttributeError("no attribute 'uuid128'")
        return self._bytes

    def pack_into(self, buffer, offset=0):
        if offset + len(self._bytes) > len(buffer):
            raise ValueError("Buffer + offset too small")
        buffer[offset : offset + len(self._bytes)] = self._bytes

    def __eq__(self, other):
        return isinstance(other, UUID) and self._bytes == other._bytes

    def __hash__(self):
        return hash(self._bytes)


class Address:
    PUBLIC = 0
    RANDOM_STATIC = 1
    RANDOM_PRIVATE_RESOLVABLE = 2
    RANDOM_PRIVATE_NON_RESOLVABLE = 3

    def __init__(self, address, address_type=1):
        self.address_bytes = bytes(address)
        if len(self.address_bytes) != 6:
            raise ValueError("Address must be 6 bytes long")
        self.type = address_type

    def __eq__(self, other):
        return isinstance(other, Address) and (self.address_bytes, self.type) == (other.address_bytes, other.type)

    def __hash__(self):
        return hash((self.address_bytes, self.type))


class Attribute:
    NO_ACCESS = 0
    OPEN = 0x11
    ENCRYPT_NO_MITM = 0x21
    ENCRYPT_WITH_MITM = 0x31
    LESC_ENCRYPT_WITH_MITM = 0x41
    SIGNED_NO_MITM = 0x12
    SIGNED_WITH_MITM = 0x22


class Service:
    remote = False

    def __init__(self, uuid, *, secondary=False):
        if _started():
            raise BluetoothError("create services once, before the radio starts")
        self.uuid = uuid
        self.secondary = secondary
        self._characteristics = []
        adapter._services.append(self)

    @property
    def characteristics(self):
        return tuple(self._characteristics)

    def deinit(self):
        raise BluetoothError("services are never re-created")


class Characteristic:
    BROADCAST = 1
    READ = 2
    WRITE_NO_RESPONSE = 4
    WRITE = 8
    NOTIFY = 16
    INDICATE = 32

    def __init__(self):
        raise NotImplementedError("use Characteristic.add_to_service()")

    @classmethod
    def add_to_service(
        cls,
        service,
        uuid,
        *,
        properties=0,
        read_perm=Attribute.OPEN,
        write_perm=Attribute.OPEN,
        max_length=20,
        fixed_length=False,
        initial_value=None,
        user_description=None,
    ):
        if adapter._services[-1] is not service or _started():
            raise BluetoothError("characteristics belong to the service made last")
        for perm in (read_perm, write_perm):
            if perm not in (Attribute.NO_ACCESS, Attribute.OPEN, Attribute.ENCRYPT_NO_MITM):
                raise BluetoothError("this board pairs by legacy Just Works only: that security can't be met")
        if not 0 <= max_length <= (510 if fixed_length else _LARGEST):
            raise ValueError("max_length must be 0-%d when fixed_length is %s" % (_LARGEST, fixed_length))
        self = object.__new__(cls)
        self.service = service
        self.uuid = uuid
        self.properties = properties
        self.read_perm = read_perm
        self.write_perm = write_perm
        self.max_length = max_length
        self.fixed_length = fixed_length
        self.descriptors = ()
        value = b"" if initial_value is None else _bytes(initial_value)
        self._value = bytes(max_length) if fixed_length and initial_value is None else value
        self._observer = None
        service._characteristics.append(self)
        return self

    @property
    def value(self):
        return bytearray(self._value)

    @value.setter
    def value(self, value):
        value = _bytes(value)
        if len(value) > self.max_length:
            raise ValueError("Value length > max_length")
        if self.fixed_length and len(value) != self.max_length:
            raise ValueError("Value length != required fixed length")
        self._value = value
        if _backend is not None and self.properties & (Characteristic.NOTIFY | Characteristic.INDICATE):
            _asked(_backend.notify, self, value)

    def _written(self, connection, value):
        """A central wrote; called by the backend."""
        self._value = value
        if self._observer is not None:
            self._observer._written(connection, value)

    def _subscribed(self, connection, on):
        """A central switched notifications on or off; called by the backend."""
        if self._observer is not None:
            self._observer._subscribed(connection, on)

    def set_cccd(self, *, notify=False, indicate=False):
        raise RoleError("No CCCD for this Characteristic")

    def deinit(self):
        pass


class PacketBuffer:
    """One packet in flight, one pending to which later writes are appended; the oldest of too many arrivals is lost.

    It belongs to the central that first wrote or subscribed, until that one is gone; others are not heard.
    """

    def __init__(self, characteristic, *, buffer_size, max_packet_size=None):
        if buffer_size < 1:
            raise ValueError("buffer_size must be >= 1")
        self._characteristic = characteristic
        self._max_packet_b = max_packet_size or characteristic.max_length
        if self._max_packet_b > characteristic.max_length:
            raise ValueError("max_packet_size must be <= %d" % characteristic.max_length)
        self._room_b = buffer_size * (characteristic.max_length + 2)
        self._arrived = []
        self.dropped = 0
        self._owner = None
        characteristic._observer = self

    def _written(self, connection, value):
        if self._taken_by(connection):
            arrived = self._arrived
            arrived.append(value)
            while sum([len(packet) + 2 for packet in arrived]) > self._room_b:
                arrived.pop(0)
                self.dropped += 1

    def _subscribed(self, connection, on):
        if on:
            self._taken_by(connection)

    def _taken_by(self, connection):
        if self._owner is None or not self._owner.connected:
            self._owner = connection
        return self._owner is connection

    def readinto(self, buf):
        if self._characteristic is None:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")
        if not self._arrived:
            return 0
        packet = self._arrived.pop(0)
        if len(packet) > len(buf):
            raise ValueError("Buffer too short by %d bytes" % (len(packet) - len(buf)))
        buf[: len(packet)] = packet
        return len(packet)

    def write(self, data, *, header=None):
        if not self._characteristic.properties & (Characteristic.NOTIFY | Characteristic.INDICATE):
            raise BluetoothError("Writes not supported on Characteristic")
        packet = (b"" if header is None else bytes(header)) + _bytes(data)
        room = self.outgoing_packet_length
        if room is None:
            return 0
        if len(packet) > room:
            raise ValueError("Total data to write is larger than outgoing_packet_length")
        return _asked(_backend.send, self._characteristic, packet, room, self._owner)

    @property
    def incoming_packet_length(self):
        return self._characteristic.max_length

    @property
    def outgoing_packet_length(self):
        owner = self._owner
        if owner is None or not owner.connected:
            return None
        return min(owner.max_packet_length, self._max_packet_b)

    def deinit(self):
        self._characteristic = None


class CharacteristicBuffer:
    def __init__(self, characteristic, *, timeout=1.0, buffer_size=64):
        raise NotImplementedError("use PacketBuffer: this one drops bytes")


class Connection:
    """A central that is connected. The backend moves its attributes."""

    def __init__(self, handle):
        self._handle = handle
        self.connected = True
        self.paired = False
        self.connection_interval = 30.0
        self.max_packet_length = 20

    def disconnect(self):
        _asked(_backend.drop, self)

    def pair(self, *, bond=True):
        raise RoleError("a peripheral waits to be paired with")

    def discover_remote_services(self, service_uuids_whitelist=None):
        raise RoleError("not needed on a clip")


class Adapter:
    def __init__(self):
        self.enabled = True
        self.name = "CIRCUITPY"
        self.address = Address(b"\x01\x00\x00\xfc\x1c\xe1")
        self.advertising = False
        self._services = []
        self._connections = []

    @property
    def connections(self):
        return tuple([c for c in self._connections if c.connected])

    @property
    def connected(self):
        return bool(self.connections)

    def start_advertising(
        self,
        data,
        *,
        scan_response=None,
        connectable=True,
        anonymous=False,
        timeout=0,
        interval=0.1,
        tx_power=0,
        directed_to=None,
    ):
        if self.advertising:
            raise BluetoothError("Already advertising.")
        if not 0.02 <= interval <= 10.24:
            raise ValueError("interval must be in range 0.02-10.24")
        data = bytes(data)
        scan_response = b"" if scan_response is None else bytes(scan_response)
        if len(data) > 31 or len(scan_response) > 31:
            raise ValueError("Data too large for advertisement packet")
        if len(self.connections) >= 5:
            raise BluetoothError("no room for another connection")
        self.advertising = True
        if _backend is not None:
            _asked(_backend.advertise, data, scan_response, interval, timeout)

    def stop_advertising(self):
        self.advertising = False
        if _backend is not None:
            _asked(_backend.stop)

    def erase_bonding(self):
        if _backend is not None:
            _backend.forget_bonds()

    def start_scan(self, *args, **kwargs):
        raise NotImplementedError("the clip does not scan")

    stop_scan = connect = start_scan


adapter = Adapter()


def set_adapter(new):
    raise NotImplementedError("the board has one adapter")


def connect_air(backend):
    """For the virtual board only: the radio's other side."""
    global _backend
    _backend = backend


def _started():
    return _backend is not None and _backend.started
