"""What a person adds to a run, the bin, runs without a clip, backup and restore: killed anywhere, nothing is lost."""

import asyncio
import math
import os
import random
import shutil
import sqlite3
import sys
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from formclip.ground.errors import FileError, LogError
from formclip.ground.log import read_log, told_beside, told_path
from formclip.runs.exchange.source import of_row
from formclip.runs.insight import digest as digest_module
from formclip.runs.insight.digest import Digest, digests
from formclip.runs.insight.history import history
from formclip.runs.store import backup as backup_module
from formclip.runs.store import index as index_module
from formclip.runs.store.about import KINDS, NOTHING, SURFACES, NotSaid, about, say
from formclip.runs.store.backup import BEFORE, backup, restore
from formclip.runs.store.bin import KEPT_DAYS, days_left, empty_bin, take_back, throw_away
from formclip.runs.store.brief import rows
from formclip.runs.store.check import check
from formclip.runs.store.dates import BadTime, at_zone, said_time
from formclip.runs.store.index import NAME, VERSION, StoreError
from formclip.runs.store.rebuild import anew, forget, take_up
from formclip.runs.store.store import ADDED, Store, Stored
from formclip.runs.store.taken import NoDate, apart, take_in
from formclip.runs.store.watch import MINUTES, Watched, forget_watched, keep_watched, watched
from formclip.runs.store.which import NoRun, which
from formclip.runs.sync.visit import visit
from hypothesis import given
from hypothesis import strategies as st

from tests.made_runs import SUMMER, log_of, put
from tests.runs.test_store import VERSION_1, client, held
from tests.runs.test_sync import Port

CLIP = "formclip-1a2b"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("one"))
    return store, put(store, CLIP, 1, log_of(10.0))


# -- what a person says ------------------------------------------------------------------------------------------------


def test_what_is_said_of_a_run_stays_beside_it_and_one_thing_changes_no_other(store):
    first, second = (put(store, CLIP, n, log_of(seed=n)) for n in (1, 2))
    say(store, first, name=" Sunday long ", kind="long", note="hot")
    say(store, first, surface="trail", distance_m=10_020.0)
    found = about(store, first)
    assert (found.name, found.kind, found.surface, found.note) == ("Sunday long", "long", "trail", "hot")
    assert found.distance_m == 10_020.0 and about(store, second) == NOTHING
    say(store, first, name="")
    assert about(store, first).name == "" and about(store, first).note == "hot"


@given(
    name=st.text(max_size=200),
    kind=st.sampled_from((*KINDS, "", "stroll")),
    surface=st.sampled_from((*SURFACES, "", "water")),
    distance_m=st.floats(allow_nan=True) | st.none(),
)
def test_what_cannot_be_said_is_refused_whole(one_run, name, kind, surface, distance_m):
    store, stored = one_run
    before = about(store, stored)
    said = {"name": name, "kind": kind, "surface": surface, "distance_m": distance_m}
    fits = len(name.strip()) <= 80 and kind != "stroll" and surface != "water"
    fits = fits and (distance_m is None or 50 <= distance_m <= 500_000)
    if fits:
        found = say(store, stored, **said)
        assert about(store, stored) == found and found.name == name.strip() and found.distance_m == distance_m
    else:
        with pytest.raises(NotSaid):
            say(store, stored, **said)
        assert about(store, stored) == before


def test_a_date_that_is_said_stands_above_the_clips(store):
    stored = put(store, CLIP, 1, log_of())
    assert rows(store)[0].started.timestamp() == SUMMER
    unix_s, zone = said_time("2026-06-01T06:30+02:00")
    say(store, stored, began_unix_s=unix_s, zone=zone)
    assert rows(store)[0].started.isoformat() == "2026-06-01T06:30:00+02:00"


def test_times_that_a_person_writes():
    now = datetime(2026, 11, 26, 20, 15)
    assert said_time("2026-11-03 07:15", now)[0] == datetime(2026, 11, 3, 7, 15).timestamp()
    assert said_time("2026-11-03", now)[0] == datetime(2026, 11, 3, 12, 0).timestamp()
    assert said_time("yesterday", now)[0] == datetime(2026, 11, 25, 12, 0).timestamp()
    assert said_time(" NOW ", now)[0] == now.timestamp()
    assert said_time("2026-11-03T07:15-03:30", now)[1] == "-03:30"
    for wrong in ("", "soon", "2026-13-01", "1800-01-01", "9999-12-31", "0001-01-01T00:00+14:00"):
        with pytest.raises(BadTime):
            said_time(wrong, now)


@given(st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2100, 1, 1)), st.integers(-840, 840))
def test_a_time_with_an_offset_comes_back_as_it_was_written(at, minutes):
    sign = "-" if minutes < 0 else "+"
    text = f"{at:%Y-%m-%dT%H:%M}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert at_zone(*said_time(text)).isoformat(timespec="minutes") == text


def test_a_run_is_found_by_label_number_name_day_or_last(store):
    put(store, "a", 1, log_of(seed=1, unix_s=SUMMER))
    put(store, "a", 2, log_of(seed=2, unix_s=SUMMER + 86400))
    put(store, "b", 2, log_of(seed=3, unix_s=SUMMER + 5 * 86400))
    say(store, which(store, "a/1").stored, name="Park")
    assert [which(store, text).stored.label for text in ("1", "park", "last")] == ["a/1", "a/1", "b/2"]
    day = rows(store)[1].started.date().isoformat()
    assert which(store, day).stored.label == "a/2"
    for text in ("2", "3", "c/1", "1999-01-01", ""):
        with pytest.raises(NoRun):
            which(store, text)
    say(store, which(store, "last").stored, hidden=True)
    assert which(store, "last").stored.label == "a/2"


# -- the bin -----------------------------------------------------------------------------------------------------------


def test_a_run_in_the_bin_is_out_of_sight_and_comes_back(store):
    stored = put(store, CLIP, 1, log_of())
    say(store, stored, name="Park")
    throw_away(store, stored, 1000.0)
    assert rows(store) == [] and store.clips()[0][3] == 0 and stored.path.is_file()
    (binned,) = store.binned()
    assert days_left(binned, 1000.0 + 86400) == KEPT_DAYS - 1
    take_back(store, binned)
    assert rows(store)[0].about.name == "Park" and store.binned() == []


@given(binned=st.integers(0, 2**32), since_s=st.floats(-0.5, 40 * 86400.0))
def test_a_run_has_thirty_days_at_the_most_and_none_when_it_may_go(binned, since_s):
    """The whole second that is kept may lie half a second ahead of the clock."""
    stored = Stored("a", 1, 2, 3, 4, 0, Path("x"), False, binned)
    left = days_left(stored, binned + since_s)
    assert 0 <= left <= KEPT_DAYS and (left == 0) == (binned + since_s - binned >= KEPT_DAYS * 86400)


def test_after_thirty_days_its_file_is_gone_and_nothing_else(store):
    first, second = (put(store, CLIP, n, log_of(seed=n)) for n in (1, 2))
    throw_away(store, first, 0.0)
    throw_away(store, second, 86400.0)
    assert empty_bin(store, KEPT_DAYS * 86400 - 1) == []
    assert [s.label for s in empty_bin(store, KEPT_DAYS * 86400)] == [first.label]
    assert not first.path.exists() and second.path.is_file()
    assert empty_bin(store, KEPT_DAYS * 86400) == []
    with pytest.raises(StoreError, match="is gone"):
        take_back(store, store.binned()[0])


@pytest.mark.parametrize("gone", [False, True])
def test_what_was_thrown_away_is_not_fetched_again(tmp_path, gone):
    sessions = {1: log_of(seed=1), 2: log_of(seed=2)}
    port, store = Port(dict(sessions)), Store(tmp_path)
    asyncio.run(visit(client(port), store, keep=True))
    throw_away(store, store.sessions()[0], 0.0 if gone else None)
    if gone:
        empty_bin(store)
    done = asyncio.run(visit(client(port), store, keep=True))
    assert done.bytes_fetched == 0 and [s.number for s in done.binned] == [1]
    assert held(store) == {2: sessions[2]} and port.sessions == sessions
    asyncio.run(visit(client(port), store))
    assert port.sessions == {} and held(store) == {2: sessions[2]}


def test_the_clips_copy_stays_when_the_bins_is_damaged(tmp_path):
    port, store = Port({1: log_of()}), Store(tmp_path)
    asyncio.run(visit(client(port), store, keep=True))
    stored = store.sessions()[0]
    throw_away(store, stored)
    stored.path.write_bytes(stored.path.read_bytes()[:-1])
    done = asyncio.run(visit(client(port), store))
    assert "in the bin" in done.skipped[0][1] and 1 in port.sessions


# -- without a clip ----------------------------------------------------------------------------------------------------


def test_a_log_is_taken_once_and_its_own_clock_dates_it(store, tmp_path):
    log = tmp_path / "a.fclog"
    log.write_bytes(log_of())
    (first,) = take_in(store, log)
    assert first.new and first.stored.label == "added/1" and first.stored.path.read_bytes() == log.read_bytes()
    assert rows(store)[0].started.timestamp() == SUMMER and not next(check(store)).wrong
    (again,) = take_in(store, log)
    assert not again.new and again.stored.key == first.stored.key and len(store.sessions()) == 1
    assert store.clips() == []  # `added` is no clip: nothing waits for it
    throw_away(store, first.stored)
    (back,) = take_in(store, log)
    assert back.back and len(store.sessions()) == 1


def test_a_log_that_tells_no_date_needs_one(store, tmp_path):
    log = tmp_path / "a.fclog"
    log.write_bytes(log_of(unix_s=0))
    with pytest.raises(NoDate, match="--at"):
        take_in(store, log)
    assert store.sessions() == []
    take_in(store, log, said_time("2026-11-03T07:15+01:00"))
    assert rows(store)[0].started.isoformat() == "2026-11-03T07:15:00+01:00"


def test_a_copy_of_a_drive_comes_apart_into_its_runs(store, tmp_path):
    one, two = log_of(seed=1, boot=3), log_of(seed=2, boot=4, unix_s=SUMMER + 9000)
    drive = tmp_path / "drive.fclog"
    drive.write_bytes(one + bytes(4096) + two)
    taken = take_in(store, drive)
    assert [t.stored.label for t in taken] == ["added/1", "added/2"]
    assert held(store) == {1: one, 2: two} and apart(one) == [one]
    with pytest.raises(NoDate, match="2 runs"):
        take_in(store, drive, said_time("2026-11-03"))


def test_what_is_no_log_is_not_taken(store, tmp_path):
    for data in (b"", b"t_s,acc_x_g\n", bytes(5000)):
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(LogError):
            take_in(store, tmp_path / "x")
    assert store.sessions() == []


def test_a_run_of_a_clip_is_known_when_its_log_is_added(store, tmp_path):
    data = log_of()
    put(store, CLIP, 12, data)
    (tmp_path / "a.fclog").write_bytes(data)
    (taken,) = take_in(store, tmp_path / "a.fclog")
    assert not taken.new and taken.stored.label == f"{CLIP}/12"


TOLD = {"doubts": [{"words": "half of it", "remedy": "say its unit"}], "left_empty": {"vo_cm": "scale"}, "notes": ["n"]}


def test_what_was_doubtful_of_a_recording_stays_with_its_run(store, tmp_path):
    """Read by whoever reads the log; what it makes worthless is in no figure."""
    (tmp_path / "a.fclog").write_bytes(log_of())
    (taken,) = take_in(store, tmp_path / "a.fclog")
    assert "vo_cm" in digests(store, [taken.stored])[taken.stored.key].means
    (again,) = take_in(store, tmp_path / "a.fclog", told=TOLD)
    assert not again.new and read_log(taken.stored.path).told == TOLD
    assert told_path(taken.stored.path).stat().st_mode & 0o777 == 0o600
    means = digests(store, [taken.stored])[taken.stored.key].means
    assert "vo_cm" not in means and "cadence_spm" in means, "what was kept without it is made again"
    run = of_row(which(store, taken.stored.label)).run
    assert run.summary["doubts"] == TOLD["doubts"] and not np.isfinite(run.column("vo_cm")).any()


def test_what_was_told_beside_a_log_comes_back_from_a_backup_and_goes_with_its_run(store, tmp_path):
    (tmp_path / "a.fclog").write_bytes(log_of())
    (taken,) = take_in(store, tmp_path / "a.fclog", told=TOLD)
    backup(store, tmp_path / "b.zip")
    assert restore(tmp_path / "b.zip", tmp_path / "other") == 1
    (stored,) = Store(tmp_path / "other").sessions()
    assert read_log(stored.path).told == TOLD
    throw_away(store, taken.stored, now_unix_s=0)
    assert told_beside(taken.stored.path) == TOLD, "the bin keeps it"
    empty_bin(store)
    assert not told_path(taken.stored.path).exists()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b'{"doubts": 3}', b'{"doubts": [{"words": 1}]}', b"\xff\xfe"])
def test_a_file_beside_a_log_that_is_not_of_its_form_hides_no_run(store, tmp_path, data):
    (tmp_path / "a.fclog").write_bytes(log_of())
    told_path(tmp_path / "a.fclog").write_bytes(data)
    assert told_beside(tmp_path / "a.fclog") == {} and read_log(tmp_path / "a.fclog").entries


# -- figures in short --------------------------------------------------------------------------------------------------


def test_digests_are_read_once_and_come_back_as_they_were_made(store, monkeypatch):
    put(store, CLIP, 1, log_of(200.0, cues=[(100.0, 1), (130.0, 2)], flags=lambda t_s: 16 * (t_s > 150)))
    put(store, CLIP, 2, b"no log")
    sessions = store.sessions()
    made = digests(store, sessions)
    good, bad = (made[s.key] for s in sessions)
    assert bad.problem and good.cues == {"arch": 1, "overstride": 1} and good.calibration == "stood"
    assert 20 < good.slipped_pct < 30 and good.quality == 93 and good.firmware == "0.1.0"
    assert good.minutes["t_s"].tolist() == [0, 60, 120, 180] and good.minutes["cues"].tolist() == [0, 1, 1, 0]
    assert good.means["cadence_spm"][0] == pytest.approx(170, abs=0.5)
    assert good.minutes["running_s"].sum() == pytest.approx(good.running_s, abs=0.1)
    assert good.means["balance_pct"][0] == pytest.approx(50, abs=0.5)
    monkeypatch.setattr(digest_module, "read_log", None)  # nothing good is read again
    kept = digests(store, sessions)[sessions[0].key]
    assert kept == good
    for key, column in good.minutes.items():
        assert kept.minutes[key] == pytest.approx(column, rel=1e-6, nan_ok=True)


def test_a_digest_that_is_spoilt_or_of_another_version_is_made_anew(store, monkeypatch):
    put(store, CLIP, 1, log_of())
    sessions = store.sessions()
    good = digests(store, sessions)
    for spoil in ("told = '{'", "minutes = x'00'", "made_by = '0'", """told = '{"columns": [], "gone": 1}'"""):
        with store.index() as index:
            index.execute(f"UPDATE digest SET {spoil}")
        assert digests(store, sessions) == good
    forget(store)
    assert digests(store, sessions) == good


def test_a_history_is_by_date_and_says_what_is_not_in_it(store):
    put(store, CLIP, 1, log_of(seed=1, unix_s=SUMMER + 1000))
    put(store, CLIP, 2, log_of(seed=2, unix_s=SUMMER))
    hidden = put(store, CLIP, 3, log_of(seed=3))
    put(store, CLIP, 4, log_of(seed=4, unix_s=0, boot=9), boot=9)
    put(store, CLIP, 5, b"no log")
    put(store, CLIP, 6, log_of(20.0, seed=6))
    say(store, hidden, hidden=True)
    found = history(store)
    assert [entry.label for entry in found.entries] == [f"{CLIP}/2", f"{CLIP}/1"]
    assert (found.hidden, found.undated, found.unreadable, found.short) == (1, 1, 1, 1)
    assert len(found.left_out()) == 2 and "no date" in found.left_out()[0]


def test_a_log_without_a_step_has_a_digest(store):
    put(store, CLIP, 1, log_of(1.0))
    (found,) = digests(store, store.sessions()).values()
    assert isinstance(found, Digest) and not found.problem and found.steps == 0 and found.means == {}


# -- backup, restore, rebuild ------------------------------------------------------------------------------------------


def filled(folder):
    store = Store(folder)
    for n in (1, 2, 3):
        put(store, CLIP, n, log_of(30.0, seed=n))
    say(store, store.sessions()[0], name="Park", note="hot")
    throw_away(store, store.sessions()[2])
    return store


def everything(store):
    files = {s.key: s.path.read_bytes() for s in (*store.sessions(), *store.binned())}
    return files, [(row.stored.label, row.about) for row in rows(store)], [s.label for s in store.binned()]


def test_a_backup_gives_back_everything_elsewhere(tmp_path):
    store = filled(tmp_path / "store")
    digests(store, store.sessions())
    done = backup(store, tmp_path / "b.zip")
    assert done.runs == 3 and done.wrong == ()
    assert restore(tmp_path / "b.zip", tmp_path / "other") == 2
    assert everything(Store(tmp_path / "other")) == everything(store)
    with pytest.raises(FileError, match="already"):
        backup(store, tmp_path / "b.zip")


def test_a_backup_names_what_is_damaged_and_packs_the_rest(tmp_path):
    store = filled(tmp_path / "store")
    first, second = store.sessions()
    first.path.unlink()
    second.path.write_bytes(b"rotten")
    done = backup(store, tmp_path / "b.zip")
    assert len(done.wrong) == 2 and "gone" in done.wrong[0]
    restore(tmp_path / "b.zip", tmp_path / "other")
    assert [bool(one.wrong) for one in check(Store(tmp_path / "other"))] == [True, True]


def test_a_store_that_holds_runs_is_replaced_only_when_asked_and_its_runs_stay(tmp_path):
    backup(filled(tmp_path / "store"), tmp_path / "b.zip")
    other = Store(tmp_path / "other")
    kept = put(other, "another", 7, log_of(30.0, seed=7))
    with pytest.raises(StoreError, match="holds 1 runs"):
        restore(tmp_path / "b.zip", other.folder)
    assert [s.label for s in other.sessions()] == ["another/7"]
    restore(tmp_path / "b.zip", other.folder, replace=True)
    assert everything(other) == everything(Store(tmp_path / "store"))
    assert kept.path.is_file() and (other.folder / BEFORE).is_file()
    assert [s.label for s in take_up(other)] == ["another/7"]


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


MOST_B = 1 << 20


def test_what_is_no_backup_is_refused_and_changes_nothing(tmp_path, monkeypatch):
    store = filled(tmp_path / "store")
    backup(store, tmp_path / "good.zip")
    with zipfile.ZipFile(tmp_path / "good.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    index = tmp_path / "index"
    index.write_bytes(files["index.sqlite"])
    with closing(sqlite3.connect(index)) as opened:
        opened.execute("UPDATE session SET file = '../../escaped.fclog'")
        opened.commit()
        zipped(tmp_path / "escape.zip", {**files, "index.sqlite": index.read_bytes(), "../../escaped.fclog": b"x"})
        opened.execute(f"PRAGMA user_version = {VERSION + 1}")
    zipped(tmp_path / "later.zip", {**files, "index.sqlite": index.read_bytes()})
    zipped(tmp_path / "none.zip", {"readme": b"hello"})
    zipped(tmp_path / "spoilt.zip", {**files, "index.sqlite": b"SQLite format 3\0" + bytes(4000)})
    (tmp_path / "cut.zip").write_bytes((tmp_path / "good.zip").read_bytes()[:-100])
    (tmp_path / "text.zip").write_text("hello")
    whole = (tmp_path / "good.zip").read_bytes()
    inside = bytearray(whole)
    at = whole.index(b".fclog") + 40  # in what is packed of the first log
    inside[at : at + 20] = bytes(b ^ 0x5A for b in inside[at : at + 20])
    (tmp_path / "inside.zip").write_bytes(inside)
    locked = bytearray(whole)
    for mark, at_flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := locked.find(mark, at + 1)) >= 0:
            locked[at + at_flag] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    zipped(tmp_path / "huge.zip", {**files, "index.sqlite": bytes(MOST_B + 1)})
    monkeypatch.setattr(backup_module, "_MOST_B", MOST_B)
    before = everything(store)
    for name in ("escape", "later", "none", "spoilt", "cut", "text", "huge"):
        with pytest.raises(StoreError):
            restore(tmp_path / f"{name}.zip", store.folder, replace=True)
        assert everything(store) == before, name
        assert not list(tmp_path.parent.glob("escaped*"))
    for name in ("inside", "locked"):
        with pytest.raises(StoreError):
            restore(tmp_path / f"{name}.zip", tmp_path / "empty")
        assert not Store(tmp_path / "empty").sessions()
    with pytest.raises(FileError):
        restore(tmp_path / "missing.zip", store.folder, replace=True)


def test_a_lost_index_is_made_again_of_the_logs(tmp_path):
    store = filled(tmp_path / "store")
    logs = {s.path.read_bytes() for s in store.sessions()}
    (store.folder / "index.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError):
        Store(store.folder)
    aside = anew(store.folder)
    again = Store(store.folder)
    assert len(take_up(again)) == 3 and logs <= set(held(again).values()) and aside.is_file()
    assert [s.boot for s in again.sessions()] == [3, 3, 3] and not any(one.wrong for one in check(again))
    assert take_up(again) == []


# -- killed at any moment ----------------------------------------------------------------------------------------------


def _dying_at(n, told):
    left = [n]

    def hook(event, _):
        if event in told:
            left[0] -= 1
            if not left[0]:
                os._exit(9)

    return hook


def killed_at_each_event(folder, prepared, work, check_after):
    """Fork, and let `work` die at the 1st, 2nd, ... event that the interpreter tells of a file or the index.

    Each time in a new copy of the folder `prepared` (None: a new folder); work and check_after are called with it.
    """
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    told = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect", "shutil.copyfile")
    for n in range(1, 2000):
        here = folder / str(n)
        if prepared is not None:
            shutil.copytree(prepared, here)
        child = os.fork()
        if child == 0:
            sys.addaudithook(_dying_at(n, told))
            try:
                work(here)
            except BaseException:
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, 9)
        check_after(here)
        if code == 0:
            return n
    raise AssertionError("never done")


def test_an_index_of_a_later_version_is_not_set_aside(store):
    put(store, CLIP, 1, log_of())
    with sqlite3.connect(store.folder / NAME) as index:
        index.execute("PRAGMA user_version = 99")
    index.close()
    with pytest.raises(StoreError, match="update formclip"):
        anew(store.folder)
    assert not list(store.folder.glob("*.broken-*"))


def test_killed_anywhere_a_log_is_added_whole_or_can_be_added_again(tmp_path):
    log = tmp_path / "a.fclog"
    log.write_bytes(log_of(30.0))

    def after(here):
        assert all(data == log.read_bytes() for data in held(Store(here)).values())
        assert all(told_beside(stored.path) == TOLD for stored in Store(here).sessions()), "never without its doubts"
        take_in(Store(here), log, told=TOLD)
        assert held(Store(here)) == {1: log.read_bytes()}
        assert [told_beside(stored.path) for stored in Store(here).sessions()] == [TOLD]

    assert killed_at_each_event(tmp_path, None, lambda here: take_in(Store(here), log, told=TOLD), after) > 10


def test_killed_anywhere_a_restore_leaves_the_old_runs_or_the_new(tmp_path):
    archive = tmp_path / "b.zip"
    backup(filled(tmp_path / "store"), archive)
    wanted = everything(Store(tmp_path / "store"))
    old = {7: log_of(30.0, seed=7)}
    put(Store(tmp_path / "old"), "another", 7, old[7])

    def after(here):
        store = Store(here)
        if held(store) != old:
            assert everything(store) == wanted
        restore(archive, here, replace=True)
        assert everything(store) == wanted
        take_up(store)
        assert store.named("another/7").path.read_bytes() == old[7]

    assert killed_at_each_event(tmp_path, tmp_path / "old", lambda here: restore(archive, here, True), after) > 10


def test_killed_anywhere_a_backup_is_whole_or_not_there(tmp_path):
    wanted = everything(filled(tmp_path / "store"))

    def after(here):
        assert everything(Store(here)) == wanted
        if (here / "b.zip").exists():
            restore(here / "b.zip", here / "other")
            assert everything(Store(here / "other")) == wanted

    work = lambda here: backup(Store(here), here / "b.zip")  # noqa: E731
    assert killed_at_each_event(tmp_path, tmp_path / "store", work, after) > 5


def test_killed_anywhere_the_bin_is_emptied_in_the_end(tmp_path):
    filled(tmp_path / "store")

    def after(here):
        store = Store(here)
        empty_bin(store, 1e10)
        assert len(held(store)) == 2 and [s.gone for s in store.binned()] == [True]

    work = lambda here: empty_bin(Store(here), 1e10)  # noqa: E731
    assert killed_at_each_event(tmp_path, tmp_path / "store", work, after) > 5


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_store_of_every_older_version_is_migrated_wherever_it_is_killed(tmp_path, version):
    old = tmp_path / "old"
    (old / CLIP).mkdir(parents=True)
    (old / CLIP / "000001-3610a686.fclog").write_bytes(b"hello")
    with closing(sqlite3.connect(old / "index.sqlite")) as index:
        index.executescript(VERSION_1)
        for number in range(1, version):
            index.executescript(index_module.MIGRATIONS[number])
        index.execute(f"PRAGMA user_version = {version}")

    def after(here):
        store = Store(here)
        assert held(store) == {1: b"hello"} and store.sessions()[0].deleted_on_clip
        for number in range(version, VERSION):
            with closing(sqlite3.connect(here / f"index.sqlite.v{number}")) as kept:
                assert kept.execute("PRAGMA user_version").fetchone() == (number,)
                assert kept.execute("SELECT number FROM session").fetchall() == [(1,)]

    assert killed_at_each_event(tmp_path, old, Store, after) > 3


def test_no_order_of_acts_loses_a_log(tmp_path):
    """Names, hides, throws away, takes back, backs up, restores, rebuilds in any order: every log is there."""
    rng = random.Random(4)
    store = Store(tmp_path / "store")
    logs = {n: log_of(10.0, seed=n) for n in range(1, 6)}
    for n, data in logs.items():
        put(store, CLIP, n, data)
    for step in range(150):
        there, binned = store.sessions(), store.binned()
        act = rng.randrange(6)
        if act == 0 and there:
            say(store, rng.choice(there), name=str(step))
        elif act == 1 and there:
            throw_away(store, rng.choice(there))
        elif act == 2 and binned:
            take_back(store, rng.choice(binned))
        elif act == 3 and step % 7 == 0:
            backup(store, tmp_path / f"{step}.zip")
            restore(tmp_path / f"{step}.zip", store.folder, replace=True)
        elif act == 4:
            forget(store)
            assert take_up(store) == []
        else:
            rows(store)
        have = {s.number: s.path.read_bytes() for s in (*store.sessions(), *store.binned())}
        assert have == logs
    assert ADDED not in {name for name, *_ in store.clips()}


# -- a watch -----------------------------------------------------------------------------------------------------------

some = st.none() | st.floats(-1e4, 1e4)


@given(st.lists(st.tuples(st.integers(0, 600), some, some, some), unique_by=lambda row: row[0], max_size=20), some)
def test_what_a_watch_added_comes_back_as_it_was(one_run, rows_, distance_m):
    store, stored = one_run
    rows_ = sorted(rows_)
    numbers = [
        [60.0 * row[0] for row in rows_],
        *([math.nan if r[k] is None else r[k] for r in rows_] for k in (1, 2, 3)),
    ]
    minutes = {name: np.array(column) for name, column in zip(MINUTES, numbers)}
    found = Watched("/w.fit", "ab", 5, -1.25, 12.5, 0.97, distance_m, minutes, {"pauses": 2})
    keep_watched(store, stored, found)
    (back,) = watched(store).values()
    assert back == found
    for name in MINUTES:
        np.testing.assert_allclose(back.minutes[name], minutes[name], atol=1e-4)
        np.testing.assert_allclose(back.at(name, minutes["t_s"]), minutes[name], atol=1e-4)
        assert np.isnan(back.at(name, minutes["t_s"] + 30)).all()
    forget_watched(store, stored)
    assert watched(store) == {}
