"""The LED: a few blinks in a colour, without waiting."""

from gaitcore.compat import const, ticks_add, ticks_diff

RED = const(1)
GREEN = const(2)
BLUE = const(4)
_ON_MS = const(80)
_OFF_MS = const(220)


class Led:
    """Settings  outputs: DigitalInOut of red, green, blue or None; on: the level that lights
    In        show(colour, blinks, now_ms, on_ms); poll(now_ms). A colour the board lacks is shown by the one it has
    Out       poll gives ms until the next switch, -1 when dark
    """

    def __init__(self, outputs, on):
        self._outputs = outputs
        self._on = on
        self.enabled = True
        self._left = 0
        self._lit = False
        self._due_ms = 0
        self._mask = self._on_ms = 0
        self._set(0)

    def _set(self, mask):
        for i in range(3):
            if self._outputs[i] is not None:
                self._outputs[i].value = bool(mask >> i & 1) == self._on

    def show(self, colour, blinks, now_ms, on_ms=_ON_MS):
        if not self.enabled:
            return
        mask = 0
        for i in range(3):
            if colour >> i & 1:
                mask |= 1 << (i if self._outputs[i] is not None else 0 if i == 1 else i)
        self._mask = mask
        self._left = blinks
        self._on_ms = on_ms
        self._lit = False
        self._due_ms = now_ms
        self.poll(now_ms)

    def poll(self, now_ms):
        while self._left:
            wait_ms = ticks_diff(self._due_ms, now_ms)
            if wait_ms > 0:
                return wait_ms
            self._lit = not self._lit
            self._set(self._mask if self._lit else 0)
            self._due_ms = ticks_add(self._due_ms, self._on_ms if self._lit else _OFF_MS)
            if not self._lit:
                self._left -= 1
        return -1
