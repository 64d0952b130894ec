"""One file of pin names per board."""
