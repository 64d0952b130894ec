"""ulab.scipy: only `signal` is on the board."""

from . import signal

__all__ = ["signal"]
