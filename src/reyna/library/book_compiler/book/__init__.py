"""A book: its model, and how it is built out of a tree of buckets."""
