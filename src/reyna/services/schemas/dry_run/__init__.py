"""Dry runs: the outcome of a registration, and its effect on stored content, without registering."""
