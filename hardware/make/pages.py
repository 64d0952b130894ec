"""Tables and figures of the pages, filled in between marks: <!-- name --> ... <!-- end name -->.

A page quotes what is made of the data, and a test fails while it quotes anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hardware.make import bom, card, drive, layout, power
from hardware.make.data import HARDWARE, REPO, builds, circuits, read

MARK = re.compile(r"(<!-- made: ([a-z0-9 -]+) -->)(.*?)(<!-- end \2 -->)", re.S)


def sums_table(name: str) -> str:
    lines = ["| | reckoned | comes to | allowed | |", "| --- | --- | --- | --- | --- |"]
    for row in drive.sums(circuits()[name]):
        lines.append(f"| {row.what} | {row.how} | {row.result} | {row.limit} | {'ok' if row.good else '**no**'} |")
    return "\n".join(lines)


def build_table() -> str:
    lines = ["| build | what it is | USD | grams |", "| --- | --- | --- | --- |"]
    for build in builds().values():
        total_g, off_g = bom.mass_g(build)
        price = f"{bom.price_usd(build):.0f}"
        grams = f"{total_g:.0f} ± {off_g:.0f}" + ("" if build.case in bom.case_facts() else " without the case")
        lines.append(f"| [{build.title}](parts.md#{build.id}) | {build.says} | {price} | {grams} |")
    return "\n".join(lines)


def case_table() -> str:
    lines = ["| build | body with lid, mm | with the clip | all but the clip, g | with the clip, g |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for build in builds().values():
        facts = bom.case_facts()[build.case]
        without, off = bom.mass_g(build, ("clip_g",))
        whole, off_whole = bom.mass_g(build)
        size = f"{facts['x_mm']:.1f} × {facts['y_mm']:.1f} × {facts['z_mm']:.1f}"
        row = [build.title, size, f"{facts['with_clip_z_mm']:.1f} high", f"{without:.1f} ± {off:.1f}"]
        lines.append("| " + " | ".join([*row, f"{whole:.1f} ± {off_whole:.1f}"]) + " |")
    return "\n".join(lines)


def goal_text() -> str:
    """What the small case comes to beside what it aims at."""
    goal = read("case.toml")["goal"]
    build = builds()[goal["build"]]
    facts = bom.case_facts()[build.case]
    mass, off = bom.mass_g(build, ("clip_g",))
    size = " × ".join(f"{facts[f'{axis}_mm']:.1f}" for axis in "xyz")
    aim = " × ".join(f"{side:.0f}" for side in goal["size_mm"])
    return f"{size} mm (aim {aim}) and {mass:.1f} ± {off:.1f} g (aim under {goal['mass_g']:.0f} g)"


def prints_table() -> str:
    lines = ["| print | filament | g | as it lies on the bed |", "| --- | --- | --- | --- |"]
    facts = bom.case_facts()[read("case.toml")["goal"]["build"]]
    for name, filament, lies in PRINTS:
        lines.append(f"| {name} | {filament} | {facts[f'{name}_g']:.1f} | {lies} |")
    return "\n".join(lines)


PRINTS = (
    ("body", "PETG", "skin's side down"),
    ("lid", "PETG", "outside down: turn it over"),
    ("shelf", "PETG", "as it is"),
    ("clip", "PETG", "on its side, so that the layers run along the bend: turn it by 90°"),
    ("membrane", "TPU 95A", "outside down: turn it over"),
    ("plug", "TPU 95A", "flange down: turn it by 90°"),
)


def spring_table() -> str:
    lines = [
        "| build | tongue | bent by the thickest band | strain | pull to open |",
        "| --- | --- | --- | --- | --- |",
    ]
    for build in builds().values():
        found = layout.spring(layout.layout(build.id))
        strain = f"{100 * found.strain:.1f} % of {100 * found.limit:.0f} %"
        row = [build.title, f"{found.length_mm:.0f} mm", f"{found.bend_mm:.1f} mm", strain, f"{found.force_n:.0f} N"]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def fillings() -> dict[str, Callable[[], str]]:
    """Name of a mark -> what stands there."""
    found: dict[str, Callable[[], str]] = {
        "builds": build_table,
        "acceptable": bom.acceptable_table,
        "case": case_table,
        "case goal": goal_text,
        "prints": prints_table,
        "spring": spring_table,
        "patterns": card.table,
        "presses": card.press_table,
        "power": power.table,
        "power shares": power.shares_table,
        "standby rest": power.standby_rest,
        "largest recording": partial(power.largest, "xiao", "recording"),
        "largest standby": partial(power.largest, "xiao", "standby"),
    }
    for build in builds().values():
        found[f"bom {build.id}"] = partial(bom.as_table, build)
        found[f"hours {build.id}"] = partial(power.hours_text, build.id)
        for mode in power.MODES:
            found[f"ma {mode} {build.id}"] = partial(power.ma_text, build.id, mode)
            found[f"days {mode} {build.id}"] = partial(power.days_text, build.id, mode)
        found[f"sums {build.circuit}"] = partial(sums_table, build.circuit)
    return found


def pages() -> list[Path]:
    return [REPO / "README.md", *sorted(HARDWARE.glob("*.md")), *sorted((REPO / "docs").rglob("*.md"))]


def filled(text: str) -> str:
    known = fillings()

    def one(match: re.Match[str]) -> str:
        made = known[match[2]]()
        gap = "\n" if "\n" in made else ""
        return f"{match[1]}{gap}{made}{gap}{match[4]}"

    return MARK.sub(one, text)


def write() -> None:
    for page in pages():
        text = page.read_text("utf-8")
        new = filled(text)
        if new != text:
            page.write_text(new, encoding="utf-8")
