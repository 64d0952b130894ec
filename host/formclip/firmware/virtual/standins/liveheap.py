"""The whole firmware on the virtual board, and what of it lives in the heap. Device Python: any MicroPython VM.

`liveheap.py CONFIG`  prints a `name number ...` a line

CONFIG is JSON: what formclip.firmware.virtual.run writes, and `standins`, where they are; `rom`, a ROM file system to
mount at /rom; `names`, modules to import one by one instead of running; `radio`, false where the link is not to be
started.

Live is what gc.mem_alloc() says after a collection, less what it said before the first module of the firmware: the
stand-ins of the board and ulab, which is in C there, are loaded by then.
"""

import gc
import sys

OURS = ("app", "hw", "boards", "gaitcore", "formclip_code", "formclip_build", "__main__")
before = {}  # modules, when there is none of the firmware
kept = []  # the App, when the board's time is over


def start(config):
    """A virtual board with everything loaded that is not firmware."""
    sys.path.insert(0, config["standins"])
    import runner

    class Keeping(runner.Paths):
        """Holds on to the App that code.py makes."""

        def run(self, path):
            if path.endswith("/code.py"):
                import app

                make = app.App.__init__

                def keep(this, *given):
                    kept.append(this)
                    make(this, *given)

                app.App.__init__ = keep
                if not config.get("radio", True):
                    from hw import link

                    link.start = lambda *given: None
            return runner.Paths.run(self, path)

    board = runner.VirtualBoard(config, Keeping(config["paths"], config.get("rom")))
    _load(board)
    return board


def _load(board):
    """What is in C on the board."""
    import runner

    for name in ("ulab.numpy", "ulab.scipy.signal", "_bleio", "adafruit_bus_device.i2c_device") + runner._STANDINS:
        board.importer.load(name)


def ready(board):
    """The board's modules in place of the interpreter's, as when the firmware starts."""
    board.importer.forget()
    board.importer.use_standins()
    _load(board)
    before.update(sys.modules)


def counted(what):
    """What hangs on an object of ours: (arrays of ulab, bytes of their data, bytes of other buffers, floats)."""
    from array import array

    from ulab.numpy import ndarray

    seen = set()
    arrays = data_b = buffers_b = floats = 0
    todo = [what]
    while todo:
        what = todo.pop()
        kind = type(what)
        if kind is float:
            floats += 1
            continue
        if id(what) in seen:
            continue
        seen.add(id(what))
        if kind is ndarray:
            arrays += 1
            if id(what._b) not in seen:
                seen.add(id(what._b))
                data_b += len(bytes(what._b))
        elif kind is bytearray or kind is array:
            buffers_b += len(bytes(what))
        elif kind is list or kind is tuple:
            todo.extend(what)
        elif kind is dict:
            todo.extend(what.values())
        elif getattr(kind, "__module__", "").split(".")[0] in OURS:
            todo.extend(what.__dict__.values())
    return arrays, data_b, buffers_b, floats


def session():
    """A Session as App makes it, begun."""
    from gaitcore.session import Session

    made = Session(208, buf=bytearray(4096), sink=lambda number, page, complete: True)
    made.start()
    return made


def boot(board):
    """Runs the firmware until the config's until_s; the App is in `kept` then."""
    board.boot()


def some_arrays():
    """A hundred small arrays: what one of the stand-in takes, with 64 bytes of data."""
    from ulab import numpy as np

    return [np.zeros(16) for _ in range(100)]


def scrub(depth):
    """Overwrites what earlier calls left on the stack: the collector takes it for addresses."""
    a = b = c = d = e = f = depth
    if depth:
        scrub(depth - 1)
    return a + b + c + d + e + f


def live():
    scrub(150)
    gc.collect()
    scrub(150)
    gc.collect()
    return gc.mem_alloc()


def names():
    """Prints what the table of names takes."""
    import micropython

    micropython.qstr_info()


def main(path):
    import json

    with open(path) as f:
        config = json.load(f)
    board = start(config)
    base = last = live()
    print("base_b", base)
    if config["names"]:
        ready(board)
        names()
        base = last = live()
        for name in config["names"]:
            __import__(name)
            now = live()
            print("module", name, now - last)
            last = now
        print("code_b", last - base)
        print("loaded", *[name for name in sys.modules if name not in before])
        names()
        made = session()
        print("session_b", live() - last)
        print("counted", *counted(made))
        last = live()
        arrays = some_arrays()
        print("arrays_b", live() - last)
        del made, arrays
        return
    boot(board)
    print("live_b", live() - base)
    print("loaded", *[name for name in sys.modules if name.split(".")[0] in OURS])
    print("counted", *counted(kept[0]))
    print("state", kept[0].state)


if __name__ == "__main__":
    main(sys.argv[1])
