"""formclip: the companion of the clip on the desktop."""

__version__ = "0.1.0"
