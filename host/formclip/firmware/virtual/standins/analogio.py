"""CircuitPython's `analogio.AnalogIn`, 3.3 V reference; the battery's divider hangs on its pin."""

import world as _world


class AnalogIn:
    def __init__(self, pin):
        if not isinstance(pin, _world.Pin):
            raise TypeError("pin must be of type Pin")
        pin.claim("AnalogIn")
        self._pin = pin

    def deinit(self):
        if self._pin is not None:
            self._pin.release()
            self._pin = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.deinit()

    reference_voltage = 3.3

    @property
    def value(self):
        if self._pin is None:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")
        w = _world.world
        w.advance(40)
        name, factor, enable = w.config["board"]["battery"]
        mv = 0
        if self._pin is w.named(name):
            # Without its switch pulled low the XIAO's divider floats at the battery's voltage.
            on = enable is None or w.named(enable).output is False
            mv = w.battery_mv * 1000 // factor if on else 3300
        return min(65535, mv * 65535 // 3300)
