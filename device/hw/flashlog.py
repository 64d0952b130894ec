"""The log on the drive: one preallocated file, written in place, that no power cut can harm.

Theory of operation. The file is made once, by `deploy` or at the first boot, and its size never changes; it is kept
open and written in whole blocks with os.sync() after each batch, so neither directory nor FAT is ever written again.
What is left is that a write erases and programs 4 KiB sectors, and that a file's pages do not lie on sector boundaries:
power lost in a write to one page can take up to 7 blocks (3.5 KiB) before and behind it. So:

    places   0 the file's own page, then CONFIG 2 times, STAGE 6, KEEP 2, each alone in 8 KiB, so that no write to one
             touches another; an empty page; the ring of log pages, one beside the other; an empty page
    staging  the page in work goes to the six STAGE places in turn, at least every flush_s seconds
    page n   when full goes to KEEP[n & 1], then to its home in the ring. The home write can harm the tail of page n-1
             (whose copy stands in the other KEEP), and the head of n+1 (which is free: one page always is)
    config   settings, calibration, baselines, deleted sessions: to the two CONFIG places in turn

Each copy has a trailer with a rising number, the home it is meant for, and a CRC of all of it. At boot
(flashmount.py) a home that differs from its copy gets the blocks that differ, and nothing else is written: those lie in
the very sector that the cut left torn, between two pages that both have copies, so that a second cut finds what the
first one found. The copies stay as they are until their homes are whole. Last, the page before the next slot gets its
copy where it has none (it came from staging): so the page before one that is written always has one.

Sessions are runs of the ring, oldest first; a deleted session's pages are free once those before it are. A page that
belongs to a session that was not deleted is never written over: the log is full then.

Wear: a STAGE place is erased every 48 s of running; at 100,000 cycles that is 1,300 h.

Source   CircuitPython 10 external_flash.c: what a flush does
"""

import binascii
import os
import struct

from gaitcore.compat import const, let_go
from gaitcore.drive import (
    BLOCK_B,
    CONFIG,
    CONFIG_AT,
    CONFIG_MAGIC,
    CONFIG_VERSION,
    HOME_AT,
    KEEP_AT,
    LOG,
    NEW_MAGIC,
    STAGE_AT,
    STAGES,
    TRAILER,
    TRAILER_B,
    TRAILER_MAGIC,
    DriveFault,
)
from gaitcore.page import HEAD_B, MAGIC, PAGE_B

_STEP_B = const(8192)


def create(path, size_b, feed=None):
    """Make the file where there is none: the only time that FAT and directory are written. It grows in steps."""
    with open(path, "wb") as f:
        f.write(NEW_MAGIC)
        for at in range(_STEP_B, size_b, _STEP_B):
            f.seek(at)
            if feed is not None:
                feed()
        f.seek(size_b - 1)
        f.write(b"\0")


def open_log(path, feed, page, spare_b):
    """The log, mounted; made of what the drive has free but spare_b where there is none. None when it can't be had."""
    log = FlashLog(path, feed)
    try:
        try:
            log.mount(page)
        except DriveFault as fault:
            if fault.args[0] != "missing":
                raise
            disk = os.statvfs("/")
            create(path, (disk[0] * disk[3] - spare_b) // PAGE_B * PAGE_B, feed)
            log.mount(page)
        return log
    except OSError:
        return None


class FlashLog:
    """Pages of sessions, and the config, in one file of the drive.

    Settings  path; feed: called between writes, for watchdog and motor
    In        mount(); begin(boot) -> session number; sink(number, page, complete) as LogWriter wants it; end();
              discard(), in place of end(), before a save(): nothing of it stays; delete(session, data); save(data);
              read_into(session, offset, view)
    Out       sessions: list of [session, boot, first slot, slots, pages of its file], oldest first; free_pages
              config: bytes or None; recovered: pages that were brought home
              config_lost: there was one, and neither copy is whole
    Errors    DriveFault from mount, save and delete; sink gives False
              KeyError for a session that is not there
    """

    def __init__(self, path=LOG, feed=None):
        self.path = path
        self._feed = feed or (lambda: None)
        self._file = None
        self._head = bytearray(HEAD_B)
        self._block = bytearray(BLOCK_B)
        self.sessions = []
        self.config = None
        self.config_lost = False
        self.recovered = 0
        self._slots = 0
        self._next = 0  # slot the next page goes to
        self._copy_no = self._config_no = 0
        self._stage = 0  # STAGE place written last
        self._last = 0  # highest session number seen
        self._oldest = 0  # sessions below this are deleted
        self._deleted = ()  # and those from [0] to [1], from [2] to [3], ...
        self.recording = None
        self._begun_no = 0  # copy number when it was begun

    def mount(self, page=None):
        """Make ready; page: 4,096 bytes to use meanwhile. The code for it is let go afterwards."""
        from hw import flashmount

        try:
            flashmount.mount(self, bytearray(PAGE_B) if page is None else page)
        finally:
            let_go("hw.flashmount")

    def trailer_crc(self, page):
        """Of the trailer in the block, and of the page that it belongs to."""
        return binascii.crc32(self._block[: TRAILER_B - 4], binascii.crc32(page)) & 0xFFFFFFFF

    def _header(self, slot):
        """(session, page number, boot) by the header in a slot, not checked further; None where there is none."""
        self._at(HOME_AT + slot)
        self._file.readinto(self._head)
        if bytes(self._head[:4]) != MAGIC:
            return None
        session, boot, _, number = struct.unpack_from("<IIIH", self._head, 4)
        return session, number, boot

    def gone(self, session):
        """Whether a session was deleted."""
        deleted = self._deleted
        for i in range(0, len(deleted), 2):
            if deleted[i] <= session <= deleted[i + 1]:
                return True
        return session < self._oldest

    # -- writing ------------------------------------------------------------------------------------------------------

    @property
    def free_pages(self):
        """Pages that may be written now; one always stays empty."""
        run = self.sessions[0] if self.sessions else self.recording
        if run is None or not run[3]:
            return self._slots - 1
        return max(0, (run[2] - self._next) % self._slots - 1)

    @property
    def capacity_pages(self):
        return self._slots - 1

    def begin(self, boot):
        """A new session; its number."""
        self._last += 1
        self._begun_no = self._copy_no
        self.recording = [self._last, boot, self._next, 0, 0]
        return self._last

    def end(self):
        run, self.recording = self.recording, None
        if run and run[3]:
            self.sessions.append(run)

    def discard(self):
        """End the session and keep nothing of it: the next save counts it with the deleted ones."""
        run, self.recording = self.recording, None
        if run and self._copy_no != self._begun_no:
            self._forget(run[0])

    def sink(self, number, page, complete):
        """LogWriter's: a page of the session begun. False when it could not be stored."""
        run = self.recording
        if run is None or self._file is None or (complete and not self.free_pages):
            return False
        slot = self._next
        try:
            if not complete:
                self._stage = (self._stage + 1) % STAGES
                self.copy(STAGE_AT + 2 * self._stage, page, run, number, slot)
                return True
            self.copy(KEEP_AT + 2 * (slot & 1), page, run, number, slot)
            self._at(HOME_AT + slot)
            self._file.write(page)
            self._sync()
        except OSError:
            return False
        self._next = (slot + 1) % self._slots
        run[3] += 1
        run[4] = max(run[4], number + 1)
        return True

    def copy(self, place, page, run, number, slot):
        """A page and its trailer to a place; run: session and boot first."""
        self._copy_no += 1
        block = self._block
        struct.pack_into(TRAILER, block, 0, TRAILER_MAGIC, self._copy_no, run[0], run[1], number, slot, 0)
        struct.pack_into("<I", block, TRAILER_B - 4, self.trailer_crc(page))
        self._at(place)
        self._file.write(page)
        self._file.write(block)
        self._sync()

    def save(self, data):
        """Settings, calibration and what else must outlive the battery: to the older of two places."""
        if self._file is None:
            raise DriveFault("missing")
        number = self._config_no + 1
        deleted = self._deleted  # no more ranges than sessions between them: 480 fit
        n = len(deleted)
        data = struct.pack("<IIH%dI" % n, self._last, self._oldest, n // 2, *deleted) + data
        head = struct.pack(CONFIG, CONFIG_MAGIC, number, len(data), CONFIG_VERSION, 0)
        crc = binascii.crc32(data, binascii.crc32(head)) & 0xFFFFFFFF
        data = head[:-4] + struct.pack("<I", crc) + data
        try:
            self._at(CONFIG_AT + 2 * (number & 1))
            self._file.write(data + bytes(-len(data) % BLOCK_B))
            self._sync()
        except OSError:
            raise DriveFault("broken")
        self._config_no = number

    # -- reading and deleting -----------------------------------------------------------------------------------------

    def _run(self, session):
        for run in self.sessions:
            if run[0] == session:
                return run
        raise KeyError(session)

    def size_b(self, session):
        return self._run(session)[4] * PAGE_B

    def read_into(self, session, offset, view):
        """Fill view from the session's file; bytes read, 0 at its end. Stays within one page."""
        run = self._run(session)
        page_no, at = offset // PAGE_B, offset % PAGE_B
        if page_no >= run[4]:
            return 0
        n = min(len(view), PAGE_B - at)
        slots = run[3]
        for k in range(slots):  # raw pages may stand before a page of steps with a lower number
            slot = (run[2] + (page_no + (k + 1) // 2 * (1 if k & 1 else -1)) % slots) % self._slots
            found = self._header(slot)
            if found and found[0] == session and found[1] == page_no:
                self._file.seek((HOME_AT + slot) * PAGE_B + at)
                return self._file.readinto(view[:n])
        for i in range(n):
            view[i] = 0
        return n

    def delete(self, session, data):
        """Free a session's pages; data: the config, saved with it."""
        run = self._run(session)
        before = self.sessions, self._oldest, self._deleted
        self.sessions = [other for other in self.sessions if other is not run]
        self._forget(session)
        try:
            self.save(data)
        except OSError:
            self.sessions, self._oldest, self._deleted = before
            raise

    def _forget(self, session):
        """Count a session with the deleted ones, which take no more room than there are gaps between the others."""
        now = self.recording
        self._oldest = oldest = self.sessions[0][0] if self.sessions else now[0] if now else self._last + 1
        first = last = session
        kept = ()
        for i in range(0, len(self._deleted), 2):
            pair = self._deleted[i : i + 2]
            if pair[1] + 1 == first:
                first = pair[0]
            elif last + 1 == pair[0]:
                last = pair[1]
            elif pair[1] >= oldest:
                kept += pair
        self._deleted = kept + (first, last) if last >= oldest else kept

    def _at(self, page_no):
        self._file.seek(page_no * PAGE_B)

    def _sync(self):
        os.sync()
        self._feed()
