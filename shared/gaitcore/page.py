"""One page of the log in memory: header, payload, CRC32; pages.py has the theory.

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
VERSION_AT = const(19)
IDENTITY_B = const(20)


class Page:
    """Settings  buf: 4,096 bytes to use, None to make them. used: bytes filled"""

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
        struct.pack_into("<HBB", self.buf, IDENTITY_B, self.used - HEAD_B, flags, 0)
        crc = binascii.crc32(view[HEAD_B : self.used], binascii.crc32(view[: HEAD_B - 4])) & 0xFFFFFFFF
        struct.pack_into("<I", self.buf, HEAD_B - 4, crc)
