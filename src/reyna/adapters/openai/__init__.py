"""The Language port on OpenAI-compatible endpoints."""
