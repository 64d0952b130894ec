"""`formclip virtual-clip --radio` as a person runs it: says when it can be synced, and leaves no process behind."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

pytest.importorskip("bumble", reason="the virtual radio needs bumble: make setup")

from click.testing import CliRunner
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual import children as virtual_children
from formclip.lab.simulate import Scenario, write
from formclip.show.commands.virtual_clip import virtual_clip_command

from tests.picks import later
from tests.processes import heed_ctrl_c

pytestmark = pytest.mark.skipif(
    not libraries_here() or os.name != "posix", reason="needs Adafruit's libraries (make setup) and a POSIX system"
)
CLI = [sys.executable, "-c", "from formclip.show.cli import main; main()"]
PATIENCE_S = 120


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path, _, _ = write(tmp_path_factory.mktemp("trace") / "run", Scenario(minutes=0.5))
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("FORMCLIP_VIRTUAL_BONDS", str(tmp_path / "bonds.json"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    return tmp_path


def started(trace, folder, *more):
    """The command in a process of its own."""
    argv = [*CLI, "virtual-clip", "--trace", str(trace), "--out", str(folder), "--radio", *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, **pipes, text=True, preexec_fn=heed_ctrl_c)


def children(pid):
    """All processes below one, by Linux's own account."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = open(f"/proc/{name}/stat").read()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found += [int(name), *children(int(name))]
    return found


def gone(pids):
    deadline = time.monotonic() + PATIENCE_S
    while left := [pid for pid in pids if os.path.exists(f"/proc/{pid}") and not zombie(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    return True


def zombie(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def line_with(pipe, words):
    for line in pipe:
        if words in line:
            return line
    raise AssertionError(f"never said: {words}")


@pytest.fixture
def air():
    from formclip.firmware.virtual.radio import process

    with process.air() as opened:
        yield opened


def test_it_can_be_synced_when_it_says_so(trace, here, air):
    clip = started(trace, here / "clip", "--air", air.address)
    try:
        told = line_with(clip.stderr, "now: formclip sync")
        command = re.search(r"formclip (sync .*)", told).group(1).split()
        done = subprocess.run([*CLI, *command], capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0 and "next: formclip report" in done.stdout, done.stdout + done.stderr
        out, _ = clip.communicate(timeout=PATIENCE_S)
        assert clip.returncode == 0 and "has been synced" in out
    finally:
        clip.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="what a killed process leaves is looked up in Linux's /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, *later(signal.SIGTERM, signal.SIGHUP)])
def test_no_process_is_left_behind_however_it_is_stopped(how, trace, here, air):
    clip = started(trace, here / "clip", "--air", air.address, "--stay", "600")
    try:
        line_with(clip.stderr, "in the air")
        deadline = time.monotonic() + PATIENCE_S
        while not (below := children(clip.pid)):
            assert time.monotonic() < deadline and clip.poll() is None
            time.sleep(0.02)
        clip.send_signal(how)
        clip.wait(timeout=PATIENCE_S)
        assert gone(below)
    finally:
        clip.kill()
        clip.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="what a killed process leaves is looked up in Linux's /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, *later(signal.SIGTERM, signal.SIGHUP)])
def test_a_demo_that_is_stopped_leaves_no_process_either(how, trace, here):
    demo = subprocess.Popen([*CLI, "demo", str(trace), "--out", str(here / "demo")], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while len(below := children(demo.pid)) < 2:  # the air and the board
            assert time.monotonic() < deadline and demo.poll() is None
            time.sleep(0.02)
        demo.send_signal(how)
        demo.wait(timeout=PATIENCE_S)
        assert gone(below) and demo.returncode in (128 + how, -how)
    finally:
        demo.kill()
        demo.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a killed parent is not told")
def test_a_child_whose_parent_died_before_the_kernel_knew_ends_by_itself():
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], preexec_fn=partial(virtual_children._die_with, 1)
    )
    try:
        assert child.wait(timeout=PATIENCE_S) == 1
    finally:
        child.kill()


def test_what_would_be_ignored_is_refused(trace):
    for words, what in (
        (("--radio", "--press", "2:short"), "exclude each other"),
        (("--stay", "10"), "needs --radio"),
    ):
        done = CliRunner().invoke(virtual_clip_command, ["--trace", str(trace), *words])
        assert done.exit_code == 2 and what in done.output
