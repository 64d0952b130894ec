"""Means per running minute, the runner's own baseline, and drift through a run.

Whole numbers throughout: what the log holds can be counted again on the desktop to the last digit.
"""

from gaitcore import records
from gaitcore.compat import const

NO_VALUE = const(-32768)  # in a minute's row: not measured
_UNTRUSTED = const(4 | 16)  # SETTLING, SLIPPED: no tilt
_BLANKED = const(1)
_BREAK_MS = const(1500)  # a longer gap between contacts is not running

# field, its value when not measured, scale of a minute's mean per count of the field; flight is in row 2
_ROWS = (
    (records.CADENCE, 0, 1),  # 0.1 steps/min
    (records.CONTACT, 0, 20),  # 0.1 ms
    (-1, 0, 10),  # flight, 0.1 ms
    (records.VO, 255, 10),  # 0.1 mm
    (records.TILT, records.NO_TILT, 1),  # 0.01 deg
    (records.TILT_RANGE, 255, 20),  # 0.01 deg
    (records.DROP_RANGE, 255, 20),
    (records.ROTATION_RANGE, 255, 20),
    (records.BRAKE, 255, 4),  # mm/s
)
CADENCE, TILT, BRAKE = const(0), const(4), const(8)  # rows that make the own baseline
N_ROWS = const(9)


class Baseline:
    """Means of each metric per running minute; the own baseline from the first quiet minutes.

    A running minute is a minute of the session's clock in which steps were recorded. The baseline is the
    mean over `baseline_s` of running, after the first `baseline_skip_s` of it in which the gait settles.

    In        update(fields, t_ms): one quantised step. finish(): the session ends
    Out       update is a sum of MINUTE (a minute has ended; `minute` holds the values of its event) and
              OWN (`own` is now known: cadence 0.1 steps/min, tilt 0.01 deg or NO_VALUE, braking mm/s or NO_VALUE)
    State     18 ints for the minute, 6 for the baseline
    """

    MINUTE = 1
    OWN = 2

    def __init__(self, settings):
        self._skip_ms = settings.baseline_skip_s * 1000
        self._end_ms = self._skip_ms + settings.baseline_s * 1000
        self.reset()

    def reset(self):
        self.minute = None
        self.own = None
        self._running_ms = 0
        self._last_ms = -1
        self._contact = 0
        self._minute_number = 0
        self._steps = 0
        self._sums = [0] * N_ROWS
        self._counts = [0] * N_ROWS
        self._own_sums = [0] * N_ROWS
        self._own_counts = [0] * N_ROWS

    def update(self, fields, t_ms):
        news = 0
        if t_ms // 60000 != self._minute_number:
            news = self.finish()
            self._minute_number = t_ms // 60000
        dt_ms = t_ms - self._last_ms if self._last_ms >= 0 else _BREAK_MS
        self._last_ms = t_ms
        flight_ms = 0
        if dt_ms < _BREAK_MS:
            self._running_ms += dt_ms
            flight_ms = dt_ms - 2 * self._contact if self._contact else 0
        self._contact = fields[records.CONTACT]
        self._steps += 1
        in_own = self.own is None and self._skip_ms <= self._running_ms < self._end_ms
        flags = fields[records.FLAGS]
        for row in range(N_ROWS):
            field, none, _ = _ROWS[row]
            value = fields[field] if field >= 0 else flight_ms
            if value == none or (row == TILT and flags & _UNTRUSTED) or (row == BRAKE and flags & _BLANKED):
                continue
            self._sums[row] += value
            self._counts[row] += 1
            if in_own:
                self._own_sums[row] += value
                self._own_counts[row] += 1
        if self.own is None and self._running_ms >= self._end_ms:
            self.own = [_mean(self._own_sums[r], self._own_counts[r], _ROWS[r][2]) for r in (CADENCE, TILT, BRAKE)]
            news |= self.OWN
        return news

    def finish(self):
        if not self._steps:
            return 0
        means = [_mean(self._sums[r], self._counts[r], _ROWS[r][2]) for r in range(N_ROWS)]
        self.minute = [self._minute_number, self._steps] + means
        self._steps = 0
        for r in range(N_ROWS):
            self._sums[r] = self._counts[r] = 0
        return self.MINUTE


def _mean(total, count, scale):
    """Rounded total * scale / count, in the range of int16."""
    if not count:
        return NO_VALUE
    whole, rest = total // count, total % count  # apart, so that 31 bits suffice
    return max(-32767, min(32767, whole * scale + (2 * rest * scale + count) // (2 * count)))


def drift(minutes, row):
    """(mean of the first third, of the last third) of one row of the minutes' events, weighted by steps.

    In        minutes: list of the values of MINUTE events, whole minutes of a run; row 0..8 as in `_ROWS`
    Out       two ints in the row's scale; NO_VALUE where nothing was measured
    """
    third = (len(minutes) + 2) // 3
    out = []
    for part in (minutes[:third], minutes[len(minutes) - third :]):
        total = steps = 0
        for minute in part:
            if minute[2 + row] != NO_VALUE:
                total += minute[2 + row] * minute[1]
                steps += minute[1]
        out.append(_mean(total, steps, 1))
    return out
