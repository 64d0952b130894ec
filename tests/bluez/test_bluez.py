"""The companion with bleak's own backend, a real bluetoothd and the kernel's Bluetooth; `make test-bluez`."""

import json
import random
import sys
from pathlib import Path

import machine
import pytest
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual.image import make_drive
from formclip.firmware.virtual.radio import prepared, process
from outside import Clip, Outside

from tests.firmware.test_radio import invited as press_and_wait
from tests.runs.test_sync import Port

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
    """A clip that nobody knows, with three sessions; the guest has forgotten every other and has an empty store."""
    rng = random.Random(3)
    port = Port({n: rng.randbytes(size) for n, size in ((1, 9000), (2, 60_000), (5, 1))})
    port.keys = []
    clip = Clip(outside, port)
    yield clip
    clip.close()
    guest.forget_all()


@pytest.fixture
def known(guest, clip):
    """The clip after it has been paired with."""
    done = invited(guest, clip, "config", "get", "mode")
    assert done.code == 0, done
    return clip


def formclip(guest, *argv, **more):
    return guest.run(FORMCLIP, *argv, "--clip", Port.name, **more)


def invited(guest, clip, *argv):
    """With --pair, while the clip is open for it."""
    clip.port.open_to_pair = True
    done = formclip(guest, *argv, "--pair")
    clip.port.open_to_pair = False
    return done


def sync(guest, *argv, **more):
    return formclip(guest, "sync", "--store", STORE, *argv, **more)


def held(guest):
    """{number: bytes} of the guest's store: as indexed, each with its file."""
    done = guest.run(FORMCLIP, "sessions", "--store", STORE, "--json")
    assert done.code == 0, done
    rows = json.loads(done.out)
    found = {int(row["session"].rsplit("/", 1)[1]): guest.taken_out(row["file"]) for row in rows}
    assert len(found) == len(rows), "a session twice"
    return found


def assert_fails(done, code, *words):
    """With one line that says so, and the exit code of the table in sync/errors.py."""
    assert done.code == code and len(done.err.splitlines()) == 1 and "Traceback" not in done.err, done
    assert all(word in done.err for word in words), done


def test_pairs_then_syncs_byte_for_byte_and_once(guest, clip):
    sessions = dict(clip.port.sessions)
    done = invited(guest, clip, "sync", "--store", STORE, "--json")
    assert done.code == 0, done
    told = json.loads(done.out)
    assert told["bytes"] == sum(map(len, sessions.values())) and told["deleted_on_clip"] == sorted(sessions)
    assert held(guest) == sessions and clip.port.sessions == {}
    again = sync(guest)
    assert again.code == 0 and "nothing new" in again.out, again
    assert held(guest) == sessions


def test_a_stranger_is_told_nothing(guest, clip):
    assert_fails(sync(guest), 13, "does not know this computer")
    assert_fails(formclip(guest, "config", "get", "mode"), 13)
    assert_fails(sync(guest, "--pair"), 13, "not open for pairing")
    assert held(guest) == {} and len(clip.port.sessions) == 3


def test_flooded_it_repairs_what_bluez_loses(guest, known):
    data = random.Random(4).randbytes(400_000)
    known.port.sessions = {7: data}
    sent = known.packets_sent
    done = sync(guest, "--json")
    assert done.code == 0, done
    least = len(data) / 495
    print(f"{json.loads(done.out)['seconds']} s; {known.packets_sent - sent} packets sent, {least:.0f} are needed")
    assert held(guest) == {7: data}


def test_cut_again_and_again_it_ends_with_exactly_the_log(guest, known):
    sessions = dict(known.port.sessions)
    known.packet_ms = 5
    rng = random.Random(5)
    for _ in range(8):
        known.lost_after = rng.randrange(5, 120)
        done = sync(guest)
        assert done.code in (0, 15), done
        gone = set(sessions) - set(known.port.sessions)
        assert {number: data for number, data in held(guest).items() if number in gone} == {
            n: sessions[n] for n in gone
        }
        if done.code == 0 and known.lost_after is not None:
            break
    assert held(guest) == sessions and known.port.sessions == {}


def test_killed_in_the_middle_it_goes_on_where_it_was(guest, known):
    sessions = dict(known.port.sessions)
    known.packet_ms = 20
    run = guest.start(FORMCLIP, "sync", "--store", STORE, "--clip", Port.name)
    known.wait_sent(80)
    run.signal("SIGKILL")
    assert run.ended().code == -9
    known.packet_ms = 0
    sent = known.packets_sent
    done = sync(guest, "--json")
    assert done.code == 0, done
    assert json.loads(done.out)["bytes"] < sum(map(len, sessions.values())), "it began anew"
    assert held(guest) == sessions and known.port.sessions == {}
    print(f"{known.packets_sent - sent} packets after it")


def test_live_steps(guest, known):
    with known.running() as steps:
        done = formclip(guest, "live", "--for", "5", "--json")
    assert done.code == 0, done
    told = [json.loads(line) for line in done.out.splitlines()]
    print(len(told), "of", len(steps))
    assert len(told) >= 10 and all(step["cadence_spm"] == 171.2 for step in told)
    assert [step["on_s"] for step in told] == sorted({step["on_s"] for step in told})


def test_settings(guest, known):
    assert json.loads(formclip(guest, "config", "set", "sustain_s", "7", "--json").out) == {"sustain_s": 7}
    assert known.port.settings.sustain_s == 7
    assert json.loads(formclip(guest, "config", "get", "sustain_s", "--json").out) == {"sustain_s": 7}


def test_no_clip(guest, known):
    known.close()
    assert_fails(sync(guest, "--seconds", "2"), 12, "no clip")


def test_adapter_switched_off_then_on(guest, known):
    guest.run("bluetoothctl", "power", "off")
    try:
        assert_fails(sync(guest), 11, "switched off")
    finally:
        guest.run("bluetoothctl", "power", "on")
    assert sync(guest).code == 0


def test_no_adapter_then_plugged_in(guest, known):
    guest.tell("unplug")
    try:
        assert_fails(sync(guest), 10)
    finally:
        guest.tell("plug")
    assert sync(guest).code == 0


def test_no_bluetoothd(guest, known):
    guest.tell("stop_bluetoothd")
    try:
        assert_fails(sync(guest), 10)
    finally:
        guest.tell("start_bluetoothd")
    assert sync(guest).code == 0


@pytest.mark.parametrize("event", ["unplug", "stop_bluetoothd", "power off", "out of reach"])
def test_radio_lost_in_the_middle(guest, known, event):
    sessions = dict(known.port.sessions)
    known.packet_ms = 20
    run = guest.start(FORMCLIP, "sync", "--store", STORE, "--clip", Port.name)
    known.wait_sent(60)
    if event == "power off":
        guest.run("bluetoothctl", "power", "off")
    elif event == "out of reach":
        known.away()
    else:
        guest.tell(event)
    done = run.ended()
    print(event, done)
    if event == "power off":
        guest.run("bluetoothctl", "power", "on")
    elif event == "out of reach":
        known.back()
    else:
        guest.tell({"unplug": "plug", "stop_bluetoothd": "start_bluetoothd"}[event])
    assert_fails(done, {"unplug": 10, "stop_bluetoothd": 10, "power off": 11, "out of reach": 15}[event])
    known.packet_ms = 0
    assert sync(guest).code == 0
    assert held(guest) == sessions and known.port.sessions == {}


def test_clip_that_lost_its_bonds_is_paired_again(guest, known):
    """bluetoothd 5.66 dies of it; what counts is that the way back is told and works."""
    known.forget()
    done = invited(guest, known, "sync", "--store", STORE)
    if done.code:
        assert_fails(done, 13, "old bond", "--pair")
        done = invited(guest, known, "sync", "--store", STORE)
    assert done.code == 0, done
    assert len(held(guest)) == 3


@pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
def test_the_firmware_on_a_virtual_board(guest, outside, tmp_path):
    """device/code.py with Adafruit's Bluetooth library and `_bleio`'s stand-in, at the pace of the wall's clock."""
    folder = tmp_path / "clip"
    folder.mkdir()
    make_drive(folder / "drive.img", "xiao")
    written = prepared.put_session(folder / "drive.img", 20, seed=1)
    with process.Board(folder, outside.air.address) as board:
        press_and_wait(board)
        argv = ("sync", "--store", STORE, "--clip", "formclip-0001")
        done = guest.run(FORMCLIP, *argv, "--pair", "--json")
        assert done.code == 0, done
        told = json.loads(done.out)
        print(f"{told['bytes']} B in {told['seconds']} s")
        assert held(guest) == {1: written} and told["deleted_on_clip"] == [1]
        again = guest.run(FORMCLIP, *argv)
        assert again.code == 0 and "nothing new" in again.out, again
    guest.forget_all()
