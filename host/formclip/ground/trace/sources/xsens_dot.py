"""Xsens (Movella) DOT: lines of preamble, then `PacketCounter, SampleTimeFine, ...`, microseconds, Acc in m/s^2, Gyr in
deg/s. FreeAcc is without gravity and turned to the world: it is no substitute.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "Xsens DOT"
PAGE = "https://github.com/xsens/xsens_dot_server and public copies of the preamble"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """A column SampleTimeFine."""
    for table in tables:
        lower = [n.lower() for n in table.names]
        if "sampletimefine" not in lower:
            continue
        time = mapping.Time((lower.index("sampletimefine"),), "us")
        found = mapping.triples(table)
        force = mapping.best(t for t in found if t.kind == mapping.ACC) or mapping.best(
            t for t in found if t.kind == mapping.LINEAR
        )
        turn = mapping.best(t for t in found if t.kind == mapping.GYR)
        if force is None:
            continue
        acc = mapping.Part(table, time, force.axes, force.unit or "m/s2")
        gyr = mapping.Part(table, time, turn.axes, turn.unit or "deg/s") if turn else None
        return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr)
    return None
