"""A board's firmware as one file: read, refused, copied to a bootloader's drive, and what starts afterwards."""

import json
import os
import shutil
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from formclip.firmware import bundle, uf2
from formclip.firmware.drive import DeployError
from formclip.firmware.sources import libraries_here
from formclip.firmware.virtual import run as clip
from formclip.show.commands.deploy import deploy_command
from gaitcore.drive import GUARD_AT, LOG
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(not libraries_here(), reason="Adafruit's libraries are not installed: make setup")

BUILD = "0.1.0-89abcdef"
BOOTLOADER_ID = {board: board_id for board_id, board in uf2.BOOTLOADERS.items()}


def blocks_of(flash, family=uf2.NRF52840, address=0x27000, payload_b=256):
    """A UF2 file as CircuitPython's tools write it."""
    count = -(-len(flash) // payload_b)
    out = []
    for k in range(count):
        part = flash[k * payload_b : (k + 1) * payload_b].ljust(payload_b, b"\0")
        head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, address + k * payload_b, payload_b, k, count, family)
        out.append(head + part.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30))
    return b"".join(out)


def firmware(board="xiao", before_b=40_000):
    """What the flash of a board holds: program, and somewhere in it the board's id and the build."""
    mark = f"{bundle.FROZEN_MARK} {BUILD}".encode()
    noise = np.random.default_rng(1).integers(0, 256, before_b, dtype=np.uint8).tobytes()
    return noise + b"\0" + bundle.BOARD_IDS[board].encode() + b"\0" + noise[:777] + b"\0" + mark + b"\0" + noise[:9000]


class Board(threading.Thread):
    """A board at a computer: its bootloader's drive, and once all blocks are in it, its own drive."""

    def __init__(self, folder, board="xiao", has_boot=True, tells=None, takes=None):
        super().__init__(daemon=True)
        self.waiting, self.drive = folder / "XIAO-SENSE", folder / "CIRCUITPY"
        self.board, self.has_boot, self.tells, self.takes = board, has_boot, tells, takes
        self.flash = b""
        self.given_up = threading.Event()
        self.waiting.mkdir()
        (self.waiting / uf2.INFO).write_text(
            f"UF2 Bootloader 0.6.1\nModel: a board\nBoard-ID: {BOOTLOADER_ID[board]}\n"
        )

    def run(self):
        name = None
        while not self.given_up.is_set():
            name = next((p for p in self.waiting.iterdir() if p.suffix == ".uf2"), name)
            got = name.read_bytes() if name else b""
            count = struct.unpack_from("<I", got, 24)[0] if len(got) >= 512 else None
            if count is not None and len(got) == 512 * count:
                break
            self.given_up.wait(0.01)
        else:
            return
        self.flash = uf2.payload(got, name)
        shutil.rmtree(self.waiting)
        self.boots()

    def boots(self):
        self.drive.mkdir(exist_ok=True)
        said = f"Adafruit CircuitPython 10.2.1 on 2026-06-01; a board\nBoard ID:{bundle.BOARD_IDS[self.board]}\n"
        if self.has_boot:
            found = self.tells or uf2._BUILD.search(self.flash).group(1).decode()
            said += f"boot.py output:\n{bundle.FROZEN_MARK} {found}\n"
        (self.drive / "boot_out.txt.part").write_text(said)
        os.replace(self.drive / "boot_out.txt.part", self.drive / "boot_out.txt")


@pytest.fixture
def board_of(tmp_path):
    made = []

    def make(**kwargs):
        board = Board(tmp_path, **kwargs)
        made.append(board)
        return board

    yield make
    for board in made:
        board.given_up.set()
        if board.ident is not None:
            board.join()


def deploy(file, board, *more):
    where = ("--uf2", file, "--bootloader", board.waiting, "--drive", board.drive)
    return CliRunner().invoke(deploy_command, [str(a) for a in (*where, "--wait", "2", *more)])


def file_in(folder, data, name="formclip.uf2"):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("board", list(bundle.BOARDS))
def test_a_file_goes_onto_the_board_and_the_board_tells_of_it(tmp_path, board_of, board):
    flash = firmware(board)
    there = board_of(board=board)
    there.start()
    done = deploy(file_in(tmp_path, blocks_of(flash)), there, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told == {"drive": str(there.drive), "board": board, "circuitpython": "10.2.1", "build": BUILD, "file": BUILD}
    assert there.flash.startswith(flash)


def test_on_a_new_board_deploy_is_the_next_step(tmp_path, board_of):
    there = board_of(has_boot=False)
    there.start()
    done = deploy(file_in(tmp_path, blocks_of(firmware())), there)
    assert done.exit_code == 0 and "run `formclip deploy`" in done.output


def test_another_build_than_the_file_s_is_told(tmp_path, board_of):
    there = board_of(tells="0.0.9-deadbeef")
    there.start()
    done = deploy(file_in(tmp_path, blocks_of(firmware())), there)
    assert isinstance(done.exception, DeployError) and done.exception.exit_code == 6
    assert "tells of formclip 0.0.9-deadbeef" in str(done.exception)


def test_a_board_that_does_not_come_back_is_told(tmp_path, board_of):
    there = board_of()
    there.boots = lambda: None
    there.start()
    done = deploy(file_in(tmp_path, blocks_of(firmware())), there)
    assert isinstance(done.exception, DeployError) and "boot_out.txt" in str(done.exception)


def test_the_file_of_another_board_is_not_copied(tmp_path, board_of):
    there = board_of(board="feather")
    done = deploy(file_in(tmp_path, blocks_of(firmware("xiao"))), there)
    assert "the file is for a xiao, and a feather waits" in str(done.exception)
    assert [p.name for p in there.waiting.iterdir()] == [uf2.INFO]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "no whole UF2 file"),
        (blocks_of(firmware())[:-100], "no whole UF2 file"),
        (blocks_of(firmware())[:-512], "says it is 0 of"),
        (blocks_of(firmware())[512:], "says it is 1 of"),
        (blocks_of(firmware(), family=0xE48BFF56), "another chip"),
        (blocks_of(bytes(3000)), "no board that formclip knows"),
        (blocks_of(b"\0Seeed_XIAO_nRF52840_Sense\0"), "holds no formclip"),
    ],
)
def test_what_is_no_firmware_is_refused_in_one_line(tmp_path, board_of, data, words):
    there = board_of()
    done = deploy(file_in(tmp_path, data), there)
    assert isinstance(done.exception, DeployError) and words in str(done.exception)
    assert "\n" not in str(done.exception) and [p.name for p in there.waiting.iterdir()] == [uf2.INFO]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_bytes_are_a_file_or_a_typed_refusal(data):
    whole = blocks_of(firmware(before_b=600))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(whole) - 1))
        cut = data.draw(st.binary(min_size=1, max_size=40))
        whole = whole[:at] + cut + whole[at + len(cut) :]
    else:
        whole = data.draw(st.binary(max_size=1200))
    try:
        assert uf2.payload(whole, Path("x"))
    except DeployError as refused:
        assert refused.next_step


def test_a_drive_that_is_none_of_a_bootloader_is_refused(tmp_path):
    file = file_in(tmp_path, blocks_of(firmware()))
    done = CliRunner().invoke(deploy_command, ["--uf2", str(file), "--bootloader", str(tmp_path)])
    assert f"no {uf2.INFO}" in str(done.exception)


def test_the_build_stands_in_one_text_in_what_is_frozen():
    """So that it is found in the file of the whole firmware."""
    whole = bundle.frozen()
    assert uf2._BUILD.search(whole.modules[bundle.BUILD]).group(1).decode() == whole.build


# -- runs that were not synced -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_a_run(tmp_path_factory):
    """The log file of a clip that has recorded one run."""
    out = tmp_path_factory.mktemp("clip")
    clip.run_clip(out, press=[(1.5, "short"), (6.0, "short"), (9.0, "very-long")], seconds=12.0)
    return out / "drive" / LOG.strip("/")


def test_runs_that_were_not_synced_are_found(tmp_path, with_a_run):
    assert uf2.runs_on(tmp_path) == []
    shutil.copyfile(with_a_run, tmp_path / "formclip.log")
    before = (tmp_path / "formclip.log").read_bytes()
    assert uf2.runs_on(tmp_path) == [1]
    assert (tmp_path / "formclip.log").read_bytes() == before
    (tmp_path / "formclip.log").write_bytes(bytes(300_000))
    assert uf2.runs_on(tmp_path) == []


def test_it_refuses_while_runs_are_left_and_force_goes_on(tmp_path, board_of, with_a_run):
    there = board_of()
    there.flash = firmware()
    there.boots()
    shutil.copyfile(with_a_run, there.drive / "formclip.log")
    image = uf2.read(file_in(tmp_path, blocks_of(firmware())))
    shutil.move(there.waiting, tmp_path / "away")
    with pytest.raises(DeployError, match="1 runs on it were not synced; run `formclip sync` first"):
        uf2.install(image, there.drive, wait_s=0.1)
    with pytest.raises(DeployError, match="no board waited"):  # it would go on
        uf2.install(image, there.drive, wait_s=0.1, force=True)


def test_another_board_s_file_is_refused_before_anything_restarts(tmp_path, board_of):
    there = board_of(board="feather")
    there.flash = firmware("feather")
    there.boots()
    image = uf2.read(file_in(tmp_path, blocks_of(firmware("xiao"))))
    with pytest.raises(DeployError, match="the file is for a xiao, and this is a feather"):
        uf2.install(image, there.drive, port=str(tmp_path / "console"), wait_s=0.1)
    assert not (tmp_path / "console").exists()


def test_the_console_gets_the_board_to_its_bootloader(tmp_path, board_of):
    there = board_of()
    there.flash = firmware()
    there.boots()
    console = tmp_path / "console"
    console.touch()
    image = uf2.read(file_in(tmp_path, blocks_of(firmware())))
    with pytest.raises(DeployError, match="no board waited"):
        uf2.install(image, there.drive, port=str(console), wait_s=0.1)
    said = console.read_bytes().decode()
    assert said.startswith("\x03\x03\r\n") and said.rstrip().endswith("microcontroller.reset()")
    assert "RunMode.UF2" in said and f"alarm.sleep_memory[{GUARD_AT}]=0" in said
    compile(said.strip("\x03\r\n"), "console", "exec")
