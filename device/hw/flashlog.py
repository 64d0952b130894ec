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
    config   settings, calibration, baselines: to the two CONFIG places in turn

Each copy has a trailer with a rising number, the home it is meant for, and a CRC. At boot, copies that are newer than
their homes are written home; then the ring is walked by its page headers. Sessions are runs of the ring, oldest first;
a deleted session's pages are free once those before it are. A page is never written over that belongs to a session
that was not deleted: the log is full then.

Wear: a STAGE place is erased every 48 s of running; at 100,000 cycles that is 1,300 h.

Source   CircuitPython 10 external_flash.c: what a flush does; DEVICE_FACTS.md, files and power loss
"""

import binascii
import os
import struct

from gaitcore.compat import const, let_go
from gaitcore.page import HEAD_B, MAGIC

PAGE_B = const(4096)
BLOCK_B = const(512)
STAGES = const(6)
CONFIG_AT = const(2)
STAGE_AT = const(6)
KEEP_AT = const(18)
HOME_AT = const(23)
FILE_MAGIC = b"FCLF\x01"
TRAILER = "<4sIIIHHI"  # magic, number, session, boot, page number, home slot, CRC of the page's CRC and these
TRAILER_B = const(24)
CONFIG = "<4sIHHI"  # magic, number, length, 0, CRC
CONFIG_B = const(16)


class DriveFault(OSError):
    """The log cannot be written. args: "readonly", "missing", "small" or "broken"."""


def create(path, size_b):
    """Make the file where there is none: the only time that FAT and directory are written."""
    with open(path, "wb") as f:
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
            create(path, (disk[0] * disk[3] - spare_b) // PAGE_B * PAGE_B)
            log.mount(page)
        return log
    except OSError:
        return None


class FlashLog:
    """Pages of sessions, and the config, in one file of the drive.

    Settings  path; feed: called between writes, for watchdog and motor
    In        mount(); begin(boot) -> session number; sink(number, page, complete) as LogWriter wants it; end();
              delete(session); save(data); read_into(session, offset, view)
    Out       sessions: list of [session, boot, first slot, pages], oldest first; free_pages; config: bytes or None
              recovered: pages that were brought home; config_lost: there was one, and neither copy is whole
    Errors    DriveFault from mount and save; sink gives False. KeyError for a session that is not there
    """

    def __init__(self, path="/formclip.log", feed=None):
        self.path = path
        self._feed = feed or (lambda: None)
        self._file = None
        self._page = None
        self._head = bytearray(HEAD_B)
        self._block = bytearray(BLOCK_B)
        self.sessions = []
        self.config = None
        self.config_lost = False
        self.recovered = 0
        self._slots = 0
        self._next = 0  # slot the next page goes to
        self._copy_no = 0
        self._config_no = 0
        self._last = 0  # highest session number seen
        self._oldest = 0  # sessions below this are deleted
        self._deleted = ()
        self.recording = None

    def mount(self, page=None):
        """Make ready; page: 4,096 bytes to use meanwhile. The code for it is let go afterwards."""
        from hw import flashmount

        try:
            flashmount.mount(self, bytearray(PAGE_B) if page is None else page)
        finally:
            let_go("hw.flashmount")
            let_go("gaitcore.pagehead")

    def trailer_crc(self, page):
        """Of the trailer in the block, and of the CRC of the page that it belongs to."""
        return binascii.crc32(self._block[: TRAILER_B - 4], binascii.crc32(page[24:28])) & 0xFFFFFFFF

    def _header(self, slot):
        """(session, page number, boot) by the header in a slot, not checked further; None where there is none."""
        self._at(HOME_AT + slot)
        self._file.readinto(self._head)
        if bytes(self._head[:4]) != MAGIC:
            return None
        session, boot, _, number = struct.unpack_from("<IIIH", self._head, 4)
        return session, number, boot

    def _gone(self, session):
        return session < self._oldest or session in self._deleted

    # -- writing ------------------------------------------------------------------------------------------------------

    @property
    def free_pages(self):
        """Pages a session begun now may write; one always stays empty."""
        if not self.sessions:
            return self._slots - 1
        first = self.sessions[0][2]
        free = (first - self._next) % self._slots
        return max(0, free - 1)

    @property
    def capacity_pages(self):
        return self._slots - 1

    def begin(self, boot):
        """A new session; its number."""
        self._last += 1
        self.recording = [self._last, boot, self._next, 0]
        return self._last

    def end(self):
        run, self.recording = self.recording, None
        if run and run[3]:
            self.sessions.append(run)

    def sink(self, number, page, complete):
        """LogWriter's: a page of the session begun. False when it could not be stored."""
        run = self.recording
        if run is None or self._file is None:
            return False
        try:
            if not complete:
                place = STAGE_AT + 2 * (self._copy_no % STAGES)
                self._copy(place, page, run, number)
                return True
            self._copy(KEEP_AT + 2 * (self._next & 1), page, run, number)
            self._home(self._next, page, False)
        except OSError:
            return False
        self._next = (self._next + 1) % self._slots
        run[3] += 1
        return True

    def _copy(self, place, page, run, number):
        self._copy_no += 1
        block = self._block
        struct.pack_into(TRAILER, block, 0, b"FCLT", self._copy_no, run[0], run[1], number, self._next, 0)
        struct.pack_into("<I", block, TRAILER_B - 4, self.trailer_crc(page))
        self._at(place)
        self._file.write(page)
        self._file.write(block)
        self._sync()

    def _home(self, slot, page, keep=True):
        if keep:
            session, boot, _, number = struct.unpack_from("<IIIH", page, 4)
            self._next = slot
            self._copy(KEEP_AT + 2 * (slot & 1), page, (session, boot), number)
        self._at(HOME_AT + slot)
        self._file.write(page)
        self._sync()

    def save(self, data):
        """Settings, calibration and what else must outlive the battery: to the older of two places."""
        if self._file is None:
            raise DriveFault("missing")
        self._config_no += 1
        n = len(self._deleted)
        data = struct.pack("<IIB%dI" % n, self._last, self._oldest, n, *self._deleted) + data
        head = struct.pack(
            CONFIG, b"FCLC", self._config_no, len(data), 0, binascii.crc32(data, self._config_no) & 0xFFFFFFFF
        )
        data = head + data
        try:
            self._at(CONFIG_AT + 2 * (self._config_no & 1))
            self._file.write(data + bytes(-len(data) % BLOCK_B))
            self._sync()
        except OSError:
            raise DriveFault("broken")

    # -- reading and deleting -----------------------------------------------------------------------------------------

    def _run(self, session):
        for run in self.sessions:
            if run[0] == session:
                return run
        return None

    def size_b(self, session):
        run = self._run(session)
        if run is None:
            raise KeyError(session)
        return run[3] * PAGE_B

    def read_into(self, session, offset, view):
        """Fill view from the session's file; bytes read, 0 at its end. Stays within one page."""
        run = self._run(session)
        if run is None:
            raise KeyError(session)
        page_no, at = offset // PAGE_B, offset % PAGE_B
        if page_no >= run[3]:
            return 0
        n = min(len(view), PAGE_B - at)
        for k in range(run[3]):  # raw pages may stand before a page of steps with a lower number
            slot = (run[2] + (page_no + (k + 1) // 2 * (1 if k & 1 else -1)) % run[3]) % self._slots
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
        if run is None:
            raise KeyError(session)
        self.sessions.remove(run)
        now = self.recording
        self._oldest = self.sessions[0][0] if self.sessions else now[0] if now else self._last + 1
        self._deleted = tuple([s for s in self._deleted if s >= self._oldest])
        if session >= self._oldest:
            self._deleted += (session,)
        self.save(data)

    def _at(self, page_no):
        self._file.seek(page_no * PAGE_B)

    def _sync(self):
        os.sync()
        self._feed()
