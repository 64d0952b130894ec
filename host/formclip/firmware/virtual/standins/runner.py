"""Boots device/boot.py and device/code.py as a board does, on the interpreter that runs this file.

    INTERPRETER runner.py CONFIG.json

CPython gives every firmware file the board's own builtins: `open` and `import` lead to the stand-ins, and a module
that the board does not have is not there. Elsewhere sys.path and sys.modules do the same.

The run ends when its time is over, when power is cut, or when code.py ends; the last line recorded says which.
"""

import sys

_HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
CPYTHON = sys.implementation.name == "cpython"
_STANDINS = (
    "alarm", "analogio", "board", "busio", "digitalio", "microcontroller", "os", "pwmio", "storage", "supervisor",
    "time", "traceback", "watchdog",
)  # fmt: skip
_OURS = ("world", "boardpins", "lsm6ds", "drv2605", "flash", "fat", "drive")
# What CircuitPython 10 has built in on the boards and CPython has too, under the same name.
_BUILT_IN = (
    "__future__", "array", "binascii", "builtins", "collections", "errno", "io", "json", "math", "random", "re",
    "struct", "sys",
)  # fmt: skip


# What makes CircuitPython restart into safe mode, and the reason that it gives there.
_SAFE_MODES = {"brownout": "BROWNOUT", "hard_fault": "HARD_FAULT", "radio_fault": "SDK_FATAL_ERROR"}


class Importer:
    """CPython only: a second world of modules beside the interpreter's own.

    Settings  paths: folders searched in turn; open_file: what `open` is for the firmware
    In        load(name): the module; run(path): a program file, as __main__
    Errors    ImportError for what a board has not
    """

    def __init__(self, paths, ulab=True, radio=True):
        import __future__

        import builtins

        self.paths = list(paths)
        self.modules = {}
        self._flags = __future__.annotations.compiler_flag
        self._ulab = ulab
        self._radio = radio
        self.on_radio = None  # called with the module `_bleio` when the firmware loads it
        self.builtins = dict(vars(builtins))
        self.builtins["__import__"] = self._import

    def own(self, name):
        """One of the files beside this one, with the interpreter's own names: they are the world, not the firmware."""
        if name not in self.modules:
            self._exec(name, _HERE + "/" + name + ".py", False)
        return self.modules[name]

    def load(self, name):
        return self._load(name)

    def run(self, path):
        namespace = {"__name__": "__main__", "__file__": path, "__builtins__": self.builtins}
        with open(path) as f:
            code = compile(f.read(), path, "exec", flags=self._flags, dont_inherit=True)
        exec(code, namespace)
        return namespace

    def forget(self):
        for name in list(self.modules):
            if name not in _OURS:
                del self.modules[name]

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        if level:
            package = globals["__package__"]
            for _ in range(level - 1):
                package = package.rpartition(".")[0]
            name = package + "." + name if name else package
        module = self._load(name)
        if fromlist:
            for item in fromlist:
                if not hasattr(module, item) and hasattr(module, "__path__"):
                    try:
                        self._load(name + "." + item)
                    except ImportError:
                        pass
            return module
        return self.modules[name.partition(".")[0]] if "." in name and not level else module

    def _load(self, name):
        if name in self.modules:
            return self.modules[name]
        head, _, last = name.rpartition(".")
        parent = self._load(head) if head else None
        if parent is not None and not hasattr(parent, "__path__"):
            if hasattr(parent, last):
                return getattr(parent, last)
            raise ImportError("no module named '%s'" % name)
        if name in _BUILT_IN:
            self.modules[name] = _real(name)
        elif name in ("micropython", "gc"):
            self.modules[name] = _micropython() if name == "micropython" else _Gc
        elif name == "ulab" and self._ulab:
            self._strict_ulab()
        elif name in _OURS:
            return self.own(name)
        elif name in _STANDINS:
            self._exec(name, _HERE + "/" + name + ".py", False)
        elif name == "_bleio" and self._radio and _exists(_HERE + "/_bleio.py"):
            module = self._exec(name, _HERE + "/_bleio.py", False)
            if self.on_radio is not None:
                self.on_radio(module)
        else:
            for path in parent.__path__ if parent is not None else self.paths:
                base = path + "/" + last
                if _exists(base + "/__init__.py"):
                    return self._exec(name, base + "/__init__.py", True, base)
                if _exists(base + ".py"):
                    return self._exec(name, base + ".py", True)
            raise ImportError("no module named '%s'" % name)
        return self.modules[name]

    def _strict_ulab(self):
        folder = _HERE.rsplit("/", 1)[0] + "/ulab_strict"
        import importlib

        # on the path only meanwhile: a child of this process would take it for a board's ulab
        sys.path.insert(0, folder)
        try:
            for name in ("", ".numpy", ".numpy.fft", ".numpy.linalg", ".scipy", ".scipy.signal", ".utils"):
                name = "ulab" + name
                try:
                    self.modules[name] = importlib.import_module(name)
                except ModuleNotFoundError:
                    pass
        finally:
            sys.path.remove(folder)

    def _exec(self, name, path, firmware, folder=None):
        import types

        module = types.ModuleType(name)
        module.__file__ = path
        module.__package__ = name if folder else name.rpartition(".")[0]
        if folder:
            module.__path__ = [folder]
        own = dict(self.builtins)
        if not firmware:
            own["open"] = _open
        module.__dict__["__builtins__"] = self.builtins if firmware else own
        self.modules[name] = module
        with open(path) as f:
            text = f.read()
        try:
            exec(compile(text, path, "exec", flags=self._flags, dont_inherit=True), module.__dict__)
        except BaseException:
            del self.modules[name]
            raise
        head, _, last = name.rpartition(".")
        if head:
            setattr(self.modules[head], last, module)
        return module


_open = open


def _real(name):
    import importlib

    return importlib.import_module(name)


def _exists(path):
    try:
        _open(path).close()
        return True
    except OSError:
        return False


def _micropython():
    import types

    module = types.ModuleType("micropython")
    module.const = lambda value: value
    return module


class _Gc:
    """`gc` on CPython: the collector is not ours to time; the figures are those of a board at rest."""

    @staticmethod
    def collect():
        return 0

    @staticmethod
    def mem_free():
        return 60000

    @staticmethod
    def mem_alloc():
        return 77000

    enable = disable = collect
    threshold = staticmethod(lambda *_: -1)


class Paths:
    """The same on an interpreter of the device's family, by sys.path and sys.modules.

    Settings  rom: a file with a read-only file system, the stand-ins in it; it is /rom for `paths`, and what is
              imported from it stays outside the heap but for the image itself
    """

    def __init__(self, paths, rom=None):
        import builtins

        if rom:
            import vfs

            with _open(rom, "rb") as f:
                image = bytearray(f.seek(0, 2))  # in one piece: a heap with a limit has no room for two
                f.seek(0)
                f.readinto(image)
            vfs.mount(vfs.VfsRom(image), "/rom")

        self._builtins = builtins
        self._before = dict(sys.modules)
        sys.path[:] = ["/rom/standins" if rom else _HERE] + list(paths)
        self._kept = {}

    def own(self, name):
        __import__(name)
        return sys.modules[name]

    def load(self, name):
        module = __import__(name)
        return sys.modules.get(name, module)

    def set_open(self, function):
        self._builtins.open = function

    def use_standins(self):
        for name in _STANDINS:
            sys.modules.pop(name, None)
        for name in ("os", "time"):
            self.load(name)

    def run(self, path):
        with _open(path) as f:
            text = f.read()
        namespace = {"__name__": "__main__", "__file__": path}
        exec(compile(text, path, "exec"), namespace)
        return namespace

    def forget(self):
        for name in list(sys.modules):
            if name not in self._before and name not in _OURS and name.split(".")[0] != "ulab":
                del sys.modules[name]


class Socket:
    """A chip on its two wires; what it is supplied by."""

    def __init__(self, scl, sda, chip, supplied):
        self.scl, self.sda, self.chip, self.supplied = scl, sda, chip, supplied


class VirtualBoard:
    """One board, its chips, its drive and what will happen to it.

    Settings  config: see host/formclip/firmware/virtual/run.py, which writes it; importer
    In        boot(): until something ends it
    Out       the reason: "time over", "power cut", "code.py ended"
    """

    def __init__(self, config, importer, wall=None):
        self.config = config
        self.importer = importer
        own = importer.own
        self.w = own("world")
        config["board"] = own("boardpins").BOARDS[config["board"]]
        config["sockets"] = []
        self.world = self.w.setup(config, wall)
        self.radio = None
        self._build()
        own("drive").fs = self._mount()
        self._schedule()

    def _build(self):
        w, config = self.world, self.config
        board = config["board"]
        own = self.importer.own
        supply = w.named(board["imu_power"]) if board["imu_power"] else None

        def powered():
            return supply is None or supply.output is True

        scl, sda = [w.named(a) for a in board["imu_bus"]]
        chips = own("lsm6ds")
        self.trace = chips.Trace(config["trace"], config["rate_hz"], config.get("hold", True))
        kind, int1 = config.get("imu") or board["imu"], w.named(board["imu_int"])
        self.imu = chips.Lsm6ds(w, kind, 0x6A, self.trace, powered, int1, config.get("odr_ppm", 0))
        self.imu.scl, self.imu.sda = scl, sda
        config["sockets"].append(Socket(scl, sda, self.imu, powered))
        w.chips.append(self.imu)
        if config.get("haptic"):
            drv = own("drv2605").Drv2605(w, lambda: True)
            config["sockets"].append(Socket(w.named("SCL"), w.named("SDA"), drv, lambda: True))
            w.chips.append(drv)
        w.named(board["button"]).outside = None

    def _mount(self):
        flash = self.importer.own("flash").Flash(self.config["image"], self.config.get("cut_at"), self.world)
        self.flash = flash
        fs = self.importer.own("fat").Fat(flash)
        fs.readonly = True
        return fs

    def _schedule(self):
        if self.config.get("control"):
            self._listen(0)
        for t_us, what, value in self.config.get("events", []):
            self.world.at(t_us, self._happen, (what, value))

    def _happen(self, event):
        what, value = event
        w, board = self.world, self.config["board"]
        if what == "button":
            w.named(board["button"]).outside = False if value else None
        elif what == "imu":
            self.imu.plugged = bool(value)
            self.imu.supply_changed()
        elif what == "bus_errors":
            w.bus_errors = value
        elif what == "sda_low":
            self.imu.hold(value)
        elif what == "scramble":
            self.imu.scramble()
        elif what == "battery_mv":
            w.battery_mv = value
        elif what == "charging":
            w.charging = bool(value)
            if board["charge"]:
                w.named(board["charge"]).outside = not value
        elif what == "usb":
            w.usb = bool(value)
        elif what == "drive_readonly":
            self.importer.own("drive").fs.readonly = bool(value)
        elif what in _SAFE_MODES:
            w.record(what, value)
            raise self.w.BoardReset("SOFTWARE", _SAFE_MODES[what], False)
        elif what == "reset":  # the button on the board; within a second of a start it asks for safe mode
            w.record(what, value)
            raise self.w.BoardReset("RESET_PIN", "USER" if value > 1 else "NONE", True)
        elif what == "reload":
            w.record(what, value)
            raise self.w.Reload()
        elif what == "end":
            w.until_us = w.now_us
        elif what == "pace":  # from here on the clock on the wall counts
            w.paced = bool(value)
        elif what == "stall":  # something held the processor up: the radio, a long collection
            w.advance(value)
        elif what == "heap":
            if not CPYTHON:
                import gc

                gc.collect()
                value = gc.mem_alloc()
        elif what == "fault":
            w.record(what, value)
            raise RuntimeError("a fault put in for a test")
        elif what == "power":
            raise self.w.PowerLost()
        else:
            raise ValueError("no such event: " + what)
        w.record(what, value)

    def _listen(self, at):
        """What a test asks for while the board runs: lines `delay in us, what, value` that it appends to a file."""
        w = self.world
        with _open(self.config["control"]) as f:
            f.seek(at)
            text = f.read()
        whole = text[: text.rfind("\n") + 1]
        for line in whole.split("\n")[:-1]:
            delay_us, what, value = line.split()
            w.at(w.now_us + int(delay_us), self._happen, (what, int(value)))
        w.at(w.now_us + 20000, self._listen, at + len(whole))

    def use_radio(self, radio):
        """A radio that others can hear; see formclip.firmware.virtual.radio.peripheral.BoardRadio."""
        self.radio = radio
        self.importer.on_radio = radio.attach
        if self.config.get("until_visited"):
            self._look_for_visit(radio)

    def _look_for_visit(self, radio):
        """With `until_visited` the run ends when a central has been there and is gone, after `visits_from_s`."""
        w = self.world
        if w.now_us < self.config.get("visits_from_s", 0) * 1000000:
            radio.forget_visits()
        if radio.visited(self.config["until_visited"]):
            w.until_us = w.now_us
        else:
            w.at(w.now_us + 500000, self._look_for_visit, radio)

    def boot(self):
        w, mod = self.world, self.w
        if not CPYTHON:
            import gc

            # In plain Python here, in C on the board: not the firmware's memory.
            for name in ("ulab.numpy", "ulab.scipy.signal") + _STANDINS:
                self.importer.load(name)
            gc.collect()
            w.record("heap", gc.mem_alloc())
        try:
            while True:
                try:
                    self._start_up()
                    if w.safe_mode != "NONE":
                        self._safe_mode()
                    self._program("boot", "boot.py")
                    while True:
                        try:
                            self._program("code", "code.py")
                            break
                        except mod.Reload:
                            w.run_reason = "SUPERVISOR_RELOAD"
                            self._let_go()
                    reason = "code.py ended"
                    break
                except mod.BoardReset as reset:
                    w.restarts(reset)
                except mod.DeepSleep as sleep:
                    w.record("sleep", "deep")
                    w.watchdog = None
                    alarm = self.importer.load("alarm")
                    woke = alarm.wait(sleep.args[0])
                    w.record("sleep", "awake")
                    w.reset_reason = "DEEP_SLEEP_ALARM"
                    w.wake_alarm = woke
        except mod.RunEnded:
            reason = "time over"
        except mod.PowerLost:
            reason = "power cut"
        w.record("end", reason)
        w.close()
        return reason

    def _let_go(self):
        """The program has ended: its modules, its pins, its radio; a watchdog once started watches on."""
        self.importer.forget()
        if self.radio is not None:
            self.radio.close()
        dog = self.world.watchdog
        self.world.power_cycle()
        self.world.watchdog = dog
        if not CPYTHON:
            self.importer.use_standins()

    def _safe_mode(self):
        """No boot.py, no code.py. safemode.py, where there is one, then nothing until a reset."""
        w = self.world
        w.record("safe_mode", w.safe_mode)
        if w.safe_mode != "USER" and _exists(self.config["device"] + "/safemode.py"):
            try:
                self._program("safemode", "safemode.py")
            except Exception as error:
                w.record("console", repr(error))
                w.safe_mode = "SAFEMODE_PY_ERROR"
        w.stage = "safe"
        while True:
            w.advance(1000000)

    def _start_up(self):
        w = self.world
        self.importer.forget()
        if self.radio is not None:
            self.radio.close()
        w.power_cycle()
        drive = self.importer.own("drive")
        if w.now_us:
            # The window of FatFs is RAM: what it held is gone. The flash's cache is written at a reset.
            self.flash.flush()
            drive.fs = self.importer.own("fat").Fat(self.flash, drive.fs._table)
        drive.fs.readonly = True
        w.advance(400000)  # CircuitPython's own start
        if not CPYTHON:
            self.importer.use_standins()

    def _program(self, stage, name):
        w = self.world
        w.stage = stage
        w.record("run", name)
        fs = self.importer.own("drive").fs
        path = self.config["device"] + "/" + name
        if CPYTHON:
            self.importer.builtins["open"] = fs.open
            self.importer.builtins["print"] = self._print
            self.importer.run(path)
            return
        self.importer.set_open(fs.open)
        try:
            self.importer.run(path)
        finally:
            self.importer.set_open(_open)

    def _print(self, *values, sep=" ", end="\n"):
        self.world.record("console", repr(sep.join([str(v) for v in values])))


def main(path):
    import json

    with _open(path) as f:
        config = json.load(f)
    wall = None
    if config.get("speed") == "real" or config.get("air"):
        import time

        if CPYTHON:
            wall = (lambda: time.monotonic_ns() // 1000, lambda us: time.sleep(us / 1000000))
        else:
            wall = (time.ticks_us, time.sleep_us)
    importer = Importer(config["paths"]) if CPYTHON else Paths(config["paths"], config.get("rom"))
    board = VirtualBoard(config, importer, wall)
    if CPYTHON and config.get("air"):
        sys.path.append(config["host"])
        from pathlib import Path

        from formclip.firmware.virtual.radio.peripheral import BoardRadio

        board.use_radio(BoardRadio(config["air"], Path(config["bonds"]), board.world))
    try:
        reason = board.boot()
    finally:
        if board.radio is not None:
            board.radio.close()
    with _open(config["result"], "w") as f:
        json.dump(
            {
                "end": reason,
                "t_us": board.world.now_us,
                "first_sample": board.imu.first_index,
                "missed": board.imu.missed,
                "flash_units": board.flash.units,
                "erases": sum(board.flash.erases.values()),
                "most_erased": max(board.flash.erases.values()) if board.flash.erases else 0,
            },
            f,
        )


if __name__ == "__main__":
    if CPYTHON:
        sys.path[:] = [path for path in sys.path if path != _HERE]  # `os` and `time` in here are the board's
    main(sys.argv[1])
