"""The list of runs: read once, kept in the index, one bad log hides no other."""

import binascii

import pytest
from formclip.ground import columns
from formclip.runs.store import brief
from formclip.runs.store.brief import rows
from formclip.runs.store.check import check
from formclip.runs.store.store import Anchor, Store
from formclip.show import cli
from gaitcore import records
from gaitcore.pages import LogWriter
from gaitcore.pipeline import Step


def step_at(on_ms):
    step = Step()
    step.on_ms, step.side, step.flags = on_ms, 0, 0
    step.cadence_spm, step.contact_ms, step.vo_cm = 171.0, 240.0, 9.0
    return step


def log(steps=30, zone_min=60, unix_s=1_700_000_000):
    """A log as the clip writes it."""
    pages = bytearray()

    def sink(number, page, complete):
        if complete:
            pages[number * 4096 :] = page
        return True

    writer = LogWriter(sink, 1, 3, 64, bytearray(4096))
    writer.event(records.START, 1000, (1, 208, 1, 0, 0), b"test")
    writer.event(records.ANCHOR, 1000, (3, 5000, unix_s, zone_min))
    for n in range(steps):
        writer.step(step_at(1000 + 350 * (n + 1)))
    writer.event(records.STOP, 20_000, (0,))
    writer.close()
    return bytes(pages)


def put(store, clip, number, data):
    arriving = store.arriving(clip, number, binascii.crc32(data), len(data), 3, 0)
    arriving.append(data)
    return arriving.finish()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_a_list_is_read_once_and_made_again_when_the_cache_is_gone(store, monkeypatch):
    put(store, "a", 1, log())
    put(store, "a", 2, log(10))
    first = rows(store)
    assert [(row.brief.steps, row.started.year) for row in first] == [(30, 2023), (10, 2023)]
    monkeypatch.setattr(brief, "read_log", None)  # nothing is read again
    assert rows(store) == first
    monkeypatch.undo()
    with store.index() as index:
        index.execute("UPDATE summary SET told = '{' WHERE number = 1")
        index.execute("DELETE FROM summary WHERE number = 2")
    assert rows(store) == first


def test_what_another_version_kept_is_made_anew(store, monkeypatch):
    put(store, "a", 1, log())
    monkeypatch.setattr(brief, "MADE_BY", "0.0.1/1")
    rows(store)
    monkeypatch.undo()
    assert rows(store)[0].brief.steps == 30 and len(store.summaries(brief.MADE_BY)) == 1


@pytest.mark.parametrize("zone_min", [32767, -32768, 900])
def test_one_session_with_a_zone_that_is_none_is_one_line(store, zone_min, capsys, tmp_path):
    put(store, "a", 1, log(zone_min=zone_min))
    put(store, "a", 2, b"no log at all")
    put(store, "a", 3, log())
    assert cli.run(["sessions", "--store", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and "30 steps" in lines[0] and "30 steps" in lines[2] and "steps" not in lines[1]


def test_a_log_that_breaks_the_reader_hides_no_other(store, monkeypatch, capsys, tmp_path):
    put(store, "a", 1, log())
    put(store, "a", 2, log(12))
    real = columns.to_run

    def breaks(found, clock):
        if len(found.entries) < 30:
            raise ZeroDivisionError("not thought of")
        return real(found, clock)

    monkeypatch.setattr(columns, "to_run", breaks)
    assert cli.run(["sessions", "--store", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "30 steps" in lines[0] and "ZeroDivisionError" in lines[1]


def test_a_date_follows_a_later_visit_though_the_rest_is_kept(store):
    put(store, "a", 1, log(unix_s=0))
    assert rows(store)[0].started is None
    store.add_anchor("a", Anchor(3, 65_000, 1_700_000_060, 60))
    assert rows(store)[0].started.timestamp() == 1_700_000_000


def test_check_names_what_is_rotten_and_where_it_can_be_had(store, capsys, tmp_path):
    held, gone = put(store, "a", 1, log()), put(store, "a", 2, log(10))
    store.mark_deleted(gone)
    assert cli.run(["store", "check", "--store", str(tmp_path)]) == 0
    assert "2 runs checked: all are" in capsys.readouterr().out
    for stored in (held, gone):
        data = bytearray(stored.path.read_bytes())
        data[-1] ^= 64
        stored.path.write_bytes(data)
    assert cli.run(["store", "check", "--store", str(tmp_path)]) == 6
    out = capsys.readouterr().out
    assert "a/1: its CRC32 is wrong; sync that clip again" in out and "a/2: its CRC32 is wrong; take the file" in out
    assert all(one.wrong for one in check(store))
