"""CircuitPython's `digitalio`: one owner per pin; outputs are recorded when they change."""

import world as _world


class Direction:
    INPUT = "INPUT"
    OUTPUT = "OUTPUT"


class Pull:
    UP = "UP"
    DOWN = "DOWN"


class DriveMode:
    PUSH_PULL = "PUSH_PULL"
    OPEN_DRAIN = "OPEN_DRAIN"


class DigitalInOut:
    def __init__(self, pin):
        if not isinstance(pin, _world.Pin):
            raise TypeError("pin must be of type Pin")
        pin.claim("DigitalInOut")
        self._pin = pin
        self._drives = None  # False, True while it is an output: what it was set to
        self._open_drain = False

    def _alive(self):
        if self._pin is None:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")
        return self._pin

    def deinit(self):
        if self._pin is not None:
            self._set(None)
            self._pin.release()
            self._pin = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.deinit()

    def _set(self, value):
        pin = self._pin
        rises = value and self._drives is False
        self._drives = value
        if rises:
            for chip in _world.world.chips:
                if getattr(chip, "scl", None) is pin:
                    chip.clocked()
        if self._open_drain and value:
            value = None  # let go: what else is on the wire decides
        if pin.output != value:
            pin.output = value
            w = _world.world
            w.record("pin", "%s %s" % (pin.name, "-" if value is None else int(value)))
            for chip in w.chips:
                chip.supply_changed()

    def switch_to_output(self, value=False, drive_mode=DriveMode.PUSH_PULL):
        self._alive().pull = None
        self._open_drain = drive_mode == DriveMode.OPEN_DRAIN
        self._set(bool(value))

    def switch_to_input(self, pull=None):
        pin = self._alive()
        self._open_drain = False
        self._set(None)
        pin.pull = None if pull is None else pull == Pull.UP

    @property
    def direction(self):
        self._alive()
        return Direction.INPUT if self._drives is None else Direction.OUTPUT

    @direction.setter
    def direction(self, value):
        if value == Direction.OUTPUT:
            self.switch_to_output()
        else:
            self.switch_to_input()

    @property
    def pull(self):
        pin = self._alive()
        if self._drives is not None:
            raise AttributeError("Cannot get pull while in output mode")
        return None if pin.pull is None else Pull.UP if pin.pull else Pull.DOWN

    @pull.setter
    def pull(self, value):
        self._alive().pull = None if value is None else value == Pull.UP

    @property
    def value(self):
        w = _world.world
        w.advance(2)
        for chip in w.chips:
            if getattr(chip, "int1", None) is self._pin:
                chip.next_interrupt()
        return self._alive().level()

    @value.setter
    def value(self, value):
        self._alive()
        if self._drives is None:
            raise AttributeError("Cannot set value when direction is input.")
        _world.world.advance(2)
        self._set(bool(value))
