"""A small pure-Python `ulab` for a MicroPython VM without one: what gaitcore uses of it, with the same results.

Arrays are views (offset, shape, strides) on an `array.array`; floats are rounded to 32 bits whenever they are stored,
as on the board. It is made to be right and fast enough to run an hour of running in minutes, not to be strict: what the
board lacks is caught by the strict stand-in for CPython and by the lint test.
"""

from . import numpy, scipy, utils

__version__ = "6.8.0-2D-python"
