"""Pipelines: chains of processors, their conditions, and the batches of runs with their overall progress."""
