"""CircuitPython's `supervisor`: ticks that start 65 s before they wrap, the runtime's switches."""

import world as _world

_START_MS = (1 << 29) - 65000


def ticks_ms():
    w = _world.world
    return (_START_MS + w.asked() // 1000 - w.ticks_lost_ms) & ((1 << 29) - 1)


def reload():
    raise _world.Reload()


class RunReason:
    STARTUP = "STARTUP"
    AUTO_RELOAD = "AUTO_RELOAD"
    SUPERVISOR_RELOAD = "SUPERVISOR_RELOAD"
    REPL_RELOAD = "REPL_RELOAD"


class SafeModeReason:
    NONE = "NONE"
    BROWNOUT = "BROWNOUT"
    FLASH_WRITE_FAIL = "FLASH_WRITE_FAIL"
    GC_ALLOC_OUTSIDE_VM = "GC_ALLOC_OUTSIDE_VM"
    HARD_FAULT = "HARD_FAULT"
    INTERRUPT_ERROR = "INTERRUPT_ERROR"
    NLR_JUMP_FAIL = "NLR_JUMP_FAIL"
    NO_CIRCUITPY = "NO_CIRCUITPY"
    NO_HEAP = "NO_HEAP"
    PROGRAMMATIC = "PROGRAMMATIC"
    SAFEMODE_PY_ERROR = "SAFEMODE_PY_ERROR"
    SDK_FATAL_ERROR = "SDK_FATAL_ERROR"
    STACK_OVERFLOW = "STACK_OVERFLOW"
    USB_BOOT_DEVICE_NOT_INTERFACE_ZERO = "USB_BOOT_DEVICE_NOT_INTERFACE_ZERO"
    USB_TOO_MANY_ENDPOINTS = "USB_TOO_MANY_ENDPOINTS"
    USB_TOO_MANY_INTERFACE_NAMES = "USB_TOO_MANY_INTERFACE_NAMES"
    USER = "USER"
    WATCHDOG = "WATCHDOG"


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
    def run_reason(self):
        return getattr(RunReason, _world.world.run_reason)

    @property
    def safe_mode_reason(self):
        return getattr(SafeModeReason, _world.world.safe_mode)

    @property
    def serial_connected(self):
        return _world.world.usb


runtime = _Runtime()
