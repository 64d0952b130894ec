"""formclip's own form: t_s, acc_x_g ... in g, gyr_x_dps ... in deg/s. Its names carry the units: it is held to them."""

from formclip.ground.errors import TraceError, printable
from formclip.ground.trace import mapping
from formclip.ground.trace.table import Table

NAME = "a formclip trace"
PAGE = "docs/lab/replay.md"

ACC = ("acc_x_g", "acc_y_g", "acc_z_g")
GYR = ("gyr_x_dps", "gyr_y_dps", "gyr_z_dps")
PLANAR = ("acc_v_g", "acc_ap_g")
NEEDED = "t_s, acc_x_g, acc_y_g, acc_z_g and, where there is one, the gyroscope's gyr_x_dps, gyr_y_dps, gyr_z_dps"


def claim(tables: list[Table]) -> mapping.Plan | None:
    """A column of ours: then all of ours must be there."""
    table = tables[0]
    found = [name.strip().lower() for name in table.names]
    if not set(found) & {*ACC, *PLANAR}:
        return None

    def error(what: str) -> TraceError:
        return TraceError(
            what,
            f"the first line must name the columns {NEEDED}",
            path=table.member.path,
            place=f"line {table.header_line}",
        )

    if "t_s" not in found:
        if mapping.time_of(table) is not None:
            return None
        text = ",".join(table.names)
        shown = printable(text if len(text) <= 60 else text[:57] + "...")
        raise error(f"no column t_s among '{shown}'")
    time = mapping.Time((found.index("t_s"),), "s")
    if all(name in found for name in ACC):
        have = [name for name in GYR if name in found]
        if have and len(have) < 3:
            missing = next(name for name in GYR if name not in found)
            raise error(f"no column {missing}, though {have[0]} is there")
        acc = mapping.Part(table, time, tuple(found.index(name) for name in ACC), "g")
        gyr = mapping.Part(table, time, tuple(found.index(name) for name in GYR), "deg/s") if have else None
        return mapping.Plan(NAME, mapping.CERTAIN, acc, gyr, strict=True)
    if all(name in found for name in PLANAR):
        acc = mapping.Part(table, time, tuple(found.index(name) for name in PLANAR), "g")
        return mapping.Plan(NAME, mapping.CERTAIN, acc, planar=True, strict=True)
    raise error(f"no column {next(name for name in ACC if name not in found)}")
