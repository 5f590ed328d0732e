"""Measures: what is counted and computed of a text as a whole."""
