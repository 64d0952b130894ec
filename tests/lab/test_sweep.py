"""Other settings over logs: what the engine decides anew, value by value."""

import ast
import csv
import json
import re
from pathlib import Path

import gaitcore.cue
import gaitcore.faults
import pytest
from formclip.ground import log as logfile
from formclip.ground.errors import FileError, SettingsError
from formclip.lab.cohort.sweep import DECIDED_BY, logs_in, range_of, sweep
from formclip.lab.replay import replay_log, replay_to_folder
from formclip.lab.simulate import Episode, Scenario, write
from formclip.runs.store.store import Store
from formclip.show import cli
from gaitcore.settings import TABLE
from hypothesis import given
from hypothesis import strategies as st

from tests.made_runs import log_of, put


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Three runners who arch by 5, 7 and 9 degrees, and one who stands."""
    folder = tmp_path_factory.mktemp("logs")
    for i, tilt_deg in enumerate((5.0, 7.0, 9.0)):
        episode = Episode("arch", 215.0, 300.0, tilt_deg=tilt_deg)
        trace, _, _ = write(folder / f"t{i}", Scenario(minutes=5.5, rate_hz=52, episodes=(episode,)), 1)
        replay_to_folder(trace, folder / "logs" / f"runner{i}", bar=False)
    return folder / "logs"


def test_a_higher_threshold_cues_fewer_of_them(logs):
    found = sweep(logs_in(logs), {"tilt_cue_deg": [4, 6, 8, 11]})
    assert list(found.runs) == ["runner0", "runner1", "runner2"] and not found.failures
    assert [row["runs_cued"] for row in found.rows] == [3, 2, 1, 0]
    assert found.hours == pytest.approx(3 * 5.3 / 60, rel=0.05)
    assert found.before == {kind: found.rows[1][kind] for kind in ("overstride", "arch", "ok")}  # 6 is the default


def test_each_value_gives_what_replay_gives_with_it(logs):
    path = logs / "runner1" / logfile.LOG_NAME
    found = sweep([("one", path)], {"tilt_cue_deg": [4, 7], "sustain_s": [3, 12]})
    assert len(found.rows) == 4
    for row, counts in zip(found.rows, found.runs["one"]):
        cues = replay_log(path, {key: row[key] for key in ("tilt_cue_deg", "sustain_s")}).cues
        assert counts == {kind: sum(cue.kind == kind for cue in cues) for kind in counts}


def test_in_many_processes_as_in_one(logs):
    several = logs_in(logs) * 2
    named = [(f"{i}{name}", path) for i, (name, path) in enumerate(several)]
    ranges = {"tilt_cue_deg": [5, 8]}
    assert sweep(named, ranges, 2).rows == [
        {**row, **{kind: 2 * row[kind] for kind in ("overstride", "arch", "ok", "runs_cued")}}
        for row in sweep(logs_in(logs), ranges).rows
    ]


def test_the_settings_that_a_log_can_be_asked_about_are_those_that_the_engine_reads():
    source = "".join(Path(module.__file__).read_text() for module in (gaitcore.cue, gaitcore.faults))
    read = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert {row[0] for row in TABLE} & read == DECIDED_BY


@given(st.integers(3, 12), st.integers(0, 9), st.integers(1, 4))
def test_a_span_is_its_whole_numbers(low, length, step):
    high = min(12, low + length)
    assert range_of(f"tilt_cue_deg={low}..{high}:{step}") == ("tilt_cue_deg", list(range(low, high + 1, step)))
    assert range_of(f"tilt_cue_deg = {low}, {high}") == ("tilt_cue_deg", sorted({low, high}))


@given(st.one_of(st.text(max_size=30), st.text(max_size=12).map(lambda s: "tilt_cue_deg=" + s)))
def test_any_text_is_a_span_or_one_line(text):
    try:
        name, values = range_of(text)
        assert name == "tilt_cue_deg" and values
    except SettingsError as error:
        assert str(error).isprintable() and error.next_step


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tilt_cue_deg=4..99", "3 to 12"),
        ("tilt_cue_deg=8..4", "no values"),
        ("tilt_cue_deg=4..8:0", "no values"),
        ("tilt_cue_deg", "NAME=VALUES"),
        ("height_cm=150..180", "can't be asked"),
        ("tilt_que_deg=4", "tilt_cue_deg"),
        ("tilt_cue_deg=4.5", "whole number"),
        ("warmup_s=0..1800", "too many"),
        ("overstride_rule=never", "guard, retrain"),
    ],
)
def test_what_is_no_span_is_refused_with_the_reason(text, words):
    with pytest.raises(SettingsError, match=re.escape(words)):
        range_of(text)
    assert range_of("overstride_rule=guard,retrain")[1] == ["guard", "retrain"]


def test_the_command_draws_a_table_and_a_picture(logs, tmp_path, capsys):
    arguments = ["sweep", "--set", "tilt_cue_deg=4..8:2", str(logs), "--out", str(tmp_path)]
    assert cli.run(arguments) == 0
    out = capsys.readouterr().out
    assert "3 runs, 0.3 h of running" in out and "3 of 3" in out
    rows = list(csv.DictReader((tmp_path / "sweep.csv").read_text().splitlines()))
    assert len(rows) == 9 and {row["run"] for row in rows} == {"runner0", "runner1", "runner2"}
    picture = (tmp_path / "sweep.svg").read_text()
    assert picture.startswith("<svg") and "tilt_cue_deg" in picture and "cues an hour" in picture
    assert cli.run([*arguments, "--set", "sustain_s=3,9", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert len(held["rows"]) == 6 and "sustain_s" in (tmp_path / "sweep.svg").read_text()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.fclog").write_bytes(b"no log")
    assert cli.run(["sweep", "--set", "tilt_cue_deg=5", str(tmp_path / "bad")]) == 4
    err = capsys.readouterr().err
    assert "1 of 1 logs" in err and err.count("\n") == 1


def test_a_store_is_asked_by_its_runs(tmp_path):
    put(Store(tmp_path / "store"), "formclip-1a2b", 1, log_of())
    assert [name for name, _ in logs_in(tmp_path / "store")] == ["formclip-1a2b/1"]
    with pytest.raises(FileError, match="no log in it"):
        (tmp_path / "empty").mkdir()
        logs_in(tmp_path / "empty")
