"""The registered processors, and the validation of their settings."""
