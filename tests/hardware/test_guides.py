"""The guides: the card shows every pattern as the firmware plays it; the table of faults names every fault."""

import random
import re
import subprocess
import sys

import pytest
from formclip.ground.words import PATTERNS
from formclip.show.cli import COMMANDS
from gaitcore.settings import TABLE, Settings

from hardware.make import card, data, drive, worn
from tests.conftest import REPO

WEAR = REPO / "docs" / "wear"
PAGES = sorted(WEAR.glob("*.md")) + sorted(data.HARDWARE.glob("*.md"))
MOMENTS = card.moments()
TIMES = {1: "once", 2: "twice", 4: "four times"}


def test_the_card_has_every_pattern_once():
    grouped = [name for _, group in card.GROUPS for name in group]
    assert sorted(grouped) == sorted(PATTERNS.values())
    assert (data.MADE / "card.svg").read_text("utf-8") == card.svg(), "make hardware writes it"
    assert (data.MADE / "worn.svg").read_text("utf-8") == worn.svg(), "make hardware writes it"


def test_bars_are_the_pulses():
    """As many bars as pulses, as long as these: read back from the picture."""
    text = card.svg()
    widths = [float(width) for width in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"[^>]*--pulse', text)]
    expected = [on_ms for _, group in card.GROUPS for name in group for on_ms, _, _ in MOMENTS[name].pulses]
    assert widths == pytest.approx([0.16 * on_ms for on_ms in expected], abs=0.06)


def test_the_table_of_faults_says_light_and_pulses_of_each():
    """Every pattern that shows red has its row, with its own blinks and pulses."""
    text = (WEAR / "faults.md").read_text("utf-8")
    rows = dict((name, cell) for cell, name in re.findall(r"^\| (.+?) <!-- (\w+) --> \|", text, re.M))
    red = {name for name, moment in MOMENTS.items() if moment.light.startswith("red")}
    assert set(rows) == red - {"STOP"}
    for name, cell in rows.items():
        blinks = int(MOMENTS[name].light.split()[1])
        assert cell.startswith(f"red {TIMES[blinks]}"), name
        assert card.words(MOMENTS[name]) in cell, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_settings_that_are_named_exist(page):
    text = page.read_text("utf-8")
    named = set(re.findall(r"(?:`|^    )formclip ([a-z][a-z-]+)", text, re.M))
    assert named <= set(COMMANDS), named - set(COMMANDS)
    settings = {TABLE[number][0] for number in range(len(TABLE))}
    for name, value in re.findall(r"formclip config set (\w+) (\w+)", text):
        assert name in settings, name
        Settings().set(name, int(value) if value.isdigit() else value)
    makefile = (REPO / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"(?:`|^    )make ([a-z][a-z-]*)", text, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_figures_of_the_guides_are_the_circuits():
    """Charging, the cell's least size, the low battery, the resistors that are measured before the cell goes in."""
    charge = (WEAR / "charge.md").read_text("utf-8")
    build = (WEAR / "build.md").read_text("utf-8")
    parts = data.parts()
    for board, cell in (("xiao", "cell-150"), ("feather", "cell-350")):
        ma = parts[board].limits["charge_ma"]
        hours = 1.3 * parts[cell].limits["capacity_mah"] / ma
        assert re.search(rf"about {hours:.0f} h from empty, at {ma} mA", charge), board
    assert f"{drive.setting('low_battery_mv')[0] / 1000} V (`low_battery_mv`)" in charge
    pull, series = parts["r-pull"].limits["ohm"], parts["r-gate"].limits["ohm"]
    assert f"about {(pull + series) / 1000:.1f} kΩ" in build
    assert f"charges with {parts['feather'].limits['charge_ma']} mA" in build
    assert parts["feather"].limits["charge_ma"] <= 250, "the least cell that build.md names"


@pytest.mark.parametrize("name", ["xiao", "feather"])
def test_the_steps_name_the_pads_of_the_circuit(name):
    build = (WEAR / "build.md").read_text("utf-8")
    found = data.circuit(name)
    for role, pin in found.roles.items():
        assert pin.partition(".")[2] in build, role
    stage = found.stage
    assert f"{stage['columns']} by {stage['rows']} holes" in build
    if name == "xiao":
        legs = ", ".join(stage["at"][pin] for pin in ("SW1.1", "SW1.1b", "SW1.2", "SW1.2b"))
        assert legs in build
        order = ", ".join(stage["at"][f"Q1.{pin}"][0] for pin in "SGD")
        assert f"S, G, D are {order}" in build
        assert f"D1's ring to column {stage['at']['D1.K'][0]}" in build


def test_the_first_start_goes_as_its_page_says(tmp_path):
    """Checks 2 and 7 to 10 on the virtual board: press, lie on the table, press, doctor; and a very long press."""
    rng = random.Random(1)
    trace = tmp_path / "table.imu.csv"
    rows = ["t_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_dps,gyr_y_dps,gyr_z_dps"]
    for k in range(208 * 27):
        acc = [f"{rng.gauss(mean, 0.002):.4f}" for mean in (0.01, -0.02, 1.0)]
        gyr = [f"{rng.gauss(mean, 0.07):.3f}" for mean in (0.5, -0.3, 0.1)]
        rows.append(",".join([f"{k / 208:.5f}", *acc, *gyr]))
    trace.write_text("\n".join(rows) + "\n", encoding="utf-8")
    formclip = [sys.executable, "-c", "from formclip.show.cli import main; main()"]
    pressed = ["--press", "2:short,15:short,19:very-long", "--out", str(tmp_path / "out")]
    run = subprocess.run(
        [*formclip, "virtual-clip", "--trace", str(trace), *pressed], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    felt, began = [], None
    for line in (tmp_path / "out" / "record.tsv").read_text("utf-8").splitlines():
        at_us, what, *value = line.split("\t")
        if what == "motor":
            level = int(value[0])
            if level and began is None:
                began = int(at_us)
            elif not level and began is not None:
                felt.append(((int(at_us) - began) / 1000, began / 1e6))
                began = None
    expected = [name for name in ("STAND", "CALIBRATED", "STOP", "STAND", "OFF")]
    told = [on_ms for name in expected for on_ms, _, _ in MOMENTS[name].pulses]
    assert [ms for ms, _ in felt] == pytest.approx(told, abs=40)
    page = (WEAR / "bringup.md").read_text("utf-8")
    for words in (
        "four short pulses and blue twice",
        "two short pulses and a long one, green twice",
        "long – short, red",
    ):
        assert words in page
    assert 11 <= felt[4][1] <= 14, "ten seconds on the table, as the page says"
    doctor = subprocess.run(
        [*formclip, "doctor", "--drive", str(tmp_path / "out" / "drive")], capture_output=True, text=True, check=False
    )
    assert doctor.returncode == 0, doctor.stdout
    assert all(line.startswith("ok ") for line in doctor.stdout.splitlines()), doctor.stdout
    assert "1 run has been kept" in doctor.stdout and "1 run has been kept" in page
