"""Mounting the log: its file made or checked, what a power cut left under way brought home, its directory read.

Used once at each start and then let go: what it takes of the heap is free again (FlashLog.mount). The theory of
operation stands in flashlog.py.
"""

import binascii
import os
import struct

from gaitcore.page import MAGIC
from gaitcore.pagehead import PageError, head

from hw.flashlog import (
    BLOCK_B,
    CONFIG,
    CONFIG_AT,
    CONFIG_B,
    FILE_MAGIC,
    HOME_AT,
    KEEP_AT,
    PAGE_B,
    STAGE_AT,
    STAGES,
    TRAILER,
    DriveFault,
)

_LEAST_PAGES = HOME_AT + 9


def mount(log, page):
    """Open, bring home what was under way when power went, read the directory; page: 4,096 bytes to use meanwhile."""
    _open(log)
    _read_config(log, page)
    _walk(log)
    _bring_home(log, page, memoryview(page))
    log._page = None


def _open(log):
    try:
        size_b = os.stat(log.path)[6]
    except OSError:
        raise DriveFault("missing")
    log._slots = size_b // PAGE_B - HOME_AT - 1
    if size_b // PAGE_B < _LEAST_PAGES:
        raise DriveFault("small")
    try:
        log._file = open(log.path, "r+b")
    except OSError as error:
        raise DriveFault("readonly" if error.args[0] == 30 else "broken")
    log._at(0)
    log._file.readinto(log._head)
    if bytes(log._head[: len(FILE_MAGIC)]) != FILE_MAGIC:
        _format(log)


def _format(log):
    """A new file holds what the flash held before: nothing of it may look like a page of ours."""
    block = log._block
    for number in range(1, HOME_AT + log._slots):
        log._at(number)
        log._file.readinto(block)
        if number < HOME_AT or bytes(block[:4]) == MAGIC:
            for i in range(BLOCK_B):
                block[i] = 0
            for at in (0, PAGE_B) if number < HOME_AT else (0,):
                log._file.seek(number * PAGE_B + at)
                log._file.write(block)
            log._sync()
        log._feed()
    for i in range(BLOCK_B):
        block[i] = 0
    block[: len(FILE_MAGIC)] = FILE_MAGIC
    log._at(0)
    log._file.write(block)
    log._sync()


def _read_config(log, page):
    log.config = None
    found = 0
    for k in (0, 1):
        log._at(CONFIG_AT + 2 * k)
        log._file.readinto(page)
        magic, number, length, _, crc = struct.unpack_from(CONFIG, page)
        if magic != b"FCLC":
            continue
        found += 1
        if length > PAGE_B - CONFIG_B:
            continue
        data = bytes(page[CONFIG_B : CONFIG_B + length])
        if binascii.crc32(data, number) & 0xFFFFFFFF == crc and number > log._config_no:
            log._config_no = number
            log._last, log._oldest, n = struct.unpack_from("<IIB", data)
            log._deleted = struct.unpack_from("<%dI" % n, data, 9)
            log.config = data[9 + 4 * n :]
    log.config_lost = found > 0 and log.config is None


def _copies(log):
    """(copy number, place, session, page number, home) of every copy whose trailer is whole."""
    out = []
    for place in list(range(STAGE_AT, STAGE_AT + 2 * STAGES, 2)) + [KEEP_AT, KEEP_AT + 2]:
        log._file.seek((place + 1) * PAGE_B)
        log._file.readinto(log._block)
        magic, number, session, _, page_no, home, crc = struct.unpack_from(TRAILER, log._block)
        if magic != b"FCLT":
            continue
        log._copy_no = max(log._copy_no, number)
        log._at(place)
        log._file.readinto(log._head)
        if crc == log.trailer_crc(log._head):
            out.append((number, place, session, page_no, home))
    out.sort()
    return out


def _bring_home(log, page, view):
    best = {}
    for number, place, session, page_no, home in _copies(log):
        log._last = max(log._last, session)
        if not log._gone(session) and home < log._slots and _intact(log, place, session, page_no, page) >= 0:
            best[(session, page_no)] = (number, place, home)
    for number, place, (session, page_no), home in sorted([(b[0], b[1], k, b[2]) for k, b in best.items()]):
        used = _intact(log, place, session, page_no, page)
        target = _target(log, session, page_no, home, used)
        if used < 0 or target < 0:
            continue
        log._home(target, view)
        log.recovered += 1
        _walk(log)


def _target(log, session, page_no, home, used):
    """Slot that a copy has to be written to, -1 where its home has it all."""
    for slot in [home] + [(home + k) % log._slots for k in (1, 2, 3, 4, 5, -1, -2)]:
        held = _intact(log, HOME_AT + slot, session, page_no, _scratch(log))
        if held >= used:
            return -1
        if held >= 0:
            return slot
    found = log._header(home)
    if found is None or found[0] < session or (found[0] == session and found[1] == page_no):
        return home
    if found[0] == session and _intact(log, HOME_AT + home, session, found[1], _scratch(log)) < 0:
        return home  # torn
    run = log._run(session)
    if run is None or found[0] > session:
        return -1  # an old copy: its session came home or was deleted long ago
    return log._next


def _scratch(log):
    if log._page is None:
        log._page = bytearray(PAGE_B)
    return log._page


def _intact(log, place, session, page_no, buf):
    """Bytes used in the page at a place if it is this one and its CRC fits, else -1; reads it into buf."""
    log._at(place)
    log._file.readinto(buf)
    try:
        found = head(buf)
    except PageError:
        return -1
    return found[5] if found[0] == session and found[3] == page_no else -1


def _walk(log):
    """Sessions and the next free slot, by the headers of the ring."""
    runs = {}
    for slot in range(log._slots):
        found = log._header(slot)
        if not slot & 63:
            log._feed()
        if found is None:
            continue
        session, _, boot = found
        run = runs.get(session)
        if run is None:
            runs[session] = [session, boot, slot, slot, False]
        elif not run[4]:
            if slot - run[3] > 4:
                run[2], run[4] = slot, True  # begins here, goes on at slot 0
            else:
                run[3] = slot
    newest = 0
    log._next = 0
    for session in runs:
        if session > newest:
            newest = session
            log._next = (runs[session][3] + 1) % log._slots
    log._last = max(log._last, newest)
    log.sessions = [
        [r[0], r[1], r[2], (r[3] - r[2]) % log._slots + 1] for r in sorted(runs.values()) if not log._gone(r[0])
    ]
