"""Processes that do not outlive the one that started them, however that one ends.

What can be caught (Ctrl-C, an error, SIGTERM, SIGHUP) ends them in order; on Linux the kernel ends them when their
parent is killed outright.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

_PR_SET_PDEATHSIG = 1  # prctl(2)


def _die_with(parent: int) -> None:
    """In the child, before it becomes its program. A parent that was killed before the kernel knew is looked for."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def start(argv: Sequence[str], **more: Any) -> subprocess.Popen[str]:
    """subprocess.Popen of text, that ends with this process. The calling thread has to outlive it."""
    if sys.platform == "linux":
        more["preexec_fn"] = partial(_die_with, os.getpid())
    return subprocess.Popen(argv, text=True, **more)


def end(process: subprocess.Popen[str]) -> None:
    """Kill it, wait for it, close what was open to it."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


@contextmanager
def asked_to_end() -> Iterator[None]:
    """While the block lasts, SIGTERM and a closed terminal are an exit like any other: all is cleaned up after."""
    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
