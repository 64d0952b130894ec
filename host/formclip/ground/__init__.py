"""Ground: what every floor stands on. Errors, files, text, traces, the log's bytes as entries, a run as columns."""
