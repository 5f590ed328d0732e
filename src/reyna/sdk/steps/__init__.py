"""Durable steps of a run: a finished step is stored, and not repeated by a later attempt."""
