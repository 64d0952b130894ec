"""The drive CIRCUITPY of this process: `fs`, mounted by the runner."""

fs = None
