"""The common parts of requests: page, idempotency key, precondition and operation."""
