"""ulab.numpy.fft without complex numbers: (real, imaginary) in, (real, imaginary) out; lengths are powers of two."""

from typing import Any

import numpy as _cnp

from .. import _array, _meter

__all__ = ["fft", "ifft"]


def _transform(real: Any, imag: Any, inverse: bool) -> Any:
    re = real._a if isinstance(real, _array.ndarray) else _array.from_iterable(real, _cnp.float32)
    if re.ndim != 1:
        raise TypeError("FFT is implemented for linear arrays only")
    if re.size < 2 or re.size & (re.size - 1):
        raise ValueError("input array length must be power of 2")
    im: Any = _cnp.zeros(re.shape) if imag is None else imag._a
    if im.shape != re.shape:
        raise ValueError("real and imaginary parts must be of equal length")
    out = (_cnp.fft.ifft if inverse else _cnp.fft.fft)(re + 1j * im)
    _meter.note("fft", re.size, 2, 8 * re.size)
    return _array.wrap(out.real.astype(_cnp.float32)), _array.wrap(out.imag.astype(_cnp.float32))


def fft(r: Any, c: Any = None) -> Any:
    return _transform(r, c, False)


def ifft(r: Any, c: Any = None) -> Any:
    return _transform(r, c, True)
