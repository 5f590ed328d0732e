"""Renderers: each makes the file of one format out of a book, the same bytes for the same book."""
