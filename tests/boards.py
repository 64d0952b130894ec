"""What a board's drive and a checkout of CircuitPython look like, as far as `deploy`, `doctor` and `freeze` look."""

import shutil
import subprocess

import pytest
from formclip.firmware import bundle

BOARD_MK = 'USB_VID = 0x2886\nUSB_PRODUCT = "XIAO nRF52840 Sense"\n\nMCU_CHIP = nrf52840\n'
BOOT_OUT = (
    "Adafruit CircuitPython 10.2.1-dirty on 2026-06-01; a board with nRF52840\nBoard ID:Seeed_XIAO_nRF52840_Sense\n"
)


def git(folder, *args, check=True):
    """What git printed and how it ended; the test is skipped on a machine without git."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", str(folder), *who, *args], check=check, capture_output=True)


def make_checkout(folder):
    """A checkout of CircuitPython 10.2.1 with all the boards."""
    for name in ("ports/nordic/Makefile", "tools/preprocess_frozen_modules.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    for board_id in set(bundle.BOARD_IDS.values()):
        place = folder / "ports/nordic/boards" / board_id
        place.mkdir(parents=True)
        (place / "mpconfigboard.mk").write_text(BOARD_MK)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    git(folder, "tag", "10.2.1")
    return folder
