"""What the platforms' radios raise, in our words and exit codes: every row of the table. BlueZ's: design/bluez.md."""

import asyncio
from types import SimpleNamespace

import pytest
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from formclip.runs.sync import errors, link
from formclip.runs.sync.bluez import agreeing
from formclip.runs.sync.link import _in_our_words
from formclip.runs.sync.platforms import ROWS


def windows(winerror, text):
    """An OSError as pywinrt raises it; the attribute is there on Windows alone."""
    error = OSError(22, text)
    error.winerror = winerror - (1 << 32)
    return error


def unavailable(reason):
    return BleakBluetoothNotAvailableError("no", BleakBluetoothNotAvailableReason[reason])


BLUEZ, DBUS = "org.bluez.Error.", "org.freedesktop.DBus.Error."
MET = [  # row, error, class, a word of the remedy
    ("no adapter", unavailable("NO_BLUETOOTH"), errors.NoAdapter, "plug"),
    ("off", unavailable("POWERED_OFF"), errors.AdapterOff, "switch it on"),
    ("not usable", unavailable("UNKNOWN"), errors.NoAdapter, "off and on"),
    ("not allowed", unavailable("DENIED_BY_USER"), errors.AdapterOff, "privacy"),
    ("not seen by the system", BleakDeviceNotFoundError("AA:BB"), errors.NoClip, "near"),
    ("services of an older firmware", BleakCharacteristicNotFoundError("6f9d0002"), errors.Faulty, "remove the clip"),
    ("services of an older firmware", BleakGATTProtocolError(0x0A), errors.Faulty, "remove the clip"),
    ("no bond", BleakGATTProtocolError(0x05), errors.NotPaired, "--pair"),
    ("no bond", windows(0x8065000F, "encryption"), errors.NotPaired, "--pair"),
    ("broken link, as BlueZ tells it", BleakGATTProtocolError(0x0E), errors.Vanished, "near"),
    ("another ATT error", BleakGATTProtocolError(0x0D), errors.Faulty, "doctor"),
    ("another program listens", BleakDBusError(BLUEZ + "NotPermitted", ["Notify acquired"]), errors.Busy, "close"),
    ("another program listens", BleakError("Characteristic notifications already started"), errors.Busy, "close"),
    ("no bond, as BlueZ tells it", BleakDBusError(BLUEZ + "AuthenticationFailed", ["x"]), errors.NotPaired, "--pair"),
    ("no bond, as BlueZ tells it", BleakDBusError(BLUEZ + "NotPermitted", ["Read"]), errors.NotPaired, "--pair"),
    ("off, as BlueZ tells it", BleakDBusError(BLUEZ + "NotReady", ["Resource"]), errors.AdapterOff, "switch it on"),
    ("no bluetoothd", BleakDBusError(DBUS + "ServiceUnknown", ["not provided"]), errors.NoAdapter, "bluetoothd"),
    ("no bluetoothd", BleakDBusError(DBUS + "Spawn.ChildExited", ["code 1"]), errors.NoAdapter, "bluetoothd"),
    ("no adapter, as BlueZ and Windows tell it", BleakError("adapter 'hci0' not found"), errors.NoAdapter, "plug"),
    ("off, as Windows tells it", BleakError("Failed. Is Bluetooth turned on?"), errors.AdapterOff, "switch it on"),
    ("off, as Windows tells it", windows(0x800710DF, "not available"), errors.AdapterOff, "switch it on"),
    ("access denied, as Windows tells it", BleakError("Could not: Access Denied"), errors.NotPaired, "other programs"),
    ("access denied, as Windows tells it", PermissionError(13, "Access is denied"), errors.NotPaired, "other programs"),
    ("access denied, as Windows tells it", windows(0x80070005, "denied"), errors.NotPaired, "other programs"),
    ("no bond, in words", BleakError("Could not pair with device: 19: FAILED, not paired"), errors.NotPaired, "--pair"),
    ("no bond, in words", OSError(22, "The attribute requires encryption before"), errors.NotPaired, "--pair"),
    ("broken link", BleakDBusError(BLUEZ + "Failed", ["Input/output error"]), errors.Vanished, "near"),
    ("broken link", BleakDBusError(BLUEZ + "Failed", ["le-connection-abort-by-local"]), errors.Vanished, "near"),
    ("broken link", BleakError("device 'dev_C1_02_03_04_05_01' not found"), errors.Vanished, "near"),
    ("broken link", BleakError("Could not start notify on 0011: Unreachable"), errors.Vanished, "near"),
    ("no answer", TimeoutError(), errors.Vanished, "near"),
    ("the air closed", EOFError(), errors.Vanished, "near"),
    ("closed under way", windows(0x80000013, "The object has been closed"), errors.Vanished, "near"),
    ("closed under way", BrokenPipeError(32, "Broken pipe"), errors.Vanished, "near"),
    ("no radio", ConnectionRefusedError(111, "Connection refused"), errors.NoAdapter, "start Bluetooth"),
    ("no radio", FileNotFoundError(2, "No such file or directory"), errors.NoAdapter, "start Bluetooth"),
]


@pytest.mark.parametrize(("row", "error", "ours", "remedy"), MET, ids=[f"{m[0]}: {m[1]!r:.60}" for m in MET])
def test_each_error_has_its_row_class_and_remedy(row, error, ours, remedy):
    assert next(one.name for one in ROWS if one.fits(error)) == row
    with pytest.raises(errors.RadioError) as raised, _in_our_words("writing"):
        raise error
    assert type(raised.value) is ours and remedy in raised.value.next_step
    assert "\n" not in str(raised.value) and str(raised.value).isprintable()


def test_every_row_has_been_met_and_has_a_source():
    assert {row for row, *_ in MET} == {row.name for row in ROWS}
    assert all(row.source and row.next_step for row in ROWS)


def test_a_lost_link_is_what_the_caller_says_and_our_own_errors_pass():
    with pytest.raises(errors.NotPaired), _in_our_words("pairing", errors.NotPaired):
        raise BleakError("gone")
    with pytest.raises(errors.Faulty, match="as it was"), _in_our_words("pairing"):
        raise errors.Faulty("as it was")


@pytest.mark.parametrize("stage", ["connect", "start_notify"])
def test_a_bond_that_no_longer_fits_is_removed_wherever_it_shows(stage, monkeypatch):
    """Windows connects and pairs with a bond that the clip has lost; only the first notification is unreachable."""
    calls = []

    class Client:
        is_connected = True

        def __init__(self, *_, **__):
            pass

        def __getattr__(self, name):
            async def call(*_):
                calls.append(name)
                if name == stage:
                    raise BleakError("Unreachable")

            return call

    async def connect(pair):
        device = BLEDevice("AA:BB:CC:DD:EE:FF", "formclip-1a2b", {})
        async with link.connect(link.Seen(device, "formclip-1a2b", -50), pair=pair):
            raise AssertionError("not reached")

    monkeypatch.setattr(link, "BleakClient", Client)
    with pytest.raises(errors.NotPaired, match="now removed"):
        asyncio.run(connect(True))
    assert "unpair" in calls and (stage == "connect" or calls[-1] == "disconnect")
    calls.clear()
    with pytest.raises(errors.Vanished):
        asyncio.run(connect(False))
    assert "unpair" not in calls


def test_where_there_is_no_bluez_nothing_agrees():
    async def pair():
        async with agreeing(SimpleNamespace(details=None)):
            return True

    assert asyncio.run(pair())
