"""A run as a FIT activity: what watches write and training programs read.

Native fields where FIT has one: cadence (strides a minute of one foot, its fraction beside it), vertical oscillation,
stance time and its balance; step length, speed and distance only where the caller says that they are known, because a
program would take an estimate for the truth. Everything else of the clip is a developer field with a name and a unit.

Order of messages, as Garmin Connect wants it: file, developer fields, timer start, records with the pauses' stop and
start between them, timer stop, laps, session, activity.

Source  FIT SDK 21, Activity File and Profile; what programs refuse and drop: docs/laptop/export.md
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from fit_tool.base_type import BaseType
from fit_tool.data_message import DataMessage
from fit_tool.developer_field import DeveloperField
from fit_tool.fit_file_builder import FitFileBuilder
from fit_tool.profile.messages import record_message as native
from fit_tool.profile.messages.activity_message import ActivityMessage
from fit_tool.profile.messages.common_fields import TimestampField
from fit_tool.profile.messages.developer_data_id_message import DeveloperDataIdMessage
from fit_tool.profile.messages.event_message import EventMessage
from fit_tool.profile.messages.field_description_message import FieldDescriptionMessage
from fit_tool.profile.messages.file_id_message import FileIdMessage
from fit_tool.profile.messages.lap_message import LapMessage
from fit_tool.profile.messages.record_message import RecordMessage
from fit_tool.profile.messages.session_message import SessionMessage
from fit_tool.profile.profile_type import Event, EventType, FileType, Sport

from formclip.ground.errors import FormclipError
from formclip.ground.metrics import METRIC
from formclip.ground.run import Floats, Run, mean
from formclip.ground.version import VERSION
from formclip.runs.exchange.seconds import Seconds, per_second

_DEVELOPMENT = 255  # FIT's manufacturer for what has no number of its own
APPLICATION = bytes.fromhex("6f9d00010c1b4f5e9a7c2f6f726d636c")  # the clip's service, as UUID
_EPOCH_S = 631065600  # 1989-12-31 00:00 UTC, FIT's own beginning
# Our figures that FIT has no field for: developer field number, metric, name as programs show it.
DEVELOPER = (
    (0, "tilt_deg", "Pelvic tilt"),
    (1, "tilt_range_deg", "Pelvic tilt range"),
    (2, "drop_range_deg", "Pelvic drop range"),
    (3, "rotation_range_deg", "Pelvic rotation range"),
    (4, "braking_mps", "Braking index"),
    (5, "sway_cm", "Lateral sway"),
    (6, "impact_g", "Impact peak"),
)
CUE_FIELD, CUE_NAME = 7, "Cue: 1 quick feet 2 tuck"
# FIT's own "not known" of a 32-bit float; a NaN of another pattern is a value to some readers.
_UNKNOWN = struct.unpack("<f", b"\xff\xff\xff\xff")[0]
# The native fields that a second can have. A RecordMessage makes all 90 of its profile, which takes four times as long.
_NATIVE = (
    TimestampField,
    native.RecordDistanceField,
    native.RecordCadenceField,
    native.RecordVerticalOscillationField,
    native.RecordStanceTimeField,
    native.RecordFractionalCadenceField,
    native.RecordEnhancedSpeedField,
    native.RecordStanceTimeBalanceField,
    native.RecordStepLengthField,
)
_OWN_SPEED, _NOBODYS = ("speed_scale_permille", "speed_slope_permille"), 1000
CUES = {"overstride": 1, "arch": 2, "ok": 3}


class CantExport(FormclipError):
    """Something that the file needs is not known."""

    exit_code = 2


class _Second(RecordMessage):  # type: ignore[misc]
    """A record with the fields of _NATIVE alone."""

    def __init__(self, developer_fields: list[DeveloperField]) -> None:
        DataMessage.__init__(
            self,
            name=RecordMessage.NAME,
            global_id=RecordMessage.ID,
            fields=[field(size=0, growable=True) for field in _NATIVE],
            developer_fields=developer_fields,
        )


@dataclass(frozen=True)
class Distance:
    """Speed and distance of each second.

    speed_mps, distance_m   (n,) along with `Seconds.t_s`
    lap_m       a lap ends each so many metres, beside the runner's markers; 0: the markers alone
    """

    speed_mps: Floats
    distance_m: Floats
    lap_m: float = 0.0


def estimated(seconds: Seconds, scale: float = 1.0) -> Distance:
    """The clip's own estimate, for who asks for it; times a scale that is known to bring it nearer to the truth."""
    speed = scale * np.nan_to_num(seconds.columns.get("speed_mps", np.zeros(len(seconds.t_s))))
    steps = np.minimum(np.diff(seconds.t_s, prepend=seconds.t_s[:1]), 1.0)
    return Distance(speed, np.cumsum(speed * steps))


def personal(seconds: Seconds, settings: dict[str, Any]) -> Distance | None:
    """The clip's estimate where the run was made with the runner's own scale, a lap a kilometre; else None.

    settings   of the log, by name
    """
    if all(settings.get(name, _NOBODYS) == _NOBODYS for name in _OWN_SPEED):
        return None
    return replace(estimated(seconds), lap_m=1000.0)


def to_fit(run: Run, started: datetime, distance: Distance | None = None) -> bytes:
    """The bytes of a FIT activity.

    run        its clock's 0 is `started`, a moment with its zone
    distance   None: one lap, no speed, no distance and no step length in the file

    Errors     CantExport for a run without steps, or before 1990
    """
    seconds = per_second(run)
    if not len(seconds.t_s):
        raise CantExport("this run holds no step", "a FIT file needs running: look at it with formclip report")
    start_s = started.timestamp()
    if start_s < _EPOCH_S:
        raise CantExport("the date is before 1990, which FIT can't hold", "give the right one with --at")
    builder = FitFileBuilder(auto_define=True, min_string_size=24)
    first_ms = _ms(start_s, seconds.t_s[0])
    last_ms = _ms(start_s, seconds.t_s[-1])
    builder.add(_file_id(first_ms))
    _describe(builder)
    builder.add(_timer(first_ms, EventType.START))
    _records(builder, run, seconds, start_s, distance)
    builder.add(_timer(last_ms, EventType.STOP_ALL))
    laps = _laps(run, seconds, distance)
    for number, (a, b) in enumerate(laps):
        builder.add(_lap(number, run, seconds, a, b, start_s, distance))
    builder.add(_session(run, seconds, len(laps), start_s, distance))
    builder.add(_activity(seconds, started, last_ms))
    return bytes(builder.build().to_bytes())


def _ms(start_s: float, t_s: float) -> int:
    """A whole second, in ms since 1970: FIT's time stamps are whole seconds."""
    return round(start_s + float(t_s)) * 1000


def _file_id(created_ms: int) -> FileIdMessage:
    message = FileIdMessage()
    message.type = FileType.ACTIVITY
    message.manufacturer = _DEVELOPMENT
    message.product = 0
    message.serial_number = 1
    message.time_created = created_ms
    return message


def _describe(builder: FitFileBuilder) -> None:
    """Who the developer fields are from, and what each is."""
    who = DeveloperDataIdMessage()
    who.developer_data_index = 0
    who.application_id = list(APPLICATION)
    who.application_version = application_version()
    builder.add(who)
    for number, key, name in DEVELOPER:
        builder.add(_field_description(number, *field_name(key, name)))
    builder.add(_field_description(CUE_FIELD, CUE_NAME, "", BaseType.UINT8))


def application_version() -> int:
    """This formclip's version as one number: 1.2.3 is 10203."""
    return int("".join(part.zfill(2) for part in VERSION.split(".")[:3]))


def field_name(key: str, name: str) -> tuple[str, str]:
    """Name and unit of a metric's developer field."""
    metric = METRIC[key]
    return f"{name} (estimate)" if metric.estimate else name, metric.unit.replace("°", "deg")


def _field_description(number: int, name: str, unit: str, kind: BaseType = BaseType.FLOAT32) -> FieldDescriptionMessage:
    message = FieldDescriptionMessage()
    message.developer_data_index = 0
    message.field_definition_number = number
    message.fit_base_type_id = kind.value
    message.field_name = name
    message.units = unit
    return message


def _timer(at_ms: int, kind: EventType) -> EventMessage:
    message = EventMessage()
    message.timestamp = at_ms
    message.event = Event.TIMER
    message.event_type = kind
    message.event_group = 0
    return message


def _developer(number: int, value: float, kind: BaseType = BaseType.FLOAT32) -> DeveloperField:
    field = DeveloperField(
        developer_data_index=0, field_id=number, base_type=kind, size=kind.size, name=f"field {number}"
    )
    field.set_value(0, value if value == value else _UNKNOWN)
    return field


def _records(builder: FitFileBuilder, run: Run, seconds: Seconds, start_s: float, distance: Distance | None) -> None:
    """One record a second; its developer fields are always the same ones, 'not measured' as FIT has it: NaN, 255."""
    cues = {math.ceil(cue.t_s): CUES.get(cue.kind, 0) for cue in run.cues}
    stops = sorted(seconds.pauses)
    columns = seconds.columns
    for i, t_s in enumerate(seconds.t_s.tolist()):
        while stops and t_s >= stops[0][1]:
            begin, end = stops.pop(0)
            builder.add(_timer(_ms(start_s, math.floor(begin)), EventType.STOP_ALL))
            builder.add(_timer(_ms(start_s, math.ceil(end)), EventType.START))
        message = _Second(
            [
                *(_developer(number, _at(columns, key, i)) for number, key, _ in DEVELOPER),
                _developer(CUE_FIELD, cues.get(int(t_s), 0), BaseType.UINT8),
            ]
        )
        message.timestamp = _ms(start_s, t_s)
        strides = _at(columns, "cadence_spm", i) / 2
        if math.isfinite(strides):
            message.cadence = int(strides)
            message.fractional_cadence = strides - int(strides)
        _set(message, "vertical_oscillation", _at(columns, "vo_cm", i) * 10)
        _set(message, "stance_time", _at(columns, "contact_ms", i))
        _set(message, "stance_time_balance", float(seconds.balance[i]))
        if distance is not None:
            speed = float(distance.speed_mps[i])
            message.enhanced_speed = speed
            message.distance = float(distance.distance_m[i])
            _set(message, "step_length", 1000 * speed * 30 / strides if strides else math.nan)
        builder.add(message)


def _at(columns: dict[str, Floats], key: str, i: int) -> float:
    values = columns.get(key)
    return float(values[i]) if values is not None else math.nan


def _set(message: Any, name: str, value: float) -> None:
    """A field, where the value is known."""
    if math.isfinite(value):
        setattr(message, name, value)


def _laps(run: Run, seconds: Seconds, distance: Distance | None) -> list[tuple[int, int]]:
    """[a, b) of the records of each lap: the runner's markers divide them, and the way where it is known."""
    marks = [t_s for t_s, text in run.events if text.startswith("marker")]
    found = {int(np.searchsorted(seconds.t_s, t_s)) for t_s in marks}
    if distance is not None and distance.lap_m:
        ends = np.arange(1, int(distance.distance_m[-1] // distance.lap_m) + 1) * distance.lap_m
        found |= {int(i) + 1 for i in np.searchsorted(distance.distance_m, ends)}
    cuts = sorted(i for i in found if 0 < i < len(seconds.t_s))
    edges = [0, *cuts, len(seconds.t_s)]
    return list(zip(edges, edges[1:], strict=False))


def _summary(
    message: Any, run: Run, seconds: Seconds, a: int, b: int, start_s: float, distance: Distance | None
) -> None:
    """What lap and session have in common, for the records [a, b)."""
    begin, end = float(seconds.t_s[a]), float(seconds.t_s[b - 1])
    paused = sum(max(0.0, min(end, to) - max(begin, at)) for at, to in seconds.pauses)
    message.start_time = _ms(start_s, begin)
    message.timestamp = _ms(start_s, end)
    message.total_elapsed_time = end - begin
    message.total_timer_time = end - begin - paused
    inside = (run.on_s >= begin) & (run.on_s <= end)
    strides = mean(run.column("cadence_spm")[inside]) / 2
    if math.isfinite(strides):
        message.avg_running_cadence = int(strides)
        message.avg_fractional_cadence = strides - int(strides)
    _set(message, "avg_vertical_oscillation", mean(run.column("vo_cm")[inside]) * 10)
    _set(message, "avg_stance_time", mean(run.column("contact_ms")[inside]))
    message.total_strides = int(inside.sum()) // 2
    if distance is not None:
        message.total_distance = float(distance.distance_m[b - 1] - (distance.distance_m[a - 1] if a else 0.0))
        message.enhanced_avg_speed = message.total_distance / max(1.0, end - begin - paused)


def _lap(
    number: int, run: Run, seconds: Seconds, a: int, b: int, start_s: float, distance: Distance | None
) -> LapMessage:
    message = LapMessage()
    message.message_index = number
    message.event = Event.LAP
    message.event_type = EventType.STOP
    message.sport = Sport.RUNNING
    _summary(message, run, seconds, a, b, start_s, distance)
    return message


def _session(run: Run, seconds: Seconds, laps: int, start_s: float, distance: Distance | None) -> SessionMessage:
    message = SessionMessage()
    message.message_index = 0
    message.event = Event.SESSION
    message.event_type = EventType.STOP
    message.sport = Sport.RUNNING
    message.first_lap_index = 0
    message.num_laps = laps
    _summary(message, run, seconds, 0, len(seconds.t_s), start_s, distance)
    return message


def _activity(seconds: Seconds, started: datetime, last_ms: int) -> ActivityMessage:
    message = ActivityMessage()
    message.timestamp = last_ms
    offset = started.utcoffset()
    local_s = last_ms // 1000 + (round(offset.total_seconds()) if offset else 0)
    message.local_timestamp = local_s - _EPOCH_S
    message.num_sessions = 1
    message.total_timer_time = float(seconds.t_s[-1] - seconds.t_s[0]) - sum(b - a for a, b in seconds.pauses)
    message.event = Event.ACTIVITY
    message.event_type = EventType.STOP
    return message
