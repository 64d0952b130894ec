"""Pages of the log: 4,096 bytes, the flash's erase sector, each with a header and a CRC32.

Theory of operation. A page is filled in memory. `flush` closes a batch: it adds a CHECK (the CRC of
the page's identity and of all payload so far), brings header and CRC up to date and hands the page to
the sink as not complete: the clip puts it in one of two staging places in turn, so that a power cut
while one is written leaves the other. When a record does not fit any more, the page goes to the sink
as complete and is written once, at number * 4,096 in the session's file. So a final place is never
rewritten, at most the time since the last flush is lost, and any state of a page that reached the
flash whole is valid by its own CRC. Of a torn page, what stands before its last good CHECK is kept.

Header: magic "FCL1", session u32, boot u32, t_ms u32, number u16, kind u8, version u8, used u16,
flags u8, 0, crc u32. The CRC covers bytes 0..23 and `used` bytes of payload. t_ms is the time of the
step before the page's first; in a raw page the index of its first sample.
"""

import binascii
import struct

from gaitcore import records
from gaitcore.compat import const

PAGE_B = const(4096)
HEAD_B = const(28)
MAGIC = b"FCL1"
STEPS = const(0)  # kinds of page
RAW = const(1)
LAST = const(1)  # flag: the session's last page
FRAME_B = const(12)  # a raw sample as the FIFO gives it: six int16, gx gy gz ax ay az, LSB of units.py
_IDENTITY_B = const(20)
_RESERVE_PAGES = const(4)  # raw capture leaves these to the steps
_STEP_FITS_B = const(4096 - 14 - 2 * 6)  # a page with no more in it has room for a step; see LogWriter._room


class PageError(ValueError):
    """Bytes that are not an intact page. args: what is wrong."""


def head(page):
    """(session, boot, t_ms, number, kind, used, flags) of an intact page.

    Errors    PageError for anything else
    """
    if len(page) < HEAD_B or bytes(page[:4]) != MAGIC:
        raise PageError("no page header")
    session, boot, t_ms, number, kind, _, used, flags, _, crc = struct.unpack_from("<IIIHBBHBBI", page, 4)
    if used > len(page) - HEAD_B:
        raise PageError("the page is cut off")
    if binascii.crc32(page[HEAD_B : HEAD_B + used], binascii.crc32(page[: HEAD_B - 4])) & 0xFFFFFFFF != crc:
        raise PageError("the page's CRC does not fit")
    return session, boot, t_ms, number, kind, used, flags


class _Page:
    def __init__(self, buf):
        self.buf = bytearray(PAGE_B) if buf is None else buf
        self.view = memoryview(self.buf)
        self.used = HEAD_B

    def open(self, session, boot, t_ms, number, kind):
        blank = b"\xff" * 64
        for i in range(0, PAGE_B, 64):
            self.view[i : i + 64] = blank
        struct.pack_into("<4sIIIHBB", self.buf, 0, MAGIC, session, boot, t_ms, number, kind, records.VERSION)
        self.used = HEAD_B

    def seal(self, flags):
        view = self.view
        struct.pack_into("<HBB", self.buf, _IDENTITY_B, self.used - HEAD_B, flags, 0)
        crc = binascii.crc32(view[HEAD_B : self.used], binascii.crc32(view[: HEAD_B - 4])) & 0xFFFFFFFF
        struct.pack_into("<I", self.buf, HEAD_B - 4, crc)


class LogWriter:
    """Steps and events into pages.

    Settings  sink: sink(number, page, complete) takes a memoryview of 4,096 bytes that is valid during
              the call, or None to only quantise; a sink that returns False could not store it and
              ends the log. session, boot: their numbers; max_pages: room in the file; buf: a bytearray
              of 4,096 to use, else one is made
    In        step(step); event(tag, t_ms, values, tail); flush(); close()
    Out       step gives the fields that were stored, the same list each time; t_ms is that step's time.
              full: the log has ended for want of room, steps are still quantised
    """

    def __init__(self, sink=None, session=0, boot=0, max_pages=65535, buf=None):
        self.sink = sink
        self.session = session
        self.boot = boot
        self.max_pages = max_pages
        self.t_ms = 0
        self.fields = [0] * records.N_FIELDS
        self.full = sink is None
        self.number = 0
        self.next_number = 1
        self._checked = HEAD_B
        self._page = None
        if sink is not None:
            self._page = _Page(buf)
            self._page.open(session, boot, 0, 0, STEPS)

    @property
    def stored_b(self):
        """Size of the file up to the page in work, with it."""
        return self.next_number * PAGE_B

    def step(self, step):
        dt_ms = step.on_ms - self.t_ms
        if not 0 <= dt_ms <= records.MAX_DT_MS:
            self.event(records.TIME, step.on_ms)
            self.t_ms = step.on_ms
            dt_ms = 0
        fields = records.quantise(step, dt_ms, self.fields)
        if not self.full and (self._page.used <= _STEP_FITS_B or self._room(records.STEP_B)):
            page = self._page
            page.used = records.pack_step(fields, page.buf, page.used)
        self.t_ms = step.on_ms
        return fields

    def event(self, tag, t_ms, values=(), tail=b""):
        if self._room(records.event_size(tag, tail)):
            page = self._page
            page.used = records.pack_event(page.buf, page.used, tag, t_ms, values, tail)

    def flush(self):
        """Close a batch and hand over the page as far as it is; nothing if nothing came since."""
        page = self._page
        if self.full or page.used == self._checked:
            return
        self._check()
        page.seal(0)
        self._store(False)

    def close(self):
        """Hand over the last page as complete; the log takes no more."""
        if not self.full:
            self._page.seal(LAST)
            self._store(True)
            self.full = True

    def take_number(self):
        """A page number for a raw page, -1 when the room left belongs to the steps."""
        if self.full or self.next_number + _RESERVE_PAGES >= self.max_pages:
            return -1
        self.next_number += 1
        return self.next_number - 1

    def _check(self):
        page = self._page
        crc = binascii.crc32(page.view[HEAD_B : page.used], binascii.crc32(page.view[:_IDENTITY_B]))
        struct.pack_into("<BBI", page.buf, page.used, records.CHECK, 0, crc & 0xFFFFFFFF)
        page.used += records.EVENT_B
        self._checked = page.used

    def _room(self, size):
        """Make room for `size` bytes; False when the log has ended. Always leaves room for a CHECK and a FULL."""
        if self.full:
            return False
        page = self._page
        if page.used + size + 2 * records.EVENT_B <= PAGE_B:
            return True
        if self.next_number >= self.max_pages:
            page.used = records.pack_event(page.buf, page.used, records.FULL, self.t_ms)
            self.close()
            return False
        page.seal(0)
        self._store(True)
        if self.full:
            return False
        self.number = self.next_number
        self.next_number += 1
        page.open(self.session, self.boot, self.t_ms, self.number, STEPS)
        self._checked = HEAD_B
        return True

    def _store(self, complete):
        if self.sink(self.number, self._page.view, complete) is False:
            self.full = True


class RawWriter:
    """Raw samples into pages of the same file.

    In        push(index, frames): bytes of whole 12-byte frames, the first being sample `index`
              close(): the last page, as far as it is filled
    Out       pages to the log's sink, complete; False from push when there is no more room
    """

    def __init__(self, log, buf=None):
        self._log = log
        self._page = _Page(buf)
        self._number = -1
        self._next_index = 0

    def push(self, index, frames):
        page = self._page
        frames = memoryview(frames)
        done = 0
        if index != self._next_index:
            self.close()
        while done < len(frames):
            if self._number < 0:
                self._number = self._log.take_number()
                if self._number < 0:
                    return False
                page.open(self._log.session, self._log.boot, index + done // FRAME_B, self._number, RAW)
            n = min(len(frames) - done, (PAGE_B - page.used) // FRAME_B * FRAME_B)
            page.view[page.used : page.used + n] = frames[done : done + n]
            page.used += n
            done += n
            if page.used + FRAME_B > PAGE_B:
                self.close()
        self._next_index = index + len(frames) // FRAME_B
        return True

    def close(self):
        if self._number >= 0:
            self._page.seal(0)
            self._log.sink(self._number, self._page.view, True)
            self._number = -1
