"""CircuitPython's `busio.I2C`: must be locked, must find its pull-ups, fails as the board does.

The wires lead to the chips of the world; each transaction takes the time of its bits.
"""

import world as _world

_ENODEV, _EIO = 19, 5
_GIVES_UP_US = 1000000  # a transfer on a bus that something holds low


class I2C:
    def __init__(self, scl, sda, *, frequency=100000, timeout=255):
        w = self._world = _world.world
        self._deinited = False
        self._locked = False
        self._frequency = frequency
        if not 100000 <= frequency <= 400000:
            raise ValueError("Unsupported baudrate")
        bus = w.config["board"]["imu_bus"]
        self._on_imu_bus = [scl.name, sda.name] == [w.named(a).name for a in bus]
        if not self._pull_ups(scl, sda):
            raise RuntimeError("No pull up found on SDA or SCL; check your wiring")
        scl.claim("I2C")
        try:
            sda.claim("I2C")
        except ValueError:
            scl.release()
            raise
        self._pins = (scl, sda)

    def _pull_ups(self, scl, sda):
        return any(c.supplied() for c in self._wired(scl, sda)) and not (scl.held or sda.held)

    def _wired(self, scl, sda):
        return [s for s in self._world.config["sockets"] if s.scl is scl and s.sda is sda]

    def deinit(self):
        if not self._deinited:
            for pin in self._pins:
                pin.release()
            self._deinited = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.deinit()

    def try_lock(self):
        self._check_alive()
        if self._locked:
            return False
        self._locked = True
        return True

    def unlock(self):
        self._check_alive()
        self._locked = False

    def _check_alive(self):
        if self._deinited:
            raise ValueError("Object has been deinitialized and can no longer be used. Create a new object.")

    def _begin(self, address, n):
        self._check_alive()
        if not self._locked:
            raise RuntimeError("Function requires lock")
        w = self._world
        took_us = (n + 1) * 9 * 1000000 // self._frequency + 20
        w.advance(took_us)
        if w.config.get("trace_parts"):
            w.record("burst", took_us)
        if self._pins[0].held or self._pins[1].held:
            w.advance(_GIVES_UP_US)
            raise OSError(_EIO, "Input/output error")
        if w.bus_errors:
            w.bus_errors -= 1
            raise OSError(_EIO, "Input/output error")
        if address is None:
            return None
        for socket in self._wired(*self._pins):
            chip = socket.chip
            if chip.address == address and chip.answers():
                return chip
        raise OSError(_ENODEV, "No such device")

    def scan(self):
        self._begin(None, 112)
        return [s.chip.address for s in self._wired(*self._pins) if s.chip.answers()]

    def writeto(self, address, buffer, *, start=0, end=None):
        end = len(buffer) if end is None else end
        chip = self._begin(address, end - start)
        chip.write(bytes(memoryview(buffer)[start:end]))

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        end = len(buffer) if end is None else end
        self._begin(address, end - start).read_into(buffer, start, end)

    def writeto_then_readfrom(
        self, address, out_buffer, in_buffer, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        out_end = len(out_buffer) if out_end is None else out_end
        in_end = len(in_buffer) if in_end is None else in_end
        chip = self._begin(address, out_end - out_start + in_end - in_start + 1)
        chip.write(bytes(memoryview(out_buffer)[out_start:out_end]))
        chip.read_into(in_buffer, in_start, in_end)
