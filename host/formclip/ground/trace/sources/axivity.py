"""Axivity AX3 and AX6 as CSV of OmGui or cwa-convert: `Time, Accel-X (g), ...` with a date and time, or rows without
names; and their own `.cwa`, which gather.py has skdh unpack.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table
from formclip.ground.trace.text import is_clock, is_number

NAME = "Axivity"
PAGE = "https://github.com/openmovementproject/omconvert and omsynth (README: file format)"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """The names, or none at all above a date, a time and three or six numbers."""
    for table in tables:
        bare = [n.lower().replace(" ", "") for n in table.names]
        if any(n.startswith("accel-x") for n in bare):
            acc = mapping.first_part([table], mapping.ACC, "g")
            gyr = mapping.first_part([table], mapping.GYR, "deg/s")
            if acc is not None:
                return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr)
        if not table.names and len(tables) == 1 and table.sample:
            row = table.sample[0]
            dated = len(row) in (4, 7) and is_clock(row[0]) and row[0][:4].isdigit()
            if dated and all(is_number(cell) for cell in row[1:]):
                time = mapping.Time((0,), mapping.TEXT)
                acc = mapping.Part(table, time, (1, 2, 3), "")
                gyr = mapping.Part(table, time, (4, 5, 6), "") if len(row) == 7 else None
                note = "no line names the columns: taken as date and time, x, y, z" + (
                    " and the turning about x, y, z" if gyr else ""
                )
                return mapping.Plan(NAME, mapping.GUESS, acc, gyr, notes=(note,))
    return None
