"""The wheel holds everything: installed where there is no clone, every command works or names the extra it needs.

The light form links what the wheel's own metadata asks for, out of the environment that runs the tests, into an empty
one: nothing else is there, and nothing is fetched. `make test-long` has pip do it, and runs the whole demo.
"""

import email
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from formclip.show.cli import COMMANDS
from packaging.requirements import Requirement

from tests.boards import BOOT_OUT, make_checkout

REPO = Path(__file__).resolve().parent.parent
EXTRAS = {"bare": (), "whole": ("radio", "lab")}
# Runs each command's --help in one process, then says where its modules came from.
HELP_OF_ALL = """
import json, sys
from formclip.show.cli import COMMANDS, run
codes = {name: run([name, "--help"]) for name in COMMANDS}
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print()
print(json.dumps([codes, [file for file in files if file]]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of these sources. Built of a copy: the build leaves files beside them."""
    copy = tmp_path_factory.mktemp("sources")
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("host", "shared", "device", "requirements"):
        shutil.copytree(REPO / name, copy / name, ignore=leave)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPO / name, copy)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "wheel", "--no-index"]
    done = subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(copy / "dist"), str(copy)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (copy / "dist").iterdir()
    return built


def asked_for(wheel, extras):
    """Names of the distributions that the wheel's metadata asks for, and what those ask for."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist")
    todo = [(line, extras) for line in lines]
    found = set()
    while todo:
        line, of = todo.pop()
        asked = Requirement(line)
        wanted = asked.marker is None or any(asked.marker.evaluate({"extra": extra}) for extra in (*of, ""))
        key = (asked.name.lower(), tuple(sorted(asked.extras)))
        if wanted and key not in found:
            found.add(key)
            for inner in importlib.metadata.distribution(asked.name).requires or ():
                todo.append((inner, tuple(asked.extras)))
    return {name for name, _ in found}


def link(distribution, place):
    """What a distribution installed, as links in another environment."""
    here = Path(sysconfig.get_path("purelib"))
    for top in sorted({file.parts[0] for file in distribution.files if file.parts[0] != ".."}):
        if top != "__pycache__" and not (place / top).exists():
            (place / top).symlink_to(here / top)
    for file in distribution.files:
        if file.parts[0] == "..":
            target = Path(os.path.normpath(place / file))
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(os.path.normpath(here / file))


class Installed:
    """An environment with the wheel in it, and an empty folder to work in."""

    def __init__(self, folder, run_pip, extras):
        self.folder, self.work = folder / "venv", folder / "work"
        self.extras = extras
        self.work.mkdir()
        venv.create(self.folder, symlinks=True)
        self.python = self.folder / "bin" / "python"
        run_pip(self.python)
        self.place = Path(self.ask("import sysconfig; print(sysconfig.get_path('purelib'))"))

    def environment(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FORMCLIP", "VIRTUAL_ENV"))}
        data = {"XDG_DATA_HOME": str(self.work.parent / "data"), "HOME": str(self.work.parent)}
        return {**clean, **data, "PATH": f"{self.folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"}

    def run(self, *argv, code=0):
        done = subprocess.run(argv, env=self.environment(), cwd=self.work, capture_output=True, text=True)
        assert code in (None, done.returncode), done.stdout[-2000:] + done.stderr[-2000:]
        return done

    def ask(self, code):
        return self.run(str(self.python), "-c", code).stdout.strip()

    def formclip(self, *words, code=0):
        return self.run(str(self.folder / "bin" / "formclip"), *words, code=code)

    def refused(self, *words):
        """The one line of a command for which something is not installed."""
        said = self.formclip(*words, code=8).stderr
        assert said.count("\n") == 1
        return said


def pip_into(python, *words):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=EXTRAS)
def installed(wheel, tmp_path_factory, request):
    extras = EXTRAS[request.param]
    if "radio" in extras:
        pytest.importorskip("bumble", reason="what the extras name is not here: make setup")
    one = Installed(
        tmp_path_factory.mktemp(request.param),
        lambda python: pip_into(python, "--no-deps", "--no-index", "--no-compile", str(wheel)),
        extras,
    )
    for name in asked_for(wheel, extras):
        link(importlib.metadata.distribution(name), one.place)
    return one


def test_the_wheel_is_built_by_what_is_pinned():
    build = tomllib.loads((REPO / "pyproject.toml").read_text())["build-system"]["requires"]
    assert set(build) <= set((REPO / "requirements" / "dev.txt").read_text().split())


def test_the_firmware_travels_whole_and_with_its_licences(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    carried = "formclip/firmware/carried"
    for folder, place in (("device", f"{carried}/device"), ("shared/gaitcore", "gaitcore")):
        for path in (REPO / folder).rglob("*"):
            if path.suffix in (".py", ".toml", ".json"):
                assert inside[f"{place}/{path.relative_to(REPO / folder).as_posix()}"] == path.read_bytes()
    for pin in (REPO / "requirements" / "firmware.txt").read_text().splitlines():
        if pin[0] != "#":
            name = pin.partition("==")[0]
            assert b"MIT License" in inside[f"{carried}/licences/{name}/LICENSE"]
    # Every file of the packages of host/, not only its modules: pages, drawings, data.
    for path in (REPO / "host" / "formclip").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(REPO / "host").as_posix() in inside
    assert not any("__pycache__" in name or name.startswith("tests") for name in inside)


def test_every_command_is_there_and_nothing_comes_from_the_clone(installed):
    codes, files = json.loads(installed.run(str(installed.python), "-c", HELP_OF_ALL).stdout.splitlines()[-1])
    assert codes == dict.fromkeys(COMMANDS, 0)
    ours = [file for file in files if "/formclip/" in file or "/gaitcore/" in file]
    assert len(ours) > 50 and all(Path(file).is_relative_to(installed.place) for file in ours)
    assert not any(file.startswith(str(REPO) + "/host") or file.startswith(str(REPO) + "/shared") for file in files)


def test_every_command_does_its_work(installed):
    """In an empty folder, on a short run: demo, replay, report, the firmware on its board and on a drive, validate."""
    formclip = installed.formclip
    assert formclip("--version").stdout.startswith("formclip")
    formclip("simulate", "--minutes", "0.7", "--seed", "3", "-o", "run")
    trace = "run.imu.csv.xz"
    said = json.loads(formclip("demo", trace, "--json").stdout)
    page = Path(installed.work / said["report"]).read_text(encoding="utf-8")
    assert page.count("<svg") >= 3 and page.rstrip().endswith("</html>") and said["summary"]["steps"] > 50
    if "radio" in installed.extras:
        assert said["synced"]["byte_for_byte"] and said["synced"]["steps"] > 50
        assert formclip("sessions", "--store", said["synced"]["store"]).stdout.count("\n") >= 1
    else:
        assert 'pip install "formclip[radio]"' in said["synced"]["skipped"]
        assert 'pip install "formclip[radio]"' in installed.refused("virtual-clip", "--trace", trace, "--radio")
    formclip("replay", trace, "--out", "replayed")
    formclip("validate", ".", "--no-simulated", "--json")
    formclip("config", "ranges")
    formclip("completion", "bash")
    on_vm = ("virtual-clip", "--trace", trace, "--python", "micropython", "--frozen")
    if "lab" not in installed.extras:
        assert 'pip install "formclip[lab]"' in installed.refused(*on_vm)
        told = json.loads(formclip("virtual-clip", "--trace", trace, "--json").stdout)
    elif sys.platform == "linux":
        told = json.loads(formclip(*on_vm, "--json").stdout)
    formclip("report", told["sessions"][0], "-o", "page.html")
    for words in (("clips",), ("sync",), ("live",), ("calibrate",), ("config", "show")):
        one_line_at_the_most(installed, *words, *(() if words == ("clips",) else ("--seconds", "0.5")))


def one_line_at_the_most(installed, *words):
    """A command that needs a radio: done, or one line that says that there is none, or no clip."""
    done = installed.run(str(installed.folder / "bin" / "formclip"), *words, code=None)
    assert done.returncode in (0, 10, 11, 12) and done.stderr.count("\n") == bool(done.returncode), done.stderr


@pytest.mark.parametrize("installed", ["bare"], indirect=True)
def test_the_firmware_goes_onto_a_drive_and_into_a_checkout_without_any_extra(installed):
    formclip = installed.formclip
    drive = installed.work / "drive"
    drive.mkdir()
    (drive / "boot_out.txt").write_text(BOOT_OUT)
    formclip("deploy", "--drive", "drive", "--force", "--json")
    assert "no frozen firmware" in formclip("doctor", "--drive", "drive", code=7).stdout  # that board has not started
    make_checkout(installed.work / "circuitpython")
    assert json.loads(formclip("freeze", "circuitpython", "--json").stdout)["modules"] > 30


@pytest.mark.long
@pytest.mark.parametrize("extras", EXTRAS.values(), ids=EXTRAS)
def test_pip_installs_it_and_the_whole_demo_runs(wheel, tmp_path, extras):
    constraints = str(REPO / "requirements" / "constraints.txt")
    asked = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
    one = Installed(tmp_path, lambda python: pip_into(python, "-c", constraints, asked), extras)
    said = json.loads(one.formclip("demo", "--json").stdout)
    assert len(said["episodes"]) == 4 and not said["cues_without_a_fault"]
    assert (one.work / "out" / "demo" / "report.html").is_file()
    if extras:
        assert said["synced"]["byte_for_byte"] and abs(said["synced"]["steps"] - said["summary"]["steps"]) <= 6
    else:
        assert 'pip install "formclip[radio]"' in said["synced"]["skipped"]
