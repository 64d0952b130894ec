"""Validation: the accuracy of replay on traces whose truth is known. A command that writes a table, not a test."""
