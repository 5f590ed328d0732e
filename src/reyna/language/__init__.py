"""Layers over any language model: time limits, retries, a concurrency limit and a circuit breaker for each endpoint."""
