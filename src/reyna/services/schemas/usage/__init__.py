"""Statistics of the use of schemas."""
