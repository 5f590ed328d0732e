"""The prompts of runs: kept as they are sent, and found out before."""
