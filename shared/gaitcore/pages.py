"""Pages of the log: 4,096 bytes, the flash's erase sector, each with a header and a CRC32.

Theory of operation. A page is filled in memory. `flush` closes a batch: it adds a CHECK (the CRC of
the page's identity and of all payload so far), brings header and CRC up to date and hands the page to
the sink as not complete: the clip puts it in one of its staging places in turn, so that a power cut
while one is written leaves the one before. When a record does not fit any more, the page goes to the sink
as complete and is written once, at number * 4,096 in the session's file. So a final place is never
rewritten, at most the time since the last flush is lost, and any state of a page that reached the
flash whole is valid by its own CRC. Of a torn page, what stands before its last good CHECK is kept.
page.py has the header.
"""

import binascii
import struct

from gaitcore import records
from gaitcore.compat import const
from gaitcore.page import HEAD_B, IDENTITY_B, LAST, MAGIC, PAGE_B, RAW, STEPS, VERSION_AT, Page  # noqa: F401
from gaitcore.pagehead import PageError, head  # noqa: F401
from gaitcore.rawpages import FRAME_B, RawWriter  # noqa: F401

_RESERVE_PAGES = const(4)  # raw capture leaves these to the steps
_STEP_FITS_B = const(4096 - 15 - 2 * 6)  # a page with no more in it has room for a step; see LogWriter._room


class LogWriter:
    """Steps and events into pages.

    Settings  sink: sink(number, page, complete) takes a memoryview of 4,096 bytes that is valid during
              the call, or None to only quantise; a sink that returns False could not store it and
              ends the log. session, boot: their numbers; max_pages: room in the file; buf: a bytearray
              of 4,096 to use, else one is made
    In        begin(session, max_pages), before the first record: the number and room that are known only now
              step(step); event(tag, t_ms, values, tail); flush(); close()
    Out       step gives the fields that were stored, the same list each time; t_ms is that step's time.
              full: the log has ended for want of room, steps are still quantised
    """

    def __init__(self, sink=None, session=0, boot=0, max_pages=65535, buf=None):
        self.sink = sink
        self.boot = boot
        self.t_ms = 0
        self.fields = [0] * records.N_FIELDS
        self.number = 0
        self.next_number = 1
        self._checked = HEAD_B
        self._page = None if sink is None else Page(buf)
        self.begin(session, max_pages)

    def begin(self, session, max_pages):
        self.session = session
        self.max_pages = max_pages
        self.full = self.sink is None or max_pages < 1
        if self._page is not None:
            self._page.open(session, self.boot, 0, 0, STEPS)

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
        crc = binascii.crc32(page.view[HEAD_B : page.used], binascii.crc32(page.view[:IDENTITY_B]))
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
