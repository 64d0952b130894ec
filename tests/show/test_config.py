"""`formclip config` where no clip is in reach: what is set waits for the clip."""

import contextlib
import json

import pytest
from formclip.runs.store.store import Store
from formclip.runs.sync import reach
from formclip.runs.sync.client import ClipClient
from formclip.show import cli

from tests.runs.test_store import MemoryLink
from tests.runs.test_sync import KEY, Port


@pytest.fixture
def nobody(monkeypatch):
    async def heard(*_, **__):
        return []

    monkeypatch.setattr(reach, "scan", heard)


def run(capsys, *words):
    code = cli.run([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_setting_waits_for_the_one_clip_that_is_known(nobody, capsys, tmp_path):
    Store(tmp_path).know_clip("formclip-1a2b")
    code, out, _ = run(capsys, "config", "set", "mode", "silent", "--store", tmp_path)
    assert code == 0 and "mode = silent: kept for formclip-1a2b" in out
    profile = tmp_path / "mine.toml"
    profile.write_text("[formclip]\nsustain_s = 9\n")
    assert run(capsys, "config", "load", profile, "--store", tmp_path)[0] == 0
    assert Store(tmp_path).wanted("formclip-1a2b") == {"mode": 1, "sustain_s": 9}
    code, out, _ = run(capsys, "config", "set", "mode", "coach", "--store", tmp_path, "--json")
    assert json.loads(out) == {"clip": "formclip-1a2b", "kept_for_next_sync": {"mode": "coach"}}
    assert Store(tmp_path).wanted("formclip-1a2b")["mode"] == 0


def test_which_clip_is_asked_where_there_are_several_or_none(nobody, capsys, tmp_path):
    code, _, err = run(capsys, "config", "set", "mode", "silent", "--store", tmp_path)
    assert code == 12 and err.count("\n") == 1
    for name in ("one", "two"):
        Store(tmp_path).know_clip(name)
    code, _, err = run(capsys, "config", "set", "mode", "silent", "--store", tmp_path)
    assert code == 12 and "one, two" in err
    code, out, _ = run(capsys, "config", "set", "mode", "silent", "--store", tmp_path, "--clip", "two")
    assert code == 0 and Store(tmp_path).wanted("two") == {"mode": 1} and Store(tmp_path).wanted("one") == {}


def test_a_name_that_is_none_is_told_the_nearest(nobody, capsys, tmp_path):
    for words in (("get", "tilt_cue"), ("set", "tilt_cue", "7", "--store", tmp_path)):
        code, out, err = run(capsys, "config", *words)
        assert (code, out) == (5, "") and "did you mean tilt_cue_deg?" in err and err.count("\n") == 1


def test_ranges_have_a_header_units_and_meanings(capsys):
    code, out, _ = run(capsys, "config", "ranges")
    header, *lines = out.splitlines()
    told = json.loads(run(capsys, "config", "ranges", "--json")[1])
    assert code == 0 and header.split() == ["name", "default", "allowed", "unit", "meaning"]
    assert len(lines) == len(told) > 40 and "mounting" not in told
    for line, (name, row) in zip(lines, told.items(), strict=True):
        cells = [name, str(row["default"]), row["allowed"], row["unit"], row["meaning"]]
        assert [line[:24], line[24:32], line[34:60], line[60:75], line[75:]] == [
            f"{cells[0]:24}", f"{cells[1]:>8}", f"{cells[2]:26}", f"{cells[3]:15}", cells[4],
        ]  # fmt: skip
        assert row["meaning"]
    assert told["tilt_cue_deg"] == {
        "default": 6, "allowed": "3 to 12", "unit": "deg", "meaning": "tilt above own baseline that is an arched back",
    }  # fmt: skip


def test_what_is_set_on_the_clip_itself_is_later_than_what_waits(capsys, tmp_path, monkeypatch):
    port = Port()

    async def one(*_):
        return [None]

    @contextlib.asynccontextmanager
    async def met(*_):
        yield ClipClient(MemoryLink(port), KEY)

    monkeypatch.setattr(reach, "find_clips", one)
    monkeypatch.setattr(reach, "introduced", met)
    store = Store(tmp_path)
    for name, value in (("sustain_s", 7), ("mode", 1), ("tilt_cue_deg", 9)):
        store.want(port.name, name, value)
    assert run(capsys, "config", "set", "sustain_s", "8", "--store", tmp_path)[:2] == (0, "sustain_s = 8\n")
    assert port.settings.sustain_s == 8 and port.kept == port.settings.to_bytes()
    profile = tmp_path / "mine.toml"
    profile.write_text('[formclip]\nmode = "coach"\n')  # as it is already
    assert run(capsys, "config", "load", profile, "--store", tmp_path)[0] == 0
    assert store.wanted(port.name) == {"tilt_cue_deg": 9}
    port.set = lambda name, value: value
    code, _, err = run(capsys, "config", "set", "sustain_s", "6", "--store", tmp_path)
    assert code == 18 and "the clip says sustain_s is 8" in err


def test_a_value_out_of_range_is_refused_and_does_not_wait(nobody, capsys, tmp_path):
    Store(tmp_path).know_clip("one")
    code, _, err = run(capsys, "config", "set", "sustain_s", "99", "--store", tmp_path)
    assert code == 5 and "sustain_s" in err and Store(tmp_path).wanted("one") == {}
