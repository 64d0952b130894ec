"""The log's file on the drive: its places, its marks, what stays free beside it. The one home of these facts.

hw/flashlog.py has the theory of operation and writes the places, hw/flashmount.py reads them at the start; the
companion's deploy, doctor and virtual clip look at the same file from outside. docs/design/firmware.md is the page.
"""

from gaitcore.compat import const

LOG = "/formclip.log"
SPARE_B = const(32768)  # what the drive keeps free beside the log
RESTART_AT = const(64)  # of alarm.sleep_memory: where `formclip deploy --port` leaves its mark for boot.py
RESTART_MARK = const(87)  # the computer writes the drive after this restart
GUARD_AT = const(68)  # of alarm.sleep_memory: the watchdog's mark, see hw/clock.py; 65..67 are safemode.py's

BLOCK_B = const(512)
STAGES = const(6)
# Places, in pages of 4,096 bytes.
CONFIG_AT = const(2)
STAGE_AT = const(6)
KEEP_AT = const(18)
HOME_AT = const(23)
LEAST_PAGES = const(32)

NEW_MAGIC = b"FCLN"  # page 0 of a file that was just made: what stands in the others is of before
FILE_MAGIC = b"FCLF\x01"
# Behind each copy of a page: magic, number, session, boot, page number, home slot, CRC of the page and of these.
TRAILER = "<4sIIIHHI"
TRAILER_B = const(24)
TRAILER_MAGIC = b"FCLU"
OLD_TRAILER_MAGIC = b"FCLT"  # the CRC is of the page's own CRC and of these
# Before the config: magic, number, length, version, CRC.
CONFIG = "<4sIHHI"
CONFIG_B = const(16)
CONFIG_MAGIC = b"FCLC"
CONFIG_VERSION = const(1)  # deleted sessions as ranges; 0: as numbers, 255 at most


class DriveFault(OSError):
    """The log cannot be written. args: "readonly", "missing", "small" or "broken"."""
