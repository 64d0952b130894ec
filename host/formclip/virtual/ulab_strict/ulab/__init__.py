"""A strict `ulab` for CPython: what the board's ulab has, as the board's ulab does it, and nothing else.

Theory of operation. Arrays are numpy arrays behind a class with the attributes, operators and index forms that ulab
has; anything else raises what ulab raises (AttributeError, TypeError, NotImplementedError, IndexError, ValueError).
Numbers are those of the board's arrays: float is 32 bits, int16 wraps without a word, two dimensions at most. Two
habits of ulab's C loops are kept on purpose, because numpy hides them: an assignment or in-place operation between
overlapping views runs forward element by element, and a whole-array `sum` of int16 is promoted while one along an axis
wraps. Where ulab would read or write past its memory (a mean of nothing), the stand-in raises instead.

To switch it on, put this folder's parent in front of the module search path before gaitcore is imported:
`formclip.virtual.interpreters` does that in a process of its own.
"""

from . import numpy, scipy, utils

__version__ = "6.8.0-2D"
__all__ = ["numpy", "scipy", "utils"]
