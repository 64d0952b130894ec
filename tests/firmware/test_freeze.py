"""The firmware frozen into CircuitPython: what goes into a checkout, what is left on the drive, and that it runs so."""

import ast
import json
import os
import re
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from formclip.firmware import bundle, freeze, interpreters
from formclip.firmware.drive import copy, read_build, shadows
from formclip.firmware.sources import libraries_here
from formclip.ground.log import read_log
from formclip.show.commands.deploy import deploy_command
from formclip.show.commands.doctor import doctor_command
from formclip.show.commands.freeze import freeze_command
from gaitcore import records

from tests.boards import BOARD_MK, BOOT_OUT, git, make_checkout

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")


@pytest.fixture
def checkout(tmp_path):
    """What freeze looks at of a checkout of CircuitPython."""
    return make_checkout(tmp_path / "circuitpython")


def command(which, *args):
    return CliRunner().invoke(which, [str(a) for a in args])


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def tracked(folder):
    return {name: data for name, data in files(folder).items() if not name.startswith(".git/")}


def test_the_two_parts_are_all_of_the_firmware():
    whole = bundle.frozen()
    on_drive = {name for board in bundle.BOARDS for name in bundle.bundle(board)}
    frozen = {"/" + name for name in whole.modules} | {"/lib/" + name for name in whole.modules}
    assert on_drive - set(whole.drive) <= frozen
    assert sorted(whole.drive) == ["/boot.py", "/code.py", "/safemode.py", "/settings.toml"]
    names = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in whole.modules}
    for name, data in {**whole.modules, **whole.drive}.items():
        if not name.endswith(".py"):
            continue
        for module in bundle._imports(data.decode()):
            ours = module.split(".")[0] in ("gaitcore", "hw", "boards", "app", "formclip_code", "formclip_build")
            if ours and module.count(".") < 2 and not module.startswith("boards."):
                assert module in names or module.rpartition(".")[0] in names, (name, module)


def test_nothing_in_it_that_the_freezer_leaves_out_or_asks_git_about():
    for name, data in bundle.frozen().modules.items():
        assert name.split("/")[0] not in freeze.LEFT_OUT
        assert not re.search(rb"(?m)^__version__", data), name
        ast.parse(data)


def test_the_build_s_name_follows_the_code(monkeypatch):
    ours = bundle.frozen().build
    assert ours == bundle.frozen().build
    real = bundle._lean_files
    monkeypatch.setattr(bundle, "_lean_files", lambda *of: {**real(*of), "/gaitcore/units.py": b"X = 1\n"})
    assert bundle.frozen().build != ours


def test_freeze_writes_the_folder_and_names_it_once(checkout):
    before = tracked(checkout)
    done = command(freeze_command, checkout, "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.output)
    assert facts["circuitpython"] == "10.2.1" and facts["modules"] > 40
    assert "BOARD=Seeed_XIAO_nRF52840_Sense" in facts["commands"][-1]
    board_file = checkout / "ports/nordic/boards/Seeed_XIAO_nRF52840_Sense/mpconfigboard.mk"
    text = board_file.read_text()
    assert text.startswith(BOARD_MK) and text.count("FROZEN_MPY_DIRS += $(TOP)/frozen/formclip\n") == 1
    assert files(checkout / "frozen/formclip") == bundle.frozen().modules
    after = tracked(checkout)
    (checkout / "frozen/formclip/gaitcore/old.py").write_text("x = 1\n")
    again = command(freeze_command, checkout)
    assert again.exit_code == 0, again.output
    assert tracked(checkout) == after
    assert "make -C" in again.output and "    formclip deploy\n" in again.output
    assert command(freeze_command, checkout, "--board", "feather").exit_code == 0
    undone = command(freeze_command, checkout, "--undo", "--json")
    assert set(json.loads(undone.output)["boards"]) == {"Seeed_XIAO_nRF52840_Sense", "feather_bluefruit_sense"}
    assert tracked(checkout) == before
    assert "there was nothing" in command(freeze_command, checkout, "--undo").output


def test_a_board_s_file_that_names_others_is_kept(checkout):
    board_file = checkout / "ports/nordic/boards/Seeed_XIAO_nRF52840_Sense/mpconfigboard.mk"
    text = BOARD_MK + "\nFROZEN_MPY_DIRS += $(TOP)/frozen/Adafruit_CircuitPython_NeoPixel\n"
    board_file.write_text(text)
    command(freeze_command, checkout)
    board_file.write_text(board_file.read_text() + "CIRCUITPY_RTC = 0\n")
    command(freeze_command, checkout, "--undo")
    assert board_file.read_text() == text + "CIRCUITPY_RTC = 0\n"


def other_version(folder):
    git(folder, "tag", "-d", "10.2.1")
    git(folder, "tag", "9.2.4")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: shutil.rmtree(f), "no such folder"),
        (lambda f: os.remove(f / "tools/preprocess_frozen_modules.py"), "not a checkout of CircuitPython"),
        (lambda f: git(f, "tag", "-d", "10.2.1"), "no version"),
        (lambda f: shutil.rmtree(f / ".git"), "no version"),
        (other_version, "CircuitPython 9.2.4, formclip needs 10.x"),
        (lambda f: shutil.rmtree(f / "ports/nordic/boards/Seeed_XIAO_nRF52840_Sense"), "no board Seeed_XIAO"),
        (lambda f: (f / "frozen/formclip").mkdir(parents=True), "is not formclip's"),
    ],
)
def test_what_is_no_such_checkout_is_refused_in_one_line(checkout, spoil, words):
    spoil(checkout)
    done = command(freeze_command, checkout)
    assert isinstance(done.exception, freeze.FreezeError), done.output
    assert words in str(done.exception) and "\n" not in str(done.exception)
    assert done.exception.next_step


# -- the drive --------------------------------------------------------------------------------------------------------


@pytest.fixture
def drive(tmp_path, monkeypatch):
    place = tmp_path / "CIRCUITPY"
    place.mkdir()
    (place / "boot_out.txt").write_text(BOOT_OUT)
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real("/")._replace(total=2069504, used=69504, free=2000000))
    monkeypatch.setattr("formclip.firmware.drive.filesystem", lambda path: "vfat")
    return place


def findings(drive):
    done = command(doctor_command, "--drive", drive, "--json")
    return {f["what"]: f for f in json.loads(done.output)}


def wrong(drive):
    return [what for what, f in findings(drive).items() if not f["good"]]


def test_deploy_frozen_leaves_four_files_and_takes_the_rest_away(drive):
    assert command(deploy_command, "--drive", drive, "--source", "--experimental").exit_code == 0
    (drive / "formclip.log").write_bytes(b"runs" * 300_000)
    (drive / "settings.toml").write_text('NAME = "anna"\n' + (drive / "settings.toml").read_text())
    (drive / "notes.txt").write_text("mine")
    (drive / "hw" / "readme.txt").write_text("mine too")
    (drive / "gaitcore" / "cue.mpy").write_bytes(b"C")
    done = command(deploy_command, "--drive", drive, "--frozen", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["frozen"] == bundle.frozen().build
    left = files(drive)
    assert sorted(name for name in left if name.endswith((".py", ".mpy"))) == ["boot.py", "code.py", "safemode.py"]
    assert left["notes.txt"] == b"mine" and left["hw/readme.txt"] == b"mine too"
    assert not (drive / "gaitcore").exists() and not (drive / "lib").exists()
    assert left["formclip.log"] == b"runs" * 300_000
    assert b'NAME = "anna"' in left["settings.toml"]
    assert left["code.py"] == b"import formclip_code\n"


def test_deploy_is_frozen_and_from_source_when_told_so(drive):
    for args in ((), ("--frozen",)):
        assert command(deploy_command, "--drive", drive, *args).exit_code == 0
        assert not (drive / "app.py").exists()
    again = json.loads(command(deploy_command, "--drive", drive, "--json").output)
    assert again["files_written"] == 0 and again["frozen"]
    assert command(deploy_command, "--drive", drive, "--source", "--experimental").exit_code == 0
    assert (drive / "app.py").exists() and read_build(drive) == ""
    assert b"import formclip_code" not in (drive / "code.py").read_bytes()


def test_an_interrupted_change_to_frozen_goes_on(drive):
    for _ in copy(drive, "xiao"):
        pass
    for stop in range(4):
        for k, _ in enumerate(copy(drive, "xiao", True)):
            if k == stop:
                break
    for _ in copy(drive, "xiao", True):
        pass
    assert not shadows(drive) and read_build(drive) == bundle.frozen().build
    assert (drive / "code.py").read_bytes() == b"import formclip_code\n"


def test_the_doctor_knows_both_kinds(drive):
    build = bundle.frozen().build
    command(deploy_command, "--drive", drive, "--frozen")
    assert wrong(drive) == ["its CircuitPython has told of no frozen firmware"]
    (drive / "boot_out.txt").write_text(BOOT_OUT + f"formclip frozen {build}\n")
    assert wrong(drive) == []
    (drive / "boot_out.txt").write_text(BOOT_OUT + "formclip frozen 0.0.9-abc\n")
    assert wrong(drive) == [f"frozen in its CircuitPython is 0.0.9-abc, this computer has {build}"]
    (drive / "boot_out.txt").write_text(BOOT_OUT + f"formclip frozen {build}\n")
    (drive / "gaitcore").mkdir()
    (drive / "gaitcore" / "cue.py").write_text("x = 1\n")
    (found,) = [f for f in findings(drive).values() if not f["good"]]
    assert "those of the drive win: /gaitcore/cue.py" in found["what"] and "formclip deploy" in found["next_step"]
    command(deploy_command, "--drive", drive)
    assert wrong(drive) == []
    command(deploy_command, "--drive", drive, "--source", "--experimental")
    (drive / "boot_out.txt").write_text(BOOT_OUT)
    assert wrong(drive) == []


# -- it runs so -------------------------------------------------------------------------------------------------------


def test_it_runs_from_rom_as_from_source(tmp_path):
    from formclip.firmware.rom import mpy
    from formclip.firmware.virtual import run as clip

    try:
        interpreters.find("micropython")
        mpy.compiler()
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    plan = [(1.5, "short"), (8.0, "short"), (9.5, "very-long")]
    runs = {}
    for name, more in (("source", {"deployed": True}), ("frozen", {"frozen": True})):
        runs[name] = clip.run_clip(tmp_path / name, press=plan, seconds=14.0, interpreter="micropython", **more)
    source, frozen = runs["source"], runs["frozen"]
    assert not [value for _, value in frozen.of("reset")]
    assert len(frozen.sessions) == len(source.sessions) == 1
    assert frozen.sessions[0].read_bytes() == source.sessions[0].read_bytes()
    assert [value for _, value in frozen.of("motor")] == [value for _, value in source.of("motor")]
    assert f"formclip frozen {bundle.frozen().build}" in (tmp_path / "frozen" / "console.txt").read_text()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A minute of a runner who stands for 10 s and then runs with faults, as the virtual sensor reads it."""
    from formclip.lab.bench.figures import simulated

    path = tmp_path_factory.mktemp("running") / "trace.bin"
    path.write_bytes(np.ascontiguousarray(simulated(208, 60.0).T, dtype="<f4").tobytes())
    return path


def on_vm(out, trace, **more):
    from formclip.firmware.rom import mpy
    from formclip.firmware.virtual import run as clip

    try:
        interpreters.find("micropython")
        mpy.compiler()
    except interpreters.NoInterpreter as missing:
        pytest.skip(str(missing))
    plan = [(1.5, "short"), (57.0, "short")]
    return clip.run_clip(out, trace, press=plan, seconds=60.0, interpreter="micropython", frozen=True, **more)


def with_ballast(monkeypatch, kept_b):
    """The frozen firmware, holding that much more of the heap."""
    from formclip.firmware.virtual import run as clip

    whole = bundle.frozen()
    more = {**whole.modules, bundle.CODE: b"_held = bytearray(%d)\n" % kept_b + whole.modules[bundle.CODE]}
    monkeypatch.setattr(clip.bundle, "frozen", lambda: bundle.Frozen(more, whole.drive, whole.build))


def test_a_run_fits_the_heap_that_stands_for_the_board_s(tmp_path, running):
    run = on_vm(tmp_path, running)
    assert not [value for _, value in run.of("reset")]
    assert len(run.sessions) == 1 and len(run.pulses()) > 4  # the patterns of start and stop
    tags = [tag for tag, _, _ in read_log(run.sessions[0]).entries]
    assert tags.count(records.STEP) > 100


def test_more_than_the_board_has_does_not_fit(tmp_path, running, monkeypatch):
    from formclip.firmware.virtual import run as clip

    with_ballast(monkeypatch, 120 * 1024)  # far beyond: at the very limit the VM only collects
    with pytest.raises(clip.VirtualClipError, match=f"ran out of heap: {clip.DEVICE_HEAP_KB} KB.*board's 127"):
        on_vm(tmp_path / "limit", running)
    on_vm(tmp_path / "more", running, heap_kb=4096)


def test_what_stands_for_the_board_s_heap_is_what_is_measured():
    from formclip.firmware.virtual import run as clip
    from formclip.lab.bench import live

    found = live.measure()
    if "missing" in found:
        pytest.skip(found["missing"])
    assert clip.MEASURED_HEAP_KB == pytest.approx(found["device_heap_kb"], abs=6)


def test_frozen_on_cpython_is_refused():
    from formclip.show.commands.virtual_clip import virtual_clip_command

    done = command(virtual_clip_command, "--trace", "x", "--frozen")
    assert done.exit_code == 2 and "--python micropython" in done.output
