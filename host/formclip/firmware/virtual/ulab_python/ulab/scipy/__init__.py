"""ulab.scipy: only `signal` is on the board."""

from . import signal
