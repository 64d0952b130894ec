"""gaitcore: the clip's algorithms, cue engine, record format and sync protocol.

Pure: no I/O, no clock, no radio. Runs unchanged on CircuitPython (with ulab), on the
MicroPython VM and on CPython. Nothing is imported here: on the device every import
costs heap, so callers import the modules they need.
"""
