"""The outside world, each module named after its technology."""
