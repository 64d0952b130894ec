"""Every figure of a step, one row each: what it is called, how it is written and shown, what is known of it.

A row is a column of steps.csv, in the table's order: first the contract's columns, then those that came after it. The
log's columns, the CSV files, the summary, the terminal and the report are made from the rows. What a record holds of a
step, and in how many bits, is gaitcore's: the row's key is the Step's attribute, or the model that gives it.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP, MODEL, COMPUTED = "step", "model", "computed"


@dataclass(frozen=True)
class Packed:
    """How a figure of a Step lies in the clip's record: one whole number.

    name     of its position in gaitcore.records, as CONTACT
    scale    counts for one of its unit; below 1 a count is worth more than one
    low, high   the least and the most that is stored; what lies beyond is stored as the nearest, and flagged
    none     what stands for "not measured"
    of       the Step's attribute, where it is not the metric's key
    since    version of the record that it came with
    what     its row in the page of bytes, docs/design/records.md
    """

    name: str
    scale: float
    high: int
    what: str
    low: int = 0
    none: str = "NONE"
    of: str = ""
    since: int = 1


@dataclass(frozen=True)
class Band:
    """A range on a metric's axis, half-open [low, high), for showing only."""

    low: float
    high: float
    label: str
    tone: str  # good, watch, alert or note: how it is coloured


@dataclass(frozen=True)
class Metric:
    """One figure of a step.

    key       column of steps.csv; its ending is the unit there
    title     as a heading; unit and digits: as it is shown to a person
    decimals  digits after the point in CSV files
    of        STEP: an attribute of gaitcore's Step; MODEL: a function of gaitcore.models; COMPUTED: of other columns
    sign      what a value is multiplied with in steps.csv, whose signs are the truth's; -1: there, a loss is negative
    letters   what stands for 0, 1, ... in CSV files, where the figure is no number
    packed    how it lies in the clip's record, in the order of the table's rows; None: it does not
    csv       whether it is a column of steps.csv; what is not is for the models alone
    short     its word in the summary on the terminal; empty: not there
    what, standing   a sentence each for the reader: what it is, and how far to trust it; empty: not in the report
    bands     ranges for showing only; source: where they or the rules about it come from
    """

    key: str
    title: str
    unit: str
    digits: int
    decimals: int
    estimate: bool = False
    of: str = STEP
    sign: int = 1
    letters: str = ""
    packed: Packed | None = None
    csv: bool = True
    short: str = ""
    what: str = ""
    standing: str = ""
    bands: tuple[Band, ...] = ()
    source: str = ""


TABLE: tuple[Metric, ...] = (
    Metric("on_s", "Initial contact", "s", 2, 3, of=COMPUTED),
    Metric(
        "contact_ms",
        "Ground contact",
        "ms",
        0,
        0,
        packed=Packed("CONTACT", 0.5, 255, "contact time, 2 ms", low=1, none="0"),
        estimate=True,
        short="contact",
        what="Time the foot is on the ground.",
        standing=(
            "Estimate from the shape of the pelvis's acceleration. The bands are for showing; "
            "contact is shorter when faster."
        ),
        bands=(
            Band(100, 210, "short, under 210 ms (COROS)", "note"),
            Band(210, 300, "usual, 210–300 ms (COROS)", "note"),
            Band(300, 400, "long, over 300 ms (COROS)", "note"),
        ),
        source="COROS bands",
    ),
    Metric(
        "flight_ms",
        "Flight",
        "ms",
        0,
        0,
        estimate=True,
        of=COMPUTED,
        short="flight",
        what="Time in the air between two contacts.",
        standing="Estimate: the rest of the step after ground contact.",
    ),
    Metric("side", "Side", "", 0, 0, letters="LR"),
    Metric(
        "cadence_spm",
        "Cadence",
        "steps/min",
        0,
        1,
        packed=Packed("CADENCE", 10, 4095, "0.1 steps/min", low=1, none="0"),
        short="cadence",
        what="Steps of both feet in a minute, over the last 4 s.",
        standing="Measured. No cadence is right for everyone: 100 km world-championship runners range from 155 to 203.",
        source="E names 170–180; Heiderscheit 2011: your own cadence +5 to +10 % lowers braking and bounce",
    ),
    Metric(
        "tilt_deg",
        "Pelvic tilt against standing",
        "°",
        1,
        2,
        packed=Packed(
            "TILT",
            100,
            32767,
            "tilt relative to standing, positive = arched, int16, 0.01 deg",
            low=-32767,
            none="NO_TILT",
        ),
        short="tilt over standing",
        what=(
            "How much further the front of the pelvis is down (the lower back arched) than when you stood still; "
            "mean of a stride."
        ),
        standing=(
            "Measured against your own standing posture. Standing or running tilt is not a sign of back pain "
            "(Laird 2014, 43 studies). Leaning from the hips looks the same to one sensor."
        ),
        source="Schache 1999: 15–20° from the vertical in running, SD 4–6° between runners",
    ),
    Metric(
        "tilt_range_deg",
        "Tilt range in a stride",
        "°",
        1,
        1,
        packed=Packed("TILT_RANGE", 5, 254, "tilt range in a stride, 0.2 deg"),
        what="How far the pelvis tips forward and back within a stride.",
        standing="Measured.",
        bands=(Band(5, 8, "usual 5–8° (Schache 1999)", "note"),),
    ),
    Metric(
        "drop_range_deg",
        "Pelvic drop range",
        "°",
        1,
        1,
        packed=Packed("DROP_RANGE", 5, 254, "drop range in a stride, 0.2 deg"),
        what="How far the hips tip from side to side within a stride.",
        standing="Measured. More than usual may point to the gluteus medius (E).",
    ),
    Metric(
        "rotation_range_deg",
        "Rotation range",
        "°",
        1,
        1,
        packed=Packed("ROTATION_RANGE", 5, 254, "rotation range in a stride, 0.2 deg"),
        what="How far the pelvis turns left and right within a stride.",
        standing=(
            "Measured. How large it is depends in part on how each body's axes are laid: compare it with your own, "
            "not with others'."
        ),
    ),
    Metric(
        "vo_cm",
        "Vertical oscillation",
        "cm",
        1,
        1,
        packed=Packed("VO", 10, 254, "vertical oscillation, mm"),
        short="oscillation",
        what="How far the pelvis moves up and down in a stride.",
        standing="Measured. The band is for showing only.",
        bands=(Band(6, 13, "usual 6–13 cm", "note"),),
        source="B; the Lumo Run bar was 8.4 cm",
    ),
    Metric(
        "braking_mps",
        "Braking per step",
        "m/s",
        3,
        4,
        estimate=True,
        of=MODEL,
        sign=-1,
        short="braking",
        what="Forward speed lost at each landing.",
        standing=(
            "Estimate: a fitted model of waist signals. No published validity for a waist sensor: "
            "follow your own trend only."
        ),
        source="Napier 2019; Alcantara 2022: it rises downhill with no fault of the runner",
    ),
    Metric(
        "speed_mps",
        "Speed",
        "m/s",
        2,
        3,
        estimate=True,
        of=MODEL,
        short="speed",
        what="Speed without GPS.",
        standing=(
            "Estimate: a fitted model of waist signals. A watch knows better; a run of known distance makes it yours "
            "(formclip calibrate-speed)."
        ),
    ),
    Metric(
        "heel_ahead_cm",
        "Foot ahead of the body at landing",
        "cm",
        1,
        1,
        estimate=True,
        of=MODEL,
        what="How far in front of the sacrum the foot lands: what overstriding means.",
        standing="Estimate: the foot cannot be seen from the waist; a fitted model of waist signals.",
        source="D, E",
    ),
    Metric(
        "impact_g",
        "Impact peak",
        "g",
        1,
        2,
        packed=Packed("IMPACT", 20, 254, "impact peak, 0.05 g"),
        what="The hardest moment of each landing, as the clip feels it.",
        standing="Measured at the belt: it depends on how tightly the clip sits. Compare runs of your own only.",
    ),
    Metric("flags", "Flags", "", 0, 0),
    Metric(
        "sway_cm",
        "Lateral sway",
        "cm",
        1,
        1,
        packed=Packed("SWAY", 20, 254, "lateral sway in a stride, 0.5 mm", since=2),
        what="How far the waist goes from side to side in a stride.",
        standing="Measured; checked on simulated runners alone, with the clip at the back. Runners with "
        "back pain moved 1.4 cm, others 1.2 cm (Drozda 2024, 52 and 52 runners). Follow your own trend.",
        source="Drozda 2024",
    ),
    Metric(
        "pelvis_loss_mps",
        "Speed lost by the pelvis",
        "m/s",
        3,
        3,
        packed=Packed("PELVIS_LOSS", 250, 254, "speed lost by the pelvis, 4 mm/s"),
        csv=False,
    ),
    Metric(
        "feature",
        "Feature for the models",
        "",
        0,
        0,
        packed=Packed("FEATURE", 1, 254, "feature for the models: 100 times the push + 20, see models.md"),
        csv=False,
    ),
    # Half widths of 90 % intervals: estimate ± this (ground/estimates.py).
    Metric("contact_ms_90", "Ground contact ±", "ms", 0, 1, of=COMPUTED),
    Metric("speed_mps_90", "Speed ±", "m/s", 2, 3, of=COMPUTED),
    Metric("heel_ahead_cm_90", "Foot ahead of the body ±", "cm", 1, 1, of=COMPUTED),
    Metric("braking_mps_90", "Braking ±", "m/s", 3, 4, of=COMPUTED),
)
METRIC: dict[str, Metric] = {metric.key: metric for metric in TABLE}
COLUMNS: tuple[str, ...] = tuple(metric.key for metric in TABLE if metric.csv)
CONTRACT: tuple[str, ...] = COLUMNS[: COLUMNS.index("speed_mps") + 1]
# In the order of the report: what the cues are about comes first, what all else follows.
_FIRST = (
    "cadence_spm",
    "tilt_deg",
    "braking_mps",
    "heel_ahead_cm",
    "contact_ms",
    "flight_ms",
    "vo_cm",
    "tilt_range_deg",
    "drop_range_deg",
    "rotation_range_deg",
    "impact_g",
    "speed_mps",
)
METRICS: tuple[Metric, ...] = (
    *(METRIC[key] for key in _FIRST),
    *(metric for metric in TABLE if metric.what and metric.key not in _FIRST),
)


# What the clip's record holds, in its order: a record only ever grows at its end.
_PLACES = (
    "CADENCE",
    "CONTACT",
    "VO",
    "TILT",
    "TILT_RANGE",
    "DROP_RANGE",
    "ROTATION_RANGE",
    "PELVIS_LOSS",
    "IMPACT",
    "FEATURE",
)
RECORD: tuple[tuple[Metric, Packed], ...] = tuple(
    sorted(
        ((metric, metric.packed) for metric in TABLE if metric.packed is not None),
        key=lambda row: _PLACES.index(row[1].name) if row[1].name in _PLACES else len(_PLACES) + row[1].since,
    )
)


def csv_cells(metric: Metric, values: list[float]) -> list[str]:
    """The cells of a column, empty where a value is not known (NaN)."""
    if metric.letters:
        return ["" if v != v else metric.letters[int(v)] for v in values]
    form = f"%.{metric.decimals}f"
    return ["" if v != v else form % v for v in values]
