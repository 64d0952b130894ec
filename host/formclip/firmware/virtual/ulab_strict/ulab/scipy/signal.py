"""ulab.scipy.signal: only `sosfilt` is on the board."""

import sys as _sys
from importlib import util as _util
from importlib.machinery import PathFinder as _PathFinder
from typing import Any

import numpy as _cnp
import scipy as _scipy

from .. import _array, _meter

__all__ = ["sosfilt"]


def _loop() -> Any:
    """scipy's compiled loop, without the rest of scipy.signal: a virtual board would wait a second for its import."""
    name = "scipy.signal._sosfilt"
    if name not in _sys.modules:
        found = _PathFinder.find_spec("_sosfilt", [folder + "/signal" for folder in _scipy.__path__])
        spec = found and _util.spec_from_file_location(name, found.origin)
        if spec is None or spec.loader is None:
            raise ImportError("this scipy keeps the loop of sosfilt elsewhere: install the pinned one", name=name)
        module = _util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _sys.modules[name] = module
    return _sys.modules[name]._sosfilt


_filtered = _loop()


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
    y, zf = _cnp.array(values, _cnp.float32, order="C"), _cnp.array(state, _cnp.float32, order="C")
    _filtered(_cnp.array(rows, _cnp.float32, order="C"), y[_cnp.newaxis], zf[_cnp.newaxis])
    _meter.note("sosfilt", values.size * len(rows), 2 + len(rows), y.nbytes)  # y, state and a view of each section
    _meter.note("state", 0, 0, state.nbytes)
    if zi is None:
        return _array.wrap(y)
    return _array.wrap(y), _array.wrap(zf)
