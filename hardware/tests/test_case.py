"""The solids of the case: `make test-hardware`, in the CAD program's own environment.

Each print is one valid solid; nothing that goes in touches what is printed; lid and body meet and do not overlap; walls
are thick enough; nothing needs supports; what is committed is what the code makes, by volume and bounds.
"""

import itertools
import json
import math
import struct

import pytest
from build123d import Box, Edge, GeomType, Pos, Vector

from hardware.make import case as cases
from hardware.make import layout
from hardware.make.data import builds

BUILT = {}


@pytest.fixture(params=list(builds()))
def built(request):
    if request.param not in BUILT:
        BUILT[request.param] = cases.Case(builds()[request.param])
    return BUILT[request.param]


def overlap(a, b):
    common = a & b
    return 0.0 if common is None else sum(solid.volume for solid in common.solids())


def test_each_print_is_one_valid_solid(built):
    for name, solid in built.solids.items():
        assert len(solid.solids()) == 1, name
        assert solid.solids()[0].is_valid, name
        assert solid.volume > 50, name


def test_prints_do_not_overlap(built):
    """Lid and body above all; the membrane in its hole, the plug in its opening, the clip on the lid."""
    for a, b in itertools.combinations(built.solids, 2):
        assert overlap(built.solids[a], built.solids[b]) < 1e-3, (a, b)


def test_the_lid_closes_the_body(built):
    """They share the seam's plane, and the lid covers the body's whole outline."""
    z = built.at.inner[2]
    body, lid = built.solids["body"], built.solids["lid"]
    assert body.bounding_box().max.Z == pytest.approx(z)
    plate = lid & Pos(0, 0, z + 0.3) * Box(400, 400, 0.02)
    rim = body & Pos(0, 0, z - 0.01) * Box(400, 400, 0.02)
    assert plate.bounding_box().min.X <= rim.bounding_box().min.X + 1e-6
    assert plate.bounding_box().max.X >= rim.bounding_box().max.X - 1e-6
    assert plate.bounding_box().min.Y <= rim.bounding_box().min.Y + 1e-6
    assert plate.bounding_box().max.Y >= rim.bounding_box().max.Y - 1e-6
    moved = Pos(0, 0, 8) * lid  # the way it comes off: straight up, past everything
    assert overlap(moved, body) < 1e-3


# The lid's posts stand on the perfboard and the breakout, and the shelf's corners under the board: their boxes, which
# hold the parts' whole height, are meant to be met there.
MEANT = {("lid", "stage"), ("lid", "board"), ("lid", "driver")}


def test_nothing_that_goes_in_touches_a_print(built):
    for thing, solid in built.things().items():
        for name in ("body", "lid", "shelf"):
            common = overlap(solid, built.solids[name])
            if (name, thing) in MEANT:
                assert common < 60, (name, thing)
            else:
                assert common < 1e-3, (name, thing)


def test_the_posts_of_the_lid_reach_what_they_hold(built):
    """Down to a quarter of a millimetre over the plates, and not into them."""
    par, at = built.par, built.at
    board = at.things["board"]
    plate = 1.0 if built.circuit.board.id == "xiao" else par["pcb_mm"]
    held = cases.block(board.low, (board.high[0], board.high[1], board.low[2] + plate))
    assert overlap(held, built.solids["lid"]) < 1e-3
    lifted = Pos(0, 0, 0.25) * held
    assert overlap(lifted, built.solids["lid"]) > 0.1


def test_walls_are_thick_enough(built):
    """Lines from outside through each wall of the PETG prints: the first stretch of plastic is 0.79 mm or more."""
    body = built.solids["body"]
    x, y, z = built.at.inner
    far = 30.0
    lines = []
    for k in range(1, 12):
        for h in (2.6, 0.5 * z, 0.8 * z):
            lines.append(((x * k / 12, -far, h), (x * k / 12, far / 2, h)))
            lines.append(((x * k / 12, y + far, h), (x * k / 12, y - far / 2, h)))
        for h in (2.6, 0.5 * z):
            lines.append(((-far, y * k / 12, h), (far / 4, y * k / 12, h)))
            lines.append(((x + far, y * k / 12, h), (x - far / 4, y * k / 12, h)))
        for j in range(1, 8):
            lines.append(((x * k / 12, y * j / 8, -far), (x * k / 12, y * j / 8, z / 2)))
    for cx, cy in ((0, 0), (x, 0), (0, y), (x, y)):  # through the corners, towards the middle
        out_x, out_y = (-20 if cx == 0 else 20), (-20 if cy == 0 else 20)
        lines.append(((cx + out_x, cy + out_y, 0.5 * z), (cx - out_x / 4, cy - out_y / 4, 0.5 * z)))
    thin, hit = [], 0
    for a, b in lines:
        found = body & Edge.make_line(a, b)
        pieces = [] if found is None else sorted(found.edges(), key=lambda edge: (edge.center() - Vector(*a)).length)
        if pieces:
            hit += 1
            if pieces[0].length < 0.79:
                thin.append((a, round(pieces[0].length, 2)))
    assert hit > 0.9 * len(lines)
    assert not thin, thin


AS_PRINTED = {"body": (0, 0, -1), "lid": (0, 0, 1), "shelf": (0, 0, -1), "clip": (0, -1, 0)}


@pytest.mark.parametrize("name", AS_PRINTED)
def test_it_prints_without_supports(built, name):
    """What looks down, steeper than 45 degrees and off the bed, is a bridge of 11 mm at the most."""
    down = Vector(*AS_PRINTED[name])
    solid = built.solids[name]
    levels = [vertex.center().dot(down) for vertex in solid.vertices()]
    bed = max(levels)
    for face in solid.faces():
        at = face.center()
        if face.geom_type == GeomType.PLANE:
            if face.normal_at(at).dot(down) > 0.72 and at.dot(down) < bed - 0.01:
                box = face.bounding_box().size
                across = sorted(size for size in (box.X, box.Y, box.Z))[1]
                assert across <= 11.0, (name, at, across)
        elif face.geom_type == GeomType.CYLINDER and (face.radius or 0) > 7.0:
            assert abs(face.axis_of_rotation.direction.dot(down)) > 0.99, (name, at, face.radius)


def test_the_socket_comes_through_its_opening(built):
    usb = built.at.usb
    grown = cases.block(
        (usb.low[0] - 2, usb.low[1] - 0.4, usb.low[2] - 0.4), (usb.high[0], usb.high[1] + 0.4, usb.high[2] + 0.4)
    )
    assert overlap(grown, built.solids["body"]) < 1e-2
    assert overlap(grown, built.solids["lid"]) < 1e-2


def test_the_button_is_reached(built):
    """The stem ends a tenth over the button, the membrane moves in its hole, the finger comes through the clip."""
    stem = built.solids["membrane"].bounding_box()
    assert stem.min.Z == pytest.approx(built.at.button_top + 0.1, abs=0.01)
    bx, by = built.at.button
    finger = cases.rod(bx, by, built.at.inner[2] + built.par["lid_mm"] + 0.4, 60, 5.5)
    assert overlap(finger, built.solids["clip"]) < 1e-3
    key = cases.rod(bx, by, built.at.button_top + 0.11, built.at.inner[2], 1.9)
    for name in ("body", "lid", "shelf", "clip"):
        assert overlap(key, built.solids[name]) < 1e-3, name


def test_screws_have_a_way(built):
    """Head and driver from above; the thread in plastic all round."""
    top = built.at.inner[2] + built.par["lid_mm"] + built.par["clip_thick_mm"]
    for sx, sy in built.at.screws:
        driver = cases.rod(sx, sy, top + 0.1, top + 40, 1.9)
        assert overlap(driver, built.solids["clip"]) < 1e-3
        shaft = cases.rod(sx, sy, built.at.inner[2] - 6, top, 1.0)
        assert overlap(shaft, built.solids["lid"]) < 1e-3
        assert overlap(shaft, built.solids["clip"]) < 1e-3
        around = cases.rod(sx, sy, built.at.inner[2] - 6, built.at.inner[2] - 1, built.par["screw_hole_mm"] / 2 + 0.79)
        filled = overlap(around, built.solids["body"])
        ring = math.pi * ((built.par["screw_hole_mm"] / 2 + 0.79) ** 2 - (built.par["screw_hole_mm"] / 2) ** 2) * 5
        assert filled == pytest.approx(ring, rel=0.02)


def test_joints_under_the_board_hang_free(built):
    """A blob of 1.2 mm under each pad that the circuit uses, and the wire's way out of it sideways."""
    board = built.at.things["board"]
    used = {pin.partition(".")[2] for pins in built.circuit.nets.values() for pin in pins if pin.startswith("A1.")}
    for pad in built.circuit.board.pads:
        if pad.name not in used:
            continue
        x, y = layout.pad_place(board, pad)
        half_x, half_y = (0.85, 0.85) if pad.at_edge else (pad.h_mm / 2, pad.w_mm / 2)
        low = board.low[2]
        blob = cases.block((x - half_x, y - half_y, low - 1.2), (x + half_x, y + half_y, low - 0.01))
        for name in ("shelf", "body"):
            assert overlap(blob, built.solids[name]) < 1e-3, (pad.name, name)
        assert low - 1.2 > built.at.things["cell"].high[2], "a joint reaches the cell"


def test_the_mouth_of_the_clip_is_as_told(built):
    """At rest narrower than the thinnest band, at the root wide enough that the thickest does not spread the bend."""
    clip = built.solids["clip"]
    base_top = built.at.inner[2] + built.par["lid_mm"] + built.par["clip_thick_mm"]
    x0 = clip.bounding_box().min.X
    mouth = built.par["clip_gap_mm"] - built.par["clip_hook_mm"]
    slit = cases.block((x0 + 9, 8, base_top + 0.01), (x0 + 10, 9, base_top + mouth - 0.05))
    assert overlap(slit, clip) < 1e-3
    assert built.par["clip_gap_mm"] < built.par["clip_band_mm"][0]


def test_the_motor_sits_on_a_thin_floor(built):
    mx, my = built.at.motor
    line = built.solids["body"] & Edge.make_line((mx, my, -20), (mx, my, 20))
    assert sum(edge.length for edge in line.edges()) == pytest.approx(built.par["motor_floor_mm"], abs=0.01)


def test_facts_that_are_committed_are_those_of_the_solids(built):
    told = json.loads((cases.OUT / "case.json").read_text("utf-8"))[built.build.case]
    found = built.facts()
    for key, value in found.items():
        assert told[key] == pytest.approx(value, rel=0.005, abs=0.02), key


def test_stl_that_is_committed_is_the_solid(built):
    """Volume by the divergence theorem over the triangles, and bounds; not bytes."""
    for name, solid in built.solids.items():
        data = (cases.OUT / built.build.case / f"{name}.stl").read_bytes()
        count = struct.unpack_from("<I", data, 80)[0]
        assert len(data) == 84 + 50 * count
        volume, low, high = 0.0, [1e9] * 3, [-1e9] * 3
        for k in range(count):
            p = struct.unpack_from("<9f", data, 84 + 50 * k + 12)
            a, b, c = p[:3], p[3:6], p[6:]
            cross = (b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0])
            volume += sum(u * v for u, v in zip(a, cross)) / 6
            for point in (a, b, c):
                low = [min(u, v) for u, v in zip(low, point)]
                high = [max(u, v) for u, v in zip(high, point)]
        assert volume == pytest.approx(solid.volume, rel=0.01), name
        box = solid.bounding_box()
        for k, axis in enumerate("XYZ"):
            assert low[k] == pytest.approx(getattr(box.min, axis), abs=0.06), (name, axis)
            assert high[k] == pytest.approx(getattr(box.max, axis), abs=0.06), (name, axis)


def test_a_part_that_is_too_large_is_seen(built):
    """The check can fail: a cell two millimetres thicker runs into the shelf."""
    cell = built.at.things["cell"]
    thicker = cases.block(cell.low, (cell.high[0], cell.high[1], cell.high[2] + 2))
    assert overlap(thicker, built.solids["shelf"]) > 1
