"""`formclip trends`: each figure over weeks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.ground.text import counted, number, with_unit
from formclip.runs.insight.digest import FIGURE
from formclip.runs.insight.history import history
from formclip.runs.insight.trends import LEVELS, Trend, Trends, how, trends
from formclip.runs.store.store import Store
from formclip.show.options import DAY, json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("trends", short_help="Show each figure over the weeks.")
@click.argument("metric", metavar="[METRIC]", required=False, type=click.Choice(list(FIGURE)))
@click.option("--since", type=DAY, help="From this day on.")
@click.option("--until", type=DAY, help="Up to this day.")
@store_option
@json_option
def trends_command(
    metric: str | None, since: datetime | None, until: datetime | None, folder: Path | None, as_json: bool
) -> None:
    """Show each figure over the weeks, with how sure it is.

    Figures stand at your usual pace where that can be had fairly. With METRIC,
    as tilt_deg, each run's value is listed too.
    """
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        runs = history(store, on_done)
    found = trends(runs, since.date() if since else None, until.date() if until else None)
    if as_json:
        tell_json(plain(found))
        return
    for line in _lines(found, metric):
        tell(printable(line))


def _lines(found: Trends, metric: str | None) -> list[str]:
    if not found.runs:
        return ["no run in these days; next: formclip sync, or other days"]
    out = [f"{counted(found.runs, 'run')} from {found.since} to {found.until}"]
    for one in found.trends:
        if metric in (None, one.key):
            out += ["", *_of(one, metric is not None)]
    return [*out, "", *found.said]


def _of(one: Trend, with_points: bool) -> list[str]:
    mark = "* " if one.found else "  "
    digits = FIGURE[one.key].digits
    out = [f"{mark}{one.title}"]
    if one.usual is not None and one.family == LEVELS:
        low, middle, high = (number(value, digits) for value in one.usual)
        out[0] += f": {with_unit(middle, one.unit)}, mostly {low} to {high}, {how(one.by)}"
    out.append(f"    {one.said}")
    out += [f"    Left out, {why}." for why in one.left_out]
    if with_points:
        out += [
            f"    {point.started:%Y-%m-%d}  {point.label:24} {with_unit(f'{number(point.value, digits):>8}', one.unit)}"
            + (f" ±{number(1.96 * point.error, digits)}" if point.error == point.error else "")
            for point in one.points
        ]
    return out
