"""Shimmer3 by Consensys: a line `sep=`, names as `Shimmer_40AC_Accel_WR_X_CAL`, a line of units; any separator.

The wide-range accelerometer is taken where there is one: the low-noise one ends at ±2 g, and running does not.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "Shimmer"
PAGE = "https://github.com/hpi-dhc/devicely (tests/Shimmer_test_data/read_test_data.csv)"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """Names that end in _CAL or _RAW, with Accel_ in them."""
    for table in tables:
        own = [n for n in table.names if "_Accel_" in n and n.endswith(("_X_CAL", "_X_RAW", "_X_UNCAL"))]
        if not own:
            continue
        found = mapping.triples(table)
        calibrated = [t for t in found if "cal" in t.words] or found
        force = mapping.best(t for t in calibrated if t.kind == mapping.ACC)
        turn = mapping.best(t for t in calibrated if t.kind == mapping.GYR)
        time = mapping.time_of(table)
        if force is None or time is None:
            continue
        if time.unit == mapping.AUTO and "cal" in force.words:
            time = mapping.Time(time.places, "ms" if not table.units else mapping.AUTO)
        told = "m/s2" if "cal" in force.words else ""
        acc = mapping.Part(table, time, force.axes, force.unit or told)
        gyr = (
            mapping.Part(table, time, turn.axes, turn.unit or ("deg/s" if "cal" in turn.words else ""))
            if turn
            else None
        )
        notes = () if "wr" in force.words else ("the low-noise accelerometer, which ends at 2 g",)
        return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr, notes=notes)
    return None
