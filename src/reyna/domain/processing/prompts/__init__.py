"""Prompts of runs, and estimates of what runs will use."""
