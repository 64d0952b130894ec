"""Rhythm of running from the accelerometer alone: step period, cadence, activity. In work: the interface is fixed."""

from gaitcore.gate import STILL


class Rhythm:
    """Step period, cadence and activity, updated once per hop.

    Any sensor orientation: the vertical is the direction of the mean acceleration of the last second or so.

    Settings  rate_hz int 50..500
    In        push(acc): acc (3, n) FLOAT, rows ax ay az in g, n = rate_hz // 4; a shorter (last) hop is ignored
    Out       step_period_samples  float, samples at rate_hz; 0.0 when unknown. Set as soon as a rhythm that could be
                                   running is seen (about 1 s), before running is confirmed: steps can be found and held
              cadence_spm          float, steps/min over the last 4 s; 0.0 when not running
              activity             STILL, WALKING, RUNNING, OTHER of gate.py
              bout_start           int, sample index (counted from the first push) where the present rhythm began: when
                                   activity turns RUNNING, held steps from here on belong to the bout; -1 when no rhythm
    Latency   running is confirmed 2 to 5 s after it began (look back to bout_start); it is lost within 1.5 s of stopping
    """

    def __init__(self, rate_hz):
        if not 50 <= rate_hz <= 500 or rate_hz != int(rate_hz):
            raise ValueError("rate_hz must be a whole number in 50..500, got %r" % (rate_hz,))
        self.rate_hz = int(rate_hz)
        self.reset()

    def reset(self):
        self.step_period_samples = 0.0
        self.cadence_spm = 0.0
        self.activity = STILL
        self.bout_start = -1

    def push(self, acc):
        raise NotImplementedError
