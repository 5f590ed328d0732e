"""The outputs of runs: stored in one write, and settled when nobody knows what became of it."""
