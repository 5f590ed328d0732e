"""The real servers as supervised child processes."""
