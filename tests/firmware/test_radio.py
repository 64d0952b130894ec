"""The whole chain over the virtual radio: air, clip and companion, each a process of its own."""

import asyncio
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from datetime import datetime, timedelta

import pytest

pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")

from bleak.exc import BleakBluetoothNotAvailableError
from bleak.exc import BleakBluetoothNotAvailableReason as Reason
from formclip.firmware.sources import libraries_here, tree
from formclip.firmware.virtual import radio
from formclip.firmware.virtual import run as clip
from formclip.firmware.virtual.image import make_drive
from formclip.firmware.virtual.radio import central, prepared, process
from formclip.ground.log import read_logs
from formclip.runs.store.errors import disk_error
from formclip.runs.store.store import Arriving, Store
from formclip.runs.sync import link
from formclip.runs.sync.errors import Recording
from formclip.runs.sync.reach import introduced
from formclip.runs.sync.visit import visit
from formclip.show import cli
from gaitcore import records, sync

from tests.boards import git
from tests.conftest import REPO
from tests.processes import heed_ctrl_c

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
OPEN = {"2a00", "2a01", "2a04", "2a05", "2a19", "2a24", "2a25", "2a26", "2a27", "2a28", "2a29", "2a50"}
BUMBLES = {"2b29", "2b2a"}  # of its own attribute service: client features, hash of the table
NAMED = ("--clip", "formclip-0001")  # a scan ends when it is heard
CLI = [sys.executable, "-c", "from formclip.show.cli import main; main()"]


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    path = tmp_path_factory.mktemp("drive") / "drive.img"
    make_drive(path, "xiao")
    return path


@pytest.fixture
def air():
    with process.air() as opened:
        yield opened


@pytest.fixture
def here(tmp_path, monkeypatch, air):
    """This computer: its data folder, bonds and virtual radio."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("FORMCLIP_VIRTUAL_BONDS", str(tmp_path / "bonds.json"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    monkeypatch.setattr(link, "BACKENDS", link.Backends())
    radio.use(air.address)
    return tmp_path


@pytest.fixture
def board(blank, here, air):
    """A clip that lives at the wall's pace, with runs of so many minutes on its drive."""

    def make(*minutes, name="clip", **more):
        out = here / name
        out.mkdir(exist_ok=True)
        shutil.copyfile(blank, out / "drive.img")
        written = [prepared.put_session(out / "drive.img", m, seed=n) for n, m in enumerate(minutes)]
        return process.Board(out, air.address, more=more), written

    return make


def formclip(air, *words, code=0, timeout=60):
    """One command in a process of its own; its stdout, and its one line of stderr where it failed."""
    done = subprocess.run(
        [*CLI, *words, *(("--virtual", air.address, *NAMED) if air else ())],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == code, done.stdout + done.stderr
    if code:
        assert done.stderr.count("\n") == 1 and "; " in done.stderr, done.stderr
        return done.stderr
    return done.stdout


def here_(capsys, air, *words, code=0):
    """The same in this process, where nothing depends on its being another one."""
    assert cli.run([*words, *(("--virtual", air.address, *NAMED) if air else ())]) == code, capsys.readouterr().err
    out, err = capsys.readouterr()
    assert not code or (err.count("\n") == 1 and "; " in err), err
    return err if code else out


def invited(board):
    """Press the button, so that computers may pair, and wait until the clip has felt it: it answers by a pulse."""
    before = len(board.happened("button"))
    board.press("double", 0.0 if before else 1.0)
    _wait(lambda: len(board.happened("button")) >= before + 4)
    pressed_s = board.happened("button")[-1][0]
    _wait(lambda: any(t_s > pressed_s for t_s, _ in board.happened("motor")))


async def find():
    (seen,) = await link.scan(20, enough=1)
    return seen


def test_a_clip_says_what_it_measures_of_itself(board, here, air):
    clip_, written = board(1)
    report = here / "bench.md"
    with clip_:
        invited(clip_)
        words = ("doctor", "--bench", "--during", "2", "--out", str(report), "--json")
        told = json.loads(formclip(air, *words, "--pair"))
        again = formclip(air, *words[:-1])
        assert "LIST" not in again and len(json.loads(formclip(air, "sync", "--json"))["fetched"]) == len(written)
    assert told["chip"] == "LSM6DS3TR-C" and abs(told["rate_hz"] - 208) < 1 and not told["recording"]
    assert 6 <= told["blocks"] <= 11 and 0 <= told["busy_ms"] <= told["worst_ms"] < 200
    assert told["heap_used_kb"] > 0 and told["heap_free_kb"] > 0 and told["write_ms"] > 50  # an erase of 60 ms
    assert told["throughput_kb_s"] > 1 and told["interval_ms"] == 30 and 3000 < told["battery_mv"] < 4300
    text = report.read_text()
    assert text in again + "\n" or text.strip() in again
    assert "| its true rate | 20" in text and "formclip-0001" not in text


def test_sync_from_clip_to_report(board, here, air, capsys):
    clip_, written = board(4, 2)
    with clip_:
        invited(clip_)
        told = json.loads(formclip(air, "sync", "--pair", "--json"))
        assert [f["bytes"] for f in told["fetched"]] == [len(w) for w in written] and told["deleted_on_clip"] == [1, 2]
        # Known from now on: no pairing, nothing left to fetch.
        assert "nothing new" in formclip(air, "sync")
        name = told["clip"]
    held = [s.path.read_bytes() for s in Store().sessions()]
    assert held == written
    rows = json.loads(here_(capsys, None, "sessions", "--json"))
    assert [r["session"] for r in rows] == [f"{name}/1", f"{name}/2"] and rows[0]["steps"] == 720
    assert json.loads(here_(capsys, None, "clips", "--json"))[0]["sessions"] == 2
    here_(capsys, None, "report", f"{name}/1", "-o", str(here / "r.html"))
    assert (here / "r.html").stat().st_size > 100_000
    assert clip_.run.sessions == [], "deleted on the clip"


@pytest.fixture(scope="module")
def old_firmware(tmp_path_factory):
    """device/ and shared/ of commit 8f5b46d: record version 1, the settings table of then."""
    folder = tmp_path_factory.mktemp("old")
    done = git(REPO, "archive", "8f5b46d", "device", "shared", check=False)
    if done.returncode:
        pytest.skip("commit 8f5b46d is not here (a shallow clone)")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return tree(folder)


def test_a_clip_with_the_firmware_of_before_is_synced_and_set(old_firmware, board, here, air, capsys):
    clip_, _ = board(sources=old_firmware)
    data = (REPO / "tests" / "data" / "version1.fclog").read_bytes()
    prepared.put_log(clip_.out / "drive.img", data)
    with clip_:
        invited(clip_)
        told = json.loads(formclip(air, "sync", "--pair", "--json"))
        assert [f["bytes"] for f in told["fetched"]] == [len(data)] and told["deleted_on_clip"] == [1]
        assert "sustain_s = 7" in formclip(air, "config", "set", "sustain_s", "7")
        assert json.loads(formclip(air, "config", "show", "--json"))["sustain_s"] == 7
    assert [s.path.read_bytes()[28:] for s in Store().sessions()] == [data[28:]]
    rows = json.loads(here_(capsys, None, "sessions", "--json"))
    assert rows[0]["steps"] == 474 and not rows[0]["problem"]


def test_watch_syncs_a_clip_when_it_appears(board, here, air):
    """Waiting before any clip is there; then one comes, is synced, and Ctrl-C ends it in good order."""
    clip_, written = board(1)
    watching = subprocess.Popen(
        [*CLI, "sync", "--pair", "--watch", "--json", "--virtual", air.address, *NAMED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    try:
        with clip_:
            invited(clip_)
            _wait(lambda: Store().sessions() and Store().sessions()[0].deleted_on_clip)
            told = json.loads(watching.stdout.readline())
    finally:
        watching.send_signal(signal.SIGINT)
        rest, said = watching.communicate(timeout=30)
    assert told["deleted_on_clip"] == [1] and [s.path.read_bytes() for s in Store().sessions()] == written
    assert watching.returncode == 130 and "Traceback" not in said, said


def test_the_press_for_pairing_begins_no_run(board, here, air):
    """As the README says it: press, then sync. What the press began ends, and is not kept."""
    clip_, written = board(1)
    with clip_:
        clip_.press("short", 1.0)
        _wait(lambda: len(clip_.happened("motor")) >= 8)  # STAND: it records
        told = json.loads(formclip(air, "sync", "--pair", "--json"))
        assert told["deleted_on_clip"] == [1] and [s.path.read_bytes() for s in Store().sessions()] == written
        felt_s = [t_s for t_s, _ in clip_.happened("motor")]
        clip_.press("short")  # and the next press begins a run again
        _wait(lambda: len(clip_.happened("motor")) >= len(felt_s) + 8)
        clip_.press("short", 1.0)
        _wait(lambda: len(clip_.happened("motor")) >= len(felt_s) + 12)
    assert len(felt_s) == 8 + 4, "STAND, then STOP"
    assert [path.stem for path in clip_.run.sessions] == ["000003"]


def test_a_run_is_not_ended_by_a_sync(board, here, air, capsys, tmp_path):
    assert cli.run(["simulate", "--minutes", "0.5", "--seed", "5", "-o", str(tmp_path / "run")]) == 0
    rows, _ = clip.sensor_rows(tmp_path / "run.imu.csv.xz", tmp_path / "rows.bin")
    clip_, _ = board(1, speed="max", events=[(24.0, "pace", 1)])
    clip_.trace = tmp_path / "rows.bin"
    with clip_:
        _wait(lambda: clip_.happened("pace"))
        invited(clip_)
        said = formclip(air, "sync", "--pair", code=14)
        assert "the clip is recording; press its button to stop, then sync again" in said
        assert "clip is recording" in formclip(air, "sync", code=14)  # paired all the same
        before = len(clip_.happened("button"))
        clip_.press("short", 0.5)
        _wait(lambda: len(clip_.happened("button")) >= before + 2)
        _wait(lambda: clip_.happened("motor")[-1][0] > clip_.happened("button")[-1][0])
        told = json.loads(formclip(air, "sync", "--json"))
    assert told["deleted_on_clip"] == [1, 2] and not clip_.run.sessions


def test_who_watches_leaves_a_session_that_has_just_begun(board, here, air):
    clip_, _ = board()
    with clip_:
        invited(clip_)
        formclip(air, "sync", "--pair")
        before = len(clip_.happened("motor"))
        clip_.press("short")
        _wait(lambda: len(clip_.happened("motor")) >= before + 8)

        async def watch():
            async with introduced(await find(), False) as client:
                await visit(client, Store(), unasked=True)

        with pytest.raises(Recording, match="the clip is recording"):
            asyncio.run(watch())
        clip_.press("short", 0.5)
        _wait(lambda: len(clip_.happened("motor")) >= before + 12)
    assert len(clip_.run.sessions) == 1


def test_who_is_not_paired_is_sent_away(board, here, air):
    clip_, _ = board(1)
    with clip_:
        invited(clip_)
        said = formclip(air, "sync", code=13)
        assert "does not know this computer" in said and "--pair" in said
        asyncio.run(strangers_view())
    assert not Store().sessions() and len(clip_.run.sessions) == 1


async def strangers_view():
    """Without a bond: device, battery and name can be read, nothing else, and nothing can be asked."""
    from bleak import BleakClient
    from bleak.exc import BleakError

    seen = await find()
    async with BleakClient(seen.device, backend=central.VirtualClient) as client:
        read, refused, heard = {}, [], []
        for service in client.services:
            for found in service.characteristics:
                if "read" in found.properties:
                    try:
                        read[found.uuid[4:8]] = bytes(await client.read_gatt_char(found))
                    except BleakError:
                        refused.append(found.uuid[4:8])
                if "notify" in found.properties and found.uuid[4:8] != "2a19":
                    try:
                        await client.start_notify(found, lambda *_: None)
                        heard.append(found.uuid[4:8])
                    except BleakError:
                        pass
        with pytest.raises(BleakError):
            await client.write_gatt_char(link.CONTROL, bytes(10), response=True)
    assert not heard
    assert (
        set(read)
        <= {"2a00", "2a01", "2a04", "2a05", "2a19", "2a24", "2a25", "2a26", "2a27", "2a28", "2a29", "2a50"} | BUMBLES
    )
    assert {"2a54", "2a5d"} <= set(refused) and read["2a29"] == b"formclip"


def test_settings_live_and_calibration_by_command(board, here, air, capsys):
    clip_, _ = board()
    (here / "p.toml").write_text("[formclip]\nwarmup_s = 60\n")
    with clip_:
        invited(clip_)
        assert "tilt_cue_deg" in here_(capsys, air, "config", "show", "--pair")
        assert here_(capsys, air, "config", "set", "tilt_cue_deg", "7") == "tilt_cue_deg = 7\n"
        assert json.loads(here_(capsys, air, "config", "get", "tilt_cue_deg", "--json")) == {"tilt_cue_deg": 7}
        said = here_(capsys, air, "config", "set", "tilt_cue_deg", "99", code=5)
        assert "tilt_cue_deg" in said and "3" in said and "12" in said
        said = here_(capsys, air, "calibrate", "--squeeze")
        assert "now squeeze" in said and "deg more than in neutral" in said
        assert "1 of 1 settings changed" in here_(capsys, air, "config", "load", str(here / "p.toml"))
        assert "not running" in here_(capsys, air, "live", "--for", "1")


def test_live_shows_the_steps_that_are_logged(board, here, air, capsys, tmp_path):
    """A run as it happens: what comes over the air is, step by step, what the log holds afterwards."""
    assert cli.run(["simulate", "--minutes", "0.5", "--seed", "5", "-o", str(tmp_path / "run")]) == 0
    rows, _ = clip.sensor_rows(tmp_path / "run.imu.csv.xz", tmp_path / "rows.bin")
    clip_, _ = board(speed="max", events=[(14.0, "pace", 1)])
    clip_.trace = tmp_path / "rows.bin"
    with clip_:
        _wait(lambda: clip_.happened("pace"))
        invited(clip_)
        capsys.readouterr()
        out = here_(capsys, air, "live", "--pair", "--for", "6", "--json")
        live = [json.loads(line) for line in out.splitlines()]
        clip_.press("very-long")
        _wait(lambda: clip_.happened("sleep"))
    shown = [(row["on_s"], row["cadence_spm"]) for row in live if "on_s" in row]
    logged = {(t_ms / 1000, v[records.CADENCE] / 10 or None) for tag, t_ms, v in _entries(clip_) if tag == records.STEP}
    assert len(shown) >= 10 and set(shown) <= logged


def _entries(clip_):
    return read_logs(clip_.run.sessions[0])[0].entries


def test_each_failure_has_its_line_and_code(board, here, air, capsys, monkeypatch):
    assert "no virtual air at 127.0.0.1:1;" in here_(capsys, None, "sync", "--virtual", "127.0.0.1:1", code=10)
    nearby = ("sync", "--virtual", air.address, "--seconds", "0.5")
    assert "no clip in reach" in here_(capsys, None, *nearby, code=12)
    assert "no clip named other" in here_(capsys, None, *nearby, "--clip", "other", code=12)
    for reason, code, said in (
        (Reason.NO_BLUETOOTH, 10, "no usable Bluetooth adapter"),
        (Reason.POWERED_OFF, 11, "Bluetooth is switched off"),
        (Reason.DENIED_BY_USER, 11, "not allowed to use Bluetooth"),
    ):

        class Off(central.VirtualScanner):
            async def start(self, reason=reason):
                raise BleakBluetoothNotAvailableError("as the platform says it", reason)

        monkeypatch.setattr(link.BACKENDS, "scanner", Off)
        assert said in here_(capsys, None, "sync", code=code)


def test_failures_of_a_visit_have_theirs(board, here, air, capsys, monkeypatch):
    """Another version, a clip that vanishes, a full disk: one line each, and all goes well afterwards."""
    clip_, written = board(3)
    with clip_:
        invited(clip_)
        here_(capsys, air, "config", "get", "mode", "--pair")
        said = sync.VERSION
        monkeypatch.setattr(sync, "VERSION", 9)
        assert "the clip speaks protocol 1, this formclip 9; update" in here_(capsys, air, "sync", code=16)
        monkeypatch.setattr(sync, "VERSION", said)
        monkeypatch.setattr("formclip.runs.sync.rounds._TRIES", 1)
        air.tell("cut-after 3000")
        assert "went away" in here_(capsys, air, "sync", code=15)
        monkeypatch.setattr(Arriving, "append", _no_room)
        assert "the disk is full" in here_(capsys, air, "sync", code=19)
    assert not Store().sessions() and [p.read_bytes() for p in clip_.run.sessions] == written


def _no_room(self, data):
    raise disk_error(OSError(errno.ENOSPC, "No space left on device"), self._part)


def test_cut_lossy_and_killed_syncs_end_with_exactly_the_log(board, here, air, monkeypatch):
    """A few of what `python -m formclip.lab.bench.soak` does 200 times."""
    from formclip.lab.bench.soak import soak

    clip_, written = board(3, 2, 3)
    with clip_:
        invited(clip_)
        asyncio.run(_pair())
        done = soak(air, Store(), written, syncs=6, loss=0.03, kill_every=3, seed=3)
    assert done.held == written and done.doubled == 0 and done.lost == 0
    assert done.cuts >= 2 and done.kills == 2


async def _pair():
    async with introduced(await find(), True) as client:
        await client.greet()


def test_sessions_before_any_sync_get_their_dates(board, here, air, capsys):
    """Recorded by a clip that knows no date, before a tick wrap, a watchdog's bite and a night switched off."""
    starts_s = (4.0, 130.0, 1420.0)
    press = [(t_s, "short") for start_s in starts_s for t_s in (start_s, start_s + 5)]
    press += [(200.0, "very-long"), (1400.0, "short")]
    events = [(100.0, "stall", 9_000_000), (1429.0, "pace", 1)]
    clip_, _ = board(speed="max", press=sorted(press), events=events)
    with clip_:
        _wait(lambda: clip_.happened("pace"))
        invited(clip_)
        before = len(clip_.happened("pace"))
        clip_.event("pace", 1)
        _wait(lambda: len(clip_.happened("pace")) > before)
        now, now_s = datetime.now().astimezone(), clip_.happened("pace")[-1][0]
        here_(capsys, air, "sync", "--pair")
        resets = [value for _, value in clip_.happened("reset")]
    assert resets == ["SOFTWARE", "SOFTWARE"]  # the watchdog's handler restarts by software, and so does the night
    rows = json.loads(here_(capsys, None, "sessions", "--json"))
    assert len(rows) == 3
    for row, start_s in zip(rows, starts_s, strict=True):
        began = now - timedelta(seconds=now_s - start_s)
        assert abs(datetime.fromisoformat(row["started"]) - began) < timedelta(seconds=2)


def _wait(done, seconds=40):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_clip_that_sleeps_is_synced_by_who_it_knows(board, here, air, capsys):
    """Switched off and on again it knows its computers; from standby it answers within one of its naps."""
    clip_, written = board(1)
    with clip_:
        invited(clip_)
        here_(capsys, air, "config", "get", "mode", "--pair")
    clip_.more = {"settings": {"standby_min": 1}, "speed": "max", "events": [(90.0, "pace", 1)]}
    with clip_:
        _wait(lambda: clip_.happened("pace"))
        assert clip_.happened("sleep")
        assert here_(capsys, air, "sync").startswith("formclip-0001/1: ")
    assert [s.path.read_bytes() for s in Store().sessions()] == written
