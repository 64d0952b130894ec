"""ulab.utils: arrays of floats from buffers of integers, and the spectrogram."""

from typing import Any

import numpy as _cnp

from . import _array

__all__ = ["from_int16_buffer", "from_int32_buffer", "from_uint16_buffer", "from_uint32_buffer", "spectrogram"]


def _from(code: str, buffer: Any, count: int, offset: int, out: Any, byteswap: bool) -> Any:
    values = _cnp.frombuffer(buffer, dtype=code, count=count, offset=offset)
    if byteswap:
        values = values.byteswap()
    if out is None:
        return _array.result("frombuffer", values.astype(_cnp.float32))
    if out.dtype != _array.FLOAT or out.size < values.size:
        raise TypeError("out must be a float dense array of the buffer's length")
    out._a[: values.size] = values
    return out


def from_int16_buffer(buffer: Any, *, count: int = -1, offset: int = 0, out: Any = None, byteswap: bool = False) -> Any:
    return _from("=i2", buffer, count, offset, out, byteswap)


def from_uint16_buffer(
    buffer: Any, *, count: int = -1, offset: int = 0, out: Any = None, byteswap: bool = False
) -> Any:
    return _from("=u2", buffer, count, offset, out, byteswap)


def from_int32_buffer(buffer: Any, *, count: int = -1, offset: int = 0, out: Any = None, byteswap: bool = False) -> Any:
    return _from("=i4", buffer, count, offset, out, byteswap)


def from_uint32_buffer(
    buffer: Any, *, count: int = -1, offset: int = 0, out: Any = None, byteswap: bool = False
) -> Any:
    return _from("=u4", buffer, count, offset, out, byteswap)


def spectrogram(r: Any) -> Any:
    from .numpy.fft import fft

    real, imag = fft(r)
    return _array.result("sqrt", _cnp.sqrt(real._a * real._a + imag._a * imag._a))
