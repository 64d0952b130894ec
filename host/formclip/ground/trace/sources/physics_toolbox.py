"""Physics Toolbox Sensor Suite (Vieyra Software): `time, gFx, gFy, gFz` in g, `wx, wy, wz` in rad/s, `ax, ay, az`
without gravity in m/s^2. Its combined recording writes a row whenever a sensor has news and repeats the others' last.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "Physics Toolbox"
PAGE = "https://github.com/Anis-Bouaziz/Movement-Data-Analysis-with-R-Physics-toolbox-suit (input_files)"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """A column gFx: nobody else calls it so. ax is without gravity here, so gFx is what is read."""
    for table in tables:
        found = mapping.triples(table)
        force = mapping.best(t for t in found if t.kind == mapping.ACC and "gf" in t.words)
        time = mapping.time_of(table)
        if force is None or time is None:
            continue
        acc = mapping.part(table, force, time, "g")
        turn = mapping.best(t for t in found if t.kind == mapping.GYR)
        gyr = mapping.part(table, turn, time, "rad/s") if turn else _elsewhere(tables)
        return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr) if acc is not None else None
    for table in tables:  # the linear accelerometer alone: told by its total
        if {"ax", "ay", "az"} <= {n.lower().partition("(")[0].strip() for n in table.names} and {
            n.lower().partition("(")[0].strip() for n in table.names
        } & {"at", "atotal"}:
            triple = mapping.best(t for t in mapping.triples(table) if t.kind == mapping.ACC)
            acc = mapping.part(table, triple, mapping.time_of(table), "m/s2") if triple else None
            return mapping.Plan(NAME, mapping.LIKELY, acc, _elsewhere(tables)) if acc is not None else None
    return None


def _elsewhere(tables: list[Table]) -> mapping.Part | None:
    return mapping.first_part(tables, mapping.GYR, "rad/s")
