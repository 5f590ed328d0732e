"""Checks of what must hold of all stored records."""
