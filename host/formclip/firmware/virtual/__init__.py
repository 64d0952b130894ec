"""The device on the desktop: strict stand-ins for what the board has, and the interpreters that run its code.

`ulab_strict/` holds a `ulab` for CPython that has exactly what the board's has; `ulab_python/` a small one for a plain
MicroPython VM. Either is switched on by putting its folder in front of the module search path of a new process.
"""
