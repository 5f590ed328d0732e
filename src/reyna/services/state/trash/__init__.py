"""The trash: units that are restored whole or purged."""
