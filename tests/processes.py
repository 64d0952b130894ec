"""Processes that tests start."""

import signal


def heed_ctrl_c():
    """For `preexec_fn`: whoever starts the tests in the background has them, and what they start, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
