"""What the three platforms' radios raise, and what it means: a table, a row a kind.

The rows are tried in their order; the first that fits an error says which of ours it becomes, in which words, and what
to do. What is data (D-Bus names, ATT and HRESULT codes, classes of bleak) is compared as data; only where a platform
gives nothing but a sentence (bleak's words for Windows' status, BlueZ's details) is the sentence looked into.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from formclip.ground.errors import printable
from formclip.runs.sync.errors import AdapterOff, Busy, Faulty, NoAdapter, NoClip, NotPaired, RadioError, Vanished

AGAIN_HELP = "bring the clip near and run it again; if that does not help: formclip sync --pair"
PAIR_HELP = "press the clip's button once, then within 60 s: formclip sync --pair"
_ON_HELP = "switch it on and run this again"
_FORGET_HELP = "remove the clip in the system's Bluetooth settings, press its button, then: formclip sync --pair"
_OTHER_HELP = "close the other program (a phone's app or a browser counts too), then run this again"

# ATT errors that mean: this needs a bond that we do not have (Bluetooth Core 5.4, vol 3 part F, table 3.4).
_NEEDS_BOND = {0x05, 0x08, 0x0C, 0x0F}
# What BlueZ makes of a request that was under way when the link broke; the clip never says it.
_UNLIKELY = 0x0E
# The handles of another version of the clip's table of services (Invalid Handle, Attribute Not Found, Out Of Sync).
_STALE_TABLE = {0x01, 0x0A, 0x12}
_HRESULT_ATT = 0x80650000  # E_BLUETOOTH_ATT_*: the low byte is the ATT error (winerror.h)
_HRESULT_DENIED = 0x80070005  # E_ACCESSDENIED
_HRESULT_OFF = {0x8007048F, 0x800710DF}  # ERROR_DEVICE_NOT_CONNECTED, ERROR_DEVICE_NOT_AVAILABLE: radio off or gone
_HRESULT_CLOSED = 0x80000013  # RO_E_CLOSED
_BLUEZ = "org.bluez.Error."
_DBUS = "org.freedesktop.DBus.Error."
_NO_BLUETOOTHD = {
    _DBUS + name
    for name in (
        "ServiceUnknown",
        "NameHasNoOwner",
        "NoReply",
        "Disconnected",
        "FileNotFound",
        "NoServer",
        "AccessDenied",
    )
}
_REASON = BleakBluetoothNotAvailableReason


@dataclass(frozen=True)
class Row:
    """One kind of error: whether it fits, what it becomes, the words and the remedy.

    kind    class of ours; None: Vanished, or what the caller says a lost link is to it
    source  where it is known from
    """

    name: str
    fits: Callable[[BaseException], bool]
    kind: type[RadioError] | None
    what: str
    next_step: str
    source: str


def _att(*codes: int) -> Callable[[BaseException], bool]:
    def fits(error: BaseException) -> bool:
        return att_code(error) in codes

    return fits


def att_code(error: BaseException) -> int | None:
    """The ATT error in an error of any platform; None where there is none."""
    if isinstance(error, BleakGATTProtocolError) and error.args:
        return int(error.args[0])
    code = _winerror(error)
    return code & 0xFF if code is not None and code & 0xFFFFFF00 == _HRESULT_ATT else None


def _winerror(error: BaseException) -> int | None:
    code = getattr(error, "winerror", None)
    return code & 0xFFFFFFFF if isinstance(code, int) else None


def _hresult(*codes: int) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, OSError) and _winerror(error) in codes


def _dbus(*names: str, says: str = "") -> Callable[[BaseException], bool]:
    def fits(error: BaseException) -> bool:
        return (
            isinstance(error, BleakDBusError)
            and error.dbus_error in names
            and says in str(error.dbus_error_details or "").lower()
        )

    return fits


def _is(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, kinds)


def _says(kind: type[BaseException], *words: str) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, kind) and any(word in str(error).lower() for word in words)


def _reason(*reasons: BleakBluetoothNotAvailableReason) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, BleakBluetoothNotAvailableError) and error.reason in reasons


_NO_NEWS = "the clip does not know this computer"
ROWS: tuple[Row, ...] = (
    Row(
        "no adapter",
        _reason(_REASON.NO_BLUETOOTH, _REASON.NO_BLE_CENTRAL_ROLE),
        NoAdapter,
        "this computer has no usable Bluetooth adapter",
        "plug one in that has Bluetooth 4.0 or later",
        "bleak.exc",
    ),
    Row("off", _reason(_REASON.POWERED_OFF), AdapterOff, "Bluetooth is switched off", _ON_HELP, "bleak.exc"),
    Row(
        "not usable",
        _reason(_REASON.UNKNOWN),
        NoAdapter,
        "Bluetooth can't be used",
        "switch it off and on, then try again",
        "bleak.exc",
    ),
    Row(
        "not allowed",
        _is(BleakBluetoothNotAvailableError),
        AdapterOff,
        "this program is not allowed to use Bluetooth",
        "allow it in the system's privacy settings",
        "bleak.exc, DENIED_BY_*",
    ),
    Row(
        "not seen by the system",
        _is(BleakDeviceNotFoundError),
        NoClip,
        "the clip is out of reach",
        "bring it near, press its button and try again",
        "bleak.exc",
    ),
    Row(
        "services of an older firmware",
        lambda error: isinstance(error, BleakCharacteristicNotFoundError) or att_code(error) in _STALE_TABLE,
        Faulty,
        "this computer remembers an older firmware of the clip",
        _FORGET_HELP,
        "bleak #431 (Windows keeps the services of a bonded device); ATT errors 01, 0A, 12",
    ),
    Row("no bond", _att(*_NEEDS_BOND), NotPaired, _NO_NEWS, PAIR_HELP, "ATT errors 05, 08, 0C, 0F; HRESULT 8065xxxx"),
    Row("broken link, as BlueZ tells it", _att(_UNLIKELY), None, "the link broke", AGAIN_HELP, "met on BlueZ 5.66"),
    Row(
        "another ATT error",
        lambda error: att_code(error) is not None,
        Faulty,
        "the clip refused",
        "run it again; if it stays, formclip doctor",
        "Bluetooth Core 5.4, vol 3 part F",
    ),
    Row(
        "another program listens",
        lambda error: (
            _dbus(_BLUEZ + "NotPermitted", says="notify acquired")(error)
            or _dbus(_BLUEZ + "InProgress", _BLUEZ + "NotAvailable")(error)
            or _says(BleakError, "notifications already started")(error)
        ),
        Busy,
        "another program is using the clip",
        _OTHER_HELP,
        "BlueZ doc/org.bluez.GattCharacteristic.rst; bleak #1969",
    ),
    Row(
        "no bond, as BlueZ tells it",
        lambda error: (
            _dbus(
                *(
                    _BLUEZ + name
                    for name in (
                        "NotPermitted",
                        "NotAuthorized",
                        "AuthenticationFailed",
                        "AuthenticationRejected",
                        "AuthenticationCanceled",
                        "AuthenticationTimeout",
                    )
                )
            )(error)
            or _says(BleakDBusError, "insufficient authentication", "insufficient encryption")(error)
        ),
        NotPaired,
        _NO_NEWS,
        PAIR_HELP,
        "BlueZ doc/org.bluez.Device.rst",
    ),
    Row(
        "off, as BlueZ tells it", _dbus(_BLUEZ + "NotReady"), AdapterOff, "Bluetooth is switched off", _ON_HELP, "BlueZ"
    ),
    Row(
        "no bluetoothd",
        lambda error: (
            isinstance(error, BleakDBusError)
            and (error.dbus_error in _NO_BLUETOOTHD or error.dbus_error.startswith(_DBUS + "Spawn."))
        ),
        NoAdapter,
        "no Bluetooth to use",
        "start Bluetooth (the service bluetoothd), then try again",
        "D-Bus specification; met on Debian",
    ),
    Row(
        "no adapter, as BlueZ and Windows tell it",
        _says(BleakError, "adapter", "no bluetooth"),
        NoAdapter,
        "no Bluetooth to use",
        "plug in or enable a Bluetooth adapter",
        "bleak's bluezdbus backend",
    ),
    Row(
        "off, as Windows tells it",
        lambda error: _says(BleakError, "is bluetooth turned on")(error) or _hresult(*_HRESULT_OFF)(error),
        AdapterOff,
        "Bluetooth is switched off",
        _ON_HELP,
        "bleak's winrt scanner; winerror.h",
    ),
    Row(
        "access denied, as Windows tells it",
        lambda error: (
            _says(BleakError, "access denied")(error)
            or _hresult(_HRESULT_DENIED)(error)
            or isinstance(error, PermissionError)
        ),
        NotPaired,
        "the system denied access to the clip",
        "close other programs that use it; if that does not help, " + PAIR_HELP,
        "bleak's winrt client: GattCommunicationStatus.ACCESS_DENIED",
    ),
    Row(
        "no bond, in words",
        lambda error: (
            _says(BleakError, "not paired", "pairing", "to pair", "authentication", "encryption")(error)
            or _says(OSError, "authentication", "encryption")(error)
        ),
        NotPaired,
        _NO_NEWS,
        PAIR_HELP,
        "bleak's winrt and corebluetooth clients (CBATTError 15: Encryption is insufficient)",
    ),
    Row("broken link", _is(BleakError), None, "the link broke", "bring the clip near and run it again", "bleak"),
    Row("no answer", _is(TimeoutError), None, "no answer", AGAIN_HELP, "asyncio"),
    Row("the air closed", _is(EOFError), Vanished, "the link broke", "bring the clip near and run it again", "asyncio"),
    Row(
        "closed under way",
        lambda error: (
            _hresult(_HRESULT_CLOSED)(error)
            or isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
        ),
        None,
        "the link broke",
        AGAIN_HELP,
        "winerror.h (RO_E_CLOSED: the device went away under a call); a D-Bus that was there and went",
    ),
    # No D-Bus on Linux, no WinRT radio: there is no Bluetooth to speak to.
    Row(
        "no radio",
        _is(OSError),
        NoAdapter,
        "no Bluetooth to use",
        "start Bluetooth, then try again",
        "bleak, dbus-fast",
    ),
)


def in_our_words(error: Exception, doing: str, gone: type[RadioError] = Vanished) -> RadioError | None:
    """What an error of the platform is among ours, while something was being done; None: no such error.

    gone   what a lost link means to the caller
    """
    for row in ROWS:
        if row.fits(error):
            said = printable(str(error.strerror or error) if isinstance(error, OSError) else str(error))
            what = f"{row.what} while {doing}" if row.kind in (None, Faulty, Vanished) else row.what
            return (row.kind or gone)(f"{what}: {said}" if said else what, row.next_step)
    return None
