"""CircuitPython's `pwmio`: the duty is recorded as `pwm PIN thousandths`; on the motor's pin as `motor` too."""

import world as _world


class PWMOut:
    def __init__(self, pin, *, duty_cycle=0, frequency=500, variable_frequency=False):
        if not isinstance(pin, _world.Pin):
            raise TypeError("pin must be of type Pin")
        pin.claim("PWMOut")
        self._pin = pin
        self._duty = 0
        self.frequency = frequency
        self.duty_cycle = duty_cycle

    def deinit(self):
        if self._pin is not None:
            self.duty_cycle = 0
            self._pin.release()
            self._pin = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.deinit()

    @property
    def duty_cycle(self):
        return self._duty

    @duty_cycle.setter
    def duty_cycle(self, value):
        if self._pin is None:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")
        if not 0 <= value <= 65535:
            raise ValueError("duty_cycle must be 0-65535")
        if value == self._duty:
            return
        self._duty = value
        w = _world.world
        w.advance(2)
        level = value * 1000 // 65535
        motor = w.named(w.config["board"]["motor"])
        if self._pin is motor:
            w.record("motor", level)
        else:
            w.record("pwm", "%s %d" % (self._pin.name, level))
