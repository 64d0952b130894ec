"""What outlives the battery: settings and calibration as the log's config holds them, packed and read again."""

import struct

from gaitcore.calibration import Calibration
from gaitcore.compat import const

_VERSION = const(1)
_CALIBRATION = "<6fB"  # up, bias in dps, quality
_CALIBRATION_B = const(25)


def pack(settings, calibration=None):
    """version u8, length u16, the settings' values; then the calibration, if there is one."""
    values = settings.to_bytes()
    data = struct.pack("<BH", _VERSION, len(values)) + values
    if calibration is not None:
        kept = tuple(calibration.up) + tuple(calibration.bias_dps or (0.0, 0.0, 0.0)) + (int(calibration.quality),)
        data += struct.pack(_CALIBRATION, *kept)
    return data


def load(data, settings):
    """(calibration or None, how many settings were refused, whether the calibration made no sense); fills settings."""
    size = data[1] | data[2] << 8
    refused = len(settings.load_bytes(data[3 : 3 + size])) if data[0] == _VERSION else 1
    rest = data[3 + size :]
    if len(rest) == _CALIBRATION_B:
        kept = struct.unpack(_CALIBRATION, rest)
        length2 = sum([v * v for v in kept[:3]])
        if 0.9 < length2 < 1.1 and max([abs(v) for v in kept[3:6]]) < 20:
            return Calibration(list(kept[:3]), list(kept[3:6]), 10.0, kept[6], 0), refused, False
    return None, refused, bool(rest)
