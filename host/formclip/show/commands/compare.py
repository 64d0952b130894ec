"""`formclip compare`: two runs, or two spans of days."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.ground.text import number
from formclip.runs.insight.contrast import DIFFERS, Comparison, Contrast, chosen, contrast
from formclip.runs.insight.digest import FIGURE
from formclip.runs.insight.history import history
from formclip.runs.store.store import Store
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("compare", short_help="Set two runs, or two spans, side by side.")
@click.argument("a")
@click.argument("b")
@store_option
@json_option
def compare_command(a: str, b: str, folder: Path | None, as_json: bool) -> None:
    """Set two runs, or two spans of days, side by side at one pace.

    A and B are runs (CLIP/NUMBER, a number, a name, a day, `last`) or spans
    as 2026-09-01..2026-09-30, of which either end may be left out.
    """
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        runs = history(store, on_done)
    found = contrast(runs, chosen(store, runs, a), chosen(store, runs, b))
    if as_json:
        tell_json(plain(found))
        return
    for line in _lines(found):
        tell(printable(line))


def _lines(found: Comparison) -> list[str]:
    sides = (("A", found.a), ("B", found.b))
    out = [f"{name}: {side.title}" + (f" ({side.since})" if len(side.labels) == 1 else "") for name, side in sides]
    out.append("")
    out.append(f"  {'':40}{'A':>9}{'B':>9}   B less A, 95 % of it")
    out += [_line(one) for one in found.contrasts]
    return [*out, "", *found.caveats] if found.caveats else out


def _line(one: Contrast) -> str:
    digits = FIGURE[one.key].digits + 1
    mark = "*" if one.verdict == DIFFERS else " "
    title = f"{one.title}, {one.unit}" if one.unit else one.title
    return f"{mark} {title[:40]:40}{number(one.a, digits):>9}{number(one.b, digits):>9}   {one.said}"
