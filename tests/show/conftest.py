"""What the tests of the page share: a small record, served, and a plain browser that is let in."""

import pytest

from tests.show.served import Client, make_store, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    make_store(folder)
    with serving(folder) as one:
        yield one


@pytest.fixture(scope="module")
def client(served):
    return Client(served)
