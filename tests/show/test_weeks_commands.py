"""The commands over weeks: what they print is what the functions found, their JSON is whole, their page names them."""

import json

import click
import click.testing
import pytest
from formclip.runs.store.store import Store
from formclip.show import cli

from tests.made_runs import SUMMER, log_of, put

CLIP = "formclip-1a2b"
COMMANDS = ("trends", "compare", "baseline", "load", "pain", "plan", "cues")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Nine runs of four minutes whose tilt falls from week to week."""
    folder = tmp_path_factory.mktemp("weeks") / "store"
    store = Store(folder)
    for n in range(9):
        log = log_of(240.0, seed=n, unix_s=SUMMER + 3 * 86400 * n, at=lambda t_s, n=n: {"tilt_deg": 9.0 - 0.5 * n})
        put(store, CLIP, n + 1, log)
    return folder


@pytest.fixture
def run(folder, capsys):
    def command(*arguments, store=folder):
        code = cli.run([*map(str, arguments), "--store", str(store)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def test_trends_prints_what_it_found_and_json_holds_it(run):
    code, out, err = run("trends")
    assert code == 0 and not err and out.startswith("9 runs from 2026-05-28 to 2026-06-21\n")
    assert "* Pelvic tilt against standing" in out and "Falls by 1.1" in out
    told = json.loads(run("trends", "--json")[1])
    (tilt,) = (one for one in told["trends"] if (one["key"], one["family"]) == ("tilt_deg", "level"))
    assert tilt["verdict"] == "falls" and len(tilt["points"]) == 9 and tilt["points"][0]["label"] == f"{CLIP}/1"
    listed = run("trends", "tilt_deg")[1]
    assert all(f"{CLIP}/{n} " in listed for n in range(1, 10)) and "Cadence:" not in listed
    assert "Too few to tell: 4 runs" in run("trends", "--since", "2026-06-12")[1]


def test_compare_prints_both_sides_and_refuses_what_is_no_run(run):
    code, out, _ = run("compare", "1", "9")
    assert code == 0 and out.startswith(f"A: {CLIP}/1 (2026-05-28)\nB: {CLIP}/9 (2026-06-21)\n")
    assert "* Pelvic tilt against standing" in out and "Differs by −3." in out
    header, figure = out.splitlines()[3:5]
    assert figure[: header.index("B less A")].rstrip()[-1].isdigit()
    assert [figure[header.index(f" {side} ") + 1].isdigit() for side in "AB"] == [True, True]
    told = json.loads(run("compare", "..2026-06-08", "2026-06-09..", "--json")[1])
    assert [len(told[side]["labels"]) for side in "ab"] == [4, 5]
    for wrong in (("1", "77"), ("1", "soon..later"), ("1", "2001-01-01..2001-01-02")):
        code, out, err = run("compare", *wrong)
        assert code == 2 and not out and err.count("\n") == 1 and "; " in err


def test_baseline_says_that_none_is_known_and_begins_anew(run, tmp_path):
    code, out, _ = run("baseline", "show")
    assert code == 0 and "Run 0 of 5: not steady yet." in out and "2 quiet runs" in out
    assert json.loads(run("baseline", "show", "--json")[1])["settings"] == {}
    other = tmp_path / "other"
    assert "no longer count" in run("baseline", "reset", store=other)[1]
    assert "It counts runs since 20" in run("baseline", "show", store=other)[1]


def test_load_lists_weeks_and_says_why_there_is_no_ratio(run):
    code, out, _ = run("load", "--until", "2026-06-21")
    assert code == 0 and "2026-06-15  " in out and "no acute:chronic ratio" in out
    told = json.loads(run("load", "--until", "2026-06-21", "--json")[1])
    assert [week["runs"] for week in told["weeks"]] == [2, 2, 2, 3] and len(told["spikes"]) == 8


def test_pain_is_noted_listed_and_a_red_flag_says_stop_until_resumed(run, tmp_path):
    there = tmp_path / "pain"
    code, out, _ = run(
        *("pain", "add", "--strength", "3", "--where", "low-back-left", "--when", "after", "--lasted", "5"),
        *("--no-red-flag", "--at", "2026-06-01T20:00", "--note", "stiff"),
        store=there,
    )
    assert code == 0 and out == "noted: 2026-06-01 20:00  3/10  low-back-left  after  5.0 h  “stiff”\n"
    assert run("pain", "add", "--strength", "0", "--at", "2026-06-02", store=there)[1].endswith("no pain\n")
    flagged = ("pain", "add", "--strength", "5", "--where", "low-back-centre", "--when", "during")
    told = json.loads(run(*flagged, "--red-flag", "numb", "--json", store=there)[1])
    assert told["advice"][0] == "Seek care now: a numb saddle area. Stop running." and len(told["advice"]) == 2
    assert run("pain", "list", store=there)[1].startswith("Seek care now")
    assert len(json.loads(run("pain", "list", "--json", store=there)[1])["pains"]) == 3
    code, out, err = run("config", "set", "mode", "coach", store=there)
    assert code == 5 and not out and "numb saddle" in err and "pain resume" in err
    assert "until: formclip pain resume" in run("pain", "remove", "3", store=there)[1]
    assert "comes back at its next sync" in run("pain", "resume", store=there)[1]
    assert "no red flag stands" in run("pain", "resume", store=there)[1]
    assert "bladder" in run_plain("pain", "questions")


def run_plain(*arguments):
    """A command that needs no store."""
    return click.testing.CliRunner().invoke(cli.cli, arguments).output


@pytest.mark.parametrize(
    "wrong",
    [
        ("add", "--strength", "3", "--where", "hip", "--when", "after"),  # red flags not answered
        ("add", "--where", "hip"),
        ("add", "--strength", "3", "--when", "after", "--no-red-flag"),
        ("add", "--strength", "11"),
        ("add", "--strength", "3", "--where", "elbow"),
        ("add", "--strength", "0", "--at", "soon"),
        ("remove", "7"),
    ],
    ids=" ".join,
)
def test_what_is_no_pain_is_one_line_and_not_kept(run, tmp_path, wrong):
    code, out, err = run("pain", *wrong, store=tmp_path / "pain")
    assert code == 2 and not out and err.count("\n") == 1 and "; " in err
    assert "nothing noted" in run("pain", "list", store=tmp_path / "pain")[1]


def test_pain_beside_says_how_many_runs_are_missing(run):
    code, out, _ = run("pain", "beside")
    assert code == 0 and out.startswith("Too few to tell: 0 runs since the first entry")


def test_a_plan_is_proposed_begun_done_and_ended(run, tmp_path):
    there = tmp_path / "plan"
    out = run("plan", "show", "--at", "2026-06-21", store=there)[1]
    assert out.startswith("Proposed; ") and "Squat: 3 × 10 (Cai 2017" in out and "Stand hip-wide" in out
    assert "begun on 2026-06-22: 4 weeks" in run("plan", "start", "--at", "2026-06-22", store=there)[1]
    assert run("plan", "done", "--at", "2026-06-23", store=there)[1] == "2026-06-23: strength\n"
    out = run("plan", "screen", "plank", "45", "--at", "2026-06-23", store=there)[1]
    assert "plank 45, adds to the next plan" in out
    out = run("plan", "show", "--at", "2026-06-30", store=there)[1]
    assert (
        out.startswith("Week 2 of 4, until 2026-07-20") and "by week: 1, 0, 0, 0" in out and "Too early to tell." in out
    )
    told = json.loads(run("plan", "show", "--at", "2026-06-30", "--json", store=there)[1])
    assert told["week"] == 2 and told["sessions"] == [1, 0, 0, 0] and told["screens"][0]["result"] == "45"
    assert "is ended" in run("plan", "stop", "--at", "2026-07-01", store=there)[1]
    for wrong in (("stop",), ("done", "jumping"), ("screen", "plank", "long"), ("show", "--at", "soon")):
        code, out, err = run("plan", *wrong, store=there)
        assert code == 2 and not out and err.count("\n") == 1 and "; " in err
    run("pain", "add", "--strength", "5", "--where", "hip", "--when", "after", "--red-flag", "fall", store=there)
    assert run("plan", "start", store=there)[0] == 2
    assert run("plan", "show", store=there)[1].startswith("Stop, and see a clinician")


def test_cues_says_when_nothing_was_held_long_enough(run):
    code, out, _ = run("cues")
    assert code == 0 and out.startswith("Overstriding: never held long enough") and "Nobody drew lots" in out
    told = json.loads(run("cues", "--json")[1])
    assert [one["kind"] for one in told["kinds"]] == ["overstride", "arch"] and told["runs"] == 9


def test_a_store_without_runs_says_what_is_next(run, tmp_path):
    for name in ("trends", "load", "cues"):
        code, out, _ = run(name, store=tmp_path / "none")
        assert code == 0 and "formclip sync" in out, name


def commands():
    for name in COMMANDS:
        command = cli.cli.get_command(click.Context(cli.cli), name)
        inner = command.commands if isinstance(command, click.Group) else {}
        yield from ([f"{name} {sub}" for sub in inner] or [name])


def test_the_pages_name_every_command(repo):
    pages = "".join(path.read_text(encoding="utf-8") for path in (repo / "docs" / "laptop").glob("*.md"))
    for name in commands():
        assert f"formclip {name}" in pages, name


# -- what a stranger tries ---------------------------------------------------------------------------------------------


def test_load_long_after_the_last_run_still_shows_the_runs(run):
    code, out, _ = run("load", "--weeks", "3", "--until", "2027-03-01")
    weeks = [line for line in out.splitlines() if line[2:6] == "2026"]
    assert code == 0 and len(weeks) == 3 and [" 0 runs" in line for line in weeks] == [False, False, True]


def test_one_run_on_both_sides_is_no_comparison(run):
    for a, b in (("1", "1"), ("1", ".."), ("..2026-06-10", "2026-06-01..")):
        code, out, err = run("compare", a, b)
        assert code == 2 and not out and "on both sides" in err and "do not overlap" in err
    heads = run("compare", "1", "2026-06-01..")[1].splitlines()[:2]
    assert heads[0].endswith("(2026-05-28)") and heads[1].endswith(" to 2026-06-21"), "a span says its days once"


def test_what_has_not_been_yet_is_not_noted(run, tmp_path):
    empty = tmp_path / "empty"
    for words in (("pain", "add", "--strength", "0"), ("plan", "done"), ("plan", "screen", "plank", "45")):
        code, out, err = run(*words, "--at", "2099-12-24", store=empty)
        assert code == 2 and not out and "still to come" in err
        assert run(*words, "--at", "today", store=empty)[0] == 0


def test_while_a_red_flag_stands_there_is_no_plan_but_to_see_a_clinician(run, tmp_path):
    new = tmp_path / "new"
    run("pain", "add", "--strength", "6", "--where", "knee", "--when", "after", "--red-flag", "radiates", store=new)
    code, out, _ = run("plan", "show", store=new)
    assert code == 0 and out.startswith("Stop, and see a clinician")
    for never in ("strength sessions", "This week", "screen", "Run 20 to 30 %"):
        assert never not in out
    run("pain", "resume", store=new)
    assert "This week:" in run("plan", "show", store=new)[1] and "0 of 0" not in run("plan", "show", store=new)[1]


def test_days_without_a_run_say_one_thing(run):
    code, out, _ = run("trends", "--since", "2999-01-01")
    assert (code, out) == (0, "no run in these days; next: formclip sync, or other days\n")


def test_export_writes_every_kind_that_is_asked_for(run, tmp_path):
    code, out, _ = run("export", "1", "--fit", "--csv", "-o", tmp_path)
    assert code == 0 and {line.rsplit(".", 1)[1] for line in out.splitlines()} == {"fit", "csv"}
    assert run("export", "1", "--csv", "--estimate", "-o", tmp_path)[0] == 2


def test_where_the_runs_are_is_json_too(run, folder):
    assert json.loads(run("store", "path", "--json")[1]) == str(folder)


def test_a_plan_under_way_is_ended_before_another_begins_and_one_to_come_is_not_over(run, tmp_path):
    new = tmp_path / "new"
    assert run("plan", "start", "--at", "2098-01-01", store=new)[0] == 0
    out = run("plan", "show", store=new)[1]
    assert "Your plan begins on 2098-01-01." in out and "is over" not in out
    code, out, err = run("plan", "start", "--at", "2098-01-08", store=new)
    assert (code, out, err.count("\n")) == (2, "", 1) and "under way until 2098-01-29" in err
    assert run("plan", "stop", "--at", "2098-01-08", store=new)[0] == 0
    assert run("plan", "start", "--at", "2098-01-08", store=new)[0] == 0


def test_what_to_do_on_a_red_flag_is_said_also_when_it_cannot_be_kept(run, tmp_path, monkeypatch):
    from formclip.runs.store.errors import DiskFull
    from formclip.show.commands import pain

    def full(*_):
        raise DiskFull("the disk is full", "free some space and try again")

    monkeypatch.setattr(pain, "add_pain", full)
    words = ("pain", "add", "--strength", "6", "--where", "hip", "--when", "after", "--red-flag", "numb")
    code, out, err = run(*words, store=tmp_path / "new")
    assert (code, out) == (19, "") and err.startswith("Seek care now: a numb saddle area. Stop running.\n")
    assert "the disk is full" in err and "Cueing is switched off" not in err, "it was not"


def test_a_choice_and_a_day_that_are_none_are_told_once_and_in_plain_words(run):
    err = run("trends", "nonsense")[2]
    assert err.count("cadence_spm") == 1 and "'[METRIC]'" in err
    assert run("plan", "done", "nonsense")[2].count("'squat'") == 1
    for words in (("trends", "--since", "2026-13-01"), ("load", "--until", "soon")):
        err = run(*words)[2]
        assert "is no day, as 2026-11-03" in err and "%Y" not in err


def test_load_before_the_first_run_says_when_it_was(run):
    assert run("load", "--until", "1999-01-01")[1] == "No run up to 1999-01-01; the first is of 2026-05-28.\n"
