"""One command, one file: it parses options and calls a function of a lower floor."""
