"""Motor patterns: what each moment feels like, as pulses with known total time.

The runner feels three while running: overstride (three short), arch (two long), back in range (one
short, soft). The others answer a button or tell of a fault. The total time is known beforehand, so
that the session can blank the accelerometer for just as long.
"""

from gaitcore.compat import const

OVERSTRIDE = const(1)
ARCH = const(2)
OK = const(3)
BEAT = const(4)  # one metronome beat
START = const(5)
STOP = const(6)
MUTE = const(7)
UNMUTE = const(8)
STAND = const(9)  # stand still now: calibration begins
SQUEEZE = const(10)  # squeeze the glutes now
CALIBRATED = const(11)
REFUSED = const(12)  # calibration refused: the runner moved
OFF = const(13)
LOW_BATTERY = const(14)
LOG_FULL = const(15)
SENSOR_FAULT = const(16)
DRIVE_FAULT = const(17)
SETTING_FAULT = const(18)
MARKER = const(19)
PAUSE = const(20)
RESUME = const(21)
SLIPPED = const(22)
N_PATTERNS = const(23)

# For each pattern how many bytes follow; then the gap after each pulse and the pulses, all in 10 ms. The first three
# take their pulse from the cue. One object: tuples of these rows take four times the heap.
_PATTERNS = (
    b"\x04\x0c\x00\x00\x00"  # OVERSTRIDE: 120 0 0 0
    b"\x03\x16\x00\x00"  # ARCH: 220 0 0
    b"\x02\x00\x00"  # OK: 0 0
    b"\x02\x00\x04"  # BEAT: 0 40
    b"\x03\x0c\x0c\x1e"  # START: 120 120 300
    b"\x03\x0c\x1e\x0c"  # STOP: 120 300 120
    b"\x02\x0f\x28"  # MUTE: 150 400
    b"\x03\x0f\x08\x08"  # UNMUTE: 150 80 80
    b"\x05\x1e\x06\x06\x06\x06"  # STAND: 300 60 60 60 60
    b"\x04\x0a\x06\x06\x1e"  # SQUEEZE: 100 60 60 300
    b"\x04\x0c\x08\x08\x32"  # CALIBRATED: 120 80 80 500
    b"\x04\x0c\x32\x08\x08"  # REFUSED: 120 500 80 80
    b"\x02\x0f\x50"  # OFF: 150 800
    b"\x04\x28\x0f\x0f\x0f"  # LOW_BATTERY: 400 150 150 150
    b"\x03\x28\x28\x28"  # LOG_FULL: 400 400 400
    b"\x07\x0f\x08\x08\x08\x08\x08\x08"  # SENSOR_FAULT: 150 80 80 80 80 80 80
    b"\x04\x0f\x28\x08\x28"  # DRIVE_FAULT: 150 400 80 400
    b"\x04\x0f\x08\x28\x08"  # SETTING_FAULT: 150 80 400 80
    b"\x02\x00\x0a"  # MARKER: 0 100
    b"\x03\x0f\x14\x08"  # PAUSE: 150 200 80
    b"\x03\x0f\x08\x14"  # RESUME: 150 80 200
    b"\x04\x0f\x1e\x1e\x08"  # SLIPPED: 150 300 300 80
)

# The LED beside each pattern: blinks from bit LIGHT_BLINKS on, LIGHT_LONG for long ones, the colour.
LIGHT_RED = const(1)
LIGHT_GREEN = const(2)
LIGHT_BLUE = const(4)
LIGHT_COLOURS = const(7)
LIGHT_LONG = const(8)
LIGHT_BLINKS = const(4)
LIGHTS = (
    b"\x00"  # no pattern
    b"\x22\x22\x22"  # OVERSTRIDE ARCH OK: green 2x
    b"\x00"  # BEAT: nothing
    b"\x22"  # START: green 2x
    b"\x19"  # STOP: red 1x long
    b"\x24\x24"  # MUTE UNMUTE: blue 2x
    b"\x24\x24"  # STAND SQUEEZE: blue 2x
    b"\x22"  # CALIBRATED: green 2x
    b"\x21"  # REFUSED: red 2x
    b"\x19"  # OFF: red 1x long
    b"\x21"  # LOW_BATTERY: red 2x
    b"\x41\x41\x41\x41"  # LOG_FULL SENSOR_FAULT DRIVE_FAULT SETTING_FAULT: red 4x
    b"\x22\x22\x22"  # MARKER PAUSE RESUME: green 2x
    b"\x21"  # SLIPPED: red 2x
)


def _row(pattern):
    """Where the bytes of a pattern begin, and where they end."""
    at = 0
    for _ in range(pattern - 1):
        at += _PATTERNS[at] + 1
    return at + 1, at + 1 + _PATTERNS[at]


def sequence(pattern, pulse_ms, settings):
    """[(on_ms, off_ms, strength_pct), ...] of a pattern; pulse_ms counts for the three cues only."""
    strength_pct = settings.strength_pct
    if pattern == OK:
        strength_pct = strength_pct * settings.ok_strength_pct // 100
    at, end = _row(pattern)
    gap_ms = 10 * _PATTERNS[at]
    pulses = [(10 * _PATTERNS[i] or pulse_ms, gap_ms, strength_pct) for i in range(at + 1, end)]
    pulses[-1] = (pulses[-1][0], 0, strength_pct)
    return pulses


def duration_ms(pattern, pulse_ms):
    """From the start of the first pulse to the end of the last."""
    at, end = _row(pattern)
    total_ms = (end - at - 2) * 10 * _PATTERNS[at]
    for i in range(at + 1, end):
        total_ms += 10 * _PATTERNS[i] or pulse_ms
    return total_ms
