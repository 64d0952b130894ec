"""Where the bench listens: one call per ulab operation, with its size and what it put on the heap."""

from collections.abc import Callable

# sink(name of the operation, elements worked on, elements of a new float array or 0); None when nobody counts.
sink: Callable[[str, int, int], None] | None = None


def note(name: str, elements: int, new: int = 0) -> None:
    if sink is not None:
        sink(name, elements, new)
