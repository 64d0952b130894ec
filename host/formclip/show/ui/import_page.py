"""Import: a recording, a clip's log or a watch's file is dropped, looked at, corrected, and kept.

A recording may be several files, as accelerometer and gyroscope apart. What is dropped lies in a folder of its own
beside the index until it is kept or a week is over. It is read by commands
of formclip in processes that end: they take memory that the page should not hold.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from formclip.ground.errors import FormclipError, from_os_error
from formclip.ground.files import make_folder
from formclip.ground.text import clock
from formclip.runs.store.index import private
from formclip.show.report.story import date_text, label_of
from formclip.show.ui.forms import moment_in, text_in
from formclip.show.ui.jobs import Job
from formclip.show.ui.looks import Desk, Looks, address_of, desk_of

_FOLDER = ".dropped"
_KEPT_S = 7 * 86400
_KEY = re.compile(r"[0-9a-f]{16}")
_PLACE = re.compile(r"\S*[/\\]\.dropped[/\\][0-9a-f]{16}[/\\]")  # before a file's own name in what is said of it
_MOST_NAME = 80
_A_PIECE_B = 1 << 20
_LONGEST_S = 600
_MOST_FILES = 4  # of one recording
_MOST_RUNS = 30  # that a watch's file may belong to
# What a person can say about a recording, and the option of `formclip import` and `add` for it.
GIVEN = (
    ("columns", "--columns", "Columns", "t=1,ax=2,ay=3,az=4,gx=5,gy=6,gz=7, by name or number"),
    ("acc_unit", "--acc-unit", "Unit of acceleration", "g, m/s2, mg, or counts as 1/2048 g"),
    ("gyr_unit", "--gyr-unit", "Unit of turning", "deg/s, rad/s, or counts as 1/16.4 deg/s"),
    ("time_unit", "--time-unit", "Unit of time", "s, ms, us, ns, d or 1/32768 s"),
    ("rate", "--rate", "Rows a second", "where there is no time"),
)


def show(request: Request, looks: Looks) -> Response:
    return looks.page(request, "import.html")


def upload(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)
    files = [file for file in form.getlist("file") if isinstance(file, UploadFile) and file.filename]
    if not files:
        raise FormclipError("no file was chosen", "Choose one, then press the button again.")
    if len(files) > _MOST_FILES:
        raise FormclipError(
            f"{len(files)} files were chosen", f"One recording has {_MOST_FILES} at the most: choose those of one."
        )
    _clear_out(desk)
    key = secrets.token_hex(8)
    folder = _folder(desk) / key
    make_folder(folder)
    private(folder)
    for file in files:
        path = folder / _safe_name(file.filename or "", [one.name for one in folder.iterdir()])
        try:
            with path.open("xb") as out:
                shutil.copyfileobj(file.file, out, _A_PIECE_B)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise from_os_error(error, path, "write") from None
    return RedirectResponse(f"/import/{key}", 303)


def preview(request: Request, looks: Looks) -> Response:
    """What was understood of the file, and what can be said about it."""
    desk = desk_of(request)
    paths = _dropped(desk, request.path_params["key"])
    given = {name: request.query_params.get(name, "") for name, *_ in GIVEN}
    seen, problem = _look(desk, paths, given)
    return looks.page(
        request,
        "preview.html",
        key=request.path_params["key"],
        name=_names(paths),
        size_b=sum(path.stat().st_size for path in paths),
        seen=seen,
        problem=problem,
        given=[(name, title, hint, given[name]) for name, _, title, hint in GIVEN],
        job=desk.jobs.current,
    )


def keep(request: Request, form: FormData, looks: Looks) -> Response:
    """Take it into the record: a job, for a recording goes through the clip's own code first."""
    desk = desk_of(request)
    paths = _dropped(desk, request.path_params["key"])
    path = paths[0]
    if text_in(form, "what") == "drop":
        shutil.rmtree(path.parent, ignore_errors=True)
        return RedirectResponse("/import?said=The+file+was+dropped.+Nothing+was+kept.", 303)
    run = text_in(form, "run")
    if run:
        desk.jobs.start("merge", f"Putting {path.name} and {run} together", _merging(desk, path, run))
        return RedirectResponse("/job", 303)
    at = text_in(form, "at")
    moment_in(form, "at")  # what is no date is told at once
    words = ["add", f"--store={desk.store.folder}", "--json", *([f"--at={at}"] if at else [])]
    words += ["--fix"] if text_in(form, "fix") == "1" else []
    words += [*_options({name: text_in(form, name) for name, *_ in GIVEN}), "--", *map(str, paths)]

    def work(job: Job) -> None:
        job.say("the clip's own code runs over it")
        taken = _asked(words)
        for one in taken:
            job.say(f"{one['session']}: {'kept' if one['new'] else 'was there already'}")
            job.lead = (address_of(one["session"]), "Look at the run")
        shutil.rmtree(path.parent, ignore_errors=True)

    desk.jobs.start("add", f"Taking in {_names(paths)}", work)
    return RedirectResponse("/job", 303)


def _merging(desk: Desk, path: Path, run: str) -> Callable[[Job], None]:
    def work(job: Job) -> None:
        job.say("the cadences of both are set beside each other")
        words = ["merge", f"--store={desk.store.folder}", "--json", "--", run, str(path)]
        told = _asked(words)
        job.say(f"they are one run: their cadences agree by {told['agreement']:.2f}")
        job.lead = (address_of(told["session"]), "Look at the run")
        shutil.rmtree(path.parent, ignore_errors=True)

    return work


def _look(desk: Desk, paths: list[Path], given: dict[str, str]) -> tuple[dict[str, Any], str]:
    """(what was understood, what is wrong with it)."""
    from formclip.ground.log import is_log, read_logs

    path = paths[0]
    try:
        if len(paths) > 1:
            return _of_several(paths, given)
        if _is_fit(path):
            return _of_watch(desk, path), ""
        if is_log(path):
            logs = read_logs(path)
            told = [f"{len(logs)} runs" if len(logs) > 1 else "one run"]
            told += [f"in the log: {problem}" for log in logs for problem in log.problems]
            return {"kind": "log", "lines": told}, ""
        found = _looked_at(paths, given)
    except FormclipError as error:
        return {}, f"{error.what}; {error.next_step}" if error.next_step else error.what
    return {"kind": "trace", **found[0]}, ""


def _of_several(paths: list[Path], given: dict[str, str]) -> tuple[dict[str, Any], str]:
    """The same of files that were chosen at once: they are to be one recording."""
    from formclip.ground.log import is_log

    for path in paths:
        if _is_fit(path) or is_log(path):
            return {"kind": "apart"}, f"of these {path.name} is a whole run by itself. Drop them, and choose it alone"
    found = _looked_at(paths, given)
    if len(found) > 1:
        return {"kind": "apart"}, f"these are {len(found)} recordings. Drop them, and take in one after the other"
    return {"kind": "trace", **found[0]}, ""


def _looked_at(paths: list[Path], given: dict[str, str]) -> list[dict[str, Any]]:
    """The recordings in files, as `formclip import --look` shows them."""
    found: list[dict[str, Any]] = _asked(["import", "--look", "--json", *_options(given), "--", *map(str, paths)])
    return found


def _is_fit(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[8:] == b".FIT"


def _of_watch(desk: Desk, path: Path) -> dict[str, Any]:
    """The activities of a watch's file, and the runs that may be theirs, the nearest in time first.

    Errors    WatchError for a file that can't be read
    """
    from formclip.runs.exchange.watchfile import activities, read_file

    found = activities(read_file(path), path)
    lines = [
        f"{one.sport or 'an activity'} of {clock(one.ended_s - one.began_s)}, began "
        f"{date_text(datetime.fromtimestamp(one.began_s).astimezone())}"
        for one in found
    ]
    began_s = found[0].began_s
    rows = [row for row in desk.rows() if not row.brief.problem]
    rows.sort(key=lambda row: abs(row.started.timestamp() - began_s) if row.started else float("inf"))
    offered = [(row.stored.label, f"{label_of(row).title}, {clock(row.brief.running_s)}") for row in rows[:_MOST_RUNS]]
    return {"kind": "watch", "lines": lines + [one.wrong for one in found if one.wrong], "runs": offered}


def _options(given: dict[str, str]) -> list[str]:
    """The words of a command line for what was said. Each value is one word, so none can be taken for an option."""
    return [f"{option}={given[name]}" for name, option, *_ in GIVEN if given.get(name)]


def _asked(words: list[str]) -> Any:
    """What a command of formclip says as JSON.

    Errors    FormclipError with its one line
    """
    code = "import sys; from formclip.show.cli import run; sys.exit(run(sys.argv[1:]))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise FormclipError("reading it took more than ten minutes", "Use formclip add in a terminal.") from None
    if done.returncode:
        line = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        line = _PLACE.sub("", line.removeprefix("formclip: "))
        what, _, next_step = line.partition("; ")
        raise FormclipError(what or "it could not be read", next_step)
    return json.loads(done.stdout)


def _folder(desk: Desk) -> Path:
    return desk.store.folder / _FOLDER


def _dropped(desk: Desk, key: str) -> list[Path]:
    """The files under a key that we gave; no other path can be named."""
    if not _KEY.fullmatch(key):
        raise HTTPException(404)
    files = sorted((_folder(desk) / key).glob("*"))
    if not files:
        raise HTTPException(404)
    return files


def _names(paths: list[Path]) -> str:
    return " and ".join(path.name for path in paths)


def _safe_name(name: str, others: list[str]) -> str:
    """The file's own name without what leads elsewhere, and no other's: its ending tells what it is."""
    last = re.split(r"[/\\]", name)[-1]
    kept = re.sub(r"[^A-Za-z0-9._ -]", "-", last)[-_MOST_NAME:].lstrip(".- ") or "recording"
    while kept in others:
        kept = f"{len(others) + 1}-{kept}"
    return kept


def _clear_out(desk: Desk) -> None:
    with suppress(OSError):
        for folder in _folder(desk).iterdir():
            if time.time() - folder.stat().st_mtime > _KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)
