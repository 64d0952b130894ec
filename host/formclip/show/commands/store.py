"""`formclip store`: the folder that holds the runs."""

from __future__ import annotations

from pathlib import Path

import click

from formclip.ground.errors import printable
from formclip.ground.progress import count_progress
from formclip.runs.insight.digest import digests
from formclip.runs.store.backup import BEFORE, backup, restore
from formclip.runs.store.brief import rows
from formclip.runs.store.check import check
from formclip.runs.store.rebuild import anew, forget, take_up
from formclip.runs.store.store import Store, default_folder
from formclip.show.options import json_option, store_option
from formclip.show.tell import tell, tell_json


@click.group("store", short_help="Look after the folder that holds the runs.")
def store_command() -> None:
    """Look after the folder that holds the runs."""


@store_command.command("path")
@store_option
@json_option
def store_path(folder: Path | None, as_json: bool) -> None:
    """Where the runs are."""
    where = Store(folder).folder
    if as_json:
        tell_json(str(where))
    else:
        tell(where)


@store_command.command("check")
@store_option
@json_option
@click.pass_context
def store_check(ctx: click.Context, folder: Path | None, as_json: bool) -> None:
    """Read every run and compare it with what its clip told of it.

    Ends with exit code 6 when a file is not what it was. A run that its clip
    still has is fetched anew by the next sync.
    """
    store = Store(folder)
    checked = []
    with count_progress("runs checked", len(store.sessions()), not as_json) as on_done:
        for one in check(store):
            checked.append(one)
            if on_done is not None:
                on_done(len(checked))
    wrong = [one for one in checked if one.wrong]
    of_watch = [one for one in checked if one.watch]
    if as_json:
        told = [
            {
                "session": one.stored.label,
                "file": str(one.stored.path),
                "wrong": one.wrong,
                "next_step": one.next_step,
                "pages": list(one.pages),
                "watch": one.watch,
            }
            for one in checked
        ]
        tell_json(told, indent=1)
    else:
        for one in checked:
            label = printable(one.stored.label)
            if one.wrong:
                tell(f"{label}: {one.wrong}; {one.next_step}")
            for problem in one.pages:
                tell(f"{label}: as the clip had it, {problem}")
        for one in of_watch:
            label = printable(one.stored.label)
            tell(f"{label}: its watch's file: {one.watch}; formclip merge {label} WATCH.fit puts it back")
        said = "all are what their clips had" if not wrong else f"{len(wrong)} are not what their clips had"
        tell(f"{len(checked)} runs checked: {said}" if checked else "no run yet; next: formclip sync")
    if wrong or of_watch:
        ctx.exit(6)


@store_command.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@store_option
@json_option
@click.pass_context
def store_backup(ctx: click.Context, file: Path, folder: Path | None, as_json: bool) -> None:
    """Pack all runs, and all that you wrote beside them, into one ZIP file.

    Ends with exit code 6 when a run could not be packed as its clip had it.
    This computer's key is not in it: on another computer, pair anew.
    """
    store = Store(folder)
    with count_progress("runs packed", len(store.sessions()), not as_json) as on_done:
        done = backup(store, file, on_done)
    if as_json:
        tell_json({"file": str(file), "runs": done.runs, "bytes": done.bytes, "wrong": list(done.wrong)})
    else:
        for said in done.wrong:
            tell(f"not as its clip had it: {printable(said)}")
        tell(f"{file}: {done.runs} runs, {done.bytes / 1e6:,.1f} MB")
    if done.wrong:
        ctx.exit(6)


@store_command.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Though the store holds runs; its index is kept beside.")
@store_option
@json_option
def store_restore(file: Path, replace: bool, folder: Path | None, as_json: bool) -> None:
    """Unpack a backup into the store.

    A store that holds runs is refused, unless --replace is given.
    """
    folder = folder or default_folder()
    with count_progress("runs unpacked", 0, not as_json) as on_done:
        runs = restore(file, folder, replace, on_done)
    if as_json:
        tell_json({"store": str(folder), "runs": runs})
        return
    tell(f"{folder}: {runs} runs, as they were in {file}")
    if replace:
        tell(f"the index of before is kept as {folder / BEFORE}")


@store_command.command("rebuild")
@click.option("--from-logs", is_flag=True, help="Make a new index of the logs, when the old one can't be read.")
@store_option
@json_option
def store_rebuild(from_logs: bool, folder: Path | None, as_json: bool) -> None:
    """Make everything again that is computed from the logs.

    Whole logs that the index does not know are taken up. With --from-logs the
    index is set aside and made anew: names, notes and all else that you wrote
    stay in the one that was set aside, or in a backup.
    """
    aside = anew(folder or default_folder()) if from_logs else None
    store = Store(folder)
    taken = take_up(store)
    forget(store)
    sessions = store.sessions()
    with count_progress("logs read", len(sessions), not as_json) as on_done:
        made = digests(store, sessions, on_done)
    rows(store)
    unread = sum(bool(digest.problem) for digest in made.values())
    if as_json:
        told = {"runs": len(sessions), "taken_up": [s.label for s in taken], "unreadable": unread}
        tell_json({**told, "set_aside": str(aside) if aside else None})
        return
    if aside:
        tell(f"the index of before is kept as {aside}")
    for stored in taken:
        tell(f"{printable(stored.label)} was not in the index, and is now")
    tell(f"{len(sessions)} runs read anew" + (f", {unread} can't be read: formclip store check" if unread else ""))
