"""The printed case, by build123d: `make case`, in an environment of its own (.venv-case).

Places come from layout.py, numbers from case.toml. Six prints a build: body, lid, shelf, clip in PETG; the button's
membrane and the USB plug in TPU. All print without supports: body and shelf as they lie, the lid on its outside, the
clip on its side. z is away from the skin.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from build123d import (
    Axis,
    Box,
    Compound,
    Cone,
    Cylinder,
    Edge,
    Face,
    GeomType,
    Part,
    Plane,
    Pos,
    Rectangle,
    RectangleRounded,
    Rot,
    Wire,
    chamfer,
    export_step,
    extrude,
)

from hardware.make import layout as layouts
from hardware.make.circuit import place
from hardware.make.data import MADE, Build, builds, circuits, parts
from hardware.make.svg import Drawing

OUT = MADE / "case"
PETG = ("body", "lid", "shelf", "clip")
TPU = ("membrane", "plug")
STEP_HEADER = """HEADER;
FILE_DESCRIPTION(('formclip case'),'2;1');
FILE_NAME('{name}','2026-01-01T00:00:00',('formclip'),(''),'','','');
FILE_SCHEMA(('AUTOMOTIVE_DESIGN {{ 1 0 10303 214 1 1 1 1 }}'));
ENDSEC;"""


def block(low: tuple[float, float, float], high: tuple[float, float, float]) -> Part:
    """A box between two corners."""
    size = [b - a for a, b in zip(low, high)]
    return Pos(*((a + b) / 2 for a, b in zip(low, high))) * Box(*size)


def rod(x: float, y: float, z0: float, z1: float, radius: float) -> Part:
    return Pos(x, y, (z0 + z1) / 2) * Cylinder(radius, z1 - z0)


def _triple(vector: Any) -> tuple[float, float, float]:
    return vector.X, vector.Y, vector.Z


def slab(x0: float, y0: float, x1: float, y1: float, z0: float, z1: float, radius: float) -> Part:
    """A plate with round upright edges."""
    outline = Pos((x0 + x1) / 2, (y0 + y1) / 2) * RectangleRounded(x1 - x0, y1 - y0, radius)
    return Pos(0, 0, z0) * extrude(outline, z1 - z0)


class Case:
    """All prints of one build, as solids in the places that they have in the closed clip."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.at = layouts.layout(build.id)
        self.par: dict[str, Any] = self.at.par
        self.circuit = circuits()[build.circuit]
        self.solids: dict[str, Part] = {}
        for name in (*PETG, *TPU):
            self.solids[name] = getattr(self, "_" + name)()

    # -- what several need ----------------------------------------------------------------------------------------

    def _outer(self, z0: float, z1: float) -> Part:
        wall = self.par["wall_mm"]
        x, y, _ = self.at.inner
        return slab(-wall, -wall, x + wall, y + wall, z0, z1, self.par["corner_mm"])

    def _holes(self) -> list[tuple[float, float]]:
        """Holes of the perfboard that nothing uses, in mm; those in its corners first."""
        stage, box = self.circuit.stage, self.at.things.get("stage")
        if not stage or box is None:
            return []
        used = {place(hole) for hole in [*stage["at"].values(), *stage["wires"].values()]}
        used |= {place(hole) for link in stage["links"] for hole in link.split()}
        mx, my, _ = box.middle
        found = []
        for column in range(stage["columns"]):
            for row in range(stage["rows"]):
                if (column, row) not in used:
                    x, y = layouts.hole_place(stage, box, column, row)
                    found.append((abs(x - mx) + abs(y - my), x, y))
        return [(x, y) for _, x, y in sorted(found, reverse=True)]

    def stage_posts(self) -> list[tuple[float, float]]:
        """Under free holes: the two farthest out on each side of the middle, and the two nearest the button."""
        free = self._holes()
        if not free:
            return []
        bx, by = self.at.button
        near = sorted(free, key=lambda hole: (hole[0] - bx) ** 2 + (hole[1] - by) ** 2)[:2]
        middle = self.at.things["stage"].middle
        chosen = list(near) if self.build.id == "xiao" else []
        for side in (-1, 1):
            for hole in free:
                if (hole[1] - middle[1]) * side > 0 and hole not in chosen:
                    chosen.append(hole)
                    break
        for side in (-1, 1):
            for hole in free:
                if (hole[0] - middle[0]) * side > 0 and hole not in chosen:
                    chosen.append(hole)
                    break
        return chosen

    # -- the prints -----------------------------------------------------------------------------------------------

    def _body(self) -> Part:
        par, at = self.par, self.at
        wall, floor, ledge = par["wall_mm"], par["floor_mm"], par["ledge_mm"]
        x, y, z = at.inner
        body = self._outer(-floor, z)
        rim = body.faces().sort_by(Axis.Z)[0].edges()
        body = chamfer(rim, par["edge_mm"])
        body -= slab(0, 0, x, y, 0, z + 1, par["corner_inner_mm"])
        x0, y0, x1, y1 = at.pocket
        shelf_z = at.shelf.low[2]
        span = at.shelf.high[0] - 0.2
        hollow = slab(0, 0, x, y, 0, z, par["corner_inner_mm"])
        inside: Part = block((0, 0, 0), (span, y0, shelf_z)) + block((0, y1, 0), (span, y1 + ledge, shelf_z))
        rib = block((x1, y0, 0), (x1 + par["rib_mm"], y1 - 6.0, at.things["cell"].high[2] + 0.2))  # a gap for its wires
        inside += rib
        inside -= block((5.0, y1 - 1, 0), (8.0, y1 + ledge + 1, 1.5))  # what leaks into the pocket runs out of it
        mx, my = at.motor
        radius = parts()["motor"].size_mm[0] / 2 + 0.2
        ring = rod(mx, my, 0, 1.6, radius + par["motor_ring_mm"]) - rod(mx, my, -1, 3, radius)
        ring -= (
            block((mx, my - 1.5, 0.2), (mx + 10, my + 1.5, 3))
            if self.build.id != "xiao-drv"
            else block((mx - 1.5, my, 0.2), (mx + 1.5, my + 10, 3))
        )
        inside += ring
        for hx, hy in self.stage_posts():
            inside += rod(hx, hy, 0, par["stage_post_mm"], 1.1)
        if "driver" in at.things:
            card = at.things["driver"]
            for px in (card.low[0] + 2.54, card.high[0] - 2.54):
                for py in (card.low[1] + 2.54, card.high[1] - 2.54):
                    inside += rod(px, py, 0, card.low[2], 1.4)
            key = at.things["button"]
            pedestal = block((key.low[0], key.low[1], 0), (key.high[0], key.high[1], key.low[2]))
            inside += pedestal - block(
                (key.low[0] + 1.2, key.low[1] + 1.2, -1), (key.high[0] - 1.2, key.high[1] - 1.2, 50)
            )
        strip = (y1 + ledge + y) / 2
        for dy in (-1.35, 1.35):  # two horns: wires go between them and under the tape
            inside += rod(x1 - 4.0, strip + dy, 0, 6.0, 0.8)
        for sx, sy in at.screws:
            inside += rod(sx, sy, 0, z, par["boss_mm"] / 2)
            corner_x, corner_y = (0 if sx < x / 2 else x), (0 if sy < y / 2 else y)
            inside += block((min(sx, corner_x), min(sy, corner_y), 0), (max(sx, corner_x), max(sy, corner_y), z))
        inside &= hollow
        for name in ("cell", "board", "lead"):
            if name not in at.things:
                continue
            thing, pad = at.things[name], 0.05
            inside -= block(tuple(v - pad for v in thing.low), tuple(v + pad for v in thing.high))  # type: ignore[arg-type]
        body += inside
        body -= rod(mx, my, par["motor_floor_mm"] - floor, 0.01, radius)
        for sx, sy in at.screws:
            body -= rod(sx, sy, max(z - 9.0, 0.5), z + 1, par["screw_hole_mm"] / 2)
        body -= self._usb_opening()
        drain = par["drain_mm"] / 2
        for k in range(2):
            body -= Pos(6.0 + 3.0 * k, y + wall / 2, drain + 0.1) * Rot(90, 0, 0) * Cylinder(drain, 3 * wall)
        return body

    def _usb_opening(self) -> Part:
        """Around the socket; where hardly any wall is left above it, open upwards: the lid closes it."""
        usb, margin, wall = self.at.usb, self.par["usb_margin_mm"], self.par["wall_mm"]
        width, high = usb.high[1] - usb.low[1] + 2 * margin, usb.high[2] - usb.low[2] + 2 * margin
        middle = usb.middle
        outline = RectangleRounded(width, high, min(high / 2 - 0.05, 1.4))
        hole: Part = Pos(-wall, middle[1], middle[2]) * extrude(Plane.YZ * outline, 2 * wall, both=True)
        if usb.high[2] + margin > self.at.inner[2] - 0.8:
            low, up = (-3 * wall, middle[1] - width / 2, middle[2]), (wall, middle[1] + width / 2, self.at.inner[2] + 1)
            hole += block(low, up)
        return hole

    def _lid(self) -> Part:
        par, at = self.par, self.at
        x, y, z = at.inner
        thick, seam = par["lid_mm"], par["seam_mm"]
        lid = self._outer(z, z + thick)
        top = lid.faces().sort_by(Axis.Z)[-1].edges()
        lid = chamfer(top, 0.5)
        outline = slab(seam, seam, x - seam, y - seam, z - par["skirt_high_mm"], z, par["corner_inner_mm"])
        inner = par["skirt_mm"] + seam
        skirt = outline - slab(inner, inner, x - inner, y - inner, z - 9, z, 1.0)
        for name, thing in at.things.items():
            grown = 0.4 if not name.startswith("screw") else 0.6
            skirt -= block(
                (thing.low[0] - grown, thing.low[1] - grown, thing.low[2] - grown),
                (thing.high[0] + grown, thing.high[1] + grown, thing.high[2] + grown),
            )
        for sx, sy in at.screws:
            corner_x, corner_y = (-1 if sx < x / 2 else x + 1), (-1 if sy < y / 2 else y + 1)
            reach = par["boss_mm"] / 2 + seam
            away_x = sx + reach if sx < x / 2 else sx - reach
            away_y = sy + reach if sy < y / 2 else sy - reach
            skirt -= block(
                (min(away_x, corner_x), min(away_y, corner_y), 0), (max(away_x, corner_x), max(away_y, corner_y), z)
            )
        usb = at.usb
        skirt -= block((-9, usb.low[1] - 1.5, 0), (inner + 1, usb.high[1] + 1.5, z))
        lid += skirt
        board = at.things["board"]
        plate_top = board.low[2] + (1.0 if self.circuit.board.id == "xiao" else par["pcb_mm"])
        for px in (board.low[0] + 1.4, board.high[0] - 1.4):
            for py in (board.low[1] + 1.4, board.high[1] - 1.4):
                lid += rod(px, py, plate_top + 0.15, z, 0.9)
        if "stage" in at.things:
            hx, hy = self.hold_down()
            lid += rod(hx, hy, par["stage_post_mm"] + par["pcb_mm"] + 0.15, z, 0.8)
        if "driver" in at.things:
            card = at.things["driver"]
            for px, py in ((card.low[0] + 2.54, card.high[1] - 2.54), (card.high[0] - 2.54, card.low[1] + 2.54)):
                lid += rod(px, py, card.low[2] + par["pcb_mm"] + 0.15, z, 1.4)
        bx, by = at.button
        lid -= rod(bx, by, z - 3, z + thick + 1, par["button_hole_mm"] / 2)
        lid -= rod(bx, by, z - 3, z + par["button_membrane_mm"], par["button_flange_mm"] / 2)
        for sx, sy in at.screws:
            lid -= rod(sx, sy, z - 3, z + thick + 1, par["screw_free_mm"] / 2)
            lid -= Pos(sx, sy, z + thick - 0.45) * Cone(par["screw_free_mm"] / 2, par["screw_head_mm"] / 2, 0.9)
        return lid

    def hold_down(self) -> tuple[float, float]:
        """The free hole over which the lid holds the perfboard: far from the button."""
        bx, by = self.at.button
        return max(self.stage_posts(), key=lambda hole: (hole[0] - bx) ** 2 + (hole[1] - by) ** 2)

    def _shelf(self) -> Part:
        """Between cell and board: the board stands on its four corners, its joints hang through windows."""
        at = self.at
        low, high = at.shelf.low, at.shelf.high
        shelf = slab(low[0], low[1], high[0], high[1], low[2], high[2], 1.0)
        board = at.things["board"]
        used = {pin.partition(".")[2] for pins in self.circuit.nets.values() for pin in pins if pin.startswith("A1.")}
        for pad in self.circuit.board.pads:  # a window for each joint, towards the board's edge, where its wire leaves
            px, py = layouts.pad_place(board, pad)
            if pad.name in used and pad.at_edge:
                out = board.low[1] - 0.4 if pad.x_mm < 0 else board.high[1] + 0.4
                shelf -= block((px - 1.5, min(py - 1.4, out), 0), (px + 1.5, max(py + 1.4, out), 50))
        stand = board.low[2]
        for px in (board.low[0], board.high[0] - 1.7):
            for py in (board.low[1], board.high[1] - 1.7):
                shelf += block((px, py, high[2]), (px + 1.7, py + 1.7, stand))
        if self.circuit.board.id == "xiao":  # lips that keep the board where it is
            for px in (board.low[0], board.high[0] - 1.7):
                shelf += block((px, board.low[1] - 1.15, high[2]), (px + 1.7, board.low[1] - 0.25, stand + 1.4))
                shelf += block((px, board.high[1] + 0.25, high[2]), (px + 1.7, board.high[1] + 1.15, stand + 1.4))
            for py in (board.low[1] + 1.9, board.high[1] - 4.4):
                shelf += block((board.high[0] + 0.2, py, high[2]), (high[0], py + 2.5, stand + 1.4))
            pads = [pad for pad in self.circuit.board.pads if not pad.at_edge]  # room for the battery's joints
            xs, ys = zip(*(layouts.pad_place(board, pad) for pad in pads))
            shelf -= block((min(xs) - 1.2, min(ys) - 1.8, 0), (max(xs) + 1.2, max(ys) + 1.8, 50))
        return shelf

    def _clip(self) -> Part:
        """Base under the two screws, a bend at the hinge, a tongue with a hook: one profile, printed on its side."""
        par, at = self.par, self.at
        x, y, z = at.inner
        wall, thick = par["wall_mm"], par["clip_thick_mm"]
        z0 = z + par["lid_mm"]
        x0, x1 = -wall + 0.6, x + wall - 0.6
        root, gap, hook = par["clip_root_mm"], par["clip_gap_mm"], par["clip_hook_mm"]
        base_top = z0 + thick
        centre, inner = (x1, base_top + root / 2), root / 2
        outer = inner + thick
        mouth = max([x0 + 1.0, *(sx + par["screw_head_mm"] / 2 + 1.4 for sx, _ in at.screws if sx < x / 2)])
        under, over = base_top + root, base_top + root + thick
        low, high = base_top + gap, base_top + gap + thick
        half = [
            Edge.make_line((x1, z0), (x0, z0)),
            Edge.make_line((x0, z0), (x0, base_top)),
            Edge.make_line((x0, base_top), (x1, base_top)),
            Edge.make_three_point_arc((x1, base_top), (centre[0] + inner, centre[1]), (x1, under)),
            Edge.make_line((x1, under), (mouth + 4.0, low)),
            Edge.make_line((mouth + 4.0, low), (mouth + 3.0, low - hook)),
            Edge.make_line((mouth + 3.0, low - hook), (mouth, low + 1.4)),
            Edge.make_line((mouth, low + 1.4), (mouth, high + 1.6)),
            Edge.make_line((mouth, high + 1.6), (mouth + 3.4, high)),
            Edge.make_line((mouth + 3.4, high), (x1, over)),
            Edge.make_three_point_arc((x1, over), (centre[0] + outer, centre[1]), (x1, z0)),
        ]
        face = Face(Wire(half))  # drawn in x and z
        profile = Rot(90, 0, 0) * extrude(face, y + 2 * wall - 1.2, dir=(0, 0, 1))
        clip = Pos(0, y + wall - 0.6, 0) * profile
        bx, by = at.button
        clip -= rod(bx, by, z0 - 1, z0 + 20, par["clip_window_mm"] / 2)
        for sx, sy in at.screws:
            clip -= rod(sx, sy, z0 - 1, z0 + 20, par["screw_free_mm"] / 2)
            clip -= Pos(sx, sy, base_top - 0.45) * Cone(par["screw_free_mm"] / 2, par["screw_head_mm"] / 2, 0.9)
            if sx > x / 2:  # the driver's way through the tongue
                clip -= rod(sx, sy, base_top + 0.3, z0 + 20, par["screw_head_mm"] / 2 + 0.05)
        low, high = sorted((bx - par["clip_window_mm"] / 2 - 4.0, x0 + 8.0))
        if bx < x / 2:
            low, high = bx + par["clip_window_mm"] / 2 + 4.0, x1 - 12.0
        clip -= block((low, 5.0, z0 - 1), (high, y - 5.0, base_top + 0.3))  # the base needs no middle
        return clip

    def _membrane(self) -> Part:
        """A TPU disc in the lid: it fills the hole, and its stem reaches the button."""
        par, at = self.par, self.at
        bx, by = at.button
        z = at.inner[2]
        flat = par["button_membrane_mm"]
        disc = rod(bx, by, z, z + flat, par["button_flange_mm"] / 2 - 0.1)
        disc += rod(bx, by, z + flat, z + par["lid_mm"] + 0.3, par["button_hole_mm"] / 2 - 0.15)
        return disc + rod(bx, by, at.button_top + 0.1, z, 2.0)

    def _plug(self) -> Part:
        """Closes the opening around the socket, from outside; pulled out by its ear."""
        par, usb = self.par, self.at.usb
        wall, margin = par["wall_mm"], par["usb_margin_mm"]
        width, high = usb.high[1] - usb.low[1], usb.high[2] - usb.low[2]
        middle = usb.middle

        flange = extrude(Plane.YZ * RectangleRounded(width + 5.0, high + 3.0, 1.4), par["plug_flange_mm"])
        rim_high = min(high + 2 * margin - 0.1, 2 * (self.at.inner[2] - middle[2] - 0.05))  # stays under the lid
        big = RectangleRounded(width + 2 * margin - 0.1, rim_high, min(rim_high / 2 - 0.05, 1.4))
        rim: Part = extrude(Plane.YZ * big, wall - 0.2)
        rim -= extrude(Plane.YZ * RectangleRounded(width + 0.2, high + 0.2, 1.0), wall - 0.2)  # around the socket
        plug = flange + Pos(par["plug_flange_mm"], 0, 0) * rim
        if width > 8:  # USB-C: a tongue with a slot goes into the socket
            into = extrude(Plane.YZ * RectangleRounded(8.1, 2.3, 1.1), 5.0)
            into -= extrude(Plane.YZ * Rectangle(7.0, 0.95), 5.0)
            plug += Pos(par["plug_flange_mm"], 0, 0) * into
        ear = Pos(par["plug_flange_mm"] / 2, width / 2 + 4.0, 0) * Box(par["plug_flange_mm"], 4.0, 3.0)
        return Pos(-wall - par["plug_flange_mm"], middle[1], middle[2]) * (plug + ear)

    # -- figures --------------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, float]:
        density = self.par["density_g_cm3"]
        out: dict[str, float] = {}
        for name, solid in self.solids.items():
            cm3 = solid.volume / 1000
            out[f"{name}_cm3"] = round(cm3, 3)
            out[f"{name}_g"] = round(cm3 * (density["petg"] if name in PETG else density["tpu"]) * density["fill"], 2)
        closed = Compound(children=[self.solids["body"], self.solids["lid"]]).bounding_box()
        for axis, size in zip("xyz", (closed.size.X, closed.size.Y, closed.size.Z)):
            out[f"{axis}_mm"] = round(size, 2)
        worn = Compound(children=[self.solids["body"], self.solids["lid"], self.solids["clip"]]).bounding_box()
        out["with_clip_z_mm"] = round(worn.size.Z, 2)
        return out

    def things(self) -> dict[str, Part]:
        """What goes in, as solids, for clearances and pictures."""
        out = {}
        for name, thing in self.at.things.items():
            if name.startswith("screw"):
                continue
            if thing.round:
                x, y, _ = thing.middle
                out[name] = rod(x, y, thing.low[2], thing.high[2], (thing.high[0] - thing.low[0]) / 2)
            else:
                out[name] = block(thing.low, thing.high)
        return out


# -- files ------------------------------------------------------------------------------------------------------------


def write_stl(solid: Part, path: Path) -> int:
    """Binary STL with a fixed head; how many triangles."""
    corners, triangles = solid.tessellate(0.03, 0.35)
    points = [_triple(corner) for corner in corners]
    out = [b"formclip case, mm".ljust(80), struct.pack("<I", len(triangles))]
    for a, b, c in triangles:
        p, q, r = points[a], points[b], points[c]
        u, v = [q[k] - p[k] for k in range(3)], [r[k] - p[k] for k in range(3)]
        n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
        length = sum(value * value for value in n) ** 0.5 or 1.0
        out.append(struct.pack("<12fH", *(value / length for value in n), *p, *q, *r, 0))
    path.write_bytes(b"".join(out))
    return len(triangles)


def write_step(case: Case, path: Path) -> None:
    """All prints of a build in one STEP file, with a fixed head."""
    children = []
    for name, solid in case.solids.items():
        one = Compound(children=[solid]) if not isinstance(solid, Compound) else solid
        one.label = name
        children.append(one)
    export_step(Compound(label=case.build.case, children=children), str(path), write_pcurves=False)
    text = path.read_text("utf-8")
    start, end = text.index("HEADER;"), text.index("ENDSEC;") + len("ENDSEC;")
    path.write_text(text[:start] + STEP_HEADER.format(name=path.name) + text[end:], "utf-8")


# -- pictures ---------------------------------------------------------------------------------------------------------

COLOURS = {"line": ("#1b1e23", "#e6e8eb")}
Flat = list[tuple[float, float]]


def lines_of(shape: Any, eye: tuple[float, float, float], look: tuple[float, float, float]) -> list[Flat]:
    """Visible edges of a shape as seen from a point, as polylines on the picture's plane."""
    visible, _ = shape.project_to_viewport(eye, (0, 0, 1), look)
    found = []
    for edge in visible:
        straight = edge.geom_type == GeomType.LINE
        steps = 1 if straight else max(3, min(16, int(edge.length / 0.8) + 2))
        found.append([(point.X, point.Y) for point in (edge.position_at(k / steps) for k in range(steps + 1))])
    return found


def picture(
    shapes: list[Any],
    eye: tuple[float, float, float],
    title: str,
    scale: float,
    words: list[tuple[tuple[float, float, float], str]] | None = None,
) -> str:
    """A line drawing by the CAD program's own projection; words: a point in space, and what stands beside it."""
    whole = Compound(children=[Compound(children=[shape]) for shape in shapes])
    look = _triple(whole.bounding_box().center())
    seen = lines_of(whole, eye, look)
    xs = [x for line in seen for x, _ in line]
    ys = [y for line in seen for _, y in line]
    margin = 14.0
    width, height = (max(xs) - min(xs)) * scale + 2 * margin, (max(ys) - min(ys)) * scale + 2 * margin
    drawing = Drawing(round(width + (190 if words else 0)), round(height), title, COLOURS)

    def at(x: float, y: float) -> tuple[float, float]:
        return margin + (x - min(xs)) * scale, margin + (max(ys) - y) * scale

    d = "".join("M" + "L".join("%.1f %.1f" % at(x, y) for x, y in line) for line in seen)
    drawing.path(d, fill="none", stroke="var(--line)", stroke_width=1.1, stroke_linejoin="round")
    for (x, y, z), text in words or []:
        spot = lines_of(Edge.make_line((x, y, z), (x, y, z + 0.01)), eye, look)
        px, py = at(*spot[0][0])
        drawing.line(px, py, width + 4, py, stroke="var(--faint)", stroke_width=0.8)
        drawing.text(width + 8, py + 4, text, 13, "start")
    return drawing.svg()


def exploded(case: Case) -> str:
    """Body, cell, shelf, board, what else is in it, lid, clip, one over the other."""
    at, solids, things = case.at, case.solids, case.things()
    order: list[tuple[str, list[Any], float]] = [("body", [solids["body"]], 0.0)]
    rise = 9.0
    level = at.inner[2] * 0.55 + rise
    inside = [things[name] for name in ("cell", "motor") if name in things]
    order.append(("cell, motor", inside, level))
    level += rise
    order.append(("shelf", [solids["shelf"]], level))
    level += rise
    rest = [things[name] for name in things if name not in ("cell", "motor", "lead")]
    order.append(("board, perfboard" if "stage" in things else "board, breakout, button", rest, level))
    level += rise + 4
    order.append(("lid, membrane", [solids["lid"], Pos(0, 0, -4) * solids["membrane"]], level))
    level += rise
    order.append(("clip", [solids["clip"]], level))
    shapes = [Pos(0, 0, up) * shape for _, group, up in order for shape in group]
    shapes.append(Pos(-7, 0, 0) * solids["plug"])
    words = []
    for name, group, up in order:
        box = Compound(children=[Compound(children=[shape]) for shape in group]).bounding_box()
        y = box.max.Y if name != "body" else box.min.Y
        words.append(((box.max.X, y, (box.min.Z + box.max.Z) / 2 + up), name))
    return picture(shapes, (-248, -400, 248), f"Case {case.build.case}, exploded", 8.0, words)


def closed(case: Case) -> str:
    shapes = [case.solids[name] for name in ("body", "lid", "clip", "membrane", "plug")]
    return picture(shapes, (-260, -380, 260), f"Case {case.build.case}, closed", 10.0)


def worn(case: Case) -> str:
    """On a waistband, from the side that shows."""
    at, par = case.at, case.par
    z = at.inner[2] + par["lid_mm"] + par["clip_thick_mm"]
    band = (par["clip_band_mm"][0] + par["clip_band_mm"][1]) / 4
    belt = block((at.inner[0] - 38.0, -35.0, z + 0.05), (at.inner[0] - 2.0, at.inner[1] + 35.0, z + 0.05 + band))
    shapes = [case.solids[name] for name in ("body", "lid", "clip", "membrane")] + [belt]
    turned = [Rot(0, -90, 0) * shape for shape in shapes]  # the hinge up
    return picture(turned, (-420, -170, 120), f"Case {case.build.case} on a waistband", 7.0)


def cut(case: Case) -> str:
    """A cut along the motor's middle: what lies on what."""
    at = case.at
    half = block((-60, at.motor[1], -60), (160, 160, 120))
    shapes = [case.solids[name] & half for name in ("body", "lid", "shelf", "clip")]
    shapes += [thing & half for thing in case.things().values()]
    flat = [shape for shape in shapes if shape is not None and shape.volume > 0]
    return picture(flat, (at.inner[0] / 2, -500, at.inner[2] / 2 + 60), f"Case {case.build.case}, cut", 11.0)


PICTURES = {"exploded": exploded, "closed": closed, "worn": worn, "cut": cut}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    facts: dict[str, dict[str, float]] = {}
    for build in builds().values():
        case = Case(build)
        folder = OUT / build.case
        folder.mkdir(exist_ok=True)
        facts[build.case] = case.facts()
        for name, solid in case.solids.items():
            facts[build.case][f"{name}_triangles"] = write_stl(solid, folder / f"{name}.stl")
        write_step(case, OUT / f"{build.case}.step")
        for name, drawn in PICTURES.items():
            (MADE / f"case-{build.case}-{name}.svg").write_text(drawn(case), encoding="utf-8")
        sizes = {key: value for key, value in facts[build.case].items() if key.endswith(("_g", "_mm"))}
        print(build.case, sizes, flush=True)
    (OUT / "case.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
