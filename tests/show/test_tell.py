"""What others wrote reaches a terminal as text: no command lets an escape sequence through, whatever holds it."""

import json
import shutil

import pytest
from formclip.firmware.bundle import BOARD_IDS
from formclip.runs.store.about import About, say
from formclip.runs.store.store import Anchor, Store
from formclip.show import cli
from formclip.show.tell import folded, tell, tell_json
from hypothesis import given
from hypothesis import strategies as st

from tests.made_runs import log_of, put

EVIL = "\x1b]0;gotcha\x07\x9b31m\r\u202e<b>&"


def said(capsys, *words):
    """What a command prints, raw, and its exit code."""
    code = cli.run([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out + err


@given(st.text())
def test_only_lines_and_tabs_are_left_as_they_are(text):
    printed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("click.echo", lambda line, err=False: printed.append(line))
        tell(text)
        tell_json({text: [text]}, 1)
    assert all(c.isprintable() or c in "\n\t" for line in printed for c in line)
    assert printed[0].count("\n") == text.count("\n") and json.loads(printed[1]) == {text: [text]}


@given(st.text("ab \u2212\u00b1.", max_size=200), st.integers(20, 90))
def test_a_line_that_is_wider_than_the_terminal_is_broken_between_words(line, width):
    parts = folded(line, width)
    assert len(line) > width or parts == [line]
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")
    assert all(len(part) <= width or len(part.split()) == 1 for part in parts)


def test_only_a_terminal_gets_its_lines_broken(capsys, monkeypatch):
    line = "  " + "word " * 20 + "end"
    tell(line)
    assert capsys.readouterr().out == line + "\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    tell(line)
    tell_json({"a": line})
    *broken, as_json = capsys.readouterr().out.splitlines()
    assert len(broken) == 2 and broken[0].startswith("  word") and broken[1].startswith("    word")
    assert json.loads(as_json) == {"a": line}, "JSON is one line also on a terminal"
    tell(line, err=True)
    assert capsys.readouterr().err == line + "\n", "an error is one line, to be copied whole"


@pytest.fixture
def store(tmp_path):
    """As an index of before, or somebody's backup, may have it: names that no clip is taken at its word for today."""
    store = Store(tmp_path / "store")
    clip = "clip" + EVIL
    store.know_clip(clip, "AA" + EVIL, "0.1" + EVIL)
    store.add_anchor(clip, Anchor(3, 1, 1_780_000_000, 60, "Europe/" + EVIL))
    stored = put(store, clip, 1, log_of(firmware=b"0.1" + EVIL.encode()))
    say(store, stored, name="run" + EVIL, note="a\nb" + EVIL, shoes=EVIL)
    with store.index() as index:
        index.execute("UPDATE about SET kind = ?, surface = ?, zone = ?", (EVIL, EVIL, EVIL))
    store.want(clip, "set" + EVIL, 1)
    assert About(name="run" + EVIL)
    return store


@pytest.mark.parametrize(
    "words",
    [
        ["sessions"], ["sessions", "--json"], ["clips"], ["clips", "--json"], ["show", "1"], ["show", "1", "--json"],
        ["name", "1", "x" + EVIL], ["note", "1", "y" + EVIL], ["note", "1"], ["hide", "1"], ["delete", "1", "--yes"],
        ["store", "check"], ["store", "check", "--json"], ["store", "rebuild"], ["export", "1", "--csv"],
        pytest.param(["report", "1"], marks=pytest.mark.long),  # draws every chart, and prints one path
        ["config", "set", "mode", "silent", "--clip", "no" + EVIL], ["show", "no" + EVIL], ["trends"], ["baseline"],
        ["store", "backup", EVIL.replace("/", "")],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_of_the_record_prints_what_a_terminal_obeys(store, words, capsys, tmp_path, monkeypatch):
    from formclip.runs.sync import reach

    async def nobody(*_, **__):
        return []

    monkeypatch.setattr(reach, "scan", nobody)
    monkeypatch.chdir(tmp_path)
    code, text = said(capsys, *words, "--store", store.folder)
    assert code != 1 and text and all(c.isprintable() or c == "\n" for c in text), (code, text)


@pytest.mark.parametrize(
    "words",
    [
        ["deploy"],
        ["doctor"],
        *(pytest.param(["deploy", "--force", *more], marks=pytest.mark.long) for more in ([], ["--json"])),
    ],
)
def test_what_a_drive_calls_itself_is_only_text(words, capsys, tmp_path):
    drive = tmp_path / ("CIRCUITPY" + EVIL.replace("/", ""))
    drive.mkdir()
    board = BOARD_IDS["xiao"]
    (drive / "boot_out.txt").write_text(
        f"Adafruit CircuitPython 10.0.3{EVIL.strip()} on 2025\nBoard ID:{board}\nUID:{EVIL}\n", encoding="utf-8"
    )
    (drive / "formclip.json").write_text(
        json.dumps({"formclip": EVIL, "board": EVIL, "frozen": EVIL, "files": {EVIL: "x"}})
    )
    code, text = said(capsys, *words, "--drive", drive) if words[0] == "deploy" else said(capsys, *words, drive)
    assert text and all(c.isprintable() or c == "\n" for c in text), (code, text)


def test_names_of_files_are_only_text(capsys, tmp_path):
    trace = tmp_path / ("t" + EVIL.replace("/", "") + ".csv")
    trace.write_text("t_s,ax" + EVIL + ",ay\n1,2," + EVIL + "\n")
    for words in (["replay", trace], ["import", trace], ["report", trace], ["add", trace], ["validate", trace]):
        code, text = said(capsys, *words, *(["--store", tmp_path / "s"] if words[0] == "add" else []))
        assert code not in (0, 1) and all(c.isprintable() or c == "\n" for c in text), (words, code, text)
    shutil.rmtree(tmp_path / "s", ignore_errors=True)
