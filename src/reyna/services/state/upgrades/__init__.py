"""Upgrades of blobs to a later major of their schema."""
