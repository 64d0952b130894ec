"""`formclip load`: how much was run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.plain import plain
from formclip.ground.progress import count_progress
from formclip.ground.text import clock
from formclip.runs.insight.history import history
from formclip.runs.insight.load import THREE_WEEKS, Load, load
from formclip.runs.store.store import Store
from formclip.show.options import DAY, json_option, store_option
from formclip.show.tell import tell, tell_json


@click.command("load", short_help="Show how much you ran, and what rose fast.")
@click.option("--weeks", default=12, show_default=True, type=click.IntRange(1), help="The latest so many.")
@click.option("--until", type=DAY, help="As it stood on this day.")
@store_option
@json_option
def load_command(weeks: int, until: datetime | None, folder: Path | None, as_json: bool) -> None:
    """Show how much you ran, and what rose fast.

    A single run much longer than the longest of the 30 days before comes
    first; weekly change stands beside it as the articles' note.
    """
    store = Store(folder)
    with count_progress("logs read", 0, not as_json) as on_done:
        found = load(history(store, on_done), until.date() if until else date.today())
    if as_json:
        tell_json(plain(found))
        return
    for line in _lines(found, weeks):
        tell(printable(line))


def _lines(found: Load, weeks: int) -> list[str]:
    run_in = [i for i, week in enumerate(found.weeks) if week.runs]
    whole = found.weeks[: run_in[-1] + 2] if run_in else ()  # up to the last run, and the week after it
    shown = whole[-weeks:]
    since = shown[0].monday if shown else date.min
    out = [f"* {one.said}" for one in found.spikes if one.told and one.day >= since]
    out += [""] if out else []
    for week in shown:
        mark = "!" if week.over or (week.three_weeks or 0) > THREE_WEEKS else " "
        running = clock(week.running_s) if week.runs else ""
        out.append(
            f"{mark} {week.monday}  {week.runs:2} {'run ' if week.runs == 1 else 'runs'}  {running:>8}  {week.said}"
        )
    return [*out, *([""] if shown else []), *found.said]
