"""Traces: recorded or simulated sensor data, in the CSV form that the project's data folder uses.

trace = open_trace("run.imu.csv.xz")
for piece in trace.pieces():           # Block or Lost, in order, in bounded memory
    ...
write_trace("run.imu.csv.xz", 208, blocks)
"""

from formclip.ground.trace.capture import Capture
from formclip.ground.trace.mapping import Given
from formclip.ground.trace.reader import Block, Lost, Piece, Trace, open_trace
from formclip.ground.trace.writer import TraceWriter, write_trace

__all__ = ["Block", "Capture", "Given", "Lost", "Piece", "Trace", "TraceWriter", "open_trace", "write_trace"]
