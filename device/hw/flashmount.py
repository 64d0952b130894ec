"""Mounting the log: its file made or checked, what a power cut left under way brought home, its directory read.

Used once at each start and then let go: what it takes of the heap is free again (FlashLog.mount). The theory of
operation stands in flashlog.py.
"""

import binascii
import os
import struct

from gaitcore.drive import (
    BLOCK_B,
    CONFIG,
    CONFIG_AT,
    CONFIG_B,
    CONFIG_MAGIC,
    FILE_MAGIC,
    HOME_AT,
    KEEP_AT,
    LEAST_PAGES,
    NEW_MAGIC,
    OLD_TRAILER_MAGIC,
    STAGE_AT,
    STAGES,
    TRAILER,
    TRAILER_MAGIC,
    DriveFault,
)
from gaitcore.page import HEAD_B, MAGIC, PAGE_B


def mount(log, page):
    """Open, bring home what was under way when power went, read the directory; page: 4,096 bytes to use meanwhile."""
    _open(log, page)
    _read_config(log, page)
    copies = _copies(log, page)
    _bring_home(log, copies, page)
    _walk(log)
    _guard(log, copies, page)


def _open(log, page):
    try:
        size_b = os.stat(log.path)[6]
    except OSError:
        raise DriveFault("missing")
    log._slots = size_b // PAGE_B - HOME_AT - 1
    if size_b // PAGE_B < LEAST_PAGES:
        raise DriveFault("small")
    try:
        log._file = open(log.path, "r+b")
    except OSError as error:
        raise DriveFault("readonly" if error.args[0] == 30 else "broken")
    block = log._block
    log._at(0)
    log._file.readinto(block)
    if bytes(block[: len(FILE_MAGIC)]) == FILE_MAGIC:
        return
    # Another file may share the sector: a cut while a computer wrote that one can take this mark.
    if bytes(block[: len(NEW_MAGIC)]) == NEW_MAGIC or not any(block) or not _used(log, page):
        _format(log)
    _fill(block, FILE_MAGIC)
    log._at(0)
    log._file.write(block)
    log._sync()


def _used(log, page):
    _read_config(log, page)
    return log.config is not None or any(_page_at(log, HOME_AT + slot) for slot in range(log._slots))


def _fill(block, head):
    for i in range(BLOCK_B):
        block[i] = head[i] if i < len(head) else 0


def _format(log):
    """A new file holds what the flash held before: nothing of it may look like a page of ours."""
    block = log._block
    for number in range(1, HOME_AT + log._slots):
        log._at(number)
        log._file.readinto(block)
        if number < HOME_AT or bytes(block[:4]) == MAGIC:
            _fill(block, b"")
            for at in (0, PAGE_B) if number < HOME_AT else (0,):
                log._file.seek(number * PAGE_B + at)
                log._file.write(block)
            log._sync()
        log._feed()


def _read_config(log, page):
    log.config = None
    log._config_no = found = 0
    for k in (0, 1):
        log._at(CONFIG_AT + 2 * k)
        log._file.readinto(page)
        magic, number, length, version, crc = struct.unpack_from(CONFIG, page)
        if magic != CONFIG_MAGIC:
            continue
        found += 1
        if length > PAGE_B - CONFIG_B:
            continue
        data = bytes(page[CONFIG_B : CONFIG_B + length])
        seed = binascii.crc32(page[: CONFIG_B - 4] + bytes(4)) if version else number
        if binascii.crc32(data, seed) & 0xFFFFFFFF != crc or number <= log._config_no:
            continue
        log._config_no = number
        log._last, log._oldest, n = struct.unpack_from("<IIH" if version else "<IIB", data)
        if version:
            log._deleted = struct.unpack_from("<%dI" % (2 * n), data, 10)
            log.config = data[10 + 8 * n :]
        else:
            numbers = struct.unpack_from("<%dI" % n, data, 9)
            log._deleted = tuple([s for s in numbers for _ in (0, 1)])
            log.config = data[9 + 4 * n :]
    log.config_lost = found > 0 and log.config is None


def _copies(log, page):
    """(copy number, place, session, page number, home, is exact) of every copy that is whole, oldest first."""
    out = []
    newest = 0
    for place in list(range(STAGE_AT, STAGE_AT + 2 * STAGES, 2)) + [KEEP_AT, KEEP_AT + 2]:
        log._at(place)
        log._file.readinto(page)
        log._file.readinto(log._block)
        magic, number, session, _, page_no, home, crc = struct.unpack_from(TRAILER, log._block)
        if magic == TRAILER_MAGIC:
            whole = crc == log.trailer_crc(page)
        else:
            whole = magic == OLD_TRAILER_MAGIC and crc == log.trailer_crc(page[HEAD_B - 4 : HEAD_B])
        found = _page_at(log, place) if whole else None
        if found and found[:2] == (session, page_no):
            out.append((number, place, session, page_no, home, place >= KEEP_AT and magic == TRAILER_MAGIC))
            log._copy_no = max(log._copy_no, number)
            if place < KEEP_AT and number > newest:
                newest = number
                log._stage = (place - STAGE_AT) // 2
    out.sort()
    return out


def _bring_home(log, copies, page):
    """The newest copy of each page: complete pages first, then the pages in work."""
    newest = {}
    for copy in copies:
        newest[copy[2:4]] = copy
        log._last = max(log._last, copy[2])
    for staged in (False, True):
        for number, place, session, page_no, home, exact in sorted(newest.values()):
            if staged == (place < KEEP_AT) and home < log._slots and not log.gone(session):
                slot = _target(log, session, page_no, home, exact, _page_at(log, place)[2])
                if slot >= 0:
                    log._at(place)
                    log._file.readinto(page)
                    if _write(log, slot, page):
                        log.recovered += 1


def _write(log, slot, page):
    """The blocks of a slot that differ from the page; how many. The others stay untouched: see flashlog.py."""
    block = log._block
    wrote = 0
    for at in range(0, PAGE_B, BLOCK_B):
        log._file.seek((HOME_AT + slot) * PAGE_B + at)
        log._file.readinto(block)
        if bytes(block) != bytes(page[at : at + BLOCK_B]):
            log._file.seek((HOME_AT + slot) * PAGE_B + at)
            log._file.write(page[at : at + BLOCK_B])
            wrote += 1
    if wrote:
        log._sync()
    return wrote


def _target(log, session, page_no, home, exact, used):
    """Slot that a page is in or has to be written to; -1 where the ring has as much of it, or no room for it."""
    slots = log._slots
    for k in range(slots):
        slot = (home + k) % slots
        found = log._header(slot)
        if found and found[0] == session and found[1] == page_no:
            whole = _page_at(log, HOME_AT + slot)
            return -1 if whole and not exact and whole[2] >= used else slot
    for k in range(slots):
        slot = (home + k) % slots
        found = _page_at(log, HOME_AT + slot)  # all of it: what a cut left torn may have any number in its header
        if found is None or log.gone(found[0]):
            return slot
        if found[0] != session:
            return -1
    return -1  # the others are pages of it that were brought home before


def _page_at(log, place):
    """(session, page number, bytes used, boot) of the page at a place if its CRC fits, else None."""
    block = log._block
    log._at(place)
    log._file.readinto(block)
    magic, session, boot, _, number, _, _, used, _, _, crc = struct.unpack_from("<4sIIIHBBHBBI", block)
    if magic != MAGIC or used > PAGE_B - HEAD_B:
        return None
    view = memoryview(block)
    n = min(used, BLOCK_B - HEAD_B)
    found = binascii.crc32(view[HEAD_B : HEAD_B + n], binascii.crc32(view[: HEAD_B - 4]))
    left = used - n
    while left > 0:
        log._file.readinto(block)
        n = min(left, BLOCK_B)
        found = binascii.crc32(view[:n], found)
        left -= n
    return (session, number, used, boot) if found & 0xFFFFFFFF == crc else None


def _walk(log):
    """Sessions and the next free slot, by the headers of the ring.

    A header is believed where the slot beside it holds the page before or after it, else if the page's CRC fits: what a
    cut left torn lies alone. A session goes once round from behind the widest gap between its pages.
    """
    slots = log._slots
    runs = {}  # session: [first slot, last slot, gap, begin, end, boot, pages]
    past = 0  # newest deleted session
    before, here = None, log._header(0)
    for slot in range(slots):
        after = log._header(slot + 1) if slot + 1 < slots else None
        if not slot & 63:
            log._feed()
        if here is not None:
            session, number, boot = here
            if log.gone(session):
                if session >= past:
                    past, log._next = session, (slot + 1) % slots
            elif _follows(before, here) or _follows(here, after) or _page_at(log, HOME_AT + slot):
                run = runs.get(session)
                if run is None:
                    run = runs[session] = [slot, slot, 0, slot, slot, boot, 0, number]
                gap = (slot - run[1] << 16) - number  # of two gaps as wide, the one before the lower number
                if gap > run[2]:
                    run[2], run[3], run[4] = gap, slot, run[1]
                run[1] = slot
                run[6] = max(run[6], number + 1)
        before, here = here, after
    log.sessions = []
    for session in sorted(runs):
        first, last, gap, begin, end, boot, pages, number = runs[session]
        if (first + slots - last << 16) - number >= gap:
            begin, end = first, last
        log.sessions.append([session, boot, begin, (end - begin) % slots + 1, pages])
        log._last = max(log._last, session)
        log._next = (end + 1) % slots


def _follows(a, b):
    return a is not None and b is not None and a[0] == b[0] and a[2] == b[2] and a[1] + 1 == b[1]


def _guard(log, copies, page):
    """Give the page before the next slot its copy where it has none: the next write can harm its end."""
    slot = log._next - 1
    if slot < 0 or not log.sessions:
        return
    found = _page_at(log, HOME_AT + slot)
    if found is None or log.gone(found[0]):
        return
    log._at(HOME_AT + slot)
    log._file.readinto(page)
    place = KEEP_AT + 2 * (slot & 1)
    for copy in copies:
        if copy[1:5] == (place, found[0], found[1], slot):
            log._at(place)
            log._file.readinto(log._head)
            if bytes(log._head) == bytes(page[:HEAD_B]):
                return
    log.copy(place, page, (found[0], found[3]), found[1], slot)
