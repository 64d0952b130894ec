"""Both ends of the transfer protocol in memory, over a link that drops, repeats, truncates and disconnects."""

import binascii
import random
import re
from struct import pack

import pytest
from gaitcore import sync
from gaitcore.receiver import Download, HostEnd, sessions_of
from gaitcore.settings import TABLE, Settings
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import REPO

PACKET_B = 244
KEY = bytes(range(16))


class Port:
    """A clip with sessions in memory."""

    name, firmware, boot = "formclip-1a2b", "0.1.0", 7

    def __init__(self, sessions=None):
        self.sessions = dict(sessions or {})
        self.settings = Settings()
        self.kept = self.settings.to_bytes()  # what a power cut leaves
        self.calls = []
        self.crc_percent = None
        self.broken = False
        self.keys = [KEY]
        self.open_to_pair = False

    def knows(self, key):
        return key in self.keys

    def pair(self, key):
        if not self.open_to_pair:
            raise sync.SyncError(0, sync.NOT_PAIRED)
        self.keys.append(key)

    def uptime_ms(self):
        return 123456

    def next_session(self, after):
        later = [s for s in sorted(self.sessions) if s > after]
        return (later[0], 7, len(self.sessions[later[0]]), 0) if later else None

    def opened(self, session):
        if session not in self.sessions:
            raise sync.SyncError(0, sync.NO_SESSION)
        if self.crc_percent is not None:
            return self.crc_percent
        data = self.sessions[session]
        return len(data), binascii.crc32(data), 0

    def read_into(self, session, offset, view):
        if self.broken:
            raise OSError(5)
        piece = self.sessions.get(session, b"")[offset : offset + len(view)]
        view[: len(piece)] = piece
        return len(piece)

    def delete(self, session, size, crc32):
        if session not in self.sessions:
            raise sync.SyncError(0, sync.NO_SESSION)
        if (size, crc32) != (len(self.sessions[session]), binascii.crc32(self.sessions[session])):
            raise sync.SyncError(0, sync.MISMATCH)
        del self.sessions[session]
        self.calls.append(("delete", session))

    def set_time(self, unix_s, zone_min):
        self.calls.append(("set_time", unix_s, zone_min))
        return 123400

    def status(self):
        return 1, 0, 3900, 81, 0, 1_200_000, 4242, 0, 1, 123456, 2, 1712

    def measure(self):
        return 208_123, 40, 980, 31, 61_000, 66_000, 74, 3000, 3900, 0x6A

    def calibrate(self, squeeze):
        self.calls.append(("calibrate", squeeze))

    def set(self, name, value):
        return self.settings.set(name, value)

    def keep(self):
        if self.broken:
            raise OSError(5)
        self.kept = self.settings.to_bytes()

    def marker(self):
        self.calls.append(("marker",))


def linked(sessions=None):
    port = Port(sessions)
    clip, host = sync.ClipEnd(port), HostEnd()
    clip.reset(0xC0FFEE)
    ask(clip, host, host.hello(KEY))
    return port, clip, host


def control(clip):
    buf = bytearray(PACKET_B)
    return bytes(buf[: clip.send_control_into(buf)])


def ask(clip, host, packet):
    clip.receive(packet)
    host.receive(control(clip))
    return host.reply


def snapshot(port):
    return dict(port.sessions), port.settings.to_bytes(), list(port.calls), list(port.keys)


def test_hello_tells_version_boot_and_names():
    _, _, host = linked()
    version, token, boot, uptime_ms, seq, names = host.reply
    assert (version, token, boot, uptime_ms, seq) == (1, 0xC0FFEE, 7, 123456, 1)
    assert names == b"formclip-1a2b\x000.1.0"


def test_stranger_gets_nothing_and_pairs_only_while_the_clip_is_open():
    port = Port({3: b"abc"})
    clip, host = sync.ClipEnd(port), HostEnd()
    clip.reset(1)
    stranger = bytes(16)
    for request in ((sync.HELLO, sync.VERSION, stranger), (sync.PAIR, stranger), (sync.LIST, 0)):
        clip.receive(host.request(*request))
        with pytest.raises(sync.SyncError) as error:
            host.receive(control(clip))
        assert error.value.args[1] in (sync.NOT_PAIRED, sync.NOT_GREETED)
    assert not clip.greeted and stranger not in port.keys
    port.open_to_pair = True
    assert ask(clip, host, host.request(sync.PAIR, stranger)) == (0,)
    port.open_to_pair = False
    assert ask(clip, host, host.hello(stranger))[0] == sync.VERSION


def test_every_request_has_its_reply():
    port, clip, host = linked({3: b"abc"})
    assert ask(clip, host, host.request(sync.OPEN, 3)) == (3, 3, binascii.crc32(b"abc"), 0)
    assert ask(clip, host, host.request(sync.SET_TIME, 1_800_000_000, 60)) == (7, 123400)
    assert ask(clip, host, host.request(sync.STATUS))[3:5] == (81, 0)
    assert ask(clip, host, host.request(sync.SET, 2, 7)) == (2, 7) and port.settings.sustain_s == 7
    assert ask(clip, host, host.request(sync.CALIBRATE, 1)) == (0,)
    assert ask(clip, host, host.request(sync.MARKER)) == (0,)
    assert port.calls == [("set_time", 1_800_000_000, 60), ("calibrate", True), ("marker",)]


def test_settings_come_in_pieces_that_fit():
    port, clip, host = linked()
    port.settings.set("tilt_cue_deg", 9)
    data = b""
    while len(data) < 2 * len(TABLE):
        first, piece = ask(clip, host, host.request(sync.GET, len(data) // 2))
        assert first == len(data) // 2 and piece
        data += piece
    assert data == port.settings.to_bytes()


def test_settings_that_are_told_are_in_the_flash():
    port, clip, host = linked()
    ask(clip, host, host.request(sync.SET, 2, 7))
    assert port.kept != port.settings.to_bytes()
    port.broken = True
    with pytest.raises(sync.SyncError) as error:
        ask(clip, host, host.request(sync.GET, 0))
    assert error.value.args[:2] == (sync.GET, sync.STORAGE)
    port.broken = False
    ask(clip, host, host.request(sync.GET, 0))
    assert port.kept == port.settings.to_bytes()


def test_bad_setting_is_refused_with_its_range_and_kept():
    port, clip, host = linked()
    with pytest.raises(sync.SyncError) as error:
        ask(clip, host, host.request(sync.SET, 2, 99))
    assert error.value.args == (sync.SET, sync.REFUSED, pack("<Bhhh", 2, 2, 30, 5))
    assert port.settings.sustain_s == 5


def test_list_goes_on_until_all_are_told():
    sessions = {n: bytes(n) for n in range(1, 41)}
    _, clip, host = linked(sessions)
    found, more = [], True
    while more:
        more, entries = ask(clip, host, host.request(sync.LIST, found[-1][0] if found else 0))
        found += sessions_of(entries)
    assert [(s, size) for s, _, size, _ in found] == [(n, n) for n in range(1, 41)]


def test_delete_needs_size_and_crc_and_happens_once():
    port, clip, host = linked({3: b"abc", 4: b"d"})
    with pytest.raises(sync.SyncError) as error:
        ask(clip, host, host.request(sync.DELETE, 3, 3, 1))
    assert error.value.args[1] == sync.MISMATCH and 3 in port.sessions
    packet = host.request(sync.DELETE, 3, 3, binascii.crc32(b"abc"))
    clip.receive(packet)
    control(clip)  # the reply is lost; the host repeats and must hear of success, not of a missing session
    assert ask(clip, host, host.repeat()) == (3,)
    assert port.calls == [("delete", 3)] and set(port.sessions) == {4}


def test_replayed_packets_change_nothing():
    port, clip, host = linked({3: b"abc"})
    recorded = [host.request(sync.SET, 2, 7)]
    ask(clip, host, recorded[0])
    for request in ((sync.SET, 2, 9), (sync.MARKER,)):
        recorded.append(host.request(*request))
        ask(clip, host, recorded[-1])
    before = snapshot(port)
    for packet in (*recorded, host.hello(KEY)):
        clip.receive(packet)
        control(clip)
    assert snapshot(port) == before
    clip.reset(0xBEEF)  # another link, another token
    host.reset()
    ask(clip, host, host.hello(KEY))
    for packet in recorded:
        clip.receive(packet)
    assert snapshot(port) == before


def test_forged_token_changes_nothing():
    port, clip, host = linked()
    packet = bytearray(host.request(sync.SET, 2, 7))
    packet[5] ^= 1
    clip.receive(bytes(packet))
    assert port.settings.sustain_s == 5
    assert ask(clip, host, host.repeat()) == (2, 7)


def test_greeting_twice_goes_on_where_it_was():
    port, clip, host = linked()
    ask(clip, host, host.request(sync.MARKER))
    second = HostEnd()
    ask(clip, second, second.hello(KEY))
    assert ask(clip, second, second.request(sync.MARKER)) == (0,)
    assert port.calls == [("marker",), ("marker",)]


def test_wrong_version_and_small_packets_are_told():
    port, clip, host = linked()
    clip.reset(1)
    host.reset()
    with pytest.raises(sync.SyncError) as error:
        ask(clip, host, host.request(sync.HELLO, 9, KEY))
    assert error.value.args == (sync.HELLO, sync.BAD_VERSION, bytes((sync.VERSION,)))
    clip.receive(host.hello(KEY))
    buf = bytearray(20)
    with pytest.raises(sync.SyncError) as error:
        host.receive(bytes(buf[: clip.send_control_into(buf)]))
    assert error.value.args[1] == sync.SMALL_MTU


def test_busy_while_the_crc_is_being_taken():
    port, clip, host = linked({3: b"abc"})
    port.crc_percent = 40
    with pytest.raises(sync.SyncError) as error:
        ask(clip, host, host.request(sync.OPEN, 3))
    assert error.value.args == (sync.OPEN, sync.BUSY, bytes((40,)))


def test_failing_drive_ends_the_stream_not_the_link():
    port, clip, host = linked({3: bytes(5000)})
    ask(clip, host, host.request(sync.READ, 3, 1, 0, 5000))
    port.broken = True
    assert clip.send_data_into(bytearray(PACKET_B)) == 0 and not clip.reading
    with pytest.raises(sync.SyncError):
        ask(clip, host, host.request(sync.OPEN, 9))
    assert ask(clip, host, host.request(sync.MARKER)) == (0,)


def test_live_steps_drop_the_oldest_and_only_when_asked():
    _, clip, host = linked()
    clip.step(1, bytes(14))
    assert clip.send_data_into(bytearray(PACKET_B)) == 0
    ask(clip, host, host.request(sync.LIVE, 1))
    for n in range(20):
        clip.step(n, bytes((n,)) * 14)
    buf = bytearray(PACKET_B)
    while n := clip.send_data_into(buf):
        host.receive(bytes(buf[:n]))
    assert host.steps == [(n, bytes((n,)) * 14) for n in range(12, 20)]


def transfer(data, rng, loss, window_b=2048, most_rounds=4000):
    """Fetch one session over a link that loses, repeats and swaps packets and is cut now and then; the bytes stored."""
    port = Port({3: data})
    clip, host = sync.ClipEnd(port), HostEnd()
    stored = bytearray()
    state = {"download": None, "linked": False}
    token = 0

    def lossy(packets):
        out = []
        for packet in packets:
            draw = rng.random()
            if draw < loss:
                continue
            out.append(packet)
            if draw > 1 - loss / 2:
                out.append(packet)
            if draw > 1 - loss / 4 and len(out) > 1:
                out[-1], out[-2] = out[-2], out[-1]
        return out

    for _ in range(most_rounds):
        if not state["linked"] or rng.random() < loss / 20:
            token += 1
            clip.reset(token)
            host.reset()
            state = {"download": None, "linked": True}
            waiting = host.hello(KEY)
        for packet in lossy([waiting] if waiting else []):
            clip.receive(packet)
        buf = bytearray(PACKET_B)
        incoming = []
        for _ in range(6):
            for send in (clip.send_control_into, clip.send_data_into):
                n = send(buf)
                if n:
                    incoming.append(bytes(buf[:n]))
        for packet in lossy(incoming):
            host.receive(packet)
        download = state["download"]
        while host.pieces:
            piece = host.pieces.pop(0)
            if download:
                stored += download.push(piece)
        if host.reply is None:
            waiting = host.repeat()
        elif not download and host._kind != sync.OPEN:
            waiting = host.request(sync.OPEN, 3)
        elif not download:
            _, size, crc, _ = host.reply
            state["download"] = Download(3, size, crc, len(stored), binascii.crc32(stored), window_b)
            waiting = host.request(sync.READ, *state["download"].start())
        elif download.done:
            assert download.intact
            return bytes(stored)
        elif credit := download.credit():
            clip.receive(host.credit(*credit)) if rng.random() > loss else None
            waiting = b""
        elif download.gap or not incoming:
            waiting = host.request(sync.READ, *download.start())
        else:
            waiting = b""
    raise AssertionError(f"not done after {most_rounds} rounds: {len(stored)} of {len(data)} bytes")


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.3])
def test_lossy_link_ends_with_exactly_the_log(loss):
    for seed in range(20):
        rng = random.Random(seed)
        data = rng.randbytes(rng.randrange(0, 30_000))
        assert transfer(data, rng, loss) == data


REQUEST = st.sampled_from(range(1, len(sync.REQUESTS)))


@settings(max_examples=300)
@given(st.lists(st.tuples(REQUEST, st.binary(max_size=20), st.integers(0, 3), st.booleans()), max_size=12))
def test_any_message_in_any_state_has_a_defined_result(messages):
    port, clip, host = linked({3: b"abc" * 100})
    if messages and messages[0][3]:
        clip.lost()
    for kind, body, seq, token in messages:
        head = pack("<I", 0xC0FFEE) if token else b""
        clip.receive(pack("<BHH", kind, seq, len(head + body)) + head + body)
        buf = bytearray(PACKET_B)
        for send in (clip.send_control_into, clip.send_data_into):
            n = send(buf)
            assert 0 <= n <= PACKET_B
            assert all(kind for kind, _, _ in sync.frames(bytes(buf[:n])))
    assert port.sessions == {3: b"abc" * 100}


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_leave_both_ends_alive(packets):
    port, clip, host = linked({3: b"abc"})
    before = snapshot(port)
    for packet in packets:
        clip.receive(packet)
        try:
            host.receive(packet)
        except sync.SyncError:
            pass
    control(clip)
    control(clip)
    assert snapshot(port)[0] == before[0]
    fresh = HostEnd()
    ask(clip, fresh, fresh.hello(KEY))
    assert ask(clip, fresh, fresh.request(sync.OPEN, 3)) == (3, 3, binascii.crc32(b"abc"), 0)


def test_examples_of_the_protocol_page_are_what_both_ends_say():
    page = (REPO / "docs" / "design" / "protocol.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| `([0-9a-f ]+)` \|$", page, re.MULTILINE)
    said = {name: bytes.fromhex(text.replace(" ", "")) for name, text in rows}
    port, clip, host = Port({3: b"abc"}), None, HostEnd()
    port.name = "clip-1"
    clip = sync.ClipEnd(port)
    clip.reset(0xC0FFEE01)
    assert host.hello(KEY) == said["HELLO"]
    clip.receive(said["HELLO"])
    replies = [control(clip)]
    host.receive(replies[0])
    assert host.request(sync.OPEN, 3) == said["OPEN 3"]
    clip.receive(said["OPEN 3"])
    replies.append(control(clip))
    assert replies == [value for name, value in rows_of(rows, "its reply")]
    assert host.request(sync.READ, 3, 1, 0, 3) == said["READ 3, stream 1, from 0, credit 3"]
    clip.receive(said["READ 3, stream 1, from 0, credit 3"])
    buf = bytearray(PACKET_B)
    assert bytes(buf[: clip.send_data_into(buf)]) == said["DATA"]
    control(clip)
    assert host.request(sync.DELETE, 3, 3, binascii.crc32(b"abc")) == said["DELETE 3"]
    clip.receive(said["DELETE 3"])
    control(clip)
    clip.receive(host.request(sync.SET, 2, 99))
    assert control(clip) == said["SET 2 to 99, refused"]


def rows_of(rows, name):
    return [(found, bytes.fromhex(text.replace(" ", ""))) for found, text in rows if found == name]


def test_protocol_page_names_every_request_and_error():
    page = (REPO / "docs" / "design" / "protocol.md").read_text(encoding="utf-8")
    for number, name in enumerate(
        "HELLO LIST OPEN READ CREDIT DELETE SET_TIME GET SET STATUS LIVE CALIBRATE MARKER PAIR".split()
    ):
        assert getattr(sync, name) == number + 1 and f"| {number + 1} | {name} |" in page
    errors = (
        "BAD_FRAME BAD_VERSION NOT_GREETED STALE NO_SESSION BUSY RECORDING MISMATCH REFUSED NOT_NOW SMALL_MTU STORAGE "
        "NOT_PAIRED BAD_VALUE"
    )
    for number, name in enumerate(errors.split()):
        assert getattr(sync, name) == number + 1 and f"| {number + 1} | {name} |" in page
