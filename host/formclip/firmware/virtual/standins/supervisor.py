"""CircuitPython's `supervisor`: ticks that start 65 s before they wrap, the runtime's switches."""

import world as _world

_START_MS = (1 << 29) - 65000


def ticks_ms():
    return (_START_MS + _world.world.asked() // 1000) & ((1 << 29) - 1)


def reload():
    raise _world.BoardReset("SOFTWARE", False)


def set_next_code_file(filename, **_):
    pass


def disable_ble_workflow():
    if _world.world.stage != "boot":
        raise RuntimeError("Cannot change the BLE workflow now")


class _Runtime:
    autoreload = True
    ble_workflow = True

    @property
    def usb_connected(self):
        return _world.world.usb

    @property
    def serial_connected(self):
        return _world.world.usb


runtime = _Runtime()
