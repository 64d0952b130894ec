"""Bangle.js: the accelerometer logger writes `Time (ms),X,Y,Z` in 1/8192 g, the recorder rows without names whose time
counts hundredths of a second and whose values are g, the second axis turned.

At its usual 12.5 Hz there is too little to find steps by; a watch set to 100 Hz is read.
"""

from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "Bangle.js"
PAGE = "https://github.com/espruino/BangleApps (apps/accellog/app.js, apps/accelrec/app.js)"
COUNTS = "1/8192 g"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """The very names `Time (ms),X,Y,Z`, or a file called accelrec."""
    for table in tables:
        if tuple(n.strip() for n in table.names) == ("Time (ms)", "X", "Y", "Z"):
            return mapping.Plan(NAME, mapping.CERTAIN, mapping.Part(table, mapping.Time((0,), "ms"), (1, 2, 3), COUNTS))
        if not table.names and table.name.startswith("accelrec") and table.sample and len(table.sample[0]) == 4:
            note = "its second axis has the opposite sense: the acceleration is read as it stands"
            part = mapping.Part(table, mapping.Time((0,), "1/100 s"), (1, 2, 3), "g")
            return mapping.Plan(NAME, mapping.LIKELY, part, notes=(note,))
    return None
