"""Means per running minute, the runner's own baseline, and drift through a run.

Whole numbers throughout: what the log holds can be counted again on the desktop to the last digit.
"""

from gaitcore import records
from gaitcore.compat import const

NO_VALUE = const(-32768)  # in a minute's row: not measured
_BREAK_MS = const(1500)  # a longer gap between contacts is not running

# Rows of a minute: cadence [0.1 steps/min], contact [0.1 ms], flight [0.1 ms], vo [0.1 mm], tilt [0.01 deg], ranges of
# tilt, drop and rotation [0.01 deg], braking [mm/s]. Scale of the mean, per count of the record's field:
_SCALES = b"\x01\x14\x0a\x0a\x01\x14\x14\x14\x04"
_OWN_SCALES = b"\x01\x01\x04"
CADENCE, TILT, PELVIS_LOSS = const(0), const(4), const(8)  # rows that make the own baseline
N_ROWS = const(9)


class Baseline:
    """Means of each metric per running minute; the own baseline from the first quiet minutes.

    A running minute is a minute of the session's clock in which steps were recorded. The baseline is the
    mean over `baseline_s` of running, after the first `baseline_skip_s` of it in which the gait settles.

    In        update(fields, t_ms): one quantised step. finish(): the session ends
    Out       update is a sum of MINUTE (a minute has ended; `minute` holds the values of its event) and
              OWN (`own` is now known: cadence 0.1 steps/min, tilt 0.01 deg or NO_VALUE, braking mm/s or NO_VALUE)
    State     18 ints for the minute, 6 for the baseline: sums of the values, and of steps without one
    """

    MINUTE = 1
    OWN = 2

    def __init__(self, settings):
        self.configure(settings)
        self.reset()

    def configure(self, settings):
        """Settings as they are now; before the first step."""
        self._skip_ms = settings.baseline_skip_s * 1000
        self._end_ms = self._skip_ms + settings.baseline_s * 1000

    def reset(self):
        self.minute = None
        self.own = None
        self._running_ms = 0
        self._last_ms = -1
        self._contact = 0
        self._minute_number = 0
        self._steps = self._own_steps = 0
        self._sums = [0] * N_ROWS
        self._without = [0] * N_ROWS
        self._own = [0] * 6  # sums of CADENCE, TILT, PELVIS_LOSS; then steps without

    def update(self, fields, t_ms):
        news = 0
        if t_ms // 60000 != self._minute_number:
            news = self.finish()
            self._minute_number = t_ms // 60000
        last_ms = self._last_ms
        dt_ms = t_ms - last_ms if last_ms >= 0 else _BREAK_MS
        self._last_ms = t_ms
        flight_ms = 0
        if dt_ms < _BREAK_MS:
            self._running_ms += dt_ms
            if self._contact:
                flight_ms = dt_ms - 2 * self._contact
        self._steps += 1
        sums, without = self._sums, self._without
        self._contact = contact = fields[records.CONTACT]
        flags = fields[records.FLAGS]
        cadence = fields[records.CADENCE]
        tilt, brake = fields[records.TILT], fields[records.PELVIS_LOSS]
        # Row by row: a loop over a table takes three times as long, once a step.
        if cadence:
            sums[0] += cadence
        else:
            without[0] += 1
        if contact:
            sums[1] += contact
        else:
            without[1] += 1
        if flight_ms:
            sums[2] += flight_ms
        else:
            without[2] += 1
        value = fields[records.VO]
        if value == records.NONE:
            without[3] += 1
        else:
            sums[3] += value
        if flags & records.NO_TILT_FLAGS or tilt == records.NO_TILT:
            tilt = records.NO_TILT
            without[TILT] += 1
        else:
            sums[TILT] += tilt
        value = fields[records.TILT_RANGE]
        if value == records.NONE:
            without[5] += 1
        else:
            sums[5] += value
        value = fields[records.DROP_RANGE]
        if value == records.NONE:
            without[6] += 1
        else:
            sums[6] += value
        value = fields[records.ROTATION_RANGE]
        if value == records.NONE:
            without[7] += 1
        else:
            sums[7] += value
        if flags & records.BLANKED or brake == records.NONE:
            brake = records.NONE
            without[PELVIS_LOSS] += 1
        else:
            sums[PELVIS_LOSS] += brake
        if self.own is None and self._running_ms >= self._skip_ms:
            news |= self._learn(cadence, tilt, brake)
        return news

    def _learn(self, cadence, tilt, brake):
        """One more step after the gait has settled."""
        own = self._own
        if self._running_ms < self._end_ms:
            own[0] += cadence
            own[3] += not cadence
            if tilt == records.NO_TILT:
                own[4] += 1
            else:
                own[1] += tilt
            if brake == records.NONE:
                own[5] += 1
            else:
                own[2] += brake
            self._own_steps += 1
            return 0
        steps = self._own_steps
        self.own = [_mean(own[k], steps - own[3 + k], _OWN_SCALES[k]) for k in range(3)]
        return self.OWN

    def finish(self):
        if not self._steps:
            return 0
        steps = self._steps
        sums, without = self._sums, self._without
        self.minute = [self._minute_number, steps]
        for r in range(N_ROWS):
            self.minute.append(_mean(sums[r], steps - without[r], _SCALES[r]))
            sums[r] = without[r] = 0
        self._steps = 0
        return self.MINUTE


def _mean(total, count, scale):
    """Rounded total * scale / count, in the range of int16."""
    if not count:
        return NO_VALUE
    whole, rest = total // count, total % count  # apart, so that 31 bits suffice
    return max(-32767, min(32767, whole * scale + (2 * rest * scale + count) // (2 * count)))


def drift(minutes, row):
    """(mean of the first third, of the last third) of one row of the minutes' events, weighted by steps.

    In        minutes: list of the values of MINUTE events, whole minutes of a run; row 0..8 as listed above
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
