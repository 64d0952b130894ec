"""The build of the firmware's files: the workflow as written, and each of its scripts, run where it can be.

There is no compiler and no source of CircuitPython here. What stands for them is as little as the scripts look at.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile

import pytest
import yaml
from formclip.firmware import bundle
from formclip.firmware.drive import CIRCUITPYTHON
from formclip.firmware.sources import REPO, libraries_here

from tests.boards import git, make_checkout
from tests.picks import first

WORKFLOW = REPO / ".github" / "workflows" / "firmware.yml"
SCRIPTS = REPO / ".github" / "firmware"
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory"}
JOB_KEYS = {"if", "needs", "runs-on", "timeout-minutes", "strategy", "steps", "permissions", "env", "outputs"}

pytestmark = [
    pytest.mark.skipif(not WORKFLOW.is_file(), reason="not a clone"),
    pytest.mark.skipif(shutil.which("bash") is None, reason="no bash"),
]


@pytest.fixture(scope="module")
def workflow():
    found = yaml.safe_load(WORKFLOW.read_text())
    found["on"] = found.pop(True)  # YAML 1.1 reads it so; GitHub does not
    return found


@pytest.fixture
def shell(tmp_path):
    """Runs a script with the programs in tmp_path/bin before all others; `program` puts one there."""
    programs = tmp_path / "bin"
    programs.mkdir()

    def program(name, text):
        path = programs / name
        path.write_text("#!/usr/bin/env bash\n" + text)
        path.chmod(0o755)

    def run(script, *args, **env):
        where = {**os.environ, "PATH": f"{programs}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}", **env}
        return subprocess.run(
            [str(SCRIPTS / script), *map(str, args)], env=where, capture_output=True, text=True, cwd=tmp_path
        )

    run.program = program
    return run


def test_the_workflow_is_one(workflow):
    assert set(workflow) == {"name", "on", "permissions", "jobs"} and workflow["on"]["push"]["tags"]
    for job in workflow["jobs"].values():
        assert set(job) <= JOB_KEYS and job["runs-on"] and job["steps"]
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert set(step) <= STEP_KEYS and ("run" in step) != ("uses" in step)
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), "pinned to a version"
            for inside in re.findall(r"\$\{\{(.*?)\}\}", yaml.safe_dump(step)):
                head, _, name = inside.strip().partition(".")
                known = {"matrix": job.get("strategy", {}).get("matrix", {}), "github": ("workspace", "token", "ref")}
                assert name in known[head], inside


def test_its_boards_are_ours(workflow):
    assert workflow["jobs"]["build"]["strategy"]["matrix"]["board"] == list(bundle.BOARDS)


def test_each_step_is_a_script_that_is_there_and_each_script_a_step(workflow):
    lines = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    named = {name for line in lines for name in re.findall(r"\.github/firmware/([\w.]+)", line)}
    scripts = {path.name for path in SCRIPTS.iterdir()} - {"versions.sh"}
    assert named == scripts
    for name in scripts:
        assert (SCRIPTS / name).stat().st_mode & stat.S_IXUSR
        assert subprocess.run(["bash", "-n", SCRIPTS / name]).returncode == 0
    assert all(len(line.splitlines()) == 1 for line in lines)


def test_it_is_the_circuitpython_that_deploy_asks_for():
    text = (SCRIPTS / "versions.sh").read_text()
    assert re.search(r"^CIRCUITPYTHON=(\d+)\.", text, re.M).group(1) == str(CIRCUITPYTHON)
    tests_checkout = re.search(r"^CIRCUITPYTHON=(\S+)", text, re.M).group(1)
    assert f"--branch {tests_checkout} " in (REPO / "docs" / "design" / "freeze.md").read_text()


MAKE = """echo make "$@" >>"$MADE"
case "$*" in *-j*)
  board=$(printf '%s\\n' "$@" | sed -n 's/^BOARD=//p')
  mkdir -p "$2/build-$board"
  cat "$2/../../frozen/formclip/formclip_build.py" >"$2/build-$board/firmware.uf2" ;;
esac
"""


@pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")
@pytest.mark.parametrize("board", first(bundle.BOARDS))
def test_freeze_build_name(tmp_path, shell, board):
    source = make_checkout(tmp_path / "circuitpython")
    shell.program("make", MAKE)
    shell.program("arm-none-eabi-gcc", "echo 14.2.1")
    done = shell("build.sh", source, board, "out", MADE=str(tmp_path / "made"))
    assert done.returncode == 0, done.stderr
    build = bundle.frozen().build
    name = f"formclip-{board}-{build}.uf2"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [name, name + ".sha256"]
    assert build in (tmp_path / "out" / name).read_text()
    check = subprocess.run(["sha256sum", "--check", name + ".sha256"], cwd=tmp_path / "out", capture_output=True)
    assert check.returncode == 0
    made = (tmp_path / "made").read_text().splitlines()
    assert [line.split()[-1] for line in made[:2]] == [str(source / "mpy-cross"), "clean"]
    assert f"BOARD={bundle.BOARD_IDS[board]} -j" in made[2]
    board_file = source / "ports/nordic/boards" / bundle.BOARD_IDS[board] / "mpconfigboard.mk"
    assert "frozen/formclip" in board_file.read_text()


def test_an_old_compiler_is_refused_before_anything_is_written(tmp_path, shell):
    source = make_checkout(tmp_path / "circuitpython")
    shell.program("arm-none-eabi-gcc", "echo 13.2.1")
    done = shell("build.sh", source, "xiao", "out")
    assert done.returncode == 1 and "needs 14" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (source / "frozen").exists() and not (tmp_path / "out").exists()


@pytest.mark.long  # it freezes once more
def test_a_build_that_fails_leaves_no_file(tmp_path, shell):
    source = make_checkout(tmp_path / "circuitpython")
    shell.program("make", "exit 2")
    shell.program("arm-none-eabi-gcc", "echo 14.2.1")
    assert shell("build.sh", source, "xiao", "out").returncode != 0
    assert not (tmp_path / "out").exists()


def test_the_source_is_cloned_at_its_tag(tmp_path, shell):
    theirs = make_checkout(tmp_path / "theirs")
    (theirs / "requirements-dev.txt").write_text("")
    git(theirs, "add", ".")
    git(theirs, "commit", "-qm", "y")
    git(theirs, "tag", "-f", "10.2.1")
    shell.program("make", 'echo make "$@" >>"$MADE"\n')
    instead = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{theirs}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/adafruit/circuitpython",
        "MADE": str(tmp_path / "made"),
    }
    for _ in range(2):  # again changes nothing
        done = shell("checkout.sh", "source", **instead)
        assert done.returncode == 0, done.stderr
    told = subprocess.run(["git", "-C", tmp_path / "source", "describe", "--tags"], capture_output=True, text=True)
    assert told.stdout == "10.2.1\n"
    assert (tmp_path / "made").read_text().count("ports/nordic fetch-port-submodules") == 2


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.skipif(not shutil.which("xz"), reason="tar unpacks the compiler with xz")
def test_the_compiler_is_checked_by_its_digest(tmp_path, shell, whole):
    machine = os.uname().machine
    name = f"arm-gnu-toolchain-14.2.rel1-{machine}-arm-none-eabi"
    compiler = tmp_path / name / "bin" / "arm-none-eabi-gcc"
    compiler.parent.mkdir(parents=True)
    compiler.write_text("#!/bin/sh\necho 14.2.1\n")
    compiler.chmod(0o755)
    with tarfile.open(tmp_path / f"{name}.tar.xz", "w:xz") as packed:
        packed.add(tmp_path / name, name)
    digest = hashlib.sha256((tmp_path / f"{name}.tar.xz").read_bytes()).hexdigest()
    (tmp_path / f"{name}.tar.xz.sha256asc").write_text(f"{digest if whole else '0' * 64}  {name}.tar.xz\n")
    shell.program("curl", f'for url in "$@"; do :; done\ncp "{tmp_path}/$(basename "$url")" .\n')
    done = shell("toolchain.sh", "arm")
    if whole:
        assert done.stdout.strip() == str(tmp_path / "arm" / name / "bin")
        assert subprocess.run([done.stdout.strip() + "/arm-none-eabi-gcc"], capture_output=True).stdout == b"14.2.1\n"
        shell.program("curl", "exit 7")
        assert shell("toolchain.sh", "arm").stdout == done.stdout  # what is there is not fetched again
    else:
        assert done.returncode != 0 and not done.stdout and not (tmp_path / "arm" / name).exists()


def test_files_go_to_the_tag_s_release(tmp_path, shell):
    (tmp_path / "out").mkdir()
    for name in ("formclip-xiao-1.uf2", "formclip-xiao-1.uf2.sha256", "else.txt"):
        (tmp_path / "out" / name).write_text("")
    shell.program("gh", 'echo "$@" >>told\n[ "$2" != view ]\n')
    assert shell("attach.sh", "v1.0", "out").returncode == 0
    view, create, upload = (tmp_path / "told").read_text().splitlines()
    assert view == "release view v1.0" and create.startswith("release create v1.0 --verify-tag")
    assert upload == "release upload v1.0 out/formclip-xiao-1.uf2 out/formclip-xiao-1.uf2.sha256 --clobber"
