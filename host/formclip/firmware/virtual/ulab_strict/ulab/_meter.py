"""Where the bench listens: one call per ulab operation, with its size and what it puts on the board's heap."""

from collections.abc import Callable

# sink(operation, elements worked on, arrays made, views among them, bytes of their storage); None when no one counts.
sink: Callable[[str, int, int, int], None] | None = None


def note(name: str, elements: int, arrays: int = 0, data_b: int = 0) -> None:
    if sink is not None:
        sink(name, elements, int(arrays), data_b)
