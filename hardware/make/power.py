"""How long a charge lasts: currents and shares of time with what is not known of them, drawn at random 20,000 times.

Every figure has a low, a likely and a high value, taken as a triangle and as independent of each other. What comes out
is an interval, not a promise: 90 of 100 draws lie in it, and the draws are only as good as the estimates.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from hardware.make.data import MADE, Build, builds, read
from hardware.make.drive import FULL_V, interpolate, setting
from hardware.make.svg import Drawing

MODES = ("recording", "live", "standby", "off")
DRAWS = 20_000
SEED = 20261126
Triple = tuple[float, float, float]


def triple(value: Any) -> Triple:
    low, likely, high = value if isinstance(value, list | tuple) else (value, value, value)
    return float(low), float(likely), float(high)


@cache
def duties() -> dict[str, Triple]:
    """Shares of the time that are reckoned, by name."""
    run = read("duty.toml")
    flush_s = setting("flush_s")[0]
    # A page is put to flash every flush_s, and twice when it is full; each time takes some 150 ms (0.1 to 0.25).
    writes_h = 3600 / flush_s + 2 * run["recorded"]["pages_h"]
    quarter, busy = run["demo"]["motor_s_h"] / 4 / 3600, 1.3 * run["demo"]["motor_s_h"] / 3600
    return {
        "work": triple(read("power.toml")["work"]),
        "flash": (writes_h * 0.10 / 3600, writes_h * 0.15 / 3600, writes_h * 0.25 / 3600),
        # Recorded runners in good form felt nothing; the demo's faults are the busy end; likely, a quarter of that.
        "motor": (run["recorded"]["motor_s_h"] / 3600, quarter, busy),
    }


@dataclass(frozen=True)
class Load:
    """One thing that draws current: mA while on, share of the time in each mode."""

    name: str
    ma: Triple
    share: dict[str, Triple | str]
    source: str
    doubt: tuple[float, str] | None = None  # the chance that it draws as much as another load does


def loads(build: Build) -> list[Load]:
    parts = {part.kind: part for part, _ in build.parts()}
    table = parts["motor"].limits["i_ma_at_v"]
    motor = (interpolate(table, 3.5), interpolate(table, 3.8), interpolate(table, FULL_V))
    found = []
    for row in read("power.toml")["load"]:
        ma = row["ma"].get("all", row["ma"].get(build.id))
        share: dict[str, Triple | str] = {}
        for mode, value in row["in"].items():
            if value == "rest":
                share[mode] = "rest"
            else:
                share[mode] = duties()[value] if isinstance(value, str) else triple(value)
        doubt = (row["doubt"]["chance"], row["doubt"]["as"]) if "doubt" in row else None
        found.append(Load(row["name"], motor if ma == "motor" else triple(ma), share, row["source"], doubt))
    return found


@dataclass(frozen=True)
class Life:
    """Hours that a charge lasts: the middle, and what 90 of 100 draws lie between; mean currents; the mean charge."""

    middle_h: float
    low_h: float
    high_h: float
    ma: float
    by_load: dict[str, float]
    charge_mah: float


def _draw(random_: random.Random, value: Triple) -> float:
    low, likely, high = value
    return likely if low == high else random_.triangular(low, high, likely)


@cache
def lives(build_id: str) -> dict[str, Life]:
    """Each mode's life of one build; the same draw of a current counts in every mode."""
    build = builds()[build_id]
    cell = next(part for part, _ in build.parts() if part.kind == "cell")
    usable = triple(read("power.toml")["usable"])
    things = loads(build)
    source = random.Random(SEED)
    hours: dict[str, list[float]] = {mode: [] for mode in MODES}
    means = {mode: {load.name: 0.0 for load in things} for mode in MODES}
    for _ in range(DRAWS):
        charge_mah = cell.limits["capacity_mah"] * _draw(source, usable)
        ma = [_draw(source, load.ma) for load in things]
        for k, load in enumerate(things):
            if load.doubt is not None and source.random() < load.doubt[0]:
                ma[k] = next(ma[j] for j, other in enumerate(things) if other.name == load.doubt[1])
        work: dict[str, float] = {}
        for mode in MODES:
            total = 0.0
            for load, drawn in zip(things, ma):
                share = load.share.get(mode)
                if share is None:
                    continue
                if isinstance(share, str):
                    part = 1 - work.get(mode, 0.0)
                else:
                    part = _draw(source, share)
                    if load.name == "processor at work":
                        work[mode] = part
                total += drawn * part
                means[mode][load.name] += drawn * part / DRAWS
            hours[mode].append(charge_mah / total)
    found = {}
    for mode, values in hours.items():
        values.sort()
        found[mode] = Life(
            values[DRAWS // 2],
            values[DRAWS // 20],
            values[-DRAWS // 20],
            sum(means[mode].values()),
            dict(sorted(means[mode].items(), key=lambda item: -item[1])),
            cell.limits["capacity_mah"] * sum(usable) / 3,
        )
    return found


def hours_text(build_id: str = "xiao") -> str:
    """The one figure that every page quotes."""
    life = lives(build_id)["recording"]
    return f"{life.middle_h:.0f} h (90 %: {life.low_h:.0f} to {life.high_h:.0f} h)"


def days_text(build_id: str = "xiao", mode: str = "standby") -> str:
    life = lives(build_id)[mode]
    return f"{life.middle_h / 24:.0f} days (90 %: {life.low_h / 24:.0f} to {life.high_h / 24:.0f})"


def ma_text(build_id: str, mode: str) -> str:
    return f"{lives(build_id)[mode].ma:.1f} mA"


def table() -> str:
    lines = ["| build | cell | recording | recording, sending live | STANDBY | OFF |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for build in builds().values():
        cell = next(part for part, _ in build.parts() if part.kind == "cell")
        row = [f"{ma_text(build.id, 'recording')}: **{hours_text(build.id)}**"]
        live = lives(build.id)["live"]
        row.append(f"{live.ma:.1f} mA: {live.middle_h:.0f} h ({live.low_h:.0f} to {live.high_h:.0f})")
        row += [f"{ma_text(build.id, mode)}: {days_text(build.id, mode)}" for mode in ("standby", "off")]
        lines.append(f"| {build.title} | {cell.limits['capacity_mah']} mAh | " + " | ".join(row) + " |")
    return "\n".join(lines)


def shares_table(build_id: str = "xiao") -> str:
    """What of the mean current each load takes."""
    found = lives(build_id)
    lines = ["| load | recording, mA | STANDBY, mA | where from |", "| --- | --- | --- | --- |"]
    sources = {load.name: load.source for load in loads(builds()[build_id])}
    for name, ma in found["recording"].by_load.items():
        rest = found["standby"].by_load[name]
        if ma or rest:
            lines.append(f"| {name} | {ma:.2f} | {rest:.2f} | {sources[name]} |")
    return "\n".join(lines)


def largest(build_id: str, mode: str) -> str:
    """The loads that make most of a mode's current, in words."""
    life = lives(build_id)[mode]
    names = []
    total = 0.0
    for name, ma in life.by_load.items():
        names.append(f"{name} ({100 * ma / life.ma:.0f} %)")
        total += ma
        if total >= 0.7 * life.ma:
            break
    return ", ".join(names)


def standby_rest() -> str:
    """What STANDBY would draw without the load that need not be there, by the same figures."""
    life = lives("xiao")["standby"]
    ma = sum(value for name, value in life.by_load.items() if not name.startswith("processor waiting"))
    days = life.charge_mah / ma / 24
    return f"about {ma:.1f} mA, which is some {days:.0f} days"


COLOURS = {"bar": ("#3b6fb6", "#7ea8e0"), "line": ("#1b1e23", "#e6e8eb")}


def picture() -> str:
    """Mean current by load while recording and in STANDBY, one bar a load, for the small build."""
    found = lives("xiao")
    names = [name for name, ma in found["recording"].by_load.items() if ma + found["standby"].by_load[name] >= 0.01]
    height = 70 + 30 * len(names)
    drawing = Drawing(900, height, "Mean current by load, XIAO with coin motor", COLOURS)
    most = max(max(found[mode].by_load.values()) for mode in ("recording", "standby"))
    for column, mode in enumerate(("recording", "standby")):
        x = 330 + 290 * column
        drawing.text(x, 28, f"{mode.upper() if mode == 'standby' else mode}, {found[mode].ma:.2f} mA", 14, "start")
        for k, name in enumerate(names):
            y = 50 + 30 * k
            ma = found[mode].by_load[name]
            drawing.rect(x, y, max(1.0, 200 * ma / most), 18, 2, fill="var(--bar)")
            drawing.text(x + 200 * ma / most + 8, y + 14, f"{ma:.2f}", 12, "start")
            if column == 0:
                drawing.text(x - 12, y + 14, name, 12, "end")
    return drawing.svg()


def write() -> None:
    (MADE / "power.svg").write_text(picture(), encoding="utf-8")
