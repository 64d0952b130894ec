"""What the log holds, in words."""

import re

from formclip.ground import words
from gaitcore import records

from tests.conftest import REPO


def test_every_error_code_has_words_and_its_row_in_the_firmwares_page():
    page = (REPO / "docs" / "design" / "firmware.md").read_text()
    table = {int(code) for code in re.findall(r"\| (\d+) \|$", page.split("## Faults")[1].split("\n## ")[0], re.M)}
    assert table == set(words.ERRORS)
    for code in table:
        text = words.event_text(records.ERROR, (code, 3))
        assert text == words.ERRORS[code] + ", 3 times" and words.event_text(records.ERROR, (code, 1)) in text
    assert words.event_text(records.ERROR, (99, 1)) == "error 99"
