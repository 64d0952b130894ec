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

# gap after each pulse, then the pulses, all ms; the first three take their pulse from the cue
_PATTERNS = (
    None,
    (120, 0, 0, 0),  # OVERSTRIDE
    (220, 0, 0),  # ARCH
    (0, 0),  # OK
    (0, 40),  # BEAT
    (120, 120, 300),  # START
    (120, 300, 120),  # STOP
    (150, 400),  # MUTE
    (150, 80, 80),  # UNMUTE
    (300, 60, 60, 60, 60),  # STAND
    (100, 60, 60, 300),  # SQUEEZE
    (120, 80, 80, 500),  # CALIBRATED
    (120, 500, 80, 80),  # REFUSED
    (150, 800),  # OFF
    (400, 150, 150, 150),  # LOW_BATTERY
    (400, 400, 400),  # LOG_FULL
    (150, 80, 80, 80, 80, 80, 80),  # SENSOR_FAULT
    (150, 400, 80, 400),  # DRIVE_FAULT
    (150, 80, 400, 80),  # SETTING_FAULT
    (0, 100),  # MARKER
    (150, 200, 80),  # PAUSE
    (150, 80, 200),  # RESUME
    (150, 300, 300, 80),  # SLIPPED
)


def sequence(pattern, pulse_ms, settings):
    """[(on_ms, off_ms, strength_pct), ...] of a pattern; pulse_ms counts for the three cues only."""
    strength_pct = settings.strength_pct
    if pattern == OK:
        strength_pct = strength_pct * settings.ok_strength_pct // 100
    row = _PATTERNS[pattern]
    pulses = [(on_ms or pulse_ms, row[0], strength_pct) for on_ms in row[1:]]
    pulses[-1] = (pulses[-1][0], 0, strength_pct)
    return pulses


def duration_ms(pattern, pulse_ms):
    """From the start of the first pulse to the end of the last."""
    row = _PATTERNS[pattern]
    total_ms = (len(row) - 2) * row[0]
    for on_ms in row[1:]:
        total_ms += on_ms or pulse_ms
    return total_ms
