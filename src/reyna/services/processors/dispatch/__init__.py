"""The dispatch of runs: how many are handed to workers at a time, and whose turn is next."""
