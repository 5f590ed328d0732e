"""Buckets, placements, and the tree that they form."""
