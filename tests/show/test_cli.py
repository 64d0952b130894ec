"""The command line: help, one-line errors with the next step, exit codes, completion."""

import json
import os
import shutil
import subprocess
import sys

import click
import pytest
from formclip.ground import errors
from formclip.show import cli
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import REPO

ERROR_CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.FormclipError) and value is not errors.FormclipError
]


def run(capsys, *arguments):
    code = cli.run([str(a) for a in arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


def one_line(text):
    assert text.endswith("\n") and text.count("\n") == 1 and text[:-1].isprintable(), text
    return text


def test_help_lists_every_command_and_fits_80_columns(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_there_and_says_what_the_list_says(name, capsys):
    command = cli.cli.get_command(click.Context(cli.cli), name)
    assert isinstance(command, click.Command) and command.name == name
    assert command.get_short_help_str(200) == cli.COMMANDS[name]
    code, out, _ = run(capsys, name, "--help")
    assert code == 0 and f"Usage: formclip {name}" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_command_runs_as_a_program(repo):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    code = "from formclip.show.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "--version"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("formclip")
    done = subprocess.run([sys.executable, "-c", code, "replay"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and not done.stdout
    one_line(done.stderr)


def test_a_terminal_of_ascii_alone_gets_plain_characters(tmp_path):
    """Every command's help, and what prints names, degrees, signs and tables: no fault, no byte above 127."""
    store = ["--store", str(tmp_path / "store")]
    simulated = str(tmp_path / "data" / "run")
    lines = [[name, "--help"] for name in cli.COMMANDS] + [
        [],
        ["config", "ranges"],
        ["add", str(REPO / "tests" / "data" / "version1.fclog"), "--at", "2026-11-03T07:15", *store],
        ["name", "last", "Über ≥ 10°, Бег", *store],
        ["show", *store],
        ["show", "--json", *store],
        ["sessions", *store],
        ["note", "last", "±", *store],
        ["simulate", "--minutes", "0.6", "-o", simulated],
        ["replay", f"{simulated}.imu.csv.xz", "--out", str(tmp_path / "out")],
        ["demo", f"{simulated}.imu.csv.xz", "--out", str(tmp_path / "demo"), "--no-clip"],
        ["validate", str(tmp_path / "data"), "--no-simulated"],
        ["report", "Бег", *store],
    ]
    code = "import json, sys; from formclip.show import cli; sys.argv[0] = 'formclip'\n"
    code += "from formclip.ground.terminal import spell_streams; spell_streams()\n"
    code += "print(json.dumps([cli.run(line) for line in json.loads(sys.argv[1])]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code, json.dumps(lines)], env=environment, capture_output=True)
    said, complaints = done.stdout.decode("ascii"), done.stderr.decode("ascii")
    codes = json.loads(said.splitlines()[-1])
    assert codes == [0] * (len(lines) - 1) + [2], complaints
    assert "Uber >= 10deg, \\u0411" in said and '"name": "\\u00dcber \\u2265' in said
    assert "+-" in said and complaints.count("\n") == 1 and "no file" in complaints


def test_a_reader_that_goes_away_is_no_fault():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    code = "from formclip.show.cli import main; main()"
    for arguments in (["--help"], ["config", "ranges"], ["plan", "--help"]):
        end, begin = os.pipe()
        os.close(end)  # nobody reads: the first line that is written fails
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, stdout=begin, stderr=subprocess.PIPE
        )
        os.close(begin)
        assert (done.returncode, done.stderr) == (0, b""), arguments


@pytest.mark.parametrize(
    "arguments", [("ui", "--port", "foo"), ("load", "--weeks", "many"), ("simulate", "--seed", "x")]
)
def test_a_number_that_is_none_is_told_in_plain_words(arguments, capsys):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and f"'{arguments[-1]}' is not a whole number" in one_line(err)


def test_help_does_not_import_the_heavy_parts():
    code = "import sys; from formclip.show.cli import run; run(['--help']); sys.exit('numpy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True).returncode == 0


WRONG_USE = {
    ("replay",): "Missing argument 'TRACE'",
    ("replay", "a.csv"): "--out",
    ("replay", "a.csv", "--out"): "--out",
    ("replai", "a.csv"): "did you mean 'replay'",
    ("frobnicate",): "formclip --help",
    ("replay", "--bogus"): "--bogus",
    ("--bogus",): "--bogus",
    ("completion", "tcsh"): "tcsh",
    ("completion",): "Choose from: bash, zsh, fish",
    ("sync", "--virtual", "foo"): "'foo' is not HOST:PORT",
    ("live", "--virtual", "127.0.0.1:70000"): "is not HOST:PORT",
    ("virtual-clip", "--trace", "a.csv", "--air", "foo:²"): "is not HOST:PORT",
    ("validate",): "DIR",
}


@pytest.mark.parametrize("arguments", WRONG_USE, ids=" ".join)
def test_wrong_use_is_one_line_and_code_2(capsys, arguments):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and not out
    assert WRONG_USE[arguments] in one_line(err) and "--help" in err or "did you mean" in err


@pytest.mark.parametrize("arguments", [(), ("config",), ("store",)], ids=" ".join)
def test_a_group_alone_shows_its_help(capsys, arguments):
    help_text = run(capsys, *arguments, "--help")
    assert run(capsys, *arguments) == help_text and help_text[0] == 0 and help_text[1].count("\n") > 5


def test_a_report_of_what_is_not_there_says_where_to_look(capsys, tmp_path):
    (tmp_path / "run.csv").write_text("t_s,acc_x_g,acc_y_g,acc_z_g\n0,0,0,1\n")
    code, out, err = run(capsys, "report", tmp_path / "run.csv")
    assert (code, out) == (4, "") and "formclip replay TRACE --out DIR" in one_line(err)
    code, out, err = run(capsys, "report", "clip/7", "--store", tmp_path / "store")
    assert (code, out) == (2, "") and "no file 'clip/7'" in err and "formclip sync" in one_line(err)
    shutil.copy(REPO / "tests" / "data" / "version1.fclog", tmp_path / "one.fclog")
    assert run(capsys, "add", tmp_path / "one.fclog", "--at", "2026-11-03T07:15", "--store", tmp_path / "store")[0] == 0
    code, out, err = run(capsys, "report", "clip/7", "--store", tmp_path / "store")
    assert (code, out) == (2, "") and "formclip sessions" in one_line(err)
    code, out, err = run(capsys, "report", "last", "--store", tmp_path / "store", "-o", tmp_path / "r.html")
    assert (code, err) == (0, "") and (tmp_path / "r.html").stat().st_size > 100_000


def test_errors_are_one_line_with_the_next_step(capsys, tmp_path):
    (tmp_path / "bad.csv").write_text("t_s,acc_x_g\n")
    (tmp_path / "bad.fclog").write_bytes(b"FCL1" + bytes(5000))
    (tmp_path / "bad.toml").write_text("sustain_s = 99")
    (tmp_path / "file").write_text("")
    out_dir = ("--out", tmp_path / "out")
    cases = (
        (3, ("replay", tmp_path / "bad.csv", *out_dir)),
        (4, ("replay", tmp_path / "bad.fclog", *out_dir)),
        (5, ("replay", tmp_path / "bad.csv", *out_dir, "--settings", tmp_path / "bad.toml")),
        (6, ("replay", tmp_path / "none.csv", *out_dir)),
        (3, ("replay", tmp_path, *out_dir)),
        (6, ("validate", tmp_path / "none")),
        (6, ("validate", tmp_path)),
        (6, ("replay", tmp_path / "bad.csv", *out_dir, "--settings", tmp_path / "none.toml")),
    )
    for expected, arguments in cases:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (expected, ""), err
        line = one_line(err)
        assert line.startswith("formclip: ") and "; " in line and "Traceback" not in line


def test_debug_shows_the_traceback(capsys, tmp_path):
    for arguments in (("--debug", "replay"), ("replay", "--debug")):
        with pytest.raises(errors.FormclipError):
            cli.run([*arguments, str(tmp_path / "none.csv"), "--out", str(tmp_path)])


def test_a_fault_of_ours_is_named_as_such(capsys, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("by\nnothing")

    monkeypatch.setattr(cli.cli, "main", broken)
    code, _, err = run(capsys, "demo")
    assert code == 1 and "--debug" in one_line(err) and "ZeroDivisionError" in err


def test_interrupt_is_code_130(capsys, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.cli, "main", stopped)
    code, _, err = run(capsys, "demo")
    assert code == 130 and one_line(err) == "formclip: stopped\n"


def test_every_error_has_its_own_exit_code_and_the_help_names_it(capsys):
    codes = [kind.exit_code for kind in ERROR_CLASSES]
    assert len(set(codes)) == len(codes) and not {0, 1, 2} & set(codes)
    _, out, _ = run(capsys, "--help")
    for code in codes:
        assert f" {code} " in " ".join(out.split())


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
@example("a\nb", "\x1b[31m", "\r\n", "\u2028")
def test_an_error_is_one_line_whatever_is_in_it(what, next_step, path, place):
    shown = str(errors.TraceError(what, next_step, path=path, place=place))
    assert shown.isprintable()


def test_json_goes_to_stdout_alone(capsys, tmp_path):
    rows = "\n".join(f"{i / 100:.2f},0,1,0,0,0,0" for i in range(500))
    (tmp_path / "a.csv").write_text("t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps,gyr_y_dps,gyr_z_dps\n" + rows)
    code, out, err = run(capsys, "replay", tmp_path / "a.csv", "--out", tmp_path / "o", "--json")
    assert code == 0 and not err and json.loads(out)["steps"] == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(capsys, shell):
    code, out, _ = run(capsys, "completion", shell)
    assert code == 0 and "_FORMCLIP_COMPLETE" in out


def test_completion_answers_the_shell():
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "_FORMCLIP_COMPLETE": "bash_complete",
        "COMP_WORDS": "formclip re",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from formclip.show.cli import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert [line.split(",")[1] for line in done.stdout.split()] == ["replay", "report"]
