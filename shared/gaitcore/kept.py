"""What App.config kept, read again at the start; then this code is let go."""

import struct

from gaitcore.calibration import Calibration

_CALIBRATION = "<6fB"  # up, bias in dps, quality
_CALIBRATION_B = 25


def load(data, settings):
    """(calibration or None, how many settings were refused, whether the calibration made no sense); fills settings."""
    size = data[1] | data[2] << 8
    refused = len(settings.load_bytes(data[3 : 3 + size])) if data[0] == 1 else 1
    rest = data[3 + size :]
    if len(rest) == _CALIBRATION_B:
        kept = struct.unpack(_CALIBRATION, rest)
        length2 = sum([v * v for v in kept[:3]])
        if 0.9 < length2 < 1.1 and max([abs(v) for v in kept[3:6]]) < 20:
            return Calibration(list(kept[:3]), list(kept[3:6]), 10.0, kept[6], 0), refused, False
    return None, refused, bool(rest)
