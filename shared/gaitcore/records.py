"""The log's records, byte by byte: one of 15 bytes per step, events with tag and length.

Theory of operation. A step record holds the milliseconds since the step before it, so a page
header, or a TIME event where the gap does not fit, gives the time to count from. Whatever the
cue engine, the baselines and the models know of a step is the list of 14 whole numbers here
called `fields`: `quantise` makes it of a Step, `pack_step` and `unpack_step` are exact inverses
on it. So the desktop, reading a log, holds the same numbers that the clip decided on. A page's
header has the version of its records: a later one only adds bytes at the step's end, and what a
step has not reads as not measured.

An event is `tag u8 (1..126), length u8, t_ms u32, payload`. Readers skip tags they do not know
by their length. docs/design/records.md is the page of bytes and units; its examples are parsed by a test.
"""

import struct

from gaitcore.compat import const

PUSH_VERSION = const(2)  # from here on the feature is the push of models.py; before, the speed itself
EVENT_B = const(6)  # head of an event, without its payload

NONE = const(255)
NO_TILT = const(-32768)
MAX_DT_MS = const(4095)

# Bits of FLAGS.
BLANKED = const(1)  # the motor ran: the accelerometer is not believed
SATURATED = const(2)  # the sensor or a field of the record stood at its limit
SETTLING = const(4)  # tilt is not settled yet
GAP = const(8)  # samples were lost
SLIPPED = const(16)  # the clip had slipped on the body
NO_TILT_FLAGS = const(4 | 16)  # SETTLING, SLIPPED: tilt says nothing of the runner
_ALL_FLAGS = const(31)

# Tags of events.
START = const(1)
SETTINGS = const(2)
SETTING = const(3)
CALIBRATED = const(4)
REFUSED = const(5)
BASELINE = const(6)
MINUTE = const(7)
CUE = const(8)
ANSWER = const(9)
QUIET = const(10)
PAUSE = const(11)
RESUME = const(12)
STOP = const(13)
MUTE = const(14)
UNMUTE = const(15)
SLIP = const(16)
MARKER = const(17)
BATTERY = const(18)
ERROR = const(19)
LOST = const(20)
ANCHOR = const(21)
FULL = const(22)
ACTIVITY = const(23)
TIME = const(24)
CAPTURE = const(25)
NEUTRAL = const(26)
CLOCK = const(27)
CHECK = const(127)
STEP = const(128)  # what `records` and `recover` call a step, and the bit that begins one

# Format of the payload by tag; + stands for bytes after it. Names of the values: recover.LAYOUT.
FORMATS = (
    None,
    "<BHBBI+",  # START
    "+",  # SETTINGS
    "<Bh",  # SETTING
    "<BBhhhhhhh",  # CALIBRATED
    "<BB",  # REFUSED
    "<BHhH",  # BASELINE
    "<HH9h",  # MINUTE
    "<BBHhhhhB",  # CUE
    "<BBH",  # ANSWER
    "<BB",  # QUIET
    "<B",  # PAUSE
    "<B",  # RESUME
    "<B",  # STOP
    "",  # MUTE
    "",  # UNMUTE
    "<h",  # SLIP
    "<B",  # MARKER
    "<HB",  # BATTERY
    "<BH",  # ERROR
    "<I",  # LOST
    "<IIIh",  # ANCHOR
    "",  # FULL
    "<B",  # ACTIVITY
    "",  # TIME
    "<B",  # CAPTURE
    "<hB",  # NEUTRAL
    "<IIH",  # CLOCK
)

# What `by` says: who started, paused, resumed or stopped.
BY_RUNNER = const(0)
BY_ITSELF = const(1)  # auto-start, auto-pause
BY_BATTERY = const(2)
BY_END = const(3)  # the data ended

# Codes of ERROR events.
NO_SENSOR = const(1)  # count: failures since the last event
OVERRUN = const(2)  # count: times the FIFO ran over
SENSOR_LIMIT = const(3)  # count: half seconds with a reading at the end of the range
NO_DRIVE = const(4)  # the drive refused a page
BAD_SETTINGS = const(5)  # settings could not be read: defaults
BAD_CALIBRATION = const(6)  # the kept calibration made no sense
CRASH = const(7)  # the program failed before this session
WATCHDOG = const(8)  # the watchdog restarted the board
RECOVERED = const(9)  # count: pages brought home after a power cut
SAFE_MODE = const(10)  # the board came out of safe mode. count: why it went in, as safemode.py numbers it


class RecordError(ValueError):
    """Bytes that are not a record. args: offset, what is wrong there."""


def _odd(fields, field, value, low, high, none):
    """Fill a field from what is no number or beyond the field's ends."""
    if value != value:
        fields[field] = none
    else:
        fields[field] = high if value > low else low
        fields[FLAGS] |= SATURATED


# -- the step: written by `python -m formclip.lab.docs.stepcode --write`, not by hand
VERSION = const(2)
STEP_B = const(15)
SIZES_B = (0, 14, 15)  # of a step, by version

# Positions in `fields`.
SIDE = const(0)  # 0 left, 1 right, 2 unknown
FLAGS = const(1)  # bits, above
DT_MS = const(2)  # ms since the step before, 0..4095
CADENCE = const(3)  # 0.1 steps/min
CONTACT = const(4)  # contact time, 2 ms
VO = const(5)  # vertical oscillation, mm; NONE: not measured
TILT = const(6)  # tilt relative to standing, positive = arched, int16, 0.01 deg; NO_TILT: not measured
TILT_RANGE = const(7)  # tilt range in a stride, 0.2 deg; NONE: not measured
DROP_RANGE = const(8)  # drop range in a stride, 0.2 deg; NONE: not measured
ROTATION_RANGE = const(9)  # rotation range in a stride, 0.2 deg; NONE: not measured
PELVIS_LOSS = const(10)  # speed lost by the pelvis, 4 mm/s; NONE: not measured
IMPACT = const(11)  # impact peak, 0.05 g; NONE: not measured
FEATURE = const(12)  # feature for the models: 100 times the push + 20, see models.md; NONE: not measured
SWAY = const(13)  # lateral sway in a stride, 0.5 mm; NONE: not measured
N_FIELDS = const(14)


def quantise(step, dt_ms, fields):
    """Fill `fields` from a Step; what does not fit is clamped and flagged SATURATED, never wrapped."""
    fields[SIDE] = step.side
    fields[DT_MS] = dt_ms
    fields[FLAGS] = step.flags & _ALL_FLAGS
    value = step.cadence_spm
    if value is None:
        fields[CADENCE] = 0
    else:
        value *= 10
        if 0.5 < value < 4095.5:
            fields[CADENCE] = int(value + 0.5)
        else:
            _odd(fields, CADENCE, value, 1, 4095, 0)
    value = step.contact_ms
    if value is None:
        fields[CONTACT] = 0
    else:
        value /= 2
        if 0.5 < value < 255.5:
            fields[CONTACT] = int(value + 0.5)
        else:
            _odd(fields, CONTACT, value, 1, 255, 0)
    value = step.vo_cm
    if value is None:
        fields[VO] = NONE
    else:
        value *= 10
        if -0.5 < value < 254.5:
            fields[VO] = int(value + 0.5)
        else:
            _odd(fields, VO, value, 0, 254, NONE)
    value = step.tilt_deg
    if value is None:
        fields[TILT] = NO_TILT
    else:
        value *= 100
        if -32767.5 < value < 32767.5:
            fields[TILT] = int(value + 0.5) if value >= 0 else -int(0.5 - value)
        else:
            _odd(fields, TILT, value, -32767, 32767, NO_TILT)
    value = step.tilt_range_deg
    if value is None:
        fields[TILT_RANGE] = NONE
    else:
        value *= 5
        if -0.5 < value < 254.5:
            fields[TILT_RANGE] = int(value + 0.5)
        else:
            _odd(fields, TILT_RANGE, value, 0, 254, NONE)
    value = step.drop_range_deg
    if value is None:
        fields[DROP_RANGE] = NONE
    else:
        value *= 5
        if -0.5 < value < 254.5:
            fields[DROP_RANGE] = int(value + 0.5)
        else:
            _odd(fields, DROP_RANGE, value, 0, 254, NONE)
    value = step.rotation_range_deg
    if value is None:
        fields[ROTATION_RANGE] = NONE
    else:
        value *= 5
        if -0.5 < value < 254.5:
            fields[ROTATION_RANGE] = int(value + 0.5)
        else:
            _odd(fields, ROTATION_RANGE, value, 0, 254, NONE)
    value = step.pelvis_loss_mps
    if value is None:
        fields[PELVIS_LOSS] = NONE
    else:
        value *= 250
        if -0.5 < value < 254.5:
            fields[PELVIS_LOSS] = int(value + 0.5)
        else:
            _odd(fields, PELVIS_LOSS, value, 0, 254, NONE)
    value = step.impact_g
    if value is None:
        fields[IMPACT] = NONE
    else:
        value *= 20
        if -0.5 < value < 254.5:
            fields[IMPACT] = int(value + 0.5)
        else:
            _odd(fields, IMPACT, value, 0, 254, NONE)
    value = step.feature
    if value is None:
        fields[FEATURE] = NONE
    else:
        if -0.5 < value < 254.5:
            fields[FEATURE] = int(value + 0.5)
        else:
            _odd(fields, FEATURE, value, 0, 254, NONE)
    value = step.sway_cm
    if value is None:
        fields[SWAY] = NONE
    else:
        value *= 20
        if -0.5 < value < 254.5:
            fields[SWAY] = int(value + 0.5)
        else:
            _odd(fields, SWAY, value, 0, 254, NONE)
    return fields


def restore(fields, on_ms, step):
    """Fill a Step with the physical units of `fields`; None where not measured."""
    step.on_ms = on_ms
    step.side = fields[SIDE]
    step.flags = fields[FLAGS]
    count = fields[CADENCE]
    step.cadence_spm = None if not count else count / 10
    count = fields[CONTACT]
    step.contact_ms = None if not count else 2.0 * count
    count = fields[VO]
    step.vo_cm = None if count == NONE else count / 10
    count = fields[TILT]
    step.tilt_deg = None if count == NO_TILT else count / 100
    count = fields[TILT_RANGE]
    step.tilt_range_deg = None if count == NONE else count / 5
    count = fields[DROP_RANGE]
    step.drop_range_deg = None if count == NONE else count / 5
    count = fields[ROTATION_RANGE]
    step.rotation_range_deg = None if count == NONE else count / 5
    count = fields[PELVIS_LOSS]
    step.pelvis_loss_mps = None if count == NONE else count / 250
    count = fields[IMPACT]
    step.impact_g = None if count == NONE else count / 20
    count = fields[FEATURE]
    step.feature = None if count == NONE else count / 1
    count = fields[SWAY]
    step.sway_cm = None if count == NONE else count / 20
    return step


def pack_step(fields, buf, offset):
    """Write 15 bytes; the offset after them."""
    cadence = fields[CADENCE]
    struct.pack_into(
        "<BHBBBhBBBBBBB",
        buf,
        offset,
        STEP | fields[SIDE] << 5 | fields[FLAGS],
        fields[DT_MS] | (cadence & 15) << 12,
        cadence >> 4,
        fields[CONTACT],
        fields[VO],
        fields[TILT],
        fields[TILT_RANGE],
        fields[DROP_RANGE],
        fields[ROTATION_RANGE],
        fields[PELVIS_LOSS],
        fields[IMPACT],
        fields[FEATURE],
        fields[SWAY],
    )
    return offset + STEP_B


def unpack_step(buf, offset, fields, version=VERSION):
    """Read a step of that version into `fields`; the offset after it. What it has not is not measured."""
    head = buf[offset]
    fields[SIDE] = head >> 5 & 3
    fields[FLAGS] = head & _ALL_FLAGS
    fields[DT_MS] = buf[offset + 1] | (buf[offset + 2] & 15) << 8
    fields[CADENCE] = buf[offset + 2] >> 4 | buf[offset + 3] << 4
    fields[CONTACT] = buf[offset + 4]
    fields[VO] = buf[offset + 5]
    count = buf[offset + 6] | buf[offset + 7] << 8
    fields[TILT] = count - 65536 if count > 32767 else count
    fields[TILT_RANGE] = buf[offset + 8]
    fields[DROP_RANGE] = buf[offset + 9]
    fields[ROTATION_RANGE] = buf[offset + 10]
    fields[PELVIS_LOSS] = buf[offset + 11]
    fields[IMPACT] = buf[offset + 12]
    fields[FEATURE] = buf[offset + 13]
    if version < 2:
        fields[SWAY] = NONE
        return offset + 14
    fields[SWAY] = buf[offset + 14]
    return offset + STEP_B


# -- end of the step


def event_size(tag, tail=b""):
    form = FORMATS[tag].rstrip("+")
    return EVENT_B + (struct.calcsize(form) if form else 0) + len(tail)


def pack_event(buf, offset, tag, t_ms, values=(), tail=b""):
    """Write an event; the offset after it. Values: whole numbers in the format's order; tail: 200 bytes at most."""
    end = offset + event_size(tag, tail)
    buf[offset] = tag
    buf[offset + 1] = end - offset - EVENT_B
    struct.pack_into("<I", buf, offset + 2, t_ms)
    if values:
        struct.pack_into(FORMATS[tag].rstrip("+"), buf, offset + EVENT_B, *values)
    if tail:
        buf[end - len(tail) : end] = tail
    return end


def unpack_event(buf, offset, end):
    """(tag, t_ms, values, offset after it); for an unknown tag values holds the payload's bytes.

    Errors    RecordError where the bytes before `end` are not an event
    """
    after = offset + EVENT_B
    if after > end or after + buf[offset + 1] > end:
        raise RecordError(offset, "an event is cut off")
    start, tag = after, buf[offset]
    after += buf[offset + 1]
    (t_ms,) = struct.unpack_from("<I", buf, offset + 2)
    form = FORMATS[tag] if 0 < tag < len(FORMATS) else "+"
    fixed = form.rstrip("+")
    size = struct.calcsize(fixed) if fixed else 0
    if after - start < size or not tag:
        raise RecordError(offset, "event %d has %d bytes, not %d" % (tag, after - start, size))
    values = struct.unpack_from(fixed, buf, start) if fixed else ()
    return tag, t_ms, values + (bytes(buf[start + size : after]),) if form != fixed else values, after


def records(payload, t_ms, version=VERSION):
    """Walk the payload of a page: yields (tag, t_ms, values); STEP for a step, values its fields in a new list.

    In        payload bytes; t_ms of the step before its first one and version, from the page's header
    Errors    RecordError at the first bytes that are no record
    """
    offset, end, step_b = 0, len(payload), SIZES_B[version]
    while offset < end:
        if payload[offset] & STEP:
            if offset + step_b > end:
                raise RecordError(offset, "a step is cut off")
            fields = [0] * N_FIELDS
            offset = unpack_step(payload, offset, fields, version)
            t_ms += fields[DT_MS]
            yield STEP, t_ms, fields
        else:
            tag, at_ms, values, offset = unpack_event(payload, offset, end)
            if tag == TIME:
                t_ms = at_ms
            if tag != CHECK:
                yield tag, at_ms, values
