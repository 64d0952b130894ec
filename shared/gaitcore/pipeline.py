"""The signal chain: blocks of the sensor in, one Step per foot contact out.

Composes the modules and owns nothing but the order of work. See docs/algorithms.md.
"""

STILL, WALKING, RUNNING, OTHER = 0, 1, 2, 3
LEFT, RIGHT, UNKNOWN = 0, 1, 2
BLANKED, SATURATED, SETTLING, GAP, SLIPPED = 1, 2, 4, 8, 16

# Kinds of events: (kind, index, value). The index counts samples of the sensor.
CALIBRATED = 1  # value: quality 0..100
REFUSED = 2  # value: one of the reasons below
SLIP = 3  # value: degrees the clip has turned on the body, rounded
ACTIVITY = 4  # value: STILL, WALKING, RUNNING or OTHER

# Reasons for REFUSED.
MOVED = 1  # the runner moved before enough seconds were in
NOT_UPRIGHT = 2  # running does not fit the standing: the clip was not worn as calibrated


class Step:
    """One step in physical units; None where it could not be measured.

    on_ms int (initial contact, ms of the sample clock), contact_ms, cadence_spm, tilt_deg (relative
    to standing, positive = arched), tilt_range_deg, drop_range_deg, rotation_range_deg, vo_cm,
    brake_raw_mps, impact_g, feature 0..255 floats, side LEFT RIGHT UNKNOWN, flags bits.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.on_ms = 0
        self.contact_ms = self.cadence_spm = self.tilt_deg = None
        self.tilt_range_deg = self.drop_range_deg = self.rotation_range_deg = None
        self.vo_cm = self.brake_raw_mps = self.impact_g = self.feature = None
        self.side = UNKNOWN
        self.flags = 0


class Pipeline:
    """From blocks of six sensor rows to Steps and events; the same for any splitting of the input.

    Settings  rate_hz int 50..500; settings gaitcore settings or None for the defaults; has_gyro
    In        push(block): (6, m) FLOAT, rows ax ay az [g] gx gy gz [dps], sensor axes, m >= 1;
              without a gyroscope the last three rows are ignored
              lost(n): n samples are missing before the next block
              blank(n): the accelerometer is not to be trusted for n samples from now
              calibrate(): start a standing calibration now (implied at the start)
              flush(): no more data; gives the steps that still waited
    Out       list of Step, the same list each call; valid until the next call
              events, index, cadence_spm, activity, up, calibration
    Latency   about one step plus a hop of a quarter of a second; the first steps of a bout come
              together once running is confirmed
    """

    def __init__(self, rate_hz, settings=None, has_gyro=True):
        if not 50 <= rate_hz <= 500:
            raise ValueError("rate_hz must be 50..500, is %s" % rate_hz)
        self.rate_hz = rate_hz
        self.has_gyro = has_gyro
        self.index = 0
        self.cadence_spm = 0.0
        self.activity = STILL
        self.up = [0.0, 1.0, 0.0]
        self.calibration = None
        self.events = []
        self._steps = []

    def push(self, block):
        self.events.clear()
        self._steps.clear()
        self.index += block.shape[1]
        return self._steps

    def flush(self):
        self.events.clear()
        self._steps.clear()
        return self._steps

    def lost(self, n):
        self.index += n

    def blank(self, n):
        pass

    def calibrate(self):
        pass
