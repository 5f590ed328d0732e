"""Registration of schema versions."""
