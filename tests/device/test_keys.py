"""Keys of paired computers: kept over a restart, and none made up by a power cut."""

import pytest
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual.board import VirtualParts
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
KEYS = [bytes([n, 255 - n]) * 8 for n in range(9)]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return VirtualParts(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def nvm(parts):
    return parts.load("microcontroller").nvm


def test_the_last_four_are_kept(parts, nvm):
    keys = parts.load("hw.keys")
    nvm[0 : len(nvm)] = b"\xff" * len(nvm)
    known = keys.read()
    assert known == []
    for n, key in enumerate(KEYS):
        known = keys.keep(known, key)
        assert keys.read() == known == KEYS[max(0, n - 3) : n + 1]


def test_keys_of_version_0_1_0_are_read_but_for_what_erased_memory_holds(parts, nvm):
    keys = parts.load("hw.keys")
    nvm[2048 : 2048 + 37] = b"FCK1\x02" + KEYS[1] + KEYS[2]
    assert keys.read() == [KEYS[1], KEYS[2]]
    nvm[2048 : 2048 + 37] = b"FCK1\x02" + KEYS[1] + b"\xff" * 16
    assert keys.read() == [KEYS[1]]


@given(
    before=st.integers(0, 4),
    done=st.integers(0, 80),
    noise=st.binary(min_size=8, max_size=8),
    erased=st.booleans(),
)
def test_a_torn_write_makes_nobody_known(parts, nvm, before, done, noise, erased):
    """Of the write some bytes are there, then noise, then what was, or nothing."""
    keys = parts.load("hw.keys")
    nvm[0 : len(nvm)] = b"\xff" * len(nvm)
    known = []
    for key in KEYS[:before]:
        known = keys.keep(known, key)
    old = bytes(nvm[2048:2200])
    keys.keep(known, KEYS[8])
    new = bytes(nvm[2048:2200])
    rest = b"\xff" * len(old) if erased else old
    torn = new[:done] + noise + rest[done + len(noise) :]
    nvm[2048:2200] = torn
    found = keys.read()
    assert found in ([], known, known[-3:] + [KEYS[8]]), found
