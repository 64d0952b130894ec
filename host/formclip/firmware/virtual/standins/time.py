"""CircuitPython's `time` on the virtual clock. `monotonic` has the device's steps: 22 bits of significand."""

import world as _world


def sleep(seconds):
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _world.world.advance(int(seconds * 1000000))


def monotonic():
    us = _world.world.asked()
    step = 1
    while us // step >= 1 << 22:
        step *= 2
    return (us // step * step) / 1000000


def monotonic_ns():
    return _world.world.asked() * 1000


def time():
    return 946684800 + _world.world.asked() // 1000000  # 2000-01-01: the clip has no clock
