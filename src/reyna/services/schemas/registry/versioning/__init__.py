"""Versions of schemas: semantic versions, the size of a change, and the rules for a requested version."""
