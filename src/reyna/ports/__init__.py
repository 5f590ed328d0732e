"""The ports: protocols for the outside world, with the small values that they take."""
