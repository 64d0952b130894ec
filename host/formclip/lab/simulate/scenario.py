"""What is to be simulated: the runner, the course, the faults of form and the faults of the sensor.

A scenario comes from Python (`Scenario(speed_mps=3.2)`), from a preset (`preset("demo")`), or from a JSON file with
the same names (`read_scenario`). Every number is checked against the range in its own line below; what is wrong is
named with its place and range, and nothing is guessed.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from formclip.ground.errors import SettingsError, from_os_error

STANDING, WALKING, RUNNING = "standing", "walking", "running"
ACTIVITIES = (STANDING, WALKING, RUNNING)
OVERSTRIDE, ARCH = "overstride", "arch"
KINDS = (OVERSTRIDE, ARCH)
SIDES = ("right", "left")
PLACEMENTS = ("back", "left", "right")

Vector = tuple[float, float, float]
ZERO: Vector = (0.0, 0.0, 0.0)


class ScenarioError(SettingsError):
    """A scenario that can't be simulated: names the field and its range."""


def number(default: float | None, low: float, high: float, says: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "says": says})


def vector(default: Vector, limit: float, says: str) -> Any:
    return field(default=default, metadata={"low": -limit, "high": limit, "says": says})


def choice(default: str, among: tuple[str, ...], says: str) -> Any:
    return field(default=default, metadata={"among": among, "says": says})


def many(says: str) -> Any:
    return field(default=(), metadata={"says": says})


@dataclass(frozen=True)
class Segment:
    """A stretch with another activity, speed or slope than the scenario's own."""

    start_s: float = number(0.0, 0, 360000, "when it begins, seconds of the trace")
    end_s: float = number(0.0, 0, 360000, "when it ends")
    activity: str = choice(RUNNING, ACTIVITIES, "what the runner does")
    speed_mps: float | None = number(None, 0.3, 10, "speed; the scenario's own when absent")
    cadence_spm: float | None = number(None, 70, 250, "steps a minute; from the speed when absent")
    slope_deg: float | None = number(None, -15, 15, "slope, uphill positive")


@dataclass(frozen=True)
class Episode:
    """A fault of form: grows from start_s to start_s + ramp_s, held until end_s, gone at end_s + ramp_s."""

    kind: str = choice(OVERSTRIDE, KINDS, "which fault")
    start_s: float = number(0.0, 0, 360000, "when it begins")
    end_s: float = number(0.0, 0, 360000, "when the runner begins to mend it")
    ramp_s: float = number(2.0, 0.5, 60, "time to grow and to fade")
    cadence_pct: float = number(-9.0, -25, 0, "overstride: change of cadence")
    contact_pct: float = number(7.0, 0, 40, "overstride: change of contact time")
    braking_pct: float = number(50.0, 0, 300, "overstride: change of the braking speed loss")
    impact_pct: float = number(60.0, 0, 300, "overstride: change of the impact transient")
    heel_cm: float = number(7.0, 0, 25, "overstride: how much farther ahead the heel lands")
    tilt_deg: float = number(8.0, 0, 25, "arch: added anterior tilt")


@dataclass(frozen=True)
class Turn:
    """A bend of the path; left positive."""

    start_s: float = number(0.0, 0, 360000, "when it begins")
    for_s: float = number(3.0, 0.8, 600, "how long it takes")
    angle_deg: float = number(90.0, -7200, 7200, "change of heading, left positive")


@dataclass(frozen=True)
class Slip:
    """The clip turns on the body, once, and stays so."""

    at_s: float = number(0.0, 0, 360000, "when it begins")
    for_s: float = number(0.4, 0.1, 60, "how long the movement takes")
    rotation_deg: Vector = vector((0.0, 0.0, 12.0), 180, "rotation vector about forward, up, right")


@dataclass(frozen=True)
class Knock:
    """Something hits the clip: a short shock that may saturate the sensor."""

    at_s: float = number(0.0, 0, 360000, "when it is hit")
    size_g: float = number(25.0, 1, 60, "peak of the shock, before the sensor's range cuts it")


@dataclass(frozen=True)
class Gap:
    """Samples that never arrive."""

    at_s: float = number(0.0, 0, 360000, "when the gap begins")
    samples: int = number(10, 1, 100000, "how many samples are lost")


@dataclass(frozen=True)
class Fatigue:
    """Change from the first running step to the last, in a straight line over time."""

    cadence_pct: float = number(0.0, -15, 15, "change of cadence")
    speed_pct: float = number(0.0, -40, 40, "change of speed")
    contact_pct: float = number(0.0, -30, 40, "change of contact time")
    braking_pct: float = number(0.0, -50, 200, "change of the braking speed loss")
    tilt_deg: float = number(0.0, -15, 15, "change of tilt")
    drop_range_pct: float = number(0.0, -50, 150, "change of the pelvic drop range")
    variability_pct: float = number(0.0, -50, 300, "change of the step-to-step variability")


@dataclass(frozen=True)
class Limp:
    """One side is spared, and the steps of the two sides differ.

    A side's step begins with its contact: its stance, and the flight onto the other foot. Each figure is the spared
    side's against the mean of both, so that the two differ by twice as much.
    """

    side: str = choice("right", SIDES, "the side that is spared")
    step_time_pct: float = number(0.0, -45, 45, "its steps take longer; negative: it is left sooner")
    contact_pct: float = number(0.0, -50, 50, "its contact is longer; negative: a short stance, to avoid pain")
    length_pct: float = number(0.0, -10, 10, "its steps cover more ground than their time tells")
    height_cm: float = number(0.0, -4, 4, "the centre of mass is higher at its contacts")
    drop_deg: float = number(0.0, 0, 15, "the other side of the pelvis sinks in its stance, at most by")
    start_s: float = number(0.0, 0, 360000, "when it begins, within ten seconds; 0: from the first step on")


@dataclass(frozen=True)
class Scenario:
    """A run. Lengths in time count from the first sample; angles are positive as in the truth files."""

    minutes: float = number(2.0, 0.2, 1500, "length of the trace")
    rate_hz: float = number(208.0, 50, 500, "samples a second")
    stand_s: float = number(10.0, 0, 600, "standing still at the start")
    # the runner
    speed_mps: float = number(3.0, 1.2, 10, "running speed")
    cadence_spm: float | None = number(None, 120, 250, "running steps a minute; from the speed when absent")
    contact_ms: float | None = number(None, 80, 450, "ground contact time; from speed and cadence when absent")
    oscillation_cm: float | None = number(None, 1.5, 20, "vertical oscillation of the pelvis; follows when absent")
    braking_mps: float | None = number(None, 0.01, 1, "speed lost in early contact; from the speed when absent")
    slope_deg: float = number(0.0, -15, 15, "slope of the course, uphill positive")
    standing_tilt_deg: float = number(11.0, -15, 40, "tilt of the pelvis in standing")
    tilt_deg: float = number(6.0, -15, 30, "mean tilt in running minus standing")
    tilt_range_deg: float | None = number(None, 0, 30, "tilt range in a stride; from the speed when absent")
    drop_range_deg: float | None = number(None, 0, 30, "pelvic drop range in a stride; from the speed when absent")
    rotation_range_deg: float | None = number(None, 0, 50, "pelvic rotation range; from the speed when absent")
    asymmetry_pct: float = number(0.0, -20, 20, "right minus left in contact time, and half of it in step time")
    limp: Limp = field(default=Limp(), metadata={"says": "one side that is spared: a limp"})
    variability_pct: float = number(1.3, 0, 6, "spread of step time from step to step; the other figures follow it")
    impact_g: float = number(0.8, 0, 8, "rattle of the clip at landing, 12-40 Hz, its peak at 3 m/s")
    person: int = number(0, 0, 2**31 - 1, "0 the average runner; any other number somebody with a style of their own")
    walk_speed_mps: float = number(1.45, 0.5, 2.4, "walking speed")
    walk_cadence_spm: float = number(114.0, 80, 145, "walking steps a minute")
    # the course
    segments: tuple[Segment, ...] = many("stretches of other activity, speed or slope")
    episodes: tuple[Episode, ...] = many("faults of form with a known start and end")
    turns: tuple[Turn, ...] = many("bends")
    fatigue: Fatigue = field(default=Fatigue(), metadata={"says": "drift from the first running step to the last"})
    # the clip on the belt
    placement: str = choice("back", PLACEMENTS, "where on the waist")
    mounting_deg: Vector = vector(ZERO, 180, "mounting error, rotation vector about forward, up, right")
    wobble: float = number(0.25, 0, 1, "looseness of the belt: 0 glued to the pelvis, 1 flapping")
    wobble_hz: float = number(7.0, 5, 9, "the frequency at which the clip swings on the belt")
    slips: tuple[Slip, ...] = many("when the clip turns on the body")
    knocks: tuple[Knock, ...] = many("when something hits the clip")
    # the sensor
    gyro_bias_dps: Vector = vector(ZERO, 40, "gyroscope bias at switch-on")
    gyro_warmup_dps: Vector = vector(ZERO, 20, "change of that bias once warm")
    warmup_s: float = number(400.0, 10, 7200, "time constant of warming up")
    gyro_wander_dps: float = number(0.0, 0, 5, "random walk of the bias: its spread after one hour")
    acc_bias_g: Vector = vector(ZERO, 0.3, "accelerometer bias")
    gyro_noise_dps: float = number(0.07, 0, 5, "noise of the gyroscope, standard deviation a sample")
    acc_noise_g: float = number(0.003, 0, 0.5, "noise of the accelerometer, standard deviation a sample")
    acc_range_g: float = number(16.0, 2, 64, "the accelerometer saturates here")
    gyr_range_dps: float = number(1000.0, 125, 4000, "the gyroscope saturates here")
    quantised: bool = field(default=True, metadata={"says": "round readings to the sensor's 16-bit steps"})
    gaps: tuple[Gap, ...] = many("lost samples at known times")
    gaps_per_hour: float = number(0.0, 0, 3600, "lost samples at random times, 1 to 60 samples each")

    def __post_init__(self) -> None:
        _check(self, "")
        length_s = self.minutes * 60
        if self.stand_s > length_s - 5:
            raise ScenarioError(
                f"stand_s {self.stand_s:g} leaves no time to run in {length_s:g} s",
                "keep it 5 s shorter than the trace",
            )
        for name in ("segments", "episodes"):
            _check_spans(name, getattr(self, name), length_s)
        for name, key in (("turns", "start_s"), ("slips", "at_s"), ("knocks", "at_s"), ("gaps", "at_s")):
            for i, item in enumerate(getattr(self, name)):
                if getattr(item, key) >= length_s:
                    raise ScenarioError(
                        f"{name}[{i}].{key} {getattr(item, key):g} is after the end of the trace at {length_s:g} s",
                        "move it earlier or make the trace longer",
                    )

    def with_(self, **changes: Any) -> Scenario:
        """A copy with some fields changed, checked again."""
        return dataclasses.replace(self, **changes)


_LISTS: Mapping[str, type] = MappingProxyType(
    {"segments": Segment, "episodes": Episode, "turns": Turn, "slips": Slip, "knocks": Knock, "gaps": Gap}
)


def _check(item: Any, where: str) -> None:
    """Every field of a dataclass against its own metadata; lists and vectors become tuples."""
    hints = get_type_hints(type(item))
    for spec in fields(item):
        name, value, meta = where + spec.name, getattr(item, spec.name), spec.metadata
        hint = hints[spec.name]
        if spec.name in _LISTS and isinstance(item, Scenario):
            object.__setattr__(item, spec.name, _items(name, value, _LISTS[spec.name]))
        elif hint is Fatigue or hint is Limp:
            object.__setattr__(item, spec.name, _build(hint, value, name + "."))
        elif hint is bool:
            if not isinstance(value, bool):
                raise ScenarioError(f"{name} is {_show(value)}, not true or false", "give true or false")
        elif hint is str:
            if not isinstance(value, str) or value not in meta["among"]:
                raise ScenarioError(f"{name} is {_show(value)}", f"give one of {', '.join(meta['among'])}")
        elif hint == Vector:
            if not isinstance(value, list | tuple) or len(value) != 3:
                raise ScenarioError(f"{name} is {_show(value)}, not three numbers", "give [x, y, z]")
            checked = tuple(float(_in_range(name, v, meta)) for v in value)
            object.__setattr__(item, spec.name, checked)
        elif value is None:
            if hint is float or hint is int:
                raise ScenarioError(f"{name} is missing", f"give {meta['low']:g} to {meta['high']:g}")
        else:
            checked_number = _in_range(name, value, meta)
            if hint is int and checked_number != int(checked_number):
                raise ScenarioError(f"{name} is {_show(value)}, not a whole number", "give a whole number")
            object.__setattr__(item, spec.name, int(checked_number) if hint is int else float(checked_number))


def _in_range(name: str, value: Any, meta: Mapping[str, Any]) -> float:
    ask = f"give {meta['low']:g} to {meta['high']:g}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ScenarioError(f"{name} is {_show(value)}, not a number", ask)
    if not (math.isfinite(value) and meta["low"] <= value <= meta["high"]):
        raise ScenarioError(f"{name} is {value:g}, out of range", ask)
    return value


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _items(name: str, value: Any, kind: type) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ScenarioError(f"{name} is {_show(value)}, not a list", "give a list of objects")
    return tuple(_build(kind, v, f"{name}[{i}].") for i, v in enumerate(value))


def _build(kind: Any, value: Any, where: str) -> Any:
    if isinstance(value, kind):
        _check(value, where)
        return value
    if not isinstance(value, Mapping):
        raise ScenarioError(f"{where.rstrip('.') or 'the scenario'} is {_show(value)}, not an object", "give {...}")
    names = [spec.name for spec in fields(kind)]
    for key in value:
        if key not in names:
            raise ScenarioError(f"{where}{key} is not known", f"known here: {', '.join(names)}")
    if where and kind in _LISTS.values():
        for key in ("start_s", "end_s", "at_s", "kind"):
            if key in names and key not in value:
                raise ScenarioError(f"{where}{key} is missing", "give it")
    try:
        return kind(**value) if kind is Scenario else _checked(kind(**value), where)
    except TypeError as error:
        raise ScenarioError(f"{where.rstrip('.')}: {error}", "see docs/lab/simulate.md") from None


def _checked(item: Any, where: str) -> Any:
    _check(item, where)
    return item


def _check_spans(name: str, spans: tuple[Any, ...], length_s: float) -> None:
    for i, span in enumerate(spans):
        if span.end_s <= span.start_s:
            raise ScenarioError(
                f"{name}[{i}].end_s {span.end_s:g} is not after start_s {span.start_s:g}", "put the end after the start"
            )
        if span.end_s > length_s:
            raise ScenarioError(
                f"{name}[{i}].end_s {span.end_s:g} is after the end of the trace at {length_s:g} s",
                "move it earlier or make the trace longer",
            )
        for j, other in enumerate(spans[:i]):
            same_kind = getattr(span, "kind", None) == getattr(other, "kind", None)
            if same_kind and span.start_s < other.end_s and other.start_s < span.end_s:
                raise ScenarioError(f"{name}[{i}] overlaps {name}[{j}]", "separate them in time")


def from_mapping(values: Mapping[str, Any]) -> Scenario:
    """A scenario from names and plain values, as JSON gives them; `preset` starts from that preset."""
    rest = dict(values)
    base = rest.pop("preset", None)
    if base is None:
        scenario = _build(Scenario, rest, "")
    else:
        known = {spec.name for spec in fields(Scenario)}
        for key in rest:
            if key not in known:
                raise ScenarioError(f"{key} is not known", f"known here: {', '.join(sorted(known))}")
        scenario = preset(base, rest.get("minutes")).with_(**rest)
    assert isinstance(scenario, Scenario)
    return scenario


def read_mapping(path: str | Path) -> dict[str, Any]:
    """The object in a JSON file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, path, "read") from None
    except UnicodeDecodeError as error:
        raise ScenarioError("not UTF-8 text", "save it as UTF-8", path=path, place=f"byte {error.start}") from None
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}"
        raise ScenarioError(f"not JSON: {error.msg.lower()}", "mend it", path=path, place=place) from None
    except RecursionError:
        raise ScenarioError("not JSON that can be read: nested too deep", "mend it", path=path) from None
    if not isinstance(values, dict):
        raise ScenarioError(f"is {_show(values)}, not an object", "give {...}", path=path)
    return values


def read_scenario(path: str | Path) -> Scenario:
    """A scenario from a JSON file."""
    values = read_mapping(path)
    try:
        return from_mapping(values)
    except ScenarioError as error:
        raise ScenarioError(error.what, error.next_step, path=path) from None


def to_mapping(scenario: Scenario) -> dict[str, Any]:
    """The opposite of `from_mapping`: plain values, ready for JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(scenario)))
    return plain


PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "demo": "20 minutes: two episodes of overstriding and two of arching after the first three quiet minutes",
        "long": "2 hours: gyroscope warming up and wandering, fatigue, hills, a drink stop, bends",
        "faults": "30 minutes: lost samples, a slip, knocks that saturate, walking breaks, a stop",
        "shuffler": "5 minutes at 2.2 m/s with hardly any flight",
        "sprinter": "2 minutes at 6.5 m/s, 215 steps a minute",
        "side": "10 minutes with the clip over the left hip, 20 degrees off",
        "lopsided": "10 minutes with left and right unlike",
        "limp": "10 minutes; from the fourth on the right side is spared: short stance, quick step, the hip sinks",
        "hills": "10 minutes from 10 degrees down to 10 degrees up",
        "walk": "5 minutes of walking with stops: nothing to be found",
        "perfect": "2 minutes, an ideal sensor glued to the pelvis, no variability: for tests",
    }
)
_MINUTES = MappingProxyType(
    {"demo": 20.0, "long": 120.0, "faults": 30.0, "shuffler": 5.0, "sprinter": 2.0, "side": 10.0, "lopsided": 10.0,
     "limp": 10.0, "hills": 10.0, "walk": 5.0, "perfect": 2.0}
)  # fmt: skip
_LEAST = MappingProxyType({"demo": 8.0, "limp": 2.0, "long": 10.0, "faults": 8.0, "hills": 3.0, "walk": 2.0})
_WORN: dict[str, Any] = {
    "mounting_deg": (3.0, -5.0, 7.0),
    "gyro_bias_dps": (1.8, -3.4, 0.9),
    "gyro_warmup_dps": (-0.35, 0.5, 0.25),
    "acc_bias_g": (0.004, -0.006, 0.005),
}
IDEAL: Mapping[str, Any] = MappingProxyType(
    {"wobble": 0.0, "impact_g": 0.0, "gyro_noise_dps": 0.0, "acc_noise_g": 0.0, "quantised": False}
)


def preset(name: str, minutes: float | None = None) -> Scenario:
    """A ready scenario; its events keep their share of the time when `minutes` differs from the preset's own."""
    if not isinstance(name, str) or name not in PRESETS:
        raise ScenarioError(f"preset is {_show(name)}", f"give one of {', '.join(PRESETS)}")
    if minutes is not None:
        _in_range("minutes", minutes, {"low": _LEAST.get(name, 0.5), "high": 1500})
    length = _MINUTES[name] if minutes is None else float(minutes)
    scenario: Scenario = _PRESET_MAKERS[name](length)
    return scenario


def _demo(minutes: float) -> Scenario:
    end_s = minutes * 60
    room_s = end_s - 210  # the first three minutes are silent
    hold_s = min(45.0, room_s / 10)
    starts = [210 + room_s * share for share in (0.06, 0.29, 0.52, 0.75)]
    episodes = tuple(
        Episode(kind=kind, start_s=round(start, 1), end_s=round(start + hold_s, 1))
        for kind, start in zip((OVERSTRIDE, ARCH, OVERSTRIDE, ARCH), starts)
    )
    fatigue = Fatigue(cadence_pct=-1.0, contact_pct=2.0, tilt_deg=0.8, drop_range_pct=10.0)
    return Scenario(minutes=minutes, speed_mps=3.0, episodes=episodes, fatigue=fatigue, **_WORN)


def _long(minutes: float) -> Scenario:
    end_s = minutes * 60

    def at(share: float) -> float:
        return round(end_s * share, 1)

    segments = (
        Segment(start_s=at(0.20), end_s=at(0.27), slope_deg=4.0, speed_mps=2.8),
        Segment(start_s=at(0.30), end_s=at(0.36), slope_deg=-4.0, speed_mps=3.4),
        Segment(start_s=at(0.50), end_s=round(end_s * 0.50 + 40, 1), activity=STANDING),
        Segment(start_s=at(0.80), end_s=at(0.83), speed_mps=3.8),
    )
    turns = tuple(Turn(start_s=at(0.05 + 0.06 * i), for_s=4.0, angle_deg=-90.0 if i % 3 else 120.0) for i in range(15))
    fatigue = Fatigue(
        cadence_pct=-3.0, speed_pct=-6.0, contact_pct=6.0, braking_pct=12.0, tilt_deg=2.5, drop_range_pct=30.0,
        variability_pct=40.0,
    )  # fmt: skip
    worn = {**_WORN, "gyro_warmup_dps": (-1.1, 1.6, 0.7)}
    return Scenario(
        minutes=minutes, speed_mps=3.1, segments=segments, turns=turns, fatigue=fatigue, gyro_wander_dps=0.4,
        warmup_s=600.0, **worn,
    )  # fmt: skip


def _faults(minutes: float) -> Scenario:
    end_s = minutes * 60

    def at(share: float) -> float:
        return round(end_s * share, 1)

    segments = (
        Segment(start_s=at(0.25), end_s=at(0.29), activity=WALKING),
        Segment(start_s=at(0.50), end_s=round(at(0.50) + 20, 1), activity=STANDING),
        Segment(start_s=at(0.84), end_s=at(0.87), activity=WALKING),
    )
    gaps = (
        Gap(at_s=at(0.12), samples=1),
        Gap(at_s=at(0.15), samples=13),
        Gap(at_s=at(0.35), samples=52),
        Gap(at_s=at(0.42), samples=624),
        Gap(at_s=at(0.60), samples=2),
    )
    knocks = tuple(Knock(at_s=at(0.1 + 0.07 * i) + 0.37 * i, size_g=14.0 + 3 * i) for i in range(12))
    slips = (Slip(at_s=at(0.68), rotation_deg=(4.0, 0.0, 14.0)),)
    turns = (Turn(start_s=at(0.2), for_s=3.0, angle_deg=90.0), Turn(start_s=at(0.75), for_s=5.0, angle_deg=-180.0))
    return Scenario(
        minutes=minutes, speed_mps=3.3, segments=segments, gaps=gaps, gaps_per_hour=20.0, slips=slips, turns=turns,
        knocks=knocks, wobble=0.6, impact_g=2.5, **_WORN,
    )  # fmt: skip


def _limp(minutes: float) -> Scenario:
    limp = Limp(step_time_pct=-15.0, contact_pct=-15.0, drop_deg=4.0, start_s=round(minutes * 60 * 0.35, 1))
    return Scenario(minutes=minutes, speed_mps=2.7, limp=limp, person=4, **_WORN)


def _hills(minutes: float) -> Scenario:
    first_s, end_s = 40.0, minutes * 60
    slopes = (-10.0, -5.0, 0.0, 5.0, 10.0)
    each_s = (end_s - first_s) / len(slopes)
    segments = tuple(
        Segment(start_s=round(first_s + i * each_s, 1), end_s=round(first_s + (i + 1) * each_s, 1), slope_deg=slope)
        for i, slope in enumerate(slopes)
    )
    return Scenario(minutes=minutes, speed_mps=2.8, segments=segments, **_WORN)


def _walk(minutes: float) -> Scenario:
    end_s = minutes * 60
    segments = (
        Segment(start_s=10.0, end_s=round(end_s * 0.5, 1), activity=WALKING),
        Segment(start_s=round(end_s * 0.5, 1), end_s=round(end_s * 0.5 + 20, 1), activity=STANDING),
        Segment(start_s=round(end_s * 0.5 + 20, 1), end_s=end_s, activity=WALKING, cadence_spm=124.0, speed_mps=1.8),
    )
    return Scenario(minutes=minutes, segments=segments, **_WORN)


_PRESET_MAKERS: Mapping[str, Any] = MappingProxyType(
    {
        "demo": _demo,
        "long": _long,
        "faults": _faults,
        "shuffler": lambda m: Scenario(minutes=m, speed_mps=2.2, cadence_spm=172.0, contact_ms=320.0, **_WORN),
        "sprinter": lambda m: Scenario(minutes=m, speed_mps=6.5, cadence_spm=215.0, impact_g=1.2, **_WORN),
        "side": lambda m: Scenario(
            minutes=m, placement="left", wobble=0.35, **{**_WORN, "mounting_deg": (9.0, 12.0, -14.0)}
        ),
        "lopsided": lambda m: Scenario(minutes=m, asymmetry_pct=8.0, person=7, **_WORN),
        "limp": _limp,
        "hills": _hills,
        "walk": _walk,
        "perfect": lambda m: Scenario(minutes=m, variability_pct=0.0, **IDEAL),
    }
)
