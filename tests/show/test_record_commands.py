"""The record's commands: what they print, their JSON, what they refuse in one line; and their page names each."""

import io
import json

import click
import numpy as np
import pytest
from formclip.lab.simulate import Scenario, simulate
from formclip.runs.store.store import Store
from formclip.show import cli

from tests.ground import exports
from tests.made_runs import SUMMER, log_of, put

CLIP = "formclip-1a2b"


@pytest.fixture
def run(tmp_path, capsys):
    """A command on the store; its exit code, its lines, its errors."""

    def command(*arguments):
        code = cli.run([*map(str, arguments), "--store", str(tmp_path / "store")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "store")
    for n in (1, 2):
        put(found, CLIP, n, log_of(200.0, seed=n, unix_s=SUMMER + 86400 * n, cues=[(100.0, 1)]))
    return found


def test_a_run_is_named_noted_hidden_and_shown(run, store):
    assert run("name", "1", "Sunday long", "--kind", "long", "--surface", "trail", "--distance", "10.02")[0] == 0
    assert run("note", "Sunday long", "legs", "were", "heavy")[0] == 0
    run("note", "1", "and it rained")
    code, out, _ = run("show", "sunday long")
    assert code == 0
    for part in (
        "“Sunday long”",
        "long · trail",
        "10.02 km as you said",
        "note: legs were heavy",
        "note: and it rained",
    ):
        assert part in out
    assert "cues: 1 overstride" in out and "Cadence" in out and max(len(line) for line in out.splitlines()) <= 80
    assert run("note", "1")[1].splitlines()[1:] == ["  legs were heavy", "  and it rained"]
    run("hide", "2")
    assert "Sunday long" in run("sessions")[1] and f"{CLIP}/2" not in run("sessions")[1]
    assert f"{CLIP}/2" in run("sessions", "--all")[1]
    run("hide", "2", "--undo")
    assert f"{CLIP}/2" in run("sessions")[1]


def test_report_and_export_take_what_show_takes(run, store, tmp_path):
    run("name", "1", "Sunday long")
    for meant, number in (("sunday long", 1), ("last", 2), (f"{CLIP}/1", 1)):
        code, out, err = run("export", meant, "--csv", "-o", tmp_path / meant)
        assert (code, err) == (0, "") and f"{CLIP}-{number}" in out
    for words in (("report", "Monday"), ("export", "Monday", "--csv")):
        code, out, err = run(*words)
        assert (code, out) == (2, "") and "no file 'Monday'" in err and "formclip sessions" in err


@pytest.mark.long
def test_report_draws_a_run_by_its_name(run, store, tmp_path):
    run("name", "1", "Sunday long")
    code, _, err = run("report", "Sunday long", "-o", tmp_path / "r.html")
    assert (code, err) == (0, "") and (tmp_path / "r.html").stat().st_size > 100_000


def test_show_without_a_name_is_the_latest_and_json_holds_what_is_printed(run, store):
    told = json.loads(run("show", "--json")[1])
    assert (
        told["session"] == f"{CLIP}/2"
        and told["cues"] == {"overstride": 1}
        and told["distance"]["source"] == "estimate"
    )
    figures = {one["key"]: one for one in told["figures"]}
    assert figures["cadence_spm"]["mean"] == pytest.approx(170, abs=1)
    assert {"first", "last", "trend"} == set(figures["cadence_spm"]["thirds"])
    assert {"left", "right", "trend"} == set(figures["contact_ms"]["sides"])


def test_delete_asks_keeps_and_gives_back(run, store, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run("delete", "1")[0] == 130 and len(store.sessions()) == 2
    assert run("delete", "1", "--json")[0] == 2
    code, out, _ = run("delete", "1", "--yes")
    assert code == 0 and "30 days" in out and len(store.sessions()) == 1
    assert json.loads(run("delete", "--bin", "--json")[1]) == [{"session": f"{CLIP}/1", "days_left": 30}]
    assert run("delete", "1", "--undo")[0] == 0 and len(store.sessions()) == 2
    assert "is empty" in run("delete", "--bin")[1]


def test_logs_are_added_and_the_store_is_packed_unpacked_and_made_again(run, store, tmp_path):
    (tmp_path / "x.fclog").write_bytes(log_of(seed=9))
    assert "added/1: " in run("add", tmp_path / "x.fclog")[1]
    assert json.loads(run("add", tmp_path / "x.fclog", "--json")[1])[0]["new"] is False
    assert json.loads(run("store", "backup", tmp_path / "b.zip", "--json")[1])["runs"] == 3
    assert run("store", "restore", tmp_path / "b.zip")[0] == 6
    assert "3 runs" in run("store", "restore", tmp_path / "b.zip", "--replace")[1]
    assert json.loads(run("store", "rebuild", "--json")[1])["runs"] == 3
    code, out, _ = run("store", "rebuild", "--from-logs")
    assert code == 0 and "kept as" in out and "3 runs read anew" in out


def test_a_trace_is_added_in_silence_and_needs_a_date(run, tmp_path):
    from formclip.lab.simulate import Episode, Scenario, preset, write

    arch = Episode(kind="arch", start_s=30.0, end_s=60.0, tilt_deg=15.0)
    write(tmp_path / "t", Scenario(minutes=1.5, episodes=(arch,)), 1)
    trace = tmp_path / "t.imu.csv.xz"
    code, out, err = run("add", trace)
    assert code == 2 and not out and "--at" in err and err.count("\n") == 1
    assert run("add", trace, "--at", "2026-11-03T07:15")[0] == 0
    told = json.loads(run("show", "--json")[1])
    assert told["started"].startswith("2026-11-03T07:15") and told["mode"] == "silent" and told["steps"] > 150
    write(tmp_path / "w", preset("walk", 2.0), 1)
    code, _, err = run("add", tmp_path / "w.imu.csv.xz", "--at", "today")
    assert code == 3 and "nobody runs in it" in err and len(Store(tmp_path / "store").sessions()) == 1


def test_what_is_doubtful_of_a_recording_is_told_of_its_run_and_put_right_when_asked(run, tmp_path, capsys):
    """In `show` and the report, later; what it makes worthless is left empty. Two files of one recording are one."""
    made = simulate(Scenario(minutes=0.6, rate_hz=104), seed=1)
    texts = exports.phyphox_apart(exports.Run(np.arange(len(made.acc_g)) / 104, 0.5 * made.acc_g, made.gyr_dps))
    acc, gyr = (exports.written(tmp_path / f"{n}.csv", text) for n, text in enumerate(texts))
    assert cli.run(["import", "--look", "--json", str(gyr), str(acc)]) == 0
    (doubt,) = json.loads(capsys.readouterr().out)[0]["doubts"]
    assert "1 g reads 0.50 g" in doubt["words"] and doubt["fixable"]
    assert cli.run(["import", "--look", str(gyr), str(acc)]) == 0
    assert "doubt: 1 g reads 0.50 g" in capsys.readouterr().out
    code, _, err = run("add", gyr, acc, "--at", "2026-11-03T07:15")
    assert code == 0, err
    out = run("show", "added/1")[1]
    assert "doubtful: 1 g reads 0.50 g" in out and "left empty for it: " in out and "Vertical oscillation" not in out
    assert run("report", "added/1", "-o", tmp_path / "r.html")[0] == 0
    page = (tmp_path / "r.html").read_text()
    assert "Doubtful: 1 g reads 0.50 g" in page and "Left empty for it: " in page
    assert run("add", gyr, acc, "--at", "2026-11-03T07:15", "--fix")[0] == 0
    out = run("show", "added/2")[1]
    assert "doubtful" not in out and "Vertical oscillation" in out and "Tilt" in out
    assert run("report", "added/2", "-o", tmp_path / "r.html")[0] == 0
    assert "Corrected, as asked: 1 g reads 0.50 g" in (tmp_path / "r.html").read_text()
    code, _, err = run("add", acc, acc, "--at", "2026-11-03T07:15")
    assert code == 3 and "2 recordings, not one" in err


WRONG = {
    ("show", "7"): 2,
    ("name", "1"): 2,
    ("name", "1", "--distance", "0.001"): 2,
    ("name", "1", "--distance", "nan"): 2,
    ("name", "1", "--kind", "stroll"): 2,
    ("name", "1", "--at", "soon"): 2,
    ("delete",): 2,
    ("delete", "9", "--yes"): 2,
    ("delete", "1", "--undo"): 2,
    ("note", "9", "x"): 2,
    ("hide", "9"): 2,
    ("add", "none.csv", "--at", "today"): 6,
    ("store", "restore", "none.zip", "--replace"): 6,
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(run, store, arguments):
    before = run("sessions", "--json")[1]
    code, out, err = run(*arguments)
    assert (code, out) == (WRONG[arguments], "") and err.count("\n") == 1 and "; " in err
    assert run("sessions", "--json")[1] == before


def test_a_store_without_a_run_says_what_to_do(run):
    code, out, err = run("show")
    assert code == 2 and not out and "formclip sync" in err


def commands():
    """Every command line of the record: name, and name with its sub-command."""
    for name in ("show", "name", "note", "hide", "delete", "add", "store"):
        command = cli.cli.get_command(click.Context(cli.cli), name)
        inner = command.commands if isinstance(command, click.Group) else {}
        yield from ([f"{name} {sub}" for sub in inner] or [name])


def test_the_page_of_the_record_names_every_command(repo):
    page = (repo / "docs" / "laptop" / "record.md").read_text(encoding="utf-8")
    for name in commands():
        assert f"formclip {name}" in page, name


def test_notes_of_two_at_once_are_both_kept(store, tmp_path, capsys):
    """The second reads what the first has written, however the two fall in time."""
    from concurrent.futures import ThreadPoolExecutor

    from formclip.runs.store.about import about, add_note

    stored = store.sessions()[0]
    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda n: add_note(Store(tmp_path / "store"), stored, f"note {n}"), range(24)))
    assert sorted(about(store, stored).note.split("\n")) == sorted(f"note {n}" for n in range(24))


def test_the_note_command_adds_to_what_was_written_meanwhile(run, store, monkeypatch):
    from formclip.runs.store.about import about, add_note
    from formclip.show.commands import note

    found = note.which

    def which(*arguments):
        row = found(*arguments)
        add_note(store, row.stored, "by another")
        return row

    monkeypatch.setattr(note, "which", which)
    run("note", "1", "by me")
    assert about(store, store.sessions()[0]).note == "by another\nby me"


def test_a_run_that_is_still_to_come_is_refused(run, store):
    for words in (("name", "1", "--at", "2099-01-01"), ("add", "none.csv", "--at", "2099-01-01")):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1) and "still to come" in err


def test_a_log_that_is_added_again_with_another_date_says_so(run, store, tmp_path):
    (tmp_path / "x.fclog").write_bytes(log_of(seed=9))
    run("add", tmp_path / "x.fclog", "--at", "2026-03-02T07:00")
    out = run("add", tmp_path / "x.fclog", "--at", "2026-03-01T07:00")[1]
    assert "is there already; it began 2026-03-01 07:00" in out


# -- export of what was said -------------------------------------------------------------------------------------------


def in_fit(path, name, key):
    from tests.runs.test_export import messages, value

    return [value(message, key) for message in messages(path.read_bytes(), name)]


def test_a_date_that_was_said_is_the_date_of_the_export(run, store, tmp_path):
    (tmp_path / "x.fclog").write_bytes(log_of(seed=9, unix_s=0))
    run("add", tmp_path / "x.fclog", "--at", "2026-03-01T07:00+00:00")
    run("name", f"{CLIP}/1", "--at", "2026-03-05T07:00+00:00")
    code, out, _ = run("export", "--since", "2026-03-01", "--fit", "-o", tmp_path)
    assert code == 0 and len(out.splitlines()) == 3
    for name, day in (("added-1", 1), (f"{CLIP}-1", 5)):
        (began,) = in_fit(tmp_path / f"{name}.fit", "file_id", "time_created")
        assert (began.month, began.day, began.hour) == (3, day, 7)


def test_all_leaves_out_what_is_hidden_and_one_spoilt_log_stops_no_other(run, store, tmp_path):
    put(store, CLIP, 3, log_of(200.0, seed=3, unix_s=SUMMER)).path.write_bytes(b"rotten")
    run("hide", "2")
    code, out, _ = run("export", "--all", "--csv", "-o", tmp_path)
    assert code == 0 and f"left out: {CLIP}-3" in out and f"{CLIP}-1.steps.csv" in out and f"{CLIP}-2" not in out


def test_an_export_that_writes_nothing_has_the_code_of_its_first_error(run, store, tmp_path):
    for n in (1, 2):
        (tmp_path / f"{n}.fclog").write_bytes(log_of(seed=n, unix_s=0))
    code, out, _ = run("export", tmp_path / "1.fclog", tmp_path / "2.fclog", "--fit", "-o", tmp_path)
    assert code == 2 and out.count("left out:") == 2


def test_an_estimate_is_exported_on_the_scale_of_the_distances_that_are_known(run, store, tmp_path):
    estimate_m = {n: json.loads(run("show", str(n), "--json")[1])["distance"]["m"] for n in (1, 2)}
    run("name", "1", "--distance", f"{estimate_m[1] / 1000 * 0.8:.4f}")
    for n in (1, 2):
        assert run("export", str(n), "--fit", "--estimate", "-o", tmp_path)[0] == 0
        (far,) = in_fit(tmp_path / f"{CLIP}-{n}.fit", "session", "total_distance")
        assert far == pytest.approx(0.8 * estimate_m[n], rel=0.03)


def test_way_time_and_speed_of_a_run_say_one_thing_and_load_says_the_same(run, store, tmp_path):
    raw = json.loads(run("show", "2", "--json")[1])["distance"]["m"]
    run("name", "1", "--distance", "0.40")
    for number, source in ((1, "said"), (2, "estimate")):
        told = json.loads(run("show", str(number), "--json")[1])
        (speed,) = (one for one in told["figures"] if one["key"] == "speed_mps")
        assert told["distance"]["source"] == source
        assert speed["mean"] == pytest.approx(told["distance"]["m"] / told["running_s"])
        assert ("half_width_90" in speed) == (source == "estimate")
    (week,) = json.loads(run("load", "--until", "2026-05-31", "--json")[1])["weeks"]
    assert week["distance"]["m"] == pytest.approx(400 + told["distance"]["m"]) and told["distance"]["m"] != raw


def test_a_speed_is_calibrated_by_a_run_as_every_command_names_it(run, store, tmp_path):
    run("name", "2", "Track")
    for meant in ("track", "last", f"{CLIP}/2"):
        code, out, _ = run("calibrate-speed", meant, "--distance", "500m")
        assert code == 0 and out.startswith(f"{CLIP}/2: ") and f"kept for {CLIP}" in out
    (tmp_path / "x.fclog").write_bytes(log_of(200.0, seed=9))
    run("add", tmp_path / "x.fclog")
    out = run("calibrate-speed", "added/1", "--distance", "500m")[1]
    assert "kept for" not in out and "--clip NAME" in out and store.wanted("added") == {}, "nobody syncs it"


def test_a_name_of_joined_signs_stays_as_it_was_written(run, store):
    runner = "\U0001f3c3\u200d\u2640\ufe0f"
    assert f"“{runner}”" in run("name", "1", runner)[1] and runner in run("sessions")[1]
    assert "\\x202e" in run("name", "1", "\u202eback")[1], "what turns the rest of a line around is told"


def test_what_a_sync_carries_is_told_without_names_of_settings():
    from formclip.runs.insight.carry import Carried

    said = [Carried(name, value, "").plainly for name, value in (("own_cadence_dspm", 1773), ("own_tilt_cdeg", 876))]
    assert said == ["your own cadence 177.3 steps/min", "your own tilt against standing 8.8°"]
    assert Carried("mode", 1, "").plainly == "mode silent"
