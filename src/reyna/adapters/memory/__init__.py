"""The Store and Bus ports in memory."""
