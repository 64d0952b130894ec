"""The list of parts of each build: as CSV for a shop's basket, as a table for a person, with its price and mass."""

from __future__ import annotations

import csv
import io
import json
import math

from hardware.make.data import MADE, Build, builds, circuits, parts

FROM_CASE = {"case": ("body_g", "lid_g", "shelf_g", "membrane_g", "clip_g"), "plug": ("plug_g",)}


def case_facts() -> dict[str, dict[str, float]]:
    """What `make case` wrote of each case: volumes, masses, sizes."""
    path = MADE / "case" / "case.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def mass_g(build: Build, without: tuple[str, ...] = ()) -> tuple[float, float]:
    """Mass of a whole clip and by how much it may be off: the parts' uncertainties as independent."""
    facts = case_facts().get(build.case, {})
    total = square = 0.0
    for part, count in build.parts():
        for name in FROM_CASE.get(part.kind, ()):
            if name not in without:
                total += facts.get(name, 0.0)
                square += (0.1 * facts.get(name, 0.0)) ** 2  # printed parts come out a tenth lighter or heavier
        total += count * part.mass_g
        square += (count * part.mass_off_g) ** 2
    return total, math.sqrt(square)


def price_usd(build: Build) -> float:
    return sum(count * part.price_usd for part, count in build.parts())


def references(build: Build) -> dict[str, str]:
    """Part -> its references in the circuit."""
    found: dict[str, list[str]] = {}
    for reference, part in circuits()[build.circuit].parts.items():
        found.setdefault(part.id, []).append(reference)
    return {part: " ".join(names) for part, names in found.items()}


def as_csv(build: Build) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["quantity", "reference", "part", "number", "usd_each", "price_is", "g_each", "mass_is", "source"])
    where = references(build)
    for part, count in build.parts():
        row = [count, where.get(part.id, ""), part.name, part.number, f"{part.price_usd:.2f}", part.price]
        writer.writerow([*row, f"{part.mass_g:.2f}", part.mass, part.source])
    return out.getvalue()


def as_table(build: Build) -> str:
    where = references(build)
    lines = ["| | part | number | USD | where |", "| --- | --- | --- | --- | --- |"]
    for part, count in build.parts():
        price = f"{count * part.price_usd:.2f}" + ("" if part.price == "quoted" else " ~")
        lines.append(f"| {count} | {part.name} | {part.number} | {price} | {where.get(part.id, '')} |")
    total_g, off_g = mass_g(build)
    what = "with the clip" if build.case in case_facts() else "without the case"
    lines.append(f"| | **all of it**, {total_g:.0f} ± {off_g:.0f} g {what} | | **{price_usd(build):.0f}** | |")
    return "\n".join(lines)


def acceptable_table() -> str:
    """What another part must be to do as well, and which are known."""
    used = {part.id for build in builds().values() for part, _ in build.parts()}
    lines = ["| part | will do when | others |", "| --- | --- | --- |"]
    for part in parts().values():
        if part.id in used and part.kind not in ("case", "plug"):
            lines.append(f"| {part.name} | {part.acceptable} | {'; '.join(part.alternatives) or '–'} |")
    return "\n".join(lines)


def write() -> None:
    MADE.mkdir(exist_ok=True)
    for build in builds().values():
        (MADE / f"bom-{build.id}.csv").write_text(as_csv(build), encoding="utf-8")
