"""Tables and figures of the pages, filled in between marks: <!-- name --> ... <!-- end name -->.

A page quotes what is made of the data, and a test fails while it quotes anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hardware.make import bom, card, drive, power
from hardware.make.data import HARDWARE, REPO, builds, circuits

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


def fillings() -> dict[str, Callable[[], str]]:
    """Name of a mark -> what stands there."""
    found: dict[str, Callable[[], str]] = {
        "builds": build_table,
        "acceptable": bom.acceptable_table,
        "patterns": card.table,
        "presses": card.press_table,
        "power": power.table,
        "power shares": power.shares_table,
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
