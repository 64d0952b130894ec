"""CircuitPython's `alarm`: light and deep sleep until a pin or a time. Pin alarms are by level, as on the nRF52840."""

import world as _world

_w = _world.world
wake_alarm = _w.wake_alarm


class _PinAlarm:
    def __init__(self, pin, value, edge=False, pull=False):
        if edge:
            raise ValueError("Cannot wake on pin edge. Only level.")
        if pin.owner is not None:
            raise ValueError("%s in use" % pin.name)
        self.pin = pin
        self.value = value
        self._pull = pull

    def due_us(self):
        return None

    def triggered(self):
        pin = self.pin
        for chip in _w.chips:
            if getattr(chip, "int1", None) is pin:
                chip.next_interrupt()
        pin.pull = (not self.value) if self._pull else None
        hit = pin.level() == self.value
        pin.pull = None
        return hit


class _TimeAlarm:
    def __init__(self, monotonic_time=None, epoch_time=None):
        self.monotonic_time = monotonic_time
        self._due_us = int(monotonic_time * 1000000)

    def due_us(self):
        return self._due_us

    def triggered(self):
        return _w.now_us >= self._due_us


class pin:
    PinAlarm = _PinAlarm


class time:
    TimeAlarm = _TimeAlarm


def wait(alarms):
    """Advance to the first of the alarms; the runner uses it for deep sleep too."""
    due = [a.due_us() for a in alarms if a.due_us() is not None]
    limit = min(due) if due else None
    while True:
        for a in alarms:
            if a.triggered():
                return a
        step = 10000
        if limit is not None:
            step = min(step, max(1, limit - _w.now_us))
        _w.advance(step)


def light_sleep_until_alarms(*alarms):
    global wake_alarm
    if not alarms:
        return None
    _w.record("sleep", "light")
    wake_alarm = wait(alarms)
    _w.record("sleep", "awake")
    return wake_alarm


def exit_and_deep_sleep_until_alarms(*alarms, preserve_dios=()):
    raise _world.DeepSleep(alarms)


class _SleepMemory(bytearray):
    pass


sleep_memory = _w.config.setdefault("sleep_memory", bytearray(256))
