"""What the log holds, in words."""

import re

from formclip.ground import words
from gaitcore import drive, records

from tests.conftest import REPO


def test_every_error_code_has_words_and_its_row_in_the_firmwares_page():
    page = (REPO / "docs" / "design" / "firmware.md").read_text()
    table = {int(code) for code in re.findall(r"\| (\d+) \|$", page.split("## Faults")[1].split("\n## ")[0], re.M)}
    assert table == set(words.ERRORS)
    for code in table - {records.SAFE_MODE}:
        text = words.event_text(records.ERROR, (code, 3))
        assert text == words.ERRORS[code] + ", 3 times" and words.event_text(records.ERROR, (code, 1)) in text
    assert words.event_text(records.ERROR, (99, 1)) == "error 99"


def test_a_slip_of_none_is_one_that_is_over():
    assert words.event_text(records.SLIP, (12,)) == "the clip slipped by 12 deg"
    assert words.event_text(records.SLIP, (0,)) == "the clip is back where it was: tilt counts again"


def test_reasons_of_safe_mode_are_those_of_the_board_s_file():
    source = (REPO / "device" / "safemode.py").read_text("utf-8")
    names = re.search(r"for known in \((.*)\):", source).group(1).replace('"', "").split(", ")
    numbers = {name: number for number, name in enumerate(names, 1)}
    assert numbers["BROWNOUT"] == 1 and numbers["HARD_FAULT"] == 2 and numbers["SDK_FATAL_ERROR"] == 4
    clock = (REPO / "device" / "hw" / "clock.py").read_text("utf-8")
    assert f"BY_WATCHDOG = const({numbers['WATCHDOG']})" in clock
    assert set(words.SAFE_MODES) == set(numbers.values()) - {numbers["WATCHDOG"]}
    assert re.search(r"^_CHECK = (\w+)", source, re.M).group(1) in clock
    assert f"_GUARD_AT = {drive.GUARD_AT} " in source and "_AT = 65 " in source and "_SAFE = const(65)" in clock
    assert words.event_text(records.ERROR, (records.SAFE_MODE, 1)) == "restarted by itself: its supply dipped"
    assert words.event_text(records.ERROR, (records.SAFE_MODE, 7)) == "restarted by itself: safe mode, reason 7"
