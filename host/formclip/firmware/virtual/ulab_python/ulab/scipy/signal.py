"""ulab.scipy.signal: only `sosfilt` is on the board."""

from array import array as _array

from .. import _nd


def sosfilt(sos, x, *, zi=None):
    """Second-order sections, direct form II transposed, state and output in 32 bits; y, or (y, zf) with zi."""
    if isinstance(x, _nd.ndarray) and len(x.shape) != 1:
        raise ValueError("input must be one-dimensional")
    values = x._values() if isinstance(x, _nd.ndarray) else list(x)
    if not len(values):
        raise ValueError("input is empty")
    n = len(values)
    sections = len(sos)
    state = []
    if zi is not None and zi.shape != (len(sos), 2):
        raise ValueError("zi must be of shape (n_section, 2)")
    for k, row in enumerate(sos):
        b0, b1, b2, a0, a1, a2 = list(row)
        if a0 != 1.0:
            raise ValueError("sos[:, 3] should be all ones")
        z0, z1 = (0.0, 0.0) if zi is None else (zi[k, 0], zi[k, 1])
        # rounded to 32 bits at the end only
        out = _array("d", bytes(8 * n)) if k < sections - 1 else _array("f", bytes(4 * n))
        for i in range(n):
            v = values[i]
            y = b0 * v + z0
            z0 = z1 + b1 * v - a1 * y
            z1 = b2 * v - a2 * y
            out[i] = y
        values = out
        state.append(z0)
        state.append(z1)
    y = _nd.ndarray(values, 0, (n,), None, _nd.FLOAT)
    if zi is None:
        return y
    return y, _nd.make(state, (len(state) // 2, 2), _nd.FLOAT)
