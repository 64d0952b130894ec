"""MbientLab MetaBase: one CSV a sensor, `epoc (ms), timestamp (-0700), elapsed (s), x-axis (g), ...`, the gyroscope in
deg/s; several files make one recording.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "MbientLab"
PAGE = "https://github.com/mbientlab/MetaWear-MetaBase-iOS-macOS-App"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """A column `epoc (ms)` beside `x-axis (...)`."""
    acc: mapping.Part | None = None
    gyr: mapping.Part | None = None
    for table in tables:
        lower = [n.strip().lower() for n in table.names]
        if not any(n.startswith(("epoc", "epoch")) for n in lower) or not any(n.startswith("x-axis") for n in lower):
            continue
        epoc = next(i for i, n in enumerate(lower) if n.startswith(("epoc", "epoch")))
        elapsed = next((i for i, n in enumerate(lower) if n.startswith("elapsed")), None)
        # Two files share the clock of the epoch; their seconds count from each one's own start.
        time = mapping.Time((epoc,), "ms") if len(tables) > 1 or elapsed is None else mapping.Time((elapsed,), "s")
        for triple in mapping.triples(table):
            if triple.kind == mapping.ACC and acc is None:
                acc = mapping.Part(table, time, triple.axes, triple.unit or "g")
            elif triple.kind == mapping.GYR and gyr is None:
                gyr = mapping.Part(table, time, triple.axes, triple.unit or "deg/s")
    return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr) if acc is not None else None
