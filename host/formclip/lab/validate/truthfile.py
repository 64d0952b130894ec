"""The truth file, NAME.truth.json beside NAME.imu.csv.xz: every field that formclip reads, what it is, and its check.

Nothing in it is needed but what is to be scored: a field that is absent, or null, is not known.
docs/lab/trace-format.md is made of these rows by `python -m formclip.lab.docs.formats`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formclip.ground.errors import TraceError

NUMBER, POSITIVE, TEXT, FLAG = "number", "number above 0", "text", "true or false"
NUMBERS, VECTORS, TABLE, RECORD = "numbers", "vectors", "", ""


@dataclass(frozen=True)
class Field:
    """One field of the truth, or of the objects in one of its lists.

    within   "" at the top, else the list or object that it stands in
    needed   an object without it is refused
    """

    name: str
    kind: str
    unit: str
    what: str
    within: str = ""
    needed: bool = False


FIELDS: tuple[Field, ...] = (
    Field("set", TEXT, "", "the collection that it belongs to: runs of one set are averaged apart. Absent: `other`"),
    Field("subject", TEXT, "", "who ran; runs of one person are one person's"),
    Field("activity", TEXT, "", "what was done where nobody runs: `walk slow`, `stairs`"),
    Field("running", FLAG, "", "`false`: nobody runs in it, so each step that is found is an invented one"),
    Field("rate_hz", POSITIVE, "Hz", "samples a second of the sensor; needed beside `up_in_sensor`"),
    Field("speed_mps", NUMBER, "m/s", "running speed, if it is one speed"),
    Field("slope_deg", NUMBER, "°", "slope of the ground, uphill positive"),
    Field("height_cm", NUMBER, "cm", "of the runner; for fitting"),
    Field("mass_kg", NUMBER, "kg", "of the runner; for fitting"),
    Field("sex", TEXT, "", "`F` or `M`; for fitting"),
    Field(
        "standing_tilt_deg",
        NUMBER,
        "°",
        "tilt of the pelvis while standing, in the frame of the steps' `tilt_deg`",
    ),
    Field("sensor_to_body", VECTORS, "", "3 × 3, sensor axes to body axes forward, up, right; for peers and stress"),
    Field("acc_bias_g", NUMBERS, "g", "what the accelerometer reads too much, x y z; for stress"),
    Field("gyro_bias_dps", NUMBERS, "°/s", "what the gyroscope reads too much, x y z; for stress"),
    Field("steps", TABLE, "", "every running step, in order"),
    Field("on_s", NUMBER, "s", "initial contact, in the trace's `t_s`; increasing", "steps", True),
    Field("off_s", NUMBER, "s", "toe-off of the same contact", "steps"),
    Field("side", TEXT, "", "`L` or `R`", "steps"),
    Field("vo_cm", NUMBER, "cm", "vertical oscillation in the stride", "steps"),
    Field("tilt_deg", NUMBER, "°", "mean tilt in the stride, positive = arched; scored against standing", "steps"),
    Field(
        "brake_dv_mps",
        NUMBER,
        "m/s",
        "change of forward velocity in early contact: negative, as speed is lost",
        "steps",
    ),
    Field("heel_ahead_cm", NUMBER, "cm", "how far ahead of the sacrum the heel lands", "steps"),
    Field("pose", RECORD, "", "the pelvis over time, evenly sampled; ranges in a stride are read off it"),
    Field("rate_hz", POSITIVE, "Hz", "samples a second of the lists beside it", "pose", True),
    Field("t0_s", NUMBER, "s", "time of their first value in the trace's `t_s`. Absent: 0", "pose"),
    Field("tilt_deg", NUMBERS, "°", "positive = front of the pelvis down", "pose", True),
    Field("drop_deg", NUMBERS, "°", "positive = right side up", "pose", True),
    Field("rotation_deg", NUMBERS, "°", "about the vertical", "pose", True),
    Field("height_m", NUMBERS, "m", "of the pelvis over the ground; for stress", "pose"),
    Field("cadence_windows", TABLE, "", "cadence by another method, which is no independent truth"),
    Field("from_s", NUMBER, "s", "begin of the window in the trace's `t_s`", "cadence_windows", True),
    Field("to_s", NUMBER, "s", "its end", "cadence_windows", True),
    Field(
        "*_spm",
        NUMBER,
        "steps/min",
        "the figures of one or more methods, under any names with this ending",
        "cadence_windows",
    ),
    Field("episodes", TABLE, "", "faults that were put in, each of which wants a cue"),
    Field("kind", TEXT, "", "`overstride` or `arch`", "episodes", True),
    Field("start_s", NUMBER, "s", "when the fault begins to grow", "episodes", True),
    Field("full_s", NUMBER, "s", "when it has its full size", "episodes"),
    Field("end_s", NUMBER, "s", "when it begins to go", "episodes"),
    Field("gone_s", NUMBER, "s", "when it has gone", "episodes", True),
    Field("up_in_sensor", RECORD, "", "the up direction in the sensor's own axes, by another method"),
    Field("every_samples", POSITIVE, "", "one vector every so many samples", "up_in_sensor", True),
    Field("vectors", VECTORS, "", "x y z each; null where not known", "up_in_sensor", True),
    Field("moving", NUMBERS, "", "beside `up_in_sensor`: 1 where the sensor moved, one for each vector"),
)
_LISTS = tuple(dict.fromkeys(f.within for f in FIELDS if f.within))
_RECORDS = ("pose", "up_in_sensor")
_ARTICLE = {TEXT: "a ", NUMBER: "a ", POSITIVE: "a "}
_MOST = 1e9  # of any number: what is larger is none of these quantities
REMEDY = "docs/lab/trace-format.md has every field; mend it or remove it"


def truth_path(trace: Path) -> Path:
    """NAME.truth.json for NAME.imu.csv[.xz|.gz] or NAME.csv[...]."""
    name = trace.name
    for suffix in (".xz", ".gz", ".csv", ".imu"):
        name = name.removesuffix(suffix)
    return trace.with_name(name + ".truth.json")


def load_truth(path: Path) -> dict[str, Any]:
    """A truth file, checked: what is known of it has the type that it should. TraceError else."""
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TraceError(f"the truth can't be read ({error})", "mend it or remove it", path=path) from None
    if not isinstance(truth, dict):
        raise TraceError("the truth is not a JSON object", "mend it or remove it", path=path, place="line 1")
    for place, what in faults(truth):
        raise TraceError(f"the truth's {place} is {what}", REMEDY, path=path)
    return known(truth)


def known(truth: dict[str, Any]) -> dict[str, Any]:
    """Without the fields that are null: what is not known is not there."""
    return {n: known(v) if isinstance(v, dict) else v for n, v in truth.items() if v is not None}


def faults(truth: dict[str, Any]) -> list[tuple[str, str]]:
    """(place, what is wrong with it) of the first fault in each part."""
    found: list[tuple[str, str]] = []
    found += _of_object(truth, "", "")
    for name in _LISTS:
        part = truth.get(name)
        if part is None:
            continue
        if name in _RECORDS:
            found += _of_object(part, name, name + ".") if isinstance(part, dict) else [(name, "not an object")]
        elif not isinstance(part, list):
            found.append((name, "not a list"))
        else:
            for i, item in enumerate(part):
                place = f"{name}[{i}]"
                wrong = _of_object(item, name, place + ".") if isinstance(item, dict) else [(place, "not an object")]
                found += wrong
                if wrong:
                    break
    steps = truth.get("steps")
    if not found and steps:
        times = [step["on_s"] for step in steps]
        for i in range(1, len(times)):
            if times[i] <= times[i - 1]:
                found.append((f"steps[{i}].on_s", "not later than the step before it"))
                break
    if not found and truth.get("up_in_sensor") is not None:
        for name in ("rate_hz", "moving"):
            if truth.get(name) is None:
                found.append((name, "missing, and up_in_sensor needs it"))
        if not found and len(truth["moving"]) < len(truth["up_in_sensor"]["vectors"]):
            found.append(("moving", "shorter than up_in_sensor.vectors"))
    return found


def window_cadence_spm(window: dict[str, Any]) -> float | None:
    """What the other methods say on average of one of `cadence_windows`; None where none says anything."""
    figures = [float(value) for name, value in window.items() if name.endswith("_spm") and value is not None]
    return sum(figures) / len(figures) if figures else None


def _of_object(item: dict[str, Any], within: str, prefix: str) -> list[tuple[str, str]]:
    for field in FIELDS:
        if field.within != within or not field.kind:
            continue
        names = [k for k in item if k.endswith(field.name[1:])] if field.name[0] == "*" else [field.name]
        for name in names:
            value = item.get(name)
            if value is None:
                if field.needed:
                    return [(prefix + name, "missing")]
            elif not _is(value, field.kind):
                return [(prefix + name, "not " + _ARTICLE.get(field.kind, "") + field.kind)]
    return []


def _is(value: Any, kind: str) -> bool:
    if kind == TEXT:
        return isinstance(value, str | int)  # a person's number is a name too
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST <= value <= _MOST
    if kind == POSITIVE:
        return _is(value, NUMBER) and value > 0
    if kind == NUMBERS:
        return isinstance(value, list) and all(v is None or v != v or _is(v, FLAG) or _is(v, NUMBER) for v in value)
    return isinstance(value, list) and all(_is(v, NUMBERS) and len(v) == 3 for v in value)
