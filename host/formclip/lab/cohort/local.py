"""Tasks in processes of this computer, a few in flight at a time, so that memory does not grow with their number.

A process that dies (out of memory, a crash in a library) takes all others of its pool along. Those that were in flight
are done again, each alone: the one that kills its process a second time is told as failed, and the rest is not lost.
Processes end with the one that started them, however it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from formclip.lab.cohort.work import Outcome, Task, work

_IN_FLIGHT = 2  # for each process: one in work, one waiting
_DIED = "the process that read it died, twice: out of memory, a crash in a library, or a script without a main guard"

Work = Callable[[Task], Outcome]


def processes_here() -> int:
    """As many as this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_here(tasks: Iterable[Task], processes: int, how: Work = work) -> Iterator[Outcome]:
    """Outcomes as they come, in no order. After a KeyboardInterrupt those in work are finished and given first."""
    coming = iter(tasks)
    pool = _pool(processes)
    flying: dict[Future[Outcome], Task] = {}
    try:
        while True:
            try:
                fallen: list[Task] = []
                for task in coming:
                    flying[pool.submit(how, task)] = task
                    if len(flying) >= _IN_FLIGHT * processes:
                        break
                if not flying:
                    return
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    task = flying.pop(future)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        fallen.append(task)
            except BrokenProcessPool:  # by submit
                fallen = [task]
            if fallen:
                fallen += flying.values()
                flying.clear()
                pool.shutdown(cancel_futures=True)
                yield from (_alone(task, how) for task in fallen)
                pool = _pool(processes)
    except KeyboardInterrupt:
        for future in flying:
            future.cancel()
        for future, _ in list(flying.items()):
            if not future.cancelled() and future.exception() is None:
                yield future.result()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(processes: int) -> ProcessPoolExecutor:
    if "forkserver" in multiprocessing.get_all_start_methods():  # what is imported is so once for all processes
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([work.__module__])
        return ProcessPoolExecutor(processes, context, _begin)
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what is finished
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # it was killed: nobody is left to give a result to


def _alone(task: Task, how: Work) -> Outcome:
    try:
        with _pool(1) as pool:
            return pool.submit(how, task).result()
    except BrokenProcessPool:
        return Outcome(task.name, failed=_DIED, next_step="replay it alone on a computer with more memory")
