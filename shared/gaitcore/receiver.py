"""The host's end of the transfer protocol. The clip's end and the wire format are in `sync`.

Not imported on the clip. Sans-I/O like the clip's end: packets in, packets out, and whoever owns the radio decides how
long to wait before `repeat()`.
"""

import binascii
from struct import calcsize, pack, unpack, unpack_from

from gaitcore import sync
from gaitcore.records import SIZES_B


class HostEnd:
    """Requests with seq and token; replies, events, steps and pieces of sessions sorted out of packets.

    In        request(kind, values...) -> bytes to write; repeat() -> the same once more; receive(packet) of either
              characteristic; reset() at a new link
    Out       reply: None while it is awaited, then the numbers of the reply as a tuple, with bytes after them last
              events, steps, pieces: lists that the caller takes from: bytes of an event's record;
              (on_ms, record); (stream, session, offset, bytes)
    Errors    receive raises SyncError(kind, code, detail) when the clip refused the request that is awaited
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.reply = None
        self.events = []
        self.steps = []
        self.pieces = []
        self._token = 0
        self._seq = 0
        self._kind = 0
        self._packet = b""

    @property
    def greeted(self):
        return self._token != 0

    def request(self, kind, *values):
        self._kind = kind
        self.reply = None
        self._seq = self._seq % 65535 + 1
        self._packet = self._frame(kind, self._seq, values)
        return self._packet

    def hello(self, key):
        """key: the 16 bytes that this computer was paired with."""
        return self.request(sync.HELLO, sync.VERSION, key)

    def credit(self, stream, limit):
        """A packet that moves the limit of a stream forward; it has no reply and is never repeated."""
        return self._frame(sync.CREDIT, 0, (stream, limit))

    def repeat(self):
        return self._packet

    def _frame(self, kind, seq, values):
        body = pack("<I" + sync.REQUESTS[kind], self._token, *values)
        return pack("<BHH", kind, seq, len(body)) + body

    def receive(self, packet):
        for kind, seq, body in sync.frames(packet):
            if kind == sync.DATA and len(body) > 9:
                stream, session, offset = unpack_from("<BII", body)
                self.pieces.append((stream, session, offset, bytes(body[9:])))
            elif kind == sync.STEP and len(body) - 4 in SIZES_B:
                self.steps.append((unpack_from("<I", body)[0], bytes(body[4:])))
            elif kind == sync.EVENT:
                self.events.append(bytes(body))
            elif kind == sync.ERROR and len(body) >= 2:
                self._refused(seq, body)
            elif kind == self._kind + sync.REPLY and self.reply is None:
                self._replied(kind - sync.REPLY, seq, body)

    def _refused(self, seq, body):
        kind, code = body[0], body[1]
        if code == sync.SMALL_MTU or (seq == self._seq and kind == self._kind and code != sync.STALE):
            if self.reply is None:
                raise sync.SyncError(kind, code, bytes(body[2:]))

    def _replied(self, kind, seq, body):
        form = sync.REPLIES[kind]
        fixed = "<" + form.rstrip("+")
        size = calcsize(fixed)
        if len(body) < size or (len(body) > size and not form.endswith("+")):
            raise sync.SyncError(kind, sync.BAD_FRAME, bytes(body))
        values = unpack(fixed, body[:size])
        if kind == sync.HELLO:
            # A link that was greeted before goes on from the seq of the clip.
            if values[0] != sync.VERSION:
                raise sync.SyncError(kind, sync.BAD_VERSION, bytes(values[:1]))
            self._token, self._seq = values[1], values[4]
        elif seq != self._seq:
            return
        self.reply = values + (bytes(body[size:]),) if form.endswith("+") else values


def sessions_of(entries):
    """[(session, boot, size, flags), ...] of the bytes behind LIST's first."""
    size = sync.ENTRY_B
    return [unpack(sync.ENTRY, entries[i : i + size]) for i in range(0, len(entries) // size * size, size)]


class Download:
    """One session from the clip: asks for what is missing, bounded by a window, until size and CRC fit.

    Settings  session; size and crc32 as OPEN told; have_b, have_crc: bytes that an earlier link has stored already and
              their CRC32; window_b: the most bytes under way
    In        start() at first and whenever nothing came for a while; push(piece) of HostEnd.pieces
    Out       start() -> the values of READ; push -> the bytes to store next (b"" for a repeat, an old stream or what
              came after a gap); credit() -> (stream, limit) when it is time to send one, else None
              at: bytes stored; gap: a piece is missing, start() again; done; intact: the CRC fits
    """

    def __init__(self, session, size, crc32, have_b=0, have_crc=0, window_b=16384):
        self.session = session
        self.size = size
        self.at = have_b
        self.gap = False
        self._wanted_crc = crc32
        self._crc = have_crc
        self._window_b = window_b
        self._stream = 0
        self._limit = 0

    def start(self):
        self.gap = False
        self._stream = self._stream % 255 + 1
        self._limit = min(self.at + self._window_b, self.size)
        return self.session, self._stream, self.at, self._limit - self.at

    def push(self, piece):
        stream, session, offset, data = piece
        if stream != self._stream or session != self.session or offset + len(data) > self.size:
            return b""
        if offset > self.at:
            self.gap = True
            return b""
        data = data[self.at - offset :]
        self.at += len(data)
        self._crc = binascii.crc32(data, self._crc) & 0xFFFFFFFF
        return data

    def credit(self):
        """Half a window is in: move the limit."""
        if self.gap or self._limit - self.at > self._window_b // 2 or self._limit == self.size:
            return None
        self._limit = min(self.at + self._window_b, self.size)
        return self._stream, self._limit

    @property
    def done(self):
        return self.at == self.size

    @property
    def intact(self):
        return self.done and self._crc == self._wanted_crc
