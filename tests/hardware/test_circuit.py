"""The circuits: rules, pins of the firmware, sums; each rule is shown a circuit that breaks it."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.make import circuit, data, drive
from tests.conftest import REPO

CIRCUITS = data.circuits()


@pytest.mark.parametrize("name", CIRCUITS)
def test_nothing_is_wrong_with_it(name):
    assert circuit.complaints(CIRCUITS[name]) == []


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_sum_holds_but_the_known_ones(name):
    missed = {row.what for row in drive.sums(CIRCUITS[name]) if not row.good}
    assert missed <= drive.KNOWN
    assert len(drive.sums(CIRCUITS[name])) >= 10


def test_what_is_known_to_fail_is_told_on_the_page():
    page = (REPO / "hardware" / "circuit.md").read_text("utf-8")
    for what in drive.KNOWN:
        assert re.search(rf"^\| {what} \|.*\| \*\*no\*\* \|$", page, re.M)


def changed(name, **edits):
    """The circuit with nets or parts replaced."""
    found = CIRCUITS[name]
    return dataclasses.replace(found, **{key: {**getattr(found, key), **value} for key, value in edits.items()})


def without(name, net, pin):
    return changed(name, nets={net: tuple(other for other in CIRCUITS[name].nets[net] if other != pin)})


def turned_diode():
    nets = CIRCUITS["xiao"].nets
    swap = {"D1.K": "D1.A", "D1.A": "D1.K"}
    return changed("xiao", nets={net: tuple(swap.get(pin, pin) for pin in pins) for net, pins in nets.items()})


PARTS = data.parts()
BREAKS = [
    (without("xiao", "GATE", "R2.1"), "R2.1 is connected to nothing"),
    (without("xiao", "MOTOR", "D1.A"), "D1.A is connected to nothing"),
    (without("xiao", "DRIVE", "R1.1"), "joins nothing"),
    (turned_diode(), "wrong way round"),
    (changed("xiao", nets={"DRIVE": ("A1.D2", "R1.1")}), "MOTOR: nothing is soldered to A1.D1"),
    (changed("xiao", roles={"MOTOR": "A1.D2"}), "MOTOR is soldered to A1.D2, the firmware uses D1"),
    (changed("xiao", nets={"BUTTON": ("A1.D0", "SW1.1", "A1.D1")}), "is in net"),
    (changed("xiao", nets={"GATE": ("Q1.G", "R1.2"), "X": ("R2.1", "A1.D5")}), "no pull-down at the gate"),
    (changed("xiao", nets={"DRIVE": ("A1.D1", "R1.1", "A9.1")}), "there is no part A9"),
    (changed("xiao", nets={"DRIVE": ("A1.D1", "R1.3")}), "has no pin 3"),
    (changed("xiao-drv", nets={"3V3": ("A1.3V3", "U1.VIN", "U1.OUT+"), "OUT+": ("A1.D9", "M1.+")}), "drive one net"),
    (changed("xiao-drv", nets={"3V3": ("A1.D3", "U1.VIN")}), "wants power and gets none"),
    (changed("xiao-drv", roles={"HAPTIC_SDA": "A1.D6"}), "HAPTIC_SDA is soldered to A1.D6, the firmware uses D4"),
    (changed("feather-sox", roles={"IMU_INT": "A1.D6"}), "IMU_INT is soldered to A1.D6, the firmware uses D5"),
    (changed("xiao", nets={"GND": CIRCUITS["xiao"].nets["GND"] + ("A1.3V3",)}), "drives ground"),
]


@pytest.mark.parametrize(("broken", "what"), BREAKS, ids=[what for _, what in BREAKS])
def test_each_rule_can_fail(broken, what):
    assert any(what in text for text in circuit.complaints(broken)), circuit.complaints(broken)


WORSE = [
    ("xiao", {"BT1": {"charge_max_ma": 40}}, "charging"),
    ("xiao", {"M1": {"v_max_v": 3.6}}, "motor voltage"),
    ("xiao", {"Q1": {"vgs_th_max_v": 2.5}}, "gate, battery at its lowest"),
    ("xiao", {"Q1": {"rds_on_ohm_at_v": [[2.0, 9.0], [5.0, 7.5]]}}, "lost in the transistor, running"),
    ("xiao", {"D1": {"if_max_ma": 100}}, "diode, its share of the motor's current"),
    ("xiao", {"R2": {"ohm": 1_000_000}}, "gate while the board starts"),
    ("xiao", {"BT1": {"resistance_ohm": [1, 2, 3]}}, "3.3 V as the motor starts, battery at its lowest"),
    ("feather", {"BT1": {"charge_max_ma": 150}}, "charging"),
]


@pytest.mark.parametrize(("name", "limits", "what"), WORSE, ids=[what + " " + name for name, _, what in WORSE])
def test_each_sum_can_fail(name, limits, what):
    found = CIRCUITS[name]
    parts = {
        reference: dataclasses.replace(found.parts[reference], limits={**found.parts[reference].limits, **worse})
        for reference, worse in limits.items()
    }
    rows = {row.what: row for row in drive.sums(changed(name, parts=parts))}
    assert not rows[what].good


def test_a_driver_on_the_battery_fails_the_bus():
    """The breakout's pull-ups would lift SDA and SCL over what the chip stands."""
    found = changed("xiao-drv", nets={"3V3": ("A1.5V", "A1.D2"), "BAT+": ("A1.BAT+", "J1.+", "U1.VIN")})
    rows = {row.what: row for row in drive.sums(found)}
    assert not rows["SDA and SCL, pulled up to its supply"].good


@given(st.data())
def test_no_pin_of_a_perfboard_can_be_moved_or_lost(drawn):
    """A law of the check: take any part of the perfboard away or elsewhere and it complains."""
    name = drawn.draw(st.sampled_from([name for name, found in CIRCUITS.items() if found.stage]))
    found = CIRCUITS[name]
    stage = {key: value for key, value in found.stage.items()}
    links = list(stage["links"])
    k = drawn.draw(st.integers(0, len(links) - 1))
    holes = links[k].split()
    cut = drawn.draw(st.integers(1, len(holes) - 1))
    broken = [*links[:k], *(" ".join(piece) for piece in (holes[:cut], holes[cut:]) if len(piece) > 1), *links[k + 1 :]]
    used = {place: True for place in [*stage["at"].values(), *stage["wires"].values()]}
    inside = {"d1", "a1", "a3", "d3"} if "SW1.1" in stage["at"] else set()
    text = list(circuit.stage_complaints(dataclasses.replace(found, stage={**stage, "links": broken})))
    both = [any(hole in used for hole in piece) for piece in (holes[:cut], holes[cut:])]
    if all(both) and not set(holes) & inside:
        assert text, (links[k], cut)
    pin = drawn.draw(st.sampled_from(sorted(stage["at"])))
    other = drawn.draw(st.sampled_from(sorted(set(used) - {stage["at"][pin]})))
    moved = {**stage, "at": {**stage["at"], pin: other}}
    assert list(circuit.stage_complaints(dataclasses.replace(found, stage=moved)))


@pytest.mark.parametrize("name", CIRCUITS)
def test_dividers_are_those_that_the_firmware_reckons_with(name):
    found = CIRCUITS[name]
    limits = found.parts["A1"].limits
    source = (REPO / "device" / "boards" / f"{found.board.firmware}.py").read_text("utf-8")
    factor = float(re.search(r"BATTERY_FACTOR = ([\d.]+)", source)[1])
    top, bottom = limits["divider_top_ohm"], limits["divider_bottom_ohm"]
    assert factor == pytest.approx((top + bottom) / bottom, rel=1e-3)


def stub_of(firmware):
    """CircuitPython's own table of a board's pins: name -> chip's pin."""
    spec = importlib.util.find_spec("board_definitions")
    if spec is None:
        pytest.skip("circuitpython-stubs is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    path = next(path for path in folder.iterdir() if path.name.lower() == firmware) / "__init__.pyi"
    return dict(re.findall(r"^(\w+): microcontroller\.Pin  # (\w+)", path.read_text("utf-8"), re.M))


@pytest.mark.parametrize("name", CIRCUITS)
def test_pads_are_the_pins_that_circuitpython_means(name):
    """Other names of a pad are the same pin of the chip, and no two roles share one."""
    board = CIRCUITS[name].board
    pins = stub_of(board.firmware)
    for other, pad in board.names.items():
        assert pins[other] == pins[pad], (other, pad)
    roles = {role: pins[pin] for role, pin in circuit.pins_file(CIRCUITS[name]).items() if pin}
    for role, pin in roles.items():
        same = {other for other, its in roles.items() if its == pin} - {role}
        assert all(other.endswith(role[-4:]) for other in same), (role, same)  # IMU_SDA with HAPTIC_SDA


@pytest.mark.parametrize("name", CIRCUITS)
def test_settings_are_lines_that_the_firmware_reads(name):
    known = (REPO / "device" / "settings.toml").read_text("utf-8")
    for key, value in CIRCUITS[name].settings.items():
        assert f'{key} = "{value}"' in known
