"""ActiGraph, raw CSV of ActiLife: ten lines of preamble with the rate and the start, then `Accelerometer X, Y, Z` in g,
with or without a Timestamp. The IMU file of a GT9X has the gyroscope in deg/s and a time in each row.
"""

import re

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "ActiGraph"
PAGE = "https://github.com/THLfi/read.gt3x (vignettes) and public copies of the ten lines"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """The preamble names ActiGraph."""
    for table in tables:
        preamble = " ".join(table.preamble)
        if "actigraph" not in preamble.lower():
            continue
        rate = re.search(r"at\s*(\d+(?:\.\d+)?)\s*Hz", preamble, re.I)
        time = mapping.time_of(table, float(rate.group(1)) if rate else 0.0)
        found = mapping.triples(table)
        force = mapping.best(t for t in found if t.kind == mapping.ACC)
        turn = mapping.best(t for t in found if t.kind == mapping.GYR)
        if time is None:
            return None
        if force is None and not table.names and table.sample and len(table.sample[0]) == 3:
            return mapping.Plan(NAME, mapping.CERTAIN, mapping.Part(table, time, (0, 1, 2), "g"))
        if force is not None:
            acc = mapping.Part(table, time, force.axes, force.unit or "g")
            gyr = mapping.Part(table, time, turn.axes, turn.unit or "deg/s") if turn else None
            note = (
                () if time.places else (f"rows are taken at the {rate.group(1) if rate else '?'} Hz of the preamble",)
            )
            return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr, notes=note)
    return None
