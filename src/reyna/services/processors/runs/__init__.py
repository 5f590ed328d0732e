"""Runs: requesting, executing and retrying them, and the dead letters of those that failed."""
