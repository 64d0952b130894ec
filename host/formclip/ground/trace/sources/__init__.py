"""Where recordings come from: one file a source, each with NAME, PAGE (what its shape is known from) and `claim`.

`claim(tables)` gives a plan where the tables are the source's own, None where they are not. A new source is one small
file and a name in SOURCES; the order is that of asking, from the most particular names to none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from formclip.ground.trace.mapping import Plan
from formclip.ground.trace.sources import (
    actigraph,
    androsensor,
    axivity,
    bangle,
    mbientlab,
    movesense,
    ours,
    phyphox,
    physics_toolbox,
    sensor_logger,
    sensorlog,
    shimmer,
    xsens_dot,
)
from formclip.ground.trace.table import Table


class Source(Protocol):
    """What a source's file has: read only, as a module's own names are."""

    @property
    def NAME(self) -> str: ...
    @property
    def PAGE(self) -> str: ...
    @property
    def claim(self) -> Callable[[list[Table]], Plan | None]: ...


SOURCES: tuple[Source, ...] = (
    ours,
    phyphox,
    physics_toolbox,
    sensor_logger,
    sensorlog,
    androsensor,
    shimmer,
    xsens_dot,
    mbientlab,
    actigraph,
    bangle,
    movesense,
    axivity,
)
