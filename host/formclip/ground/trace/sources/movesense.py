"""Movesense (Suunto), CSV of its Showcase app: `timestamp,x,y,z`, a packet's time on its first row alone and the other
rows' cells empty; acceleration in m/s^2, turning in deg/s, time in ms. Recorders of others fill the packet's time in.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table
from formclip.ground.trace.text import is_empty

NAME = "Movesense"
PAGE = "https://github.com/mikkojeronen/MovesenseShowcase-iOS (CsvEncodingTests.swift)"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """Time cells that are mostly empty, or files that have the sensor's name."""
    acc: mapping.Part | None = None
    gyr: mapping.Part | None = None
    for table in tables:
        if not (_sparse(table) or "movesense" in table.member.name.lower()):
            continue
        if not table.names:
            width = max((len(row) for row in table.sample), default=0)
            if width not in (4, 7):
                continue
            time = mapping.Time((0,), "ms")
            turning = "gyro" in table.name
            if turning and width == 4:
                gyr = gyr or mapping.Part(table, time, (1, 2, 3), "deg/s")
            else:
                acc = acc or mapping.Part(table, time, (1, 2, 3), "")
                if width == 7:
                    gyr = gyr or mapping.Part(table, time, (4, 5, 6), "deg/s")
            continue
        acc = acc or mapping.first_part([table], mapping.ACC)
        if acc is None and "gyro" not in table.name:
            acc = mapping.first_part([table], "")
        gyr = gyr or mapping.first_part([table], mapping.GYR, "deg/s")
    return mapping.Plan(NAME, mapping.LIKELY, acc, gyr) if acc is not None else None


def _sparse(table: Table) -> bool:
    """A time in every fourth row or so, numbers in all."""
    rows = [row for row in table.sample if len(row) >= 4]
    if len(rows) < 20:
        return False
    told = sum(not is_empty(row[0]) for row in rows)
    return 0.02 < told / len(rows) < 0.6 and all(not is_empty(cell) for row in rows for cell in row[1:4])
