"""Limits on the work that a schema or a document can cause."""
