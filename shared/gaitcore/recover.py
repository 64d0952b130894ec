"""Any bytes back into sessions: the records of every intact page, and a list of what is wrong.

For the desktop and for tests; the clip, which only looks for the end of its log, needs `pages.head`.
"""

import binascii
import struct

from gaitcore import records
from gaitcore.pages import HEAD_B, LAST, MAGIC, PAGE_B, RAW, VERSION_AT, PageError, head

# Names of an event and of its values, by tag; the formats stand in records.FORMATS.
LAYOUT = {
    records.START: ("start", ("version", "rate_hz", "has_gyro", "by", "unix_s", "firmware")),
    records.SETTINGS: ("settings", ("values",)),
    records.SETTING: ("setting", ("number", "value")),
    records.CALIBRATED: (
        "calibrated",
        ("quality", "source", "seconds10", "up_x", "up_y", "up_z", "bias_x_cdps", "bias_y_cdps", "bias_z_cdps"),
    ),
    records.REFUSED: ("refused", ("reason", "quality")),
    records.BASELINE: ("baseline", ("source", "cadence_dspm", "tilt_cdeg", "pelvis_loss_mmps")),
    records.MINUTE: (
        "minute",
        ("minute", "steps", "cadence_dspm", "contact_dms", "flight_dms", "vo_dmm", "tilt_cdeg", "tilt_range_cdeg")
        + ("drop_range_cdeg", "rotation_range_cdeg", "pelvis_loss_mmps"),
    ),
    records.CUE: ("cue", ("kind", "reason", "pulse_ms", "value", "baseline", "limit", "pelvis_loss_pct", "number")),
    records.ANSWER: ("answer", ("kind", "answered", "after_ms")),
    records.QUIET: ("quiet", ("kind", "unanswered")),
    records.PAUSE: ("pause", ("by",)),
    records.RESUME: ("resume", ("by",)),
    records.STOP: ("stop", ("by",)),
    records.MUTE: ("mute", ()),
    records.UNMUTE: ("unmute", ()),
    records.SLIP: ("slip", ("angle_deg",)),
    records.MARKER: ("marker", ("number",)),
    records.BATTERY: ("battery", ("battery_mv", "percent")),
    records.ERROR: ("error", ("code", "count")),
    records.LOST: ("lost", ("samples",)),
    records.ANCHOR: ("anchor", ("boot", "ticks_ms", "unix_s", "zone_min")),
    records.FULL: ("full", ()),
    records.ACTIVITY: ("activity", ("activity",)),
    records.TIME: ("time", ()),
    records.CAPTURE: ("capture", ("on",)),
    records.NEUTRAL: ("neutral", ("arch_cdeg", "signed")),
    records.CLOCK: ("clock", ("index", "ticks_ms", "rate_chz")),
}


class SessionLog:
    """One session as read back.

    session, boot: its numbers. entries: list of (tag, t_ms, values), tag STEP a step with its fields.
    raw: list of (index of the first sample, bytes of 12-byte frames). closed: its last page was written as
    such; False after a power cut. pages: numbers of the pages read.
    """

    def __init__(self, session, boot):
        self.session = session
        self.boot = boot
        self.entries = []
        self.raw = []
        self.pages = []
        self.closed = False


class Recovered:
    """sessions: list of SessionLog; problems: list of (offset in the file, what is wrong, what to do)."""

    def __init__(self):
        self.sessions = []
        self.problems = []


def recover(data, staged=()):
    """Read a log file, whole or damaged, of one session or of several in a row.

    In        data: bytes of the file; staged: pages found in the staging places, each bytes
    Out       Recovered. Never raises, whatever the bytes
    """
    out = Recovered()
    found = []  # (session, number, payload, head, offset)
    current = None
    for offset in range(0, len(data), PAGE_B):
        page = data[offset : offset + PAGE_B]
        if _blank(page):
            continue
        info = _read(page, offset, out.problems)
        if info is None:
            continue
        session, number = info[0], info[3]
        if session != current and (current is None or number == 0):
            current = session
        elif session != current:
            what = "page %d of session %d lies behind session %d" % (number, session, current)
            out.problems.append((offset, what, "none needed: left over from before, ignored"))
            continue
        found.append((info, page))
    for i in range(len(staged)):
        page = staged[i]
        if len(page) >= HEAD_B and bytes(page[:4]) == MAGIC:
            info = _read(page, 0, [])
            if info is not None:
                _stage(found, info, page)
    _collect(found, out)
    if not found and len(data):
        out.problems.append((0, "no page of a log in it", "check that this is a clip's log file"))
    return out


def _blank(page):
    first = page[0]
    return first in (0, 255) and bytes(page) == bytes((first,)) * len(page)


def _read(page, offset, problems):
    """(session, boot, t_ms, number, kind, used, flags, version) of what can be believed of a page, or None."""
    try:
        return head(page)
    except PageError as error:
        reason = error.args[0]
    if len(page) < HEAD_B or bytes(page[:4]) != MAGIC:
        problems.append((offset, reason, "this page is skipped, the others are read"))
        return None
    used = _checked(page)
    if not used:
        problems.append((offset, reason + " and no batch in it is whole", "sync again if the clip still has it"))
        return None
    what = "%s; its first %d bytes are whole" % (reason, used)
    problems.append((offset, what, "those are kept; sync again if the clip still has the session"))
    session, boot, t_ms, number, kind = struct.unpack_from("<IIIHB", page, 4)
    return session, boot, t_ms, number, kind, used, 0, page[VERSION_AT]


def _checked(page):
    """Bytes of payload before the last CHECK that fits, of a page whose own CRC does not."""
    payload = page[HEAD_B:]
    step_b = records.SIZES_B[page[VERSION_AT]] if page[VERSION_AT] < len(records.SIZES_B) else 0
    if not step_b:
        return 0
    identity = binascii.crc32(page[:20])
    good = offset = 0
    try:
        while offset < len(payload):
            if payload[offset] & records.STEP:
                offset += step_b
                continue
            tag, crc, _, after = records.unpack_event(payload, offset, len(payload))
            if tag == records.CHECK:
                if binascii.crc32(payload[:offset], identity) & 0xFFFFFFFF != crc:
                    break
                good = after
            offset = after
    except records.RecordError:
        pass
    return good


def _stage(found, info, page):
    """Put a staged page where it belongs, unless the file has as much of it."""
    for i in range(len(found)):
        other = found[i][0]
        if other[0] == info[0] and other[1] == info[1] and other[3] == info[3]:
            if info[5] > other[5]:
                found[i] = (info, page)
            return
    at = len(found)
    for i in range(len(found)):
        if found[i][0][0] == info[0] and found[i][0][3] < info[3]:
            at = i + 1
    found.insert(at, (info, page))


def _collect(found, out):
    log = None
    for info, page in found:
        session, boot, t_ms, number, kind, used, flags, version = info
        if log is None or log.session != session or log.boot != boot:
            log = SessionLog(session, boot)
            out.sessions.append(log)
        expected = log.pages[-1] + 1 if log.pages else 0
        if number in log.pages:
            out.problems.append((number * PAGE_B, "page %d comes twice" % number, "the first is used"))
            continue
        if number > expected:
            what = "pages %d to %d of session %d are missing" % (expected, number - 1, session)
            out.problems.append((expected * PAGE_B, what, "sync again if the clip still has the session"))
        log.pages.append(number)
        payload = page[HEAD_B : HEAD_B + used]
        if kind == RAW:
            log.raw.append((t_ms, bytes(payload)))
            continue
        if not 0 < version < len(records.SIZES_B):
            what = "page %d is of record version %d, this knows 1 to %d" % (number, version, records.VERSION)
            out.problems.append((number * PAGE_B, what, "update formclip, then read the log again"))
            continue
        try:
            for entry in records.records(payload, t_ms, version):
                log.entries.append(entry)
        except records.RecordError as error:
            at = number * PAGE_B + HEAD_B + error.args[0]
            out.problems.append((at, error.args[1], "the rest of page %d is skipped" % number))
        log.closed = log.closed or bool(flags & LAST)


def values_of(tag, values):
    """(name, dict of the values by their names) of an event; an unknown tag gives its number as name."""
    if tag not in LAYOUT:
        return "tag %d" % tag, {"payload": values[0]}
    name, names = LAYOUT[tag]
    return name, dict(zip(names, values))
