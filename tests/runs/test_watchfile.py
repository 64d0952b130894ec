"""Watches' files: every one that can be read is read, and nothing else than a sentence comes of the rest."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from formclip.ground.errors import FormclipError
from formclip.lab.simulate.watch import Watch, watch_file
from formclip.runs.exchange.pieces import HEADER, WatchError, pieces
from formclip.runs.exchange.watchfile import activities, read_file
from hypothesis import given
from hypothesis import strategies as st

from tests.made_pairs import BEGAN, Runner, course_of

RUNNER = Runner(minutes=6, stops=((120.0, 45.0),))
COURSE = course_of(RUNNER)
WHOLE = watch_file(COURSE, BEGAN, Watch(), 1)


def body(data):
    return pieces(data)[0].body


def test_a_plain_file_is_the_run_second_by_second():
    (found,) = activities(WHOLE)
    assert found.wrong == "" and found.sport == "running" and found.pauses == ()
    assert np.diff(found.t_s).tolist() == [1.0] * (len(found.t_s) - 1)
    clip_s = found.t_s - BEGAN
    assert found.columns["speed_mps"] == pytest.approx(np.interp(clip_s, COURSE.t_s, COURSE.speed_mps), abs=0.002)
    assert found.columns["altitude_m"] == pytest.approx(np.interp(clip_s, COURSE.t_s, COURSE.altitude_m), abs=0.25)
    running = found.columns["cadence_spm"][60:110]
    assert abs(running.mean() - RUNNER.cadence_spm) < 6 and set(np.unique(running % 2)) == {0.0}


def test_autopause_and_the_runners_own_stop_are_pauses_of_which_nothing_is_known():
    (found,) = activities(watch_file(COURSE, BEGAN, Watch(autopause=True, pauses=((200.0, 230.0),)), 1))
    assert len(found.pauses) == 2
    (a, b), (c, d) = ((begin - BEGAN, end - BEGAN) for begin, end in found.pauses)
    assert abs(a - 123) < 2 and abs(b - 167) < 3 and abs(c - 200) < 2 and abs(d - 230) < 2
    inside = BEGAN + np.array([140.0, 215.0])
    assert np.isnan(found.at("cadence_spm", inside)).all() and np.isnan(found.at("speed_mps", inside)).all()
    assert found.moving_s() == pytest.approx(found.ended_s - found.began_s - (b - a) - (d - c))


def test_two_records_in_a_second_are_one_and_smart_ones_are_joined():
    twice, once = (activities(watch_file(COURSE, BEGAN, Watch(twice=t), 1))[0] for t in (True, False))
    assert np.array_equal(twice.t_s, once.t_s)
    for name, values in once.columns.items():
        np.testing.assert_array_equal(twice.columns[name], values)
    (smart,) = activities(watch_file(COURSE, BEGAN, Watch(smart=True), 1))
    apart = np.diff(smart.t_s)
    assert apart.max() <= 9 and len(smart.t_s) < 0.7 * len(once.t_s) and not smart.pauses
    assert np.isfinite(smart.at("speed_mps", once.t_s[once.t_s <= smart.ended_s])).all()


def test_chained_files_are_both_read_and_a_torn_end_loses_only_itself():
    other = watch_file(COURSE, BEGAN + 86400, Watch(), 2)
    assert [a.piece for a in activities(WHOLE + other)] == [0, 1]
    assert activities(WHOLE + other)[1].began_s == pytest.approx(BEGAN + 86400, abs=1)
    (torn,) = activities(WHOLE[: len(WHOLE) // 2])
    assert torn.wrong == "its end is missing" and 150 < len(torn.t_s) < 240
    (first, second) = activities(WHOLE[: len(WHOLE) // 2] + other)
    assert len(first.t_s) == pytest.approx(len(torn.t_s), abs=2) and len(second.t_s) == len(activities(other)[0].t_s)


def test_headers_that_were_never_written_and_bytes_behind_the_end_are_borne():
    whole = activities(WHOLE)[0]
    unwritten = bytearray(WHOLE)
    unwritten[4:8] = bytes(4)
    no_size = bytearray(WHOLE)
    no_size[0] = 0
    wrong_sum = WHOLE[:-2] + b"\x12\x34"
    for data in (bytes(unwritten), bytes(no_size), wrong_sum, WHOLE + b"\0" * 37, WHOLE + b"and then an advertisement"):
        found = activities(data)[0]
        assert np.array_equal(found.t_s, whole.t_s)


def test_steps_where_strides_belong_are_known_by_their_number():
    spm = activities(WHOLE)[0].columns["cadence_spm"]
    doubled = activities(watch_file(replace_contacts(COURSE), BEGAN, Watch(), 1))[0].columns["cadence_spm"]
    assert np.nanmedian(doubled) == pytest.approx(np.nanmedian(spm), rel=0.03)


def replace_contacts(course):
    """Twice as many contacts: what a program writes that takes steps for strides."""
    on_s = course.on_s
    return replace(course, on_s=np.sort(np.concatenate([on_s, on_s[:-1] + np.diff(on_s) / 2])))


# -- messages that fit-tool does not write -----------------------------------------------------------------------------


def fit(*messages):
    made = b"".join(messages)
    return HEADER.pack(12, 0x20, 2132, len(made), b".FIT") + made + b"\0\0"


def defined(local, number, *fields, developer=()):
    """fields: (number, size, base type)"""
    head = struct.pack("<BBBHB", 0x40 | (0x20 if developer else 0) | local, 0, 0, number, len(fields))
    out = head + b"".join(bytes(field) for field in fields)
    return out + (bytes([len(developer)]) + b"".join(bytes(field) for field in developer) if developer else b"")


def stamp(unix_s):
    return int(unix_s) - 631065600


RECORD = ((253, 4, 0x86), (4, 1, 0x02))
ID = defined(0, 0, (0, 1, 0)) + bytes([0, 4])


def records(begin, n, cadence=84):
    return b"".join(struct.pack("<BIB", 1, stamp(begin + i), cadence) for i in range(n))


def test_activities_of_one_file_are_parted_by_their_beginnings_wherever_they_are_summed_up():
    session = defined(2, 18, (253, 4, 0x86), (2, 4, 0x86), (7, 4, 0x86), (5, 1, 0))

    def told(begin, lasted, sport):
        return struct.pack("<BIIIB", 2, stamp(begin + 7000), stamp(begin), lasted * 1000, sport)

    data = fit(ID, session, told(BEGAN + 100, 100, 1), told(BEGAN, 95, 2), defined(1, 20, *RECORD), records(BEGAN, 200))
    ride, run = activities(data)
    assert (ride.sport, run.sport) == ("cycling", "running") and (len(ride.t_s), len(run.t_s)) == (100, 100)
    assert run.number == 1


def test_a_developers_field_is_no_native_one_and_needs_no_description():
    developer = defined(1, 20, *RECORD, developer=((4, 1, 3), (253, 4, 0)))
    rows = b"".join(struct.pack("<BIBBI", 1, stamp(BEGAN + i), 84, 9, 77) for i in range(30))
    said = defined(3, 206, (0, 1, 2), (1, 1, 2), (2, 1, 2), (3, 8, 7)) + bytes([3, 3, 4, 2]) + b"cad\xff\xfe\x80nc"
    (found,) = activities(fit(ID, said, developer, rows))
    assert set(found.columns["cadence_spm"]) == {168.0} and len(found.t_s) == 30


def test_records_with_the_time_in_their_head_are_read():
    packed = defined(2, 20, (4, 1, 0x02))
    head = records(BEGAN, 2)
    base = stamp(BEGAN) + 1
    rows = b"".join(bytes([0x80 | 2 << 5 | (base + i) & 31, 80]) for i in range(1, 60))
    (found,) = activities(fit(ID, defined(1, 20, *RECORD), head, packed, rows))
    assert np.diff(found.t_s).tolist() == [1.0] * 60


def test_what_is_no_activity_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "x.fit"
    for data, what in (
        (b"", "no FIT file"),
        (b"PK\x03\x04" + bytes(100), "no FIT file"),
        (fit(ID), "no activity"),
        (fit(ID, defined(1, 20, *RECORD), records(BEGAN, 1)), "no activity"),
    ):
        path.write_bytes(data)
        with pytest.raises(WatchError, match=what) as error:
            activities(read_file(path), path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(FormclipError):
        read_file(tmp_path / "missing.fit")


@given(st.data())
def test_whatever_bytes_there_are_an_activity_or_a_sentence_comes_of_them(data):
    raw = bytearray(WHOLE[:3000] if data.draw(st.booleans()) else WHOLE[-3000:])
    for _ in range(data.draw(st.integers(0, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        for one in activities(bytes(raw)):
            assert len(one.t_s) >= 2 and (np.diff(one.t_s) > 0).all()
            assert all(len(values) == len(one.t_s) for values in one.columns.values())
            assert all(a < b for a, b in one.pauses) and one.moving_s() >= 0
    except WatchError as error:
        assert "\n" not in str(error)


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_header_are_borne(tail):
    try:
        activities(HEADER.pack(14, 16, 100, len(tail), b".FIT") + b"\0\0" + tail)
    except WatchError:
        pass


def test_the_files_of_other_projects_are_read_or_refused_in_one_line(traces):
    folder = traces / "fit"
    if not folder.is_dir():
        pytest.skip("no watch files beside the recorded traces")
    told = {}
    for path in sorted(folder.glob("*.fit")):
        try:
            told[path.stem] = [(len(one.t_s), round(one.moving_s())) for one in activities(read_file(path), path)]
        except WatchError as error:
            told[path.stem] = error.what
    assert told == {
        "DeveloperData": "no activity with times in it",
        "activity-activity-filecrc": [(14, 13), (14, 13)],
        "activity-small-fenix2-run": [(2809, 2833)],
        "activity-unexpected-eof": [(14, 13)],
        "developer-types-sample": [(3424, 3423)],
        "fenix3-run-hrm-tri": [(5713, 5712)],
        "garmin-fenix-5-run": [(21, 57)],
    }
