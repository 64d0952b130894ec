"""Code as the board keeps it: MicroPython's bytecode, and a read-only image of it."""
