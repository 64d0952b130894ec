"""CircuitPython's `traceback`, as far as a crash record needs it."""

import io
import sys


def format_exception(exc, value=None, tb=None, limit=None, chain=True):
    if hasattr(sys, "print_exception"):
        out = io.StringIO()
        sys.print_exception(exc, out)
        return out.getvalue().split("\n")
    lines = ["Traceback (most recent call last):"]
    step = exc.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        lines.append('  File "%s", line %d, in %s' % (code.co_filename.split("/")[-1], step.tb_lineno, code.co_name))
        step = step.tb_next
    lines.append("%s: %s" % (type(exc).__name__, exc))
    return lines
