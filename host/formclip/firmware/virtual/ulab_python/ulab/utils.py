"""ulab.utils: arrays of floats from buffers of integers."""

import struct

from . import _nd


def _from(code, width, buffer, count, offset):
    n = (len(buffer) - offset) // width if count < 0 else count
    return _nd.make(struct.unpack_from("<%d%s" % (n, code), buffer, offset), (n,), _nd.FLOAT)


def from_int16_buffer(buffer, *, count=-1, offset=0):
    return _from("h", 2, buffer, count, offset)


def from_uint16_buffer(buffer, *, count=-1, offset=0):
    return _from("H", 2, buffer, count, offset)


def from_int32_buffer(buffer, *, count=-1, offset=0):
    return _from("i", 4, buffer, count, offset)


def from_uint32_buffer(buffer, *, count=-1, offset=0):
    return _from("I", 4, buffer, count, offset)
