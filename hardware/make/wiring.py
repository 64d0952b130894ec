"""The wiring as a person with a soldering iron sees it: boards from their pads' side, each wire in its colour.

Seen from the pads' side everything is mirrored, left and right. The perfboard is drawn a second time from the side of
the parts, for putting them in. All of it is drawn of the circuit's data: no wire is named here.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware.make.circuit import place
from hardware.make.data import MADE, Circuit, circuits
from hardware.make.svg import Drawing

WIRES = {
    "black": ("#30343a", "#9aa3ad"),
    "red": ("#d2232a", "#ff5a5f"),
    "blue": ("#1f5fbf", "#5c9dff"),
    "green": ("#1c7c3c", "#4cc474"),
    "yellow": ("#c79500", "#f0c23c"),
    "white": ("#8a57c2", "#b893ee"),  # drawn violet: white does not show on paper
}
COLOURS = {
    **{f"wire-{name}": pair for name, pair in WIRES.items()},
    "board": ("#dfe9e0", "#24352a"),
    "blank": ("#efe3c8", "#3b3322"),
    "copper": ("#c08a3e", "#d6a057"),
    "joint": ("#7c838c", "#b4bbc4"),
    "metal": ("#c9ced4", "#4a5058"),
    "cell": ("#dbe7f5", "#22303f"),
}
SCALE = 13.0  # px a mm
FINE = 19.0  # the same of the perfboard, which is drawn larger
HOLE = 2.54 * FINE


@dataclass(frozen=True)
class End:
    """Where a wire ends: px, and the way in which it leaves (unit steps)."""

    x: float
    y: float
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True)
class Wire:
    """One wire of a net between two named places."""

    net: str
    start: str
    end: str


def wires(circuit: Circuit) -> list[Wire]:
    """Each net's wires: from its pad of the board to each other place; between two places where the board has none.

    A place is a pin, or `stage NAME` for a hole of the perfboard. Of two pads of one net the cell's lead takes the
    battery's, all others the other.
    """
    found = []
    stage = circuit.stage
    for net, pins in circuit.nets.items():
        pads = [pin for pin in pins if pin.startswith("A1.")]
        others = [pin for pin in pins if pin not in pads and pin not in stage.get("at", {})]
        holes = [name for name in stage.get("wires", {}) if name == net]
        for name in stage.get("wires", {}):
            if name in pins:
                found.append(Wire(net, f"stage {name}", name))
                others.remove(name)
        places = [*(f"stage {name}" for name in holes), *others]
        if not pads:
            found += [Wire(net, places[0], other) for other in places[1:]]
            continue
        for other in places:
            wants_battery = other.startswith(("J1.", "BT1."))
            battery = [pad for pad in pads if pad.startswith("A1.BAT")]
            rest = [pad for pad in pads if pad not in battery]
            mine = (battery or rest) if wants_battery else (rest or battery)
            found.append(Wire(net, mine[0], other))
    return found


class Picture:
    """One circuit's wiring; `ends` is where each place was drawn."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.ends: dict[str, End] = {}
        board_h = circuit.board.outline_mm[1] * SCALE
        below = 120 if circuit.stage and "U1" in circuit.parts else 0  # the breakout's wires pass above cell and motor
        self.height = max(760.0, board_h + 110) + below
        self.drawing = Drawing(1240, self.height, f"Wiring {circuit.id}, seen from the pads' side", COLOURS)

    # -- things ---------------------------------------------------------------------------------------------------

    def board(self, x: float, y: float) -> None:
        """The board from its pads' side, USB up; x, y: its upper left corner."""
        board, draw = self.circuit.board, self.drawing
        w, h = board.outline_mm[0] * SCALE, board.outline_mm[1] * SCALE
        used = {pin.partition(".")[2] for pins in self.circuit.nets.values() for pin in pins if pin.startswith("A1.")}
        usb = board.usb
        draw.rect(
            x + w / 2 - usb["width_mm"] * SCALE / 2,
            y - usb["out_mm"] * SCALE,
            usb["width_mm"] * SCALE,
            usb["depth_mm"] * SCALE,
            6,
            fill="var(--metal)",
            stroke="currentColor",
        )
        draw.rect(x, y, w, h, 10, fill="var(--board)", stroke="currentColor", stroke_width=1.5)
        draw.text(x + w / 2, y - usb["out_mm"] * SCALE - 8, f"{usb['name']} (on the other side)", 12)
        draw.text(x + w / 2, y + h + 20, board.title + ", back", 13, font_weight="bold")
        for pad in board.pads:
            px, py = x + w / 2 - pad.x_mm * SCALE, y + h / 2 - pad.y_mm * SCALE
            right = px > x + w / 2
            fill = "var(--copper)" if pad.name in used else "var(--metal)"
            weight = "bold" if pad.name in used else "normal"
            if pad.at_edge:
                draw.circle(px, py, 0.85 * SCALE, fill=fill, stroke="currentColor", stroke_width=0.8)
                draw.circle(px, py, 0.4 * SCALE, fill="var(--paper)")
                out = 1 if right else -1
                look: dict[str, object] = {"font_weight": "bold"} if pad.name in used else {"fill": "var(--faint)"}
                if right and pad.name in used:
                    draw.text(px - 17, py + 4, pad.name, 12, "end", **look)
                else:
                    draw.text(px + 24 * out, py + 4, pad.name, 11, "start" if right else "end", **look)
                self.ends[f"A1.{pad.name}"] = End(px, py, 1, 0)  # wires run to the right, over the board's back
            else:
                pw, ph = pad.w_mm * SCALE, pad.h_mm * SCALE
                draw.rect(px - pw / 2, py - ph / 2, pw, ph, 3, fill=fill, stroke="currentColor", stroke_width=0.8)
                draw.text(px - pw / 2 - 5, py + 4, pad.name, 11, "end", font_weight=weight)
                self.ends[f"A1.{pad.name}"] = End(px, py, 0, 0)
        if board.socket:
            sx, sy = x + w / 2 - board.socket["x_mm"] * SCALE, y + h / 2 - board.socket["y_mm"] * SCALE
            draw.rect(sx - 52, sy - 40, 104, 80, 4, fill="none", stroke="currentColor", stroke_dasharray="4 3")
            draw.text(sx, sy + 4, "JST socket", 11)
            draw.text(sx, sy + 18, "(other side)", 10)
            self.ends[f"A1.{board.socket['plus']}"] = End(sx + 52, sy - 22, 1, 0)
            self.ends[f"A1.{board.socket['minus']}"] = End(sx + 52, sy + 22, 1, 0)

    def stage(self, x: float, y: float, from_pads: bool) -> None:
        """The perfboard; from the pads' side mirrored, with its joints, else with its parts."""
        stage, draw = self.circuit.stage, self.drawing
        columns, rows = stage["columns"], stage["rows"]
        w, h = columns * HOLE, rows * HOLE
        draw.rect(x, y, w, h, 3, fill="var(--blank)", stroke="currentColor", stroke_width=1.5)

        def spot(hole: str) -> tuple[float, float]:
            column, row = place(hole)
            column = columns - 1 - column if from_pads else column
            return x + (column + 0.5) * HOLE, y + (row + 0.5) * HOLE

        for column in range(columns):
            name = chr(ord("a") + column)
            draw.text(spot(f"{name}1")[0], y - 6, name, 11, fill="var(--faint)")
        for row in range(rows):
            draw.text(x - 10, spot(f"a{row + 1}")[1] + 4, str(row + 1), 11, fill="var(--faint)")
        for column in range(columns):
            for row in range(rows):
                px, py = spot(f"{chr(ord('a') + column)}{row + 1}")
                if from_pads:
                    draw.circle(px, py, 15, fill="var(--copper)", opacity=0.45)
                draw.circle(px, py, 4, fill="var(--paper)", stroke="var(--faint)", stroke_width=0.6)
        side = "pads' side: the joints" if from_pads else "parts' side: the parts"
        draw.text(x + w / 2, y - 26, f"perfboard, {side}", 13, font_weight="bold")
        if from_pads:
            for link in stage["links"]:
                path = "L".join(f"{px:.1f} {py:.1f}" for px, py in map(spot, link.split()))
                look = {"stroke_width": 8, "stroke_linecap": "round", "stroke_linejoin": "round"}
                draw.path("M" + path, fill="none", stroke="var(--joint)", **look)
            for pin, hole in stage["at"].items():
                px, py = spot(hole)
                draw.circle(px, py, 6, fill="var(--joint)", stroke="currentColor", stroke_width=0.8)
                name = pin.removesuffix("b") if pin.startswith("SW") else pin
                draw.text(px + 8, py - 9, name, 10, "start")
        else:
            self._bodies(spot)
        for name, hole in stage["wires"].items():
            px, py = spot(hole)
            if from_pads:
                self.ends[f"stage {name}"] = End(px, py, *self._way(px, py, x, y, w, h))
            net = name if name in self.circuit.nets else self.circuit.net_of(name)
            colour = f"var(--wire-{self.circuit.wires[net]})"
            draw.circle(px, py, 6, fill=colour, stroke="currentColor", stroke_width=0.8)
            draw.text(
                px + (8 if from_pads else 0),
                py + (-9 if from_pads else 21),
                name,
                10,
                "start" if from_pads else "middle",
            )

    @staticmethod
    def _way(px: float, py: float, x: float, y: float, w: float, h: float) -> tuple[float, float]:
        """Off the perfboard by the nearest edge."""
        ways = [(px - x, (-1.0, 0.0)), (x + w - px, (1.0, 0.0)), (py - y, (0.0, -1.0)), (y + h - py, (0.0, 1.0))]
        return min(ways)[1]

    def _bodies(self, spot: object) -> None:
        at: dict[str, list[str]] = {}
        for pin in self.circuit.stage["at"]:
            at.setdefault(pin.partition(".")[0], []).append(pin)
        draw = self.drawing
        for reference, pins in at.items():
            part = self.circuit.parts[reference]
            points = {pin: spot(self.circuit.stage["at"][pin]) for pin in pins}  # type: ignore[operator]
            xs, ys = [p[0] for p in points.values()], [p[1] for p in points.values()]
            cx, cy = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
            look = {"fill": "var(--paper)", "stroke": "currentColor", "stroke_width": 1.4}
            if part.kind == "switch":
                side = 6.0 * FINE
                draw.rect(cx - side / 2, cy - side / 2, side, side, 4, **look)
                draw.circle(cx, cy, 1.7 * FINE, **look)
            elif part.kind == "mosfet":
                r = 2.5 * FINE
                flat = cy + 1.2 * FINE
                draw.path(f"M{cx - r:.1f} {flat:.1f}A{r:.1f} {r:.1f} 0 1 1 {cx + r:.1f} {flat:.1f}Z", **look)
                for pin, (px, _) in points.items():
                    draw.text(px, cy - 8, pin.partition(".")[2], 11, font_weight="bold")
                draw.text(cx, flat + 22, "flat side of Q1 this way", 11)
            elif part.kind == "capacitor":
                draw.rect(min(xs) - 8, cy - 9, max(xs) - min(xs) + 16, 18, 9, **look)
            else:
                draw.line(min(xs), cy, max(xs), cy, stroke="var(--joint)", stroke_width=3)
                draw.rect(cx - 1.75 * FINE, cy - 13, 3.5 * FINE, 26, 6, **look)
                if part.kind == "diode":
                    band = cx + (1.3 if points[f"{reference}.K"][0] > cx else -1.3) * FINE
                    draw.rect(band - 3, cy - 13, 6, 26, fill="currentColor")
            for px, py in points.values():
                draw.circle(px, py, 4.5, fill="var(--joint)", stroke="currentColor", stroke_width=0.6)
            up = -r * 0.45 if part.kind == "mosfet" else 4
            if part.kind == "mosfet":
                draw.text(cx, cy - 26, reference, 12, font_weight="bold")
            else:
                draw.text(cx, cy + up, reference, 12, font_weight="bold")

    def cell(self, x: float, y: float) -> None:
        draw, cell = self.drawing, self.circuit.parts["BT1"]
        w, h = 180.0, 130.0
        draw.rect(x, y, w, h, 10, fill="var(--cell)", stroke="currentColor", stroke_width=1.5)
        draw.text(x + w / 2, y + 56, "cell, " + str(cell.limits["capacity_mah"]) + " mAh", 14, font_weight="bold")
        draw.text(x + w / 2, y + 76, cell.number, 11)
        draw.text(x + w / 2, y + 98, "last of all, and only", 11)
        draw.text(x + w / 2, y + 112, "after the checks", 11)
        if "J1" in self.circuit.parts:
            self.ends["BT1.+"], self.ends["BT1.-"] = End(x + w, y + 46, 1, 0), End(x + w, y + 90, 1, 0)
            draw.text(x + w - 14, y + 51, "+", 16)
            draw.text(x + w - 14, y + 95, "–", 16)
        else:
            self.ends["BT1.+"], self.ends["BT1.-"] = End(x + 40, y, 0, -1), End(x + 90, y, 0, -1)
            draw.text(x + 40, y + 22, "+", 16)
            draw.text(x + 90, y + 22, "–", 16)

    def lead(self, x: float, y: float) -> None:
        draw = self.drawing
        draw.rect(x, y, 84, 96, 5, fill="var(--metal)", stroke="currentColor", stroke_width=1.5)
        draw.line(x + 42, y, x + 42, y + 96, stroke="currentColor", stroke_dasharray="4 3")
        draw.text(x + 42, y + 112, "plug and lead J1", 12, font_weight="bold")
        for pin, px, py, dx in (("cell+", 0, 26, -1), ("cell-", 0, 70, -1), ("+", 84, 26, 1), ("-", 84, 70, 1)):
            self.ends[f"J1.{pin}"] = End(x + px, y + py, dx, 0)
        draw.text(x + 10, y + 31, "+", 14)
        draw.text(x + 10, y + 75, "–", 14)
        draw.text(x + 74, y + 31, "+", 14)
        draw.text(x + 74, y + 75, "–", 14)

    def motor(self, x: float, y: float) -> None:
        draw = self.drawing
        r = 5 * SCALE
        draw.circle(x, y, r, fill="var(--metal)", stroke="currentColor", stroke_width=1.5)
        draw.text(x, y + 6, "motor M1", 13, font_weight="bold")
        draw.text(x, y + 24, "10 mm", 11)
        self.ends["M1.+"] = End(x - r * 0.34, y - r * 0.94, 0, -1)
        self.ends["M1.-"] = End(x + r * 0.34, y - r * 0.94, 0, -1)
        draw.text(x - r * 0.34, y - r * 0.62, "+", 15)
        draw.text(x + r * 0.34, y - r * 0.62, "–", 15)

    def breakout(self, x: float, y: float) -> None:
        """A breakout: its order of pads differs by maker and revision, so they are named, not placed."""
        draw, circuit = self.drawing, self.circuit
        pins = [pin for net in circuit.nets.values() for pin in net if pin.startswith("U1.")]
        left = [pin for pin in pins if "OUT" not in pin]
        right = [pin for pin in pins if "OUT" in pin]
        h = 40.0 * len(left) + 20
        draw.rect(x, y, 200, h, 8, fill="var(--board)", stroke="currentColor", stroke_width=1.5)
        draw.text(x + 100, y + h + 20, circuit.parts["U1"].name, 13, font_weight="bold")
        draw.text(x + 100, y + h + 36, "find the pads by their names", 11)
        for names, px, dx, anchor in ((left, x + 14, -1, "start"), (right, x + 186, 1, "end")):
            for k, pin in enumerate(names):
                py = y + 30 + 40 * k
                draw.circle(px, py, 8, fill="var(--copper)", stroke="currentColor", stroke_width=0.8)
                draw.text(px - 14 * dx, py + 4, pin.partition(".")[2], 12, anchor, font_weight="bold")
                self.ends[pin] = End(px, py, dx, 0)

    def button(self, x: float, y: float) -> None:
        draw = self.drawing
        side = 6 * SCALE
        draw.rect(x, y, side, side, 4, fill="var(--metal)", stroke="currentColor", stroke_width=1.5)
        draw.circle(x + side / 2, y + side / 2, 1.7 * SCALE, fill="var(--paper)", stroke="currentColor")
        draw.text(x + side / 2, y + side + 18, "button SW1", 13, font_weight="bold")
        draw.text(x + side / 2, y + side + 33, "any two legs that the press joins", 10)
        self.ends["SW1.1"] = End(x, y + 16, -1, 0)
        self.ends["SW1.2"] = End(x, y + side - 16, -1, 0)

    # -- wires ----------------------------------------------------------------------------------------------------

    def draw_wires(self) -> None:
        for wire in wires(self.circuit):
            a, b = self.ends[wire.start], self.ends[wire.end]
            reach = 40 + 0.28 * (abs(a.x - b.x) + abs(a.y - b.y))
            path = (
                f"M{a.x:.1f} {a.y:.1f}C{a.x + reach * a.dx:.1f} {a.y + reach * a.dy:.1f} "
                f"{b.x + reach * b.dx:.1f} {b.y + reach * b.dy:.1f} {b.x:.1f} {b.y:.1f}"
            )
            colour = f"var(--wire-{self.circuit.wires[wire.net]})"
            about = {"data_net": wire.net, "data_from": wire.start, "data_to": wire.end}
            self.drawing.path(path, fill="none", stroke="var(--paper)", stroke_width=8, opacity=0.8)
            self.drawing.path(path, fill="none", stroke=colour, stroke_width=4.2, stroke_linecap="round", **about)
            for end in (a, b):
                self.drawing.circle(end.x, end.y, 5, fill=colour, stroke="currentColor", stroke_width=0.8)

    def legend(self, x: float, y: float) -> None:
        for k, net in enumerate(sorted({wire.net for wire in wires(self.circuit)})):
            colour = f"var(--wire-{self.circuit.wires[net]})"
            self.drawing.line(x, y + 20 * k, x + 34, y + 20 * k, stroke=colour, stroke_width=5)
            self.drawing.text(x + 44, y + 4 + 20 * k, net, 12, "start")


def draw(circuit: Circuit) -> Picture:
    picture = Picture(circuit)
    lead = "J1" in circuit.parts
    picture.board(80, 60)
    edge = 80 + circuit.board.outline_mm[0] * SCALE
    x = edge + 130
    bottom = picture.height - 190
    if circuit.stage:
        side = circuit.stage["columns"] * HOLE
        picture.stage(x, 80, from_pads=True)
        picture.stage(x + side + 110, 80, from_pads=False)
        picture.motor(x + side - 20 + (0 if lead else 60), bottom + 75)
        if "U1" in circuit.parts:
            picture.breakout(x + side + 75, bottom - 290)
    else:
        picture.breakout(x + 20, 80)
        picture.motor(x + 400, 260)
        picture.button(x + 20, 380)
    if lead:
        picture.cell(20, bottom)
        picture.lead(edge - 36, bottom + 20)
    else:
        picture.cell(x - 60, bottom)
    picture.legend(1125, picture.height - 20 * len(circuit.nets) - 10)
    picture.draw_wires()
    return picture


def write() -> None:
    for name, circuit in circuits().items():
        (MADE / f"wiring-{name}.svg").write_text(draw(circuit).drawing.svg(), encoding="utf-8")
