"""The README says what is: its table of patterns, its commands, its files, its figures."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from formclip.ground.words import PATTERNS
from formclip.lab.docs import api, formats
from gaitcore import patterns
from gaitcore.settings import Settings

REPO = Path(__file__).parent.parent
README = (REPO / "README.md").read_text(encoding="utf-8")
GROWS = {patterns.OVERSTRIDE: "overstride_pulse_ms", patterns.ARCH: "arch_pulse_ms", patterns.OK: "ok_pulse_ms"}
COLOURS = {1: "red", 2: "green", 4: "blue"}


def rows_of_patterns():
    table = README.split("What the motor says.")[1].split("\n## ")[0]
    return {row[0]: row[1:] for row in re.findall(r"^\| (.+?) \| `(.+?)` \| (.+?) \| <!-- (\w+) --> ?\|$", table, re.M)}


def led_of(pattern):
    """What the firmware's own `_play` shows: colour and number of blinks."""
    spec = importlib.util.spec_from_file_location("formclip_app", REPO / "device" / "app.py")
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    shown = []
    parts = SimpleNamespace(
        ticks_ms=lambda: 0,
        haptics=SimpleNamespace(play=lambda *_: 0),
        led=SimpleNamespace(show=lambda colour, blinks, *_: shown.append(f"{COLOURS[colour]} {blinks}")),
    )
    clip = SimpleNamespace(parts=parts, settings=Settings(), session=None, imu=None)
    app.App._play(clip, pattern, 100)
    return shown[0] if shown else "–"


def test_table_of_patterns_is_what_motor_and_led_do():
    told = {name: (pulses, led) for pulses, led, name in rows_of_patterns().values()}
    assert set(told) == set(PATTERNS.values())
    settings = Settings()
    for pattern, name in PATTERNS.items():
        pulse_ms = getattr(settings, GROWS[pattern]) if pattern in GROWS else 0
        pulses = [
            ("~" if pattern in (patterns.OVERSTRIDE, patterns.ARCH) else "") + str(on_ms)
            for on_ms, _, _ in patterns.sequence(pattern, pulse_ms, settings)
        ]
        assert told[name] == (" ".join(pulses), led_of(pattern)), name


def test_figures_are_those_of_the_pages_they_come_from():
    """Each row of the README's table names a page and quotes it word for word."""
    rows = re.findall(
        r"^\| (.+?) \| (.*?) \| (.+?) \| (.*?) ?\| \[\w+\]\((docs/\w+/\w+\.md)\) (?:<!-- [\w:/ ]+ --> )?\|$",
        README,
        re.M,
    )
    assert len(rows) >= 10
    for title, _, figure, _, page in rows:
        text = (REPO / page).read_text(encoding="utf-8")
        for number in re.findall(r"\d+(?:\.\d+)?", figure):
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", text), f"{title}: {number} is not in {page}"


@pytest.mark.parametrize("arguments", [["--help"], ["replay", "--help"], ["report", "--help"]])
def test_help_fits_eighty_columns(arguments):
    code = "from formclip.show.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_every_pinned_package_has_its_line():
    page = (REPO / "docs" / "design" / "dependencies.md").read_text(encoding="utf-8").lower()
    for name in ("run", "dev", "compare", "firmware", "radio", "lab", "fit", "case", "parquet", "cohort"):
        pins = (REPO / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for package in re.findall(r"^([A-Za-z0-9_.-]+)==", pins, re.M):
            short = package.lower().replace("adafruit-circuitpython-", "-")
            assert f"| {package.lower()}" in page or f", {short} |" in page, package


def test_pages_made_of_the_code_are_as_the_code_is():
    """Here, where every change passes: their docstrings and rows stand in many files."""
    lab = REPO / "docs" / "lab"
    calls = (lab / "api.md").read_text(encoding="utf-8")
    assert calls == api.page(), "run python -m formclip.lab.docs.api > docs/lab/api.md"
    truth = (lab / "trace-format.md").read_text(encoding="utf-8")
    assert truth == formats.with_tables(truth), "run python -m formclip.lab.docs.formats docs/lab/trace-format.md"
