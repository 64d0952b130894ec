"""One button: short, double, long (2 s) and very long (6 s) presses.

    IDLE --down--> DOWN --up before 2 s--> WAIT --400 ms--> SHORT
                    |                       '--down--> SECOND --up--> DOUBLE
                    '--2 s--> LONG at once --6 s--> VERY_LONG at once

Long tells at 2 s, while the finger is still down, so that the runner feels when to let go; who holds on gets
VERY_LONG at 6 s. A level must stand for 20 ms to count.
"""

from gaitcore.compat import const, ticks_diff

SHORT = const(1)
DOUBLE = const(2)
LONG = const(3)
VERY_LONG = const(4)
_DEBOUNCE_MS = const(20)
_SECOND_MS = const(400)
_LONG_MS = const(2000)
_VERY_LONG_MS = const(6000)


class Button:
    """Settings  read(): True while pressed
    In        poll(now_ms), every 30 ms or oftener; look(now_ms): from within long work, what it finds waits for poll
    Out       poll gives 0 or one of the gestures; down; quiet: nothing is under way
    """

    def __init__(self, read):
        self._read = read
        self.down = self.quiet = False
        self._raw = False
        self._raw_ms = self._since_ms = 0
        self._presses = 0
        self._told = self._waiting = 0

    def reset(self):
        """Forget what is under way, as after sleep; a finger that is still down does nothing more."""
        self.down = self._raw = self._read()
        self._presses = 0
        self._told = VERY_LONG

    def look(self, now_ms):
        self._waiting = self._follow(now_ms) or self._waiting

    def poll(self, now_ms):
        if self._waiting:
            found, self._waiting = self._waiting, 0
            return found
        return self._follow(now_ms)

    def _follow(self, now_ms):
        raw = self._read()
        self.quiet = not (raw or self._raw or self.down or self._presses)
        if self.quiet:
            return 0
        if raw != self._raw:
            self._raw = raw
            self._raw_ms = now_ms
        if raw != self.down and ticks_diff(now_ms, self._raw_ms) >= _DEBOUNCE_MS:
            self.down = raw
            self._since_ms = self._raw_ms
            if raw:
                self._told = 0
            elif not self._told:
                self._presses += 1
                if self._presses == 2:
                    self._presses = 0
                    return DOUBLE
        held_ms = ticks_diff(now_ms, self._since_ms)
        if self.down:
            if self._told < LONG and held_ms >= _LONG_MS:
                self._told = LONG
                self._presses = 0
                return LONG
            if self._told == LONG and held_ms >= _VERY_LONG_MS:
                self._told = VERY_LONG
                return VERY_LONG
        elif self._presses and held_ms >= _SECOND_MS:
            self._presses = 0
            return SHORT
        return 0
