"""SensorLog (Bernd Thomas), iPhone and Apple Watch: `accelerometerAccelerationX(G)`, `gyroRotationX(rad/s)` or
`motionRotationRateX(rad/s)`, each with its own time since the phone was switched on; rows at the rate of logging, which
repeat a sensor that had no news. Acceleration has Apple's sense, the opposite of ours.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.names import read_name
from formclip.ground.trace.table import Table

NAME = "SensorLog"
PAGE = "https://github.com/jhuwit/actisensorlog and public readers of its columns"
_TURNED = "an iPhone's acceleration has the opposite sense: turned"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """A column that begins with accelerometerAcceleration or motionUserAcceleration."""
    for table in tables:
        bare = [n.partition("(")[0] for n in table.names]
        if not {"accelerometerAccelerationX", "motionUserAccelerationX"} & set(bare):
            continue
        acc = _part(table, bare, "accelerometerAcceleration", "accelerometerTimestamp_sinceReboot", "g", -1.0)
        gravity = None
        notes = [_TURNED]
        if acc is None:
            acc = _part(table, bare, "motionUserAcceleration", "motionTimestamp_sinceReboot", "g", -1.0)
            gravity = _part(table, bare, "motionGravity", "motionTimestamp_sinceReboot", "g", -1.0)
            if gravity is not None:
                notes.append("acceleration without gravity and gravity are added up")
        gyr = _part(table, bare, "gyroRotation", "gyroTimestamp_sinceReboot", "rad/s") or _part(
            table, bare, "motionRotationRate", "motionTimestamp_sinceReboot", "rad/s"
        )
        if acc is not None:
            return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr, gravity, notes=tuple(notes))
    return None


def _part(table: Table, bare: list[str], stem: str, time: str, unit: str, sign: float = 1.0) -> mapping.Part | None:
    wanted = [stem + axis for axis in "XYZ"]
    if not set(wanted) <= set(bare):
        return None
    own = mapping.Time((bare.index(time),), "s") if time in bare else None
    at = own or mapping.time_of(table)
    axes = tuple(bare.index(name) for name in wanted)
    told = read_name(table.names[axes[0]]).unit
    return mapping.Part(table, at, axes, told or unit, sign) if at is not None else None
