"""The version of formclip: what `--version` says, what logs and results name, and what the wheel is called."""

VERSION = "0.1.0"
