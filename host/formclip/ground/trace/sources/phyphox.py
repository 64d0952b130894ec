"""phyphox (RWTH Aachen): one CSV an experiment, several in a zip or a folder, or a workbook with a sheet for each.

Android and iPhone give acceleration in the same sense, m/s^2, and turning in rad/s.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "phyphox"
PAGE = "https://github.com/phyphox/phyphox-android (DataExport.java), phyphox-ios (ExperimentSensorInput.swift)"
_COLUMNS = ("acceleration x (m/s^2)", "linear acceleration x (m/s^2)", "gyroscope x (rad/s)")


def claim(tables: list[Table]) -> mapping.Plan | None:
    """Columns named "Time (s)", "Acceleration x (m/s^2)", "Gyroscope x (rad/s)"."""
    own = [t for t in tables if {"time (s)", *_COLUMNS} & {n.lower() for n in t.names} > {"time (s)"}]
    if not own:
        return None
    acc = mapping.first_part(own, mapping.ACC, "m/s2")
    gyr = mapping.first_part(own, mapping.GYR, "rad/s")
    if acc is None:
        acc = mapping.first_part(own, mapping.LINEAR, "m/s2")
    return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr) if acc is not None else None
