"""The tests: a package, so that it is found before another of that name."""
