"""The eight-week example: a runner who does not exist, in a store of its own, to look at before a run is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from formclip.ground.errors import FormclipError
from formclip.runs.store.store import Store
from formclip.show.ui.drawings import Drawings
from formclip.show.ui.jobs import Job
from formclip.show.ui.looks import Desk, Looks, back_to, desk_of

_RUNS = 24
_FOLDER = ".example"  # beside the index; its own store lies in it
_MAKE = (
    "import sys; from pathlib import Path; from formclip.lab.weeks.make import make_weeks\n"
    "make_weeks(Path(sys.argv[1]), runs=int(sys.argv[2]), on_run=lambda made, number: print(number, flush=True))"
)


def store_folder(desk: Desk) -> Path:
    """Where the example's store is."""
    return desk.store.folder / _FOLDER / "store"


def is_made(desk: Desk) -> bool:
    return (desk.store.folder / _FOLDER / "whole").is_file()


def make(request: Request, form: FormData, looks: Looks) -> Response:
    """Made in a process of its own, run by run."""
    desk = desk_of(request)

    def work(job: Job) -> None:
        job.say(f"{_RUNS} runs go through the clip's own code; it takes some minutes")
        folder = desk.store.folder / _FOLDER
        process = subprocess.Popen(
            [sys.executable, "-c", _MAKE, str(folder), str(_RUNS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            job.count(int(line), _RUNS)
            if job.stop.is_set():
                process.terminate()
        wrong = process.stderr.read().strip().rpartition("\n")[2]
        if process.wait() and not job.stop.is_set():
            raise FormclipError(
                f"the example could not be made: {wrong}", "try it in a terminal: formclip demo --weeks"
            )
        if not job.stop.is_set():
            (folder / "whole").touch()
            job.lead = ("/", "Go to Home and open it")

    desk.jobs.start("example", "Making the eight-week example", work)
    return RedirectResponse("/job", 303)


def open_it(request: Request, form: FormData, looks: Looks) -> Response:
    """From here on every page shows the example, and says so, until it is closed."""
    desk = desk_of(request)
    if not desk.example and is_made(desk):
        store = Store(store_folder(desk))
        request.app.state.desk = Desk(store, Drawings(store.folder), desk.jobs, own=desk)
    return RedirectResponse("/", 303)


def close(request: Request, form: FormData, looks: Looks) -> Response:
    desk = desk_of(request)
    if desk.own is not None:
        request.app.state.desk = desk.own
    return back_to("/", "This is your own record again.")
