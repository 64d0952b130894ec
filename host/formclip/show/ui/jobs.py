"""What takes longer than a page: one job at a time, in a thread of its own, with what it says meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from formclip.ground.errors import FormclipError, printable
from formclip.runs.store.errors import InUse
from formclip.show.ui.words import here

RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"


@dataclass
class Job:
    """One job; only its own thread writes to it.

    said      what has happened, line by line
    done, total   of what can be counted; total 0: nothing can
    now       figures that change while it runs, for the live view
    lead      an address and its words, where to go when it is done
    """

    kind: str
    title: str
    state: str = RUNNING
    said: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0
    now: dict[str, Any] = field(default_factory=dict)
    lead: tuple[str, str] = ("", "")
    version: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def say(self, text: str) -> None:
        self.said.append(printable(here(text)))
        self.version += 1

    def count(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self.version += 1

    def show(self, **now: Any) -> None:
        self.now = now
        self.version += 1

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.done / self.total)) if self.total else 0


Work = Callable[[Job], None]


class Jobs:
    """The one job that runs, and the last one that did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.current: Job | None = None

    @property
    def running(self) -> bool:
        return self.current is not None and self.current.state == RUNNING

    def start(self, kind: str, title: str, work: Work) -> Job:
        """Begin it in a thread.

        Errors    InUse where one is running
        """
        with self._lock:
            if self.current is not None and self.current.state == RUNNING:
                raise InUse(f"“{self.current.title}” is still running", "let it end or stop it, then try again")
            job = self.current = Job(kind, title)
        threading.Thread(target=self._run, args=(job, work), name=f"job {kind}", daemon=True).start()
        return job

    def stop(self) -> None:
        """Ask the job that runs to end."""
        if self.current is not None:
            self.current.stop.set()

    def _run(self, job: Job, work: Work) -> None:
        state = DONE
        try:
            work(job)
            if job.stop.is_set():
                state = STOPPED
        except FormclipError as error:
            job.say(str(error))
            state = FAILED
        except ModuleNotFoundError as error:
            job.say(f"{error.name} is not installed; install formclip again: it comes with it")
            state = FAILED
        except Exception as error:  # a fault of ours must not leave a job that runs for ever
            job.say(f"a fault in formclip itself: {type(error).__name__}: {error}")
            state = FAILED
        job.state = state
        job.version += 1
