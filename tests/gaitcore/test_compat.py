"""What compat puts in the place of numpy's functions on the desktop gives what numpy's give, as Python numbers."""

import numpy
import pytest
from gaitcore import compat
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

# As they come in the chain: whole arrays, rows, every second sample, the other way round.
VIEWS = (lambda x: x, lambda x: x[:, 1:], lambda x: x[1], lambda x: x[:, ::2], lambda x: x.T, lambda x: x[0, ::-1])
matrices = arrays(numpy.float32, st.tuples(st.just(3), st.integers(2, 70)), elements=st.floats(width=32))


@given(matrices, st.sampled_from(VIEWS), st.sampled_from([None, 0, -1]))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # sums of what is infinite
def test_reductions_are_numpys(x, view, axis):
    x = view(x)
    for name in ("max", "min", "sum", "mean"):
        ours, theirs = getattr(compat.np, name)(x, axis=axis), getattr(numpy, name)(x, axis=axis)
        assert numpy.array_equal(ours, theirs, equal_nan=True), name
        assert isinstance(ours, numpy.ndarray if theirs.shape else float), name


@given(matrices, matrices)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_products_and_places_are_numpys(x, y):
    for a, b in ((x[0], x[1]), (x[:, :3], y[:, :3].T), (x, x[0]), (x[0, ::-1], x[2])):
        if a.shape[-1] == b.shape[0]:
            ours, theirs = compat.np.dot(a, b), numpy.dot(a, b)
            assert numpy.array_equal(ours, theirs, equal_nan=True)
            assert isinstance(ours, numpy.ndarray if theirs.shape else float)
    assert compat.np.argmax(x[0]) == numpy.argmax(x[0])
