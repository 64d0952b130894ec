"""Parts: one list for netlist, drawing, mass and power; what is committed is what the data makes."""

import ast
import csv
import io

import pytest

from hardware.make import bom, data, pages
from tests.conftest import REPO

BUILDS = data.builds()


@pytest.mark.parametrize("name", BUILDS)
def test_the_netlist_and_the_list_of_parts_are_the_same_parts(name):
    build = BUILDS[name]
    wired = [part.id for part in data.circuit(build.circuit).parts.values()]
    listed = {part.id: count for part, count in build.parts()}
    for part in set(wired):
        assert listed.get(part) == wired.count(part), part
    loose = {"board-blank", "wire", "foam", "tape", "solder", "screw", "case", "plug"}
    assert {part.kind for part, _ in build.parts() if part.id not in wired} <= loose


def test_every_part_is_used():
    used = {part.id for build in BUILDS.values() for part, _ in build.parts()}
    used |= {part.id for found in data.circuits().values() for part in found.parts.values()}
    assert used == set(data.parts())


@pytest.mark.parametrize("name", BUILDS)
def test_the_csv_is_the_list(name):
    build = BUILDS[name]
    text = (data.MADE / f"bom-{name}.csv").read_text("utf-8")
    assert text == bom.as_csv(build), "make hardware writes it"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(row["quantity"]) * float(row["usd_each"]) for row in rows) == pytest.approx(bom.price_usd(build))
    assert {row["part"] for row in rows} == {part.name for part, _ in build.parts()}


def test_pages_quote_what_the_data_makes():
    marked = 0
    for page in pages.pages():
        text = page.read_text("utf-8")
        marked += len(pages.MARK.findall(text))
        assert pages.filled(text) == text, f"{page.relative_to(REPO)}: make hardware writes it"
        assert text.count("<!-- made: ") == len(pages.MARK.findall(text)), f"{page.name}: a mark without its end"
    assert marked >= 8


def test_a_page_that_quotes_something_else_fails():
    text = "<!-- made: builds -->\n| old |\n<!-- end builds -->"
    assert pages.filled(text) != text
    assert pages.filled(pages.filled(text)) == pages.filled(text)


@pytest.mark.parametrize("key", ["price", "mass"])
def test_where_a_figure_is_from_is_one_of_the_known_words(key, monkeypatch):
    rows = data.read("parts.toml")
    rows["part"]["motor"][key] = "guess"
    monkeypatch.setattr(data, "read", lambda name: rows)
    with pytest.raises(data.DataError, match="motor"):
        data.parts()


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_nothing_leans_on_hardware_and_each_heavy_package_has_one_user():
    for top in ("shared", "device", "host"):
        for path in (REPO / top).rglob("*.py"):
            assert "hardware" not in set(imported(path)), path
    users = {"schemdraw": {"schematic.py"}, "build123d": {"case.py"}, "formclip": {"duty.py"}}
    for package, files in users.items():
        found = {path.name for path in (data.HARDWARE / "make").glob("*.py") if package in set(imported(path))}
        assert found == files, package
