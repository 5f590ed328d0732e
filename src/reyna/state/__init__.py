"""The state service: the storage layer."""
