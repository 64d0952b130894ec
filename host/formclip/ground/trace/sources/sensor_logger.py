"""Sensor Logger (Kelvin Choi): a zip or folder with a CSV for each sensor, columns z, y, x and nanoseconds; or JSON.

Accelerometer is without gravity. With gravity are TotalAcceleration (Android), AccelerometerUncalibrated (g on iPhones,
m/s^2 on Android), and the sum of Accelerometer and Gravity. On iPhones acceleration has the opposite sense unless
"standardise" was on when it was recorded; Metadata says both.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "Sensor Logger"
PAGE = "https://github.com/tszheichoi/awesome-sensor-logger (README.md, UNITS.md, COORDINATES.md)"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """Tables whose columns are time, seconds_elapsed, z, y, x, told apart by the names of their files."""
    own = {_stem(t): t for t in tables if {"seconds_elapsed", "x", "y", "z"} <= {n.lower() for n in t.names}}
    if not own:
        return None
    platform, standard = _metadata(tables)
    turned = -1.0 if platform == "ios" and not standard else 1.0
    notes = ["an iPhone's acceleration has the opposite sense: turned"] if turned < 0 else []
    gyr = _part(own, ("gyroscope", "gyroscopeuncalibrated"), "rad/s")
    total = _part(own, ("totalacceleration",), "m/s2", turned)
    if total is not None:
        return mapping.Plan(NAME, mapping.CERTAIN, total, gyr, notes=tuple(notes))
    linear, gravity = (_part(own, (name,), "m/s2", turned) for name in ("accelerometer", "gravity"))
    if linear is not None and gravity is not None:
        notes.append("acceleration without gravity and gravity are added up")
        return mapping.Plan(NAME, mapping.CERTAIN, linear, gyr, gravity, notes=tuple(notes))
    raw = _part(own, ("accelerometeruncalibrated",), "", turned)
    if raw is not None:
        notes.append("the uncalibrated accelerometer, as there is no other with gravity")
        return mapping.Plan(NAME, mapping.CERTAIN, raw, gyr, notes=tuple(notes))
    if linear is None:
        alone = [t for name, t in own.items() if "gyro" not in name and "magnet" not in name and "gravity" not in name]
        if not alone:
            return None
        linear = _of(alone[0], "m/s2", turned)
        if linear is None:
            return None
    return mapping.Plan(NAME, mapping.CERTAIN, linear, gyr, notes=tuple(notes))


def _stem(table: Table) -> str:
    return table.name.rpartition(".")[0] or table.name


def _of(table: Table, unit: str, sign: float) -> mapping.Part | None:
    names = [n.lower() for n in table.names]
    time = mapping.time_of(table)
    if "seconds_elapsed" in names:
        time = mapping.Time((names.index("seconds_elapsed"),), "s")
    if time is None:
        return None
    return mapping.Part(table, time, tuple(names.index(a) for a in ("x", "y", "z")), unit, sign)


def _part(own: dict[str, Table], names: tuple[str, ...], unit: str, sign: float = 1.0) -> mapping.Part | None:
    for name in names:
        if name in own:
            return _of(own[name], unit, sign)
    return None


def _metadata(tables: list[Table]) -> tuple[str, bool]:
    """(platform, whether units and frames were made standard)."""
    for table in tables:
        names = [n.lower() for n in table.names]
        if "platform" in names:
            rows = [dict(zip(names, row, strict=False)) for row in table.sample]
            row = rows[0] if rows else {}
            return row.get("platform", "").lower(), row.get("standardisation", "").lower() in ("true", "1", "yes")
    return "", False
