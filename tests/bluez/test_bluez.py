"""The companion with bleak's own backend, a real bluetoothd and the kernel's Bluetooth; `make test-bluez`."""

import json
import random
import sys
from pathlib import Path

import machine
import pytest
from outside import Clip, Outside
from test_sync import Port

pytestmark = pytest.mark.bluez

FORMCLIP = Path(sys.executable).with_name("formclip")
STORE = "/run/out/store"


@pytest.fixture(scope="module")
def outside():
    outside = Outside()
    yield outside
    outside.close()


@pytest.fixture(scope="module")
def guest(outside, tmp_path_factory):
    """One guest for all tests of this file."""
    folder = tmp_path_factory.mktemp("guest")
    try:
        guest = machine.Machine(folder, outside.air.address)
    except machine.CannotRun as error:
        pytest.skip(str(error))
    yield guest
    guest.close()


@pytest.fixture
def clip(outside, guest):
    """A clip that nobody knows, with three sessions; the guest has forgotten every other."""
    rng = random.Random(3)
    port = Port({n: rng.randbytes(size) for n, size in ((1, 9000), (2, 70_000), (5, 1))})
    port.keys = []
    clip = Clip(outside, port)
    yield clip
    clip.close()
    guest.run("sh", "-c", "for d in $(bluetoothctl devices | cut -d' ' -f2); do bluetoothctl remove $d; done")


def formclip(guest, *argv, **more):
    return guest.run(FORMCLIP, *argv, **more)


def paired(guest, clip):
    clip.port.open_to_pair = True
    done = formclip(guest, "config", "get", "mode", "--pair", "--json")
    clip.port.open_to_pair = False
    assert done.code == 0, done


def held(guest, store):
    """(number, bytes) of each session in the guest's store."""
    done = formclip(guest, "sessions", "--store", store, "--json")
    assert done.code == 0, done
    return {
        int(row["session"].rsplit("/", 1)[1]): (guest.out / Path(row["file"]).relative_to("/run/out")).read_bytes()
        for row in json.loads(done.out)
    }


def test_pairs_then_syncs_byte_for_byte_and_once(guest, clip):
    sessions = dict(clip.port.sessions)
    clip.port.open_to_pair = True
    done = formclip(guest, "sync", "--pair", "--store", STORE, "--json")
    print(done)
    assert done.code == 0, done
    told = json.loads(done.out)
    assert told["bytes"] == sum(map(len, sessions.values()))
    assert held(guest, STORE) == sessions and clip.port.sessions == {}
    clip.port.open_to_pair = False
    again = formclip(guest, "sync", "--store", STORE)
    print(again)
    assert again.code == 0 and "nothing new" in again.out, again
    assert held(guest, STORE) == sessions
