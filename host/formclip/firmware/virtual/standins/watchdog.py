"""CircuitPython's `watchdog`: once in RESET mode it can't be stopped, as on the nRF52840."""


class WatchDogMode:
    RAISE = "RAISE"
    RESET = "RESET"


class WatchDogTimeout(Exception):
    pass
