"""Every figure of a step, one row each: what it is called, how it is written and shown, what is known of it.

A row is a column of steps.csv, in the table's order: first the contract's columns, then those that came after it. The
log's columns, the CSV files, the summary, the terminal and the report are made from the rows. What a record holds of a
step, and in how many bits, is gaitcore's: the row's key is the Step's attribute, or the model that gives it.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP, MODEL, COMPUTED = "step", "model", "computed"


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
        estimate=True,
        short="contact",
        what="Time the foot is on the ground.",
        standing=(
            "Estimate from the shape of the vertical acceleration. The bands are for showing; "
            "contact is shorter when faster."
        ),
        bands=(
            Band(100, 210, "excellent (COROS)", "good"),
            Band(210, 300, "usual", "note"),
            Band(300, 400, "long (COROS: poor)", "watch"),
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
        short="cadence",
        what="Steps of both feet in a minute, over the last 4 s.",
        standing="Measured. No cadence is right for everyone: 100 km world-championship runners range from 155 to 203.",
        bands=(Band(170, 180, "the articles' 170–180 (E)", "note"),),
        source="E; Heiderscheit 2011: your own cadence +5 to +10 % lowers braking and bounce",
    ),
    Metric(
        "tilt_deg",
        "Pelvic tilt against standing",
        "°",
        1,
        2,
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
        what="How far the hips tip from side to side within a stride.",
        standing="Measured. More than usual may point to the gluteus medius (E).",
    ),
    Metric(
        "rotation_range_deg",
        "Rotation range",
        "°",
        1,
        1,
        what="How far the pelvis turns left and right within a stride.",
        standing="Measured.",
    ),
    Metric(
        "vo_cm",
        "Vertical oscillation",
        "cm",
        1,
        1,
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
        standing="Estimate: a fitted model of waist signals. A watch knows better.",
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
        what="The hardest moment of each landing, as the clip feels it.",
        standing="Measured at the belt: it depends on how tightly the clip sits. Compare runs of your own only.",
    ),
    Metric("flags", "Flags", "", 0, 0),
)
METRIC: dict[str, Metric] = {metric.key: metric for metric in TABLE}
COLUMNS: tuple[str, ...] = tuple(METRIC)
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


def csv_cells(metric: Metric, values: list[float]) -> list[str]:
    """The cells of a column, empty where a value is not known (NaN)."""
    if metric.letters:
        return ["" if v != v else metric.letters[int(v)] for v in values]
    form = f"%.{metric.decimals}f"
    return ["" if v != v else form % v for v in values]
