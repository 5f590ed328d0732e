"""The Store, Bus and FileStorage ports in memory."""
