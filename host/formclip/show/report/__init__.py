"""One self-contained HTML page about a run: opens offline, light and dark, readable on a phone."""
