"""Putting the firmware on a drive, and saying what is wrong with one."""

import ast
import json
import os
import pty
import shutil
import threading

import pytest
from click.testing import CliRunner
from formclip.firmware import bundle
from formclip.firmware.drive import DeployError, ask_for_the_drive, copy, filesystem, holds_runs, merged_settings
from formclip.firmware.sources import libraries_here
from formclip.ground.errors import FormclipError
from formclip.show.commands.deploy import deploy_command
from formclip.show.commands.doctor import doctor_command
from gaitcore import records
from gaitcore.drive import FILE_MAGIC, HOME_AT, SPARE_B

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")

SOURCE = ("--source", "--experimental")
BOOT_OUT = "Adafruit CircuitPython 10.2.1 on 2026-06-01; Seeed XIAO nRF52840 Sense with nRF52840\nBoard ID:%s\nUID:1\n"


@pytest.fixture
def drive(tmp_path):
    (tmp_path / "boot_out.txt").write_text(BOOT_OUT % "Seeed_XIAO_nRF52840_Sense")
    return tmp_path


@pytest.fixture(autouse=True)
def small_disk(monkeypatch):
    """The drive's free space as on the board, not this computer's."""
    real = shutil.disk_usage

    def usage(path):
        used = sum((f.stat().st_size + 511) // 512 * 512 for f in os.scandir(path) if f.is_file())
        used += sum(
            (os.path.getsize(os.path.join(folder, f)) + 511) // 512 * 512
            for sub in os.scandir(path)
            if sub.is_dir()
            for folder, _, files in os.walk(sub)
            for f in files
        )
        return real("/")._replace(total=2069504, used=used, free=2069504 - used)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr("formclip.firmware.drive.filesystem", lambda path: "vfat")


def command(which, *args):
    done = CliRunner().invoke(which, [str(a) for a in args])
    return done


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in ("boot_out.txt", "formclip.log")
    }


@pytest.mark.parametrize("board", list(bundle.BOARDS))
def test_bundle_holds_all_that_the_firmware_imports(board):
    files = bundle.bundle(board)
    for name, data in files.items():
        if not name.endswith(".py"):
            continue
        for module in bundle._imports(data.decode()):
            if module.startswith(("gaitcore.", "hw.")) and module.count(".") == 1:
                assert f"/{module.replace('.', '/')}.py" in files, (name, module)
    assert sum("/boards/" in name for name in files) == 2


def test_the_log_holds_ten_hours_of_running():
    """At 180 steps/min, events included, beside what `deploy` puts onto the drive."""
    room = 2093056 - 45 * 512 - sum((len(d) + 511) // 512 * 512 for d in bundle.frozen().drive.values())
    log_pages = (room - SPARE_B) // 4096
    assert (log_pages - 24) * (4096 - 60) >= 10 * 3600 * 3 * records.STEP_B * 1.04


def test_lean_is_the_same_program_with_the_same_lines():
    for path in sorted(bundle.HERE.device.rglob("*.py")):
        source = path.read_text()
        short = bundle.lean(source)
        assert len(short) < len(source)

        def shape(text):
            tree = ast.parse(text)
            found = []
            for node in ast.walk(tree):
                body = getattr(node, "body", None)
                if isinstance(body, list) and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                    first = body[0] if body else None
                    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                        body = body[1:]
                    if len(body) == 1 and isinstance(body[0], ast.Pass):
                        body = []
                    node.body = body
                if hasattr(node, "lineno") and not isinstance(node, ast.Pass):
                    found.append((type(node).__name__, node.lineno))
            return ast.dump(tree), [n for n in found if n[0] in ("FunctionDef", "Call", "Return")]

        assert shape(source) == shape(short)


def test_a_folder_of_a_computer_is_no_drive(drive, monkeypatch):
    """A folder that only looks like a board, on a disk with room for a log of 70 GB: nothing is written."""
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(total=250 * 10**9, free=70 * 10**9))
    before = contents(drive)
    done = command(deploy_command, "--drive", drive)
    assert isinstance(done.exception, DeployError) and "250 GB" in str(done.exception)
    assert "--force" in done.exception.next_step and contents(drive) == before
    assert command(deploy_command, "--drive", drive, "--force").exit_code == 0
    assert 0 < (drive / "formclip.log").stat().st_size <= 2 * 1024 * 1024


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_small_disk_that_is_no_fat_is_no_drive(kind, drive, monkeypatch):
    monkeypatch.setattr("formclip.firmware.drive.filesystem", lambda path: kind)
    before = contents(drive)
    done = command(deploy_command, "--drive", drive)
    assert isinstance(done.exception, DeployError) and kind in str(done.exception) and contents(drive) == before


def test_the_kind_of_a_file_system_is_that_of_the_nearest_mount(tmp_path, monkeypatch):
    place, mounts = tmp_path / "CIRCUITPY 1" / "lib", tmp_path / "mounts"
    place.mkdir(parents=True)
    escaped = str(tmp_path / "CIRCUITPY 1").replace(" ", "\\040")
    mounts.write_text(f"/dev/a / ext4 rw 0 0\n/dev/b {escaped} vfat rw 0 0\n/dev/c {escaped}x tmpfs rw 0 0\n")
    monkeypatch.setattr("formclip.firmware.drive._MOUNTS", mounts)
    assert (filesystem(place), filesystem(tmp_path)) == ("vfat", "ext4")
    monkeypatch.setattr("formclip.firmware.drive._MOUNTS", tmp_path / "none")
    assert filesystem(place) == ""


def test_a_drive_can_have_nothing_deleted_that_is_not_the_firmware(drive):
    """The list of what was deployed lies on the drive, and anybody may have written it."""
    mine = drive.parent / "mine"
    kept = (mine, drive / "formclip.log", drive / "settings.toml")
    for path in kept:
        path.write_bytes(b"mine" * 100_000)
    names = ["/../mine", f"/{mine}", "/lib/../../mine", "/formclip.log", "/settings.toml", "mine", "/c:\\x"]
    (drive / "formclip.json").write_text(json.dumps({"files": dict.fromkeys(names, "0")}))
    assert command(deploy_command, "--drive", drive).exit_code == 0
    assert all(path.read_bytes().startswith(b"mine" * 100_000) for path in kept)
    mine.unlink()


def test_a_small_log_that_holds_a_run_stays(drive):
    """The firmware makes a log of what is free: it may be smaller than deploy would have it."""
    log = bytearray(FILE_MAGIC + bytes(40 * 4096))
    (drive / "formclip.log").write_bytes(log)
    assert not holds_runs(drive / "formclip.log")
    log[HOME_AT * 4096 : HOME_AT * 4096 + 4] = b"FCL1"
    (drive / "formclip.log").write_bytes(log)
    assert command(deploy_command, "--drive", drive).exit_code == 0
    assert (drive / "formclip.log").read_bytes() == bytes(log)


@pytest.mark.parametrize("text", [b'NAME = "J\xfcrgen"\n', b"\xff\xfe\x00", b""])
def test_settings_that_are_no_utf_8_are_added_to_and_not_replaced(text, drive):
    (drive / "settings.toml").write_bytes(text)
    merged = merged_settings(drive, b"CIRCUITPY_WEB_API_PORT = 0\n")
    assert merged.startswith(text.rstrip(b"\n")) and merged.endswith(b"\nCIRCUITPY_WEB_API_PORT = 0\n")


@pytest.mark.parametrize("name", ["code.py", "settings.toml", "boot_out.txt"])
def test_a_folder_in_the_place_of_a_file_is_one_line(name, drive):
    (drive / name).unlink(missing_ok=True)
    (drive / name / "in it").mkdir(parents=True)
    done = command(deploy_command, "--drive", drive)
    assert isinstance(done.exception, FormclipError) and "\n" not in str(done.exception)
    assert (drive / name / "in it").is_dir()


def test_a_version_of_thousands_of_digits_is_no_version(drive):
    (drive / "boot_out.txt").write_text(BOOT_OUT.replace("10.2.1", "9" * 5000 + ".1") % "x")
    assert isinstance(command(deploy_command, "--drive", drive).exception, DeployError)


@pytest.mark.parametrize("fail", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_log_that_is_broken_off_leaves_nothing_half(drive, fail):
    steps = copy(drive, "xiao")
    for name, _ in steps:
        if name == "formclip.log":
            with pytest.raises((FormclipError, KeyboardInterrupt)):
                steps.throw(fail)
            break
    assert not list(drive.glob("*.part")) and not (drive / "formclip.log").exists()
    for _ in copy(drive, "xiao"):
        pass
    assert (drive / "formclip.log").stat().st_size > 500_000


def test_fresh_drive_then_nothing_more_to_do(drive):
    done = command(deploy_command, *SOURCE, "--drive", drive, "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.output)
    assert facts["board"] == "xiao" and facts["files_written"] > 40
    assert facts["free_b"] > 20_000 and facts["log_b"] % 4096 == 0
    again = json.loads(command(deploy_command, *SOURCE, "--drive", drive, "--json").output)
    assert again["files_written"] == 0
    checked = command(doctor_command, "--drive", drive)
    assert checked.exit_code == 0, checked.output
    assert "10." in checked.output


def test_settings_runs_and_other_files_are_kept(drive):
    (drive / "settings.toml").write_text('NAME = "anna"\nCIRCUITPY_BLE_WORKFLOW = true\n')
    (drive / "notes.txt").write_text("mine")
    command(deploy_command, *SOURCE, "--drive", drive)
    (drive / "formclip.log").write_bytes(b"runs" * 300_000)
    os.remove(drive / "app.py")
    done = command(deploy_command, *SOURCE, "--drive", drive)
    assert done.exit_code == 0, done.output
    assert (drive / "formclip.log").read_bytes() == b"runs" * 300_000
    text = (drive / "settings.toml").read_text()
    assert 'NAME = "anna"' in text and "CIRCUITPY_WEB_API_PORT" in text and text.count("NAME =") == 1
    assert (drive / "notes.txt").read_text() == "mine"
    assert "Bluetooth workflow" in command(doctor_command, "--drive", drive).output


def test_interrupted_anywhere_it_goes_on(drive, tmp_path_factory):
    whole = tmp_path_factory.mktemp("whole")
    shutil.copy(drive / "boot_out.txt", whole)
    for _ in copy(whole, "xiao"):
        pass
    wanted = contents(whole)
    for stop in (0, 1, 7, 25, 40, 44, 60):
        for k, _ in enumerate(copy(drive, "xiao")):
            if k == stop:
                break
        if not (drive / "code.py").exists():
            found = command(doctor_command, "--drive", drive)
            assert found.exit_code == 7 and "formclip deploy" in found.output
    assert command(deploy_command, *SOURCE, "--drive", drive).exit_code == 0
    assert contents(drive) == wanted


def test_files_of_an_older_firmware_go(drive):
    for _ in copy(drive, "xiao"):
        pass
    (drive / "gaitcore" / "old.py").write_text("x = 1\n")
    manifest = json.loads((drive / "formclip.json").read_text())
    manifest["files"]["/gaitcore/old.py"] = "0"
    (drive / "formclip.json").write_text(json.dumps(manifest))
    for _ in copy(drive, "xiao"):
        pass
    assert not (drive / "gaitcore" / "old.py").exists()


@pytest.mark.parametrize(
    ("boot_out", "args", "words"),
    [
        (None, (), "no boot_out.txt"),
        ("nothing", (), "does not name"),
        (BOOT_OUT.replace("10.2.1", "9.1.0") % "Seeed_XIAO_nRF52840_Sense", (), "CircuitPython 9.1.0"),
        (BOOT_OUT % "raspberry_pi_pico", (), "not one formclip knows"),
        (BOOT_OUT % "feather_bluefruit_sense", ("--board", "xiao"), "this is a feather"),
    ],
)
def test_wrong_drives_are_refused_in_one_line(tmp_path, boot_out, args, words):
    if boot_out is not None:
        (tmp_path / "boot_out.txt").write_text(boot_out)
    done = command(deploy_command, "--drive", tmp_path, *args)
    assert isinstance(done.exception, DeployError)
    assert words in str(done.exception) and "\n" not in str(done.exception)
    assert done.exception.next_step
    assert command(doctor_command, "--drive", tmp_path).exit_code == 7


def test_source_is_for_who_knows_that_it_does_not_run(drive):
    before = contents(drive)
    done = command(deploy_command, "--drive", drive, "--source")
    assert done.exit_code == 2 and "does not fit the memory" in done.output and "--experimental" in done.output
    assert contents(drive) == before


def test_read_only_drive_says_how(drive, monkeypatch):
    monkeypatch.setattr("formclip.firmware.drive.writable", lambda path: False)
    done = command(deploy_command, "--drive", drive)
    assert "hold the clip's button" in str(done.exception)


def test_too_full_a_drive_is_left_as_it_was(drive):
    (drive / "music.mp3").write_bytes(bytes(1_990_000))
    before = contents(drive)
    done = command(deploy_command, *SOURCE, "--drive", drive)
    assert isinstance(done.exception, DeployError) and "too little room" in str(done.exception)
    assert contents(drive) == before


def test_port_asks_the_board_to_let_the_computer_write():
    ours, theirs = pty.openpty()
    got = []

    def listen():
        data = b""
        while b"reset()\r\n" not in data:
            data += os.read(ours, 200)
        got.append(data)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    ask_for_the_drive(os.ttyname(theirs))
    thread.join(5)
    os.close(ours)
    assert got and got[0].startswith(b"\x03\x03") and b"m[64]=87;m[68]=0" in got[0]


def test_what_the_doctor_sees(drive):
    for _ in copy(drive, "xiao"):
        pass
    (drive / "app.py").write_text("x = 1\n")
    (drive / "hw" / "imu.py").unlink()
    (drive / "code.txt").write_text("")
    data = bytearray((drive / "formclip.log").read_bytes())
    data[:5] = FILE_MAGIC
    data[HOME_AT * 4096 :][:4] = b"FCL1"
    at = HOME_AT * 4096
    data[at : at + 4] = b"FCL1"
    (drive / "formclip.log").write_bytes(data)
    output = command(doctor_command, "--drive", drive).output
    for words in ("1 files are missing: /hw/imu.py", "1 files were changed: /app.py", "code.txt", "1 pages of the log"):
        assert words in output
    findings = json.loads(command(doctor_command, "--drive", drive, "--json").output)
    assert all(f["next_step"] for f in findings if not f["good"])
