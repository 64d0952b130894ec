"""Where everything lies in the case, as boxes: inner corner of the USB end, skin's side, is the origin; mm.

x runs along the clip from the USB socket to the hinge, y across, z from the skin outwards. Pure arithmetic on
parts.toml and case.toml, so that clearances are checked without a CAD program; hardware/make/case.py makes the solids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from hardware.make.circuit import place
from hardware.make.data import Pad, builds, circuits, read

Triple = tuple[float, float, float]
PITCH = 2.54
ABOVE = {"xiao": 3.4, "feather": 5.6}  # what stands on a board's plate: the USB socket; the battery's socket
SOCKET_HIGH = {"USB-C": 3.2, "micro-USB": 2.6}


@dataclass(frozen=True)
class Box:
    """A part's place: from its low corner to its high one."""

    low: Triple
    high: Triple
    round: bool = False  # an upright cylinder

    @classmethod
    def at(cls, x: float, y: float, z: float, size: Triple, round: bool = False) -> Box:
        return cls((x, y, z), (x + size[0], y + size[1], z + size[2]), round)

    def gap(self, other: Box) -> float:
        """How far two boxes are apart along the axis that parts them most; negative: how deep they overlap."""
        apart = [max(other.low[k] - self.high[k], self.low[k] - other.high[k]) for k in range(3)]
        if self.round and other.round:
            (ax, ay, _), (bx, by, _) = self.middle, other.middle
            radii = (self.high[0] - self.low[0] + other.high[0] - other.low[0]) / 2
            apart[:2] = [math.hypot(ax - bx, ay - by) - radii] * 2
        return max(apart)

    @property
    def middle(self) -> Triple:
        return tuple((a + b) / 2 for a, b in zip(self.low, self.high))  # type: ignore[return-value]


@dataclass(frozen=True)
class Layout:
    """One case: the hollow, the things in it, and where button, screws and motor are (x, y)."""

    case: str
    inner: Triple
    things: dict[str, Box]
    button: tuple[float, float]
    button_top: float
    screws: tuple[tuple[float, float], ...]
    motor: tuple[float, float]
    pocket: tuple[float, float, float, float]  # of the cell: x0, y0, x1, y1
    shelf: Box
    usb: Box
    par: dict[str, Any] = field(default_factory=dict)

    @property
    def outer(self) -> Triple:
        wall, floor, lid = self.par["wall_mm"], self.par["floor_mm"], self.par["lid_mm"]
        return self.inner[0] + 2 * wall, self.inner[1] + 2 * wall, self.inner[2] + floor + lid


def layout(name: str) -> Layout:
    """The case of a build, by its name."""
    build = builds()[name]
    par = read("case.toml")
    parts = {part.kind: part for part, _ in build.parts()}
    circuit = circuits()[build.circuit]
    board = circuit.board
    gap, wall, boss, ledge = par["gap_mm"], par["wall_mm"], par["boss_mm"], par["ledge_mm"]
    width, length = board.outline_mm
    cell_x, cell_y, cell_z = parts["cell"].size_mm
    small = board.id == "xiao"
    things: dict[str, Box] = {}

    # Across: ledge, cell, ledge, and a strip for wires and a screw; a board that is wider than the cell asks for more.
    deep = ledge + gap + cell_y + gap + ledge + par["strip_mm"]
    deep = max(deep, width + 3 * gap + boss, 27.0)
    things["cell"] = Box.at(0.1, ledge + gap, 0.0, (cell_x, cell_y, cell_z))
    pocket = (0.0, ledge, 0.1 + cell_x + 0.1, ledge + 2 * gap + cell_y)

    # Upwards: the cell and what it grows, the shelf, the board.
    shelf_z = cell_z + par["swell_mm"]
    board_z = shelf_z + par["shelf_mm"] + par["stand_mm"]
    plate = 1.0 if small else par["pcb_mm"]
    high = max(board_z + plate + ABOVE[board.id] + 0.4, 11.0)
    board_y = max(gap, (pocket[1] + pocket[3] - width) / 2)
    things["board"] = Box.at(gap, board_y, board_z, (length, width, plate + ABOVE[board.id]))
    shelf_size = (length + (1.3 if small else -0.2), max(pocket[3] + ledge, width) - 0.2, par["shelf_mm"])
    shelf = Box.at(0.2, 0.2, shelf_z, shelf_size)
    usb = board.usb
    usb_y = board_y + (width - usb["width_mm"]) / 2
    usb_box = Box.at(-wall, usb_y, board_z + plate, (wall + gap, usb["width_mm"], SOCKET_HIGH[usb["name"]]))

    # The end behind the cell: motor on the thin floor, and what drives it.
    motor_mm = parts["motor"].size_mm[0]
    motor_z = par["motor_floor_mm"] - par["floor_mm"]
    motor_size = (motor_mm, motor_mm, parts["motor"].size_mm[2] + par["motor_foam_mm"])
    motor_top = motor_z + motor_size[2]
    x0 = pocket[2] + par["rib_mm"] + 0.1
    stage, post = circuit.stage, par["stage_post_mm"]
    stage_high = par["pcb_mm"] + par["stage_high_mm"]
    if name == "xiao":
        side = stage["columns"] * PITCH - 0.64  # sawn to size: the pads' rims allow it
        inner_x = x0 + side + 0.2
        things["stage"] = Box.at(x0, deep - 0.2 - side, post, (side, side, stage_high))
        motor = (x0 + motor_mm / 2 + 0.3, gap + 0.3 + motor_mm / 2)
        things["lead"] = Box.at(x0 + 0.2, boss + 0.2, motor_top + 0.2, parts["connector"].size_mm)  # type: ignore[arg-type]
        button = _stage_button(stage, things["stage"])
        button_top = post + par["pcb_mm"] + par["button_high_mm"]
        screws = ((boss / 2, deep - boss / 2), (inner_x - boss / 2, boss / 2))
    elif name == "xiao-drv":
        card_y, card_x, card_z = parts["driver"].size_mm
        lead = parts["connector"].size_mm
        z = max(motor_top, lead[2]) + 0.4
        things["driver"] = Box.at(x0, (deep - card_y) / 2, z, (card_x, card_y, card_z))
        motor = (x0 + card_x - motor_mm / 2 - 0.6, deep / 2)
        turned = (lead[1], lead[0], lead[2])  # under the breakout, beside the motor, between the posts
        things["lead"] = Box.at(x0 + 0.2, (deep - turned[1]) / 2, 0.1, turned)
        side = parts["switch"].size_mm[0]
        end = things["driver"].high[0] + gap
        button, button_top = (end + gap + side / 2, deep / 2), high - 3.1
        inner_x = button[0] + par["button_flange_mm"] / 2 + 0.2
        corner = (button[0] - side / 2, button[1] - side / 2, button_top - par["button_high_mm"])
        things["button"] = Box.at(*corner, (side, side, par["button_high_mm"]))
        screws = ((boss / 2, deep - boss / 2), (inner_x - boss / 2, boss / 2))
    else:
        x0 = things["board"].high[0] + gap
        stage_size = (stage["rows"] * PITCH, stage["columns"] * PITCH, stage_high)
        inner_x = x0 + stage_size[0] + gap
        things["stage"] = Box.at(x0, 2.0, post, stage_size)
        motor = (pocket[2] + 1.4 + motor_mm / 2, (pocket[1] + pocket[3]) / 2)
        switch = board.usb["switch_mm"]
        button, button_top = (gap + switch[0], board_y + width / 2 + switch[1]), board_z + plate + switch[2]
        screws = ((boss / 2, deep - boss / 2), (inner_x - boss / 2, deep - boss / 2))
    corner = (motor[0] - motor_mm / 2, motor[1] - motor_mm / 2, motor_z)
    things["motor"] = Box.at(*corner, motor_size, round=True)
    for k, (x, y) in enumerate(screws):
        things[f"screw {k + 1}"] = Box.at(x - boss / 2, y - boss / 2, 0.0, (boss, boss, high), round=True)
    inner = (inner_x, deep, high)
    return Layout(build.case, inner, things, button, button_top, screws, motor, pocket, shelf, usb_box, par)


def hole_place(stage: dict[str, Any], box: Box, column: float, row: float) -> tuple[float, float]:
    """Where a hole of the perfboard is: parts up, rows along x, columns along y: the picture turned, not mirrored."""
    x, y, _ = box.middle
    return x + (row - (stage["rows"] - 1) / 2) * PITCH, y + (column - (stage["columns"] - 1) / 2) * PITCH


def pad_place(board: Box, pad: Pad) -> tuple[float, float]:
    """Where a pad of the board is: parts up, the USB end at x = 0, so the board's right is y."""
    x, y, _ = board.middle
    return x - pad.y_mm, y + pad.x_mm


def _stage_button(stage: dict[str, Any], box: Box) -> tuple[float, float]:
    """Middle of the button on the perfboard."""
    legs = [place(hole) for pin, hole in stage["at"].items() if pin.startswith("SW1.")]
    column = sum(c for c, _ in legs) / len(legs)
    row = sum(r for _, r in legs) / len(legs)
    return hole_place(stage, box, column, row)


def complaints(found: Layout, least: float = 0.1) -> list[str]:
    """What does not fit: things that touch, or reach into a wall."""
    out = []
    names = list(found.things)
    for i, name in enumerate(names):
        box = found.things[name]
        for k, axis in enumerate("xyz"):
            low = found.par["motor_floor_mm"] - found.par["floor_mm"] if axis == "z" and name == "motor" else 0.0
            if box.low[k] < low - 1e-9 or box.high[k] > found.inner[k] + 1e-9:
                out.append(f"{name} reaches {axis} {box.low[k]:.2f} to {box.high[k]:.2f} of 0 to {found.inner[k]:.2f}")
        for other in names[i + 1 :]:
            gap = box.gap(found.things[other])
            if gap < least - 1e-9:
                out.append(f"{name} and {other} are {gap:.2f} mm apart")
    room = found.shelf.low[2] - found.things["cell"].high[2]
    if room < 0.1 * (found.things["cell"].high[2]):
        out.append(f"the cell has {room:.2f} mm to grow, less than a tenth")
    reach = found.par["button_flange_mm"] / 2
    for k, axis in enumerate("xy"):
        if not reach <= found.button[k] <= found.inner[k] - reach:
            out.append(f"the button's membrane reaches over the wall in {axis}")
    stem = found.inner[2] - found.button_top
    if stem < 1.0:
        out.append(f"the button is {stem:.2f} mm under the lid: no room for its stem")
    return out


def all_layouts() -> dict[str, Layout]:
    return {build.case: layout(build.id) for build in builds().values()}


@dataclass(frozen=True)
class Spring:
    """The clip's tongue as a beam that is held at the hinge: how far the thickest band bends it, and what that asks."""

    bend_mm: float
    length_mm: float
    strain: float
    force_n: float
    limit: float


def spring(found: Layout) -> Spring:
    par = found.par
    wall, thick = par["wall_mm"], par["clip_thick_mm"]
    x, y, _ = found.inner
    mouth = max(-wall + 1.6, *(sx + par["screw_head_mm"] / 2 + 1.4 for sx, _ in found.screws if sx < x / 2))
    length = x + wall - 0.6 - mouth - 3.0  # to the hook
    width = y + 2 * wall - 1.2 - par["clip_window_mm"]
    bend = par["clip_band_mm"][1] - par["clip_gap_mm"] + par["clip_hook_mm"]
    strain = 1.5 * thick * bend / length**2
    force = par["petg"]["modulus_mpa"] * width * thick**3 / 4 * bend / length**3
    return Spring(bend, length, strain, force, par["petg"]["strain_limit"])
