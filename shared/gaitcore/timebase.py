"""Samples to milliseconds: the sensor's clock, off by up to 5 %, measured against the board's.

Theory of operation. The time of all that is logged is the board's, whose crystal is right to 0.005 %, counted from the
session's first sample. Now and then the caller says how many samples had come at which of the board's milliseconds: a
pair. From the pairs come two things.

    rate    the sensor's own, over the pairs of the last 5 to 10 min: cadence, contact, oscillation and angles use it
    line    milliseconds of a sample, at that rate from pair to pair; never back. What it is off by at one pair is made
            good by the next: bent, or forward at once after a gap whose length was guessed

A pair is known to a sample and a tick, so nothing is changed for less, 6 ms at 208 Hz: a sensor of just its nominal
rate gives the times that index_to_ms gives. The same pairs at the same samples give the same times: the log has them.
"""

from gaitcore.compat import const
from gaitcore.units import index_to_ms

_JUMP_MS = const(30)  # ahead by more: at once
_FIRST_MS = const(2000)  # from the first pair to the next; then twice as much each time
_MOST_MS = const(32000)
_LEAST_MS = const(1800)  # over less a rate would be noise
_OLD_MS = const(300000)
_OFF = 0.08  # of the nominal rate: farther off it is a gap that nobody told
_SLOWER = 0.02  # of a millisecond, at most, to let the board's time catch up


class Timebase:
    """Settings  rate_hz int, nominal
    In        pair(index, board_ms): so many samples had come by then, ints
              gap(): an unknown number was lost; reset(): index 0 comes next, the rate stays
              know(rate_hz): the rate, before the first sample
    Out       pair: True when rate_hz, float, is another now. ms(index): int, of a sample since the last pair but one
              next_index: a pair is wanted from there on. paired; index, board_ms: of the last
              zero_ms: the board's time of the session's 0
    """

    def __init__(self, rate_hz):
        self._nominal_hz = rate_hz
        self._noise_ms = 1000 // rate_hz + 2
        self.rate_hz = float(rate_hz)
        self.reset()

    def reset(self):
        self.paired = self._gap = False
        self.index = self.board_ms = self.zero_ms = self.next_index = 0
        self._apart_ms = _FIRST_MS
        self._base_index = self._base_ms = self._newer_index = self._newer_ms = 0
        # the line, and the one before it: from which sample and time, and ms a sample; 0.0 for index_to_ms
        self._from = self._from_ms = self._was_from = self._was_ms = 0
        self._slope = self._was_slope = 0.0 if self.rate_hz == self._nominal_hz else 1000.0 / self.rate_hz
        self._bent = False

    def know(self, rate_hz):
        self.rate_hz = rate_hz
        self.reset()

    def ms(self, index):
        n = index - self._from
        if n >= 0:
            slope, ms = self._slope, self._from_ms
        else:
            slope, ms = self._was_slope, self._was_ms
            n = index - self._was_from
        return ms + int(n * slope) if slope else index_to_ms(index, self._nominal_hz)

    def at(self, board_ms):
        """The session's time of one of the board's; None while they have not been tied."""
        return board_ms - self.zero_ms if self.paired else None

    def gap(self):
        self._gap = True

    def pair(self, index, board_ms):
        self.index, self.board_ms = index, board_ms
        rate_hz = self.rate_hz
        apart = int(self._apart_ms * rate_hz) // 1000
        self.next_index = index + apart
        self._apart_ms = min(2 * self._apart_ms, _MOST_MS)
        if not self.paired:
            self.paired = True
            self.zero_ms = board_ms - self.ms(index)
            self._begin(index, board_ms)
            return False
        late_ms = board_ms - self.zero_ms - self.ms(index)
        far = abs(late_ms) > self._noise_ms
        passed_ms = board_ms - self._base_ms
        if self._gap:
            self._begin(index, board_ms)
        elif far and passed_ms >= _LEAST_MS:
            rate_hz = 1000.0 * (index - self._base_index) / passed_ms
            if abs(rate_hz - self._nominal_hz) > _OFF * self._nominal_hz:
                rate_hz = self.rate_hz
                self._begin(index, board_ms)
        self._gap = False
        if passed_ms > _OLD_MS:
            self._base_index, self._base_ms = self._newer_index, self._newer_ms
            self._newer_index, self._newer_ms = index, board_ms
        changed = rate_hz != self.rate_hz
        self.rate_hz = rate_hz
        if far or self._bent:
            self._bend(index, late_ms if far else 0, apart)
        return changed

    def _begin(self, index, board_ms):
        """What the rate is measured from."""
        self._base_index = self._newer_index = index
        self._base_ms = self._newer_ms = board_ms

    def _bend(self, index, late_ms, apart):
        """A line from here on that has made good so much at the next pair."""
        ms = self.ms(index)
        self._was_from, self._was_ms, self._was_slope = self._from, self._from_ms, self._slope
        slope = 1000.0 / self.rate_hz
        self._bent = late_ms != 0
        if late_ms > _JUMP_MS:
            ms += late_ms
            self._bent = False
        elif late_ms:
            slope += max(late_ms / apart, -_SLOWER * slope)
        self._from, self._from_ms, self._slope = index, ms, slope
