"""ulab.numpy.linalg: determinant, inverse, norm."""

from math import sqrt

from . import _nd


def _eliminate(m):
    """Gauss-Jordan with row pivots: (determinant, inverse rows or None)."""
    n = m.shape[0]
    if len(m.shape) != 2 or m.shape[1] != n:
        raise ValueError("input must be square matrix")
    rows = [list(m[i]) + [1.0 if k == i else 0.0 for k in range(n)] for i in range(n)]
    det = 1.0
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if rows[best][k] == 0.0:
            return 0.0, None
        if best != k:
            rows[k], rows[best] = rows[best], rows[k]
            det = -det
        pivot = rows[k][k]
        det *= pivot
        rows[k] = [x / pivot for x in rows[k]]
        for i in range(n):
            f = rows[i][k]
            if i != k and f != 0.0:
                rows[i] = [x - f * y for x, y in zip(rows[i], rows[k])]
    return det, [x for row in rows for x in row[n:]]


def det(m):
    return _eliminate(m)[0]


def inv(m):
    values = _eliminate(m)[1]
    if values is None:
        raise ValueError("input matrix is singular")
    return _nd.make(values, m.shape, _nd.FLOAT)


def norm(x, *, axis=None):
    if axis is None:
        return sqrt(sum(v * v for v in _nd.asarray(x)._values()))
    return _nd.math_("sqrt")(_nd.sum_(x * x, axis=axis))
