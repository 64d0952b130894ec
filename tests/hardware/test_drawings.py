"""The drawings show the circuits that were checked, and those that are committed are what the data draws."""

import dataclasses
import re
import xml.etree.ElementTree as ElementTree

import pytest

from hardware.make import data, schematic, wiring

CIRCUITS = data.circuits()


def nets_of(circuit):
    return sorted(sorted(pins) for pins in circuit.nets.values())


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_schematic_joins_what_the_netlist_joins(name):
    sheet = schematic.draw(CIRCUITS[name])
    assert sorted(sorted(pins) for pins in schematic.drawn_nets(sheet)) == nets_of(CIRCUITS[name])


def test_a_schematic_of_another_circuit_is_seen():
    """The comparison can fail: a dot on a crossing, and a wire that is not there."""
    sheet = schematic.draw(CIRCUITS["xiao-drv"])
    ground = sheet.at("A1.GND")[0] + 0.5
    sheet.dots.append((ground, sheet.at("A1.D4")[1]))
    drawn = sorted(sorted(pins) for pins in schematic.drawn_nets(sheet))
    assert drawn != nets_of(CIRCUITS["xiao-drv"])
    sheet = schematic.draw(CIRCUITS["xiao"])
    sheet.wires.pop()
    assert sorted(sorted(pins) for pins in schematic.drawn_nets(sheet)) != nets_of(CIRCUITS["xiao"])


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_schematic_names_every_part(name):
    text = (data.MADE / f"schematic-{name}.svg").read_text("utf-8")
    words = "".join(ElementTree.fromstring(text).itertext())
    for reference in CIRCUITS[name].parts:
        assert reference in words, reference
    assert text == schematic.svg(schematic.draw(CIRCUITS[name])), "make hardware writes it"


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_wires_join_what_the_netlist_joins(name):
    """With the perfboard's joints and the board's own copper the drawn wires make every net, and nothing else."""
    circuit = CIRCUITS[name]
    stage = circuit.stage
    for net, pins in circuit.nets.items():
        pieces = [set(pair) for pair in circuit.board.joined]
        pieces = [{f"A1.{pin}" for pin in pair} for pair in pieces]
        on_stage = {pin for pin in pins if pin in stage.get("at", {})}
        on_stage |= {f"stage {wire}" for wire in stage.get("wires", {}) if wire == net or wire in pins}
        pieces += [on_stage] + [{wire.start, wire.end} for wire in wiring.wires(circuit) if wire.net == net]
        whole = {pins[0]}
        for _ in pieces:
            for piece in pieces:
                whole |= piece if piece & whole else set()
        assert set(pins) <= whole, net
        other = {pin for others in circuit.nets.values() for pin in others} - set(pins)
        joined = {f"A1.{pin}" for pair in circuit.board.joined for pin in pair}  # one conductor on the board itself
        assert not whole & other - joined, net


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_picture_has_those_wires(name):
    circuit = CIRCUITS[name]
    text = (data.MADE / f"wiring-{name}.svg").read_text("utf-8")
    drawn = re.findall(r'data-net="([^"]+)" data-from="([^"]+)" data-to="([^"]+)"', text)
    assert drawn == [(wire.net, wire.start, wire.end) for wire in wiring.wires(circuit)]
    assert text == wiring.draw(circuit).drawing.svg(), "make hardware writes it"
    words = "".join(ElementTree.fromstring(text).itertext())
    for reference in circuit.stage.get("at", {}):
        assert reference.partition(".")[0] in words


def test_boards_are_mirrored():
    """Seen from the pads' side: D0 is left of the middle from the parts' side, so it is drawn on the right."""
    picture = wiring.draw(CIRCUITS["xiao"])
    pads = {pad.name: pad for pad in CIRCUITS["xiao"].board.pads}
    assert pads["D0"].x_mm < 0 < pads["5V"].x_mm
    assert picture.ends["A1.D0"].x > picture.ends["A1.5V"].x
    assert picture.ends["A1.D0"].y < picture.ends["A1.D6"].y
    assert picture.ends["stage M1.+"].x < picture.ends["stage DRIVE"].x  # column f left of a


def test_a_wire_less_is_seen():
    circuit = CIRCUITS["xiao"]
    nets = {**circuit.nets, "BUTTON": ("SW1.1", "A1.D5")}
    moved = dataclasses.replace(circuit, nets=nets)
    assert wiring.wires(moved) != wiring.wires(circuit)
