"""One adapter per part of the hardware; the only modules that import CircuitPython."""
