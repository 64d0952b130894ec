"""A watch that a simulated runner wears: its FIT file, with all that makes two recordings of one run hard to match.

The watch's clock is off and goes at another rate than the clip's; it counts a cadence over some seconds and rounds it;
it stops its timer when told to and, with autopause, when the runner stands; it leaves out records that tell nothing
new (smart recording), or writes two in one second. Written with fit-tool, so the reader under test is another program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from fit_tool.data_message import DataMessage
from fit_tool.fit_file_builder import FitFileBuilder
from fit_tool.profile.messages import record_message as native
from fit_tool.profile.messages.activity_message import ActivityMessage
from fit_tool.profile.messages.common_fields import TimestampField
from fit_tool.profile.messages.event_message import EventMessage
from fit_tool.profile.messages.file_id_message import FileIdMessage
from fit_tool.profile.messages.lap_message import LapMessage
from fit_tool.profile.messages.record_message import RecordMessage
from fit_tool.profile.messages.session_message import SessionMessage
from fit_tool.profile.profile_type import Event, EventType, FileType, Manufacturer, Sport

from formclip.ground.run import Floats

_FIELDS = (
    TimestampField,
    native.RecordDistanceField,
    native.RecordEnhancedAltitudeField,
    native.RecordEnhancedSpeedField,
    native.RecordHeartRateField,
    native.RecordCadenceField,
    native.RecordFractionalCadenceField,
)
_SMART_MOST_S = 7
_BPM_NEW, _MPS_NEW, _M_NEW = 1.0, 0.15, 0.8  # smart recording: what is a change


@dataclass(frozen=True)
class Course:
    """What the runner did, second by second of the clip's clock.

    on_s        (n,) every contact
    t_s         (m,) whole seconds; speed_mps, altitude_m, heart_rate_bpm (m,) along with it
    """

    on_s: Floats
    t_s: Floats
    speed_mps: Floats
    altitude_m: Floats
    heart_rate_bpm: Floats


@dataclass(frozen=True)
class Watch:
    """How the watch records.

    drift_ppm     its seconds are shorter by so much than the clip's: it counts more of them
    counted_s     it counts steps over so long for a cadence
    strides       its cadence is in whole strides a minute (1), half ones (0.5), or as exact as FIT can tell (0)
    noise_spm     its own error, standard deviation
    smart         records only where pace, heart rate or height have changed, at most 7 s apart
    twice         now and then two records in one second
    autopause     the timer stops after 3 s of standing, and goes on 2 s after the first step
    pauses        (from_s, to_s) in the clip's time: the runner stopped the timer
    from_s, to_s  of the clip's clock: when it was started and stopped; None: with the run
    """

    drift_ppm: float = 0.0
    counted_s: float = 5.0
    strides: float = 1.0
    noise_spm: float = 0.5
    smart: bool = False
    twice: bool = False
    autopause: bool = False
    pauses: tuple[tuple[float, float], ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    gps_scale: float = 1.0


class _Second(RecordMessage):  # type: ignore[misc]
    """A record with the fields of _FIELDS alone."""

    def __init__(self) -> None:
        DataMessage.__init__(
            self, name=RecordMessage.NAME, global_id=RecordMessage.ID,
            fields=[field(size=0, growable=True) for field in _FIELDS], developer_fields=[],
        )  # fmt: skip


def watch_file(course: Course, began_unix_s: float, watch: Watch, seed: int) -> bytes:
    """The FIT file of the run.

    began_unix_s   the watch's clock when the clip's was 0
    """
    rng = np.random.default_rng([seed, 77])
    rate = 1 + watch.drift_ppm / 1e6
    first_s = course.t_s[0] if watch.from_s is None else watch.from_s
    last_s = course.t_s[-1] if watch.to_s is None else watch.to_s
    stamps = np.arange(np.ceil(began_unix_s + first_s * rate), np.floor(began_unix_s + last_s * rate) + 1)
    clip_s = (stamps - began_unix_s) / rate
    steps = [np.searchsorted(course.on_s, at, "right") for at in (clip_s, clip_s - watch.counted_s)]
    spm = _count(course.on_s, clip_s, watch.counted_s)
    spm = np.where(steps[0] > steps[1], spm + watch.noise_spm * rng.standard_normal(len(stamps)), 0.0)
    strides = np.maximum(spm, 0.0) / 2
    if watch.strides:
        strides = watch.strides * np.round(strides / watch.strides)
    speed, altitude, heart = (
        np.interp(clip_s, course.t_s, values)
        for values in (course.speed_mps * watch.gps_scale, course.altitude_m, course.heart_rate_bpm)
    )
    stopped = _stopped(course, watch, clip_s)
    timed = ~stopped
    distance = np.cumsum(np.where(timed, speed, 0.0))
    kept = timed & _kept(watch, heart, speed, altitude, timed)
    builder = FitFileBuilder(auto_define=True, min_string_size=16)
    builder.add(_file_id(int(stamps[0])))
    builder.add(_timer(int(stamps[0]), EventType.START))
    for i in np.flatnonzero(np.diff(stopped.astype(int), prepend=0) | kept).tolist():
        if i and stopped[i] != stopped[i - 1]:
            builder.add(_timer(int(stamps[i]), EventType.STOP_ALL if stopped[i] else EventType.START))
        if kept[i]:
            values = (distance[i], altitude[i], speed[i], heart[i], strides[i])
            builder.add(_record(int(stamps[i]), *(float(v) for v in values)))
            if watch.twice and i % 11 == 0:
                builder.add(_record(int(stamps[i]), *(float(v) for v in values)))
    _close(builder, stamps, distance, int(timed.sum()))
    return bytes(builder.build().to_bytes())


def _count(on_s: Floats, t_s: Floats, over_s: float) -> Floats:
    """Steps a minute in the time before; between two contacts a share of a step."""
    numbers = np.arange(len(on_s), dtype=np.float64)
    steps = np.interp(t_s, on_s, numbers) - np.interp(t_s - over_s, on_s, numbers)
    return np.asarray(60 * steps / over_s)


def _stopped(course: Course, watch: Watch, clip_s: Floats) -> np.ndarray:
    stopped = np.zeros(len(clip_s), dtype=bool)
    for begin, end in watch.pauses:
        stopped |= (clip_s >= begin) & (clip_s < end)
    if watch.autopause:
        apart = np.diff(course.on_s)
        for i in np.flatnonzero(apart > 5.0).tolist():
            stopped |= (clip_s >= course.on_s[i] + 3.0) & (clip_s < course.on_s[i + 1] + 2.0)
    return stopped


def _kept(watch: Watch, heart: Floats, speed: Floats, altitude: Floats, timed: np.ndarray) -> np.ndarray:
    if not watch.smart:
        return np.ones(len(heart), dtype=bool)
    kept = np.zeros(len(heart), dtype=bool)
    last = -_SMART_MOST_S
    for i in range(len(heart)):
        changed = last < 0 or (
            abs(heart[i] - heart[last]) > _BPM_NEW
            or abs(speed[i] - speed[last]) > _MPS_NEW
            or abs(altitude[i] - altitude[last]) > _M_NEW
        )
        if timed[i] and (changed or i - last >= _SMART_MOST_S or not timed[i - 1]):
            kept[i] = True
            last = i
    return kept


def _record(stamp: int, distance_m: float, altitude_m: float, speed_mps: float, bpm: float, strides: float) -> Any:
    message = _Second()
    message.timestamp = stamp * 1000
    message.distance = distance_m
    message.enhanced_altitude = 0.2 * round(altitude_m / 0.2)
    message.enhanced_speed = speed_mps
    message.heart_rate = round(bpm)
    message.cadence = int(strides)
    message.fractional_cadence = strides - int(strides)
    return message


def _file_id(stamp: int) -> FileIdMessage:
    message = FileIdMessage()
    message.type = FileType.ACTIVITY
    message.manufacturer = Manufacturer.DEVELOPMENT.value
    message.product = 1
    message.serial_number = 4711
    message.time_created = stamp * 1000
    return message


def _timer(stamp: int, kind: EventType) -> EventMessage:
    message = EventMessage()
    message.timestamp = stamp * 1000
    message.event = Event.TIMER
    message.event_type = kind
    return message


def _close(builder: FitFileBuilder, stamps: Floats, distance_m: Floats, timed_s: int) -> None:
    """The timer's stop, one lap, the session, the activity."""
    first, last = int(stamps[0]), int(stamps[-1])
    builder.add(_timer(last, EventType.STOP_ALL))
    for kind in (LapMessage, SessionMessage):
        message = kind()
        message.message_index = 0
        message.event = Event.LAP if kind is LapMessage else Event.SESSION
        message.event_type = EventType.STOP
        message.sport = Sport.RUNNING
        message.start_time = first * 1000
        message.timestamp = last * 1000
        message.total_elapsed_time = float(last - first)
        message.total_timer_time = float(timed_s)
        message.total_distance = float(distance_m[-1])
        if kind is SessionMessage:
            message.first_lap_index = 0
            message.num_laps = 1
        builder.add(message)
    activity = ActivityMessage()
    activity.timestamp = last * 1000
    activity.num_sessions = 1
    activity.total_timer_time = float(timed_s)
    activity.event = Event.ACTIVITY
    activity.event_type = EventType.STOP
    builder.add(activity)
