"""The circuit as a schematic, by schemdraw: symbols at set places, joined by wires.

What the wires join is reckoned from the points that were drawn (`drawn_nets`), and a test compares that with the
netlist: the picture can't show another circuit than the one that was checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import schemdraw
import schemdraw.elements as elm

from hardware.make.data import MADE, Circuit, circuits
from hardware.make.svg import style

Point = tuple[float, float]
MARGIN = 24
TOP, BOTTOM = 9.0, -1.0  # the rails BAT+ and ground


@dataclass
class Sheet:
    """What was drawn: where each pin is, and which points the wires go through."""

    circuit: Circuit
    drawing: Any
    pins: dict[str, Point] = field(default_factory=dict)
    wires: list[list[Point]] = field(default_factory=list)
    dots: list[Point] = field(default_factory=list)

    def label(self, reference: str) -> str:
        part = self.circuit.parts[reference]
        short = {"r-gate": "100 Ω", "r-pull": "10 kΩ", "c-bulk": "10 µF", "c-fast": "100 nF"}
        return f"{reference}\n{short.get(part.id, part.number)}"

    def place(self, reference: str, element: Any, pins: dict[str, str]) -> Any:
        """A symbol; pins: the part's pin -> the symbol's anchor."""
        found = self.drawing.add(element)
        for pin, anchor in pins.items():
            x, y = found.absanchors[anchor]
            self.pins[f"{reference}.{pin}"] = (round(float(x), 3), round(float(y), 3))
        return found

    def two(self, reference: str, kind: Any, a: Point, b: Point, pins: tuple[str, str], **look: Any) -> None:
        """A symbol with two ends between two points."""
        element = kind().at(a).to(b).label(self.label(reference), fontsize=10, **look)
        self.place(reference, element, {pins[0]: "start", pins[1]: "end"})
        if kind is elm.Motor:
            x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            self.drawing.add(elm.Label().at((x, y - 0.12)).label("M", fontsize=11))
            self.drawing.add(elm.Label().at((x + 0.35, y + 0.75)).label("+", fontsize=11))

    def box(self, reference: str, title: str, at: Point, size: Point, left: list[str], right: list[str]) -> None:
        """A block with named pins; at: its lower left corner."""
        pins, anchors = [], {}
        sides: tuple[tuple[Literal["left", "right"], list[str]], ...] = (("left", left), ("right", right))
        for side, names in sides:
            for k, name in enumerate(names):
                anchor = f"{side}{k}"
                slot = f"{len(names) - k}/{len(names)}"
                pins.append(elm.IcPin(name=name, side=side, slot=slot, anchorname=anchor))
                anchors[name] = anchor
        block = elm.Ic(pins=pins, size=size, lblsize=10).theta(0).at(at).label(title, fontsize=11)
        self.place(reference, block, anchors)

    def wire(self, *points: Point | str) -> None:
        """A wire through points; a name is that pin."""
        path = [self.pins[point] if isinstance(point, str) else point for point in points]
        path = [(round(x, 3), round(y, 3)) for x, y in path]
        for a, b in zip(path, path[1:]):
            assert a[0] == b[0] or a[1] == b[1], (a, b)
            self.drawing.add(elm.Line().at(a).to(b))
        self.wires.append(path)

    def dot(self, *points: Point) -> None:
        for point in points:
            self.drawing.add(elm.Dot(radius=0.09).at(point))
            self.dots.append((round(point[0], 3), round(point[1], 3)))

    def at(self, pin: str) -> Point:
        return self.pins[pin]


def _on(point: Point, a: Point, b: Point) -> bool:
    return (
        min(a[0], b[0]) - 1e-3 <= point[0] <= max(a[0], b[0]) + 1e-3
        and min(a[1], b[1]) - 1e-3 <= point[1] <= max(a[1], b[1]) + 1e-3
    )


def drawn_nets(sheet: Sheet) -> list[set[str]]:
    """The pins that the drawn wires join: at their ends, at a pin, and at a dot; a mere crossing joins nothing."""
    groups: list[tuple[set[str], list[list[Point]]]] = []
    for path in sheet.wires:
        pins = {pin for pin, at in sheet.pins.items() if any(_on(at, a, b) for a, b in zip(path, path[1:]))}
        groups.append((pins, [path]))

    def meet(one: list[Point], other: list[Point]) -> bool:
        spots = [*sheet.dots, one[0], one[-1], other[0], other[-1]]
        return any(
            any(_on(spot, a, b) for a, b in zip(one, one[1:]))
            and any(_on(spot, a, b) for a, b in zip(other, other[1:]))
            for spot in spots
        )

    joined = True
    while joined:
        joined = False
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                if groups[i][0] & groups[j][0] or any(meet(a, b) for a in groups[i][1] for b in groups[j][1]):
                    groups[i] = (groups[i][0] | groups[j][0], groups[i][1] + groups[j][1])
                    del groups[j]
                    joined = True
                    break
            if joined:
                break
    return [pins for pins, _ in groups if pins]


def draw(circuit: Circuit) -> Sheet:
    schemdraw.use("svg")
    schemdraw.svgconfig.text = "text"
    drawing = schemdraw.Drawing(show=False)
    drawing.config(fontsize=10, font="DejaVu Sans", lw=1.4, color="black")
    sheet = Sheet(circuit, drawing)
    if "J1" in circuit.parts:
        _xiao(sheet)
    else:
        _feather(sheet)
    if "Q1" in circuit.parts:
        _stage(sheet)
    else:
        _drv(sheet)
    return sheet


HIGH = 7.5  # of the board's block; its pins stand evenly between half a unit from its ends


def _beside(names: int, of: int) -> float:
    """Height of a block with so many pins that each stands level with one of the board's lowest."""
    return (names - 1) * (HIGH - 1) / (of - 1) + 1


def _xiao(sheet: Sheet) -> None:
    coin = "Q1" in sheet.circuit.parts
    right = ["BAT+", "D1", "GND", "BAT-"] if coin else ["BAT+", "BAT-", "3V3", "D4", "D5", "GND"]
    sheet.box("A1", "A1\nXIAO nRF52840\nSense", (0, 0.5), (4.6, HIGH), ["D0"], right)
    sheet.box("J1", "J1", (-8, 2.8), (1.8, 2.6), ["cell+", "cell-"], ["+", "-"])
    up, down = sheet.at("J1.cell+"), sheet.at("J1.cell-")
    sheet.two("BT1", elm.BatteryCell, (-11.8, up[1]), (-11.8, down[1]), ("+", "-"), loc="bottom")
    sheet.wire("BT1.+", "J1.cell+")
    sheet.wire("BT1.-", "J1.cell-")
    bat, ground, minus = sheet.at("A1.BAT+"), sheet.at("A1.GND"), sheet.at("A1.BAT-")
    x = bat[0] + 0.5
    sheet.wire("J1.+", (-4.9, sheet.at("J1.+")[1]), (-4.9, TOP), (x, TOP), (x, bat[1]), "A1.BAT+")
    last = "A1.GND" if ground[1] > minus[1] else "A1.BAT-"
    sheet.wire("J1.-", (-4.9, sheet.at("J1.-")[1]), (-4.9, BOTTOM), (x, BOTTOM), (x, sheet.at(last)[1]), last)
    other = "A1.BAT-" if last == "A1.GND" else "A1.GND"
    sheet.wire(other, (x, sheet.at(other)[1]))
    sheet.dot((x, sheet.at(other)[1]))
    button = sheet.at("A1.D0")
    sheet.two("SW1", elm.Button, (-1.6, button[1]), (-1.6, BOTTOM), ("1", "2"), loc="top")
    sheet.wire("A1.D0", "SW1.1")
    sheet.wire((x, BOTTOM), "SW1.2")
    sheet.dot((-1.6, BOTTOM))


def _feather(sheet: Sheet) -> None:
    sox = "U1" in sheet.circuit.parts
    right = ["BAT", "D9", "3V", "SDA", "SCL", "D5", "GND"] if sox else ["BAT", "D9", "GND"]
    title = "A1\nFeather\nnRF52840\n" + ("Express" if sox else "Sense")
    sheet.box("A1", title, (0, 0.5), (4.6, HIGH), ["BAT+", "BAT-"], right)
    up, down = sheet.at("A1.BAT+"), sheet.at("A1.BAT-")
    sheet.two("BT1", elm.BatteryCell, (-4, up[1]), (-4, down[1]), ("+", "-"), loc="bottom")
    sheet.wire("BT1.+", "A1.BAT+")
    sheet.wire("BT1.-", "A1.BAT-")
    bat, ground = sheet.at("A1.BAT"), sheet.at("A1.GND")
    x = bat[0] + 0.5
    sheet.wire("A1.BAT", (x, bat[1]), (x, TOP))
    sheet.wire("A1.GND", (x, ground[1]), (x, BOTTOM))
    if sox:
        names = ["VIN", "SDA", "SCL", "INT1", "GND"]
        sheet.box("U1", "U1\nLSM6DSOX", (7.4, 0.5), (4.6, _beside(5, 7)), names, [])
        for pin, other in zip(("3V", "SDA", "SCL", "D5", "GND"), names):
            sheet.wire(f"A1.{pin}", f"U1.{other}")
        sheet.dot((x, ground[1]))


def _stage(sheet: Sheet) -> None:
    """Transistor, its resistors, diode and capacitors, right of the board."""
    pin = "A1.D1" if "J1" in sheet.circuit.parts else "A1.D9"
    far = "U1" in sheet.circuit.parts
    x = 14.5 if far else 10.0
    drive = sheet.at(pin)
    gate_y = 2.2
    node = (x, gate_y)
    sheet.two("R1", elm.Resistor, (x - 3, drive[1]), (x, drive[1]), ("1", "2"), loc="top")
    sheet.wire(pin, "R1.1")
    sheet.wire("R1.2", node)
    sheet.two("R2", elm.Resistor, node, (x, BOTTOM), ("1", "2"), loc="top")
    fet = (
        elm.NFet(bulk=False)
        .theta(0)
        .reverse()
        .at((x + 1.2, gate_y))
        .anchor("gate")
        .label(sheet.label("Q1"), "right", fontsize=10)
    )
    sheet.place("Q1", fet, {"G": "gate", "D": "drain", "S": "source"})
    sheet.wire(node, "Q1.G")
    sheet.dot(node)
    drain, source = sheet.at("Q1.D"), sheet.at("Q1.S")
    sheet.wire("Q1.S", (source[0], BOTTOM))
    motor = (drain[0], 4.6)
    sheet.wire("Q1.D", motor)
    sheet.two("M1", elm.Motor, (motor[0], TOP), motor, ("+", "-"), loc="top")
    right = motor[0] + 3.2
    sheet.two("D1", elm.Diode, (right, motor[1]), (right, TOP), ("A", "K"), loc="bottom")
    sheet.wire(motor, "D1.A")
    sheet.dot(motor)
    ends = []
    for k, name in enumerate(("C1", "C2")):
        at = right + 3.2 + 2.6 * k
        sheet.two(name, elm.Capacitor, (at, TOP), (at, BOTTOM), ("1", "2"), loc="bottom")
        ends.append(at)
    first = sheet.at("A1.BAT+")[0] + 0.5 if "J1" in sheet.circuit.parts else sheet.at("A1.BAT")[0] + 0.5
    sheet.wire((first, TOP), (ends[-1], TOP))
    sheet.wire((first, BOTTOM), (ends[-1], BOTTOM))
    sheet.dot((motor[0], TOP), (right, TOP), (ends[0], TOP))
    sheet.dot((x, BOTTOM), (source[0], BOTTOM), (ends[0], BOTTOM))
    if "J1" in sheet.circuit.parts:
        sheet.dot((first, TOP), (first, BOTTOM))


def _drv(sheet: Sheet) -> None:
    names = ["VIN", "SDA", "SCL", "GND"]
    sheet.box("U1", "U1\nDRV2605L", (8.4, 0.5), (3.4, _beside(4, 6)), names, ["OUT+", "OUT-"])
    for pin, other in zip(("3V3", "D4", "D5", "GND"), names):
        sheet.wire(f"A1.{pin}", f"U1.{other}")
    sheet.dot((sheet.at("A1.GND")[0] + 0.5, sheet.at("A1.GND")[1]))
    up, down = sheet.at("U1.OUT+"), sheet.at("U1.OUT-")
    sheet.two("M1", elm.Motor, (14.4, up[1]), (14.4, down[1]), ("+", "-"), loc="bottom")
    sheet.wire("U1.OUT+", "M1.+")
    sheet.wire("U1.OUT-", "M1.-")


def svg(sheet: Sheet) -> str:
    """The picture, in light and dark by one file."""
    text = sheet.drawing.get_imagedata("svg").decode()
    text = re.sub(r"<style.*?</style>", "", text, flags=re.S)
    text = re.sub(r"(?<![\w-])black(?![\w-])", "currentColor", text)
    head, rest = text.split(">", 1)
    x, y, w, h = (float(number) for number in re.search(r'viewBox="([^"]+)"', head)[1].split())  # type: ignore[index]
    x, y, w, h = x - MARGIN, y - MARGIN, w + 2 * MARGIN, h + 2 * MARGIN  # the labels' widths are not counted in
    head = '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
    head += f'width="{w:.0f}" height="{h:.0f}" viewBox="{x:.1f} {y:.1f} {w:.1f} {h:.1f}"'
    title = f"<title>Circuit {sheet.circuit.id}</title>"
    return f"{head}>\n{title}\n{style({})}{rest}\n"


def write() -> None:
    for name, circuit in circuits().items():
        (MADE / f"schematic-{name}.svg").write_text(svg(draw(circuit)), encoding="utf-8")
