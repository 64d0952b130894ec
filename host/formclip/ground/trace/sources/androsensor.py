"""AndroSensor (Fiv Asim): `ACCELEROMETER X (m/s²)`, `GYROSCOPE X (rad/s)`, `Time since start in ms`, commas or
semicolons, UTF-8 or the old Windows code page. Its GRAVITY and LINEAR ACCELERATION are computed and are not read.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "AndroSensor"
PAGE = "https://github.com/mounilgarg/AndroSensor (record1.csv)"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """A column "Time since start in ms" beside ACCELEROMETER X."""
    for table in tables:
        lower = [n.strip().lower() for n in table.names]
        if "time since start in ms" not in lower or not any(n.startswith("accelerometer x") for n in lower):
            continue
        time = mapping.Time((lower.index("time since start in ms"),), "ms")
        found = mapping.triples(table)
        force = mapping.best(t for t in found if t.kind == mapping.ACC)
        turn = mapping.best(t for t in found if t.kind == mapping.GYR)
        if force is not None:
            acc = mapping.Part(table, time, force.axes, force.unit or "m/s2")
            gyr = mapping.Part(table, time, turn.axes, turn.unit or "rad/s") if turn else None
            return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr)
    return None
