"""CircuitPython's `microcontroller`: nvm, watchdog, reset, what woke it."""

import world as _world
from watchdog import WatchDogMode

_w = _world.world


class ResetReason:
    POWER_ON = "POWER_ON"
    BROWNOUT = "BROWNOUT"
    SOFTWARE = "SOFTWARE"
    DEEP_SLEEP_ALARM = "DEEP_SLEEP_ALARM"
    RESET_PIN = "RESET_PIN"
    WATCHDOG = "WATCHDOG"
    UNKNOWN = "UNKNOWN"
    RESCUE_DEBUG = "RESCUE_DEBUG"


class RunMode:
    NORMAL = "NORMAL"
    SAFE_MODE = "SAFE_MODE"
    UF2 = "UF2"
    BOOTLOADER = "BOOTLOADER"


class _Nvm:
    """Bytes kept without supply. Each assignment erases and writes a page: 90 ms, torn by a power cut."""

    def __init__(self, path, size):
        self._path = path
        self._size = size
        try:
            with _world.sys_open(path, "rb") as f:
                f.read(1)
        except OSError:
            self._fill()

    def _fill(self):
        with _world.sys_open(self._path, "wb") as f:
            for _ in range(self._size // 256):
                f.write(b"\xff" * 256)

    def __len__(self):
        return self._size

    def _span(self, index):
        if isinstance(index, slice):
            return index.start or 0, self._size if index.stop is None else index.stop
        return index, index + 1

    def __getitem__(self, index):
        start, stop = self._span(index)
        with _world.sys_open(self._path, "rb") as f:
            f.seek(start)
            data = f.read(stop - start)
        return bytearray(data) if isinstance(index, slice) else data[0]

    def __setitem__(self, index, value):
        start, stop = self._span(index)
        value = bytes(value) if isinstance(index, slice) else bytes([value])
        if not 0 <= start <= stop <= self._size:
            raise IndexError("Index out of range")
        if stop - start != len(value):
            raise ValueError("Slice and value different lengths.")
        if bytes(self[start:stop]) == value:
            return
        try:
            _w.advance(90000)
        except _world.PowerLost:
            self._fill()
            raise
        with _world.sys_open(self._path, "r+b") as f:
            f.seek(start)
            f.write(value)


class _WatchDogTimer:
    def __init__(self):
        self._timeout_s = None
        self._mode = None
        self.deadline_us = None

    @property
    def timeout(self):
        return self._timeout_s

    @timeout.setter
    def timeout(self, seconds):
        if self._mode is not None:
            raise ValueError("timeout cannot be changed once the watchdog runs")
        if seconds <= 0:
            raise ValueError("timeout must be >= 0")
        self._timeout_s = seconds

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, value):
        if self._mode == WatchDogMode.RESET:
            raise RuntimeError("WatchDogTimer cannot be deinitialized once mode is set to RESET")
        if self._timeout_s is None:
            raise ValueError("timeout must be set first")
        self._mode = value
        _w.watchdog = self
        self.feed()

    def feed(self):
        if self._mode is None:
            raise ValueError("watchdog not running")
        self.deadline_us = _w.now_us + int(self._timeout_s * 1000000)

    def bite(self):
        """CircuitPython's handler restarts by software in the 61 us that are left, unless it comes too late."""
        _w.record("watchdog", "bite")
        if _w.config.get("dog", "SOFTWARE") == "SOFTWARE":
            reset()
        raise _world.BoardReset("WATCHDOG", "WATCHDOG" if _w.usb else "NONE", True)


class _Processor:
    frequency = 64000000
    temperature = 25.0
    voltage = 3.3
    uid = b"\x5a\x17\xc1\x1b\x00\x00\x00\x01"

    @property
    def reset_reason(self):
        return getattr(ResetReason, _w.reset_reason)


Pin = _world.Pin
cpu = _Processor()
nvm = _Nvm(_w.config["nvm"], _w.config["board"]["nvm_b"])
watchdog = _WatchDogTimer()


def reset():
    raise _world.BoardReset("SOFTWARE", "NONE", False)


def on_next_reset(mode):
    _w.record("next_reset", mode)


def delay_us(us):
    _w.advance(us)
