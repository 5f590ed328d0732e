"""The studio: the gateway layer."""
