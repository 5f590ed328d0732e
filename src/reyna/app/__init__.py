"""The composition root: settings, log, wiring, and the life of the process."""
