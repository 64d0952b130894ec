"""Which cases of a test run each time, and which in `make test-long` alone."""

import pytest


def later(*cases):
    """Cases for `make test-long` alone; a tuple is a case of several parameters."""
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long) for case in cases]


def first(cases):
    """The first case each time, the others in `make test-long` alone."""
    one, *others = cases
    return [one, *later(*others)]
