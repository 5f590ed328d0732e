"""Blobs: creating, changing, reading and listing them, and their lineage."""
