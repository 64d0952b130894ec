"""The transfer protocol: its wire format and the clip's end. The host's end is in `receiver`.

Theory of operation. Control packets (write, notify) hold requests and replies, data packets (notify) hold pieces of a
session and live steps. A packet is one or more whole frames: `kind u8, seq u16, length u16, body`. Every body of a
request begins with the connection's token, which HELLO gives out (0 in HELLO itself). A request with the next seq is
carried out; the very bytes of the last one again get the last reply again and are not carried out twice; any other
seq is STALE. So a lost request or reply is mended by sending the same bytes once more, and an old packet played back
changes nothing.

States of the clip's end, and what is legal in each:
    NEW       HELLO, with the key of a computer that the clip knows, and PAIR, which makes one known while the clip is
              open for it (60 s after a press); everything else is answered with NOT_GREETED
    GREETED   all requests; HELLO changes nothing and tells token and seq again
    READING   GREETED with a stream under way: data frames go out from `_at` up to `_limit`, the credit the host gave.
              READ starts a stream anew (a new number, so that late frames of the old one are known), CREDIT moves the
              limit forward, the end of the session or a failing drive ends it
A lost link is `lost()`: NEW. Nothing but DELETE ever removes a session, and DELETE names its size and CRC32, so only
who has read all of it can say them. docs/design/protocol.md is the page of bytes and units; its examples are parsed by
a test.
"""

from struct import calcsize, pack, pack_into, unpack, unpack_from

from gaitcore.compat import const
from gaitcore.settings import TABLE, SettingError

VERSION = const(1)
HEAD_B = const(5)
DATA_HEAD_B = const(14)  # frame head, stream u8, session u32, offset u32
STEP_FRAME_B = const(24)  # frame head, on_ms u32, the 15-byte record
LEAST_PACKET_B = const(60)  # a link with smaller packets is answered SMALL_MTU
CONTROL_B = const(180)  # no control frame is longer

# Requests. The reply has the kind + 128.
HELLO = const(1)
LIST = const(2)
OPEN = const(3)
READ = const(4)
CREDIT = const(5)  # seq 0, no reply
DELETE = const(6)
SET_TIME = const(7)
GET = const(8)
SET = const(9)
STATUS = const(10)
LIVE = const(11)
CALIBRATE = const(12)
MARKER = const(13)
PAIR = const(14)
MEASURE = const(15)
REPLY = const(128)
ERROR = const(255)
# Frames that nobody asked for.
DATA = const(64)
STEP = const(65)
EVENT = const(66)

# Body of a request after its token, by kind.
REQUESTS = ("", "B16s", "I", "I", "IBII", "BI", "III", "Ih", "B", "Bh", "", "B", "B", "", "16s", "")
# Body of a reply, by kind; + stands for bytes after it.
REPLIES = ("", "BIIIH+", "B+", "IIIB", "B", "", "I", "II", "B+", "Bh", "BBHBBIIHHIBH", "B", "B", "B", "B", "IHIHIIHHHB")
ENTRY = "<IIIB"  # one session in LIST's reply: session, boot, size, flags
ENTRY_B = const(13)

# Codes of ERROR: the request's kind, the code, then what the code says.
BAD_FRAME = const(1)  # not a frame, or a body of the wrong length
BAD_VERSION = const(2)  # u8: the clip's version
NOT_GREETED = const(3)
STALE = const(4)  # neither the next request nor the last one again
NO_SESSION = const(5)
BUSY = const(6)  # u8: percent done; ask again
RECORDING = const(7)  # a session is being recorded: none is given out
MISMATCH = const(8)  # size or CRC differ: nothing was deleted
REFUSED = const(9)  # a setting: u8 number, i16 low, i16 high, i16 kept
NOT_NOW = const(10)  # the clip cannot do that in its present mode
SMALL_MTU = const(11)
STORAGE = const(12)  # the drive did not answer
NOT_PAIRED = const(13)
BAD_VALUE = const(14)  # a time or a zone that makes no sense: nothing was changed

OK = const(0)
TEST_SESSION = const(0x3FFFFFFF)  # no session: 64 KiB of anything, to measure the link with
# Flags of a session.
RAW_CAPTURE = const(1)
_MOST_WAITING = const(8)


class SyncError(Exception):
    """The peer broke the protocol or refused. args: kind of request, code, detail bytes."""


def frame_into(buf, at, kind, seq, body):
    """Write a frame; the offset after it."""
    pack_into("<BHH", buf, at, kind, seq, len(body))
    end = at + HEAD_B + len(body)
    buf[at + HEAD_B : end] = body
    return end


def frames(packet):
    """Walk the frames of a packet: yields (kind, seq, body). A broken end yields (0, 0, rest) last."""
    at, end = 0, len(packet)
    while at < end:
        if at + HEAD_B > end:
            yield 0, 0, packet[at:]
            return
        kind, seq, size = unpack_from("<BHH", packet, at)
        if at + HEAD_B + size > end:
            yield 0, 0, packet[at:]
            return
        yield kind, seq, packet[at + HEAD_B : at + HEAD_B + size]
        at += HEAD_B + size


class ClipEnd:
    """The clip's end: packets in, packets out; someone else owns radio, drive and clock.

    Settings  port: what the clip can do, see below
    In        reset(token): the link is new, token u32 fresh for it; receive(packet); step(on_ms, record of 14 bytes);
              event(record): bytes of an event's record; lost(): the link is gone
    Out       send_control_into(buf), send_data_into(buf): bytes to notify, 0 for none; buf as long as a packet may be
    Errors    none: any bytes get a defined answer; an OSError of the port is answered with STORAGE

    The port   name, firmware: str; boot: int; uptime_ms(); settings: gaitcore Settings
               knows(key) -> whether a computer was paired with this key of 16 bytes; pair(key): keep it
               next_session(after) -> (session, boot, size, flags), None behind the last; a session that the press for
               pairing began, and that holds no step, ends for it
               opened(session) -> (size, crc32, flags); while the CRC is being taken a percent, int
               read_into(session, offset, view) -> bytes read, 0 at the end
               delete(session, size, crc32); calibrate(squeeze); marker()
               set(name, value) -> the value in use, SettingError for a bad one
               keep(): what was set is in the flash; asked before the settings are told
               set_time(unix_s, zone_min) -> the uptime_ms that it stands for
               status() -> the numbers of STATUS; measure() -> those of MEASURE
               Each raises SyncError(0, code) for what it cannot do.
    """

    def __init__(self, port):
        self._port = port
        self._reply = bytearray(CONTROL_B)
        self._request = bytearray(CONTROL_B)
        self._aside = bytearray(HEAD_B + 2)
        self._events = []
        self._steps = []
        self.reset(0)

    def reset(self, token):
        self._token = token
        self.greeted = False
        self.live = False
        self._seq = self._request_b = self._reply_b = 0
        self._reply_due = self._aside_due = False
        self._events.clear()
        self._steps.clear()
        self._session = self._stream = self._at = self._limit = 0

    def lost(self):
        self.reset(0)

    @property
    def active(self):
        """A link has been given a token."""
        return self._token != 0

    @property
    def reading(self):
        """A stream is under way and has credit."""
        return self._at < self._limit

    def receive(self, packet):
        for kind, seq, body in frames(packet):
            size = HEAD_B + len(body)
            if size > CONTROL_B or not 0 < kind < len(REQUESTS) or size != HEAD_B + calcsize("<I" + REQUESTS[kind]):
                self._put_aside(seq, kind, BAD_FRAME)
            elif kind == PAIR:
                self._carry_out(kind, seq, body)
            elif not self.greeted and kind != HELLO:
                self._put_aside(seq, kind, NOT_GREETED)
            elif kind == CREDIT:
                self._credit(body)
            elif kind == HELLO and self.greeted:
                self._carry_out(kind, self._seq, body)
            elif self._is_last(size, kind, seq, body):
                self._reply_due = True
            elif kind != HELLO and (seq != self._seq % 65535 + 1 or unpack_from("<I", body)[0] != self._token):
                self._put_aside(seq, kind, STALE)
            else:
                self._seq = seq
                self._request_b = frame_into(self._request, 0, kind, seq, body)
                self._carry_out(kind, seq, body)

    def _is_last(self, size, kind, seq, body):
        known = self._request
        return (
            seq == self._seq
            and size == self._request_b
            and kind == known[0]
            and bytes(known[HEAD_B:size]) == bytes(body)
        )

    def _put_aside(self, seq, kind, code):
        frame_into(self._aside, 0, ERROR, seq, bytes((kind, code)))
        self._aside_due = True

    def _carry_out(self, kind, seq, body):
        try:
            answer = self._do(kind, unpack("<I" + REQUESTS[kind], body))
            kind += REPLY
        except SyncError as error:
            answer = bytes((kind, error.args[1])) + b"".join(error.args[2:])
            kind = ERROR
        except OSError:
            answer = bytes((kind, STORAGE))
            kind = ERROR
        self._reply_b = frame_into(self._reply, 0, kind, seq, answer)
        self._reply_due = True

    def _do(self, kind, given):
        port = self._port
        reply = "<" + REPLIES[kind].rstrip("+")
        if kind == HELLO:
            if given[1] != VERSION:
                raise SyncError(0, BAD_VERSION, bytes((VERSION,)))
            if not port.knows(given[2]):
                raise SyncError(0, NOT_PAIRED)
            self.greeted = True
            names = port.name.encode()[:40] + b"\0" + port.firmware.encode()[:40]
            return pack(reply, VERSION, self._token, port.boot, port.uptime_ms(), self._seq) + names
        if kind == LIST:
            return self._list(given[1])
        if kind == OPEN:
            found = port.opened(given[1])
            if isinstance(found, int):
                raise SyncError(0, BUSY, bytes((found,)))
            return pack(reply, given[1], *found)
        if kind == READ:
            return self._read(given)
        if kind == DELETE:
            port.delete(given[1], given[2], given[3])
            if given[1] == self._session:
                self._limit = self._at
            return pack(reply, given[1])
        if kind == SET_TIME:
            return pack(reply, port.boot, port.set_time(given[1], given[2]))
        if kind == GET:
            port.keep()
            return bytes((given[1],)) + port.settings.to_bytes()[2 * given[1] :][: CONTROL_B - HEAD_B - 2]
        if kind == SET:
            return pack(reply, given[1], self._set(given[1], given[2]))
        if kind == STATUS:
            return pack(reply, *port.status())
        if kind == MEASURE:
            return pack(reply, *port.measure())
        if kind == LIVE:
            self.live = given[1] != 0
            self._steps.clear()
            self._events.clear()
        elif kind == PAIR:
            port.pair(given[1])
        elif kind == CALIBRATE:
            port.calibrate(given[1] != 0)
        else:
            port.marker()
        return bytes((OK,))

    def _list(self, after):
        """As many sessions as fit; the first byte says whether there are more."""
        entries = b""
        while True:
            entry = self._port.next_session(after)
            if entry is None:
                return b"\0" + entries
            if len(entries) + ENTRY_B > CONTROL_B - HEAD_B - 1:
                return b"\1" + entries
            entries += pack(ENTRY, *entry)
            after = entry[0]

    def _read(self, given):
        _, session, stream, offset, credit_b = given
        found = self._port.opened(session)
        if isinstance(found, int):
            raise SyncError(0, BUSY, bytes((found,)))
        size = found[0]
        self._session = session
        self._stream = stream
        self._size = size
        self._at = min(offset, size)
        self._limit = min(offset + credit_b, size)
        return bytes((stream,))

    def _credit(self, body):
        token, stream, limit = unpack("<IBI", body)
        if token == self._token and stream == self._stream and self._session:
            self._limit = max(self._limit, min(limit, self._size))

    def _set(self, number, value):
        if number >= len(TABLE):
            raise SyncError(0, REFUSED, bytes((number,)))
        name, _, low, high, _ = TABLE[number]
        try:
            return self._port.set(name, value)
        except SettingError as error:
            raise SyncError(0, REFUSED, pack("<Bhhh", number, low, high, error.args[4]))

    def step(self, on_ms, record):
        """A step for who watches; when they do not keep up the oldest is dropped."""
        if self.live:
            if len(self._steps) >= _MOST_WAITING:
                self._steps.pop(0)
            self._steps.append(pack("<I", on_ms) + record)

    def event(self, record):
        if self.live and len(record) <= CONTROL_B - HEAD_B:
            if len(self._events) >= _MOST_WAITING:
                self._events.pop(0)
            self._events.append(record)

    def send_control_into(self, buf):
        if len(buf) < LEAST_PACKET_B:
            if not (self._reply_due or self._aside_due):
                return 0
            self._reply_due = self._aside_due = False
            return frame_into(buf, 0, ERROR, self._seq, bytes((0, SMALL_MTU)))
        if self._reply_due and self._reply_b <= len(buf):
            self._reply_due = False
            buf[: self._reply_b] = memoryview(self._reply)[: self._reply_b]
            return self._reply_b
        if self._reply_due:
            self._reply_due = False
            return frame_into(buf, 0, ERROR, self._seq, bytes((0, SMALL_MTU)))
        if self._aside_due:
            self._aside_due = False
            buf[: len(self._aside)] = self._aside
            return len(self._aside)
        if self._events and HEAD_B + len(self._events[0]) <= len(buf):
            return frame_into(buf, 0, EVENT, 0, self._events.pop(0))
        return 0

    def send_data_into(self, buf):
        if len(buf) < LEAST_PACKET_B:
            return 0
        if self._steps:
            return frame_into(buf, 0, STEP, 0, self._steps.pop(0))
        if not self.reading:
            return 0
        n = min(self._limit - self._at, len(buf) - DATA_HEAD_B)
        try:
            n = self._port.read_into(self._session, self._at, memoryview(buf)[DATA_HEAD_B : DATA_HEAD_B + n])
            code = STORAGE
        except OSError:
            n, code = 0, STORAGE
        except SyncError as error:
            n, code = 0, error.args[1]
        if n <= 0:
            self._limit = self._at
            self._put_aside(self._seq, READ, code)
            return 0
        pack_into("<BHHBII", buf, 0, DATA, 0, DATA_HEAD_B - HEAD_B + n, self._stream, self._session, self._at)
        self._at += n
        return DATA_HEAD_B + n
