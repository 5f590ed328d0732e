"""Bulk operations: many changes in one write."""
