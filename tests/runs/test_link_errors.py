"""What bleak and BlueZ say, in our words and exit codes. Met against a real bluetoothd: docs/design/bluez.md."""

import asyncio
from types import SimpleNamespace

import pytest
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from formclip.runs.sync import errors
from formclip.runs.sync.bluez import agreeing
from formclip.runs.sync.link import _in_our_words


@pytest.mark.parametrize(
    "error, ours",
    [
        (BleakDBusError("org.bluez.Error.AuthenticationFailed", ["Authentication Failed"]), errors.NotPaired),
        (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), errors.AdapterOff),
        (BleakDBusError("org.bluez.Error.Failed", ["Input/output error"]), errors.Vanished),
        (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]), errors.Vanished),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["not provided"]), errors.NoAdapter),
        (BleakDBusError("org.freedesktop.DBus.Error.Spawn.ChildExited", ["code 1"]), errors.NoAdapter),
        (BleakError("adapter 'hci0' not found"), errors.NoAdapter),
        (BleakError("device 'dev_C1_02_03_04_05_01' not found"), errors.Vanished),
        (BleakGATTProtocolError(0x05), errors.NotPaired),
        (BleakGATTProtocolError(0x0E), errors.Vanished),
        (BleakGATTProtocolError(0x0D), errors.Faulty),
        (TimeoutError(), errors.Vanished),
    ],
)
def test_each_error_of_bluez_has_its_class(error, ours):
    with pytest.raises(errors.RadioError) as raised, _in_our_words("writing"):
        raise error
    assert type(raised.value) is ours


def test_where_there_is_no_bluez_nothing_agrees():
    async def pair():
        async with agreeing(SimpleNamespace(details=None)):
            return True

    assert asyncio.run(pair())
