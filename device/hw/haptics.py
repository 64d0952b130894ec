"""The motor: pulses played without waiting, on a transistor by PWM or through a DRV2605L.

Theory of operation. `play` queues one pattern behind the one that runs, `poll` in every turn of the loop switches the
motor when its time has come. A turn may come late, by 150 ms at the worst: each pulse and each pause lasts from its own
switch, so that late turns make a pattern longer and never a pulse shorter, which would not be felt. A pattern that
finds the queue taken is dropped, whichever it is: what the runner feels must stay readable.
"""

from gaitcore.compat import const, ticks_add, ticks_diff

_GAP_MS = const(400)


class Haptics:
    """Settings  level(pct): sets the motor's strength, 0 off
    In        play(pulses, now_ms, delay_ms): pulses [(on_ms, off_ms, strength_pct), ...]; poll(now_ms); stop()
    Out       play gives ms until the pattern begins, -1 if dropped; busy; left_ms(now_ms) of the pattern that runs;
              late_ms: how much longer than planned it takes, at the most, since somebody who heeds it put it to 0
    """

    def __init__(self, level):
        self._level = level
        self._pulses = self._waiting = None
        self.busy = False
        self.late_ms = 0
        self._i = 0
        self._on = False
        self._due_ms = 0
        self._end_ms = 0

    def play(self, pulses, now_ms, delay_ms=0):
        start_ms = ticks_add(now_ms, delay_ms)
        if self._pulses is not None:
            if self._waiting is not None:
                return -1
            behind_ms = ticks_add(self._end_ms, _GAP_MS)
            if ticks_diff(behind_ms, start_ms) > 0:
                start_ms = behind_ms
            self._waiting = (pulses, start_ms)
        else:
            self._begin(pulses, start_ms)
        return ticks_diff(start_ms, now_ms)

    def _begin(self, pulses, start_ms):
        self._pulses = pulses
        self.busy = True
        self._i = 0
        self._on = False
        self._due_ms = start_ms
        self._end_ms = ticks_add(start_ms, sum([p[0] + p[1] for p in pulses]))

    def poll(self, now_ms):
        """Switch what is due; ms until the next switch, -1 when idle."""
        while self._pulses is not None:
            wait_ms = ticks_diff(self._due_ms, now_ms)
            if wait_ms > 0:
                return wait_ms
            self.late_ms -= wait_ms
            self._end_ms = ticks_add(self._end_ms, -wait_ms)
            on_ms, off_ms, strength = self._pulses[self._i]
            if self._on:
                self._level(0)
                self._on = False
                self._due_ms = ticks_add(now_ms, off_ms)
                self._i += 1
                if self._i == len(self._pulses):
                    self._pulses = None
                    self.busy = False
                    if self._waiting is not None:
                        pulses, start_ms = self._waiting
                        self._waiting = None
                        late_ms = ticks_diff(ticks_add(now_ms, _GAP_MS), start_ms)
                        if late_ms > 0:
                            self.late_ms += late_ms
                            start_ms = ticks_add(start_ms, late_ms)
                        self._begin(pulses, start_ms)
            else:
                self._level(strength)
                self._on = True
                self._due_ms = ticks_add(now_ms, on_ms)
        return -1

    def left_ms(self, now_ms):
        return ticks_diff(self._end_ms, now_ms) if self.busy else 0

    def stop(self):
        self._pulses = self._waiting = None
        self._on = self.busy = False
        self._level(0)
