"""`formclip demo --weeks`: eight weeks of a runner who does not exist, and what each command of the record says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from formclip.ground.errors import GoalMissed
from formclip.ground.progress import count_progress
from formclip.ground.text import clock
from formclip.lab.weeks.make import WATCH_FOLDER, Weeks, make_weeks
from formclip.lab.weeks.story import SPIKE
from formclip.show.tell import tell, tell_json

DEFAULT_FOLDER = Path("out/weeks")


def tour(made: Weeks) -> list[tuple[str, ...]]:
    """The commands that are shown, in the order in which a runner would ask."""
    from formclip.show.cli import COMMANDS

    last = made.stored[-1].label
    merged = made.stored[made.merged[:2][-1]].label if made.merged else last
    sunday = made.story[-1].began.date().isoformat()
    found: list[tuple[str, ...]] = [
        ("sessions",),
        ("show", merged),
        ("baseline", "show"),
        ("trends",),
        ("compare", made.stored[0].label, last),
        ("load", "--until", sunday),
        ("pain", "list"),
        ("pain", "beside"),
        ("plan", "show", "--at", sunday),
        ("cues",),
        ("export", merged, "--fit", "-o", str(made.folder.parent)),
        ("store", "check"),
    ]
    return [words for words in found if words[0] in COMMANDS]


def told_by(made: Weeks, words: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of one command over the record."""
    from formclip.show.cli import run

    said = StringIO()
    with redirect_stdout(said):
        code = run([*words, "--store", str(made.folder)])
    return code, said.getvalue()


def show_weeks(out: Path, until: date | None, as_json: bool) -> None:
    """Make the record in `out`, printing each run as it comes, then every command with what it says.

    Errors    FileError where there is one already; GoalMissed where a command fails or a watch's file is refused
    """
    began = time.monotonic()
    said: list[dict[str, Any]] = []
    with count_progress("runs", 24, not as_json) as bar:

        def on_run(made: Weeks, number: int) -> None:
            if bar is not None:
                bar(number)
            if not as_json:
                tell(_line(made, number - 1))

        made = make_weeks(out, until, on_run)
    for words in tour(made):
        code, text = told_by(made, words)
        said.append({"command": "formclip " + " ".join(words), "exit_code": code, "said": text})
        if not as_json:
            tell(f"\n$ formclip {' '.join(words)}\n{text.rstrip()}")
    if as_json:
        tell_json(_told(made, said), indent=1)
    else:
        tell(f"\n{len(made.stored)} runs in {clock(time.monotonic() - began)}")
        tell(f"the record: {made.folder}; the watch's files: {out / WATCH_FOLDER}")
        tell(f"next: formclip ui --store {made.folder}, or any command above with --store {made.folder}")
    failed = [str(one["command"]) for one in said if one["exit_code"]]
    if failed or made.not_merged:
        what = [f"{len(failed)} commands failed: {', '.join(failed)}"] if failed else []
        what += [f"{len(made.not_merged)} of the watch's files were refused"] if made.not_merged else []
        raise GoalMissed("; ".join(what), f"look at {made.folder}")


def _line(made: Weeks, number: int) -> str:
    run, visit = made.story[number], made.visits[number]
    watch = "no watch" if run.watch is None else "watch merged" if number in made.merged else "watch refused"
    given = ", ".join(one.plainly for one in visit.carried)
    spike = ", much longer than any before" if number == SPIKE else ""
    return (
        f"{run.began:%a %Y-%m-%d}  {run.kind:5}  {run.scenario.minutes:4.0f} min  {visit.bytes_fetched / 1000:4.0f} kB "
        f"synced, {watch}{spike}" + (f"; the clip was given {given}" if given else "")
    )


def _told(made: Weeks, said: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "store": str(made.folder),
        "runs": [stored.label for stored in made.stored],
        "merged": [made.stored[number].label for number in made.merged],
        "not_merged": {made.stored[number].label: why for number, why in made.not_merged},
        "commands": said,
    }
