"""Findings: the places of a text that a writer may want to look at again."""
