"""Reading a page's header: the desktop, and the clip at its start."""

import binascii
import struct

from gaitcore.page import HEAD_B, MAGIC


class PageError(ValueError):
    """Bytes that are not an intact page. args: what is wrong."""


def head(page):
    """(session, boot, t_ms, number, kind, used, flags, version) of an intact page.

    Errors    PageError for anything else
    """
    if len(page) < HEAD_B or bytes(page[:4]) != MAGIC:
        raise PageError("no page header")
    session, boot, t_ms, number, kind, version, used, flags, _, crc = struct.unpack_from("<IIIHBBHBBI", page, 4)
    if used > len(page) - HEAD_B:
        raise PageError("the page is cut off")
    if binascii.crc32(page[HEAD_B : HEAD_B + used], binascii.crc32(page[: HEAD_B - 4])) & 0xFFFFFFFF != crc:
        raise PageError("the page's CRC does not fit")
    return session, boot, t_ms, number, kind, used, flags, version
