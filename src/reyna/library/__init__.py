"""The processors that ship with the studio, written with the SDK alone."""
