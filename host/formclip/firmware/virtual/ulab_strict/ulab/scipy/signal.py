"""ulab.scipy.signal: only `sosfilt` is on the board."""

from typing import Any

import numpy as _cnp
from scipy import signal as _signal

from .. import _array, _meter

__all__ = ["sosfilt"]


def sosfilt(sos: Any, x: Any, *, zi: Any = None) -> Any:
    """Second-order sections, direct form II transposed, in 32 bits. Returns y, or (y, zf) where zi is given."""
    rows = sos._a if isinstance(sos, _array.ndarray) else _array.from_iterable(sos, _cnp.float32)
    if rows.ndim != 2 or rows.shape[1] != 6:
        raise ValueError("sos array must be of shape (n_section, 6)")
    if (rows[:, 3] != 1.0).any():
        raise ValueError("sos[:, 3] should be all ones")
    values = x._a if isinstance(x, _array.ndarray) else _array.from_iterable(x, _cnp.float32)
    if values.ndim != 1:
        raise ValueError("input must be one-dimensional")
    if values.size == 0:
        raise ValueError("input is empty")
    state = _cnp.zeros((len(rows), 2), dtype=_cnp.float32)
    if zi is not None:
        if not isinstance(zi, _array.ndarray):
            raise TypeError("zi must be an ndarray")
        if zi.shape != state.shape:
            raise ValueError("zi must be of shape (n_section, 2)")
        if zi.dtype != _array.FLOAT:
            raise ValueError("zi must be of float type")
        state = zi._a
    y, zf = _signal.sosfilt(
        rows.astype(_cnp.float32), _cnp.ascontiguousarray(values, dtype=_cnp.float32), zi=_cnp.ascontiguousarray(state)
    )
    _meter.note("sosfilt", values.size * len(rows), 2 + len(rows), y.nbytes)  # y, state and a view of each section
    _meter.note("state", 0, 0, state.nbytes)
    if zi is None:
        return _array.wrap(y)
    return _array.wrap(y), _array.wrap(zf)
