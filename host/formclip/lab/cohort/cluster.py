"""Tasks on many machines, by Dask's scheduler: one task a recording.

The scheduler gives the tasks of a worker that dies to the others. Bytes travel, so the workers need nothing but
formclip of the same version: the files of a recording go out with its task, its results come back; with `by_path` paths
go out, for machines that see one file system. Only a few tasks for each worker are under way at a time.
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from formclip.ground.errors import FormclipError, NotInstalled, with_extra
from formclip.ground.version import VERSION
from formclip.lab.cohort.work import Outcome, Task, with_data, work

_WAIT_S = 30
_IN_FLIGHT = 2
_LOOK_EVERY = 16
_LOST = "the worker died with it, again and again: out of memory, or a crash in a library"


class SchedulerError(FormclipError):
    """The scheduler, or a worker of it, is not what is needed."""

    exit_code = 6


def run_there(tasks: Iterable[Task], address: str, by_path: bool = False) -> Iterator[Outcome]:
    """Outcomes as they come, in no order.

    Errors    NotInstalled without the extra `cohort`; SchedulerError
    """
    distributed = _distributed()
    again = "start it again and repeat the command: what is done is kept"
    try:
        client = distributed.Client(address, timeout=_WAIT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        told = " ".join(str(error).split())
        raise SchedulerError(
            f"no scheduler answers at {address} ({told})", "start `dask scheduler` and `dask worker ADDRESS`"
        ) from None
    with client:
        try:
            _check(client, address)
            yield from _run(client, iter(tasks), by_path)
        except (OSError, distributed.client.FutureCancelledError) as error:
            told = " ".join(str(error).split())
            raise SchedulerError(f"the scheduler at {address} went away ({told})", again) from None


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ModuleNotFoundError:
        raise NotInstalled("--scheduler needs distributed, which is not installed", with_extra("cohort")) from None


def _check(client: Any, address: str) -> None:
    """Some worker, and each with this version."""
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
    except TimeoutError:
        raise SchedulerError(f"no worker is connected to {address}", f"start some: dask worker {address}") from None
    for worker, version in client.run(_version).items():
        if version != VERSION:
            raise SchedulerError(
                f"the worker {worker} has formclip {version}, this is {VERSION}", "install the same version on both"
            )


def _version() -> str:
    from formclip.ground import version

    return version.VERSION


def _run(client: Any, tasks: Iterator[Task], by_path: bool) -> Iterator[Outcome]:
    distributed = _distributed()
    names: dict[str, str] = {}
    running = distributed.as_completed(loop=client.loop)
    room, done, own = _room(client), 0, uuid.uuid4().hex[:8]
    while True:
        while len(names) < room:
            task: Task | Outcome | None = next(tasks, None)
            if task is None:
                break
            if isinstance(task, Task) and not by_path:
                task = with_data(task)
            if isinstance(task, Outcome):
                yield task
                continue
            future = client.submit(work, task, pure=False, key=f"{task.name}-{own}")
            names[future.key] = task.name
            running.add(future)
        if not names:
            return
        future = next(running)
        name = names.pop(future.key)
        try:
            yield future.result()
        except distributed.KilledWorker:
            yield Outcome(name, failed=_LOST, next_step="replay it alone on a computer with more memory")
        future.release()
        done += 1
        if done % _LOOK_EVERY == 0:
            room = _room(client)


def _room(client: Any) -> int:
    return max(1, _IN_FLIGHT * sum(int(threads) for threads in client.nthreads().values()))
