"""Time and memory of the clip's work: on this machine, on the MicroPython VM, and estimated on the board.

`measure(rate_hz, rows)` gives all figures of a run as one dictionary; `python -m formclip.lab.bench` prints them.
"""

from formclip.lab.bench.figures import measure, simulated

__all__ = ["measure", "simulated"]
