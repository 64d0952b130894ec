"""Progress on stderr, where it is a terminal: how much, how fast, how long still."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def file_progress(text: str, size_b: int, shown: bool = True) -> Iterator[Callable[[float], None] | None]:
    """A bar over the bytes of a file; gives a function of the fraction done, or None where no bar is shown."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(24), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=size_b)

        def to(fraction: float) -> None:
            progress.update(task, completed=int(fraction * size_b))

        yield to


@contextmanager
def count_progress(text: str, total: int, shown: bool = True) -> Iterator[Callable[[int], None] | None]:
    """A bar over things counted; gives a function of how many are done, or None where no bar is shown."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=total)

        def to(done: int) -> None:
            progress.update(task, completed=done)

        yield to
