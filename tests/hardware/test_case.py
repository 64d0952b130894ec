"""The case without the CAD program: places and clearances, the aim, the files that are committed."""

import dataclasses
import json
import struct

import pytest

from hardware.make import bom, data, layout, pages
from tests.conftest import REPO

BUILDS = data.builds()
CASE = data.MADE / "case"
GOAL = data.read("case.toml")["goal"]
PRINTS = [name for name, _, _ in pages.PRINTS]


@pytest.mark.parametrize("name", BUILDS)
def test_everything_has_its_place(name):
    assert layout.complaints(layout.layout(name)) == []


@pytest.mark.parametrize("name", BUILDS)
def test_every_wired_part_has_a_place(name):
    """What is soldered is in the layout, by itself or on the perfboard or the board."""
    found = layout.layout(name)
    circuit = data.circuit(BUILDS[name].circuit)
    kinds = {"cell": "cell", "board": "board", "motor": "motor", "driver": "driver", "connector": "lead"}
    on_stage = {pin.partition(".")[0] for pin in circuit.stage.get("at", {})}
    for reference, part in circuit.parts.items():
        if reference in on_stage:
            assert "stage" in found.things
        elif part.kind == "switch":
            assert "button" in found.things
        else:
            assert kinds[part.kind] in found.things, reference
            size = sorted(part.size_mm) if part.kind != "motor" else None
            box = found.things[kinds[part.kind]]
            if size and part.kind != "board":
                assert sorted(b - a for a, b in zip(box.low, box.high)) == pytest.approx(size), reference


CHANGES = [
    ("xiao", "cell-150", (30.0, 17.0, 4.0), None),  # 401730: another shape; the layout moves, and is longer
    ("xiao", "cell-150", (26.0, 19.75, 9.5), "to grow"),
    ("xiao", "lead", (18.0, 6.2, 5.0), "reaches x"),
    ("xiao", "motor", (14.0, 14.0, 2.7), "apart"),
    ("feather", "cell-350", (36.0, 20.0, 10.0), "to grow"),
]


@pytest.mark.parametrize(("name", "part", "size", "what"), CHANGES, ids=[f"{c[1]}-{c[3]}" for c in CHANGES])
def test_another_part_is_placed_or_refused(name, part, size, what, monkeypatch):
    rows = data.read("parts.toml")
    rows["part"][part]["size_mm"] = list(size)
    old = data.read
    monkeypatch.setattr(data, "read", lambda file: rows if file == "parts.toml" else old(file))
    found = layout.layout(name)
    complaints = layout.complaints(found)
    if what is None:
        assert complaints == []
        assert found.outer[0] > GOAL["size_mm"][0]
    elif what == "to grow":
        assert complaints == [] or any(what in text for text in complaints)
        assert found.outer[2] > GOAL["size_mm"][2] or complaints
    else:
        assert any(what in text for text in complaints), complaints


def turns_right(origin, right, down):
    """With z towards the eye: is `down` a quarter turn clockwise from `right`, as in a picture?"""
    (ax, ay), (bx, by) = ((p[0] - origin[0], p[1] - origin[1]) for p in (right, down))
    return ax * by - ay * bx < 0


@pytest.mark.parametrize("name", BUILDS)
def test_nothing_is_laid_in_mirrored(name):
    """Perfboard and board lie in the case as in their pictures, turned perhaps, but parts up."""
    found = layout.layout(name)
    circuit = data.circuit(BUILDS[name].circuit)
    if circuit.stage:
        box = found.things["stage"]
        a1, b1, a2 = (layout.hole_place(circuit.stage, box, c, r) for c, r in ((0, 0), (1, 0), (0, 1)))
        assert turns_right(a1, b1, a2)
    pads = {pad.name: layout.pad_place(found.things["board"], pad) for pad in circuit.board.pads}
    left, right = ("D0", "5V") if "5V" in pads else ("SCK", "D13")
    below = "D6" if "5V" in pads else "TX"
    assert turns_right(pads[left], pads[right], pads[below])
    assert pads[below][0] > pads[left][0], "the USB end is at x = 0"


def test_boxes_that_overlap_are_seen():
    found = layout.layout("xiao")
    things = {**found.things, "cell": found.things["board"]}
    assert any("cell and board" in text for text in layout.complaints(dataclasses.replace(found, things=things)))


def test_the_aim_is_reached_in_the_model():
    """45 x 30 x 14 mm and under 22 g without the spring clip, by what is likely; the page tells what it may be off."""
    facts = bom.case_facts()[BUILDS[GOAL["build"]].case]
    for axis, most in zip("xyz", GOAL["size_mm"]):
        assert facts[f"{axis}_mm"] <= most, axis
    mass, off = bom.mass_g(BUILDS[GOAL["build"]], ("clip_g",))
    assert mass < GOAL["mass_g"]
    page = (REPO / "hardware" / "case.md").read_text("utf-8")
    assert f"{mass:.1f} ± {off:.1f} g (aim under {GOAL['mass_g']:.0f} g)" in page
    assert " × ".join(f"{side:.0f}" for side in GOAL["size_mm"]) in page


@pytest.mark.parametrize("name", BUILDS)
def test_the_model_is_the_layouts(name):
    """The case that is committed was made of these numbers."""
    found = layout.layout(name)
    facts = bom.case_facts()[found.case]
    for axis, size in zip("xyz", found.outer):
        assert facts[f"{axis}_mm"] == pytest.approx(size, abs=0.02), "make case writes it"


@pytest.mark.parametrize("name", BUILDS)
def test_the_clip_takes_the_thickest_band(name):
    found = layout.spring(layout.layout(name))
    assert found.strain <= found.limit
    assert 1 <= found.force_n <= 15


@pytest.mark.parametrize("name", BUILDS)
def test_files_have_fixed_heads_and_the_bounds_of_the_model(name):
    found = layout.layout(name)
    facts = bom.case_facts()[found.case]
    for part in PRINTS:
        head = (CASE / found.case / f"{part}.stl").read_bytes()
        assert head[:80] == b"formclip case, mm".ljust(80)
        count = struct.unpack_from("<I", head, 80)[0]
        assert len(head) == 84 + 50 * count and count == facts[f"{part}_triangles"]
    body = (CASE / found.case / "body.stl").read_bytes()
    xs = [struct.unpack_from("<9f", body, 84 + 50 * k + 12)[::3] for k in range((len(body) - 84) // 50)]
    low, high = min(map(min, xs)), max(map(max, xs))
    assert high - low == pytest.approx(found.outer[0], abs=0.05)
    step = (CASE / f"{found.case}.step").read_text("utf-8")
    assert "2026-01-01T00:00:00" in step[:600] and step.rstrip().endswith("END-ISO-10303-21;")


def test_files_are_small():
    total = sum(path.stat().st_size for path in CASE.rglob("*") if path.is_file())
    assert total < 3_000_000


def test_no_other_file_lies_there():
    names = {path.relative_to(CASE).as_posix() for path in CASE.rglob("*") if path.is_file()}
    expected = {"case.json"}
    for build in BUILDS.values():
        expected |= {f"{build.case}.step", *(f"{build.case}/{part}.stl" for part in PRINTS)}
    assert names == expected
    assert set(json.loads((CASE / "case.json").read_text("utf-8"))) == {build.case for build in BUILDS.values()}


def test_pictures_of_each_case_are_there_and_shown():
    page = (REPO / "hardware" / "case.md").read_text("utf-8")
    for build in BUILDS.values():
        for kind in ("exploded", "closed", "worn", "cut"):
            assert (data.MADE / f"case-{build.case}-{kind}.svg").exists()
        assert f"made/case-{build.case}-exploded.svg" in page
