"""Keys of the computers that were paired, in the memory that outlives the battery: magic, number, CRC32, keys.

A write there erases a page of 4 KB first, and a power cut in it can leave anything: with a wrong CRC nobody is known.
"""

import binascii

import microcontroller
from gaitcore.compat import const

_AT = const(2048)  # of nvm
_MOST = const(4)
_KEY_B = const(16)
_HEAD_B = const(9)
_MAGIC = b"FCK2"
_OLD = b"FCK1"  # firmware 0.1.0: no CRC; then a key that erased memory holds is nobody's


def read():
    """The keys, oldest first."""
    nvm = microcontroller.nvm
    data = bytes(nvm[_AT : _AT + _HEAD_B + _MOST * _KEY_B])
    n = data[4]
    if not 0 < n <= _MOST:
        return []
    if data[:4] == _OLD:
        keys = _split(data[5:], n)
        return [key for key in keys if key != key[:1] * _KEY_B]
    keys = data[_HEAD_B : _HEAD_B + n * _KEY_B]
    whole = data[:4] == _MAGIC and _crc(keys) == data[5:_HEAD_B]
    return _split(keys, n) if whole else []


def keep(keys, key):
    """The keys with this one, the oldest left out where there is no room; kept."""
    keys = keys[1 - _MOST :] + [key]
    data = b"".join(keys)
    data = _MAGIC + bytes((len(keys),)) + _crc(data) + data
    microcontroller.nvm[_AT : _AT + len(data)] = data
    return keys


def _crc(data):
    return (binascii.crc32(data) & 0xFFFFFFFF).to_bytes(4, "little")


def _split(data, n):
    return [data[i : i + _KEY_B] for i in range(0, n * _KEY_B, _KEY_B)]
