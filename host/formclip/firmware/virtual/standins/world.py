"""The world around the virtual board: its clock, its wires, what happens to it, and what is seen of it.

One module per process, set up by the runner before any firmware loads; every other stand-in asks it.
Written in the device's subset of Python, so that it runs on any interpreter that can run the firmware.

Time is a whole number of microseconds since power-on and moves only when the firmware sleeps, talks to a
chip, waits for the flash or asks for the time; at speed "real" it also waits for the clock on the wall.
"""

sys_open = open  # the interpreter's own: `open` of the firmware is the drive's
_ASKING_US = 15  # what one look at the clock costs: keeps a loop that waits from standing still


class PowerLost(BaseException):
    """The supply is gone: nothing after this instant happened."""


class BoardReset(BaseException):
    """The board restarts.

    args: reset reason as in microcontroller.ResetReason; reason of the safe mode that it starts in, as in
    supervisor.SafeModeReason, or "NONE"; whether the counter of the ticks is lost, up to 512 s
    """


class Reload(BaseException):
    """The program ends and begins again; the board does not restart."""


class DeepSleep(BaseException):
    """Deep sleep until one of args[0], a tuple of alarms; then the board restarts."""


class RunEnded(BaseException):
    """The time asked for is over."""


class Pin:
    """One physical pin: what the outside drives it to (None: nothing) and what the board does with it."""

    def __init__(self, name):
        self.name = name
        self.outside = None  # False, True, or None where nothing is connected
        self.held = False  # a chip pulls it low, whatever the board does
        self.output = None  # False, True while the board drives it
        self.pull = None  # False down, True up
        self.volts = 0.0
        self.owner = None

    def claim(self, owner):
        if self.owner is not None:
            raise ValueError("%s in use" % self.name)
        self.owner = owner

    def release(self):
        self.owner = self.output = self.pull = None

    def level(self):
        if self.held:
            return False
        if self.output is not None:
            return self.output
        if self.outside is not None:
            return self.outside
        return bool(self.pull)

    def __repr__(self):
        return "board." + self.name


class World:
    """Clock, events, pins and recorder of one virtual board."""

    def __init__(self, config, wall=None):
        self.config = config
        self.now_us = 0
        self.until_us = int(config["until_s"] * 1000000)
        self.wall = wall  # (ticks_us(), sleep_us(n)) of the real clock: at speed "real", or with a radio
        self.paced = config.get("speed") == "real"
        self.linked = False  # somebody is connected: a person's computer, whose time is the wall's
        self._pacing = False
        self._wall_start_us = 0
        self._events = []  # (t_us, serial, function, argument), soonest first
        self._serial = 0
        self.pins = {}
        self.chips = []  # those that live on a bus
        self.bus_errors = 0  # so many transactions to come fail
        self.usb = bool(config.get("usb", False))
        self.battery_mv = config.get("battery_mv", 3950)
        self.charging = False
        self.reset_reason = "POWER_ON"
        self.safe_mode = "NONE"
        self.run_reason = "STARTUP"
        self.ticks_lost_ms = 0
        self.wake_alarm = None
        self.stage = "off"  # boot, code: who runs
        self.watchdog = None
        self.listeners = []  # called with (t_us, kind, value) of all that is recorded
        self._out = sys_open(config["record"], "a") if config.get("record") else None

    # What is seen from outside.
    def record(self, kind, value):
        if self._out:
            self._out.write("%d\t%s\t%s\n" % (self.now_us, kind, value))
            if self.paced:
                self._out.flush()  # somebody looks on
        for listener in self.listeners:
            listener(self.now_us, kind, value)

    def close(self):
        if self._out:
            self._out.close()
            self._out = None

    # Time.
    def at(self, t_us, function, argument=None):
        self._serial += 1
        entry = (max(t_us, self.now_us), self._serial, function, argument)
        i = len(self._events)
        while i and self._events[i - 1][:2] > entry[:2]:
            i -= 1
        self._events.insert(i, entry)

    def advance(self, us):
        target = self.now_us + us
        while True:
            stop = target
            dog = self.watchdog
            if dog is not None and dog.deadline_us is not None and dog.deadline_us < stop:
                stop = dog.deadline_us
            if self._events and self._events[0][0] <= stop:
                t_us, _, function, argument = self._events.pop(0)
                self.now_us = max(self.now_us, t_us)
                function(argument)
                target = max(target, self.now_us)
                continue
            if stop >= self.until_us:
                self.now_us = self.until_us
                raise RunEnded()
            self.now_us = stop
            if stop < target:
                dog.bite()
            break
        if self.wall:
            self._keep_pace()

    def _keep_pace(self):
        """Wait until the clock on the wall has come as far; who was held up does not hurry afterwards."""
        if not (self.paced or self.linked):
            self._pacing = False
            return
        wall_us = self.wall[0]()
        ahead = self.now_us + self._wall_start_us - wall_us
        if not self._pacing or ahead < -200000:
            self._pacing = True
            self._wall_start_us = wall_us - self.now_us
        elif ahead > 2000:
            self.wall[1](ahead)

    def asked(self):
        self.advance(_ASKING_US)
        return self.now_us

    def wait_for(self, predicate, limit_us=None, step_us=1000):
        """Advance until predicate() holds or limit_us (absolute) is reached; True when it held."""
        while not predicate():
            if limit_us is not None and self.now_us >= limit_us:
                return False
            step = step_us
            if limit_us is not None:
                step = min(step, limit_us - self.now_us)
            self.advance(step)
        return True

    # Wires.
    def pin(self, name):
        if name not in self.pins:
            self.pins[name] = Pin(name)
        return self.pins[name]

    def named(self, alias):
        """The pin a board calls `alias`, for the outside world; None where the board has none."""
        name = self.config["board"]["pins"].get(alias)
        return self.pin(name) if name else None

    def restarts(self, reset):
        """Takes note of a BoardReset."""
        reason, safe_mode, ticks_lost = reset.args
        self.record("reset", reason)
        self.reset_reason, self.safe_mode, self.run_reason = reason, safe_mode, "STARTUP"
        if ticks_lost:
            self.ticks_lost_ms += (self.now_us // 1000 - self.ticks_lost_ms) % 512000

    def power_cycle(self):
        """What a restart does to pins and chips; chips behind a switched supply lose theirs."""
        for pin in self.pins.values():
            pin.release()
        self.watchdog = None
        for chip in self.chips:
            chip.supply_changed()


world = None


def setup(config, wall=None):
    global world
    world = World(config, wall)
    return world
