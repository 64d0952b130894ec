"""A run and its watch's file together: what is found is true, neither is changed, killed anywhere nothing is lost."""

import hashlib
import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import fitdecode
import numpy as np
import pytest
from formclip.ground.columns import own_clock, to_run
from formclip.ground.log import read_log
from formclip.ground.run import Cue
from formclip.lab.simulate.watch import Watch, watch_file
from formclip.runs.exchange.align import Match
from formclip.runs.exchange.fit import CUES, DEVELOPER, field_name
from formclip.runs.exchange.into_watch import into_watch
from formclip.runs.exchange.merge import NoMatch, WatchFolder, merge, merge_from, undo
from formclip.runs.exchange.pieces import HEADER, messages, pieces
from formclip.runs.exchange.seconds import means_at
from formclip.runs.exchange.view import View, distance_of_run, minutes, running_seconds
from formclip.runs.exchange.watchfile import activities, read_file
from formclip.runs.insight.slope import DOWN, LEVEL, UNKNOWN, UP, opinions
from formclip.runs.store.about import say
from formclip.runs.store.backup import backup, restore
from formclip.runs.store.bin import KEPT_DAYS, empty_bin, take_back, throw_away
from formclip.runs.store.check import check
from formclip.runs.store.store import Store
from formclip.runs.store.watch import (
    FOLDER,
    Watched,
    drop_unused,
    file_of,
    forget_watched,
    keep_file,
    keep_watched,
    watched,
)
from formclip.runs.store.which import which
from hypothesis import given
from hypothesis import strategies as st

from tests.made_pairs import BEGAN, Runner, course_of
from tests.made_runs import log_of, put
from tests.runs.test_export import by_garmin, run_cli, value
from tests.runs.test_export import messages as decoded
from tests.runs.test_record import killed_at_each_event

CLIP = "formclip-1a2b"
COURSE = course_of(Runner(minutes=15, stops=((600.0, 40.0),), seed=4))
WATCH = Watch(autopause=True, drift_ppm=30.0)
DATA = watch_file(COURSE, BEGAN, WATCH, 1)
OTHER = watch_file(course_of(Runner(minutes=15, seed=9)), BEGAN, WATCH, 1)
CUES_FELT = ((300.0, 2), (340.0, 1), (349.0, 3), (700.0, 2))
LOG = log_of(unix_s=int(BEGAN) - 2, on_s=COURSE.on_s, cues=CUES_FELT)
EXACT = Match(BEGAN, 30.0, 0.01, 1.0, 0.9, 20.0, 0.8, 0.0, 5.0, 800.0)


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    put(made, CLIP, 1, LOG)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "a.fclog"
    path.write_bytes(LOG)
    return to_run(read_log(path), own_clock)


def everything(store):
    """All files below the store but the index and locks, and what the index says of watches."""
    files = {
        path.relative_to(store.folder).as_posix(): path.read_bytes()
        for path in store.folder.rglob("*")
        if path.is_file() and not path.name.startswith(("index.sqlite", ".lock"))
    }
    return files, watched(store)


# -- what is found -----------------------------------------------------------------------------------------------------


def test_distance_pace_slope_and_heart_rate_are_those_that_were_run(run):
    (activity,) = activities(DATA)
    view = View(activity, EXACT)
    seconds = running_seconds(run)
    speed = np.interp(seconds, COURSE.t_s, COURSE.speed_mps)
    assert distance_of_run(run, view) == pytest.approx(speed.sum(), rel=0.01)
    way = np.cumsum(COURSE.speed_mps)
    inside = seconds[(seconds > 60) & (seconds < 850) & np.isfinite(view.slope_pct(seconds))]
    rise = np.interp(inside + 10, COURSE.t_s, COURSE.altitude_m) - np.interp(inside - 10, COURSE.t_s, COURSE.altitude_m)
    went = np.interp(inside + 10, COURSE.t_s, way) - np.interp(inside - 10, COURSE.t_s, way)
    off = view.slope_pct(inside)[went > 40] - (100 * rise / went)[went > 40]
    assert np.sqrt(np.mean(off**2)) < 0.8 and len(off) > 500
    by_minute = minutes(run, view)
    for i, begin in enumerate(by_minute["t_s"]):
        of_it = (seconds >= begin) & (seconds < begin + 60)
        if of_it.sum() > 50:
            assert by_minute["speed_mps"][i] == pytest.approx(speed[of_it].mean(), rel=0.02)
            heart = np.interp(seconds[of_it], COURSE.t_s, COURSE.heart_rate_bpm).mean()
            assert by_minute["heart_rate_bpm"][i] == pytest.approx(heart, abs=1.0)


def test_heights_of_a_satellite_give_no_slope(run):
    rng = np.random.default_rng(3)
    rough = replace(
        COURSE,
        altitude_m=COURSE.altitude_m + np.repeat(rng.normal(0, 4, len(COURSE.t_s) // 5 + 1), 5)[: len(COURSE.t_s)],
    )
    (activity,) = activities(watch_file(rough, BEGAN, WATCH, 1))
    view = View(activity, EXACT)
    assert view.rough_m > 1 and np.isnan(view.slope_pct(running_seconds(run))).all()


def test_a_watch_that_missed_much_tells_no_distance(run):
    (activity,) = activities(watch_file(COURSE, BEGAN, replace(WATCH, from_s=300.0), 1))
    assert distance_of_run(run, View(activity, EXACT)) is None


def test_what_a_merge_finds_is_kept_and_neither_file_is_changed(store, tmp_path):
    path = tmp_path / "w.fit"
    path.write_bytes(DATA)
    row = which(store, "1")
    merged = merge(store, row, read_file(path), path)
    (found,) = watched(store).values()
    assert found == merged.watched and file_of(store, found) == DATA == path.read_bytes()
    assert row.stored.path.read_bytes() == LOG and found.sha256 == hashlib.sha256(DATA).hexdigest()
    assert abs(found.offset_s - (BEGAN - (int(BEGAN) - 2))) < 0.5 and found.agreement > 0.7
    assert found.distance_m == pytest.approx(np.sum(COURSE.speed_mps), rel=0.03)
    assert {one["kind"]: len(one["places"]) for one in found.more["cues"]} == {"arch": 2, "overstride": 1}
    again = merge(store, row, DATA)
    assert again.watched.file == found.file and len(list((store.folder / FOLDER).glob("*.fit"))) == 1
    undo(store, row)
    assert watched(store) == {} and not list((store.folder / FOLDER).glob("*.fit"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (OTHER, "agree by|other times|steady running"),
        (watch_file(COURSE, BEGAN + 7200, WATCH, 1), "the watch recorded"),
        (b"no watch's file at all", "no FIT file"),
        (DATA[:2000], "too little|steady|no cadence"),
    ],
    ids=["another run", "another time", "no file", "torn at its beginning"],
)
def test_what_does_not_belong_is_refused_and_nothing_changes(store, data, what, tmp_path):
    before = everything(store)
    with pytest.raises(Exception, match=what) as error:
        merge(store, which(store, "1"), data, tmp_path / "w.fit")
    assert "w.fit" in str(error.value) and "\n" not in str(error.value)
    assert everything(store) == before
    good = merge(store, which(store, "1"), DATA).watched
    with pytest.raises(Exception, match=what):
        merge(store, which(store, "1"), data)
    assert watched(store) == {which(store, "1").stored.key: good}


def test_a_run_without_a_date_has_the_watchs_and_a_day_said_roughly_is_enough(tmp_path):
    store = Store(tmp_path / "store")
    put(store, CLIP, 1, log_of(unix_s=0, on_s=COURSE.on_s))
    put(store, CLIP, 2, log_of(unix_s=0, on_s=COURSE.on_s, seed=2))
    assert which(store, "1").started is None
    assert merge(store, which(store, "1"), DATA).dated
    assert which(store, "1").started.timestamp() == pytest.approx(BEGAN, abs=0.5)
    say(store, which(store, "2").stored, began_unix_s=BEGAN - 5 * 3600.0, zone="+00:00")
    merged = merge(store, which(store, "2"), DATA)
    assert not merged.dated and merged.watched.offset_s == pytest.approx(5 * 3600, abs=0.5)


def test_a_folder_is_searched_for_the_file_that_fits(store, tmp_path):
    folder = tmp_path / "watch"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "right.FIT").write_bytes(DATA)
    (folder / "wrong.fit").write_bytes(OTHER)
    (folder / "old.fit").write_bytes(watch_file(COURSE, BEGAN - 9 * 86400, WATCH, 1))
    (folder / "none.fit").write_bytes(b"nothing")
    looked = []
    among = WatchFolder(folder)
    merged = merge_from(store, which(store, "1"), among, looked.append)
    assert file_of(store, merged.watched) == DATA and {p.name for p in looked} == {"right.FIT", "wrong.fit"}
    assert [path.name for path, _ in among.unreadable] == ["none.fit"]
    (folder / "2026" / "right.FIT").unlink()
    with pytest.raises(NoMatch, match="none of 3 files"):
        merge_from(store, which(store, "1"), WatchFolder(folder))


# -- a second opinion --------------------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from([-6.0, -1.0, 0.5, 4.0, float("nan")]), min_size=40, max_size=200),
    st.lists(st.tuples(st.integers(0, 399), st.sampled_from(["arch", "overstride", "ok"])), max_size=30),
)
def test_every_cue_of_a_fault_has_its_place_and_shares_make_a_whole(blocks, felt):
    slope = np.repeat(np.array(blocks), 10)
    t_s = np.arange(len(slope)) + 0.5
    cues = [Cue(float(at), kind, "") for at, kind in sorted(felt)]
    found = opinions(cues, t_s, slope)
    if not np.isfinite(slope).any():
        assert found == []
        return
    assert sorted(one.kind for one in found) == sorted({c.kind for c in cues} - {"ok"})
    for one in found:
        assert len(one.places) == sum(c.kind == one.kind for c in cues)
        assert sum(one.count(where) for where in (DOWN, LEVEL, UP, UNKNOWN)) == len(one.places)
        assert sum(one.share.values()) == pytest.approx(1) and 0 <= one.p <= 1
        for at, where in one.places:
            here = slope[max(0, int(at) - 10) : int(at)]
            if len(here) and (here < -2).all():
                assert where == DOWN
        assert ("gather downhill (p" in one.said) == (one.p <= 0.05)


def test_cues_that_gather_downhill_are_said_to_and_few_are_not_judged():
    slope = np.where(np.arange(2000) % 400 < 100, -5.0, 1.0)
    t_s = np.arange(2000) + 0.5
    down = [Cue(400.0 * k + 60, "arch", "") for k in range(4)] + [Cue(90.0, "arch", ""), Cue(250.0, "arch", "")]
    (found,) = opinions(down, t_s, slope)
    assert found.said.startswith("5 of 6 arch cues were downhill") and found.p < 0.01
    assert "25 % of the running was downhill" in found.said and "arches by itself" in found.said
    (few,) = opinions(down[:3], t_s, slope)
    assert "Too few to tell" in few.said and few.p == 1


# -- killed at any moment ----------------------------------------------------------------------------------------------


def test_killed_anywhere_a_merge_is_whole_or_not_there_and_can_be_made_again(tmp_path):
    prepared = Store(tmp_path / "prepared")
    put(prepared, CLIP, 1, LOG)

    def work(here):
        merge(Store(here), which(Store(here), "1"), DATA)

    def after(here):
        store = Store(here)
        assert which(store, "1").stored.path.read_bytes() == LOG
        for found in watched(store).values():
            assert file_of(store, found) == DATA and found.agreement > 0.7
        assert not any(one.wrong or one.watch for one in check(store))

    done = killed_at_each_event(tmp_path / "dies", tmp_path / "prepared", work, after)
    assert done > 10
    work(tmp_path / "dies" / "5")
    assert len(watched(Store(tmp_path / "dies" / "5"))) == 1


def test_killed_anywhere_an_undo_or_an_emptied_bin_loses_no_file_that_a_run_has(tmp_path):
    prepared = Store(tmp_path / "prepared")
    for number, seed in ((1, 0), (2, 2)):
        put(prepared, CLIP, number, log_of(unix_s=int(BEGAN) - 2, on_s=COURSE.on_s, seed=seed))
        merge(prepared, which(prepared, str(number)), DATA)
    put(prepared, CLIP, 3, log_of(unix_s=int(BEGAN) - 2, on_s=COURSE.on_s, seed=3))
    merge(prepared, which(prepared, "3"), watch_file(COURSE, BEGAN, replace(WATCH, smart=True), 1))
    throw_away(prepared, which(prepared, "3").stored, now_unix_s=1000.0)

    def work(here):
        store = Store(here)
        undo(store, which(store, "1"))
        empty_bin(store, now_unix_s=1001.0 + KEPT_DAYS * 86400)

    def after(here):
        store = Store(here)
        of_second = watched(store)[which(store, "2").stored.key]
        assert file_of(store, of_second) == DATA and not any(one.wrong or one.watch for one in check(store))

    assert killed_at_each_event(tmp_path / "dies", tmp_path / "prepared", work, after) > 10
    last = max((tmp_path / "dies").iterdir(), key=lambda folder: int(folder.name))
    assert len(list((last / FOLDER).glob("*.fit"))) == 1


def test_a_backup_holds_the_watchs_file_and_a_rotten_one_is_named(store, tmp_path):
    found = merge(store, which(store, "1"), DATA).watched
    assert backup(store, tmp_path / "b.zip").wrong == ()
    restore(tmp_path / "b.zip", tmp_path / "other")
    other = Store(tmp_path / "other")
    assert everything(other) == everything(store)
    (other.folder / found.file).write_bytes(DATA[:-1])
    (one,) = check(other)
    assert one.watch == "the watch's file is not what it was" and not one.wrong
    assert len(backup(other, tmp_path / "c.zip").wrong) == 1
    restore(tmp_path / "b.zip", tmp_path / "other", replace=True)
    assert file_of(other, found) == DATA
    (other.folder / found.file).unlink()
    assert "no such file" in check(other).__next__().watch
    merge(other, which(other, "1"), DATA)
    assert file_of(other, found) == DATA


# -- one file with both ------------------------------------------------------------------------------------------------


VARIANTS = {
    "plain": DATA,
    "smart, paused": watch_file(COURSE, BEGAN, replace(WATCH, smart=True, pauses=((200.0, 260.0),)), 1),
    "two in a second": watch_file(COURSE, BEGAN, replace(WATCH, twice=True), 1),
    "torn": DATA[: 2 * len(DATA) // 3],
    "never finished": DATA[:4] + bytes(4) + DATA[8 : len(DATA) - 2],
}


@pytest.mark.parametrize("name", VARIANTS)
def test_both_readers_find_the_watchs_records_and_the_clips_figures_beside(name, run):
    data = VARIANTS[name]
    made = into_watch(pieces(data)[0], run, EXACT)
    theirs, before = by_garmin(made), decoded(repaired(data), "record")
    after = decoded(made, "record")
    assert len(before) == len(after) == len(theirs["record_mesgs"])
    t_s = EXACT.clip_s(np.array([value(r, "timestamp").timestamp() for r in before]))
    columns, balance = means_at(run, t_s)
    for i, (old, new, other) in enumerate(zip(before, after, theirs["record_mesgs"])):
        for field in old.fields:
            assert value(new, field.name) == field.value
        for number, key, plain in DEVELOPER:
            want = columns[key][i]
            for got in (value(new, field_name(key, plain)[0]), other["developer_fields"].get(number)):
                assert got is None or np.isnan(got) if np.isnan(want) else got == pytest.approx(want, abs=1e-4)
        for field, want in (
            ("vertical_oscillation", columns["vo_cm"][i] * 10),
            ("stance_time", columns["contact_ms"][i]),
        ):
            for got in (value(new, field), other.get(field)):
                assert got is None if np.isnan(want) else got == pytest.approx(want, abs=0.051)
        if np.isfinite(balance[i]):
            assert value(new, "stance_time_balance") == pytest.approx(balance[i], abs=0.006)
    told = [(t, value(r, "Cue: 1 quick feet 2 tuck")) for t, r in zip(t_s, after)]
    for cue in run.cues:
        if cue.t_s < t_s[-1]:
            following = next(number for t, number in told if t >= cue.t_s)
            assert following == CUES[cue.kind]
    for kind in ("session", "lap", "activity", "event", "file_id"):
        assert [[f.value for f in m.fields] for m in decoded(made, kind)] == [
            [f.value for f in m.fields] for m in decoded(repaired(data), kind)
        ]


def repaired(data):
    """A file that a strict reader takes, of what can be read of a torn one."""
    body = b"".join(bytes(one.chunk.bytes) for one in messages(pieces(data)[0], raw=True))
    head = HEADER.pack(12, 0x20, 2132, len(body), b".FIT")
    return head + body + struct.pack("<H", fitdecode.utils.compute_crc(head + body))


def test_a_file_of_every_kind_of_record_keeps_each_of_its_bytes(run):
    """Big-endian, times in the head, developer fields and local number 15 of its own, native fields of its own."""
    at = int(BEGAN) - 631065600
    first = bytes([0x40, 0, 0, 0, 0, 1, 0, 1, 0]) + bytes([0, 4])
    dev = bytes([0x4F, 0, 0, 207, 0, 1, 3, 1, 2]) + bytes([15, 0])
    described = bytes([0x4F, 0, 0, 206, 0, 4, 0, 1, 2, 1, 1, 2, 2, 1, 2, 3, 4, 7]) + bytes([15, 0, 9, 2]) + b"abc\0"
    big = bytes([0x6F, 0, 1, 0, 20, 3, 253, 4, 0x86, 4, 1, 2, 39, 2, 0x84, 1, 9, 1, 0])
    rows = b"".join(struct.pack(">BIBHB", 15, at + i, 84, 900 + i, i) for i in range(40))
    packed = bytes([0x42, 0, 0, 20, 0, 1, 4, 1, 2])
    heads = b"".join(bytes([0x80 | 2 << 5 | (at + 40 + i) & 31, 80]) for i in range(40))
    unknown = bytes([0x41, 0, 0, 0x22, 0xFF, 1, 1, 3, 13]) + bytes([1, 7, 8, 9])
    body = first + dev + described + big + rows + unknown + packed + heads
    data = HEADER.pack(12, 0x10, 2132, len(body), b".FIT") + body + b"\0\0"
    made = into_watch(pieces(data)[0], run, replace(EXACT, began_s=BEGAN - 100))
    assert made[1] == 0x20
    found = decoded(made, "record")
    assert [value(r, "vertical_oscillation") for r in found[:40]] == [90 + i / 10 for i in range(40)]
    assert [value(r, "abc") for r in found[:40]] == list(range(40))
    assert [value(r, "timestamp").timestamp() for r in found] == [int(BEGAN) + i for i in range(80)]
    assert all(value(r, "Vertical oscillation (clip)") > 50 and value(r, "stance_time") > 100 for r in found)
    assert unknown in made and len(found) == 80
    plain = data[:12] + body[: -len(packed + heads)]
    without_times_in_heads = into_watch(pieces(plain[:4] + bytes(4) + plain[8:])[0], run, EXACT)
    assert len(by_garmin(without_times_in_heads)["record_mesgs"]) == 40  # Garmin's reader knows no times in heads


def test_the_files_of_other_projects_keep_their_streams(traces, run):
    folder = traces / "fit"
    if not folder.is_dir():
        pytest.skip("no watch files beside the recorded traces")
    for path in sorted(folder.glob("*.fit")):
        if path.stem == "DeveloperData":
            continue
        data = read_file(path)
        for one in activities(data, path):
            piece = pieces(data)[one.piece]
            made = into_watch(piece, run, replace(EXACT, began_s=one.began_s - 60.0))
            assert len(by_garmin(made)["record_mesgs"]) == len(decoded(made, "record"))
            ours = [bytes(m.chunk.bytes) for m in messages(pieces(made)[0], raw=True) if not touched(m)]
            theirs = [bytes(m.chunk.bytes) for m in messages(piece, raw=True) if not touched(m)]
            assert ours == theirs, path.stem
            (again,) = [a for a in activities(made) if a.number == one.number]
            for name, values in one.columns.items():
                np.testing.assert_array_equal(again.columns[name], values)


def touched(message):
    """A record or its definition, or a message of developers."""
    return message.global_mesg_num in (20, 206, 207)


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(store, tmp_path):
    (tmp_path / "w.fit").write_bytes(DATA)
    return tmp_path


def test_merge_show_export_and_undo_from_the_command_line(here, capsys):
    where = ("--store", here / "store")
    code, out, _ = run_cli(capsys, "merge", "1", here / "w.fit", *where)
    assert code == 0 and "are one run" in out and "km by the watch" in out and "of 2 arch cues" in out
    code, out, _ = run_cli(capsys, "show", "1", *where)
    assert code == 0 and "km by your watch" in out and "of 2 arch cues" in out
    code, out, _ = run_cli(capsys, "export", f"{CLIP}/1", "--fit", "-o", here, *where)
    exported = Path(out.strip()).read_bytes()
    assert code == 0 and len(decoded(exported, "record")) == len(decoded(DATA, "record"))
    assert value(decoded(exported, "session")[0], "total_distance") == value(
        decoded(DATA, "session")[0], "total_distance"
    )
    code, out, _ = run_cli(capsys, "export", f"{CLIP}/1", "--fit", "--estimate", "-o", here, *where)
    assert code == 0 and len(decoded(Path(out.strip()).read_bytes(), "developer_data_id")) == 1
    code, out, _ = run_cli(capsys, "merge", "1", "--undo", *where)
    assert code == 0 and "stands alone" in out
    assert "by the clip's estimate" in run_cli(capsys, "show", "1", *where)[1]


def test_a_whole_folder_for_all_runs_and_json(here, capsys):
    where = ("--store", here / "store")
    code, out, _ = run_cli(capsys, "merge", "--watch-folder", here, *where, "--json")
    told = json.loads(out)
    assert code == 0 and told["left"] == {} and told["merged"][0]["agreement"] > 0.7
    code, out, _ = run_cli(capsys, "merge", "1", "--watch-folder", here, *where, "--json")
    assert code == 0 and json.loads(out)["session"] == f"{CLIP}/1"
    assert run_cli(capsys, "store", "check", *where)[0] == 0
    (path,) = (here / "store" / FOLDER).glob("*.fit")
    path.write_bytes(b"rotten")
    code, out, _ = run_cli(capsys, "store", "check", *where)
    assert code == 6 and "its watch's file" in out


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("1",), 2, "--watch-folder"),
        (("1", "w.fit", "--undo"), 2, "--undo"),
        (("9", "w.fit"), 2, "no run '9'"),
        (("1", "missing.fit"), 6, "missing.fit"),
        (("1", "other.fit"), 21, "take the file of that run"),
        (("1", "--watch-folder", "nowhere"), 6, "no such folder"),
    ],
)
def test_wrong_use_is_one_line_with_the_next_step(here, words, code, what, capsys, monkeypatch):
    monkeypatch.chdir(here)
    (here / "other.fit").write_bytes(OTHER)
    got, _, err = run_cli(capsys, "merge", *words, "--store", here / "store")
    assert got == code and what in err and err.count("\n") == 1
    assert watched(Store(here / "store")) == {}


ACTS = ("merge", "undo", "throw away", "take back", "empty bin", "there and back", "drop")


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 3), st.integers(0, 1)), max_size=14))
def test_no_order_of_acts_loses_a_file_that_a_run_has(acts):
    """Two watches' files, three runs; what the index names can be read to the byte, and nothing else stays for good."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "store"
        store, have, binned = Store(folder), {}, set()
        for number in (1, 2, 3):
            put(store, CLIP, number, log_of(8.0, seed=number))
        runs = {s.number: s for s in store.sessions()}
        for act, number, which_file in acts:
            stored, data = runs[number], (DATA, OTHER)[which_file]
            if act == "merge":
                with store.syncing(FOLDER):
                    file, sha256 = keep_file(store, data)
                    keep_watched(store, stored, Watched(file, sha256, 1, 0.0, 0.0, 0.9))
                have[number] = data
            elif act == "undo":
                forget_watched(store, stored)
                drop_unused(store)
                have.pop(number, None)
            elif act == "throw away":
                throw_away(store, stored, 1000.0)
                binned.add(number)
            elif act == "take back":
                take_back(store, stored)
                binned.discard(number)
            elif act == "empty bin" and binned:
                empty_bin(store, 1001.0 + KEPT_DAYS * 86400)
                break
            elif act == "there and back":
                backup(store, Path(name) / "b.zip")
                shutil.rmtree(folder)
                restore(Path(name) / "b.zip", folder)
                (Path(name) / "b.zip").unlink()
                store = Store(folder)
            else:
                drop_unused(store)
            assert {key[1]: file_of(store, found) for key, found in watched(store).items()} == have
        left = {path.read_bytes() for path in folder.glob(f"{FOLDER}/*.fit")}
        assert left >= {data for number, data in have.items() if number not in binned}
        drop_unused(store)
        assert {path.read_bytes() for path in folder.glob(f"{FOLDER}/*.fit")} == {
            file_of(store, found) for found in watched(store).values()
        }
