"""The event feed of a user: cursors, type filters and pages of stored events."""
