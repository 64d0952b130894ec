"""ulab.numpy.linalg."""

from typing import Any

import numpy as _cnp

from .. import _array, _meter

__all__ = ["cholesky", "det", "eig", "inv", "norm", "qr"]


def _matrix(a: Any, square: bool = True) -> Any:
    if not isinstance(a, _array.ndarray):
        raise TypeError("input must be a matrix")
    if a._a.ndim != 2 or (square and a.shape[0] != a.shape[1]):
        raise ValueError("input must be square matrix")
    _meter.note("linalg", a.size * max(a.shape), 1, 4 * a.size)
    return a._a.astype(_cnp.float64)


def _float(a: Any) -> Any:
    return _array.wrap(_cnp.ascontiguousarray(a, dtype=_cnp.float32))


def cholesky(A: Any) -> Any:
    try:
        return _float(_cnp.linalg.cholesky(_matrix(A)))
    except _cnp.linalg.LinAlgError:
        raise ValueError("matrix is not positive definite") from None


def det(m: Any) -> float:
    return float(_cnp.float32(_cnp.linalg.det(_matrix(m))))


def eig(m: Any) -> Any:
    a = _matrix(m)
    if not _cnp.allclose(a, a.T):
        raise ValueError("input matrix is asymmetric")
    values, vectors = _cnp.linalg.eigh(a)
    return _float(values), _float(vectors)


def inv(m: Any) -> Any:
    try:
        return _float(_cnp.linalg.inv(_matrix(m)))
    except _cnp.linalg.LinAlgError:
        raise ValueError("input matrix is singular") from None


def norm(x: Any, *, axis: int | None = None) -> Any:
    a = x._a if isinstance(x, _array.ndarray) else _array.from_iterable(x, _cnp.float32)
    _meter.note("reduce", a.size)
    out = _cnp.sqrt((a.astype(_cnp.float64) ** 2).sum(axis=axis)).astype(_cnp.float32)
    return float(out) if axis is None or a.ndim == 1 else _float(out)


def qr(m: Any) -> Any:
    q, r = _cnp.linalg.qr(_matrix(m, square=False), mode="complete")
    return _float(q), _float(r)
