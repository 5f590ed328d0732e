"""The processors that ship with the house, written with the SDK alone."""
