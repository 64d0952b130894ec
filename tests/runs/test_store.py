"""The store, and a visit to a clip over a link in memory that drops, repeats, swaps and is cut; and a killed host."""

import asyncio
import binascii
import os
import random
import signal
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path
from struct import pack

import pytest
from formclip.ground.errors import FileError
from formclip.runs.store import index as index_module
from formclip.runs.store.errors import InUse
from formclip.runs.store.index import MIGRATIONS, VERSION, StoreError
from formclip.runs.store.store import Anchor, Store, trouble
from formclip.runs.sync import client as client_module
from formclip.runs.sync.client import ClipClient
from formclip.runs.sync.errors import Faulty, Refused, Vanished, WrongClock, WrongVersion
from formclip.runs.sync.visit import visit
from gaitcore import sync
from gaitcore.records import STEP_B
from gaitcore.settings import index_of

from tests.runs.test_sync import KEY, PACKET_B, Port


class MemoryLink:
    """A clip's end behind a link that may lose, repeat and swap packets and break at a given packet."""

    def __init__(self, port, rng=None, loss=0.0, cut_after=None, token=1):
        self.clip = sync.ClipEnd(port)
        self.clip.reset(token)
        self._rng, self._loss, self._left = rng or random.Random(0), loss, cut_after
        self._late = None

    def _count(self):
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Vanished("the clip went away", "")

    async def write(self, packet):
        self._count()
        if self._rng.random() >= self._loss:
            self.clip.receive(packet)

    async def receive(self, timeout_s):
        self._count()
        await asyncio.sleep(0)
        if self._late is not None:
            packet, self._late = self._late, None
            return packet
        packet = self._next()
        draw = self._rng.random()
        if draw < self._loss:
            return None
        if draw > 1 - self._loss / 2:
            self._late = packet  # repeated
        elif draw > 1 - self._loss and (swapped := self._next()) is not None:
            self._late, packet = packet, swapped
        return packet

    def _next(self):
        buf = bytearray(PACKET_B)
        n = self.clip.send_control_into(buf) or self.clip.send_data_into(buf)
        return bytes(buf[:n]) if n else None


def client(port, *link, **more):
    return ClipClient(MemoryLink(port, *link), KEY, **more)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """In memory, silence is known at once: a link that has nothing says so."""
    monkeypatch.setattr("formclip.runs.sync.client._SILENCES", 200)
    monkeypatch.setattr("formclip.runs.sync.client._REPLY_S", 0.01)
    monkeypatch.setattr("formclip.runs.sync.client._REPEATS", 50)


def make_sessions(rng, count=3, most_b=20_000):
    return {n + 1: rng.randbytes(rng.randrange(1, most_b)) for n in range(count)}


def held(store):
    return {s.number: s.path.read_bytes() for s in store.sessions()}


def test_visit_takes_all_and_deletes_what_is_stored(tmp_path):
    sessions = make_sessions(random.Random(1))
    port, store = Port(sessions), Store(tmp_path)
    done = asyncio.run(visit(client(port), store))
    assert held(store) == sessions and port.sessions == {}
    assert done.clip == "formclip-1a2b" and done.deleted == [1, 2, 3]
    assert done.bytes_fetched == sum(map(len, sessions.values()))
    assert all(s.deleted_on_clip for s in store.sessions())
    assert [a.boot for a in store.anchors("formclip-1a2b")] == [7]


def test_keep_leaves_the_clip_as_it_is_and_a_second_visit_changes_nothing(tmp_path):
    sessions = make_sessions(random.Random(2))
    port, store = Port(sessions), Store(tmp_path)
    for expected_b in (sum(map(len, sessions.values())), 0):
        done = asyncio.run(visit(client(port), store, keep=True))
        assert done.bytes_fetched == expected_b
    assert held(store) == sessions == port.sessions
    assert len(store.sessions()) == 3


def test_two_hundred_cut_and_lossy_visits_end_with_exactly_the_log(tmp_path):
    for run in range(20):
        rng = random.Random(run)
        sessions = make_sessions(rng)
        port, store = Port(sessions), Store(tmp_path / str(run))
        for attempt in range(400):
            before = dict(port.sessions)
            try:
                asyncio.run(visit(client(port, rng, 0.1, rng.randrange(5, 150), attempt + 1), store))
            except Vanished:
                pass
            gone = set(before) - set(port.sessions)
            assert all(held(store).get(n) == sessions[n] for n in gone), "deleted what the store does not hold"
            if not port.sessions:
                break
        assert held(store) == sessions and len(store.sessions()) == len(sessions)


_KILLED = """
import asyncio, random, sys
sys.path[:0] = {paths!r}
from tests.runs.test_store import KEY, ClipClient, MemoryLink, Port, make_sessions
from formclip.runs.sync.visit import visit
from formclip.runs.store.store import Store
import formclip.runs.sync.client
rng = random.Random({seed})
port = Port(make_sessions(random.Random(5), 3, 200_000))
class Slow(MemoryLink):
    async def receive(self, timeout_s):
        print("tick", flush=True)
        return await super().receive(timeout_s)
asyncio.run(visit(ClipClient(Slow(port), KEY), Store(__import__("pathlib").Path({folder!r})), keep=True))
print("done", flush=True)
"""


def test_host_killed_at_random_loses_and_doubles_nothing(tmp_path):
    sessions = make_sessions(random.Random(5), 3, 200_000)
    paths = [p for p in sys.path if p]
    rng = random.Random(9)
    for seed in range(6):
        script = _KILLED.format(paths=paths, seed=seed, folder=str(tmp_path / "store"))
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        for _ in range(rng.randrange(1, 900)):
            if process.stdout.readline() in (b"done\n", b""):
                break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    store = Store(tmp_path / "store")
    asyncio.run(visit(client(Port(sessions)), store, keep=True))
    assert held(store) == sessions and len(store.sessions()) == 3


def test_part_from_before_is_gone_on_with_and_a_wrong_one_is_dropped(tmp_path):
    data = random.Random(3).randbytes(9000)
    store = Store(tmp_path)
    first = store.arriving("clip", 1, binascii.crc32(data), len(data), 1, 0)
    first.append(data[:4000])
    first.close()
    second = store.arriving("clip", 1, binascii.crc32(data), len(data), 1, 0)
    assert (second.have_b, second.have_crc) == (4000, binascii.crc32(data[:4000]))
    second.append(b"x" * 5000)
    with pytest.raises(StoreError, match="sync again"):
        second.finish()
    assert second.have_b == 0 and store.sessions() == []
    second.append(data)
    stored = second.finish()
    assert stored.path.read_bytes() == data
    assert store.find("clip", 1, binascii.crc32(data)).label == "clip/1"


def test_whole_log_that_was_not_indexed_is_indexed_by_the_next_visit(tmp_path):
    sessions = {1: b"whole" * 100}
    store = Store(tmp_path)
    folder = tmp_path / "formclip-1a2b"
    folder.mkdir()
    (folder / f"000001-{binascii.crc32(sessions[1]):08x}.fclog").write_bytes(sessions[1])
    done = asyncio.run(visit(client(Port(sessions)), store, keep=True))
    assert done.bytes_fetched == 0 and held(store) == sessions


def spoil(path, how):
    data = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(data[:-1])
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["gone", "cut", "a bit"])
def test_a_rotten_file_is_not_taken_for_a_run_that_is_held(how, tmp_path):
    sessions = {1: b"whole" * 100}
    port, store = Port(dict(sessions)), Store(tmp_path)
    asyncio.run(visit(client(port), store, keep=True))
    stored = store.sessions()[0]
    spoil(stored.path, how)
    assert trouble(stored) and store.find(stored.clip, 1, stored.crc32) is None
    done = asyncio.run(visit(client(port), store))
    assert [s.number for s in done.fetched] == [1] and held(store) == sessions and port.sessions == {}
    assert not list(tmp_path.glob("**/*.rotten"))


@pytest.mark.parametrize("where", ["of the file", "of what has come"])
def test_a_folder_in_the_place_of_one_run_holds_up_no_other(where, tmp_path):
    """In the file's place it is set aside; where nothing can be written that run waits on the clip, and is told."""
    sessions = {1: b"first" * 100, 2: b"second" * 100}
    port, store = Port(dict(sessions)), Store(tmp_path)
    name = f"000001-{binascii.crc32(sessions[1]):08x}"
    place = tmp_path / port.name / (name + (".fclog" if where == "of the file" else ".part"))
    (place / "in it").mkdir(parents=True)
    if where == "of the file":
        asyncio.run(visit(client(port), store))
        assert held(store) == sessions and port.sessions == {}
        assert (tmp_path / port.name / (name + ".rotten") / "in it").is_dir()
        return
    with pytest.raises(FileError, match="000001"):
        asyncio.run(visit(client(port), store))
    assert held(store) == {2: sessions[2]} and port.sessions == {1: sessions[1]}


def test_a_rotten_file_stays_until_a_good_one_is_here(tmp_path):
    sessions = {1: bytes(range(256)) * 200}
    port, store = Port(dict(sessions)), Store(tmp_path)
    asyncio.run(visit(client(port), store, keep=True))
    spoil(store.sessions()[0].path, "a bit")
    with pytest.raises(Vanished):
        asyncio.run(visit(client(port, None, 0.0, 12), store))
    rotten = list(tmp_path.glob("**/*.rotten"))
    assert len(rotten) == 1 and rotten[0].stat().st_size == len(sessions[1]) and port.sessions == sessions


def test_what_reads_back_wrong_is_not_deleted_on_the_clip(tmp_path, monkeypatch):
    port, store = Port({1: b"whole" * 100}), Store(tmp_path)
    replace = Path.replace

    def bad_disk(self, to):
        found = replace(self, to)
        if Path(to).suffix == ".fclog":
            spoil(Path(to), "a bit")
        return found

    monkeypatch.setattr(Path, "replace", bad_disk)
    with pytest.raises(StoreError, match="reads back damaged"):
        asyncio.run(visit(client(port), store))
    assert port.sessions and store.sessions() == []
    monkeypatch.undo()
    asyncio.run(visit(client(port), store))
    assert held(store) == {1: b"whole" * 100} and port.sessions == {}


def test_two_syncs_of_one_clip_do_not_meet_in_one_store(tmp_path):
    """The second is told so at once, and the clip keeps what the first has not stored."""
    sessions = {1: random.Random(1).randbytes(60_000)}

    async def both():
        port = Port(dict(sessions))

        async def one():
            try:
                return await visit(client(port), Store(tmp_path))
            except InUse as error:
                return error

        return port, await asyncio.gather(one(), one())

    port, ends = asyncio.run(both())
    assert sum(isinstance(end, InUse) for end in ends) == 1
    assert held(Store(tmp_path)) == sessions and port.sessions == {}


def test_other_clips_can_be_synced_meanwhile(tmp_path):
    store = Store(tmp_path)
    with store.syncing("one"), store.syncing("two"):
        with pytest.raises(InUse), store.syncing("one"):
            raise AssertionError
    with store.syncing("one"):
        pass


def test_lost_file_is_fetched_again(tmp_path):
    sessions = {1: b"whole" * 100}
    store = Store(tmp_path)
    asyncio.run(visit(client(Port(sessions)), store, keep=True))
    store.sessions()[0].path.unlink()
    asyncio.run(visit(client(Port(sessions)), store, keep=True))
    assert held(store) == sessions


def test_names_find_one_session_or_none(tmp_path):
    store = Store(tmp_path)
    for clip, number in (("a", 1), ("a", 2), ("b", 2)):
        arriving = store.arriving(clip, number, binascii.crc32(b"x"), 1, 1, 0)
        arriving.append(b"x")
        arriving.finish()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Python 3.12 told of a numbered parameter that it goes
        assert [stored.label for stored in store.sessions("a")] == ["a/1", "a/2"]
    assert store.named("a/2").label == "a/2" and store.named("1").label == "a/1"
    assert store.named("2") is None and store.named("c/1") is None


def test_a_number_means_the_session_that_came_last(tmp_path):
    """A clip whose log was made anew counts from 1 again; the CRC says nothing about which is later."""
    store = Store(tmp_path)
    for data in (b"z", b"a", b"q"):
        arriving = store.arriving("a", 1, binascii.crc32(data), 1, 1, 0)
        arriving.append(data)
        arriving.finish()
    assert store.named("a/1").path.read_bytes() == b"q"


def test_store_is_for_this_user_alone(tmp_path):
    if os.name != "posix":
        pytest.skip("modes are POSIX'")
    os.chmod(tmp_path, 0o755)
    store = Store(tmp_path)
    asyncio.run(visit(client(Port({1: b"whole" * 100})), store))
    for path in (tmp_path, *tmp_path.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


VERSION_1 = """
CREATE TABLE clip (name TEXT PRIMARY KEY, address TEXT NOT NULL DEFAULT '', firmware TEXT NOT NULL DEFAULT '') STRICT;
CREATE TABLE session (
    clip TEXT NOT NULL REFERENCES clip (name), number INTEGER NOT NULL, crc32 INTEGER NOT NULL, size_b INTEGER NOT NULL,
    boot INTEGER NOT NULL, flags INTEGER NOT NULL, file TEXT NOT NULL, deleted_on_clip INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (clip, number, crc32)) STRICT;
CREATE TABLE anchor (
    clip TEXT NOT NULL REFERENCES clip (name), boot INTEGER NOT NULL, uptime_ms INTEGER NOT NULL,
    unix_s INTEGER NOT NULL, zone_min INTEGER NOT NULL, PRIMARY KEY (clip, boot, uptime_ms)) STRICT;
INSERT INTO clip VALUES ('formclip-1a2b', 'AA', '0.1.0');
INSERT INTO session VALUES ('formclip-1a2b', 1, 907060870, 5, 3, 0, 'formclip-1a2b/000001-3610a686.fclog', 1);
INSERT INTO anchor VALUES ('formclip-1a2b', 3, 1000, 1700000000, 60);
PRAGMA user_version = 1;
"""


def old_store(folder):
    (folder / "formclip-1a2b").mkdir(parents=True)
    (folder / "formclip-1a2b" / "000001-3610a686.fclog").write_bytes(b"hello")
    with closing(sqlite3.connect(folder / "index.sqlite")) as index:
        index.executescript(VERSION_1)


def test_a_store_of_version_1_is_brought_up_to_date_and_kept_beside(tmp_path):
    old_store(tmp_path)
    store = Store(tmp_path)
    assert held(store) == {1: b"hello"} and not trouble(store.sessions()[0]) and store.sessions()[0].deleted_on_clip
    assert store.anchors("formclip-1a2b") == [Anchor(3, 1000, 1700000000, 60)]
    with closing(sqlite3.connect(tmp_path / "index.sqlite.v1")) as index:
        assert index.execute("PRAGMA user_version").fetchone() == (1,)
        assert index.execute("SELECT number FROM session").fetchall() == [(1,)]
    assert held(Store(tmp_path)) == {1: b"hello"}  # the same again changes nothing


def test_a_migration_that_dies_leaves_the_old_index(tmp_path, monkeypatch):
    """Killed between any two statements, the next one goes on from what was there."""
    statements = len(MIGRATIONS[1].split(";"))
    for after in range(statements):
        folder = tmp_path / str(after)
        old_store(folder)
        broken = ";".join([*MIGRATIONS[1].split(";")[:after], "SELECT no_such_function()"])
        monkeypatch.setattr(index_module, "MIGRATIONS", (MIGRATIONS[0], broken))
        with pytest.raises(StoreError):
            Store(folder)
        monkeypatch.undo()
        assert held(Store(folder)) == {1: b"hello"}


def test_a_store_of_a_later_version_is_refused_and_left_alone(tmp_path):
    Store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "index.sqlite")) as index:
        index.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (tmp_path / "index.sqlite").read_bytes()
    with pytest.raises(StoreError, match="update formclip"):
        Store(tmp_path)
    assert (tmp_path / "index.sqlite").read_bytes() == before


def test_what_was_set_without_a_clip_is_given_at_its_next_visit(tmp_path):
    port, store = Port({}), Store(tmp_path)
    store.want("formclip-1a2b", "sustain_s", 7)
    store.want("formclip-1a2b", "sustain_s", 8)
    store.want("formclip-1a2b", "mode", 1)
    store.want("another", "mode", 2)
    with pytest.raises(Vanished):
        asyncio.run(visit(client(port, None, 0.0, 3), store))
    assert store.wanted("formclip-1a2b") == {"sustain_s": 8, "mode": 1}
    done = asyncio.run(visit(client(port), store))
    assert done.given == {"sustain_s": 8, "mode": 1} and store.wanted("formclip-1a2b") == {}
    assert (port.settings.sustain_s, port.settings.mode) == (8, 1) and store.wanted("another") == {"mode": 2}


@pytest.mark.parametrize("both", [False, True])
def test_a_setting_that_waits_is_with_the_store_or_in_the_clips_flash_whenever_it_is_cut(both, tmp_path):
    """The visit ends at any packet; where both end, the clip has lost what it had not put into its flash."""
    wanted = {"sustain_s": 8, "mode": 1, "tilt_cue_deg": 9}
    numbers = {name: index_of(name) for name in wanted}
    for packets in range(200):
        port, store = Port({1: b"run" * 9}), Store(tmp_path / f"{packets}")
        for name, value in wanted.items():
            store.want("formclip-1a2b", name, value)
        ended = True
        try:
            asyncio.run(visit(client(port, None, 0.0, packets), store, keep=True))
        except Vanished:
            ended = False
        if both:
            port.settings.load_bytes(port.kept)
        for name, value in wanted.items():
            at = 2 * numbers[name]
            kept = int.from_bytes(port.kept[at : at + 2], "little", signed=True)
            assert store.wanted("formclip-1a2b").get(name) == value or kept == value, (packets, name)
        if ended:
            break
        asyncio.run(visit(client(port), store))
        assert store.wanted("formclip-1a2b") == {} and port.settings.tilt_cue_deg == 9
    assert ended and packets > 15


def test_a_setting_that_no_clip_knows_stops_no_sync(tmp_path):
    """Kept by another version: its name, or its value, is none of today's."""
    port, store = Port({1: b"run"}), Store(tmp_path)
    for name, value in (("no_such", 1), ("mounting", 1), ("mode", 99_999), ("sustain_s", 8)):
        store.want("formclip-1a2b", name, value)
    done = asyncio.run(visit(client(port), store))
    assert held(store) == {1: b"run"} and done.given == {"sustain_s": 8}
    assert set(done.refused) == {"no_such", "mounting", "mode"} == set(store.wanted("formclip-1a2b"))
    assert "unknown" in done.refused["no_such"] and "not used any more" in done.refused["mounting"]


def test_a_clip_that_says_another_value_has_not_taken_it(tmp_path):
    port, store = Port({}), Store(tmp_path)
    port.set = lambda name, value: value
    store.want("formclip-1a2b", "sustain_s", 8)
    done = asyncio.run(visit(client(port), store))
    assert store.wanted("formclip-1a2b") == {"sustain_s": 8} and done.refused == {"sustain_s": "the clip says 5"}


def test_what_the_clip_refuses_waits_on_and_is_told(tmp_path):
    port, store = Port({}), Store(tmp_path)
    store.want("formclip-1a2b", "sustain_s", 99)
    store.want("formclip-1a2b", "mode", 1)
    done = asyncio.run(visit(client(port), store))
    assert done.given == {"mode": 1} and "sustain_s" in done.refused["sustain_s"]
    assert store.wanted("formclip-1a2b") == {"sustain_s": 99}


def test_an_endless_list_and_a_huge_session_are_refused(tmp_path):
    port = Port({})
    port.next_session = lambda after: (after + 1, 7, 1, 0)
    with pytest.raises(Faulty, match="lists more than"):
        asyncio.run(visit(client(port), Store(tmp_path)))
    port = Port({1: b"x"})
    port.opened = lambda session: ((1 << 32) - 1, 0, 0)
    with pytest.raises(Faulty, match="which none can hold"):
        asyncio.run(visit(client(port), Store(tmp_path)))
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 1_000_000


@pytest.mark.parametrize("what", ["another stream", "events", "steps"])
def test_a_clip_that_sends_for_ever_and_nothing_new_is_left(what, tmp_path, monkeypatch):
    """Silence is not the only way to stand still: here something comes at every look, and none of it is the run's."""
    monkeypatch.setattr(client_module, "_STILL_S", 0.05)
    frames = {
        "another stream": pack("<BHHBII", sync.DATA, 0, 59, 99, 1, 0) + bytes(50),
        "events": pack("<BHH", sync.EVENT, 0, 100) + bytes(100),
        "steps": pack("<BHH", sync.STEP, 0, 4 + STEP_B) + bytes(4 + STEP_B),
    }

    class Endless(MemoryLink):
        async def receive(self, timeout_s):
            came = await super().receive(timeout_s)
            return frames[what] if came is None or came[0] == sync.DATA else came

    port, store = Port({1: bytes(9000)}), Store(tmp_path)
    clip = ClipClient(Endless(port), KEY)
    with pytest.raises(Vanished, match="stopped sending"):
        asyncio.run(visit(clip, store))
    assert port.sessions and not store.sessions()
    assert len(clip.end.events) + len(clip.end.steps) + len(clip.end.pieces) < 10


def test_a_name_is_only_a_name(tmp_path):
    """What a clip calls itself reaches neither the terminal nor the file system as anything else."""
    port, store = Port({1: b"x"}), Store(tmp_path / "store")
    port.name = "\x1b]0;gotcha\x07../../\u202e" + "A" * 200
    asyncio.run(visit(client(port), store))
    label = store.sessions()[0].label
    assert label.isprintable() and "\x1b" not in label and len(label) < 160
    assert {p.name for p in tmp_path.iterdir()} == {"store"}


@pytest.mark.parametrize("now", [-1.0, 2.0**32])
def test_a_clock_that_no_clip_can_hold_is_told(now, tmp_path):
    with pytest.raises(WrongClock, match="1970 to 2106"):
        asyncio.run(visit(client(Port({1: b"x"}), now=lambda: now), Store(tmp_path)))


def test_refusals_come_in_words(tmp_path):
    port = Port()

    def refuse(*_):
        raise sync.SyncError(0, sync.NOT_NOW)

    port.calibrate = refuse

    async def ask():
        asking = client(port)
        await asking.greet()
        with pytest.raises(Refused, match="can't do that now"):
            await asking.calibrate()
        with pytest.raises(Refused, match="setting sustain_s refused; give 2 to 30; 5 is kept"):
            await asking.set(2, 99)
        settings = await asking.settings()
        assert settings.to_bytes() == port.settings.to_bytes()
        assert (await asking.status()).battery_percent == 81

    asyncio.run(ask())


def test_other_versions_and_disorder_are_told(tmp_path, monkeypatch):
    async def greet():
        await client(Port()).greet()

    monkeypatch.setattr(sync, "VERSION", 2)
    clip_says = sync.ClipEnd._do
    monkeypatch.setattr(sync.ClipEnd, "_do", lambda self, kind, given: clip_says(self, kind, (given[0], 1, *given[2:])))
    with pytest.raises(WrongVersion, match="update the older one"):
        asyncio.run(greet())
    monkeypatch.undo()
    port = Port({1: b"a", 2: b"b"})
    port.next_session = lambda after: (2, 7, 1, 0) if after == 0 else ((1, 7, 1, 0) if after == 2 else None)
    with pytest.raises(Faulty, match="not in order"):
        asyncio.run(visit(client(port), Store(tmp_path)))


def test_full_disk_is_said_and_keeps_what_came(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    store = Store(tmp_path)
    data = bytes(400_000)  # more than any Python's own buffer: 128 KiB in 3.14
    arriving = store.arriving("clip", 1, binascii.crc32(data), len(data), 1, 0)
    arriving._file = open("/dev/full", "wb")
    with pytest.raises(Exception, match="the disk is full"):
        for i in range(0, len(data), 1000):
            arriving.append(data[i : i + 1000])
    assert store.sessions() == []
