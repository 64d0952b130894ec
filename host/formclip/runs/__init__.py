"""Runs: the runner's record. Sync with clips, the store, and what a run says."""
