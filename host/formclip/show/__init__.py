"""Show: the command line, the report, and (alone here) click."""
