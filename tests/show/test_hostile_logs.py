"""Any log that a clip could hand over, its CRCs right and its records anything: each command ends in order."""

import random
import struct

import pytest
from formclip.runs.store.store import Anchor, Store
from formclip.show import cli
from gaitcore import records
from gaitcore.pages import LogWriter

from tests.made_runs import log_of, put

COMMANDS = (
    ["sessions"], ["sessions", "--json"], ["show", "clip/1"], ["show", "clip/1", "--json"], ["store", "check"],
    ["export", "clip/1", "--fit", "--csv"], ["store", "rebuild"], ["trends"],
)  # fmt: skip


def hostile(seed):
    """Random records of every kind in whole pages: times that jump by weeks and back, fields and payloads anything."""
    draw, pages = random.Random(seed), bytearray()

    def sink(number, page, complete):
        if complete:
            pages[number * 4096 :] = page
        return True

    most = (1 << 32) - 1
    writer = LogWriter(sink, draw.choice((1, 0, most)), draw.choice((0, 3, most)), 4096, bytearray(4096))
    t_ms = 0
    for _ in range(draw.choice((0, 1, 3, 30, 200))):
        t_ms = (
            draw.choice((t_ms, t_ms + 340, t_ms + 350, draw.getrandbits(32), max(0, t_ms - 1000), t_ms + 10**8)) & most
        )
        if draw.random() < 0.6:
            record = bytes([128 | draw.getrandbits(7)]) + draw.randbytes(records.STEP_B - 1)
        else:
            tag = draw.randrange(1, 127)
            layout = records.FORMATS[tag] if tag < len(records.FORMATS) else "+"
            body = draw.randbytes(struct.calcsize("<" + layout.strip("<+")))
            body += draw.randbytes(draw.choice((0, 1, 20, 200)) if layout.endswith("+") or draw.random() < 0.1 else 0)
            record = struct.pack("<BBI", tag, len(body), t_ms) + body
        if writer._room(len(record)):
            page = writer._page
            page.buf[page.used : page.used + len(record)] = record
            page.used += len(record)
    writer.close()
    return bytes(pages)


def said(capsys, *words):
    code = cli.run([str(word) for word in words])
    out, err = capsys.readouterr()
    assert code != 1 and err.count("\n") <= 1 and "Traceback" not in err, (words, code, err)
    return out


@pytest.mark.parametrize("seed", range(16))
def test_no_log_breaks_a_command_or_hides_another_run(seed, capsys, tmp_path):
    store = Store(tmp_path / "store")
    store.know_clip("clip")
    store.add_anchor("clip", Anchor(3, 1000, 1_780_000_000, 60, "Europe/Vienna"))
    put(store, "clip", 1, hostile(seed), boot=random.Random(seed).choice((0, 3)))
    put(store, "clip", 2, log_of(30))
    for words in COMMANDS:
        more = ["-o", tmp_path / "out"] if words[0] == "export" else []
        out = said(capsys, *words, *more, "--store", store.folder)
        if words == ["sessions"]:
            assert "clip/1" in out and "clip/2" in out


@pytest.mark.parametrize("seed", [3, 19])
def test_a_report_of_any_log_is_drawn(seed, capsys, tmp_path):
    log = tmp_path / "a.fclog"
    log.write_bytes(hostile(seed))
    said(capsys, "report", log, "-o", tmp_path / "r.html")
