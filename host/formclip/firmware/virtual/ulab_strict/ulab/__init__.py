"""A strict `ulab` for CPython: what the board's ulab has, as the board's ulab does it, and nothing else.

Theory of operation. Arrays are numpy arrays behind a class with the attributes, operators and index forms that ulab
has; anything else raises what ulab raises (AttributeError, TypeError, NotImplementedError, IndexError, ValueError).
Numbers are those of the board's arrays: float is 32 bits, int16 wraps without a word, two dimensions at most. Three
habits of ulab's C loops are kept on purpose, because numpy hides them: an in-place operation between overlapping views
runs forward element by element (an assignment does not: it copies first), a whole-array `sum` of int16 is promoted
while one along an axis wraps, and ints are divided by ints as ints. Where ulab would read or write past its memory (a
mean of nothing) or take an int16 for a uint16 (int16 - float), the stand-in raises instead. docs/design/ulab.md lists
what is known of each function that gaitcore uses, and how.

To switch it on, put this folder's parent in front of the module search path before gaitcore is imported:
`formclip.firmware.virtual.interpreters` does that in a process of its own.
"""

from . import numpy, scipy, utils

__version__ = "6.5.3-2D"
__all__ = ["numpy", "scipy", "utils"]
